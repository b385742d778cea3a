"""Which clips are kept no longer."""

import sqlite3
from datetime import datetime

from bot.domain import ClipState, JobId
from storage.times import to_us


def too_old(tx: sqlite3.Connection, *, before: datetime, limit: int) -> list[JobId]:
    """Clips stored before then that are shown and rest where they are, the oldest first."""
    rows = tx.execute(
        """
        SELECT clips.job_id FROM clips JOIN jobs ON jobs.id = clips.job_id
        WHERE clips.state = ? AND jobs.state IN ('posted', 'undeliverable') AND clips.stored_at < ?
        ORDER BY clips.stored_at LIMIT ?
        """,
        (ClipState.SHOWN, to_us(before), limit),
    )
    return [JobId(row[0]) for row in rows]


def too_many(tx: sqlite3.Connection, *, bytes_max: int, limit: int) -> list[JobId]:
    """The oldest clips beyond so many bytes of those whose files are kept."""
    rows = tx.execute(
        """
        SELECT job_id FROM (
            SELECT clips.job_id, clips.state, jobs.state AS stands, clips.stored_at,
                   sum(size_bytes) OVER (ORDER BY clips.stored_at DESC, clips.job_id DESC) AS with_newer
            FROM clips JOIN jobs ON jobs.id = clips.job_id
            WHERE clips.state IN ('shown', 'hidden')
        )
        WHERE with_newer > ? AND state = 'shown' AND stands IN ('posted', 'undeliverable')
        ORDER BY stored_at LIMIT ?
        """,
        (bytes_max, limit),
    )
    return [JobId(row[0]) for row in rows]
