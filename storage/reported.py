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
    """One person's report of one clip. `hidden` is whether that is hidden until somebody has looked.

    `counts` is whether it is one of those that hide a clip together, `alone` whether it did by itself.
    """

    id: str
    job_id: JobId
    guild_id: GuildId
    reporter_id: UserId
    reason: Reason
    words: str
    at: datetime
    hidden: bool
    told_tried_at: datetime | None = None
    case_id: int | None = None
    counts: bool = True
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How somebody has reported before: in the last day, and how moderators found what they said.

    `alone` is how many clips their word alone has hidden in the last day.
    """

    today: int
    alone: int
    dismissed: int
    upheld: int


def insert(tx: sqlite3.Connection, report: Report) -> bool:
    """Write a report; False where this person has reported this clip for this reason before."""
    cursor = tx.execute(
        """
        INSERT INTO reports (id, job_id, guild_id, reporter_id, reason, words, at, hidden, case_id, counts,
                             alone)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id, reporter_id, reason) DO NOTHING
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
            report.case_id,
            report.counts,
            report.alone,
        ),
    )
    return cursor.rowcount == 1


def reasons(tx: sqlite3.Connection, job_id: JobId, reporter_id: UserId) -> list[Reason]:
    """What this person has said to be wrong with this clip before."""
    rows = tx.execute(
        "SELECT reason FROM reports WHERE job_id = ? AND reporter_id = ?", (job_id, reporter_id)
    )
    return [Reason(row["reason"]) for row in rows]


def standing(
    tx: sqlite3.Connection, guild_id: GuildId, reporter_id: UserId, *, day: datetime, judged_since: datetime
) -> Standing:
    """How this person has reported here since `day`, and what became of it since `judged_since`."""
    row = tx.execute(
        """
        SELECT count(DISTINCT CASE WHEN r.at >= ?1 THEN r.job_id END),
               coalesce(sum(r.at >= ?1 AND r.alone = 1), 0),
               count(DISTINCT CASE WHEN c.outcome = 'dismissed' THEN c.id END),
               count(DISTINCT CASE WHEN c.outcome <> 'dismissed' THEN c.id END)
        FROM reports AS r LEFT JOIN cases AS c ON c.id = r.case_id
        WHERE r.guild_id = ?2 AND r.reporter_id = ?3 AND r.at >= ?4
        """,
        (to_us(day), guild_id, reporter_id, to_us(judged_since)),
    ).fetchone()
    return Standing(today=row[0], alone=row[1], dismissed=row[2], upheld=row[3])


def changed(tx: sqlite3.Connection, report_id: str, *, hidden: bool, alone: bool) -> None:
    """What a report led to, known after it was written."""
    tx.execute("UPDATE reports SET hidden = ?, alone = ? WHERE id = ?", (hidden, alone, report_id))


def untold(tx: sqlite3.Connection) -> list[Report]:
    """The reports of which nobody was told yet, the oldest first."""
    return [
        _report(row)
        for row in tx.execute("SELECT * FROM reports WHERE told_at IS NULL ORDER BY at LIMIT 100")
    ]


def tried(tx: sqlite3.Connection, report_id: str, *, at: datetime) -> None:
    """Somebody is about to be told: from here on the notice may stand already."""
    tx.execute("UPDATE reports SET told_tried_at = ? WHERE id = ?", (to_us(at), report_id))


def of_case(tx: sqlite3.Connection, case_id: int, *, limit: int) -> list[Report]:
    """The reports of a case, the oldest first."""
    rows = tx.execute("SELECT * FROM reports WHERE case_id = ? ORDER BY at, id LIMIT ?", (case_id, limit))
    return [_report(row) for row in rows]


def before(tx: sqlite3.Connection, report: Report) -> list[Report]:
    """The reports of the same case that were made before it, at most 100."""
    rows = tx.execute(
        "SELECT * FROM reports WHERE case_id = ? AND (at, id) < (?, ?) ORDER BY at, id LIMIT 100",
        (report.case_id, to_us(report.at), report.id),
    )
    return [_report(row) for row in rows]


def told(tx: sqlite3.Connection, report_id: str, how: str, *, at: datetime) -> None:
    """Somebody was told of it, or nobody can be."""
    tx.execute("UPDATE reports SET told_at = ?, told_how = ? WHERE id = ?", (to_us(at), how, report_id))


def _report(row: sqlite3.Row) -> Report:
    return Report(
        id=row["id"],
        job_id=JobId(row["job_id"]),
        guild_id=GuildId(row["guild_id"]),
        reporter_id=UserId(row["reporter_id"]),
        reason=Reason(row["reason"]),
        words=row["words"],
        at=from_us(row["at"]),
        hidden=bool(row["hidden"]),
        told_tried_at=maybe_from_us(row["told_tried_at"]),
        case_id=row["case_id"],
        counts=bool(row["counts"]),
        alone=bool(row["alone"]),
    )
