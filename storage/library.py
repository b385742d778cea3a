"""What somebody looked for on the shelf, kept for the buttons below it; and the families of clips."""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain import GuildId, Job, JobId, Kind, Member, UserId
from storage import records
from storage.times import from_us, to_us

KEPT_FOR = timedelta(days=7)
"""Nobody has an ephemeral message for longer than that."""


class Aisle(StrEnum):
    """Where on the shelf somebody looks."""

    MINE = "mine"
    SERVER = "server"
    FAVOURITES = "favourites"
    BEST = "best"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody looks for; None is all. `month` is its first day, in UTC."""

    id: str
    member: Member
    aisle: Aisle
    words: str = ""
    model: str | None = None
    kind: Kind | None = None
    member_id: UserId | None = None
    month: date | None = None
    searched_at: datetime


def insert(tx: sqlite3.Connection, search: Search) -> None:
    """Write a search, and forget those that are too old."""
    tx.execute("DELETE FROM searches WHERE searched_at < ?", (to_us(search.searched_at - KEPT_FOR),))
    tx.execute(
        """
        INSERT INTO searches (id, guild_id, user_id, aisle, words, model, kind, member_id, month, searched_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            search.id,
            search.member.guild_id,
            search.member.user_id,
            search.aisle,
            search.words,
            search.model,
            search.kind,
            search.member_id,
            None if search.month is None else search.month.toordinal(),
            to_us(search.searched_at),
        ),
    )


def get(tx: sqlite3.Connection, search_id: str) -> Search | None:
    """A search, as long as it is kept."""
    row = tx.execute("SELECT * FROM searches WHERE id = ?", (search_id,)).fetchone()
    if row is None:
        return None
    return Search(
        id=row["id"],
        member=Member(guild_id=GuildId(row["guild_id"]), user_id=UserId(row["user_id"])),
        aisle=Aisle(row["aisle"]),
        words=row["words"],
        model=row["model"],
        kind=None if row["kind"] is None else Kind(row["kind"]),
        member_id=None if row["member_id"] is None else UserId(row["member_id"]),
        month=None if row["month"] is None else date.fromordinal(row["month"]),
        searched_at=from_us(row["searched_at"]),
    )


def made_from(tx: sqlite3.Connection, job_id: JobId, *, limit: int) -> list[Job]:
    """The jobs that went on from the clip of a job and have a clip themselves, the oldest first."""
    rows = tx.execute(
        """
        SELECT jobs.* FROM jobs JOIN clips ON clips.job_id = jobs.id
        WHERE jobs.source_job_id = ? AND (jobs.state = 'posted' OR jobs.state = 'undeliverable')
        ORDER BY jobs.created_at, jobs.id LIMIT ?
        """,
        (job_id, limit),
    )
    return [records.job(row) for row in rows]
