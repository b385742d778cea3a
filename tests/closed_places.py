"""Threads that are archived, locked or deleted while an order in them is made."""

from dataclasses import replace
from functools import partial

from bot.domain import ChannelId, Fault, FaultKind, Job, Micros, Ticket
from bot.jobs import moves
from bot.sandbox.permissions import Permission
from bot.sandbox.world import PUBLIC_THREAD, TEXT, Channel, Overwrite
from storage import states
from tests.showing_scene import Scene, place


def thread_of(scene: Scene, parent_kind: int = TEXT) -> Channel:
    """A thread in a channel of its own; in a forum it is a post."""
    world = scene.stage.sandbox.world
    parent = world.add_channel(
        Channel(id=world.snowflakes.next(), type=parent_kind, guild_id=world.guild.id, name="parent")
    )
    return world.add_channel(
        Channel(
            id=world.snowflakes.next(),
            type=PUBLIC_THREAD,
            guild_id=world.guild.id,
            name="takes",
            parent_id=parent.id,
            owner_id=world.user_named("Ada").id,
            archived_at=world.now(),
        )
    )


def may_manage_threads(scene: Scene, thread: Channel) -> None:
    """Let the bot wake what moderators have locked."""
    world = scene.stage.sandbox.world
    assert thread.parent_id is not None
    world.channels[thread.parent_id].overwrites[world.bot.id] = Overwrite(
        id=world.bot.id, is_member=True, allow=Permission.MANAGE_THREADS
    )


async def ordered_in(scene: Scene, thread: Channel, number: int = 1) -> Job:
    """An order in a thread, with its card there."""
    job = scene.stage.job(number)
    parent_id = None if thread.parent_id is None else ChannelId(thread.parent_id)
    job = replace(job, order=replace(job.order, channel_id=ChannelId(thread.id), parent_id=parent_id))
    await scene.stage.database.write(partial(place, job))
    await scene.touched(job.id)
    return await scene.job(job.id)


async def failed(scene: Scene, job: Job) -> None:
    """Let an order fail at its provider."""
    write, at = scene.stage.database.write, scene.stage.clock()
    attempt = await write(partial(states.submitting, job=job, provider="studio", at=at))
    await write(
        partial(states.running, attempt=attempt, ticket=Ticket(provider_job_id=f"theirs-{job.id}"), at=at)
    )
    fault = Fault(kind=FaultKind.PROVIDER, code="render_failed")
    await write(partial(moves.failed, job.id, fault, Micros(0), at))
    await scene.touched(job.id)
