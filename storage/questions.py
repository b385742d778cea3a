"""What is read of a job before a provider is asked about it, and what past jobs say of how long one takes."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from bot.domain import Job, JobId, OfferId, Ticket
from storage import jobs, records
from storage.times import from_us


class Question(NamedTuple):
    """A running job, as far as a question about it needs it: a whole row costs five times as much to read."""

    job_id: JobId
    offer_id: OfferId
    resolution: str
    duration_s: int
    ticket: Ticket
    sent_at: datetime
    running_at: datetime
    is_cancel_wished: bool


Look = Question | Job | None

_TOGETHER = 16
"""So many ids in one statement: a job's part of it costs a third of what a statement of its own does."""


def looks(tx: sqlite3.Connection, job_ids: Sequence[JobId]) -> list[Look]:
    """Jobs, in the same order: each as a question where it runs, else the whole; None where there is none."""
    if len(job_ids) == 1:
        return [_look(tx, job_ids[0])]
    running: dict[str, sqlite3.Row] = {}
    for begin in range(0, len(job_ids), _TOGETHER):
        some = job_ids[begin : begin + _TOGETHER]
        rows = tx.execute(
            """
            SELECT jobs.id, jobs.offer_id, resolution, duration_s, ticket, sent_at, state_at, cancel_asked_at
            FROM jobs JOIN attempts ON attempts.job_id = jobs.id AND attempts.number = jobs.attempt
            WHERE jobs.id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                AND state = 'running' AND ticket IS NOT NULL
            """,
            [*some, *[some[-1]] * (_TOGETHER - len(some))],
        )
        running |= {row[0]: row for row in rows}
    return [
        _question(job_id, running[job_id]) if job_id in running else jobs.get(tx, job_id=job_id)
        for job_id in job_ids
    ]


def _look(tx: sqlite3.Connection, job_id: JobId) -> Look:
    """One alone, for which a statement of one id costs half as much."""
    row = tx.execute(
        """
        SELECT jobs.id, jobs.offer_id, resolution, duration_s, ticket, sent_at, state_at, cancel_asked_at
        FROM jobs JOIN attempts ON attempts.job_id = jobs.id AND attempts.number = jobs.attempt
        WHERE jobs.id = ? AND state = 'running' AND ticket IS NOT NULL
        """,
        (job_id,),
    ).fetchone()
    return jobs.get(tx, job_id=job_id) if row is None else _question(job_id, row)


def _question(job_id: JobId, row: sqlite3.Row) -> Question:
    _, offer_id, resolution, duration_s, ticket, sent_at, state_at, cancel_asked_at = row
    return Question(
        job_id=job_id,
        offer_id=offer_id,
        resolution=resolution,
        duration_s=duration_s,
        ticket=records.ticket(ticket),
        sent_at=from_us(sent_at),
        running_at=from_us(state_at),
        is_cancel_wished=cancel_asked_at is not None,
    )


def render_times(tx: sqlite3.Connection, *, limit: int) -> list[tuple[OfferId, str, int, float]]:
    """How many seconds the latest jobs took from their submission to their capture, the oldest first.

    Offer, resolution, length and seconds of each. A hold is captured when the provider says that the clip is
    made; that of a job that was made has a clip, or is on its way to one.
    """
    rows = tx.execute(
        """
        SELECT jobs.offer_id, jobs.resolution, jobs.duration_s, entries.at - attempts.sent_at
        FROM entries
            JOIN holds ON holds.id = entries.hold_id
            JOIN jobs ON jobs.id = holds.job_id
            JOIN attempts ON attempts.job_id = jobs.id AND attempts.outcome = 'taken'
        WHERE entries.kind = 'capture' AND entries.bearer = 'member'
            AND jobs.state IN ('rendered', 'stored', 'withheld', 'undeliverable', 'posted', 'rejected')
            AND entries.at > attempts.sent_at
        ORDER BY entries.id DESC
        LIMIT ?
        """,
        (limit,),
    ).fetchall()
    return [(OfferId(row[0]), row[1], row[2], row[3] / 1_000_000) for row in reversed(rows)]
