"""Jobs of which nobody knows: a card for the operator, three verdicts, one of which decides."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ChannelId, Job, JobId, JobState, MessageId, UserId
from bot.jobs.patience import HOUSE_AFTER
from bot.operating.control import carry_out
from bot.operating.unsettled import ASK_AFTER, LOOK_EVERY_S, Uncertain, Unsettled
from bot.sandbox.person import Person
from cogs import settle_button
from cogs.unsettled import OperatorBoard, Settling
from storage import jobs, states
from tests.bookkeeping import drive
from tests.books import verdicts_of
from tests.props import job_of
from tests.stage import Json, Stage, custom_ids, open_stage, texts

OFFICE = "showcase"
ID = JobId("0123456789abcdef")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


def duty(stage: Stage) -> tuple[Unsettled, list[JobId]]:
    """The duty with its buttons; Bruno runs this bot."""
    operator = frozenset({UserId(stage.sandbox.world.user_named("Bruno").id)})
    woken: list[JobId] = []

    async def urls(job_id: JobId) -> dict[str, str]:
        return {"of": job_id}

    carry = partial(carry_out, stage.database, now=stage.clock)
    stage.client.settling = Settling(operator, carry, settled=woken.append, urls=urls)
    board = OperatorBoard(stage.client, ChannelId(int(stage.channel(OFFICE))))
    return Unsettled(stage.database, board, now=stage.clock), woken


async def uncertain(stage: Stage) -> Job:
    """A job of which nobody knows, with an id as ours are."""
    job = replace(job_of(at=stage.clock()), id=ID, order_id=ID)
    await stage.database.write(partial(drive, job, JobState.UNCERTAIN, stage.clock()))
    return await now(stage, job)


async def cards(stage: Stage) -> list[Json]:
    return await stage.people["Bruno"].messages(stage.channel(OFFICE))


async def decided(person: Person, card: Json, verdict: str, **values: str) -> str:
    (pressed,) = [one for one in custom_ids(card) if one.startswith(f"settle:{verdict}")]
    modal = await person.modal(await person.press(card, pressed))
    return texts(await person.answer(await person.submit(modal, values)))


async def now(stage: Stage, job: Job) -> Job:
    found = await stage.database.read(partial(jobs.get, job_id=job.id))
    assert found is not None
    return found


async def test_a_card_asks_after_a_while_once_and_says_what_is_known(stage: Stage) -> None:
    job = await uncertain(stage)
    unsettled, _ = duty(stage)

    await unsettled.once()
    assert await cards(stage) == []
    stage.clock.at += ASK_AFTER
    await unsettled.once()
    await unsettled.once()

    (card,) = await cards(stage)
    said = texts(card)
    assert f"Nobody knows about job `{job.id}`" in said
    assert job.quote.offer_id in said
    house_at = int((job.state_at + HOUSE_AFTER).timestamp())
    assert f"$0.40 stay held for its member, from <t:{house_at}:f> on for the house, until" in said
    assert f"`{job.id}-1`" in said
    assert len(custom_ids(card)) == 3


async def test_a_verdict_moves_the_job_and_the_card_says_what_became_of_it(stage: Stage) -> None:
    job = await uncertain(stage)
    unsettled, woken = duty(stage)
    stage.clock.at += ASK_AFTER
    await unsettled.once()
    (card,) = await cards(stage)

    said = await decided(stage.people["Bruno"], card, "lost", why="support says so")
    again = await decided(stage.people["Bruno"], card, "found", ticket="t-1", why="no, there it is")
    await unsettled.once()

    assert job.id in said
    assert "nothing to decide" in again
    assert (await now(stage, job)).state is JobState.FAILED
    (decision,) = await stage.database.read(partial(verdicts_of, job_id=job.id))
    assert decision.why == "support says so"
    assert decision.by.endswith("at Discord")
    assert woken == [job.id]
    (card,) = await cards(stage)
    assert "is now **failed**" in texts(card)
    assert custom_ids(card) == []


async def test_what_was_found_goes_on_with_its_ticket(stage: Stage) -> None:
    job = await uncertain(stage)
    unsettled, woken = duty(stage)
    stage.clock.at += ASK_AFTER
    await unsettled.once()
    (card,) = await cards(stage)

    await decided(stage.people["Bruno"], card, "found", ticket="t-1", why="seen in its list")

    found = await now(stage, job)
    assert found.state is JobState.RUNNING
    assert found.ticket is not None
    assert (found.ticket.provider_job_id, found.ticket.urls) == ("t-1", {"of": job.id})
    assert woken == [job.id]


async def test_nobody_else_decides(stage: Stage) -> None:
    job = await uncertain(stage)
    unsettled, woken = duty(stage)
    stage.clock.at += ASK_AFTER
    await unsettled.once()
    (card,) = await cards(stage)
    ada = stage.people["Ada"]

    told = texts(await ada.answer(await ada.press(card, f"settle:lost:{job.id}")))

    assert "Only whoever runs this bot can do that." in told
    assert (await now(stage, job)).state is JobState.UNCERTAIN
    assert woken == []


async def test_while_discord_is_away_it_is_asked_later(stage: Stage) -> None:
    await uncertain(stage)
    unsettled, _ = duty(stage)
    stage.clock.at += ASK_AFTER
    nowhere = Unsettled(stage.database, OperatorBoard(stage.client, ChannelId(1)), now=stage.clock)

    await nowhere.once()
    assert await cards(stage) == []
    await unsettled.once()

    assert len(await cards(stage)) == 1


class Clumsy:
    """A board with a fault of its own."""

    async def ask(self, about: Uncertain, *, nonce: str) -> MessageId:
        raise ZeroDivisionError(about.job_id, nonce)

    async def tell(self, message_id: MessageId, job: Job) -> None:
        raise ZeroDivisionError(job.id, message_id)


async def test_a_fault_in_one_look_ends_neither_the_duty_nor_the_process(stage: Stage) -> None:
    await uncertain(stage)
    stage.clock.at += ASK_AFTER
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Unsettled(stage.database, Clumsy(), now=stage.clock, pause=pause).run()

    assert pauses == [LOOK_EVERY_S, LOOK_EVERY_S]


async def test_an_old_card_is_answered_where_no_operators_channel_is_named_any_more(stage: Stage) -> None:
    job = await uncertain(stage)
    unsettled, _ = duty(stage)
    stage.clock.at += ASK_AFTER
    await unsettled.once()
    (card,) = await cards(stage)
    stage.client.settling = None

    answer = await stage.press(stage.people["Bruno"], card, "settle:lost")

    assert texts(answer) == settle_button.NO_CHANNEL
    assert (await now(stage, job)).state is JobState.UNCERTAIN


async def test_a_job_that_is_uncertain_for_the_second_time_is_asked_about_again(stage: Stage) -> None:
    job = await uncertain(stage)
    unsettled, _ = duty(stage)
    stage.clock.at += ASK_AFTER
    await unsettled.once()
    (card,) = await cards(stage)
    await decided(stage.people["Bruno"], card, "found", ticket="t-1", why="seen in its list")
    await unsettled.once()
    await stage.database.write(partial(states.silent, job_id=job.id, at=stage.clock()))

    stage.clock.at += ASK_AFTER
    now_there = stage.sandbox.world.now() + ASK_AFTER
    stage.sandbox.world.now = lambda: now_there  # Discord has forgotten the nonce by then
    await unsettled.once()
    await unsettled.once()

    again, first = await cards(stage)
    assert "is now **running**" in texts(first)
    assert "It has a ticket" in texts(again)
    assert sorted(one.split(":")[1] for one in custom_ids(again)) == ["found", "lost"]

    said = await decided(stage.people["Bruno"], again, "found", ticket="", why="it is still in its list")

    assert "is asked for at its provider again" in said
    found = await now(stage, job)
    assert (found.state, found.ticket and found.ticket.provider_job_id) == (JobState.RUNNING, "t-1")


async def test_found_without_its_id_decides_nothing_where_nobody_knows_that(stage: Stage) -> None:
    job = await uncertain(stage)
    unsettled, woken = duty(stage)
    stage.clock.at += ASK_AFTER
    await unsettled.once()
    (card,) = await cards(stage)

    said = await decided(stage.people["Bruno"], card, "found", ticket=" ", why="seen in its list")

    assert "name the provider's id of the job" in said
    assert ((await now(stage, job)).state, woken) == (JobState.UNCERTAIN, [])
