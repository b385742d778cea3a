"""Clips that were sent once more, to somebody alone, for as long as Discord lets us take them back.

Every function is part of the transaction of its caller.
"""

import sqlite3
from datetime import datetime

from bot.domain import InteractionId, JobId
from storage.times import to_us


def sent(
    tx: sqlite3.Connection,
    job_id: JobId,
    interaction_id: InteractionId,
    token: str,
    *,
    expires_at: datetime,
    at: datetime,
) -> None:
    """A copy is in the answer to this interaction. Those that nobody can take back any more are forgotten."""
    tx.execute("DELETE FROM sent_copies WHERE expires_at < ?", (to_us(at),))
    tx.execute(
        """
        INSERT INTO sent_copies (interaction_id, job_id, token, expires_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (interaction_id) DO NOTHING
        """,
        (interaction_id, job_id, token, to_us(expires_at)),
    )


def of(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> list[tuple[InteractionId, str]]:
    """The answers with a copy of this clip that can still be changed, and the tokens for that."""
    rows = tx.execute(
        "SELECT interaction_id, token FROM sent_copies WHERE job_id = ? AND expires_at >= ?",
        (job_id, to_us(at)),
    )
    return [(InteractionId(row[0]), row[1]) for row in rows]


def taken_back(tx: sqlite3.Connection, interaction_id: InteractionId) -> None:
    """It is there no longer."""
    tx.execute("DELETE FROM sent_copies WHERE interaction_id = ?", (interaction_id,))
