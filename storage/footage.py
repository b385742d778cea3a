"""The clips that an order can go on from: those that are shown, by who made them and where they are."""

import sqlite3
from pathlib import Path

from bot.domain import ChannelId, Clip, GuildId, Job, JobId, Member
from storage import clips, records


def shown(tx: sqlite3.Connection, job_id: JobId, *, folder: Path) -> Clip | None:
    """The clip of a job, where it is neither hidden nor gone."""
    row = tx.execute("SELECT 1 FROM clips WHERE job_id = ? AND state = 'shown'", (job_id,)).fetchone()
    return None if row is None else clips.get(tx, job_id, folder=folder)


def newest_of(tx: sqlite3.Connection, member: Member, *, limit: int) -> list[Job]:
    """The jobs of a member's latest clips that are shown, the newest first."""
    rows = tx.execute(
        """
        SELECT jobs.* FROM jobs JOIN clips ON clips.job_id = jobs.id
        WHERE jobs.guild_id = ? AND jobs.user_id = ? AND clips.state = 'shown'
        ORDER BY jobs.created_at DESC LIMIT ?
        """,
        (member.guild_id, member.user_id, limit),
    )
    return [records.job(row) for row in rows]


def newest_in(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, *, limit: int) -> list[Job]:
    """The jobs of the latest clips that a channel shows to everybody, the newest first."""
    rows = tx.execute(
        """
        SELECT jobs.* FROM jobs JOIN clips ON clips.job_id = jobs.id
        WHERE jobs.clip_channel_id = ? AND jobs.guild_id = ? AND jobs.state = 'posted'
              AND jobs.private = 0 AND clips.state = 'shown'
        ORDER BY jobs.created_at DESC LIMIT ?
        """,
        (channel_id, guild_id, limit),
    )
    return [records.job(row) for row in rows]
