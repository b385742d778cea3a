"""Threads that were archived, locked or deleted meanwhile: where a card and its clip then stand."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.domain import (
    ChannelId,
    ClipState,
    GuildId,
    JobState,
    MessageId,
)
from bot.errors import DeliveryRefused
from bot.sandbox.permissions import Permission
from bot.sandbox.world import FORUM, PRIVATE_THREAD
from storage import clips, places
from storage.places import Purpose
from tests.closed_places import failed, may_manage_threads, ordered_in, thread_of
from tests.showing_scene import Scene, open_scene
from tests.stage import open_stage, texts


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


async def texts_in(scene: Scene, channel_id: int) -> list[str]:
    return [texts(one) for one in await scene.stage.ada.messages(str(channel_id))]


async def test_a_card_is_brought_up_to_date_in_a_thread_that_fell_asleep(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await ordered_in(scene, thread)
    thread.archived = True

    await failed(scene, job)

    (card,) = await texts_in(scene, thread.id)
    assert card.startswith("### Failed")
    assert not thread.archived


async def test_a_clip_is_posted_into_a_thread_that_fell_asleep(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await ordered_in(scene, thread)
    thread.archived = True

    job = await scene.post(job)

    assert job.clip_channel_id == thread.id
    assert not thread.archived


async def test_a_locked_thread_is_left_alone_and_its_channel_has_the_clip(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await ordered_in(scene, thread)
    thread.archived = thread.locked = True

    job = await scene.post(job)

    assert job.state is JobState.POSTED
    assert job.clip_channel_id == thread.parent_id
    assert thread.archived
    card = f"https://discord.com/channels/{job.order.member.guild_id}/{thread.id}/{job.card_message_id}"
    said = texts(await scene.message(job))
    assert (
        f"done; ordered in <#{thread.id}>, which did not take it, so its [card]({card}) may be behind" in said
    )
    assert "$0.40" in said


async def test_a_clip_of_a_thread_that_was_deleted_links_to_no_card_there(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await ordered_in(scene, thread)
    scene.stage.sandbox.world.remove_channel(thread)

    job = await scene.post(job)
    said = texts(await scene.message(job))
    await scene.shown.spoiler(job.id, by=job.order.member, moderator=False)
    edited = texts(await scene.message(job))

    assert job.clip_channel_id == thread.parent_id
    for told in (said, edited):
        assert "ordered in a place that was deleted since" in told
        assert str(thread.id) not in told


async def test_a_thread_that_is_locked_and_awake_is_left_alone_too(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await ordered_in(scene, thread)
    thread.locked = True

    job = await scene.post(job)

    assert job.clip_channel_id == thread.parent_id


async def test_whoever_may_manage_threads_wakes_a_locked_one(scene: Scene) -> None:
    thread = thread_of(scene)
    may_manage_threads(scene, thread)
    job = await ordered_in(scene, thread)
    thread.archived = thread.locked = True

    job = await scene.post(job)

    assert job.clip_channel_id == thread.id
    assert not thread.archived
    assert thread.locked


async def test_a_locked_post_of_a_forum_leaves_the_place_that_the_server_named(scene: Scene) -> None:
    thread = thread_of(scene, FORUM)
    named = scene.stage.channel()
    guild_id = GuildId(scene.stage.sandbox.world.guild.id)
    put = partial(places.put, guild_id=guild_id, purpose=Purpose.CLIPS, channel_id=ChannelId(int(named)))
    await scene.stage.database.write(put)
    job = await ordered_in(scene, thread)
    thread.archived = thread.locked = True

    job = await scene.post(job)

    assert job.clip_channel_id == int(named)


async def test_where_every_place_refuses_it_is_undeliverable_and_kept(scene: Scene) -> None:
    thread = thread_of(scene, FORUM)
    job = await scene.make(await ordered_in(scene, thread))
    clip = await scene.stage.database.read(partial(clips.get, job_id=job.id, folder=scene.folder))
    assert clip is not None
    thread.archived = thread.locked = True

    with pytest.raises(DeliveryRefused) as refused:
        await scene.posting.post(job, clip)

    assert "50083" in str(refused.value)
    assert await scene.stage.ada.messages(str(thread.id)) == [
        await scene.stage.ada.message(str(thread.id), str(job.card_message_id))
    ]


async def test_a_clip_in_a_thread_that_fell_asleep_is_hidden_and_deleted(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await scene.post(await ordered_in(scene, thread))
    thread.archived = True

    await scene.stage.database.write(
        partial(
            clips.change_state,
            job_id=job.id,
            to=ClipState.HIDDEN,
            among=frozenset({ClipState.SHOWN}),
        )
    )
    await scene.shown.refresh(job.id)
    hidden = texts(await scene.message(job))
    thread.archived = True
    deleted = await scene.stage.delivery.delete_message(
        ChannelId(thread.id), MessageId(job.clip_message_id or 0)
    )

    assert "This clip was reported." in hidden
    assert deleted
    assert len(await texts_in(scene, thread.id)) == 1


@pytest.mark.parametrize("place", ["mods", "after-dark", "private thread"])
async def test_what_few_may_see_goes_to_no_place_that_more_see(scene: Scene, place: str) -> None:
    stage, world = scene.stage, scene.stage.sandbox.world
    put = partial(
        places.put,
        guild_id=GuildId(world.guild.id),
        purpose=Purpose.CLIPS,
        channel_id=ChannelId(int(stage.channel())),
    )
    await stage.database.write(put)
    channel = thread_of(scene) if place == "private thread" else world.channel_named(place)
    if channel.thread:
        channel.type = PRIVATE_THREAD
        channel.joined[world.bot.id] = stage.clock()
    job = await scene.make(await ordered_in(scene, channel))
    clip = await stage.database.read(partial(clips.get, job_id=job.id, folder=scene.folder))
    assert clip is not None
    if channel.thread:
        channel.archived = channel.locked = True
    else:
        stage.deny(Permission.SEND_MESSAGES, place)

    with pytest.raises(DeliveryRefused):
        await scene.posting.post(job, clip)

    assert [one for one in await stage.mika.messages(stage.channel()) if one["attachments"]] == []
