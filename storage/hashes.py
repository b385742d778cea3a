"""Hashes of files that may not come back, and what they look like.

Every function is part of the transaction of its caller.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import GuildId, JobId, UserId
from storage.takedowns import EVERYWHERE, Cause
from storage.times import from_us, maybe_from_us, to_us

LOOKS_MAX = 50_000
"""Of the newest blocks, compared with one file: some 10 MB and 0.1 s."""


class Kind(StrEnum):
    """What a blocked file is."""

    PICTURE = "picture"
    CLIP = "clip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A file that may not come back: in a server, or everywhere. `job_id` is whose take-down it is of."""

    id: int
    guild_id: GuildId
    sha256: str
    kind: Kind
    job_id: JobId
    blocked_at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A block that holds, and the take-down that it is of: why, and by whom (0 is the operator)."""

    blocked: Blocked
    cause: Cause
    begun_by: UserId


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a blocked file, as `bot/moderation/fingerprints.py` writes it."""

    hash_id: int
    kind: Kind
    look: str


def block(
    tx: sqlite3.Connection, guild_id: GuildId, sha256: str, kind: Kind, job_id: JobId, *, at: datetime
) -> int | None:
    """Block a file; its number, or None where it is blocked. One whose block was lifted is blocked again."""
    row = tx.execute(
        """
        INSERT INTO blocked_hashes (guild_id, sha256, kind, job_id, blocked_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, sha256) DO UPDATE SET lifted_at = NULL, blocked_at = excluded.blocked_at
        WHERE blocked_hashes.lifted_at IS NOT NULL
        RETURNING id
        """,
        (guild_id, sha256, kind.value, job_id, to_us(at)),
    ).fetchone()
    return None if row is None else int(row[0])


def describe(tx: sqlite3.Connection, job_id: JobId, sha256: str, looks: Sequence[str]) -> int:
    """Say what a blocked file looks like; how many looks were written that were not known."""
    ids = [
        row[0]
        for row in tx.execute(
            "SELECT id FROM blocked_hashes WHERE job_id = ? AND sha256 = ?", (job_id, sha256)
        )
    ]
    before = tx.total_changes
    tx.executemany(
        "INSERT INTO blocked_looks (hash_id, number, look) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(hash_id, number, look) for hash_id in ids for number, look in enumerate(looks)],
    )
    return tx.total_changes - before


def is_blocked(tx: sqlite3.Connection, guild_id: GuildId, sha256: str) -> Blocked | None:
    """The block of this very file in a server, or everywhere."""
    row = tx.execute(
        """
        SELECT id, guild_id, sha256, kind, job_id, blocked_at, lifted_at FROM blocked_hashes
        WHERE sha256 = ? AND lifted_at IS NULL AND (guild_id = ? OR guild_id = ?)
        """,
        (sha256, guild_id, EVERYWHERE),
    ).fetchone()
    return None if row is None else _blocked(row)


def looks(tx: sqlite3.Connection, guild_id: GuildId) -> list[Look]:
    """What all looks like that is blocked in a server, or everywhere; the newest `LOOKS_MAX`."""
    rows = tx.execute(
        """
        SELECT l.hash_id, b.kind, l.look FROM blocked_hashes AS b JOIN blocked_looks AS l ON l.hash_id = b.id
        WHERE b.lifted_at IS NULL AND (b.guild_id = ? OR b.guild_id = ?)
        ORDER BY b.id DESC LIMIT ?
        """,
        (guild_id, EVERYWHERE, LOOKS_MAX),
    )
    return [Look(row[0], Kind(row[1]), row[2]) for row in rows]


def looks_of(tx: sqlite3.Connection, job_id: JobId) -> list[Look]:
    """What a clip that was taken down looks like, and the picture it began with where that is blocked."""
    rows = tx.execute(
        """
        SELECT l.hash_id, b.kind, l.look FROM blocked_hashes AS b JOIN blocked_looks AS l ON l.hash_id = b.id
        WHERE b.job_id = ?
        """,
        (job_id,),
    )
    return [Look(row[0], Kind(row[1]), row[2]) for row in rows]


def any_look(tx: sqlite3.Connection, guild_id: GuildId) -> bool:
    """Whether there is anything to compare with."""
    row = tx.execute(
        """
        SELECT 1 FROM blocked_hashes AS b JOIN blocked_looks AS l ON l.hash_id = b.id
        WHERE b.lifted_at IS NULL AND (b.guild_id = ? OR b.guild_id = ?) LIMIT 1
        """,
        (guild_id, EVERYWHERE),
    ).fetchone()
    return row is not None


def of_clip(tx: sqlite3.Connection, job_id: JobId) -> list[Blocked]:
    """What the take-down of a clip has blocked."""
    rows = tx.execute(
        """
        SELECT id, guild_id, sha256, kind, job_id, blocked_at, lifted_at FROM blocked_hashes
        WHERE job_id = ? ORDER BY id
        """,
        (job_id,),
    )
    return [_blocked(row) for row in rows]


def newest(tx: sqlite3.Connection, guild_id: GuildId | None, *, limit: int) -> list[Standing]:
    """The blocks that hold in a server and are its own (None: all there are), the newest first."""
    rows = tx.execute(
        """
        SELECT b.*, t.cause, t.begun_by FROM blocked_hashes AS b JOIN takedowns AS t ON t.job_id = b.job_id
        WHERE b.lifted_at IS NULL AND (?1 IS NULL OR b.guild_id = ?1)
        ORDER BY b.blocked_at DESC, b.id DESC LIMIT ?2
        """,
        (guild_id, limit),
    )
    return [_standing(row) for row in rows]


def standing(tx: sqlite3.Connection, hash_id: int) -> Standing | None:
    """One block that holds."""
    row = tx.execute(
        """
        SELECT b.*, t.cause, t.begun_by FROM blocked_hashes AS b JOIN takedowns AS t ON t.job_id = b.job_id
        WHERE b.lifted_at IS NULL AND b.id = ?
        """,
        (hash_id,),
    ).fetchone()
    return None if row is None else _standing(row)


def lift(tx: sqlite3.Connection, hash_id: int, *, at: datetime) -> bool:
    """Let a file come back; False where it was not blocked."""
    cursor = tx.execute(
        "UPDATE blocked_hashes SET lifted_at = ? WHERE id = ? AND lifted_at IS NULL", (to_us(at), hash_id)
    )
    return cursor.rowcount == 1


def _standing(row: sqlite3.Row) -> Standing:
    return Standing(
        blocked=_blocked(row),
        cause=Cause(row["cause"]),
        begun_by=UserId(row["begun_by"]),
    )


def _blocked(row: sqlite3.Row) -> Blocked:
    return Blocked(
        id=row[0],
        guild_id=GuildId(row[1]),
        sha256=row[2],
        kind=Kind(row[3]),
        job_id=JobId(row[4]),
        blocked_at=from_us(row[5]),
        lifted_at=maybe_from_us(row[6]),
    )
