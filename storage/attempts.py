"""Submissions: which of ours a provider's job is, what one costs, where jobs were when a process ended."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import Attempt, JobId, JobState, Micros, OfferId
from storage import records
from storage.times import maybe_from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A job that a process left, by its last attempt: where that went, and what was said of it."""

    job_id: JobId
    state: JobState
    offer_id: OfferId
    detail: str


def holder(tx: sqlite3.Connection, provider: str, provider_job_id: str) -> JobId | None:
    """The job of ours that has this job of a provider's, if one has."""
    row = tx.execute(
        "SELECT job_id FROM attempts WHERE provider = ? AND provider_job_id = ?", (provider, provider_job_id)
    ).fetchone()
    return None if row is None else JobId(row[0])


def of_job(tx: sqlite3.Connection, job_id: JobId) -> list[Attempt]:
    """Every submission of a job, the first one first."""
    rows = tx.execute("SELECT * FROM attempts WHERE job_id = ? ORDER BY number", (job_id,))
    return [records.attempt(row) for row in rows]


def sent_again(tx: sqlite3.Connection, attempt: Attempt, *, at: datetime) -> None:
    """A submission is about to be sent again under its key. Written before every such call."""
    tx.execute(
        "UPDATE attempts SET sent_again_at = ? WHERE job_id = ? AND number = ?",
        (to_us(at), attempt.job_id, attempt.number),
    )


def sent_again_at(tx: sqlite3.Connection, attempt: Attempt) -> datetime | None:
    """When a submission was last sent again, if it was."""
    row = tx.execute(
        "SELECT sent_again_at FROM attempts WHERE job_id = ? AND number = ?", (attempt.job_id, attempt.number)
    ).fetchone()
    return None if row is None else maybe_from_us(row[0])


def price(tx: sqlite3.Connection, job_id: JobId) -> Micros | None:
    """What the offer asks that took a job; None where none has."""
    row = tx.execute(
        "SELECT price_micros FROM attempts WHERE job_id = ? AND outcome = 'taken'", (job_id,)
    ).fetchone()
    return None if row is None else Micros(row[0])


def left(tx: sqlite3.Connection) -> list[Left]:
    """The last submission of every job that is queued again, on its way, being made, or uncertain."""
    rows = tx.execute(
        """
        SELECT jobs.id, jobs.state, attempts.offer_id, attempts.detail
        FROM jobs JOIN attempts ON attempts.job_id = jobs.id AND attempts.number = jobs.attempt
        WHERE (state = 'queued' OR state = 'submitting' OR state = 'uncertain' OR state = 'running'
               OR state = 'rendered' OR state = 'stored')
            AND state NOT IN ('rendered', 'stored')
        """
    )
    return [
        Left(job_id=JobId(row[0]), state=JobState(row[1]), offer_id=OfferId(row[2]), detail=row[3] or "")
        for row in rows
    ]
