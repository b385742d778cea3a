"""What a batch writes together, and what is known of the book between two batches."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Job, JobId, Micros, Period, Scope
from storage import jobs, ledger, pauses
from storage.connection import BookConnection
from storage.database import _run_batch, prepare
from storage.migrate import migrate
from storage.purses import guild_key
from tests.bookkeeping import place
from tests.books import balance
from tests.props import ANN, NOON, job_of

Work = Callable[[sqlite3.Connection], Any]


@pytest.fixture(name="book")
def _book(tmp_path: Path) -> Iterator[BookConnection]:
    with closing(sqlite3.connect(tmp_path / "b.db", isolation_level=None, factory=BookConnection)) as book:
        prepare(book)
        migrate(book)
        yield book


def placing(number: int) -> Work:
    """Place one job, whether there is room or not."""
    return lambda tx: place(tx, job_of(number))


def held_of(book: sqlite3.Connection) -> int:
    """What the guild's purse holds, by its row."""
    return balance(book, guild_key(ANN.guild_id), Period.DAY, NOON.date()).held_micros


def test_orders_of_a_batch_are_written_together(book: BookConnection) -> None:
    statements: list[str] = []
    book.set_trace_callback(statements.append)

    outcomes = _run_batch([placing(number) for number in range(50)], book)

    assert all(ok for ok, _ in outcomes)
    commits = [each for each in statements if each == "COMMIT"]
    assert len(commits) == 1
    assert book.execute("SELECT count(*) FROM entries").fetchone()[0] == 50
    assert ledger.verify(book) == []


def test_whoever_reads_in_a_batch_sees_what_was_ordered_before(book: BookConnection) -> None:
    def read(tx: sqlite3.Connection) -> tuple[Job | None, bool]:
        return jobs.get(tx, job_of(1).id), ledger.open_hold(tx, job_of(1).id) is not None

    _, (_, (job, is_held)), _ = _run_batch([placing(1), read, placing(2)], book)

    assert job is not None
    assert is_held


def test_so_does_whoever_writes_many_rows(book: BookConnection) -> None:
    job, runs = job_of(1), 0

    def types(tx: sqlite3.Connection) -> None:
        nonlocal runs
        runs += 1
        place(tx, job)
        tx.executemany("INSERT INTO typed (order_id, options) VALUES (?, ?)", [(job.id, "{}")])

    assert _run_batch([types], book) == [(True, None)]
    assert runs == 1  # else the row of the job was not there yet, and all was done again
    assert vars(book).keys().isdisjoint({"execute", "executemany"})  # the library's own are called again


def test_the_same_press_twice_in_a_batch_is_one_job_and_both_are_told(book: BookConnection) -> None:
    job = job_of(1)

    def once(tx: sqlite3.Connection) -> bool:
        if not jobs.insert(tx, job):
            return False
        ledger.hold(
            tx,
            job_id=job.id,
            bearer=Scope.MEMBER,
            member=ANN,
            channel_id=job.order.channel_id,
            guild_day=NOON.date(),
            amount_micros=job.quote.price_micros,
            at=NOON,
        )
        return True

    outcomes = _run_batch([placing(2), once, once, placing(3)], book)

    assert [ok for ok, _ in outcomes] == [True] * 4
    assert [value for _, value in outcomes[1:3]] == [True, False]
    assert book.execute("SELECT count(*) FROM jobs").fetchone()[0] == 3
    assert ledger.verify(book) == []


def test_a_row_that_the_schema_refuses_fails_its_own_transaction_alone(book: BookConnection) -> None:
    def wrong(tx: sqlite3.Connection) -> None:
        place(tx, job_of(2, price_micros=-1))

    outcomes = _run_batch([placing(1), wrong, placing(3)], book)

    assert [ok for ok, _ in outcomes] == [True, False, True]
    assert "a_price_is_not_negative" in str(outcomes[1][1])
    assert ledger.verify(book) == []


def test_no_transaction_can_take_another_ones_failure_for_its_own(book: BookConnection) -> None:
    swallowed: list[Exception] = []

    def wrong(tx: sqlite3.Connection) -> None:
        place(tx, job_of(2, price_micros=-1))

    def swallows(tx: sqlite3.Connection) -> int:
        try:
            found: int = tx.execute("SELECT count(*) FROM jobs").fetchone()[0]
        except Exception as fault:
            swallowed.append(fault)
            raise
        return found

    outcomes = _run_batch([placing(1), wrong, swallows], book)

    assert swallowed == []
    assert [ok for ok, _ in outcomes] == [True, False, True]
    assert outcomes[2][1] == 1


def test_who_refuses_after_looking_does_not_have_the_batch_done_again(book: BookConnection) -> None:
    runs: list[str] = []

    def refuses(tx: sqlite3.Connection) -> None:
        runs.append("refuses")
        tx.execute("SELECT count(*) FROM jobs")
        raise LookupError

    outcomes = _run_batch([placing(1), refuses, placing(2)], book)

    assert runs == ["refuses"]
    assert [ok for ok, _ in outcomes] == [True, False, True]


def test_what_was_rolled_back_is_not_known_any_more(book: BookConnection) -> None:
    price = job_of(1).quote.price_micros
    _run_batch([placing(1)], book)

    def tears(tx: sqlite3.Connection) -> None:
        place(tx, job_of(2))
        raise LookupError

    _run_batch([tears], book)
    _run_batch([placing(3)], book)

    assert held_of(book) == 2 * price
    assert ledger.verify(book) == []


def test_what_another_connection_has_written_is_read_anew(book: BookConnection, tmp_path: Path) -> None:
    price = job_of(1).quote.price_micros
    _run_batch([placing(1)], book)
    with closing(
        sqlite3.connect(tmp_path / "b.db", isolation_level=None, factory=BookConnection)
    ) as stranger:
        prepare(stranger)
        _run_batch([placing(2)], stranger)

    _run_batch([placing(3)], book)

    assert held_of(book) == 3 * price
    assert ledger.verify(book) == []


def test_money_counted_beside_a_batch_is_known_to_the_next(book: BookConnection) -> None:
    _run_batch([placing(1)], book)
    ledger.capture(book, job_of(1).id, billed_micros=Micros(1), at=NOON)

    _run_batch([placing(2)], book)

    assert held_of(book) == job_of(1).quote.price_micros


def _paused(tx: sqlite3.Connection) -> bool:
    return pauses.holding(tx, ANN.guild_id, []) is not None


def _pause(tx: sqlite3.Connection) -> None:
    pauses.pause(
        tx,
        pauses.Pause(
            guild_id=ANN.guild_id, channel_id=pauses.WHOLE_SERVER, paused_by=ANN.user_id, paused_at=NOON
        ),
    )


def test_what_is_set_is_asked_once_for_many_orders_and_again_after_a_change(book: BookConnection) -> None:
    asked: list[str] = []
    book.set_trace_callback(lambda sql: asked.append(sql) if "FROM pauses" in sql else None)

    before = _run_batch([placing(1), _paused, placing(2), _paused], book)
    again = _run_batch([placing(3), _paused], book)
    asked_of_orders = len(asked)
    after = _run_batch([_paused, _pause, _paused, placing(4)], book)

    assert [value for _, value in (before[1], before[3], again[1])] == [False] * 3
    assert asked_of_orders == 1
    assert [value for _, value in (after[0], after[2])] == [False, True]


def test_what_was_set_and_taken_back_is_not_believed(book: BookConnection) -> None:
    def tears(tx: sqlite3.Connection) -> None:
        _pause(tx)
        assert _paused(tx)
        raise LookupError

    outcomes = _run_batch([tears, _paused], book)

    assert [ok for ok, _ in outcomes] == [False, True]
    assert outcomes[1][1] is False
    assert _run_batch([_paused], book) == [(True, False)]


def test_a_press_that_is_there_already_is_told_also_where_nothing_else_is_written(
    book: BookConnection,
) -> None:
    job = job_of(1)
    again = replace(job, id=JobId("another"), order_id=JobId("another"))

    outcomes = _run_batch([lambda tx: jobs.insert(tx, job), lambda tx: jobs.insert(tx, again)], book)

    assert outcomes == [(True, True), (True, False)]
