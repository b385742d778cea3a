"""A cancel is a wish: what becomes of it in each state, and whose it is to make."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from bot.domain import (
    GuildId,
    JobId,
    JobState,
    Member,
    UserId,
)
from bot.errors import NotYours
from bot.orders import Cancelled
from storage import acts, ledger
from storage.acts import Wanted
from storage.database import Database
from tests.bookkeeping import in_state
from tests.books import entries_of
from tests.props import (
    ANN,
    ANN_ELSEWHERE,
    BEN,
    SHORTEST_MICROS,
    Clock,
    Desk,
    asked,
    limits,
    used,
)

CANCELS = {
    JobState.REVIEW: Cancelled.DONE,
    JobState.QUEUED: Cancelled.DONE,
    JobState.SUBMITTING: Cancelled.ASKED,
    JobState.UNCERTAIN: Cancelled.ASKED,
    JobState.RUNNING: Cancelled.ASKED,
    JobState.RENDERED: Cancelled.TOO_LATE,
    JobState.STORED: Cancelled.TOO_LATE,
    JobState.WITHHELD: Cancelled.WITHDRAWN,
    JobState.UNDELIVERABLE: Cancelled.TOO_LATE,
    JobState.POSTED: Cancelled.TOO_LATE,
    JobState.FAILED: Cancelled.TOO_LATE,
    JobState.REJECTED: Cancelled.TOO_LATE,
    JobState.CANCELLED: Cancelled.DONE,
}


@pytest.mark.parametrize("state", list(JobState))
async def test_a_cancel_does_what_the_state_allows(database: Database, clock: Clock, state: JobState) -> None:
    job = await in_state(database, clock, state)
    desk = Desk(database, clock)

    after, outcome = await desk.cancel(job.id, by=ANN, moderator=False)

    held = await database.read(partial(ledger.open_hold, job_id=job.id))
    assert outcome is CANCELS[state]
    match outcome:
        case Cancelled.DONE:
            assert after.state is JobState.CANCELLED
            assert held is None
            assert await used(database, clock()) == 0
        case Cancelled.ASKED:
            assert after.state is state
            assert after.cancel_asked_at == clock()
            assert held is not None
        case Cancelled.WITHDRAWN:
            assert after.state is JobState.CANCELLED
            assert after.charged_micros == SHORTEST_MICROS
            assert held is None
        case Cancelled.TOO_LATE:
            assert after == job
    assert await database.read(ledger.verify) == []
    assert desk.woken == [job.id]


async def test_a_second_wish_keeps_the_time_of_the_first(database: Database, clock: Clock) -> None:
    job = await in_state(database, clock, JobState.RUNNING)
    desk = Desk(database, clock)
    await desk.cancel(job.id, by=ANN, moderator=False)
    first = clock()
    clock.advance(timedelta(minutes=1))

    after, outcome = await desk.cancel(job.id, by=ANN, moderator=False)

    assert (after.cancel_asked_at, outcome) == (first, Cancelled.ASKED)


async def test_a_cancel_twice_at_once_gives_back_once(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    job = await desk.place(asked())

    outcomes = await asyncio.gather(*(desk.cancel(job.id, by=ANN, moderator=False) for _ in range(5)))

    assert {outcome for _, outcome in outcomes} == {Cancelled.DONE}
    assert await used(database, clock()) == 0
    assert len(await database.read(partial(entries_of, job_id=job.id))) == 2


ELSEWHERE = Member(guild_id=GuildId(8), user_id=UserId(5))


@pytest.mark.parametrize(
    ("by", "moderator", "may"),
    [
        (ANN, False, True),
        (ANN, True, True),
        (BEN, False, False),
        (BEN, True, True),
        (ANN_ELSEWHERE, False, False),
        (ANN_ELSEWHERE, True, False),
        (ELSEWHERE, True, False),
    ],
)
async def test_only_its_member_or_a_moderator_of_its_server_cancels_a_job(
    database: Database, clock: Clock, by: Member, *, moderator: bool, may: bool
) -> None:
    desk = Desk(database, clock)
    job = await desk.place(asked(ANN))

    if may:
        assert (await desk.cancel(job.id, by=by, moderator=moderator))[1] is Cancelled.DONE
    else:
        with pytest.raises(NotYours):
            await desk.cancel(job.id, by=by, moderator=moderator)
        assert await used(database, clock()) == SHORTEST_MICROS


async def test_what_a_moderator_cancels_is_on_record_once_and_what_its_member_does_is_not(
    database: Database, clock: Clock
) -> None:
    desk = Desk(database, clock)
    theirs, queued = [await desk.place(asked(ANN)) for _ in range(2)]
    await desk.cancel(theirs.id, by=ANN, moderator=False)
    running = await in_state(database, clock, JobState.RUNNING)
    for job in (queued, running):
        for _ in range(2):
            await desk.cancel(job.id, by=BEN, moderator=True)

    found = await database.read(partial(acts.newest, wanted=Wanted(), limit=9))

    assert [(one.verb, one.subject, one.actor_id) for one in reversed(found)] == [
        ("order.cancelled", f"job:{job.id}", BEN.user_id) for job in (queued, running)
    ]


async def test_a_job_that_is_not_there_cannot_be_cancelled(database: Database, clock: Clock) -> None:
    with pytest.raises(NotYours, match="not known here"):
        await Desk(database, clock).cancel(JobId("nobody"), by=ANN, moderator=True)


async def test_money_that_a_cancel_gave_back_can_be_spent_again(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(member=SHORTEST_MICROS, installation=SHORTEST_MICROS))
    first = await desk.place(asked())
    await desk.cancel(first.id, by=ANN, moderator=False)

    assert (await desk.place(asked())).state is JobState.QUEUED
