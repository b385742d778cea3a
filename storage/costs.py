"""What providers' bills said of jobs whose cost nobody knew: who read them, and where.

Every function is part of the transaction of its caller.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import JobId, Micros
from storage.times import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the house had carried for a job, and what was really billed."""

    job_id: JobId
    carried_micros: Micros
    billed_micros: Micros
    by: str
    why: str
    at: datetime


def record(tx: sqlite3.Connection, cost: Cost) -> None:
    """Write down what a bill said."""
    tx.execute(
        """
        INSERT INTO costs (job_id, carried_micros, billed_micros, decided_by, why, at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (cost.job_id, cost.carried_micros, cost.billed_micros, cost.by, cost.why, to_us(cost.at)),
    )


def of_job(tx: sqlite3.Connection, job_id: JobId) -> Cost | None:
    """What a bill said of a job; None where nobody has looked."""
    row = tx.execute(
        "SELECT job_id, carried_micros, billed_micros, decided_by, why, at FROM costs WHERE job_id = ?",
        (job_id,),
    ).fetchone()
    if row is None:
        return None
    return Cost(
        job_id=JobId(row[0]),
        carried_micros=Micros(row[1]),
        billed_micros=Micros(row[2]),
        by=row[3],
        why=row[4],
        at=from_us(row[5]),
    )
