"""The book of money: what each kind of entry does, to whom, and in which month."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import (
    NOTHING_MICROS,
    Balance,
    EntryKind,
    Job,
    Member,
    Micros,
    Period,
    Scope,
    Ticket,
    UserId,
)
from bot.errors import StaleJob, StorageError
from bot.jobs import moves
from storage import grants, ledger, purses, states
from storage.purses import HOUSE, INSTALLATION, GrantPart, member_key
from tests.bookkeeping import FAULT, TODAY, place, start
from tests.books import balance, entries_of
from tests.new_books import new_book
from tests.props import ANN, BEN, NOON, job_of


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as connection:
        yield connection


def balances(book: sqlite3.Connection, day: date = TODAY, member: Member = ANN) -> tuple[Balance, Balance]:
    """The month of a member and of the installation."""
    return (
        balance(book, member_key(member), Period.MONTH, day),
        balance(book, INSTALLATION, Period.MONTH, day),
    )


def house(book: sqlite3.Connection, day: date = TODAY) -> Balance:
    return balance(book, HOUSE, Period.DAY, day)


def of(spent: int, held: int = 0) -> Balance:
    return Balance(spent_micros=Micros(spent), held_micros=Micros(held))


def test_a_hold_binds_the_member_and_the_installation(book: sqlite3.Connection) -> None:
    place(book, job_of(price_micros=400_000))

    assert balances(book) == (of(0, 400_000), of(0, 400_000))
    assert balances(book, member=BEN)[0] == of(0)


@pytest.mark.parametrize(
    ("billed", "charged", "overrun"),
    [(None, 400_000, 0), (400_000, 400_000, 0), (399_999, 399_999, 0), (0, 0, 0), (400_001, 400_000, 1)],
)
def test_a_member_pays_what_was_billed_and_never_more_than_the_hold(
    book: sqlite3.Connection, billed: int | None, charged: int, overrun: int
) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    over = moves.rendered(job.id, None if billed is None else Micros(billed), NOON, book)

    assert over == overrun
    assert balances(book) == (of(charged), of(charged + overrun))
    assert house(book) == of(overrun)
    assert ledger.verify(book) == []


def test_a_free_job_is_entered_all_the_same(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=0)))
    moves.rendered(job.id, None, NOON, book)

    assert [(entry.kind, entry.amount_micros) for entry in entries_of(book, job.id)] == [
        (EntryKind.HOLD, 0),
        (EntryKind.CAPTURE, 0),
    ]


def test_a_release_gives_back_to_the_month_of_the_hold(book: sqlite3.Connection) -> None:
    last_of_january = datetime(2027, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    job = place(book, job_of(at=last_of_january, price_micros=400_000))

    moves.failed(job.id, FAULT, NOTHING_MICROS, last_of_january + timedelta(days=40), book)

    assert balances(book, date(2027, 1, 1)) == (of(0), of(0))
    assert balances(book, date(2027, 3, 12)) == (of(0), of(0))
    assert ledger.verify(book) == []


def test_what_failed_costs_only_what_the_provider_billed(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    moves.failed(job.id, FAULT, Micros(150_000), NOON, book)

    assert balances(book) == (of(150_000), of(150_000))


def test_what_was_stopped_costs_only_what_the_provider_billed(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    moves.stopped(job.id, Micros(1), NOON, book)

    assert balances(book) == (of(1), of(1))


def test_a_lost_asset_is_refunded_once_and_the_house_pays(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))
    moves.rendered(job.id, Micros(300_000), NOON, book)

    moves.asset_lost(job.id, FAULT, NOON, book)

    assert balances(book) == (of(0), of(300_000))
    assert house(book) == of(300_000)
    with pytest.raises(sqlite3.IntegrityError):
        ledger.refund(book, job.id, at=NOON)
    assert ledger.verify(book) == []


def test_a_refund_of_nothing_may_be_the_first_that_the_house_hears_of(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=0)))
    moves.rendered(job.id, None, NOON, book)

    moves.asset_lost(job.id, FAULT, NOON, book)

    assert house(book) == of(0)
    assert ledger.verify(book) == []


def test_an_asset_is_lost_only_after_it_was_rendered(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of()))

    with pytest.raises(StaleJob):
        moves.asset_lost(job.id, FAULT, NOON, book)


def test_what_the_house_carries_is_free_for_the_member_and_counts_for_the_installation(
    book: sqlite3.Connection,
) -> None:
    job = place(book, job_of(price_micros=400_000))
    attempt = states.submitting(book, job, provider="studio", at=NOON)
    states.uncertain(book, attempt, "lost", at=NOON)
    next_month = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)

    assert moves.to_the_house(job.id, next_month, book)
    assert not moves.to_the_house(job.id, next_month, book)

    assert balances(book) == (of(0), of(0))
    assert balances(book, next_month.date()) == (of(0), of(0, 400_000))
    assert house(book, next_month.date()) == of(0, 400_000)
    states.running(book, attempt, Ticket(provider_job_id="found"), at=next_month)
    moves.rendered(job.id, None, next_month, book)
    assert balances(book, next_month.date()) == (of(0), of(400_000))
    assert ledger.refund(book, job.id, at=next_month) == 0
    assert ledger.verify(book) == []


def test_what_a_provider_forgot_is_the_houses(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    moves.failed(job.id, FAULT, None, NOON, book)

    assert balances(book) == (of(0), of(400_000))
    assert house(book) == of(400_000)
    assert [(entry.kind, entry.bearer) for entry in entries_of(book, job.id)] == [
        (EntryKind.HOLD, Scope.MEMBER),
        (EntryKind.RELEASE, Scope.MEMBER),
        (EntryKind.HOLD, Scope.HOUSE),
        (EntryKind.CAPTURE, Scope.HOUSE),
    ]
    assert ledger.verify(book) == []


def test_a_job_has_one_open_hold(book: sqlite3.Connection) -> None:
    job = place(book, job_of())

    with pytest.raises(sqlite3.IntegrityError, match=r"holds\.job_id"):
        place_again(book, job)


def place_again(book: sqlite3.Connection, job: Job) -> None:
    ledger.hold(
        book,
        job_id=job.id,
        bearer=Scope.MEMBER,
        member=job.order.member,
        channel_id=job.order.channel_id,
        guild_day=NOON.date(),
        amount_micros=job.quote.price_micros,
        at=NOON,
    )


@pytest.mark.parametrize(
    "end",
    [
        lambda book, job: ledger.release(book, job.id, at=NOON),
        lambda book, job: ledger.capture(book, job.id, billed_micros=None, at=NOON),
    ],
)
def test_a_hold_that_has_ended_cannot_end_again(
    book: sqlite3.Connection, end: Callable[[sqlite3.Connection, Job], object]
) -> None:
    job = place(book, job_of())
    ledger.release(book, job.id, at=NOON)

    with pytest.raises(StorageError, match="no open hold"):
        end(book, job)


def test_a_negative_bill_is_refused(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of()))

    with pytest.raises(sqlite3.IntegrityError, match="an_entry_is_not_negative"):
        moves.rendered(job.id, Micros(-1), NOON, book)


def test_a_purse_that_is_missing_is_no_reason_to_go_on(book: sqlite3.Connection) -> None:
    job = place(book, job_of())
    book.execute("DELETE FROM purses WHERE scope = 'channel'")

    with pytest.raises(StorageError, match="dailies ledger verify"):
        ledger.release(book, job.id, at=NOON)


def test_the_newest_entries_come_oldest_first(book: sqlite3.Connection) -> None:
    for number in range(1, 6):
        place(book, job_of(number))

    assert [entry.job_id for entry in ledger.entries(book, newest=2)] == [job_of(4).id, job_of(5).id]
    assert [entry.at for entry in ledger.entries(book, newest=1)] == [NOON]


@pytest.mark.parametrize(
    ("day", "week", "month"),
    [
        ("2026-11-21", "2026-11-16", "2026-11-01"),
        ("2027-01-01", "2026-12-28", "2027-01-01"),
        ("2028-02-29", "2028-02-28", "2028-02-01"),
        ("2028-12-31", "2028-12-25", "2028-12-01"),
    ],
)
def test_periods_begin_where_calendars_say(day: str, week: str, month: str) -> None:
    begins = [purses.starts_on(period, date.fromisoformat(day)).isoformat() for period in Period]

    assert begins == [day, week, month, "1970-01-01"]


def test_what_is_charged_fills_the_members_own_part_first_and_a_refund_gives_the_same_back(
    book: sqlite3.Connection,
) -> None:
    granted = grants.give(book, ANN, Micros(300_000), by=UserId(5), reason="why", at=NOON)
    parts = (GrantPart(granted, Micros(300_000)),)
    job = start(book, place(book, job_of(price_micros=400_000), parts=parts))

    moves.rendered(job.id, Micros(250_000), NOON, book)
    charged = balances(book)
    (used,) = grants.open_of(book, ANN, at=NOON)
    moves.asset_lost(job.id, FAULT, NOON, book)
    (given_back,) = grants.open_of(book, ANN, at=NOON)

    assert charged == (of(100_000), of(250_000))
    assert (used.used_micros, given_back.used_micros) == (150_000, 0)
    assert balances(book) == (of(0), of(250_000))
    assert ledger.verify(book) == []
