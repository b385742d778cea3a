"""The channels in which servers want their acts shown, and how far that is done.

Every function is part of the transaction of its caller.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import ChannelId, GuildId, UserId
from storage.times import maybe_from_us, to_us

AT_ONCE_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ActChannel:
    """One of them: acts up to `told_number` are shown, and perhaps, since `tried_at`, to `trying_number`."""

    guild_id: GuildId
    channel_id: ChannelId
    told_number: int
    trying_number: int | None
    tried_at: datetime | None
    refused: str | None


def choose(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    channel_id: ChannelId | None,
    *,
    told_number: int,
    by: UserId,
    at: datetime,
) -> None:
    """Name the channel, which is shown what comes after this act; None names none any more."""
    tx.execute("DELETE FROM act_channels WHERE guild_id = ?", (guild_id,))
    if channel_id is not None:
        tx.execute(
            """
            INSERT INTO act_channels (guild_id, channel_id, chosen_by, chosen_at, told_number)
            VALUES (?, ?, ?, ?, ?)
            """,
            (guild_id, channel_id, by, to_us(at), told_number),
        )


def of(tx: sqlite3.Connection, guild_id: GuildId) -> ActChannel | None:
    """A server's."""
    row = tx.execute("SELECT * FROM act_channels WHERE guild_id = ?", (guild_id,)).fetchone()
    return None if row is None else _channel(row)


def behind(tx: sqlite3.Connection) -> list[ActChannel]:
    """Those that take messages and in whose server there are acts that they do not show."""
    rows = tx.execute(
        """
        SELECT * FROM act_channels AS c
        WHERE c.refused IS NULL AND EXISTS (
            SELECT 1 FROM acts AS a WHERE a.guild_id = c.guild_id AND a.number > c.told_number)
        ORDER BY c.told_number LIMIT ?
        """,
        (AT_ONCE_MAX,),
    )
    return [_channel(row) for row in rows]


def trying(tx: sqlite3.Connection, guild_id: GuildId, number: int, *, at: datetime) -> None:
    """A post up to this act is about to be sent; when that was first tried is kept."""
    tx.execute(
        """
        UPDATE act_channels SET tried_at = CASE WHEN trying_number = ?1 THEN tried_at ELSE ?2 END,
                                trying_number = ?1
        WHERE guild_id = ?3 AND told_number < ?1
        """,
        (number, to_us(at), guild_id),
    )


def told(tx: sqlite3.Connection, guild_id: GuildId, number: int) -> None:
    """Acts up to this one are shown."""
    tx.execute(
        """
        UPDATE act_channels SET told_number = ?1, trying_number = NULL, tried_at = NULL
        WHERE guild_id = ?2 AND told_number < ?1
        """,
        (number, guild_id),
    )


def refused(tx: sqlite3.Connection, guild_id: GuildId, why: str) -> None:
    """Its channel takes nothing of ours: nothing is tried again until one is chosen anew."""
    tx.execute("UPDATE act_channels SET refused = ? WHERE guild_id = ?", (why, guild_id))


def _channel(row: sqlite3.Row) -> ActChannel:
    return ActChannel(
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        told_number=row["told_number"],
        trying_number=row["trying_number"],
        tried_at=maybe_from_us(row["tried_at"]),
        refused=row["refused"],
    )
