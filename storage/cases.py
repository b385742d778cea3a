"""Cases: what is reported of one clip, until a moderator has decided, and how long that may take.

Every function is part of the transaction of its caller.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import ChannelId, GuildId, JobId, MessageId, UserId
from storage.reported import Reason
from storage.times import from_us, maybe_from_us, to_us

OPERATOR = UserId(0)
"""In place of a person, for what was decided at the operator's shell."""

AT_ONCE = 500


class Outcome(StrEnum):
    """What became of a reported clip."""

    DISMISSED = "dismissed"
    KEPT_HIDDEN = "kept_hidden"
    TAKEN_DOWN = "taken_down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is reported of one clip. `reason` is the gravest; `due_at` the end of the law's clock.

    `hidden_at` is when it was hidden in the rows, `unseen_at` when its message no longer showed it; `reports`
    is how many there are.
    """

    id: int
    job_id: JobId
    guild_id: GuildId
    reason: Reason
    opened_at: datetime
    due_at: datetime | None
    hidden_at: datetime | None
    unseen_at: datetime | None
    reminded_hours: int | None
    decided_at: datetime | None
    decided_by: UserId | None
    outcome: Outcome | None
    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A report with its case, for the record."""

    report_id: str
    reporter_id: UserId
    reason: Reason
    words: str
    at: datetime
    case: Case | None
    job_id: JobId
    guild_id: GuildId
    member_id: UserId


def begin(
    tx: sqlite3.Connection,
    job_id: JobId,
    guild_id: GuildId,
    reason: Reason,
    *,
    due_at: datetime | None,
    at: datetime,
) -> Case:
    """Open a case; there is none open of this clip."""
    tx.execute(
        "INSERT INTO cases (job_id, guild_id, reason, opened_at, due_at) VALUES (?, ?, ?, ?, ?)",
        (job_id, guild_id, reason.value, to_us(at), None if due_at is None else to_us(due_at)),
    )
    found = newest_of(tx, job_id)
    assert found is not None  # noqa: S101 - it was written a line above
    return found


def worsen(tx: sqlite3.Connection, case_id: int, reason: Reason, *, due_at: datetime | None) -> None:
    """A graver reason than those before; a clock that runs goes on as it was."""
    tx.execute(
        "UPDATE cases SET reason = ?, due_at = coalesce(due_at, ?) WHERE id = ? AND decided_at IS NULL",
        (reason.value, None if due_at is None else to_us(due_at), case_id),
    )


def newest_of(tx: sqlite3.Connection, job_id: JobId) -> Case | None:
    """The last case of a clip, open or decided."""
    row = tx.execute(
        """
        SELECT c.*, (SELECT count(DISTINCT r.reporter_id) FROM reports AS r WHERE r.case_id = c.id) AS reports
        FROM cases AS c WHERE c.job_id = ? ORDER BY c.id DESC LIMIT 1
        """,
        (job_id,),
    ).fetchone()
    return None if row is None else _case(row)


def was_dismissed(tx: sqlite3.Connection, job_id: JobId) -> bool:
    """Whether a moderator has looked at this clip before and let it be."""
    return (
        tx.execute(
            "SELECT 1 FROM cases WHERE job_id = ? AND outcome = 'dismissed' LIMIT 1", (job_id,)
        ).fetchone()
        is not None
    )


def reporters_that_count(tx: sqlite3.Connection, case_id: int) -> int:
    """How many people's reports count towards hiding the clip."""
    row = tx.execute(
        "SELECT count(DISTINCT reporter_id) FROM reports WHERE case_id = ? AND counts = 1", (case_id,)
    ).fetchone()
    return int(row[0])


def hidden(tx: sqlite3.Connection, case_id: int, *, at: datetime) -> None:
    """From now on nobody is to see its clip."""
    tx.execute("UPDATE cases SET hidden_at = ? WHERE id = ? AND hidden_at IS NULL", (to_us(at), case_id))


def unseen(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Its clip's message shows it no longer."""
    tx.execute(
        "UPDATE cases SET unseen_at = ? WHERE job_id = ? AND hidden_at IS NOT NULL AND unseen_at IS NULL",
        (to_us(at), job_id),
    )


def decide(
    tx: sqlite3.Connection,
    case_id: int,
    outcome: Outcome,
    *,
    by: UserId,
    at: datetime,
    instead_of_hidden: bool = False,
) -> bool:
    """Decide a case; False where somebody has.

    Args:
        tx: the transaction.
        case_id: which.
        outcome: what is to become of its clip.
        by: who decides.
        at: when.
        instead_of_hidden: whether the decision to keep it hidden may be changed by this one.
    """
    cursor = tx.execute(
        """
        UPDATE cases SET outcome = ?, decided_by = ?, decided_at = ?
        WHERE id = ? AND (outcome IS NULL OR (? AND outcome = 'kept_hidden'))
        """,
        (outcome.value, by, to_us(at), case_id, instead_of_hidden),
    )
    return cursor.rowcount == 1


def waiting(tx: sqlite3.Connection, guild_id: GuildId, *, reason: Reason | None, limit: int) -> list[Case]:
    """A server's open cases: those whose clock runs out first, then the oldest."""
    rows = tx.execute(
        """
        SELECT c.*, (SELECT count(DISTINCT r.reporter_id) FROM reports AS r WHERE r.case_id = c.id) AS reports
        FROM cases AS c
        WHERE c.guild_id = ? AND c.decided_at IS NULL AND (? IS NULL OR c.reason = ?)
        ORDER BY c.due_at IS NULL, c.due_at, c.id LIMIT ?
        """,
        (guild_id, reason, reason, limit),
    )
    return [_case(row) for row in rows]


def waiting_count(tx: sqlite3.Connection, guild_id: GuildId) -> int:
    """How many are open in a server."""
    row = tx.execute(
        "SELECT count(*) FROM cases WHERE guild_id = ? AND decided_at IS NULL", (guild_id,)
    ).fetchone()
    return int(row[0])


def running_out(tx: sqlite3.Connection, *, by: datetime, limit: int) -> list[Case]:
    """The open cases of all servers whose clock has run out by then, the soonest first."""
    rows = tx.execute(
        """
        SELECT c.*, (SELECT count(DISTINCT r.reporter_id) FROM reports AS r WHERE r.case_id = c.id) AS reports
        FROM cases AS c WHERE c.decided_at IS NULL AND c.due_at IS NOT NULL AND c.due_at <= ?
        ORDER BY c.due_at LIMIT ?
        """,
        (to_us(by), limit),
    )
    return [_case(row) for row in rows]


def reminded(tx: sqlite3.Connection, case_id: int, hours: int) -> bool:
    """So many hours are left, and somebody is told; False where that was done before."""
    cursor = tx.execute(
        """
        UPDATE cases SET reminded_hours = ?
        WHERE id = ? AND decided_at IS NULL AND (reminded_hours IS NULL OR reminded_hours > ?)
        """,
        (hours, case_id, hours),
    )
    return cursor.rowcount == 1


def reminder_posted(
    tx: sqlite3.Connection, case_id: int, channel_id: ChannelId, message_id: MessageId
) -> None:
    """Where a reminder of a case stands."""
    tx.execute(
        "INSERT INTO case_reminders (message_id, channel_id, case_id) VALUES (?, ?, ?)",
        (message_id, channel_id, case_id),
    )


def reminders_over(tx: sqlite3.Connection, *, limit: int) -> list[tuple[ChannelId, MessageId]]:
    """Reminders that still stand, of cases that are decided."""
    rows = tx.execute(
        """
        SELECT channel_id, message_id FROM case_reminders CROSS JOIN cases ON cases.id = case_id
        WHERE decided_at IS NOT NULL LIMIT ?
        """,
        (limit,),
    )
    return [(ChannelId(row[0]), MessageId(row[1])) for row in rows]


def reminder_over(tx: sqlite3.Connection, message_id: MessageId) -> None:
    """A reminder is gone, or says now what was decided."""
    tx.execute("DELETE FROM case_reminders WHERE message_id = ?", (message_id,))


def every_report(
    connection: sqlite3.Connection, *, guild_id: int | None, since: datetime, until: datetime
) -> Iterator[Recorded]:
    """Every report with its case, oldest first, a few at a time."""
    after = (to_us(since) - 1, "")
    while True:
        rows = connection.execute(
            """
            SELECT r.id AS report_id, r.reporter_id, r.reason AS report_reason, r.words, r.at, r.job_id,
                   r.guild_id, r.case_id, j.user_id AS member_id
            FROM reports AS r JOIN jobs AS j ON j.id = r.job_id
            WHERE (r.at, r.id) > (?, ?) AND r.at < ? AND (? IS NULL OR r.guild_id = ?)
            ORDER BY r.at, r.id LIMIT ?
            """,
            (*after, to_us(until), guild_id, guild_id, AT_ONCE),
        ).fetchall()
        for row in rows:
            yield Recorded(
                report_id=row["report_id"],
                reporter_id=UserId(row["reporter_id"]),
                reason=Reason(row["report_reason"]),
                words=row["words"],
                at=from_us(row["at"]),
                case=None if row["case_id"] is None else _of_id(connection, row["case_id"]),
                job_id=JobId(row["job_id"]),
                guild_id=GuildId(row["guild_id"]),
                member_id=UserId(row["member_id"]),
            )
        if len(rows) < AT_ONCE:
            return
        after = (rows[-1]["at"], rows[-1]["report_id"])


def reporters_to_hide(tx: sqlite3.Connection, guild_id: GuildId) -> int | None:
    """How many people hide a clip together in a server; None where it has not said."""
    row = tx.execute("SELECT reporters_to_hide FROM report_rules WHERE guild_id = ?", (guild_id,)).fetchone()
    return None if row is None else int(row[0])


def set_reporters_to_hide(tx: sqlite3.Connection, guild_id: GuildId, count: int) -> None:
    """Say how many people hide a clip together."""
    tx.execute(
        """
        INSERT INTO report_rules (guild_id, reporters_to_hide) VALUES (?, ?)
        ON CONFLICT (guild_id) DO UPDATE SET reporters_to_hide = excluded.reporters_to_hide
        """,
        (guild_id, count),
    )


def _of_id(connection: sqlite3.Connection, case_id: int) -> Case:
    row = connection.execute(
        """
        SELECT c.*, (SELECT count(DISTINCT r.reporter_id) FROM reports AS r WHERE r.case_id = c.id) AS reports
        FROM cases AS c WHERE c.id = ?
        """,
        (case_id,),
    ).fetchone()
    return _case(row)


def _case(row: sqlite3.Row) -> Case:
    return Case(
        id=row["id"],
        job_id=JobId(row["job_id"]),
        guild_id=GuildId(row["guild_id"]),
        reason=Reason(row["reason"]),
        opened_at=from_us(row["opened_at"]),
        due_at=maybe_from_us(row["due_at"]),
        hidden_at=maybe_from_us(row["hidden_at"]),
        unseen_at=maybe_from_us(row["unseen_at"]),
        reminded_hours=row["reminded_hours"],
        decided_at=maybe_from_us(row["decided_at"]),
        decided_by=None if row["decided_by"] is None else UserId(row["decided_by"]),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        reports=row["reports"],
    )
