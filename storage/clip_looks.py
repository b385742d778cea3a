"""What clips look like, kept once it was taken; and which look like one that was taken down.

Every function is part of the transaction of its caller.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import GuildId, JobId
from storage.takedowns import EVERYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A clip that can be seen, and what it looks like; None where nobody has looked."""

    job_id: JobId
    seen: tuple[str, ...] | None
    mirrored: tuple[str, ...] | None


def keep(tx: sqlite3.Connection, job_id: JobId, seen: Sequence[str], mirrored: Sequence[str]) -> None:
    """Write what a clip looks like; nothing, where it shows nothing."""
    tx.execute(
        "INSERT INTO clip_looks (job_id, seen, mirrored) VALUES (?, ?, ?) ON CONFLICT (job_id) DO NOTHING",
        (job_id, json.dumps(list(seen)), json.dumps(list(mirrored))),
    )


def forget(tx: sqlite3.Connection, job_id: JobId) -> None:
    """The clip is gone."""
    tx.execute("DELETE FROM clip_looks WHERE job_id = ?", (job_id,))


def newest(tx: sqlite3.Connection, guild_id: GuildId, *, but: JobId, limit: int) -> list[Kept]:
    """The newest clips that can be seen in a server (or `EVERYWHERE`), all but one."""
    rows = tx.execute(
        """
        SELECT c.job_id, l.seen, l.mirrored
        FROM clips AS c JOIN jobs AS j ON j.id = c.job_id LEFT JOIN clip_looks AS l ON l.job_id = c.job_id
        WHERE (j.guild_id = ?1 OR ?1 = ?2) AND c.job_id <> ?3 AND (c.state = 'shown' OR c.state = 'hidden')
        ORDER BY c.stored_at DESC LIMIT ?4
        """,
        (guild_id, EVERYWHERE, but, limit),
    )
    return [
        Kept(
            job_id=JobId(row[0]),
            seen=None if row[1] is None else tuple(json.loads(row[1])),
            mirrored=None if row[2] is None else tuple(json.loads(row[2])),
        )
        for row in rows
    ]


def found(tx: sqlite3.Connection, job_id: JobId, others: Iterable[JobId]) -> None:
    """Write which clips look like one that is taken down."""
    tx.executemany(
        "INSERT INTO alike_clips (job_id, other_job_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(job_id, other) for other in others],
    )


def alike(tx: sqlite3.Connection, job_id: JobId) -> list[JobId]:
    """Those of them that can still be seen, the newest first."""
    rows = tx.execute(
        """
        SELECT a.other_job_id FROM alike_clips AS a JOIN clips AS c ON c.job_id = a.other_job_id
        WHERE a.job_id = ? AND (c.state = 'shown' OR c.state = 'hidden') ORDER BY a.other_job_id DESC
        """,
        (job_id,),
    )
    return [JobId(row[0]) for row in rows]
