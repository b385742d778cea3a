"""A hold, its capture and its refund stay in the purses and on the day of the hold, whatever changes then.

Roles, membership, servers, limits, zones and clocks change between the two; no budget is passed by it.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot.budgets import Budgets
from bot.domain import Job, JobState, Limits, Member, Micros, Period, Scope, UserId
from bot.errors import BudgetExceeded
from bot.jobs import moves
from bot.ordering.asked import Asked
from storage import budgets, guilds, ledger
from storage.budgets import BudgetScope
from storage.database import Database
from storage.guilds import SpendingRules
from storage.tallies import tallies_of
from tests import bookkeeping
from tests.props import ANN, ANN_ELSEWHERE, BEN, PLENTY, SHORTEST_MICROS, Clock, Desk, Inline, asked

ROLE, OTHER_ROLE = 901, 902
TWO = Micros(2 * SHORTEST_MICROS)


class Book:
    """A desk, the book behind it, and a clock that is set by hand."""

    def __init__(self, limits: Limits = PLENTY) -> None:
        self.clock = Clock()
        self.database = Database(Inline())
        self.desk = Desk(self.database, self.clock, limits=limits)
        self.budgets = Budgets(self.database, limits, now=self.clock)

    async def set(self, work: Callable[..., object], **values: Any) -> None:
        by = {"by": UserId(5), "reason": "", "at": self.clock()}
        await self.database.write(lambda tx: work(tx, **by, **values))

    async def limit(self, scope: BudgetScope, scope_id: int, micros: int, period: Period) -> None:
        await self.set(
            budgets.set_limit,
            guild_id=ANN.guild_id,
            scope=scope,
            scope_id=scope_id,
            period=period,
            limit_micros=Micros(micros),
        )

    async def order(self, *role_ids: int, member: Member = ANN, **changes: Any) -> Job:
        wanted: Asked = replace(asked(member), role_ids=role_ids, **changes)
        return await self.desk.orders.order(wanted, await self.desk.orders.propose(wanted))

    async def is_refused(self, *role_ids: int, member: Member = ANN, **changes: Any) -> str:
        """The scope of the budget that says no."""
        with pytest.raises(BudgetExceeded) as refused:
            await self.order(*role_ids, member=member, **changes)
        return refused.value.scope

    async def rendered(self, job: Job, billed: int | None = None) -> None:
        await self.database.write(partial(bookkeeping.start, job=job, at=self.clock()))
        bill = None if billed is None else Micros(billed)
        await self.database.write(partial(moves.rendered, job.id, bill, self.clock()))

    async def used(self, key: tuple[Scope, int, int], period: Period, at: datetime) -> int:
        def read(tx: sqlite3.Connection) -> int:
            return sum(tallies_of(tx).used((key[0].value, *key[1:]), period, at.date()))

        return await self.database.read(read)

    async def is_right(self) -> bool:
        return await self.database.read(ledger.verify) == []


@pytest.fixture
async def book() -> AsyncIterator[Book]:
    made = Book()
    yield made
    assert await made.is_right()
    await made.database.close()


OF_ANN = (Scope.MEMBER, ANN.guild_id, ANN.user_id)


async def test_a_role_that_is_taken_before_the_capture_moves_no_money_and_sells_nothing_more(
    book: Book,
) -> None:
    await book.limit(BudgetScope.ROLE, ROLE, TWO, Period.MONTH)
    await book.limit(BudgetScope.DEFAULT, 0, SHORTEST_MICROS - 1, Period.MONTH)
    assert await book.is_refused() == "default"
    job = await book.order(ROLE)

    still_held = await book.is_refused()  # the role is gone, the hold is there
    await book.rendered(job, billed=SHORTEST_MICROS // 2)
    after = await book.is_refused()
    used = await book.used(OF_ANN, Period.MONTH, book.clock())
    await book.order(ROLE)  # given back: what was spent counts there all the same
    full = await book.is_refused(ROLE)

    assert (still_held, after, full) == ("default", "default", "role")
    assert used == SHORTEST_MICROS // 2


async def test_another_role_does_not_open_what_was_spent_by_the_first(book: Book) -> None:
    await book.limit(BudgetScope.ROLE, ROLE, TWO, Period.MONTH)
    await book.limit(BudgetScope.ROLE, OTHER_ROLE, TWO, Period.MONTH)
    for _ in range(2):
        await book.rendered(await book.order(ROLE))

    assert await book.is_refused(OTHER_ROLE) == "role"
    assert await book.is_refused(ROLE, OTHER_ROLE) == "role"


async def test_who_leaves_and_comes_back_has_what_they_had(book: Book) -> None:
    await book.limit(BudgetScope.DEFAULT, 0, TWO, Period.MONTH)
    left = await book.order(joined_at="2026-01-01T00:00:00+00:00")
    await book.rendered(await book.order(joined_at="2026-01-01T00:00:00+00:00"))

    # They are gone while one is on its way, and come back before and after it is made.
    before = await book.is_refused(joined_at=book.clock().isoformat())
    await book.rendered(left)
    after = await book.is_refused(joined_at=book.clock().isoformat())

    assert (before, after) == ("default", "default")
    await book.order(member=BEN)
    await book.order(member=ANN_ELSEWHERE)


async def test_a_server_that_is_gone_ends_its_orders_in_its_own_purses(book: Book) -> None:
    await book.set(guilds.admit, guild_id=ANN.guild_id, ceiling_micros=TWO)
    await book.limit(BudgetScope.GUILD, 0, TWO, Period.MONTH)
    made, failed = await book.order(), await book.order(member=BEN)
    await book.set(guilds.dismiss, guild_id=ANN.guild_id)

    await book.rendered(made)
    await book.desk.cancel(failed.id, by=BEN, moderator=False)

    of_guild = (Scope.GUILD, ANN.guild_id, 0)
    everywhere = (Scope.INSTALLATION, 0, 0)
    assert await book.used(of_guild, Period.MONTH, book.clock()) == SHORTEST_MICROS
    assert await book.used(everywhere, Period.MONTH, book.clock()) == SHORTEST_MICROS
    await book.order(member=ANN_ELSEWHERE)
    await book.order()  # and where it is met again, its limit counts what it had
    assert await book.is_refused(member=BEN) == "guild"


async def test_a_limit_that_is_taken_away_lowered_and_set_again_counts_the_same_money(book: Book) -> None:
    await book.limit(BudgetScope.CHANNEL, 30, TWO, Period.WEEK)
    job = await book.order()
    await book.limit(BudgetScope.CHANNEL, 30, 1, Period.WEEK)

    lowered = await book.is_refused()
    await book.rendered(job)
    await book.set(
        budgets.remove_limit,
        guild_id=ANN.guild_id,
        scope=BudgetScope.CHANNEL,
        scope_id=30,
        period=Period.WEEK,
    )
    await book.order()
    await book.limit(BudgetScope.CHANNEL, 30, 3 * SHORTEST_MICROS - 1, Period.WEEK)

    assert (lowered, await book.is_refused()) == ("channel", "channel")


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=40)])
async def test_a_clock_that_is_set_back_between_hold_and_capture_moves_no_money(
    book: Book, back: timedelta
) -> None:
    book.clock.at = ordered_at = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    await book.limit(BudgetScope.MEMBER, ANN.user_id, TWO, Period.MONTH)
    job, lost = await book.order(), await book.order()

    book.clock.advance(-back)
    await book.rendered(job)
    await book.rendered(lost)
    await book.database.write(partial(moves.asset_lost, lost.id, bookkeeping.FAULT, book.clock()))
    book.clock.at = ordered_at

    assert await book.used(OF_ANN, Period.MONTH, ordered_at) == SHORTEST_MICROS
    assert await book.used(OF_ANN, Period.MONTH, datetime(2026, 11, 20, tzinfo=UTC)) == 0
    await book.order()
    assert await book.is_refused() == "member"


async def test_a_capture_in_the_next_month_leaves_that_months_budget_whole(book: Book) -> None:
    book.clock.at = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    await book.limit(BudgetScope.MEMBER, ANN.user_id, TWO, Period.MONTH)
    jobs = [await book.order(), await book.order()]
    assert await book.is_refused() == "member"

    book.clock.advance(timedelta(seconds=1))
    for job in jobs:
        await book.rendered(job)
    await book.order()
    await book.order()

    assert await book.is_refused() == "member"
    book.clock.advance(timedelta(seconds=-1))  # and set back, the month that is over is as full as it was
    assert await book.is_refused() == "member"


async def test_a_zone_that_is_changed_between_hold_and_capture_leaves_the_hold_on_its_day(
    book: Book,
) -> None:
    book.clock.at = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    await book.limit(BudgetScope.GUILD, 0, SHORTEST_MICROS, Period.DAY)
    job = await book.order()
    await book.set(guilds.set_rules, guild_id=ANN.guild_id, wanted=SpendingRules(time_zone="Asia/Tokyo"))

    await book.order()  # it is the 22nd there
    await book.rendered(job)
    await book.set(guilds.set_rules, guild_id=ANN.guild_id, wanted=SpendingRules(time_zone="UTC"))

    assert await book.is_refused() == "guild"
    of_guild = (Scope.GUILD, ANN.guild_id, 0)
    assert await book.used(of_guild, Period.DAY, book.clock()) == SHORTEST_MICROS


@pytest.mark.parametrize(
    ("zone", "period", "first", "next_first"),
    [
        # Clocks are set back: days of 25 hours, and the week and the month that they are in.
        ("Europe/Berlin", Period.DAY, "2026-10-24T22:00", "2026-10-25T23:00"),
        ("Europe/Berlin", Period.WEEK, "2026-10-18T22:00", "2026-10-25T23:00"),
        ("Europe/Berlin", Period.MONTH, "2026-09-30T22:00", "2026-10-31T23:00"),
        ("America/New_York", Period.DAY, "2026-11-01T04:00", "2026-11-02T05:00"),
        ("America/New_York", Period.MONTH, "2026-11-01T04:00", "2026-12-01T05:00"),
        ("America/Havana", Period.DAY, "2026-11-01T04:00", "2026-11-02T05:00"),  # midnight comes twice
        # Clocks are set forward: days of 23 hours.
        ("Europe/Berlin", Period.DAY, "2027-03-27T23:00", "2027-03-28T22:00"),
        ("Europe/Berlin", Period.WEEK, "2027-03-21T23:00", "2027-03-28T22:00"),
        ("Europe/Berlin", Period.MONTH, "2027-02-28T23:00", "2027-03-31T22:00"),
        ("America/New_York", Period.DAY, "2027-03-14T05:00", "2027-03-15T04:00"),
        ("America/Havana", Period.DAY, "2027-03-14T05:00", "2027-03-15T04:00"),  # there is no midnight
        # By half an hour, and where nothing is changed.
        ("Australia/Lord_Howe", Period.DAY, "2027-04-03T13:00", "2027-04-04T13:30"),
        ("Asia/Kathmandu", Period.MONTH, "2026-10-31T18:15", "2026-11-30T18:15"),
    ],
)
async def test_a_period_begins_and_ends_by_the_servers_clocks_to_the_microsecond(
    book: Book, zone: str, period: Period, first: str, next_first: str
) -> None:
    begins, ends = (datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (first, next_first))
    await book.set(guilds.set_rules, guild_id=ANN.guild_id, wanted=SpendingRules(time_zone=zone))
    await book.limit(BudgetScope.GUILD, 0, SHORTEST_MICROS, period)
    tick = timedelta(microseconds=1)

    book.clock.at = begins - tick
    await book.order()
    assert await book.is_refused() == "guild"
    before = await book.budgets.allowance(ANN, role_ids=())
    book.clock.at = begins
    await book.order()
    book.clock.at = ends - tick
    assert await book.is_refused() == "guild"
    allowance = await book.budgets.allowance(ANN, role_ids=())
    book.clock.at = ends
    job = await book.order()

    assert (before.left_until, allowance.left_until) == (begins, ends)
    assert job.state is JobState.QUEUED
