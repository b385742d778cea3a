"""What tests read of rows and the product never asks: a purse, the lines and verdicts of a job, all jobs."""

import sqlite3
from datetime import date

from bot.domain import Balance, Entry, Job, JobId, Micros, Period
from storage import records
from storage.purses import Key
from storage.tallies import tallies_of
from storage.times import from_us
from storage.verdicts import Decision, Verdict


def balance(tx: sqlite3.Connection, key: Key, period: Period, day: date) -> Balance:
    """What a purse has spent and what is held against it, in the period that a day lies in."""
    spent, held = tallies_of(tx).used(key, period, day)
    return Balance(spent_micros=Micros(spent), held_micros=Micros(held))


def entries_of(tx: sqlite3.Connection, job_id: JobId) -> list[Entry]:
    """The ledger's lines about one job, in the order in which they were written."""
    rows = tx.execute(
        """
        SELECT e.id, e.kind, e.hold_id, h.job_id, e.bearer, e.amount_micros, e.at
        FROM holds AS h JOIN entries AS e ON e.hold_id = h.id
        WHERE h.job_id = ?1 AND h.ended_at IS NULL OR h.job_id = ?1 AND h.ended_at IS NOT NULL
        ORDER BY e.id
        """,
        (job_id,),
    )
    return [records.entry(row) for row in rows]


def every_job(tx: sqlite3.Connection) -> list[Job]:
    """All jobs of the installation, the newest first."""
    return [records.job(row) for row in tx.execute("SELECT * FROM jobs ORDER BY created_at DESC")]


def verdicts_of(tx: sqlite3.Connection, job_id: JobId) -> list[Decision]:
    """What was decided about an uncertain job, the first verdict first."""
    rows = tx.execute(
        "SELECT job_id, verdict, ticket, decided_by, why, at FROM verdicts WHERE job_id = ? ORDER BY id",
        (job_id,),
    )
    return [
        Decision(
            job_id=JobId(row[0]),
            verdict=Verdict(row[1]),
            ticket=row[2],
            by=row[3],
            why=row[4],
            at=from_us(row[5]),
        )
        for row in rows
    ]
