"""The ledger checked against itself: totals summed anew, and rows that contradict each other."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain import EntryKind, Micros, Period, Scope
from storage import records
from storage.effects import effects
from storage.purses import GrantPart, Hold, Key, from_day, starts_on, to_day

_Place = tuple[Key, str, int]
"""A purse, a period, and the day on which that begins."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A running total that is not the sum of its entries, or two rows that contradict each other."""

    what: str
    kept: str
    should_be: str


def verify(tx: sqlite3.Connection) -> list[Difference]:
    """Sum every total anew from the entries; compare jobs, holds, grants, entries; name each difference."""
    return [
        *_totals_that_do_not_suit(tx),
        *_jobs_that_do_not_suit(tx),
        *_charges_that_do_not_suit(tx),
        *_holds_that_do_not_suit(tx),
        *_entries_that_do_not_suit(tx),
        *_grants_that_do_not_suit(tx),
    ]


def _totals_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    should: dict[_Place, list[int]] = defaultdict(lambda: [0, 0])
    open_holds: dict[Key, int] = defaultdict(int)
    for held, kind, bearer, amount, parts, count in _lines(tx):
        for key, number, spent, hold, opened in effects(held, kind, bearer, amount, parts):
            open_holds[key] += opened * count
            day = from_day(number)
            for period in Period:
                sums = should[key, period.value, to_day(starts_on(period, day))]
                sums[0] += spent
                sums[1] += hold
    kept = {
        ((row[0], row[1], row[2]), row[3], row[4]): [row[5], row[6]]
        for row in tx.execute(
            """
            SELECT scope, scope_id, user_id, period, starts_on, sum(spent_micros), sum(held_micros)
            FROM totals GROUP BY scope, scope_id, user_id, period, starts_on
            """
        )
    }
    nothing = [0, 0]
    for place in sorted(kept.keys() | should.keys()):
        have, sums = kept.get(place, nothing), should.get(place, nothing)
        if have != sums:
            yield Difference(
                f"total of {_name(place[0])} {place[1]} {from_day(place[2])}",
                f"spent {have[0]} held {have[1]}",
                f"spent {sums[0]} held {sums[1]}",
            )
    counted = {
        (row[0], row[1], row[2]): row[3]
        for row in tx.execute("SELECT scope, scope_id, user_id, open_holds FROM purses")
    }
    for key in sorted(counted.keys() | open_holds.keys()):
        if counted.get(key, 0) != open_holds.get(key, 0):
            yield Difference(
                f"open holds of {_name(key)}", f"{counted.get(key, 0)}", f"{open_holds.get(key, 0)}"
            )


def _name(key: Key) -> str:
    scope, scope_id, user_id = key
    return f"{scope} {scope_id}:{user_id}" if scope == Scope.MEMBER.value else f"{scope} {scope_id}"


def _lines(
    tx: sqlite3.Connection,
) -> Iterator[tuple[Hold, EntryKind, Scope, int, list[GrantPart], int]]:
    """The entries about holds: those of the same purses and days as one, but for what grants carry of them.

    What they do is linear there, so that millions of entries are summed where they lie.
    """
    rows = tx.execute(
        """
        SELECT 0, '', h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               sum(h.amount_micros), 0, e.kind, e.bearer, sum(e.amount_micros), count(*)
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        WHERE h.granted_micros = 0
        GROUP BY h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day, e.kind, e.bearer
        """
    )
    for row in rows:
        yield records.hold(row), EntryKind(row[10]), Scope(row[11]), row[12], [], row[13]
    parts: dict[int, list[GrantPart]] = defaultdict(list)
    for row in tx.execute(
        "SELECT hold_id, grant_id, amount_micros FROM grant_parts ORDER BY hold_id, number"
    ):
        parts[row[0]].append(GrantPart(row[1], Micros(row[2])))
    rows = tx.execute(
        """
        SELECT h.id, h.job_id, h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               h.amount_micros, h.granted_micros, e.kind, e.bearer, e.amount_micros
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        WHERE h.granted_micros <> 0
        """
    )
    for row in rows:
        yield records.hold(row), EntryKind(row[10]), Scope(row[11]), row[12], parts[row[0]], 1


def _jobs_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """A job that may still be billed has an open hold, one past it none."""
    rows = tx.execute(
        """
        SELECT j.id, j.state, count(h.id) FROM jobs AS j
        LEFT JOIN holds AS h ON h.job_id = j.id AND h.ended_at IS NULL
        GROUP BY j.id
        HAVING count(h.id) <> (j.state IN ('review', 'queued', 'submitting', 'uncertain', 'running'))
        """
    )
    for row in rows:
        yield Difference(
            f"job {row[0]} in state {row[1]}", f"{row[2]} open holds", f"{1 - row[2]} open holds"
        )


def _charges_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """What a member paid for a job is in its entries."""
    rows = tx.execute(
        """
        SELECT j.id, j.charged_micros, coalesce(paid.micros, 0)
        FROM jobs AS j LEFT JOIN (
            SELECT h.job_id, sum(CASE e.kind WHEN 'capture' THEN e.amount_micros
                                             ELSE -e.amount_micros END) AS micros
            FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
            WHERE e.bearer = 'member' AND e.kind IN ('capture', 'refund')
            GROUP BY h.job_id
        ) AS paid ON paid.job_id = j.id
        WHERE j.charged_micros <> coalesce(paid.micros, 0)
        """
    )
    for row in rows:
        yield Difference(f"what the member paid for job {row[0]}", f"charged {row[1]}", f"charged {row[2]}")


def _holds_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """A hold was entered at its amount, has an end just when an entry says so, and its parts are whole."""
    rows = tx.execute(
        """
        SELECT h.id, h.job_id, h.amount_micros, opened.amount_micros, h.ended_as, ended.kind FROM holds AS h
        LEFT JOIN entries AS opened ON opened.hold_id = h.id AND opened.kind = 'hold'
        LEFT JOIN entries AS ended ON ended.hold_id = h.id AND ended.kind IN ('capture', 'release')
        WHERE h.amount_micros IS NOT opened.amount_micros OR h.ended_as IS NOT ended.kind
        """
    )
    for row in rows:
        yield Difference(
            f"hold {row[0]} of job {row[1]}",
            f"holds {row[2]}, ended as {row[4]}",
            f"holds {row[3]}, ended as {row[5]} by its entries",
        )
    rows = tx.execute(
        """
        SELECT h.id, h.job_id, h.granted_micros, coalesce(carried.micros, 0) FROM holds AS h
        LEFT JOIN (SELECT hold_id, sum(amount_micros) AS micros FROM grant_parts GROUP BY hold_id) AS carried
        ON carried.hold_id = h.id
        WHERE h.granted_micros <> coalesce(carried.micros, 0)
        """
    )
    for row in rows:
        yield Difference(
            f"hold {row[0]} of job {row[1]}", f"{row[2]} carried by grants", f"{row[3]} by its parts"
        )


def _entries_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """An entry has its hold's bearer, is not above the hold, and a refund is what was captured."""
    rows = tx.execute(
        """
        SELECT e.id, e.kind, e.bearer, e.amount_micros, h.job_id, h.bearer, h.amount_micros
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        LEFT JOIN entries AS captured
               ON e.kind = 'refund' AND captured.hold_id = h.id AND captured.kind = 'capture'
        WHERE (e.kind <> 'adjust' AND e.bearer <> h.bearer)
           OR (e.kind = 'adjust' AND e.bearer <> 'house')
           OR (e.kind = 'capture' AND e.amount_micros > h.amount_micros)
           OR (e.kind = 'release' AND e.amount_micros <> h.amount_micros)
           OR (e.kind = 'refund' AND e.amount_micros IS NOT captured.amount_micros)
        """
    )
    for row in rows:
        yield Difference(
            f"entry {row[0]}",
            f"{row[1]} of {row[3]} for job {row[4]}, borne by {row[2]}",
            f"borne by {row[5]}, holds {row[6]}",
        )


def _grants_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """A grant was entered at its amount, never gave more than that, and only to its own member."""
    rows: list[Any] = tx.execute(
        """
        SELECT g.id, g.amount_micros, e.amount_micros FROM grants AS g
        LEFT JOIN entries AS e ON e.grant_id = g.id
        WHERE g.amount_micros IS NOT e.amount_micros
        """
    ).fetchall()
    for row in rows:
        yield Difference(f"grant {row[0]}", f"of {row[1]}", f"of {row[2]} by its entry")
    rows = tx.execute(
        """
        SELECT g.id, g.amount_micros, p.total_spent_micros + p.total_held_micros
        FROM grants AS g JOIN purses AS p ON p.scope = 'grant' AND p.scope_id = g.id AND p.user_id = 0
        WHERE p.total_spent_micros + p.total_held_micros > g.amount_micros
        """
    ).fetchall()
    for row in rows:
        yield Difference(f"grant {row[0]}", f"gave {row[2]}", f"at most {row[1]}")
    rows = tx.execute(
        """
        SELECT p.grant_id, h.id, h.guild_id, h.user_id, g.guild_id, g.user_id
        FROM grant_parts AS p JOIN holds AS h ON h.id = p.hold_id JOIN grants AS g ON g.id = p.grant_id
        WHERE h.guild_id <> g.guild_id OR h.user_id <> g.user_id
        """
    ).fetchall()
    for row in rows:
        yield Difference(
            f"grant {row[0]} in hold {row[1]}", f"used by {row[2]}:{row[3]}", f"given to {row[4]}:{row[5]}"
        )
