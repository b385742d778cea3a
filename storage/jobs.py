"""Rows of jobs: one function for each move, each a single statement that names the state it leaves.

Every function is part of the transaction of its caller; money moves beside it in `orders` and `worker`.
"""

import json
import sqlite3
from datetime import datetime

from bot.domain import (
    Attempt,
    AttemptOutcome,
    ChannelId,
    Fault,
    InteractionId,
    Job,
    JobId,
    Member,
    MessageId,
    Ticket,
)
from bot.errors import StaleJob
from storage import records
from storage.times import to_us

DETAIL_CHARS_MAX = 1_000
"""Of what a provider or Discord said, for the operator."""


def insert(tx: sqlite3.Connection, job: Job) -> None:
    """Write a new job.

    Raises:
        sqlite3.IntegrityError: `one_press_is_one_order`: this interaction's take is a job already.
    """
    order, quote = job.order, job.quote
    tx.execute(
        """
        INSERT INTO jobs (id, interaction_id, take, guild_id, channel_id, user_id, kind, prompt, model,
                          resolution, aspect_ratio, duration_s, seed, offer_id, price_micros,
                          per_second_micros, state, created_at, state_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            job.id,
            order.interaction_id,
            job.take,
            order.member.guild_id,
            order.channel_id,
            order.member.user_id,
            order.kind,
            order.prompt,
            order.model,
            order.resolution,
            order.aspect_ratio,
            order.duration_s,
            order.seed,
            quote.offer_id,
            quote.price_micros,
            quote.per_second_micros,
            job.state,
            to_us(job.created_at),
            to_us(job.state_at),
        ),
    )


def get(tx: sqlite3.Connection, job_id: JobId) -> Job | None:
    """One job."""
    row = tx.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else records.job(row)


def by_interaction(tx: sqlite3.Connection, interaction_id: InteractionId) -> Job | None:
    """The first take of the order that this press made, if it made one."""
    row = tx.execute("SELECT * FROM jobs WHERE interaction_id = ? AND take = 1", (interaction_id,)).fetchone()
    return None if row is None else records.job(row)


def in_hand(tx: sqlite3.Connection) -> list[JobId]:
    """The jobs that the worker has to move, the longest waiting first."""
    rows = tx.execute(
        """
        SELECT id FROM jobs
        WHERE state IN ('queued', 'submitting', 'uncertain', 'running', 'rendered', 'stored')
        ORDER BY state_at
        """
    )
    return [JobId(row[0]) for row in rows]


def with_stale_card(tx: sqlite3.Connection) -> list[JobId]:
    """The jobs whose card does not show their latest state."""
    return [JobId(row[0]) for row in tx.execute("SELECT id FROM jobs WHERE card_rev < rev")]


def count_in_flight(tx: sqlite3.Connection) -> int:
    """How many jobs have not ended and wait for no person."""
    row = tx.execute(
        """
        SELECT count(*) FROM jobs
        WHERE state IN ('queued', 'submitting', 'uncertain', 'running', 'rendered', 'stored')
        """
    ).fetchone()
    return int(row[0])


def newest_of(tx: sqlite3.Connection, member: Member, *, limit: int) -> list[Job]:
    """A member's latest jobs, newest first."""
    rows = tx.execute(
        "SELECT * FROM jobs WHERE guild_id = ? AND user_id = ? ORDER BY created_at DESC LIMIT ?",
        (member.guild_id, member.user_id, limit),
    )
    return [records.job(row) for row in rows]


def newest(tx: sqlite3.Connection, *, limit: int) -> list[Job]:
    """The latest jobs of the installation, newest first."""
    rows = tx.execute("SELECT * FROM jobs ORDER BY created_at DESC LIMIT ?", (limit,))
    return [records.job(row) for row in rows]


def submitting(tx: sqlite3.Connection, job: Job, *, provider: str, at: datetime) -> Attempt:
    """Queued → submitting, with its next attempt. Written before the call is made."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'submitting', rev = rev + 1, state_at = ?, attempt = attempt + 1
            WHERE id = ? AND state = 'queued' AND attempt = ?
            """,
            (to_us(at), job.id, job.attempt),
        ),
        job.id,
    )
    number = job.attempt + 1
    tx.execute(
        "INSERT INTO attempts (job_id, number, offer_id, provider, sent_at) VALUES (?, ?, ?, ?, ?)",
        (job.id, number, job.quote.offer_id, provider, to_us(at)),
    )
    return Attempt(job_id=job.id, number=number, offer_id=job.quote.offer_id, sent_at=at)


def attempt(tx: sqlite3.Connection, job_id: JobId, number: int) -> Attempt | None:
    """One submission of a job."""
    row = tx.execute("SELECT * FROM attempts WHERE job_id = ? AND number = ?", (job_id, number)).fetchone()
    return None if row is None else records.attempt(row)


def running(tx: sqlite3.Connection, attempt: Attempt, ticket: Ticket, *, at: datetime) -> None:
    """Submitting or uncertain → running: the provider has it, and this finds it again."""
    tx.execute(
        "UPDATE attempts SET outcome = 'taken', provider_job_id = ? WHERE job_id = ? AND number = ?",
        (ticket.provider_job_id, attempt.job_id, attempt.number),
    )
    written = json.dumps({"id": ticket.provider_job_id, "urls": dict(ticket.urls)})
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'running', rev = rev + 1, state_at = ?, ticket = ?
            WHERE id = ? AND state IN ('submitting', 'uncertain') AND attempt = ?
            """,
            (to_us(at), written, attempt.job_id, attempt.number),
        ),
        attempt.job_id,
    )


def queued_again(tx: sqlite3.Connection, attempt: Attempt, fault: Fault, *, at: datetime) -> None:
    """Submitting or uncertain → queued: certainly not taken, and another time may do."""
    _prove(tx, attempt, AttemptOutcome.NOT_TAKEN, f"{fault.code}: {fault.detail}")
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'queued', rev = rev + 1, state_at = ?
            WHERE id = ? AND state IN ('submitting', 'uncertain') AND attempt = ?
            """,
            (to_us(at), attempt.job_id, attempt.number),
        ),
        attempt.job_id,
    )


def refused(tx: sqlite3.Connection, attempt: Attempt, fault: Fault, *, at: datetime) -> None:
    """Submitting or uncertain → failed: certainly not taken, and never will be."""
    _prove(tx, attempt, AttemptOutcome.NOT_TAKEN, f"{fault.code}: {fault.detail}")
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'failed', rev = rev + 1, state_at = ?,
                            fault_kind = ?, fault_code = ?, fault_detail = ?
            WHERE id = ? AND state IN ('submitting', 'uncertain') AND attempt = ?
            """,
            (
                to_us(at),
                fault.kind,
                fault.code,
                fault.detail[:DETAIL_CHARS_MAX],
                attempt.job_id,
                attempt.number,
            ),
        ),
        attempt.job_id,
    )


def uncertain(tx: sqlite3.Connection, attempt: Attempt, detail: str, *, at: datetime) -> None:
    """Submitting → uncertain: the provider may have it, and may be billing us."""
    _prove(tx, attempt, AttemptOutcome.UNKNOWN, detail)
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'uncertain', rev = rev + 1, state_at = ?
            WHERE id = ? AND state = 'submitting' AND attempt = ?
            """,
            (to_us(at), attempt.job_id, attempt.number),
        ),
        attempt.job_id,
    )


def rendered(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Running → rendered."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'rendered', rev = rev + 1, state_at = ? WHERE id = ? AND state = 'running'
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def silent(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Running → uncertain: the provider has not answered for too long."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'uncertain', rev = rev + 1, state_at = ?
            WHERE id = ? AND state = 'running'
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def heard_again(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Uncertain → running: the provider of our ticket answers again."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'running', rev = rev + 1, state_at = ?
            WHERE id = ? AND state = 'uncertain' AND ticket IS NOT NULL
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def stored(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Rendered → stored."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'stored', rev = rev + 1, state_at = ? WHERE id = ? AND state = 'rendered'
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def posted(
    tx: sqlite3.Connection, job_id: JobId, channel_id: ChannelId, message_id: MessageId, *, at: datetime
) -> None:
    """Stored → posted."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'posted', rev = rev + 1, state_at = ?,
                            clip_channel_id = ?, clip_message_id = ?
            WHERE id = ? AND state = 'stored'
            """,
            (to_us(at), channel_id, message_id, job_id),
        ),
        job_id,
    )


def undeliverable(tx: sqlite3.Connection, job_id: JobId, fault: Fault, *, at: datetime) -> None:
    """Stored → undeliverable: the clip is ours, paid for, and no place takes it."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'undeliverable', rev = rev + 1, state_at = ?,
                            fault_kind = ?, fault_code = ?, fault_detail = ?
            WHERE id = ? AND state = 'stored'
            """,
            (to_us(at), fault.kind, fault.code, fault.detail[:DETAIL_CHARS_MAX], job_id),
        ),
        job_id,
    )


def failed(tx: sqlite3.Connection, job_id: JobId, fault: Fault, *, at: datetime) -> None:
    """Queued, uncertain or running → failed: its hold is open, and is the caller's to end."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'failed', rev = rev + 1, state_at = ?,
                            fault_kind = ?, fault_code = ?, fault_detail = ?
            WHERE id = ? AND state IN ('queued', 'uncertain', 'running')
            """,
            (to_us(at), fault.kind, fault.code, fault.detail[:DETAIL_CHARS_MAX], job_id),
        ),
        job_id,
    )


def asset_lost(tx: sqlite3.Connection, job_id: JobId, fault: Fault, *, at: datetime) -> None:
    """Rendered → failed: it was paid for, and the refund is the caller's to enter."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'failed', rev = rev + 1, state_at = ?,
                            fault_kind = ?, fault_code = ?, fault_detail = ?
            WHERE id = ? AND state = 'rendered'
            """,
            (to_us(at), fault.kind, fault.code, fault.detail[:DETAIL_CHARS_MAX], job_id),
        ),
        job_id,
    )


def cancelled(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Review, queued or running → cancelled; from running only on the provider's word."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'cancelled', rev = rev + 1, state_at = ?
            WHERE id = ? AND state IN ('review', 'queued', 'running')
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def wish_cancelled(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> bool:
    """Note that the member wants no clip, where it may still be stopped; False where it is too late."""
    cursor = tx.execute(
        """
        UPDATE jobs SET cancel_asked_at = coalesce(cancel_asked_at, ?)
        WHERE id = ? AND state IN ('submitting', 'uncertain', 'running')
        """,
        (to_us(at), job_id),
    )
    return cursor.rowcount == 1


def card_tried(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """The card is about to be posted (for the first time)."""
    tx.execute("UPDATE jobs SET card_tried_at = coalesce(card_tried_at, ?) WHERE id = ?", (to_us(at), job_id))


def card_posted(tx: sqlite3.Connection, job_id: JobId, message_id: MessageId, *, rev: int) -> None:
    """The card stands in the channel and shows the job as of `rev`."""
    tx.execute(
        "UPDATE jobs SET card_message_id = ?, card_rev = max(card_rev, ?) WHERE id = ?",
        (message_id, rev, job_id),
    )


def card_shown(tx: sqlite3.Connection, job_id: JobId, *, rev: int) -> None:
    """The card shows the job as of `rev` (or can no longer show anything, and is left alone)."""
    tx.execute("UPDATE jobs SET card_rev = max(card_rev, ?) WHERE id = ?", (rev, job_id))


def clip_tried(tx: sqlite3.Connection, job_id: JobId, channel_id: ChannelId, *, at: datetime) -> None:
    """The clip is about to be posted to this channel. Written before every post."""
    tx.execute(
        """
        UPDATE jobs SET clip_tried_at = coalesce(clip_tried_at, ?), clip_channel_id = ? WHERE id = ?
        """,
        (to_us(at), channel_id, job_id),
    )


def _prove(tx: sqlite3.Connection, attempt: Attempt, outcome: AttemptOutcome, detail: str) -> None:
    tx.execute(
        "UPDATE attempts SET outcome = ?, detail = ? WHERE job_id = ? AND number = ?",
        (outcome, detail[:DETAIL_CHARS_MAX], attempt.job_id, attempt.number),
    )


def _one(cursor: sqlite3.Cursor, job_id: JobId) -> None:
    if cursor.rowcount != 1:
        raise StaleJob(f"job {job_id} had moved on")
