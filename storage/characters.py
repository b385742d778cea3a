"""Rows of characters: from the clip and the consent that somebody gave, to its removal."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain import GuildId, JobId, Member, UserId
from storage.times import from_us, maybe_from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Somebody from a clip, whose file `path` (relative to the data folder) is there until it is made.

    `provider` and its id there, `provider_id`, are known once it is made; the one who `owner` says may order
    with it, and everybody of the server where it is `shared`. `consent_version` names the words that its
    owner agreed to.
    """

    id: str
    owner: Member
    name: str
    shared: bool
    consent_version: int
    consent_at: datetime
    path: Path
    sha256: str
    size_bytes: int
    width: int
    height: int
    duration_ms: int
    job_id: JobId | None = None
    provider: str | None = None
    provider_id: str | None = None
    made_at: datetime | None = None
    removed_at: datetime | None = None


def insert(tx: sqlite3.Connection, character: Character) -> None:
    """Write one that is to be made, whose clip is on the disk and synced."""
    one = character
    tx.execute(
        """
        INSERT INTO characters (id, guild_id, user_id, name, shared, consent_version, consent_at, file,
                                sha256, size_bytes, width, height, duration_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            one.id,
            one.owner.guild_id,
            one.owner.user_id,
            one.name,
            int(one.shared),
            one.consent_version,
            to_us(one.consent_at),
            str(one.path),
            one.sha256,
            one.size_bytes,
            one.width,
            one.height,
            one.duration_ms,
        ),
    )


def get(tx: sqlite3.Connection, character_id: str) -> Character | None:
    """One character, whatever became of it."""
    row = tx.execute("SELECT * FROM characters WHERE id = ?", (character_id,)).fetchone()
    return None if row is None else _character(row)


def made(
    tx: sqlite3.Connection, path: Path, *, job_id: JobId, provider: str, provider_id: str, at: datetime
) -> bool:
    """The one of this clip's file is there; False where nobody knows it any more."""
    cursor = tx.execute(
        """
        UPDATE characters SET job_id = ?, provider = ?, provider_id = ?, made_at = ?
        WHERE file = ? AND made_at IS NULL
        """,
        (job_id, provider, provider_id, to_us(at), str(path)),
    )
    return cursor.rowcount == 1


def removed(tx: sqlite3.Connection, character_id: str, *, at: datetime) -> bool:
    """Nobody may order with it from here on; False where it was removed before, or never made."""
    cursor = tx.execute(
        """
        UPDATE characters SET removed_at = ? WHERE id = ? AND made_at IS NOT NULL AND removed_at IS NULL
        """,
        (to_us(at), character_id),
    )
    return cursor.rowcount == 1


def usable_by(tx: sqlite3.Connection, member: Member, *, limit: int) -> list[Character]:
    """Those with which a member may order: their own, then those shared here, each by name."""
    rows = tx.execute(
        """
        SELECT * FROM characters
        WHERE guild_id = ? AND (user_id = ? OR shared = 1) AND made_at IS NOT NULL AND removed_at IS NULL
        ORDER BY user_id <> ?, name COLLATE NOCASE, id LIMIT ?
        """,
        (member.guild_id, member.user_id, member.user_id, limit),
    )
    return [_character(row) for row in rows]


def count_of(tx: sqlite3.Connection, member: Member) -> int:
    """How many a member has here, with those that are not made yet."""
    row = tx.execute(
        "SELECT count(*) FROM characters WHERE guild_id = ? AND user_id = ? AND removed_at IS NULL",
        (member.guild_id, member.user_id),
    ).fetchone()
    return int(row[0])


def has_removed(tx: sqlite3.Connection, provider: str, provider_ids: Sequence[str]) -> bool:
    """Whether one of these has been removed, by the ids that they have at a provider."""
    return any(
        tx.execute(
            """
            SELECT 1 FROM characters WHERE provider = ? AND provider_id = ? AND removed_at IS NOT NULL
            """,
            (provider, provider_id),
        ).fetchone()
        for provider_id in provider_ids
    )


def given_up(tx: sqlite3.Connection, *, before: datetime, limit: int) -> list[Character]:
    """Those that were wanted some time ago, and that no job will make any more."""
    rows = tx.execute(
        """
        SELECT * FROM characters
        WHERE made_at IS NULL AND consent_at < ?
              AND NOT EXISTS (SELECT 1 FROM jobs
                              WHERE jobs.kind = 'character' AND jobs.source_file = characters.file
                                    AND jobs.state NOT IN ('failed', 'rejected', 'cancelled'))
        ORDER BY consent_at LIMIT ?
        """,
        (to_us(before), limit),
    )
    return [_character(row) for row in rows]


def forget(tx: sqlite3.Connection, character_id: str) -> None:
    """Be done with one that was never made, and whose file is gone."""
    tx.execute("DELETE FROM characters WHERE id = ? AND made_at IS NULL", (character_id,))


def _character(row: sqlite3.Row) -> Character:
    return Character(
        id=row["id"],
        owner=Member(guild_id=GuildId(row["guild_id"]), user_id=UserId(row["user_id"])),
        name=row["name"],
        shared=bool(row["shared"]),
        consent_version=row["consent_version"],
        consent_at=from_us(row["consent_at"]),
        path=Path(row["file"]),
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        width=row["width"],
        height=row["height"],
        duration_ms=row["duration_ms"],
        job_id=None if row["job_id"] is None else JobId(row["job_id"]),
        provider=row["provider"],
        provider_id=row["provider_id"],
        made_at=maybe_from_us(row["made_at"]),
        removed_at=maybe_from_us(row["removed_at"]),
    )
