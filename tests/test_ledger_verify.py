"""What `dailies ledger verify` finds: every kind of difference, planted."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot import moves
from bot.domain import (
    NOTHING_MICROS,
    Micros,
    Scope,
)
from storage import ledger
from tests.bookkeeping import FAULT, place, start
from tests.props import NOON, job_of, new_book


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as connection:
        yield connection


@pytest.fixture
def lived(book: sqlite3.Connection) -> sqlite3.Connection:
    """A book with an open hold (job 1), a capture with an overrun (2), a release (3), and a refund (4)."""
    place(book, job_of(1))
    two = start(book, place(book, job_of(2)))
    moves.rendered(two.id, Micros(500_000), NOON, book)
    moves.failed(place(book, job_of(3)).id, FAULT, NOTHING_MICROS, NOON, book)
    four = start(book, place(book, job_of(4)))
    moves.rendered(four.id, None, NOON, book)
    moves.asset_lost(four.id, FAULT, NOON, book)
    assert ledger.verify(book) == []
    for trigger in ("an_entry_is_never_changed", "an_entry_is_never_deleted", "an_ended_hold_stays_ended"):
        book.execute(f"DROP TRIGGER {trigger}")
    return book


SCOPES = [scope.value for scope in Scope]
PLANTED = [
    *(
        (
            f"UPDATE totals SET spent_micros = spent_micros + 1 WHERE scope = '{s}' AND period = 'week'",
            f"total of {s} .*week",
        )
        for s in SCOPES
    ),
    *(
        (
            f"UPDATE totals SET held_micros = held_micros + 1 WHERE scope = '{s}' AND period = 'total'",
            f"total of {s} .*total",
        )
        for s in SCOPES
    ),
    *((f"DELETE FROM totals WHERE scope = '{s}' AND period = 'day'", f"total of {s} .*day") for s in SCOPES),
    ("INSERT INTO totals VALUES ('guild', '99', 'day', '2026-11-21', 1, 0)", "total of guild 99 day"),
    (
        "UPDATE jobs SET state = 'cancelled', rev = rev + 1 WHERE id = 'job0000000000001'",
        "job job0000000000001 in state cancelled: 1 open holds, should be 0",
    ),
    (
        "UPDATE holds SET ended_at = 1, ended_as = 'release' WHERE id = 1",
        "job job0000000000001 in state queued: 0 open holds, should be 1",
    ),
    (
        "UPDATE holds SET ended_at = 1, ended_as = 'release' WHERE id = 1",
        "hold 1 of job .*ended as release, should be .*ended as None",
    ),
    (
        "UPDATE holds SET ended_as = 'capture' WHERE id = 3",
        "hold 3 of job .*ended as capture, should be .*ended as release",
    ),
    (
        "UPDATE holds SET amount_micros = amount_micros + 1 WHERE id = 1",
        "hold 1 of job .*holds 400001.*should be holds 400000",
    ),
    (
        "DELETE FROM entries WHERE hold_id = 1 AND kind = 'hold'",
        "hold 1 of job .*holds 400000.*should be holds None",
    ),
    (
        "DELETE FROM entries WHERE hold_id = 2 AND kind = 'capture'",
        "hold 2 of job .*ended as None by its entries",
    ),
    ("DELETE FROM entries WHERE kind = 'adjust'", "total of house"),
    ("DELETE FROM entries WHERE kind = 'refund'", "total of member"),
    (
        "UPDATE entries SET amount_micros = amount_micros + 1 WHERE kind = 'capture' AND hold_id = 2",
        "entry .*: capture of 400001 .*holds 400000",
    ),
    ("UPDATE entries SET amount_micros = 1 WHERE kind = 'release'", "entry .*: release of 1 .*holds 400000"),
    ("UPDATE entries SET amount_micros = 1 WHERE kind = 'refund'", "entry .*: refund of 1"),
    (
        "UPDATE entries SET job_id = 'job0000000000009' WHERE hold_id = 1",
        "entry 1: hold .*for job job0000000000009",
    ),
    ("UPDATE entries SET bearer = 'house' WHERE hold_id = 3 AND kind = 'release'", "entry .*borne by house"),
    ("UPDATE holds SET utc_day = '2026-10-21' WHERE id = 1", "total of installation  month 2026-10-01"),
    ("UPDATE holds SET guild_day = '2026-10-21' WHERE id = 1", "total of guild 7 month 2026-10-01"),
    ("UPDATE holds SET user_id = 5 WHERE id = 2", "total of member 7:5"),
]


@pytest.mark.parametrize(("planted", "found"), PLANTED)
def test_verify_names_a_planted_difference(lived: sqlite3.Connection, planted: str, found: str) -> None:
    assert lived.execute(planted).rowcount == 1 or planted.startswith("DELETE FROM totals")

    named = [f"{d.what}: {d.kept}, should be {d.should_be}" for d in ledger.verify(lived)]

    assert any(re.search(found, line) for line in named), named
