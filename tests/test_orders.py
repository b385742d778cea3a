"""What a member can do: ask for a price, say yes, order, cancel; and that no budget is ever passed."""

import asyncio
import dataclasses
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.budgets import Budgets, resets_at
from bot.domain import (
    ChannelId,
    Fault,
    FaultKind,
    GuildId,
    Job,
    JobId,
    JobState,
    Limits,
    Member,
    MessageId,
    Micros,
    OfferId,
    Period,
    Quote,
    Scope,
    Ticket,
    UserId,
)
from bot.errors import BudgetExceeded, NotYours, OrderRefused, PaidNotEnabled, Refusal
from bot.orders import QUOTE_HOLDS, Cancelled
from storage import jobs, ledger, purses
from storage.database import Database
from tests.props import (
    ANN,
    ANN_ELSEWHERE,
    BEN,
    PLAY_PRICE,
    PLENTY,
    SHORTEST_MICROS,
    Clock,
    Desk,
    Inline,
    asked,
    count,
    job_of,
    order_of,
)

FAULT = Fault(kind=FaultKind.PROVIDER, code="made_up")


def limits(*, member: int | None = None, installation: int | None = None) -> Limits:
    return Limits(
        member_monthly_micros=None if member is None else Micros(member),
        installation_monthly_micros=None if installation is None else Micros(installation),
    )


async def used(database: Database, at: datetime, member: Member | None = None) -> int:
    """What is spent and held in the month of `at`: of a member, or of the installation."""
    purse = (
        purses.of_installation(Period.MONTH, at.date())
        if member is None
        else purses.of_member(member, Period.MONTH, at.date())
    )
    return (await database.read(partial(ledger.balance, purse=purse))).used_micros


async def rows(database: Database) -> dict[str, int]:
    """How many rows each table has."""

    def counted(connection: sqlite3.Connection) -> dict[str, int]:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("jobs", "holds", "entries", "totals", "quotes")
        }

    return await database.read(counted)


def kinds(answers: list[Any]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


# Budgets


@pytest.mark.parametrize("crumbs", [0, 1, SHORTEST_MICROS - 1])
async def test_two_hundred_at_once_get_exactly_what_the_budget_holds(
    database: Database, clock: Clock, crumbs: int
) -> None:
    desk = Desk(database, clock, limits=limits(installation=37 * SHORTEST_MICROS + crumbs))

    answers = await asyncio.gather(*(desk.place(asked()) for _ in range(200)), return_exceptions=True)

    assert kinds(answers) == {"Job": 37, "BudgetExceeded": 163}
    assert await used(database, clock()) == 37 * SHORTEST_MICROS
    assert len(desk.woken) == 37
    assert await database.read(ledger.verify) == []


async def test_two_desks_with_many_members_and_guilds_share_one_installation_limit(
    database: Database, clock: Clock
) -> None:
    limit = limits(installation=50 * SHORTEST_MICROS)
    desks = [Desk(database, clock, limits=limit, seed=seed) for seed in (1, 2)]
    members = [Member(guild_id=GuildId(n % 7), user_id=UserId(n)) for n in range(200)]

    answers = await asyncio.gather(
        *(desks[n % 2].place(asked(member)) for n, member in enumerate(members)), return_exceptions=True
    )

    assert kinds(answers) == {"Job": 50, "BudgetExceeded": 150}
    assert await used(database, clock()) == 50 * SHORTEST_MICROS


async def test_a_members_limit_is_that_members_in_that_guild(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(member=2 * SHORTEST_MICROS, installation=10**12))

    for who in (ANN, BEN, ANN_ELSEWHERE):
        answers = await asyncio.gather(*(desk.place(asked(who)) for _ in range(5)), return_exceptions=True)
        assert kinds(answers) == {"Job": 2, "BudgetExceeded": 3}


@settings(max_examples=count(40, 3000), deadline=None, derandomize=count(1, 0) == 1)
@given(
    prices=st.lists(
        st.tuples(st.sampled_from([ANN, BEN, ANN_ELSEWHERE]), st.integers(0, 12)), min_size=1, max_size=40
    ),
    member=st.none() | st.integers(0, 60),
    installation=st.integers(0, 120),
)
def test_whoever_comes_first_is_admitted_as_long_as_every_budget_has_room(
    prices: list[tuple[Member, int]], member: int | None, installation: int
) -> None:
    async def at_once() -> list[Any]:
        database = Database(Inline())
        desk = Desk(database, Clock(), limits=limits(member=member, installation=installation))
        answers = await asyncio.gather(
            *(desk.orders.place(order_of(who), quote_of(price)) for who, price in prices),
            return_exceptions=True,
        )
        assert await database.read(ledger.verify) == []
        await database.close()
        return answers

    spent: Counter[Member] = Counter()
    room = []
    for who, price in prices:
        fits = price == 0 or (
            (member is None or spent[who] + price <= member) and spent.total() + price <= installation
        )
        spent[who] += price if fits else 0
        room.append(fits)

    assert [isinstance(answer, Job) for answer in asyncio.run(at_once())] == room


def quote_of(price: int) -> Quote:
    return Quote(
        offer_id=OfferId("studio/studio"), price_micros=Micros(price), per_second_micros=Micros(price)
    )


async def test_a_refused_order_leaves_nothing_behind(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(installation=SHORTEST_MICROS - 1))
    before = await rows(database)

    with pytest.raises(BudgetExceeded) as refused:
        await desk.place(asked())

    assert refused.value.short_micros == 1
    assert refused.value.kind is FaultKind.SERVER_BUDGET
    assert await rows(database) == before
    assert desk.woken == []


async def test_a_members_refusal_names_what_is_left_and_until_when(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(member=500_000, installation=10**12))
    await desk.place(asked())

    with pytest.raises(BudgetExceeded) as refused:
        await desk.place(asked())

    assert refused.value.sentence == (
        "This costs $0.40 and your budget has $0.10 left until 1 December: $0.30 too little. "
        "Nothing was charged. Choose a shorter clip, a lower resolution or a cheaper model."
    )
    assert refused.value.kind is FaultKind.MEMBER_BUDGET
    assert refused.value.short_micros == 300_000


@pytest.mark.parametrize("installation", [None, 0])
async def test_paid_is_refused_until_the_operator_has_set_a_limit(
    database: Database, clock: Clock, installation: int | None
) -> None:
    desk = Desk(database, clock, limits=limits(member=10**12, installation=installation))

    with pytest.raises(PaidNotEnabled if installation is None else BudgetExceeded) as refused:
        await desk.place(asked())

    assert "Nothing was charged." in refused.value.sentence
    assert await rows(database) == dict.fromkeys(("jobs", "holds", "entries", "totals", "quotes"), 0)


@pytest.mark.parametrize("limit", [limits(), limits(member=0, installation=0)])
async def test_a_free_order_needs_no_limit_and_writes_a_hold_of_nothing(
    database: Database, clock: Clock, limit: Limits
) -> None:
    desk = Desk(database, clock, limits=limit, second_micros=None)

    job = await desk.place(asked())

    held = await database.read(partial(ledger.open_hold, job_id=job.id))
    assert held is not None
    assert (held.amount_micros, held.bearer, held.member) == (0, Scope.MEMBER, ANN)


async def test_limits_lowered_below_what_is_spent_sell_nothing_and_break_nothing(
    database: Database, clock: Clock
) -> None:
    generous = Desk(database, clock, limits=limits(member=10**9, installation=10**9))
    placed = [await generous.place(asked()) for _ in range(3)]
    lowered = limits(member=1, installation=1)
    strict = Desk(database, clock, limits=lowered, seed=2)

    with pytest.raises(BudgetExceeded, match=r"your budget has \$0\.00 left"):
        await strict.place(asked())
    allowance = await Budgets(database, lowered, now=clock).allowance(ANN)
    _, outcome = await strict.orders.cancel(placed[0].id, by=ANN, moderator=False)

    assert allowance.left_micros == 0
    assert outcome is Cancelled.DONE
    assert await used(database, clock()) == 2 * SHORTEST_MICROS


async def test_a_new_month_is_a_new_budget_from_its_first_microsecond(database: Database) -> None:
    clock = Clock(datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    desk = Desk(database, clock, limits=limits(member=SHORTEST_MICROS, installation=SHORTEST_MICROS))
    await desk.place(asked())

    with pytest.raises(BudgetExceeded, match="until 1 January"):
        await desk.place(asked())
    clock.advance(timedelta(microseconds=1))
    await desk.place(asked())

    assert await used(database, datetime(2026, 12, 1, tzinfo=UTC)) == SHORTEST_MICROS
    assert await used(database, datetime(2027, 1, 1, tzinfo=UTC)) == SHORTEST_MICROS


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (limits(), None),
        (limits(member=1_000_000), 600_000),
        (limits(installation=900_000), 100_000),
        (limits(member=1_000_000, installation=900_000), 100_000),
        (limits(member=450_000, installation=900_000), 50_000),
        (limits(member=100, installation=900_000), 0),
    ],
)
async def test_what_is_left_is_the_least_of_all_that_applies(
    database: Database, clock: Clock, limit: Limits, left: int | None
) -> None:
    desk = Desk(database, clock)
    await desk.place(asked(ANN))
    await desk.place(asked(BEN))

    allowance = await Budgets(database, limit, now=clock).allowance(ANN)

    assert allowance.left_micros == left
    assert allowance.balance.used_micros == SHORTEST_MICROS
    assert allowance.limit_micros == limit.member_monthly_micros
    assert allowance.resets_at == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "reset"),
    [
        ("2026-12-31", "2027-01-01"),
        ("2027-01-31", "2027-02-01"),
        ("2028-02-29", "2028-03-01"),
        ("2027-02-01", "2027-03-01"),
    ],
)
def test_a_month_ends_with_its_last_day(day: str, reset: str) -> None:
    assert resets_at(datetime.fromisoformat(day).date()) == datetime.fromisoformat(f"{reset}T00:00+00:00")


# One press, one order


async def test_the_same_press_many_times_at_once_is_one_order(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    press = asked(interaction_id=4711)

    placed = await asyncio.gather(*(desk.place(press) for _ in range(20)))

    assert len({job.id for job in placed}) == 1
    assert (await rows(database))["holds"] == 1
    assert await used(database, clock()) == SHORTEST_MICROS


async def test_the_same_press_again_is_answered_even_without_budget(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(installation=SHORTEST_MICROS))
    first = await desk.place(asked(interaction_id=4711))

    assert (await desk.place(asked(interaction_id=4711))).id == first.id


async def test_a_quote_accepted_many_times_at_once_is_one_job(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)

    placed = await asyncio.gather(*(desk.orders.accept(quote_id, ANN.user_id) for _ in range(10)))

    assert len({job.id for job in placed}) == 1
    assert placed[0].quote.price_micros == SHORTEST_MICROS
    assert (await rows(database))["holds"] == 1


async def ask(desk: Desk, member: Member = ANN, interaction_id: int | None = None) -> str:
    press = asked(member, interaction_id=interaction_id)
    _, quote = await desk.orders.price(press)
    return await desk.orders.ask(press, quote)


async def test_asking_holds_no_money(database: Database, clock: Clock) -> None:
    await ask(Desk(database, clock))

    assert await rows(database) == {"jobs": 0, "holds": 0, "entries": 0, "totals": 0, "quotes": 1}


async def test_a_repeated_ask_gets_the_quote_that_it_made(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)

    assert await ask(desk, interaction_id=4711) == await ask(desk, interaction_id=4711)
    assert (await rows(database))["quotes"] == 1


async def test_what_could_not_be_placed_is_not_asked_about(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(installation=1))

    with pytest.raises(BudgetExceeded):
        await ask(desk)

    assert (await rows(database))["quotes"] == 0


@pytest.mark.parametrize("who", [BEN.user_id, UserId(0)])
async def test_a_quote_is_its_members_alone(database: Database, clock: Clock, who: UserId) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)

    with pytest.raises(NotYours, match="not yours"):
        await desk.orders.accept(quote_id, who)
    await desk.orders.decline(quote_id, who)  # says nothing, and takes nothing

    assert (await desk.orders.accept(quote_id, ANN.user_id)).order.member == ANN


async def test_the_job_of_an_accepted_quote_is_its_members_alone(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    await desk.orders.accept(quote_id, ANN.user_id)

    with pytest.raises(NotYours):
        await desk.orders.accept(quote_id, BEN.user_id)


async def test_a_quote_that_nobody_made_is_refused(database: Database, clock: Clock) -> None:
    with pytest.raises(NotYours):
        await Desk(database, clock).orders.accept("00000000000000000000", ANN.user_id)


@pytest.mark.parametrize(
    ("after", "holds"), [(QUOTE_HOLDS - timedelta(microseconds=1), True), (QUOTE_HOLDS, False)]
)
async def test_a_quote_holds_for_its_minutes_and_no_longer(
    database: Database, clock: Clock, after: timedelta, *, holds: bool
) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    clock.advance(after)

    if holds:
        assert (await desk.orders.accept(quote_id, ANN.user_id)).state is JobState.QUEUED
    else:
        with pytest.raises(NotYours, match="expired"):
            await desk.orders.accept(quote_id, ANN.user_id)
        assert (await rows(database))["jobs"] == 0


async def test_quotes_that_nobody_can_answer_are_forgotten(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    await ask(desk)
    clock.advance(QUOTE_HOLDS + timedelta(microseconds=1))

    await ask(desk)

    assert (await rows(database))["quotes"] == 1


async def test_a_quote_that_was_declined_is_done_with(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    await desk.orders.decline(quote_id, ANN.user_id)

    with pytest.raises(NotYours):
        await desk.orders.accept(quote_id, ANN.user_id)


@pytest.mark.parametrize("new_price", [PLAY_PRICE + 1, PLAY_PRICE - 1])
async def test_a_price_that_has_changed_is_said_and_nothing_is_ordered(
    database: Database, clock: Clock, new_price: int
) -> None:
    quote_id = await ask(Desk(database, clock))
    repriced = Desk(database, clock, second_micros=Micros(new_price), seed=2)

    with pytest.raises(OrderRefused, match="The price has changed to"):
        await repriced.orders.accept(quote_id, ANN.user_id)

    assert (await rows(database))["jobs"] == 0


async def test_a_second_yes_after_a_change_of_price_gets_the_job_of_the_first(
    database: Database, clock: Clock
) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    job = await desk.orders.accept(quote_id, ANN.user_id)
    repriced = Desk(database, clock, second_micros=Micros(PLAY_PRICE + 1), seed=2)

    assert (await repriced.orders.accept(quote_id, ANN.user_id)).id == job.id


async def test_a_quote_without_room_stays_open(database: Database, clock: Clock) -> None:
    quote_id = await ask(Desk(database, clock))
    poor = Desk(database, clock, limits=limits(installation=1), seed=2)

    with pytest.raises(BudgetExceeded):
        await poor.orders.accept(quote_id, ANN.user_id)
    job = await Desk(database, clock, seed=3).orders.accept(quote_id, ANN.user_id)

    assert job.order.prompt == "a paper boat"


async def test_many_quotes_of_one_member_are_held_to_the_budget_when_accepted(
    database: Database, clock: Clock
) -> None:
    desk = Desk(database, clock, limits=limits(installation=2 * SHORTEST_MICROS))
    quote_ids = [await ask(desk) for _ in range(6)]

    answers = await asyncio.gather(
        *(desk.orders.accept(quote_id, ANN.user_id) for quote_id in quote_ids), return_exceptions=True
    )

    assert kinds(answers) == {"Job": 2, "BudgetExceeded": 4}


# Cancel


async def in_state(database: Database, clock: Clock, state: JobState) -> Job:
    """A job that went the way to a state, with its hold as the state has it."""
    job = job_of(price_micros=SHORTEST_MICROS)
    if state is JobState.REVIEW:
        job = dataclasses.replace(job, state=JobState.REVIEW)
    await database.write(partial(_drive, job, state, clock()))
    found = await database.read(partial(jobs.get, job_id=job.id))
    assert found is not None
    assert found.state is state
    return found


def _drive(job: Job, state: JobState, at: datetime, tx: sqlite3.Connection) -> None:
    jobs.insert(tx, job)
    ledger.hold(
        tx,
        job_id=job.id,
        bearer=Scope.MEMBER,
        member=job.order.member,
        channel_id=job.order.channel_id,
        guild_day=at.date(),
        amount_micros=job.quote.price_micros,
        at=at,
    )
    if state in {JobState.REVIEW, JobState.QUEUED}:
        return
    if state is JobState.CANCELLED:
        jobs.cancelled(tx, job.id, at=at)
        ledger.release(tx, job.id, at=at)
        return
    attempt = jobs.submitting(tx, job, provider="studio", at=at)
    if state is JobState.SUBMITTING:
        return
    if state is JobState.UNCERTAIN:
        jobs.uncertain(tx, attempt, "lost", at=at)
        return
    if state is JobState.FAILED:
        jobs.refused(tx, attempt, FAULT, at=at)
        ledger.release(tx, job.id, at=at)
        return
    jobs.running(tx, attempt, Ticket(provider_job_id="theirs"), at=at)
    if state is JobState.RUNNING:
        return
    jobs.rendered(tx, job.id, at=at)
    ledger.capture(tx, job.id, billed_micros=None, at=at)
    if state is JobState.RENDERED:
        return
    jobs.stored(tx, job.id, at=at)
    match state:
        case JobState.POSTED:
            jobs.posted(tx, job.id, ChannelId(30), MessageId(9), at=at)
        case JobState.UNDELIVERABLE:
            jobs.undeliverable(tx, job.id, FAULT, at=at)
        case JobState.WITHHELD | JobState.REJECTED:
            tx.execute("UPDATE jobs SET state = 'withheld', rev = rev + 1")
    if state is JobState.REJECTED:
        tx.execute("UPDATE jobs SET state = 'rejected', rev = rev + 1")


CANCELS = {
    JobState.REVIEW: Cancelled.DONE,
    JobState.QUEUED: Cancelled.DONE,
    JobState.SUBMITTING: Cancelled.ASKED,
    JobState.UNCERTAIN: Cancelled.ASKED,
    JobState.RUNNING: Cancelled.ASKED,
    JobState.RENDERED: Cancelled.TOO_LATE,
    JobState.STORED: Cancelled.TOO_LATE,
    JobState.WITHHELD: Cancelled.TOO_LATE,
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

    after, outcome = await desk.orders.cancel(job.id, by=ANN, moderator=False)

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
        case Cancelled.TOO_LATE:
            assert after == job
    assert await database.read(ledger.verify) == []
    assert desk.woken == [job.id]


async def test_a_second_wish_keeps_the_time_of_the_first(database: Database, clock: Clock) -> None:
    job = await in_state(database, clock, JobState.RUNNING)
    desk = Desk(database, clock)
    await desk.orders.cancel(job.id, by=ANN, moderator=False)
    first = clock()
    clock.advance(timedelta(minutes=1))

    after, outcome = await desk.orders.cancel(job.id, by=ANN, moderator=False)

    assert (after.cancel_asked_at, outcome) == (first, Cancelled.ASKED)


async def test_a_cancel_twice_at_once_gives_back_once(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    job = await desk.place(asked())

    outcomes = await asyncio.gather(*(desk.orders.cancel(job.id, by=ANN, moderator=False) for _ in range(5)))

    assert {outcome for _, outcome in outcomes} == {Cancelled.DONE}
    assert await used(database, clock()) == 0
    assert len(await database.read(partial(ledger.entries_of, job_id=job.id))) == 2


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
        assert (await desk.orders.cancel(job.id, by=by, moderator=moderator))[1] is Cancelled.DONE
    else:
        with pytest.raises(NotYours):
            await desk.orders.cancel(job.id, by=by, moderator=moderator)
        assert await used(database, clock()) == SHORTEST_MICROS


async def test_a_job_that_is_not_there_cannot_be_cancelled(database: Database, clock: Clock) -> None:
    with pytest.raises(NotYours, match="not known here"):
        await Desk(database, clock).orders.cancel(JobId("nobody"), by=ANN, moderator=True)


async def test_money_that_a_cancel_gave_back_can_be_spent_again(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(member=SHORTEST_MICROS, installation=SHORTEST_MICROS))
    first = await desk.place(asked())
    await desk.orders.cancel(first.id, by=ANN, moderator=False)

    assert (await desk.place(asked())).state is JobState.QUEUED


# Looking


async def test_a_job_is_seen_in_its_own_server_alone(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    job = await desk.place(asked(ANN))

    assert await desk.orders.job(job.id, seen_in=ANN.guild_id) == job
    with pytest.raises(NotYours):
        await desk.orders.job(job.id, seen_in=ANN_ELSEWHERE.guild_id)


async def test_a_members_jobs_come_newest_first(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    placed = []
    for _ in range(4):
        placed.append((await desk.place(asked(ANN))).id)
        await desk.place(asked(BEN))
        clock.advance(timedelta(seconds=1))

    newest = await desk.orders.newest_of(ANN, limit=3)

    assert [job.id for job in newest] == placed[:0:-1]


async def test_a_job_is_kept_word_for_word(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    prompt = "Ein Boot, \U0001f6a4 'quoted' \"twice\"; -- \\n\nnew line"

    job = await desk.place(asked(prompt=prompt))

    kept = await database.read(partial(jobs.get, job_id=job.id))
    assert kept == job
    assert kept is not None
    assert kept.order.prompt == prompt


async def test_every_refusal_says_that_nothing_was_charged(database: Database, clock: Clock) -> None:
    refusals: list[Refusal] = []
    for limit in (limits(), limits(installation=1), limits(member=1, installation=10**12)):
        with pytest.raises(Refusal) as refused:
            await Desk(database, clock, limits=limit).place(asked())
        refusals.append(refused.value)
    for press in (asked(prompt=" "), asked(seconds=5), dataclasses.replace(asked(), model="sora-9")):
        with pytest.raises(Refusal) as refused:
            await Desk(database, clock).place(press)
        refusals.append(refused.value)

    for refusal in refusals:
        assert refusal.sentence == f"{refusal.what} Nothing was charged. {refusal.do}"
        assert refusal.what.endswith(".")
        assert refusal.do.endswith(".")


async def test_no_statement_of_an_orders_life_reads_a_whole_table(database: Database, clock: Clock) -> None:
    said: list[str] = []
    await database.read(lambda c: c.set_trace_callback(said.append))
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    job = await desk.orders.accept(quote_id, ANN.user_id)
    await desk.orders.cancel(job.id, by=ANN, moderator=False)
    await in_state(database, clock, JobState.POSTED)
    await Budgets(database, PLENTY, now=clock).allowance(ANN)
    await desk.orders.newest_of(ANN, limit=3)
    await database.read(jobs.in_hand)
    await database.read(jobs.with_stale_card)
    await database.read(jobs.count_in_flight)
    await database.read(lambda c: c.set_trace_callback(None))

    def plans(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        return [
            (step[3], statement)
            for statement in said
            if statement.split()[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]

    steps = await database.read(plans)
    assert len(steps) > 20
    assert [step for step in steps if step[0].startswith("SCAN") and "USING" not in step[0]] == []
