"""Reports of spending: their sums are those of the ledger, by every way to cut them."""

import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import GuildId, JobState, Member, Micros, Period, UserId
from bot.jobs import moves
from bot.spend.spending import Report, Share, Span, Spending, days_of, report
from storage import ledger
from storage.database import open_database
from storage.purses import guild_key
from storage.spending import of_guild
from tests.bookkeeping import FAULT, drive, place, start
from tests.books import balance
from tests.new_books import new_book
from tests.props import ANN, ANN_ELSEWHERE, BEN, NOON, Clock, dice, job_of

TODAY = NOON.date()
DOLLAR = 1_000_000


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    connection = new_book()
    yield connection
    connection.close()


def sums(shares: Sequence[Share[Any]]) -> dict[object, tuple[int, int]]:
    return {one.key: (one.spent_micros, one.held_micros) for one in shares if one.used_micros or one.orders}


def month(book: sqlite3.Connection, guild_id: GuildId | None = ANN.guild_id) -> Report:
    return report(book, guild_id, TODAY.replace(day=1), TODAY)


def test_spent_and_set_aside_are_told_apart(book: sqlite3.Connection) -> None:
    drive(job_of(1, price_micros=3 * DOLLAR), JobState.POSTED, NOON, book)
    drive(job_of(2, price_micros=2 * DOLLAR), JobState.RUNNING, NOON, book)
    drive(job_of(3, price_micros=5 * DOLLAR), JobState.CANCELLED, NOON, book)

    assert month(book).whole == Share(None, 2, Micros(3 * DOLLAR), Micros(2 * DOLLAR))


def test_what_was_refunded_was_not_spent_and_the_house_bore_it(book: sqlite3.Connection) -> None:
    job = job_of(1, price_micros=3 * DOLLAR)
    drive(job, JobState.RENDERED, NOON, book)
    moves.asset_lost(job.id, FAULT, NOON, book)

    assert month(book).whole.spent_micros == 0
    assert month(book, None).house_micros == 3 * DOLLAR
    assert month(book).house_micros is None


def test_what_the_house_took_over_is_no_members(book: sqlite3.Connection) -> None:
    job = job_of(1, price_micros=3 * DOLLAR)
    drive(job, JobState.UNCERTAIN, NOON, book)
    assert month(book).whole.held_micros == 3 * DOLLAR

    assert moves.to_the_house(job.id, NOON + timedelta(days=1), book)

    assert month(book).whole == Share(None, 0, Micros(0), Micros(0))


def test_every_way_to_cut_it_has_its_shares(book: sqlite3.Connection) -> None:
    place(book, job_of(1, price_micros=DOLLAR, at=NOON - timedelta(days=2)))
    place(book, job_of(2, price_micros=2 * DOLLAR, member=BEN, channel_id=31))
    place(book, job_of(3, price_micros=4 * DOLLAR))

    told = month(book)

    assert sums(told.by_day()) == {
        TODAY - timedelta(days=2): (0, DOLLAR),
        TODAY: (0, 6 * DOLLAR),
    }
    assert [share.key for share in told.by_day()] == [TODAY.replace(day=n) for n in range(1, 22)]
    assert sums(told.by_member()) == {ANN.user_id: (0, 5 * DOLLAR), BEN.user_id: (0, 2 * DOLLAR)}
    assert sums(told.by_channel()) == {30: (0, 5 * DOLLAR), 31: (0, 2 * DOLLAR)}
    assert sums(told.by_model()) == {"studio": (0, 7 * DOLLAR)}
    assert [share.key for share in told.by_member()] == [ANN.user_id, BEN.user_id]


def test_a_guild_reads_its_own_and_the_operator_all(book: sqlite3.Connection) -> None:
    place(book, job_of(1, price_micros=DOLLAR))
    place(book, job_of(2, price_micros=2 * DOLLAR, member=ANN_ELSEWHERE))

    assert month(book).whole.held_micros == DOLLAR
    assert sums(month(book, None).by_guild()) == {7: (0, DOLLAR), 8: (0, 2 * DOLLAR)}


def test_days_are_the_guilds_own_and_both_ends_belong(book: sqlite3.Connection) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    place(book, job_of(1, price_micros=DOLLAR, at=late), guild_day=date(2026, 11, 21))
    place(book, job_of(2, price_micros=2 * DOLLAR, at=NOON), guild_day=date(2026, 11, 20))

    one = of_guild(book, ANN.guild_id, date(2026, 11, 21), date(2026, 11, 21))
    both = of_guild(book, ANN.guild_id, date(2026, 11, 20), date(2026, 11, 21))

    assert [line.held_micros for line in one] == [DOLLAR]
    assert [line.held_micros for line in both] == [2 * DOLLAR, DOLLAR]


def test_a_report_is_what_the_purses_say_whatever_happened(book: sqlite3.Connection) -> None:
    chance = dice("reports")
    members = [ANN, BEN, ANN_ELSEWHERE, Member(guild_id=GuildId(7), user_id=UserId(1003))]
    ends = [JobState.POSTED, JobState.RUNNING, JobState.CANCELLED, JobState.FAILED, JobState.QUEUED]
    for number in range(150):
        at = NOON - timedelta(days=chance.randrange(20), minutes=chance.randrange(600))
        job = job_of(
            number,
            at=at,
            member=chance.choice(members),
            price_micros=chance.randrange(1, 10**7),
            channel_id=chance.choice((30, 31, 32)),
        )
        drive(job, chance.choice(ends), at, book)

    for guild_id in (GuildId(7), GuildId(8)):
        kept = balance(book, guild_key(guild_id), Period.MONTH, TODAY)
        whole = month(book, guild_id).whole
        assert (whole.spent_micros, whole.held_micros) == (kept.spent_micros, kept.held_micros)
        for share in month(book, guild_id).by_day():
            kept = balance(book, guild_key(guild_id), Period.DAY, share.key)
            assert (share.spent_micros, share.held_micros) == (kept.spent_micros, kept.held_micros)
    assert ledger.verify(book) == []


def test_a_report_reads_by_an_index_and_never_whole_tables(book: sqlite3.Connection) -> None:
    told: list[str] = []
    book.set_trace_callback(told.append)
    of_guild(book, ANN.guild_id, TODAY, TODAY)
    book.set_trace_callback(None)
    (statement,) = told

    plan = [str(row["detail"]) for row in book.execute(f"EXPLAIN QUERY PLAN {statement}")]

    assert any(
        "jobs_of_a_member (user_id=? AND guild_id=? AND created_at>? AND created_at<?)" in p for p in plan
    )
    assert not any(p.startswith("SCAN") for p in plan)


def test_the_csv_has_every_line_in_plain_decimals(book: sqlite3.Connection) -> None:
    drive(job_of(1, price_micros=1_500_000), JobState.POSTED, NOON, book)
    start(book, place(book, job_of(2, price_micros=1, member=BEN)))

    rows = list(csv.reader(io.StringIO(month(book).csv().decode())))

    assert rows == [
        ["day", "server", "member", "model", "channel", "orders", "spent_usd", "set_aside_usd"],
        ["2026-11-21", "7", "1001", "studio", "30", "1", "1.500000", "0.000000"],
        ["2026-11-21", "7", "1002", "studio", "30", "1", "0.000000", "0.000001"],
    ]


@pytest.mark.parametrize(
    ("span", "since", "until"),
    [
        (Span.WEEK, date(2026, 2, 27), date(2026, 3, 5)),
        (Span.MONTH, date(2026, 3, 1), date(2026, 3, 5)),
        (Span.LAST_MONTH, date(2026, 2, 1), date(2026, 2, 28)),
        (Span.QUARTER, date(2025, 12, 6), date(2026, 3, 5)),
    ],
)
def test_a_span_is_the_days_that_its_name_says(span: Span, since: date, until: date) -> None:
    assert days_of(span, date(2026, 3, 5)) == (since, until)


async def test_a_report_sees_what_was_committed_beside_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "dailies.db"
    database = await open_database(path)
    try:
        await database.write(lambda tx: place(tx, job_of(1, price_micros=DOLLAR)))
        spending = Spending(path, database, now=Clock())

        assert (await spending.of_guild(ANN.guild_id, Span.MONTH)).whole.held_micros == DOLLAR
        assert (await spending.of_guild(GuildId(99), Span.WEEK)).lines == ()
        assert (await spending.of_all(Span.QUARTER)).whole.orders == 1
        assert (await spending.of_month(ANN.guild_id, TODAY)).until == date(2026, 11, 30)
    finally:
        await database.close()
