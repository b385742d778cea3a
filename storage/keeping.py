"""What is kept no longer than it may be, kind by kind; the oldest first, a little at a time."""

import sqlite3
from datetime import datetime

from bot.domain import JobId
from storage import forgotten
from storage.times import to_us


def prompts(
    tx: sqlite3.Connection, *, before: datetime | None, without_clip_before: datetime, limit: int
) -> int:
    """Erase the words of orders that ended before then, or that ended without a clip that is still kept."""
    rows = tx.execute(
        """
        SELECT jobs.id, jobs.order_id FROM jobs LEFT JOIN clips ON clips.job_id = jobs.id
        WHERE jobs.prompt <> '…'
            AND jobs.state IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled')
            AND (jobs.state_at < ?1
                OR (jobs.state_at < ?2 AND (clips.state IS NULL OR clips.state NOT IN ('shown', 'hidden'))))
            AND NOT EXISTS (
                SELECT 1 FROM removals WHERE removals.job_id = jobs.id AND removals.done_at IS NULL)
            AND NOT EXISTS (
                SELECT 1 FROM jobs AS others
                WHERE (others.id = jobs.order_id OR others.order_id = jobs.order_id AND others.take > 1)
                    AND others.state NOT IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled'))
        LIMIT ?3
        """,
        (-1 if before is None else to_us(before), to_us(without_clip_before), limit),
    ).fetchall()
    for row in rows:
        forgotten.job_words(tx, JobId(row[0]), JobId(row[1]))
    return len(rows)


def pictures(tx: sqlite3.Connection, *, before: datetime, limit: int) -> list[str]:
    """Pictures that were kept before then, and that no order on its way starts from."""
    rows = tx.execute(
        """
        SELECT id FROM pictures WHERE kept_at < ?
            AND NOT EXISTS (
                SELECT 1 FROM jobs WHERE substr(jobs.source_file, 1, 9 + length(pictures.id))
                        = 'pictures/' || pictures.id
                    AND jobs.state NOT IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled'))
        ORDER BY kept_at LIMIT ?
        """,
        (to_us(before), limit),
    )
    return [str(row[0]) for row in rows]


def texts(tx: sqlite3.Connection, *, before: datetime) -> int:
    """Erase the words of reports, appeals, sanctions and decisions from before then; ids and times stay."""
    at, changes = to_us(before), tx.total_changes
    tx.execute(
        """
        UPDATE reports SET words = '' WHERE at < ? AND words <> ''
            AND NOT EXISTS (SELECT 1 FROM cases WHERE cases.id = reports.case_id AND cases.decided_at IS NULL)
        """,
        (at,),
    )
    tx.execute(
        "UPDATE appeals SET words = '…' WHERE decided_at IS NOT NULL AND decided_at < ? AND words <> '…'",
        (at,),
    )
    tx.execute(
        """
        UPDATE sanctions SET reason = '…' WHERE at < ?1 AND reason NOT IN ('', '…')
            AND (lifted_at IS NOT NULL OR (until IS NOT NULL AND until < ?1))
        """,
        (at,),
    )
    tx.execute(
        """
        UPDATE reviews SET reason = '…'
        WHERE decided_at IS NOT NULL AND decided_at < ? AND reason NOT IN ('', '…')
        """,
        (at,),
    )
    return tx.total_changes - changes


def forms(tx: sqlite3.Connection, *, at: datetime, day_ago: datetime, week_ago: datetime) -> int:
    """Forget quotes, forms, searches and ways to answers whose time is over."""
    changes = tx.total_changes
    tx.execute("DELETE FROM quotes WHERE expires_at < ?", (to_us(day_ago),))
    tx.execute("DELETE FROM sheets WHERE opened_at < ?", (to_us(day_ago),))
    tx.execute("DELETE FROM opened_forms WHERE opened_at < ?", (to_us(day_ago),))
    tx.execute("DELETE FROM searches WHERE searched_at < ?", (to_us(week_ago),))
    tx.execute("DELETE FROM answers WHERE expires_at < ?", (to_us(at),))
    tx.execute("DELETE FROM sent_copies WHERE expires_at < ?", (to_us(at),))
    return tx.total_changes - changes
