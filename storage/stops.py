"""How fast money is spent at paid providers, read from the book, and whether that has stopped submissions.

Every function is part of the transaction of its caller. Holds are written in the order of time, so those of
an hour are found by halving, whatever number of them there is. (A clock that was set back makes that order
untrue for as long as it was set back by: the sums are a little off then, which is good enough for an alarm.)
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.domain import NOTHING_MICROS, STUDIO, Micros
from storage.times import from_us, to_us

_OURS = f"{STUDIO}/%"


class Paid(NamedTuple):
    """A hold at a paid provider: its number, when it was placed, and what it costs by what is known."""

    hold_id: int
    opened_at: datetime
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Submissions that cost money were stopped: when, and what had been spent within the hour."""

    stopped_at: datetime
    spent_micros: Micros
    limit_micros: Micros
    usual_micros: Micros


def current(tx: sqlite3.Connection) -> Stop | None:
    """The stop that holds now."""
    row = tx.execute(
        "SELECT stopped_at, spent_micros, limit_micros, usual_micros FROM stops WHERE resumed_at IS NULL"
    ).fetchone()
    if row is None:
        return None
    return Stop(
        stopped_at=from_us(row[0]),
        spent_micros=Micros(row[1]),
        limit_micros=Micros(row[2]),
        usual_micros=Micros(row[3]),
    )


def resumed_at(tx: sqlite3.Connection) -> datetime | None:
    """When somebody last let submissions go on; what was spent before that counts no more."""
    row = tx.execute("SELECT max(resumed_at) FROM stops").fetchone()
    return None if row[0] is None else from_us(row[0])


def stop(tx: sqlite3.Connection, wanted: Stop) -> bool:
    """Stop submissions; False where they are stopped already."""
    cursor = tx.execute(
        """
        INSERT INTO stops (stopped_at, spent_micros, limit_micros, usual_micros) VALUES (?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        (to_us(wanted.stopped_at), wanted.spent_micros, wanted.limit_micros, wanted.usual_micros),
    )
    return cursor.rowcount == 1


def resume(tx: sqlite3.Connection, *, by: str, at: datetime) -> bool:
    """Let submissions go on; False where nothing had stopped them."""
    cursor = tx.execute(
        "UPDATE stops SET resumed_at = ?, resumed_by = ? WHERE resumed_at IS NULL", (to_us(at), by)
    )
    return cursor.rowcount == 1


def paid_since(tx: sqlite3.Connection, at: datetime) -> list[Paid]:
    """Every hold of a member's at a paid provider that was placed since then, and not released."""
    return [paid for paid in paid_after(tx, _first_since(tx, at) - 1) if paid.opened_at >= at]


def paid_after(tx: sqlite3.Connection, hold_id: int) -> list[Paid]:
    """The same of those with a higher number. A captured one costs what was billed, whoever bears that."""
    rows = tx.execute(
        """
        SELECT h.id, h.opened_at,
               CASE WHEN h.ended_at IS NULL THEN h.amount_micros ELSE
                    (SELECT coalesce(sum(e.amount_micros), 0) FROM entries AS e
                     WHERE e.hold_id = h.id AND (e.kind = 'capture' OR e.kind = 'adjust')) END
        FROM holds AS h JOIN jobs AS j ON j.id = h.job_id
        WHERE h.id > ? AND h.bearer = 'member' AND h.amount_micros > 0
              AND h.ended_as IS NOT 'release' AND j.offer_id NOT LIKE ?
        ORDER BY h.id
        """,
        (hold_id, _OURS),
    )
    return [Paid(row[0], from_us(row[1]), row[2]) for row in rows]


def spent_between(tx: sqlite3.Connection, since: datetime, until: datetime) -> Micros:
    """What the holds cost that were placed at paid providers in a while that is over."""
    first, end = _first_since(tx, since), _first_since(tx, until)
    if first >= end:
        return NOTHING_MICROS
    row = tx.execute(
        """
        SELECT coalesce(sum(CASE WHEN h.ended_at IS NULL THEN h.amount_micros ELSE
                    (SELECT coalesce(sum(e.amount_micros), 0) FROM entries AS e
                     WHERE e.hold_id = h.id AND (e.kind = 'capture' OR e.kind = 'adjust')) END), 0)
        FROM holds AS h JOIN jobs AS j ON j.id = h.job_id
        WHERE h.id >= ? AND h.id < ? AND h.bearer = 'member'
              AND h.ended_as IS NOT 'release' AND j.offer_id NOT LIKE ?
        """,
        (first, end, _OURS),
    ).fetchone()
    return Micros(row[0])


def newest_hold(tx: sqlite3.Connection) -> int:
    """The number of the latest hold; 0 where there is none."""
    return int(tx.execute("SELECT coalesce(max(id), 0) FROM holds").fetchone()[0])


def oldest_hold_at(tx: sqlite3.Connection) -> datetime | None:
    """When the first hold was placed; None where there is none."""
    row = tx.execute("SELECT opened_at FROM holds ORDER BY id LIMIT 1").fetchone()
    return None if row is None else from_us(row[0])


def _first_since(tx: sqlite3.Connection, at: datetime) -> int:
    """The number of the first hold that was placed at or after a moment; one above the latest if none was."""
    low, high, us = 1, newest_hold(tx) + 1, to_us(at)
    while low < high:
        middle = (low + high) // 2
        row = tx.execute(
            "SELECT opened_at FROM holds WHERE id >= ? ORDER BY id LIMIT 1", (middle,)
        ).fetchone()
        if row is not None and row[0] < us:
            low = middle + 1
        else:
            high = middle
    return low
