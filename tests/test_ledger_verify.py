"""What `dailies ledger verify` finds: every kind of difference, planted."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.domain import (
    NOTHING_MICROS,
    Micros,
    Scope,
    UserId,
)
from bot.jobs import moves
from storage import grants, ledger
from storage.purses import GrantPart
from tests.bookkeeping import FAULT, place, start
from tests.new_books import new_book
from tests.props import ANN, NOON, job_of


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as connection:
        yield connection


@pytest.fixture
def lived(book: sqlite3.Connection) -> sqlite3.Connection:
    """An open hold (job 1), a capture with an overrun (2), a release (3), a refund (4), a grant's use (5)."""
    place(book, job_of(1))
    two = start(book, place(book, job_of(2)))
    moves.rendered(two.id, Micros(500_000), NOON, book)
    moves.failed(place(book, job_of(3)).id, FAULT, NOTHING_MICROS, NOON, book)
    four = start(book, place(book, job_of(4)))
    moves.rendered(four.id, None, NOON, book)
    moves.asset_lost(four.id, FAULT, NOON, book)
    granted = grants.give(book, ANN, Micros(100_000), by=UserId(5), reason="why", at=NOON)
    place(book, job_of(5), parts=(GrantPart(granted, Micros(100_000)),))
    assert ledger.verify(book) == []
    for trigger in (
        *("an_entry_is_never_changed", "an_entry_is_never_deleted", "an_ended_hold_stays_ended"),
        *("a_grant_is_only_revoked", "a_part_is_never_changed", "a_part_is_never_deleted"),
    ):
        book.execute(f"DROP TRIGGER {trigger}")
    return book


SCOPES = [scope.value for scope in Scope]
PLANTED = [
    *(
        (
            f"UPDATE purses SET {period}_{what}_micros = {period}_{what}_micros + 1 WHERE scope = '{scope}'",
            f"total of {scope} .*{period}",
        )
        for scope in SCOPES
        for period in ("day", "week", "month", "total")
        for what in ("spent", "held")
    ),
    *((f"DELETE FROM purses WHERE scope = '{scope}'", f"total of {scope} .*day") for scope in SCOPES),
    *(
        (
            f"UPDATE purses SET open_holds = open_holds + 1 WHERE scope = '{scope}'",
            f"open holds of {scope}",
        )
        for scope in SCOPES
    ),
    ("UPDATE purses SET day = day + 1 WHERE scope = 'guild'", "total of guild 7 day 2026-11-22"),
    (
        "INSERT INTO closed_periods VALUES ('guild', 99, 0, 'day', 20778, 1, 0)",
        "total of guild 99 day 2026-11-21",
    ),
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
    ("UPDATE holds SET granted_micros = 1 WHERE id = 1", "hold 1 of job .*1 carried by grants, should be 0"),
    (
        "UPDATE jobs SET charged_micros = 1 WHERE id = 'job0000000000001'",
        "paid for job .*charged 1.*charged 0",
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
    ("DELETE FROM entries WHERE kind = 'grant'", "grant 1: of 100000, should be of None by its entry"),
    ("UPDATE entries SET amount_micros = 5 WHERE kind = 'grant'", "grant 1: of 100000, should be of 5"),
    ("UPDATE grants SET amount_micros = 99999", "grant 1: gave 100000, should be at most 99999"),
    ("UPDATE grants SET user_id = 5", "grant 1 in hold 5: used by 7:1001, should be given to 7:5"),
    ("UPDATE grant_parts SET amount_micros = 99999", "hold 5 of job .*100000 carried.*99999 by its parts"),
    ("DELETE FROM grant_parts", "total of grant 1 total"),
    (
        "UPDATE entries SET amount_micros = amount_micros + 1 WHERE kind = 'capture' AND hold_id = 2",
        "entry .*: capture of 400001 .*holds 400000",
    ),
    ("UPDATE entries SET amount_micros = 1 WHERE kind = 'release'", "entry .*: release of 1 .*holds 400000"),
    ("UPDATE entries SET amount_micros = 1 WHERE kind = 'refund'", "entry .*: refund of 1"),
    ("UPDATE entries SET bearer = 'house' WHERE hold_id = 3 AND kind = 'release'", "entry .*borne by house"),
    ("UPDATE entries SET bearer = 'member' WHERE kind = 'adjust'", "entry .*adjust.*borne by member"),
    ("UPDATE holds SET utc_day = utc_day - 31 WHERE id = 1", "total of installation 0 month 2026-10-01"),
    ("UPDATE holds SET guild_day = guild_day - 31 WHERE id = 1", "total of guild 7 month 2026-10-01"),
    ("UPDATE holds SET user_id = 5 WHERE id = 2", "total of member 7:5"),
]


@pytest.mark.parametrize(("planted", "found"), PLANTED)
def test_verify_names_a_planted_difference(lived: sqlite3.Connection, planted: str, found: str) -> None:
    assert lived.execute(planted).rowcount >= 1

    named = [f"{d.what}: {d.kept}, should be {d.should_be}" for d in ledger.verify(lived)]

    assert any(re.search(found, line) for line in named), named
