"""Take-downs: which clip, why, by whom, since when. Their steps are rows of `removals`.

Every function is part of the transaction of its caller.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import GuildId, JobId, UserId
from storage.times import from_us, maybe_from_us, to_us

EVERYWHERE = GuildId(0)
"""In place of a guild: its hashes are blocked in every server."""


class Cause(StrEnum):
    """Why a clip is taken down: what it was reported for, or that it is like one that was."""

    MINOR = "minor"
    INTIMATE = "intimate"
    LIKENESS = "likeness"
    VIOLENCE = "violence"
    RIGHTS = "rights"
    OTHER = "other"
    HASH = "hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """One take-down. `guild_id` is where its hashes are blocked; `ended_at` when its last step was done."""

    job_id: JobId
    guild_id: GuildId
    cause: Cause
    begun_by: UserId
    begun_at: datetime
    ended_at: datetime | None


def begin(
    tx: sqlite3.Connection, job_id: JobId, guild_id: GuildId, cause: Cause, *, by: UserId, at: datetime
) -> bool:
    """Write it; False where there is one of this clip. One that holds everywhere stays so."""
    cursor = tx.execute(
        """
        INSERT INTO takedowns (job_id, guild_id, cause, begun_by, begun_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (job_id) DO NOTHING
        """,
        (job_id, guild_id, cause.value, by, to_us(at)),
    )
    return cursor.rowcount == 1


def of(tx: sqlite3.Connection, job_id: JobId) -> Takedown | None:
    """The take-down of a clip."""
    row = tx.execute("SELECT * FROM takedowns WHERE job_id = ?", (job_id,)).fetchone()
    return None if row is None else _takedown(row)


def newest(tx: sqlite3.Connection, guild_id: GuildId | None, *, limit: int) -> list[Takedown]:
    """The latest of the clips of a server (None: of all), the newest first."""
    rows = tx.execute(
        """
        SELECT t.* FROM takedowns AS t JOIN jobs AS j ON j.id = t.job_id
        WHERE ?1 IS NULL OR j.guild_id = ?1 ORDER BY t.begun_at DESC, t.job_id LIMIT ?2
        """,
        (guild_id, limit),
    )
    return [_takedown(row) for row in rows]


def ended(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> bool:
    """All its steps are done; False where that was known, or they are not."""
    cursor = tx.execute(
        """
        UPDATE takedowns SET ended_at = ?
        WHERE job_id = ? AND ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM removals AS r WHERE r.job_id = takedowns.job_id
                              AND r.done_at IS NULL)
        """,
        (to_us(at), job_id),
    )
    return cursor.rowcount == 1


def reopened(tx: sqlite3.Connection, job_id: JobId) -> None:
    """Steps of it are taken again."""
    tx.execute("UPDATE takedowns SET ended_at = NULL WHERE job_id = ?", (job_id,))


def identical(
    tx: sqlite3.Connection, sha256: str, guild_id: GuildId, *, but: JobId, limit: int
) -> list[JobId]:
    """The other clips (of a server, or of all) that can be seen and whose file is the same."""
    rows = tx.execute(
        """
        SELECT c.job_id FROM clips AS c JOIN jobs AS j ON j.id = c.job_id
        WHERE c.sha256 = ? AND c.job_id <> ? AND (j.guild_id = ? OR ? = 0)
              AND (c.state = 'shown' OR c.state = 'hidden')
        ORDER BY c.job_id LIMIT ?
        """,
        (sha256, but, guild_id, guild_id, limit),
    )
    return [JobId(row[0]) for row in rows]


def made_from(tx: sqlite3.Connection, job_id: JobId) -> int:
    """How many clips that are still shown were made from this one, directly or not."""
    row = tx.execute(
        """
        WITH RECURSIVE below (id) AS (
            SELECT id FROM jobs WHERE source_job_id = ?1
            UNION SELECT j.id FROM jobs AS j JOIN below ON j.source_job_id = below.id
        )
        SELECT count(*) FROM below JOIN clips ON clips.job_id = below.id
        WHERE clips.state = 'shown' OR clips.state = 'hidden'
        """,
        (job_id,),
    ).fetchone()
    return int(row[0])


def _takedown(row: sqlite3.Row) -> Takedown:
    return Takedown(
        job_id=JobId(row["job_id"]),
        guild_id=GuildId(row["guild_id"]),
        cause=Cause(row["cause"]),
        begun_by=UserId(row["begun_by"]),
        begun_at=from_us(row["begun_at"]),
        ended_at=maybe_from_us(row["ended_at"]),
    )
