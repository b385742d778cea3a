from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from discord import ui

from bot.domain import ChannelId, GuildId, Job, JobState, Ticket
from cogs.answers import WENT_WRONG
from storage import jobs, states
from tests.books import entries_of
from tests.stage import Json, Stage, card_of, custom_ids, open_stage, post_of, texts, walk


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def ordered(stage: Stage, *, channel: str = "dailies") -> tuple[Job, Json]:
    """An order of Ada's, and its card as everybody sees it."""
    await stage.ask(stage.ada, prompt="a paper boat", channel=channel)
    job = (await stage.rows())[0]
    return job, await shown(stage, job)


async def shown(stage: Stage, job: Job, **changes: object) -> Json:
    """The card of any job, posted by the real delivery."""
    message_id = await stage.delivery.post_card(card_of(job, **changes))
    return await stage.mika.message(str(job.order.channel_id), str(message_id))


async def run(stage: Stage, job: Job) -> None:
    """Let the provider take a job."""
    at = stage.clock()
    attempt = await stage.database.write(partial(states.submitting, job=job, provider="studio", at=at))
    ticket = Ticket(provider_job_id="video_1")
    await stage.database.write(partial(states.running, attempt=attempt, ticket=ticket, at=at))


async def state(stage: Stage) -> JobState:
    (job,) = await stage.rows()
    return job.state


async def test_who_ordered_can_cancel_and_gets_the_money_back(stage: Stage) -> None:
    job, card = await ordered(stage)

    answer = await stage.press(stage.ada, card, "cancel:")

    assert texts(answer) == "Cancelled. Nothing was charged."
    assert answer["flags"] & 64
    assert await state(stage) is JobState.CANCELLED
    assert (await stage.money("Ada")).used_micros == 0
    assert stage.woken == [job.id, job.id]


async def test_nobody_else_can_cancel(stage: Stage) -> None:
    _, card = await ordered(stage)

    answer = await stage.press(stage.bruno, card, "cancel:")

    assert "somebody else's" in texts(answer)
    assert "Nothing was charged." in texts(answer)
    assert await state(stage) is JobState.QUEUED


async def test_who_manages_messages_can_cancel(stage: Stage) -> None:
    _, card = await ordered(stage)

    answer = await stage.press(stage.mika, card, "cancel:")

    assert texts(answer) == "Cancelled. Nothing was charged."
    assert await state(stage) is JobState.CANCELLED


async def test_cancelling_twice_is_cancelling_once(stage: Stage) -> None:
    _, card = await ordered(stage)

    answers = [texts(await stage.press(stage.ada, card, "cancel:")) for _ in range(2)]

    assert answers == ["Cancelled. Nothing was charged."] * 2
    (job,) = await stage.rows()
    entries = await stage.database.read(partial(entries_of, job_id=job.id))
    assert [entry.kind for entry in entries] == ["hold", "release"]


async def test_a_running_job_is_only_asked_to_stop(stage: Stage) -> None:
    job, card = await ordered(stage)
    await run(stage, job)

    answer = await stage.press(stage.ada, card, "cancel:")

    assert texts(answer).startswith("Asked for. It ends when the provider says so")
    (row,) = await stage.rows()
    assert (row.state, row.cancel_asked_at) == (JobState.RUNNING, stage.clock())


async def test_cancelling_takes_says_once_what_is_true_of_several(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", takes=3)
    if any(one.endswith(":yes") for one in custom_ids(quote)):
        await stage.answer_quote(stage.ada, quote, "yes")
    takes = sorted(await stage.rows(), key=lambda job: job.take)
    card = await shown(stage, takes[0])
    await run(stage, takes[1])

    answer = await stage.press(stage.ada, card, "cancel:")

    first, second = texts(answer).splitlines()
    assert first == "**Takes 1, 3** Cancelled. Nothing was charged."
    assert second.startswith("**Take 2** Asked for. It ends when the provider says so")


async def test_what_is_made_cannot_be_cancelled(stage: Stage) -> None:
    job, card = await ordered(stage)
    await run(stage, job)
    await stage.database.write(partial(states.rendered, job_id=job.id, at=stage.clock()))

    answer = await stage.press(stage.ada, card, "cancel:")

    assert texts(answer).startswith("Too late")
    assert await state(stage) is JobState.RENDERED


async def test_a_job_of_another_server_is_not_known_here(stage: Stage) -> None:
    here = stage.job()
    elsewhere = replace(
        here, order=replace(here.order, member=replace(here.order.member, guild_id=GuildId(8)))
    )
    await stage.database.write(partial(jobs.insert, job=elsewhere))
    card = await shown(stage, here)

    for button in ("cancel:", "details:"):
        for person in (stage.ada, stage.mika):
            answer = await stage.press(person, card, button)
            assert texts(answer).startswith("This order is not known here. Nothing was charged.")
    assert await state(stage) is JobState.QUEUED


async def test_a_job_of_another_channel_is_not_known_here(stage: Stage) -> None:
    hidden = stage.job(channel="mods", member="Mika")
    await stage.database.write(partial(jobs.insert, job=hidden))
    forged = replace(hidden, order=replace(hidden.order, channel_id=ChannelId(int(stage.channel("dailies")))))
    card = await shown(stage, forged)

    for button in ("cancel:", "details:"):
        answer = await stage.press(stage.ada, card, button)
        assert texts(answer).startswith("This order is not known here.")
    assert await state(stage) is JobState.QUEUED


@pytest.mark.parametrize(
    "custom_id",
    [
        "cancel:0000000000000009",
        "cancel:0000000000000001x",
        "cancel:",
        "details:k0000000000000001",
        "quote:0000000000000001:yes",
        "quote:0000000000000001:maybe",
        "x" * 100,
    ],
)
async def test_a_forged_press_is_answered_and_does_nothing(stage: Stage, custom_id: str) -> None:
    plain = await stage.client.get_partial_messageable(int(stage.channel())).send("hello")
    message = await stage.ada.message(stage.channel(), str(plain.id))

    answer = await stage.ada.answer(await stage.ada.press(message, custom_id, unchecked=True))

    assert texts(answer).startswith("This button is not known any more. Nothing was charged.")
    assert answer["flags"] & 64
    assert await stage.rows() == []


async def test_a_button_of_an_older_release_is_answered(stage: Stage) -> None:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(ui.Button(label="Vary", custom_id="vary:0000000000000001")))
    past = await stage.client.get_partial_messageable(int(stage.channel())).send(view=view)
    stage.client._connection._view_store.remove_view(view)  # as if another process had sent it
    message = await stage.ada.message(stage.channel(), str(past.id))

    answer = await stage.press(stage.ada, message, "vary:")

    assert texts(answer).startswith("This button is not known any more.")


async def test_everybody_can_read_the_details(stage: Stage) -> None:
    job, card = await ordered(stage)

    answer = await stage.press(stage.bruno, card, "details:")

    assert answer["flags"] & 64
    assert "> a paper boat" in texts(answer)
    assert f"`{job.id}`" in texts(answer)
    assert f"by <@{job.order.member.user_id}>" in texts(answer)


async def test_details_of_a_long_prompt_bring_it_as_a_file(stage: Stage, tmp_path: Path) -> None:
    prompt = "*rain* " * 570
    await stage.ask(stage.ada, prompt=prompt)
    (job,) = await stage.rows()
    card = await shown(stage, job)

    answer = await stage.press(stage.ada, card, "details:")

    file, *_ = [one for one in walk(answer["components"]) if one["type"] == 13]
    saved = tmp_path / "prompt.txt"
    await stage.ada.download(file["file"]["url"], saved)
    assert saved.read_text() == prompt.strip()


async def test_the_details_of_a_clip_can_be_read_where_it_was_posted(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"clip")
    job, _ = await ordered(stage)
    posted = await stage.delivery.post_clip(post_of(job, path))
    message = await stage.ada.message(stage.channel(), str(posted))

    answer = await stage.press(stage.ada, message, "details:")

    assert f"`{job.id}`" in texts(answer)


async def test_a_fault_in_a_press_is_told_and_not_only_logged(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    _, card = await ordered(stage)
    await stage.database.write(lambda tx: tx.execute("ALTER TABLE jobs RENAME TO jobs_gone").rowcount)

    answer = await stage.press(stage.ada, card, "details:")

    assert texts(answer) == WENT_WRONG
    assert [vars(one)["code"] for one in caplog.records if "code" in vars(one)] == ["interaction_failed"]
