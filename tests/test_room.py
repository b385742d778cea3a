"""The short way of admission (`has_room`) says what the long one does, which names who says no."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import ChannelId, GuildId, Limits, Micros, Period, UserId
from bot.errors import PaidNotEnabled
from bot.spend.admission import Standing
from storage import budgets
from storage.budgets import EVERYWHERE, BudgetScope
from storage.connection import forget
from tests.bookkeeping import place
from tests.new_books import new_book
from tests.props import ANN, NOON, job_of

CHANNEL, ROLES = ChannelId(30), (901, 902, 903)
PLACES = [
    (EVERYWHERE, BudgetScope.INSTALLATION, 0),
    (EVERYWHERE, BudgetScope.DEFAULT, 0),
    (ANN.guild_id, BudgetScope.CEILING, 0),
    (ANN.guild_id, BudgetScope.GUILD, 0),
    (ANN.guild_id, BudgetScope.DEFAULT, 0),
    (ANN.guild_id, BudgetScope.CHANNEL, CHANNEL),
    (ANN.guild_id, BudgetScope.MEMBER, ANN.user_id),
    *((ANN.guild_id, BudgetScope.ROLE, role) for role in ROLES),
]
PRICE = 10
LIMIT = st.tuples(st.sampled_from(PLACES), st.sampled_from(Period), st.integers(0, 60))


@contextmanager
def new_page(book: sqlite3.Connection) -> Iterator[None]:
    """Whatever is written inside is taken back."""
    book.execute("BEGIN")
    try:
        yield
    finally:
        book.execute("ROLLBACK")
        forget(book)


@pytest.fixture(scope="module")
def empty() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as book:
        yield book


def limit(
    book: sqlite3.Connection, whose: tuple[GuildId, BudgetScope, int], period: Period, micros: int
) -> None:
    budgets.set_limit(book, *whose, period, Micros(micros), by=UserId(5), reason="", at=NOON)


def both_ways(book: sqlite3.Connection, limits: Limits, *, costs_money: bool) -> tuple[bool, bool]:
    """Whether there is room for one more by the short way, and by the long one."""
    standing = Standing(book, ANN, CHANNEL, ROLES, limits, NOON)
    short = standing.has_room(PRICE, costs_money=costs_money)
    try:
        rooms = [*standing.pools(costs_money=costs_money)]
    except PaidNotEnabled:
        return short, False
    own = standing.own()
    return short, all(room.left_micros >= PRICE for room in (*rooms, *(() if own is None else (own,))))


@given(
    wanted=st.lists(LIMIT, max_size=12),
    held=st.integers(0, 5),
    earlier=st.integers(0, 3),
    later=st.integers(0, 1),
    settings=st.tuples(st.none() | st.integers(0, 60), st.none() | st.integers(0, 60)),
    costs_money=st.booleans(),
)
def test_both_ways_say_the_same(
    empty: sqlite3.Connection,
    wanted: list[tuple[tuple[GuildId, BudgetScope, int], Period, int]],
    held: int,
    earlier: int,
    later: int,
    settings: tuple[int | None, int | None],
    costs_money: bool,  # noqa: FBT001 - drawn
) -> None:
    member, installation = (None if one is None else Micros(one) for one in settings)
    limits = Limits(member_monthly_micros=member, installation_monthly_micros=installation)
    with new_page(empty):
        for whose, period, micros in wanted:
            limit(empty, whose, period, micros)
        days = [-1] * earlier + [0] * held + [1] * later  # and then the clock is set back
        for number, day in enumerate(days):
            place(empty, job_of(number, price_micros=PRICE, at=NOON + timedelta(days=day)))

        short, long = both_ways(empty, limits, costs_money=costs_money)

    if later or (
        earlier and not held
    ):  # of purses of another day the short way says nothing, and the long one is asked
        assert long or not short
    else:
        assert short == long


@pytest.mark.parametrize("whose", PLACES, ids=lambda whose: f"{whose[1].value} of {whose[0]}")
def test_each_budget_alone_leaves_no_room(
    empty: sqlite3.Connection, whose: tuple[GuildId, BudgetScope, int]
) -> None:
    book = empty
    with new_page(book):
        limit(book, (EVERYWHERE, BudgetScope.INSTALLATION, 0), Period.TOTAL, 1_000)
        limit(book, (ANN.guild_id, BudgetScope.CEILING, 0), Period.TOTAL, 1_000)
        place(book, job_of(1, price_micros=PRICE))
        nothing_set = Limits(member_monthly_micros=None, installation_monthly_micros=None)
        before = both_ways(book, nothing_set, costs_money=True)

        limit(book, whose, Period.DAY, 2 * PRICE)
        enough = both_ways(book, nothing_set, costs_money=True)
        limit(book, whose, Period.DAY, 2 * PRICE - 1)
        short = both_ways(book, nothing_set, costs_money=True)

    assert (before, enough, short) == ((True, True), (True, True), (False, False))


def test_after_the_clock_was_set_back_what_was_held_on_the_day_before_still_counts(
    empty: sqlite3.Connection,
) -> None:
    with new_page(empty):
        limit(empty, (EVERYWHERE, BudgetScope.INSTALLATION, 0), Period.TOTAL, 1_000)
        limit(empty, (ANN.guild_id, BudgetScope.GUILD, 0), Period.DAY, 2 * PRICE)
        for number, day in enumerate((0, 0, 1)):
            place(empty, job_of(number, price_micros=PRICE, at=NOON + timedelta(days=day)))
        nothing_set = Limits(member_monthly_micros=None, installation_monthly_micros=None)

        assert both_ways(empty, nothing_set, costs_money=False) == (False, False)
