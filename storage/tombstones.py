"""What was asked to be forgotten since a moment: people, and clips. Read for the notes beside the backups."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import GuildId, JobId, UserId
from storage.takedowns import Cause
from storage.times import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A clip that is to be seen nowhere; with a cause it was taken down, and blocked in this guild."""

    job_id: JobId
    asked_at: datetime
    cause: Cause | None
    blocked_in: GuildId | None


def erased(tx: sqlite3.Connection, *, since: datetime) -> list[tuple[UserId, datetime]]:
    """Whose erasure was asked for since then, and when."""
    rows = tx.execute("SELECT user_id, asked_at FROM erasures WHERE asked_at >= ?", (to_us(since),))
    return [(UserId(row[0]), from_us(row[1])) for row in rows]


def gone(tx: sqlite3.Connection, *, since: datetime) -> list[Gone]:
    """The clips whose deletion or take-down began since then.

    None that only ran out of its time: its message stays, so its removal has no step for that.
    """
    rows = tx.execute(
        """
        SELECT r.job_id, r.asked_at, t.cause, t.guild_id
        FROM removals AS r LEFT JOIN takedowns AS t ON t.job_id = r.job_id
        WHERE r.step = 'clip_message' AND r.asked_at >= ?
        """,
        (to_us(since),),
    )
    return [
        Gone(
            job_id=JobId(row[0]),
            asked_at=from_us(row[1]),
            cause=None if row[2] is None else Cause(row[2]),
            blocked_in=None if row[3] is None else GuildId(row[3]),
        )
        for row in rows
    ]


def people(tx: sqlite3.Connection) -> list[UserId]:
    """Everybody of whom there is anything that an erasure would take out."""
    rows = tx.execute(
        """
        SELECT user_id FROM jobs WHERE user_id > 0
        UNION SELECT user_id FROM pictures UNION SELECT user_id FROM quotes UNION SELECT user_id FROM sheets
        UNION SELECT user_id FROM opened_forms UNION SELECT user_id FROM searches
        UNION SELECT user_id FROM favourites UNION SELECT user_id FROM reactions
        UNION SELECT user_id FROM wishes UNION SELECT user_id FROM characters
        UNION SELECT user_id FROM sanctions UNION SELECT user_id FROM reviews WHERE user_id > 0
        UNION SELECT reporter_id FROM reports UNION SELECT user_id FROM grants WHERE user_id > 0
        UNION SELECT owner_id FROM remix_asks UNION SELECT asker_id FROM remix_asks
        """
    )
    return [UserId(row[0]) for row in rows]
