"""The breaker on the rate of spending: when it stops, what waits, who is told, and how it goes on."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import JobId, Micros, OfferId, Quote
from bot.errors import SpendingStopped
from bot.spend.surge import Surge, SurgeBounds, usual_of
from storage import ledger, stops
from storage.database import Database
from tests import bookkeeping
from tests.inline import InlineHop
from tests.new_books import new_book
from tests.props import NOON, Clock, job_of
from tests.routes import Remembering

PAID = OfferId("somebody/reel")


def paid(book: sqlite3.Connection, number: int, at: datetime, micros: int) -> JobId:
    """A job at a paid provider whose hold is open."""
    job = job_of(number, at=at, price_micros=micros)
    bookkeeping.place(book, replace(job, quote=replace(job.quote, offer_id=PAID)))
    return job.id


def of(spent: dict[datetime, int]) -> int:
    return usual_of({hour: Micros(micros) for hour, micros in spent.items()})


def surge_on(book: sqlite3.Connection, bounds: SurgeBounds, clock: Clock) -> tuple[Surge, Remembering]:
    operator = Remembering()
    return Surge(Database(InlineHop(book, lambda: None)), operator, bounds, now=clock), operator


# What is usual


def test_the_usual_is_the_busiest_hour_of_a_middling_day() -> None:
    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 11, day, hour, tzinfo=UTC)

    assert of({}) == 0
    assert of({at(1, 3): 0}) == 0
    assert of({at(1, 3): 5, at(1, 4): 9, at(2, 3): 20, at(3, 3): 10, at(3, 9): 1}) == 10
    assert of({at(day, 3): 10 for day in range(1, 9)} | {at(9, 9): 10_000}) == 10


@pytest.mark.parametrize(
    ("usual", "limit"), [(0, 100), (25, 100), (26, 104), (200, 800), (300, 1_000), (10**9, 1_000)]
)
def test_the_limit_is_a_multiple_of_the_usual_between_a_floor_and_a_ceiling(usual: int, limit: int) -> None:
    bounds = SurgeBounds(floor_micros=Micros(100), times=4, most_micros=Micros(1_000))

    assert bounds.limit(Micros(usual)) == limit


# What is counted


async def test_holds_and_bills_count_and_releases_play_money_and_the_hour_before_do_not() -> None:
    book = new_book()
    bookkeeping.place(book, job_of(1, at=NOON, price_micros=10**9))  # the studio's
    paid(book, 2, NOON - timedelta(hours=1, microseconds=1), 10**9)
    ledger.release(book, paid(book, 3, NOON, 10**9), at=NOON)
    ledger.capture(
        book, paid(book, 4, NOON - timedelta(hours=1), 7_000), billed_micros=Micros(9_000), at=NOON
    )
    ledger.capture(book, paid(book, 5, NOON, 7_000), billed_micros=Micros(500), at=NOON)
    paid(book, 6, NOON, 30)

    hour = timedelta(hours=1)

    assert [each.amount_micros for each in stops.paid_since(book, NOON - hour)] == [9_000, 500, 30]
    assert stops.spent_between(book, NOON - hour, NOON + hour) == 9_530
    assert stops.spent_between(book, NOON + hour, NOON + 2 * hour) == 0
    assert stops.spent_between(book, NOON - 2 * hour, NOON - hour) == 10**9
    book.close()


async def test_what_is_usual_is_learned_from_the_book_and_kept_in_mind() -> None:
    book, clock = new_book(), Clock(NOON)
    for day in range(1, 6):
        paid(book, day, NOON - timedelta(days=6 - day), 1_000)
    paid(book, 90, NOON, 4_000)
    surge, operator = surge_on(book, SurgeBounds(floor_micros=Micros(10), times=4), clock)
    job = replace(job_of(99), quote=Quote(offer_id=PAID, price_micros=Micros(1), per_second_micros=Micros(1)))

    assert await surge.admits(job)  # four times the usual, exactly
    paid(book, 91, NOON, 1)

    assert not await surge.admits(job)
    assert operator.told == ["spending_stopped"]
    stop = stops.current(book)
    assert stop is not None
    assert (stop.spent_micros, stop.limit_micros, stop.usual_micros) == (4_001, 4_000, 1_000)
    book.close()


async def test_what_was_released_since_it_was_read_is_no_reason_to_stop() -> None:
    book, clock = new_book(), Clock(NOON)
    surge, operator = surge_on(book, SurgeBounds(floor_micros=Micros(100), times=4), clock)
    job = replace(job_of(99), quote=Quote(offer_id=PAID, price_micros=Micros(1), per_second_micros=Micros(1)))
    first = paid(book, 1, NOON, 90)
    assert await surge.admits(job)

    ledger.release(book, first, at=NOON)
    paid(book, 2, NOON, 90)

    assert await surge.admits(job)
    assert operator.told == []
    book.close()


async def test_free_and_play_orders_are_never_stopped() -> None:
    book, clock = new_book(), Clock(NOON)
    surge, _ = surge_on(book, SurgeBounds(floor_micros=Micros(0), times=4), clock)
    paid(book, 1, NOON, 1)
    free = Quote(offer_id=PAID, price_micros=Micros(0), per_second_micros=Micros(0))
    costly = replace(free, price_micros=Micros(1))

    assert not await surge.admits(replace(job_of(2), quote=costly))

    assert await surge.admits(job_of(3))  # the studio's
    assert await surge.admits(replace(job_of(4), quote=free))
    surge.check(free)
    surge.check(job_of(3).quote)
    with pytest.raises(SpendingStopped) as refused:
        surge.check(costly)
    assert refused.value.sentence == (
        "Whoever runs this bot has stopped paid orders for now. Nothing was charged. "
        "Choose a free model, or order again later."
    )
    book.close()


def test_a_stop_ends_once_and_stays_on_record() -> None:
    book = new_book()
    stop = stops.Stop(stopped_at=NOON, spent_micros=Micros(3), limit_micros=Micros(2), usual_micros=Micros(1))

    assert stops.stop(book, stop)
    assert not stops.stop(book, stop)
    assert stops.current(book) == stop
    assert stops.resume(book, by="ann", at=NOON)
    assert not stops.resume(book, by="ann", at=NOON)
    assert (stops.current(book), stops.resumed_at(book)) == (None, NOON)
    with pytest.raises(sqlite3.IntegrityError, match="a stop ends once"):
        book.execute("UPDATE stops SET resumed_at = 1")
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        book.execute("DELETE FROM stops")
    book.close()
