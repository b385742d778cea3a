"""Every channel that a server's people have named for something, with what it is for."""

import sqlite3
from dataclasses import dataclass

from bot.domain import ChannelId, GuildId


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed:
    """A channel and what it is for: `alerts`, `gallery`, `log`, or a purpose of `storage.places`."""

    guild_id: GuildId
    channel_id: ChannelId
    purpose: str


def channels(connection: sqlite3.Connection) -> list[Appointed]:
    """All of them, by server."""
    rows = connection.execute(
        """
        SELECT guild_id, channel_id, purpose FROM places
        UNION SELECT guild_id, channel_id, 'alerts' FROM alert_channels
        UNION SELECT guild_id, channel_id, 'gallery' FROM galleries
        UNION SELECT guild_id, channel_id, 'log' FROM act_channels
        ORDER BY 1, 2, 3
        """
    )
    return [Appointed(guild_id=GuildId(row[0]), channel_id=ChannelId(row[1]), purpose=row[2]) for row in rows]
