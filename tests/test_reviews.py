"""What waits at the gates and what moderators decide: who may, who was first, and who pays."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from bot.domain import ChannelId, EntryKind, JobState, MessageId, Micros
from bot.errors import NotYours
from bot.jobs.cancelling import cancelled
from bot.moderation import deciding
from bot.moderation.deciding import Moderator, Passed
from bot.moderation.gates import Gate, Mode, ReviewRules
from bot.orders import Cancelled
from bot.reviews import Decision
from bot.screening.verdict import MINORS, Outcome, Reason, Verdict
from storage import ledger, removals, review_cards, review_queue, reviews
from storage.database import Database
from tests.props import ANN, SHORTEST_MICROS, Clock, used
from tests.review_scene import (
    ANN_MODERATING,
    MERE_MEMBER,
    OLGA,
    PER,
    STRANGER,
    Bench,
)

HOLD, CAPTURE, RELEASE, REFUND = EntryKind.HOLD, EntryKind.CAPTURE, EntryKind.RELEASE, EntryKind.REFUND


@pytest.fixture
async def bench(database: Database, clock: Clock) -> Bench:
    made = Bench(database, clock)
    await made.gate(Gate.RENDERING, Mode.ALL)
    await made.gate(Gate.SHOWING, Mode.ALL)
    return made


# Deciding, and the money of each decision


async def test_an_approved_order_is_in_line_and_nothing_more_is_charged(bench: Bench) -> None:
    job = await bench.place(takes=2)
    review = await bench.review(job)

    assert await bench.reviews.approve(review.id, OLGA, spoiler=False) is Passed.PASSED

    takes = await bench.takes(job)
    assert [take.state for take in takes] == [JobState.QUEUED] * 2
    assert bench.moved == [take.id for take in takes]
    assert not any(take.order.spoiler for take in takes)
    assert [await bench.entries(take) for take in takes] == [[HOLD], [HOLD]]
    assert ("review.approved", 2001) in await bench.recorded(f"job:{job.id}")
    assert await bench.database.read(ledger.verify) == []


@pytest.mark.parametrize("gate", list(Gate))
async def test_approved_as_a_spoiler_the_clip_is_behind_one(bench: Bench, gate: Gate) -> None:
    job = await bench.place() if gate is Gate.RENDERING else await bench.withheld()
    review = await bench.review(job, gate)

    await bench.reviews.approve(review.id, OLGA, spoiler=True)

    assert (await bench.job(job.id)).order.spoiler


async def test_an_approved_clip_is_stored_again_and_not_withheld_again(bench: Bench) -> None:
    job = await bench.withheld()
    assert job.state is JobState.WITHHELD
    review = await bench.review(job, Gate.SHOWING)

    await bench.reviews.approve(review.id, OLGA, spoiler=False)

    after = await bench.job(job.id)
    assert after.state is JobState.STORED
    assert not await bench.holds(after)
    assert await bench.entries(job) == [HOLD, CAPTURE]


@pytest.mark.parametrize("refund", [True, False])
async def test_an_order_that_is_denied_before_rendering_costs_nobody_anything(
    bench: Bench, *, refund: bool
) -> None:
    job = await bench.place(takes=2)
    review = await bench.review(job)

    decided = await bench.reviews.deny(review.id, OLGA, " too much of it ", refund=refund)

    takes = await bench.takes(job)
    assert [take.state for take in takes] == [JobState.REJECTED] * 2
    assert [await bench.entries(take) for take in takes] == [[HOLD, RELEASE]] * 2
    assert await used(bench.database, bench.clock()) == 0
    assert (decided.decision, decided.reason, decided.refunded) == (Decision.DENIED, "too much of it", False)
    assert await bench.database.read(ledger.verify) == []


@pytest.mark.parametrize(
    ("refund", "entries", "of_ann"),
    [(True, [HOLD, CAPTURE, REFUND], 0), (False, [HOLD, CAPTURE], SHORTEST_MICROS)],
)
async def test_a_clip_that_is_denied_is_paid_by_the_house_or_by_its_member(
    bench: Bench, *, refund: bool, entries: list[EntryKind], of_ann: int
) -> None:
    job = await bench.withheld()
    review = await bench.review(job, Gate.SHOWING)

    await bench.reviews.deny(review.id, OLGA, "no", refund=refund)

    after = await bench.job(job.id)
    assert (after.state, after.charged_micros) == (JobState.REJECTED, of_ann)
    assert await bench.entries(job) == entries
    assert await used(bench.database, bench.clock(), ANN) == of_ann
    assert await used(bench.database, bench.clock()) == SHORTEST_MICROS
    assert await bench.database.read(ledger.verify) == []


async def test_a_withheld_clip_that_is_deleted_ends_and_stays_paid(bench: Bench) -> None:
    job = await bench.withheld()

    await bench.database.write(partial(removals.begin, job_id=job.id, by=ANN.user_id, at=bench.clock()))

    after = await bench.job(job.id)
    assert (after.state, after.charged_micros) == (JobState.CANCELLED, SHORTEST_MICROS)
    assert (await bench.review(job, Gate.SHOWING)).decision is Decision.WITHDRAWN
    assert await bench.database.read(ledger.verify) == []


@pytest.mark.parametrize(
    ("gate", "entries"), [(Gate.RENDERING, [HOLD, RELEASE]), (Gate.SHOWING, [HOLD, CAPTURE, REFUND])]
)
async def test_a_change_that_is_asked_for_ends_the_order_and_gives_the_money_back(
    bench: Bench, gate: Gate, entries: list[EntryKind]
) -> None:
    job = await bench.place() if gate is Gate.RENDERING else await bench.withheld()
    review = await bench.review(job, gate)

    decided = await bench.reviews.ask_change(review.id, OLGA, "without the logo")

    assert (await bench.job(job.id)).state is JobState.REJECTED
    assert await bench.entries(job) == entries
    assert await used(bench.database, bench.clock(), ANN) == 0
    assert decided.decision is Decision.CHANGE


async def test_a_strike_is_on_record_beside_the_denial(bench: Bench) -> None:
    job = await bench.place()
    review = await bench.review(job)

    await bench.reviews.deny(review.id, OLGA, "again", refund=False, strike=True)

    assert ("member.struck", 2001) in await bench.recorded(f"member:{ANN.user_id}")
    assert (await bench.reviews.case(review.id, OLGA)).standing.strikes == 1
    history = await bench.database.read(partial(review_queue.history, member=ANN))
    assert (history.orders, history.approved, history.denied, history.struck) == (1, 0, 1, 1)


async def test_a_denial_without_a_reason_decides_nothing(bench: Bench) -> None:
    job = await bench.place()
    review = await bench.review(job)

    with pytest.raises(NotYours, match="No reason was given"):
        await bench.reviews.deny(review.id, OLGA, "  \n ", refund=False)

    assert (await bench.job(job.id)).state is JobState.REVIEW


async def test_an_order_that_nobody_makes_at_its_price_any_more_is_not_approved(
    database: Database, clock: Clock
) -> None:
    bench = Bench(database, clock, sold=False)
    await bench.gate(Gate.RENDERING, Mode.ALL)
    await bench.gate(Gate.SHOWING, Mode.ALL)
    order, clip = await bench.place(), await bench.withheld()

    with pytest.raises(NotYours, match="No model makes this at its price any more"):
        await bench.reviews.approve((await bench.review(order)).id, OLGA, spoiler=False)
    await bench.reviews.approve((await bench.review(clip, Gate.SHOWING)).id, OLGA, spoiler=False)

    assert (await bench.job(order.id)).state is JobState.REVIEW
    assert await database.read(partial(reviews.approvers, review_id=(await bench.review(order)).id)) == []
    assert (await bench.job(clip.id)).state is JobState.STORED


async def test_what_screening_forbids_can_be_denied_and_nothing_else(bench: Bench) -> None:
    await bench.gate(Gate.SHOWING, Mode.OFF)
    job = await bench.withheld(look=finds_minors)
    review = await bench.review(job, Gate.SHOWING)

    with pytest.raises(NotYours, match="Screening forbids this"):
        await bench.reviews.approve(review.id, OLGA, spoiler=True)
    await bench.reviews.deny(review.id, OLGA, "never", refund=False)

    assert (await bench.job(job.id)).state is JobState.REJECTED


async def finds_minors(*_: object) -> Verdict:
    reason = Reason(code="score", source="openai", category=MINORS)
    return Verdict(outcome=Outcome.BLOCK, reasons=(reason,))


# Who decides


async def test_of_two_moderators_at_once_the_second_reads_who_decided(bench: Bench) -> None:
    job = await bench.place()
    review = await bench.review(job)

    done = await asyncio.gather(
        bench.reviews.approve(review.id, OLGA, spoiler=False),
        bench.reviews.deny(review.id, PER, "no", refund=False),
        bench.reviews.approve(review.id, PER, spoiler=True),
        return_exceptions=True,
    )

    assert done[0] is Passed.PASSED
    assert [type(one) for one in done[1:]] == [NotYours, NotYours]
    assert "<@2001> has approved this already" in str(done[1])
    assert (await bench.job(job.id)).state is JobState.QUEUED
    assert (await bench.review(job)).decided_by == 2001
    assert await bench.entries(job) == [HOLD]


async def test_a_decision_is_one_statement_that_only_an_open_review_lets_through(bench: Bench) -> None:
    job = await bench.place()
    review = await bench.review(job)
    refuse = partial(
        reviews.refuse, review_id=review.id, decision=Decision.DENIED, reason="no", refunded=False
    )

    first = await bench.database.write(partial(refuse, by=2001, at=bench.clock()))
    second = await bench.database.write(partial(refuse, by=2002, at=bench.clock()))

    assert (first, second) == (True, False)
    assert (await bench.review(job)).decided_by == 2001


@pytest.mark.parametrize("gate", list(Gate))
async def test_nobody_decides_on_their_own_order(bench: Bench, gate: Gate) -> None:
    job = await bench.place() if gate is Gate.RENDERING else await bench.withheld()
    review = await bench.review(job, gate)

    for decide in (
        bench.reviews.approve(review.id, ANN_MODERATING, spoiler=False),
        bench.reviews.deny(review.id, ANN_MODERATING, "why not", refund=True),
        bench.reviews.ask_change(review.id, ANN_MODERATING, "why not"),
        bench.reviews.hand_over(review.id, OLGA, ANN.user_id),
    ):
        with pytest.raises(NotYours, match="Nobody decides on their own order"):
            await decide

    assert (await bench.review(job, gate)).decision is None


@pytest.mark.parametrize(
    ("by", "told"),
    [(STRANGER, "This review is not known here"), (MERE_MEMBER, "Only a moderator can decide this")],
)
async def test_moderators_of_another_server_and_members_decide_nothing(
    bench: Bench, by: Moderator, told: str
) -> None:
    job = await bench.place()
    review = await bench.review(job)

    for decide in (
        bench.reviews.case(review.id, by),
        bench.reviews.approve(review.id, by, spoiler=False),
        bench.reviews.deny(review.id, by, "no", refund=False),
        bench.reviews.hand_over(review.id, by, by.member.user_id),
    ):
        with pytest.raises(NotYours, match=told):
            await decide
    assert (await bench.job(job.id)).state is JobState.REVIEW


async def test_above_the_servers_price_two_moderators_have_to_agree(bench: Bench) -> None:
    await bench.rules(ReviewRules(two_above_micros=Micros(SHORTEST_MICROS)))
    cheap, dear = await bench.place(), await bench.place(takes=2)
    review = await bench.review(dear)

    assert (await bench.review(cheap)).needed == 1
    assert await bench.reviews.approve(review.id, OLGA, spoiler=True) is Passed.ANOTHER_IS_NEEDED
    assert (await bench.job(dear.id)).state is JobState.REVIEW
    with pytest.raises(NotYours, match="You have approved this before"):
        await bench.reviews.approve(review.id, OLGA, spoiler=False)
    assert await bench.reviews.approve(review.id, PER, spoiler=False) is Passed.PASSED

    after = await bench.job(dear.id)
    assert after.state is JobState.QUEUED
    assert after.order.spoiler, "one of the two wanted it behind a spoiler"
    case = await bench.reviews.case(review.id, OLGA)
    assert case.approvers == (2001, 2002)


async def test_one_of_two_is_enough_to_deny(bench: Bench) -> None:
    await bench.rules(ReviewRules(two_above_micros=Micros(0)))
    job = await bench.place()
    review = await bench.review(job)
    await bench.reviews.approve(review.id, OLGA, spoiler=False)

    await bench.reviews.deny(review.id, PER, "no", refund=False)

    assert (await bench.job(job.id)).state is JobState.REJECTED


async def test_a_review_is_handed_over_and_back(bench: Bench) -> None:
    job = await bench.place()
    review = await bench.review(job)

    assert (await bench.reviews.hand_over(review.id, OLGA, PER.member.user_id)).assigned_to == 2002
    assert (await bench.reviews.hand_over(review.id, OLGA, None)).assigned_to is None
    assert [verb for verb, _ in await bench.recorded(f"job:{job.id}")][-2:] == ["review.handed_over"] * 2


# What ends without a moderator


@pytest.mark.parametrize(
    ("gate", "expires", "entries"),
    [
        (Gate.RENDERING, timedelta(hours=24), [HOLD, RELEASE]),
        (Gate.SHOWING, timedelta(hours=72), [HOLD, CAPTURE, REFUND]),
    ],
)
async def test_what_nobody_looks_at_in_time_ends_and_its_member_pays_nothing(
    bench: Bench, gate: Gate, expires: timedelta, entries: list[EntryKind]
) -> None:
    job = await bench.place() if gate is Gate.RENDERING else await bench.withheld()
    review = await bench.review(job, gate)

    bench.clock.advance(expires - timedelta(seconds=1))
    assert await bench.database.read(partial(review_queue.too_old, at=bench.clock(), limit=9)) == []
    bench.clock.advance(timedelta(seconds=1))
    assert await bench.database.read(partial(review_queue.too_old, at=bench.clock(), limit=9)) == [review]
    moved = await bench.database.write(partial(deciding.expire, review, bench.clock()))
    again = await bench.database.write(partial(deciding.expire, review, bench.clock()))

    assert (moved, again) == ([job.id], [])
    assert (await bench.job(job.id)).state is JobState.REJECTED
    assert await bench.entries(job) == entries
    assert await used(bench.database, bench.clock(), ANN) == 0
    assert await bench.database.read(ledger.verify) == []
    with pytest.raises(NotYours, match="Nobody looked at this in time"):
        await bench.reviews.approve(review.id, OLGA, spoiler=False)


async def test_a_cancelled_order_leaves_no_review_behind(bench: Bench) -> None:
    job = await bench.place(takes=2)
    first, second = await bench.takes(job)

    await bench.database.write(partial(cancelled, first.id, bench.clock(), by=ANN, moderator=False))
    assert (await bench.review(job)).decision is None, "the other take still waits"
    await bench.database.write(partial(cancelled, second.id, bench.clock(), by=ANN, moderator=False))

    assert (await bench.review(job)).decision is Decision.WITHDRAWN
    with pytest.raises(NotYours, match="Its member has taken this back"):
        await bench.reviews.approve((await bench.review(job)).id, OLGA, spoiler=False)


async def test_of_an_order_of_which_a_take_was_cancelled_the_rest_is_approved(bench: Bench) -> None:
    job = await bench.place(takes=2)
    first, second = await bench.takes(job)
    await bench.database.write(partial(cancelled, first.id, bench.clock(), by=ANN, moderator=False))

    await bench.reviews.approve((await bench.review(job)).id, OLGA, spoiler=False)

    states = [(await bench.job(take.id)).state for take in (first, second)]
    assert states == [JobState.CANCELLED, JobState.QUEUED]


async def test_a_clip_that_its_member_takes_back_stays_paid_and_its_review_ends(bench: Bench) -> None:
    job = await bench.withheld()

    _, by_a_moderator = await bench.desk.cancel(job.id, by=PER.member, moderator=True)
    after, outcome = await bench.desk.cancel(job.id, by=ANN, moderator=False)

    assert by_a_moderator is Cancelled.TOO_LATE
    assert outcome is Cancelled.WITHDRAWN
    assert (after.state, after.charged_micros) == (JobState.CANCELLED, SHORTEST_MICROS)
    assert (await bench.review(job, Gate.SHOWING)).decision is Decision.WITHDRAWN
    assert await bench.entries(job) == [HOLD, CAPTURE]


# What is due


async def test_a_reminder_is_due_once_and_the_next_thing_due_is_known(bench: Bench) -> None:
    read = bench.database.read
    assert await read(review_queue.next_due) is None
    job = await bench.place()
    review = await bench.review(job)
    at = bench.clock()

    assert await read(review_queue.next_due) == at + timedelta(hours=1)
    assert await read(partial(review_queue.to_remind, at=at, limit=9)) == []
    at += timedelta(hours=1)
    assert await read(partial(review_queue.to_remind, at=at, limit=9)) == [review]
    await bench.database.write(partial(review_queue.reminded, review_id=review.id, at=at))
    assert await read(partial(review_queue.to_remind, at=at, limit=9)) == []
    assert await read(review_queue.next_due) == review.expires_at


async def test_the_message_of_a_review_is_stale_until_it_shows_the_latest(bench: Bench) -> None:
    job = await bench.place()
    review = await bench.review(job)
    read, write = bench.database.read, bench.database.write

    assert [one.id for one in await read(partial(review_cards.stale, limit=9))] == [review.id]
    tried = partial(review_cards.tried, review_id=review.id, channel_id=ChannelId(88), at=bench.clock())
    await write(tried)
    await write(partial(review_cards.posted, review_id=review.id, message_id=MessageId(77)))
    await write(partial(review_cards.shown, review_id=review.id, rev=review.rev))
    assert await read(partial(review_cards.stale, limit=9)) == []
    assert await read(partial(review_cards.copies_of, job_id=job.id)) == [(88, 77)]

    await bench.reviews.deny(review.id, OLGA, "no", refund=False)
    assert [one.id for one in await read(partial(review_cards.stale, limit=9))] == [review.id]
