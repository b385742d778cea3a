"""What providers say that they billed for clips, beside what was expected: a running sum by offer and day.

Every function is part of the transaction of its caller.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain import JobId, Micros, OfferId
from storage.purses import from_day, to_day
from storage.times import to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Of one offer: so many clips, what they should have cost, and what was billed.

    `overrun_micros` is what was billed above holds, and `unheard_micros` what of that is still to be told.
    """

    offer_id: OfferId
    day: date
    jobs: int
    expected_micros: Micros
    billed_micros: Micros
    overrun_micros: Micros
    unheard_micros: Micros
    is_told: bool


def count(tx: sqlite3.Connection, job_id: JobId, billed: Micros, *, at: datetime) -> None:
    """A provider said what it billed for a clip. Expected was what the offer asks that took the job."""
    tx.execute(
        """
        INSERT INTO drifts (offer_id, day, jobs, expected_micros, billed_micros)
        SELECT offer_id, ?, 1, price_micros, ? FROM attempts WHERE job_id = ? AND outcome = 'taken'
        ON CONFLICT (offer_id, day) DO UPDATE
        SET jobs = jobs + 1, expected_micros = expected_micros + excluded.expected_micros,
            billed_micros = billed_micros + excluded.billed_micros
        """,
        (to_day(at.date()), billed, job_id),
    )


def overrun(tx: sqlite3.Connection, job_id: JobId, micros: Micros, *, at: datetime) -> None:
    """A provider billed so much above a hold."""
    tx.execute(
        """
        INSERT INTO drifts (offer_id, day, overrun_micros)
        SELECT offer_id, ?, ? FROM attempts WHERE job_id = ? AND outcome = 'taken'
        ON CONFLICT (offer_id, day) DO UPDATE
        SET overrun_micros = overrun_micros + excluded.overrun_micros
        """,
        (to_day(at.date()), micros, job_id),
    )


def since(tx: sqlite3.Connection, day: date) -> list[Drift]:
    """Every offer's days from this one on, in their order."""
    rows = tx.execute(
        """
        SELECT offer_id, day, jobs, expected_micros, billed_micros, overrun_micros,
               overrun_micros - overrun_told_micros, told_at IS NOT NULL
        FROM drifts WHERE day >= ? ORDER BY day, offer_id
        """,
        (to_day(day),),
    )
    return list(_drifts(rows))


def by_offer(tx: sqlite3.Connection, *, since: date) -> list[Drift]:
    """Each offer's days together, from this one on; `day` is the latest."""
    rows = tx.execute(
        """
        SELECT offer_id, max(day), sum(jobs), sum(expected_micros), sum(billed_micros), sum(overrun_micros),
               0, 1
        FROM drifts WHERE day >= ? GROUP BY offer_id ORDER BY offer_id
        """,
        (to_day(since),),
    )
    return list(_drifts(rows))


def told(tx: sqlite3.Connection, drift: Drift, *, at: datetime) -> None:
    """The operator hears that an offer bills otherwise than expected, on that day."""
    tx.execute(
        "UPDATE drifts SET told_at = ? WHERE offer_id = ? AND day = ?",
        (to_us(at), drift.offer_id, to_day(drift.day)),
    )


def overruns_told(tx: sqlite3.Connection, drift: Drift) -> None:
    """The operator hears of all that was billed above holds so far."""
    tx.execute(
        "UPDATE drifts SET overrun_told_micros = ? WHERE offer_id = ? AND day = ?",
        (drift.overrun_micros, drift.offer_id, to_day(drift.day)),
    )


def _drifts(rows: Iterable[tuple[str, int, int, int, int, int, int, int]]) -> Iterable[Drift]:
    for row in rows:
        yield Drift(
            offer_id=OfferId(row[0]),
            day=from_day(row[1]),
            jobs=row[2],
            expected_micros=Micros(row[3]),
            billed_micros=Micros(row[4]),
            overrun_micros=Micros(row[5]),
            unheard_micros=Micros(row[6]),
            is_told=bool(row[7]),
        )
