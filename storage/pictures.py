"""Rows of kept pictures, and of the forms that were opened for pictures of a message."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain import GuildId, Member, UserId
from storage.times import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A clean picture in the data folder, to which `path` is relative; `member` is whose it is.

    `was_animated` is whether it is the first frame of what they gave.
    """

    id: str
    member: Member
    path: Path
    media_type: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    kept_at: datetime
    was_animated: bool = False


def insert(tx: sqlite3.Connection, picture: KeptPicture) -> None:
    """Write a picture whose file is on the disk and synced; one of the same id is the same, and stays."""
    tx.execute(
        """
        INSERT INTO pictures (id, guild_id, user_id, file, media_type, sha256, size_bytes, width, height,
                              kept_at, was_animated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING
        """,
        (
            picture.id,
            picture.member.guild_id,
            picture.member.user_id,
            str(picture.path),
            picture.media_type,
            picture.sha256,
            picture.size_bytes,
            picture.width,
            picture.height,
            to_us(picture.kept_at),
            picture.was_animated,
        ),
    )


def get(tx: sqlite3.Connection, picture_id: str) -> KeptPicture | None:
    """One picture."""
    row = tx.execute("SELECT * FROM pictures WHERE id = ?", (picture_id,)).fetchone()
    if row is None:
        return None
    return KeptPicture(
        id=row["id"],
        member=Member(guild_id=GuildId(row["guild_id"]), user_id=UserId(row["user_id"])),
        path=Path(row["file"]),
        media_type=row["media_type"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        width=row["width"],
        height=row["height"],
        kept_at=from_us(row["kept_at"]),
        was_animated=bool(row["was_animated"]),
    )


def unused(tx: sqlite3.Connection, *, before: datetime, limit: int) -> list[str]:
    """Pictures that members gave some time ago, and from which no order starts."""
    rows = tx.execute(
        """
        SELECT id FROM pictures
        WHERE kept_at < ? AND id NOT LIKE 'last-%'
              AND NOT EXISTS (SELECT 1 FROM typed WHERE typed.picture_id = pictures.id)
        ORDER BY kept_at LIMIT ?
        """,
        (to_us(before), limit),
    )
    return [row[0] for row in rows]


def forget(tx: sqlite3.Connection, picture_id: str) -> None:
    """Be done with a picture whose files are gone; what was ordered with it says so when it is asked for."""
    tx.execute("UPDATE typed SET picture_id = NULL WHERE picture_id = ?", (picture_id,))
    tx.execute("DELETE FROM pictures WHERE id = ?", (picture_id,))


def open_form(
    tx: sqlite3.Connection, form_id: str, member: Member, addresses: Sequence[str], *, at: datetime
) -> None:
    """Note the pictures that a form is about."""
    tx.execute(
        "INSERT INTO opened_forms (id, guild_id, user_id, addresses, opened_at) VALUES (?, ?, ?, ?, ?)",
        (form_id, member.guild_id, member.user_id, json.dumps(list(addresses)), to_us(at)),
    )


def forget_forms(tx: sqlite3.Connection, *, before: datetime) -> None:
    """Be done with forms that nobody sent in for so long."""
    tx.execute("DELETE FROM opened_forms WHERE opened_at < ?", (to_us(before),))


def opened_form(tx: sqlite3.Connection, form_id: str, member: Member) -> list[str]:
    """The addresses of the pictures that a form of this member's is about; none where there is no such."""
    row = tx.execute(
        "SELECT addresses FROM opened_forms WHERE id = ? AND guild_id = ? AND user_id = ?",
        (form_id, member.guild_id, member.user_id),
    ).fetchone()
    return [] if row is None else [str(address) for address in json.loads(row[0])]
