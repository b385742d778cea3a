"""Publishing a clip that its member alone has seen: the gate before others see it is that of the press."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import EntryKind, Job, JobState
from bot.moderation import deciding
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.gates import Gate, Mode
from bot.reviews import Decision, Review
from bot.screening.verdict import MINORS, Outcome, Reason, Verdict
from storage import ledger, removals, reviews, states
from storage.database import Database
from tests.bookkeeping import drive
from tests.props import ANN, Clock, job_of, used
from tests.review_scene import OLGA, Bench, clip_of
from tests.review_stage import Office, open_closed
from tests.stage import button, texts

GRAVEST = Verdict(outcome=Outcome.BLOCK, reasons=(Reason(code="score", source="mood", category=MINORS),))


@pytest.fixture
def bench(database: Database, clock: Clock) -> Bench:
    return Bench(database, clock)


async def kept(bench: Bench, number: int = 1) -> Job:
    """A private clip of Ann's that passed the gate as it was."""
    job = job_of(number, at=bench.clock())
    job = replace(job, order=replace(job.order, private=True))
    await bench.database.write(partial(drive, job, JobState.STORED, bench.clock()))
    assert not await bench.holds(await bench.job(job.id))
    await bench.database.write(partial(states.kept, job_id=job.id, at=bench.clock()))
    return await bench.job(job.id)


async def asks(bench: Bench, job: Job, *, verdict: Verdict | None = None) -> Review | None:
    """Its member presses Publish; what stands between."""

    async def look(*_: object) -> Verdict:
        return verdict or Verdict()

    gatehouse = Gatehouse(bench.database, ids=bench.ids, now=bench.clock, look=look)
    return await gatehouse.asked_to_publish(job, clip_of(job))


async def test_an_open_gate_holds_nothing_and_a_closed_one_asks_once(bench: Bench) -> None:
    job = await kept(bench)
    assert await asks(bench, job) is None
    await bench.gate(Gate.SHOWING, Mode.ALL)

    first, second = await asyncio.gather(asks(bench, job), asks(bench, job))

    assert first is not None
    assert first == second == await bench.review(job, Gate.SHOWING)
    assert first.publishes
    assert ("review.asked", None) in await bench.recorded(f"job:{job.id}")
    assert (await bench.job(job.id)).state is JobState.UNDELIVERABLE, "its member still has it"


async def test_what_is_approved_is_to_be_published_by_whichever_process_is_there(bench: Bench) -> None:
    job = await kept(bench)
    await bench.gate(Gate.SHOWING, Mode.ALL)
    review = await asks(bench, job)
    assert review is not None

    await bench.reviews.approve(review.id, OLGA, spoiler=True)

    after = await bench.job(job.id)
    assert (after.state, after.order.spoiler) == (JobState.UNDELIVERABLE, True)
    assert bench.moved == [job.id]
    assert await asks(bench, job) is None, "it was looked at"
    assert await bench.entries(job) == [EntryKind.HOLD, EntryKind.CAPTURE]


@pytest.mark.parametrize("refund", [True, False])
async def test_what_is_denied_stays_its_members_and_paid(bench: Bench, *, refund: bool) -> None:
    job = await kept(bench)
    await bench.gate(Gate.SHOWING, Mode.ALL)
    review = await asks(bench, job)
    assert review is not None
    paid = await used(bench.database, bench.clock(), ANN)

    decided = await bench.reviews.deny(review.id, OLGA, "not here", refund=refund)

    assert not decided.refunded
    assert (await bench.job(job.id)).state is JobState.UNDELIVERABLE
    assert await used(bench.database, bench.clock(), ANN) == paid
    stands = await asks(bench, job)
    assert stands is not None
    assert stands.decision is Decision.DENIED
    assert await bench.database.read(ledger.verify) == []


async def test_what_nobody_looked_at_costs_the_house_nothing_and_may_be_asked_again(bench: Bench) -> None:
    job = await kept(bench)
    await bench.gate(Gate.SHOWING, Mode.ALL)
    first = await asks(bench, job)
    assert first is not None
    bench.clock.advance(first.expires_at - bench.clock())

    assert await bench.database.write(partial(deciding.expire, first, bench.clock())) == [job.id]

    assert await bench.entries(job) == [EntryKind.HOLD, EntryKind.CAPTURE]
    assert (await bench.job(job.id)).state is JobState.UNDELIVERABLE
    bench.clock.advance(timedelta(seconds=1))
    again = await asks(bench, job)
    assert again is not None
    assert (again.id != first.id, again.decision) == (True, None)


async def test_what_is_deleted_meanwhile_waits_for_nobody(bench: Bench) -> None:
    job = await kept(bench)
    await bench.gate(Gate.SHOWING, Mode.ALL)
    assert await asks(bench, job) is not None

    await bench.database.write(partial(removals.begin, job_id=job.id, by=ANN.user_id, at=bench.clock()))

    assert (await bench.review(job, Gate.SHOWING)).decision is Decision.WITHDRAWN


async def test_what_screening_finds_at_the_press_waits_and_the_gravest_is_never_approved(
    bench: Bench,
) -> None:
    job = await kept(bench)
    await bench.gate(Gate.SHOWING, Mode.OFF)

    review = await asks(bench, job, verdict=GRAVEST)

    assert review is not None
    assert review.found.forbidden


# Over Discord


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_closed(tmp_path) as opened:
        opened.shelf.scene.whispers.gatehouse = opened.gatehouse
        yield opened


async def test_a_private_clip_is_published_when_a_moderator_lets_it_pass(office: Office) -> None:
    stage, scene, ada = office.stage, office.shelf.scene, office.stage.ada
    await office.gate(Gate.SHOWING, Mode.OFF)
    job = await office.shelf.clip("a secret garden", posted=False, private=True)
    await office.gate(Gate.SHOWING, Mode.ALL)
    page = await office.shelf.ask(ada, "show", clip=job.id)

    async def publishes() -> str:
        return texts(await ada.answer(await ada.press(page, button(page, "clip:publish:")["custom_id"])))

    told = await publishes()
    assert told == (
        "A moderator looks at this clip before others see it. Nothing was charged. "
        "It is published by itself when they let it pass; until then it stays yours alone."
    )
    assert await scene.whispers.go_on(await scene.job(job.id)) is None
    assert (await scene.job(job.id)).state is JobState.UNDELIVERABLE
    await office.reviewing.look()
    message = await office.message(job, Gate.SHOWING)
    assert "A clip that its member has seen waits to be published" in texts(message)
    form = await office.form(stage.mika, message, "no")
    assert "Give the price back" not in str(form)

    assert (await office.press(stage.mika, message, "yes")).startswith("Approved.")

    assert office.moved == [job.id]
    assert await scene.whispers.to_publish() == [job.id]
    assert await scene.whispers.go_on(await scene.job(job.id)) is None
    after = await scene.job(job.id)
    assert after.state is JobState.POSTED
    shown = await stage.bruno.message(str(after.clip_channel_id), str(after.clip_message_id))
    assert "a secret garden" in texts(shown)
    assert await scene.whispers.to_publish() == []
    assert (await publishes()).startswith("Published in")


async def test_a_private_clip_that_is_denied_says_so_at_the_next_press(office: Office) -> None:
    ada = office.stage.ada
    await office.gate(Gate.SHOWING, Mode.OFF)
    job = await office.shelf.clip("a secret garden", posted=False, private=True)
    await office.gate(Gate.SHOWING, Mode.ALL)
    page = await office.shelf.ask(ada, "show", clip=job.id)
    custom_id = button(page, "clip:publish:")["custom_id"]
    await ada.answer(await ada.press(page, custom_id))
    await office.reviewing.look()
    message = await office.message(job, Gate.SHOWING)

    told = await office.send(office.stage.mika, message, "no", reason="not in this channel")

    assert told == "Denied. It was made before, so it stays paid by its member."
    again = texts(await ada.answer(await ada.press(page, custom_id)))
    assert again.startswith("A moderator has decided that others do not see this clip.")
    assert await office.shelf.scene.whispers.go_on(await office.shelf.scene.job(job.id)) is None
    found = await office.stage.database.read(partial(reviews.to_publish, limit=9))
    assert found == []
