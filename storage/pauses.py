"""Places in which moderators have stopped orders and submissions, and what waits there.

Every function is part of the transaction of its caller.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.domain import ChannelId, GuildId, JobId, Micros, UserId
from storage.connection import ask_beside, remember
from storage.times import from_us, to_us

WHOLE_SERVER = ChannelId(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A place that is paused; `channel_id` is `WHOLE_SERVER` for all of it."""

    guild_id: GuildId
    channel_id: ChannelId
    paused_by: UserId
    paused_at: datetime


class Waiting(NamedTuple):
    """A job that is not submitted before its place goes on, and what is set aside for it."""

    job_id: JobId
    price_micros: Micros


def pause(tx: sqlite3.Connection, wanted: Pause) -> bool:
    """Stop a place; False where it is stopped already."""
    cursor = tx.execute(
        """
        INSERT INTO pauses (guild_id, channel_id, paused_by, paused_at) VALUES (?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        (wanted.guild_id, wanted.channel_id, wanted.paused_by, to_us(wanted.paused_at)),
    )
    return cursor.rowcount == 1


def resume(
    tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, *, by: UserId, at: datetime
) -> bool:
    """Let a place go on; False where it was not stopped."""
    cursor = tx.execute(
        """
        UPDATE pauses SET resumed_at = ?, resumed_by = ?
        WHERE guild_id = ? AND channel_id = ? AND resumed_at IS NULL
        """,
        (to_us(at), by, guild_id, channel_id),
    )
    return cursor.rowcount == 1


def holding(tx: sqlite3.Connection, guild_id: GuildId, channels: Sequence[ChannelId]) -> Pause | None:
    """The pause of a server, or else of one of these channels."""
    found = remember(tx, _of_guild, guild_id)
    if not found:
        return None
    return next((one for one in found if one.channel_id in (WHOLE_SERVER, *channels)), None)


def open_(tx: sqlite3.Connection) -> list[Pause]:
    """Every pause that holds now."""
    rows = tx.execute(
        "SELECT guild_id, channel_id, paused_by, paused_at FROM pauses WHERE resumed_at IS NULL ORDER BY id"
    )
    return [_pause(row) for row in rows]


def resumed_since(tx: sqlite3.Connection, since: datetime) -> dict[tuple[GuildId, ChannelId], datetime]:
    """When places went on again, the latest time of each."""
    rows = tx.execute(
        """
        SELECT guild_id, channel_id, max(resumed_at) FROM pauses WHERE resumed_at >= ?
        GROUP BY guild_id, channel_id
        """,
        (to_us(since),),
    )
    return {(GuildId(row[0]), ChannelId(row[1])): from_us(row[2]) for row in rows}


def waiting(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId) -> list[Waiting]:
    """The jobs of a channel with its threads that no provider has yet, the longest waiting first."""
    rows = tx.execute(
        """
        SELECT id, price_micros FROM jobs
        WHERE state = 'queued' AND guild_id = ?1 AND (?2 = 0 OR channel_id = ?2 OR parent_id = ?2)
        ORDER BY state_at
        """,
        (guild_id, channel_id),
    )
    return [Waiting(JobId(row[0]), Micros(row[1])) for row in rows]


def _of_guild(tx: sqlite3.Connection, guild_id: GuildId) -> list[Pause]:
    rows = ask_beside(
        tx,
        """
        SELECT guild_id, channel_id, paused_by, paused_at FROM pauses
        WHERE guild_id = ? AND resumed_at IS NULL ORDER BY channel_id
        """,
        (guild_id,),
    )
    return [_pause(row) for row in rows]


def _pause(row: sqlite3.Row | tuple[int, ...]) -> Pause:
    return Pause(
        guild_id=GuildId(row[0]),
        channel_id=ChannelId(row[1]),
        paused_by=UserId(row[2]),
        paused_at=from_us(row[3]),
    )
