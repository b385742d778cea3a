"""The clips that an order can go on from: those that are shown, by who made them and where they are."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain import ChannelId, Clip, GuildId, JobId, Member
from storage import clips
from storage.times import from_us

START_CHARS = 200
"""So much of a prompt is looked through and shown where one of many is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """As much of a clip as it takes to choose it; `take` is None where it was the only one of its order."""

    job_id: JobId
    prompt_start: str
    model: str
    created_at: datetime
    take: int | None = None


def shown(tx: sqlite3.Connection, job_id: JobId, *, folder: Path) -> Clip | None:
    """The clip of a job, where it is neither hidden nor gone."""
    row = tx.execute("SELECT 1 FROM clips WHERE job_id = ? AND state = 'shown'", (job_id,)).fetchone()
    return None if row is None else clips.get(tx, job_id, folder=folder)


def newest_of(tx: sqlite3.Connection, member: Member, *, limit: int) -> list[Shown]:
    """A member's latest clips, the newest first."""
    rows = tx.execute(
        """
        SELECT jobs.id, substr(jobs.prompt, 1, ?), jobs.model, jobs.created_at, jobs.take,
               jobs.takes
        FROM jobs JOIN clips ON clips.job_id = jobs.id
        WHERE jobs.guild_id = ? AND jobs.user_id = ? AND jobs.state IN ('posted', 'undeliverable')
              AND clips.state = 'shown'
        ORDER BY jobs.created_at DESC LIMIT ?
        """,
        (START_CHARS, member.guild_id, member.user_id, limit),
    )
    return [_shown(row) for row in rows]


def newest_in(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, *, limit: int) -> list[Shown]:
    """The latest clips that a channel shows to everybody, the newest first."""
    rows = tx.execute(
        """
        SELECT jobs.id, substr(jobs.prompt, 1, ?), jobs.model, jobs.created_at, jobs.take,
               jobs.takes
        FROM jobs JOIN clips ON clips.job_id = jobs.id
        WHERE jobs.clip_channel_id = ? AND jobs.guild_id = ? AND jobs.state = 'posted'
              AND clips.state = 'shown'
        ORDER BY jobs.created_at DESC LIMIT ?
        """,
        (START_CHARS, channel_id, guild_id, limit),
    )
    return [_shown(row) for row in rows]


def _shown(row: sqlite3.Row) -> Shown:
    return Shown(
        job_id=JobId(row[0]),
        prompt_start=row[1],
        model=row[2],
        created_at=from_us(row[3]),
        take=row[4] if row[5] > 1 else None,
    )
