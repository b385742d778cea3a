"""Which cards ask the operator about uncertain jobs. Every function is part of its caller's transaction."""

import sqlite3
from datetime import datetime

from bot.domain import JobId, MessageId
from storage import verdicts
from storage.times import to_us
from storage.verdicts import Uncertain


def to_ask(tx: sqlite3.Connection, *, since: datetime, limit: int) -> list[Uncertain]:
    """The jobs that are uncertain since then or longer, and of which no card asks: one may be so twice."""
    asked = {
        row[0]
        for row in tx.execute(
            "SELECT job_id FROM unsettled WHERE message_id IS NOT NULL AND closed_at IS NULL"
        )
    }
    every = verdicts.uncertain(tx)
    return [each for each in every if each.since <= since and each.job_id not in asked][:limit]


def to_close(tx: sqlite3.Connection, *, limit: int) -> list[tuple[JobId, MessageId]]:
    """The cards whose jobs are uncertain no more."""
    rows = tx.execute(
        """
        SELECT unsettled.job_id, message_id FROM unsettled JOIN jobs ON jobs.id = unsettled.job_id
        WHERE message_id IS NOT NULL AND closed_at IS NULL AND jobs.state <> 'uncertain' LIMIT ?
        """,
        (limit,),
    )
    return [(JobId(row[0]), MessageId(row[1])) for row in rows]


def tried(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """A card is about to be posted."""
    tx.execute(
        """
        INSERT INTO unsettled (job_id, tried_at) VALUES (?1, ?2)
        ON CONFLICT (job_id) DO UPDATE SET tried_at = ?2
        """,
        (job_id, to_us(at)),
    )


def asked(tx: sqlite3.Connection, job_id: JobId, message_id: MessageId) -> None:
    """The card stands; it asks anew where the job is uncertain for the second time."""
    tx.execute("UPDATE unsettled SET message_id = ?, closed_at = NULL WHERE job_id = ?", (message_id, job_id))


def closed(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """The card says what became of it, or is gone."""
    tx.execute("UPDATE unsettled SET closed_at = ? WHERE job_id = ?", (to_us(at), job_id))
