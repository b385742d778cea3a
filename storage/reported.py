"""Reports of clips: who says what is wrong with which, and whether those who manage the server were told."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import GuildId, JobId, UserId
from storage.times import from_us, maybe_from_us, to_us

WORDS_MAX = 1_000


class Reason(StrEnum):
    """What is wrong with a clip."""

    MINOR = "minor"
    INTIMATE = "intimate"
    LIKENESS = "likeness"
    VIOLENCE = "violence"
    RIGHTS = "rights"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One person's report of one clip. `hidden` is whether it hides the clip until somebody has looked."""

    id: str
    job_id: JobId
    guild_id: GuildId
    reporter_id: UserId
    reason: Reason
    words: str
    at: datetime
    hidden: bool
    told_tried_at: datetime | None = None


def insert(tx: sqlite3.Connection, report: Report) -> bool:
    """Write a report; False where this person has reported this clip before."""
    cursor = tx.execute(
        """
        INSERT INTO reports (id, job_id, guild_id, reporter_id, reason, words, at, hidden)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id, reporter_id) DO NOTHING
        """,
        (
            report.id,
            report.job_id,
            report.guild_id,
            report.reporter_id,
            report.reason,
            report.words,
            to_us(report.at),
            report.hidden,
        ),
    )
    return cursor.rowcount == 1


def untold(tx: sqlite3.Connection) -> list[Report]:
    """The reports of which nobody was told yet, the oldest first."""
    return [
        Report(
            id=row["id"],
            job_id=JobId(row["job_id"]),
            guild_id=GuildId(row["guild_id"]),
            reporter_id=UserId(row["reporter_id"]),
            reason=Reason(row["reason"]),
            words=row["words"],
            at=from_us(row["at"]),
            hidden=bool(row["hidden"]),
            told_tried_at=maybe_from_us(row["told_tried_at"]),
        )
        for row in tx.execute("SELECT * FROM reports WHERE told_at IS NULL ORDER BY at LIMIT 100")
    ]


def tried(tx: sqlite3.Connection, report_id: str, *, at: datetime) -> None:
    """Somebody is about to be told: from here on the notice may stand already."""
    tx.execute("UPDATE reports SET told_tried_at = ? WHERE id = ?", (to_us(at), report_id))


def told(tx: sqlite3.Connection, report_id: str, how: str, *, at: datetime) -> None:
    """Somebody was told of it, or nobody can be."""
    tx.execute("UPDATE reports SET told_at = ?, told_how = ? WHERE id = ?", (to_us(at), how, report_id))
