"""The channels that a server has named for a purpose."""

import sqlite3
from enum import StrEnum

from bot.domain import ChannelId, GuildId


class Purpose(StrEnum):
    """What a channel was named for."""

    CLIPS = "clips"
    REPORTS = "reports"
    REVIEWS = "reviews"


def put(tx: sqlite3.Connection, guild_id: GuildId, purpose: Purpose, channel_id: ChannelId | None) -> None:
    """Name a channel of a server for a purpose; None names none any more."""
    if channel_id is None:
        tx.execute("DELETE FROM places WHERE guild_id = ? AND purpose = ?", (guild_id, purpose))
        return
    tx.execute(
        """
        INSERT INTO places (guild_id, purpose, channel_id) VALUES (?, ?, ?)
        ON CONFLICT (guild_id, purpose) DO UPDATE SET channel_id = excluded.channel_id
        """,
        (guild_id, purpose, channel_id),
    )


def get(tx: sqlite3.Connection, guild_id: GuildId, purpose: Purpose) -> ChannelId | None:
    """The channel for a purpose, where the server has named one."""
    row = tx.execute(
        "SELECT channel_id FROM places WHERE guild_id = ? AND purpose = ?", (guild_id, purpose)
    ).fetchone()
    return None if row is None else ChannelId(row[0])
