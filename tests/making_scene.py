"""Pictures and clips on the stage: a clip as a member has it in the channel, without the minutes it took."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from discord import ui

from bot.domain import ChannelId, Clip, Job, JobId, MessageId, Ticket
from bot.jobs import moves
from bot.ordering.material import CLIPS
from bot.sandbox.person import Person, Press
from cogs.making_buttons import Action, MakingButton
from storage import clips, jobs, states
from tests.films import film
from tests.stage import Json, Stage, custom_ids, texts

NOTHING_CHARGED = "Nothing was charged."


async def animate(
    stage: Stage, person: Person, picture: Path, *, channel: str = "dailies", **options: Any
) -> Json:
    """`/animate` with a file, and the message that answers it."""
    given = {"image": "0", "prompt": "it moves", **options}
    press = await person.slash("animate", given, channel=stage.channel(channel), files=[picture])
    return await person.answer(press)


async def clip_of(
    stage: Stage,
    job: Job,
    *,
    file: Path | None = None,
    channel: str | None = None,
    seconds: float = 4.0,
    size: tuple[int, int] = (1280, 720),
) -> Job:
    """Let an order of the stage's be made and posted; its message is one without anything in it.

    A private one is made and kept for its member.
    """
    at = stage.clock()
    channel_id = job.order.channel_id if channel is None else ChannelId(int(stage.channel(channel)))
    attempt = await stage.database.write(partial(states.submitting, job=job, provider="studio", at=at))
    ticket = Ticket(provider_job_id=f"video_{job.id}")
    await stage.database.write(partial(states.running, attempt=attempt, ticket=ticket, at=at))
    await stage.database.write(partial(moves.rendered, job.id, None, at))
    clip = Clip(
        job_id=job.id,
        path=Path(CLIPS, f"{job.id}.mp4") if file is None else file,
        sha256="0" * 64,
        size_bytes=1_000,
        width=size[0],
        height=size[1],
        duration_ms=round(seconds * 1000),
        has_sound=True,
        stored_at=at,
    )
    await stage.database.write(partial(clips.insert, clip=clip))
    await stage.database.write(partial(states.stored, job_id=job.id, at=at))
    message = MessageId(job.order.interaction_id + 1)
    posted = partial(states.posted, job_id=job.id, channel_id=channel_id, message_id=message, at=at)
    if job.order.private:
        posted = partial(states.kept, job_id=job.id, at=at)
    await stage.database.write(posted)
    kept = await stage.database.read(partial(jobs.get, job_id=job.id))
    assert kept is not None
    return kept


async def published(stage: Stage, job: Job) -> Job:
    """Let a kept private clip be posted in the channel of its order."""
    message = MessageId(job.order.interaction_id + 1)
    move = partial(
        states.published, job_id=job.id, channel_id=job.order.channel_id, message_id=message, at=stage.clock()
    )
    await stage.database.write(move)
    posted = await stage.database.read(partial(jobs.get, job_id=job.id))
    assert posted is not None
    return posted


async def newest(stage: Stage) -> Job:
    """The job that was ordered last."""
    return max(await stage.rows(), key=lambda job: (job.order.interaction_id, -job.take))


async def placed(stage: Stage, person: Person, answer: Json) -> Job:
    """The order that an answer tells of, which is confirmed where it is a quote."""
    if any(one.endswith(":yes") for one in custom_ids(answer)):
        answer = await stage.answer_quote(person, answer, "yes")
    assert "Ordered." in texts(answer), texts(answer)
    return await newest(stage)


async def made(stage: Stage, person: Person, prompt: str = "a paper boat", **how: Any) -> Job:
    """A clip that somebody has ordered and got."""
    options = how.pop("options", {})
    channel = how.pop("channel", "dailies")
    answer = await stage.ask(person, channel=channel, prompt=prompt, **options)
    return await clip_of(stage, await placed(stage, person, answer), **how)


async def buttons(stage: Stage, job_id: JobId | str, *, channel: str = "dailies") -> Json:
    """A message of the bot's with every button that makes another clip of one."""
    view = ui.LayoutView(timeout=None)
    actions = list(Action)
    for five in (actions[:5], actions[5:]):
        view.add_item(ui.ActionRow(*(MakingButton(action, JobId(job_id)) for action in five)))
    message = await stage.client.get_partial_messageable(int(stage.channel(channel))).send(view=view)
    return await stage.mika.message(stage.channel(channel), str(message.id))


async def pressed(person: Person, message: Json, action: Action) -> Press:
    """The press of one of those."""
    (custom_id,) = [
        one["custom_id"]
        for one in message["components"][0]["components"]
        if one["custom_id"].startswith(f"make:{action}:")
    ]
    return await person.press(message, custom_id)


async def form_of(person: Person, message: Json, action: Action) -> Json:
    """The form that a press opens."""
    return await person.modal(await pressed(person, message, action))


async def sent(person: Person, form: Json, **values: Any) -> Json:
    """Send a form in; what answers it."""
    return await person.answer(await person.submit(form, values))


def prompt_in(form: Json) -> str | None:
    """What stands in the form's field for the prompt."""
    for one in form["components"]:
        field = one["component"]
        if field.get("custom_id") == "prompt":
            value: str | None = field.get("value")
            return value
    return None


async def filmed(stage: Stage, tmp_path: Path) -> Job:
    """A clip of Ada's that is a real film: it ends in white."""
    (tmp_path / "clips").mkdir(exist_ok=True)
    job = await placed(stage, stage.ada, await stage.ask(stage.ada, prompt="a paper boat"))
    path = await asyncio.to_thread(
        film, tmp_path / "clips" / f"{job.id}.mp4", [20, 20, 20, 250], size=(1280, 720)
    )
    return await clip_of(stage, job, file=path)
