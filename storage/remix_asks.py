"""Questions to a clip's member whether another may remix it: asked, told, answered or run out.

Every function is part of the transaction of its caller.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import ChannelId, GuildId, JobId, Member, MessageId, UserId
from storage.times import from_us, maybe_from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class RemixAsk:
    """One of them. `expires_at` is until when it can be answered, after a yes until when that holds."""

    id: str
    guild_id: GuildId
    channel_id: ChannelId
    clip_job_id: JobId
    owner_id: UserId
    asker_id: UserId
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    allowed: bool | None = None


def insert(tx: sqlite3.Connection, ask: RemixAsk) -> None:
    """Write one."""
    tx.execute(
        """
        INSERT INTO remix_asks (id, guild_id, channel_id, clip_job_id, owner_id, asker_id, asked_at,
                                expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            ask.id,
            ask.guild_id,
            ask.channel_id,
            ask.clip_job_id,
            ask.owner_id,
            ask.asker_id,
            to_us(ask.asked_at),
            to_us(ask.expires_at),
        ),
    )


def get(tx: sqlite3.Connection, ask_id: str) -> RemixAsk | None:
    """One of them."""
    row = tx.execute("SELECT * FROM remix_asks WHERE id = ?", (ask_id,)).fetchone()
    return None if row is None else _ask(row)


def latest(tx: sqlite3.Connection, clip_job_id: JobId, asker_id: UserId) -> RemixAsk | None:
    """The last that somebody asked about a clip."""
    row = tx.execute(
        "SELECT * FROM remix_asks WHERE clip_job_id = ? AND asker_id = ? ORDER BY asked_at DESC LIMIT 1",
        (clip_job_id, asker_id),
    ).fetchone()
    return None if row is None else _ask(row)


def count_since(tx: sqlite3.Connection, asker: Member, since: datetime) -> int:
    """How often somebody has asked in a server."""
    row = tx.execute(
        "SELECT count(*) FROM remix_asks WHERE guild_id = ? AND asker_id = ? AND asked_at > ?",
        (asker.guild_id, asker.user_id, to_us(since)),
    ).fetchone()
    return int(row[0])


def answer(tx: sqlite3.Connection, ask_id: str, *, allowed: bool, at: datetime, expires_at: datetime) -> bool:
    """Write the owner's word; False where it was said before, or too late."""
    cursor = tx.execute(
        """
        UPDATE remix_asks SET allowed = ?, answered_at = ?, expires_at = ?
        WHERE id = ? AND answered_at IS NULL AND expires_at > ?
        """,
        (int(allowed), to_us(at), to_us(expires_at), ask_id, to_us(at)),
    )
    return cursor.rowcount == 1


def untold(tx: sqlite3.Connection) -> list[RemixAsk]:
    """Those that no owner has seen, the oldest first."""
    return [
        _ask(row) for row in tx.execute("SELECT * FROM remix_asks WHERE told_at IS NULL ORDER BY asked_at")
    ]


def told(tx: sqlite3.Connection, ask_id: str, message_id: MessageId | None, *, at: datetime) -> None:
    """It stands in the channel as this message, or nowhere."""
    tx.execute(
        "UPDATE remix_asks SET told_at = ?, message_id = ? WHERE id = ?", (to_us(at), message_id, ask_id)
    )


def _ask(row: sqlite3.Row) -> RemixAsk:
    return RemixAsk(
        id=row["id"],
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        clip_job_id=JobId(row["clip_job_id"]),
        owner_id=UserId(row["owner_id"]),
        asker_id=UserId(row["asker_id"]),
        asked_at=from_us(row["asked_at"]),
        expires_at=from_us(row["expires_at"]),
        answered_at=maybe_from_us(row["answered_at"]),
        allowed=None if row["allowed"] is None else bool(row["allowed"]),
    )
