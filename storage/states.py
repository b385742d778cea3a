"""The moves of jobs: one function for each, a single statement that names the state it leaves.

Every function is part of the transaction of its caller; money moves beside it, in `bot.jobs.moves`.
"""

import json
import sqlite3
from datetime import datetime

from bot.domain import (
    Attempt,
    AttemptOutcome,
    ChannelId,
    Fault,
    Job,
    JobId,
    MessageId,
    Micros,
    OfferId,
    Ticket,
)
from bot.errors import StaleJob
from storage.times import to_us

DETAIL_CHARS_MAX = 1_000
"""Of what a provider or Discord said, for the operator."""


def submitting(
    tx: sqlite3.Connection,
    job: Job,
    *,
    provider: str,
    at: datetime,
    offer_id: OfferId | None = None,
    price_micros: Micros | None = None,
) -> Attempt:
    """Queued → submitting, with its next attempt. Written before the call is made.

    `offer_id` is where it goes, which is its place from now on, and `price_micros` what it costs there;
    left out, they are those of its quote. More than that is refused.
    """
    offer_id = job.quote.offer_id if offer_id is None else offer_id
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'submitting', rev = rev + 1, state_at = ?, attempt = attempt + 1,
                            offer_id = ?
            WHERE id = ? AND state = 'queued' AND attempt = ?
            """,
            (to_us(at), offer_id, job.id, job.attempt),
        ),
        job.id,
    )
    number = job.attempt + 1
    tx.execute(
        """
        INSERT INTO attempts (job_id, number, offer_id, provider, sent_at, price_micros)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (
            job.id,
            number,
            offer_id,
            provider,
            to_us(at),
            job.quote.price_micros if price_micros is None else price_micros,
        ),
    )
    return Attempt(job_id=job.id, number=number, offer_id=offer_id, sent_at=at)


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


def rendered(tx: sqlite3.Connection, job_id: JobId, *, at: datetime, rendered_id: str | None = None) -> None:
    """Running → rendered, as what the provider calls it."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'rendered', rev = rev + 1, state_at = ?, rendered_id = ?
            WHERE id = ? AND state = 'running'
            """,
            (to_us(at), rendered_id, job_id),
        ),
        job_id,
    )


def silent(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Running → uncertain: the provider has not answered for too long, or not with an end."""
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


def kept(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Stored → undeliverable, and nothing is wrong: the clip is its member's alone until it is published."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'undeliverable', rev = rev + 1, state_at = ?
            WHERE id = ? AND state = 'stored' AND private = 1
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def published(
    tx: sqlite3.Connection, job_id: JobId, channel_id: ChannelId, message_id: MessageId, *, at: datetime
) -> None:
    """Undeliverable → posted: its member has published it, or another place was found."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'posted', rev = rev + 1, state_at = ?,
                            clip_channel_id = ?, clip_message_id = ?
            WHERE id = ? AND state = 'undeliverable'
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


def approved(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Review → queued: a moderator has let the order pass."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'queued', rev = rev + 1, state_at = ? WHERE id = ? AND state = 'review'
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def withheld(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Stored → withheld: a moderator looks at the clip before anybody else does."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'withheld', rev = rev + 1, state_at = ? WHERE id = ? AND state = 'stored'
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def passed(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Withheld → stored: a moderator has let the clip pass, and it goes the way of every other."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'stored', rev = rev + 1, state_at = ?
            WHERE id = ? AND state = 'withheld'
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def rejected(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Review or withheld → rejected: what it costs is the caller's to enter."""
    _one(
        tx.execute(
            """
            UPDATE jobs SET state = 'rejected', rev = rev + 1, state_at = ?
            WHERE id = ? AND state IN ('review', 'withheld')
            """,
            (to_us(at), job_id),
        ),
        job_id,
    )


def withdrawn(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Withheld → cancelled: its member wants it shown no more. It was made, so it stays paid."""
    if not withdrawn_if_withheld(tx, job_id, at=at):
        raise StaleJob(f"job {job_id} had moved on")


def withdrawn_if_withheld(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> bool:
    """The same of a job that may be withheld; False where it is not."""
    cursor = tx.execute(
        """
        UPDATE jobs SET state = 'cancelled', rev = rev + 1, state_at = ?
        WHERE id = ? AND state = 'withheld'
        """,
        (to_us(at), job_id),
    )
    return cursor.rowcount == 1


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


def _prove(tx: sqlite3.Connection, attempt: Attempt, outcome: AttemptOutcome, detail: str) -> None:
    tx.execute(
        "UPDATE attempts SET outcome = ?, detail = ? WHERE job_id = ? AND number = ?",
        (outcome, detail[:DETAIL_CHARS_MAX], attempt.job_id, attempt.number),
    )


def _one(cursor: sqlite3.Cursor, job_id: JobId) -> None:
    if cursor.rowcount != 1:
        raise StaleJob(f"job {job_id} had moved on")
