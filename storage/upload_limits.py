"""The upload limits that servers have proven to have, each kept for as long as its reader believes it."""

import sqlite3
from datetime import datetime

from bot.domain import GuildId
from storage.times import to_us


def get(tx: sqlite3.Connection, guild_id: GuildId, *, since: datetime) -> int | None:
    """Bytes that a server has refused to go beyond, if it was asked since then."""
    row = tx.execute(
        "SELECT bytes_max FROM upload_limits WHERE guild_id = ? AND learned_at >= ?", (guild_id, to_us(since))
    ).fetchone()
    return None if row is None else int(row[0])


def put(tx: sqlite3.Connection, guild_id: GuildId, bytes_max: int, *, at: datetime) -> None:
    """A server has refused more than so many bytes."""
    tx.execute(
        """
        INSERT INTO upload_limits (guild_id, bytes_max, learned_at) VALUES (?, ?, ?)
        ON CONFLICT (guild_id) DO UPDATE SET bytes_max = excluded.bytes_max, learned_at = excluded.learned_at
        """,
        (guild_id, bytes_max, to_us(at)),
    )


def every(connection: sqlite3.Connection, *, since: datetime) -> dict[GuildId, int]:
    """All that were learned since then, by server."""
    rows = connection.execute(
        "SELECT guild_id, bytes_max FROM upload_limits WHERE guild_id <> 0 AND learned_at >= ?",
        (to_us(since),),
    )
    return {GuildId(row[0]): int(row[1]) for row in rows}
