"""The moves of a job that carry money: its state and the ledger, always in one transaction."""

import sqlite3
from datetime import datetime

from bot.domain import NOTHING_MICROS, Attempt, Clip, Fault, Job, JobId, JobState, Micros, Scope
from bot.errors import StorageError
from storage import attempts, characters, clips, drifts, jobs, ledger, states


def refused(attempt: Attempt, fault: Fault, at: datetime, tx: sqlite3.Connection) -> None:
    """Submitting → failed: certainly not taken, nothing is owed."""
    states.refused(tx, attempt, fault, at=at)
    ledger.release(tx, attempt.job_id, at=at)


def not_taken(attempt: Attempt, fault: Fault, at: datetime, tx: sqlite3.Connection) -> bool:
    """Submitting or uncertain → queued; and on to cancelled where its member has wished that meanwhile.

    What the house has taken over has failed: its member's money is free since then, and may be spent. Returns
    whether it is to be submitted again.
    """
    job = jobs.get(tx, attempt.job_id)
    if job is not None and job.state is JobState.UNCERTAIN and _is_the_houses(tx, job.id):
        refused(attempt, fault, at, tx)
        return False
    states.queued_again(tx, attempt, fault, at=at)
    if job is None or job.cancel_asked_at is None:
        return True
    stopped(attempt.job_id, NOTHING_MICROS, at, tx)
    return False


def rendered(
    job_id: JobId,
    billed: Micros | None,
    at: datetime,
    tx: sqlite3.Connection,
    *,
    rendered_id: str | None = None,
) -> Micros:
    """Running → rendered: the hold is spent. Returns what the provider billed above it.

    Where it does not say what it billed, that is what the offer that took it costs.
    """
    states.rendered(tx, job_id, rendered_id=rendered_id, at=at)
    if billed is None:
        return _captured(tx, job_id, attempts.price(tx, job_id), at)
    overrun = _captured(tx, job_id, billed, at)
    drifts.count(tx, job_id, billed, at=at)
    return overrun


def failed(
    job_id: JobId, fault: Fault, billed: Micros | None, at: datetime, tx: sqlite3.Connection
) -> Micros:
    """Queued, uncertain or running → failed: the member pays only what the provider says that it billed.

    Where nobody says (None: it has forgotten the job, and may bill it) the member pays nothing, and the house
    what was held. Returns what was billed above the hold.
    """
    states.failed(tx, job_id, fault, at=at)
    return _end(tx, job_id, billed, at)


def stopped(job_id: JobId, billed: Micros | None, at: datetime, tx: sqlite3.Connection) -> Micros:
    """Queued → cancelled, or running → cancelled on the provider's word: paid as it bills, and as `failed`.

    Returns what it billed above the hold.
    """
    states.cancelled(tx, job_id, at=at)
    return _end(tx, job_id, billed, at)


def stored(clip: Clip, at: datetime, tx: sqlite3.Connection) -> None:
    """Rendered → stored: the bytes are on our disk."""
    clips.insert(tx, clip)
    states.stored(tx, clip.job_id, at=at)


def character_made(job: Job, provider_id: str, at: datetime, tx: sqlite3.Connection) -> None:
    """Rendered → stored: its character can be ordered with, by this id of its provider's."""
    source, provider = job.order.source, job.quote.provider
    if source is None or not characters.made(
        tx, source.path, job_id=job.id, provider=provider, provider_id=provider_id, at=at
    ):
        raise StorageError(f"job {job.id} made a character that nobody knows")
    states.stored(tx, job.id, at=at)


def asset_lost(job_id: JobId, fault: Fault, at: datetime, tx: sqlite3.Connection) -> None:
    """Rendered → failed: the clip was paid for and is gone. The member is refunded, the house pays."""
    states.asset_lost(tx, job_id, fault, at=at)
    ledger.refund(tx, job_id, at=at)


def rejected(job: Job, at: datetime, tx: sqlite3.Connection, *, refund: bool) -> None:
    """Review or withheld → rejected: denied by a moderator, or too old.

    Before it was submitted nothing is owed. A withheld clip has been paid for: with `refund` (the server's
    rule, and always where nobody looked in time) the house pays it, without the member does.
    """
    states.rejected(tx, job.id, at=at)
    if job.state is JobState.REVIEW:
        ledger.release(tx, job.id, at=at)
    elif refund:
        ledger.refund(tx, job.id, at=at)


def overdue(job_id: JobId, at: datetime, tx: sqlite3.Connection) -> None:
    """Running → uncertain: said to be on its way for too long, so the house carries it."""
    states.silent(tx, job_id, at=at)
    to_the_house(job_id, at, tx)


def to_the_house(job_id: JobId, at: datetime, tx: sqlite3.Connection) -> bool:
    """Give the member's hold back and open the same on the house; False where the house has it already.

    The installation's limit counts it as before: its purse loses one hold and gains the other.
    """
    held = ledger.open_hold(tx, job_id)
    if held is None or held.bearer is Scope.HOUSE:
        return False
    ledger.release(tx, job_id, at=at)
    ledger.hold(
        tx,
        job_id=job_id,
        bearer=Scope.HOUSE,
        member=held.member,
        channel_id=held.channel_id,
        guild_day=held.guild_day,
        amount_micros=held.amount_micros,
        at=at,
    )
    return True


def _is_the_houses(tx: sqlite3.Connection, job_id: JobId) -> bool:
    held = ledger.open_hold(tx, job_id)
    return held is not None and held.bearer is Scope.HOUSE


def _captured(tx: sqlite3.Connection, job_id: JobId, billed: Micros | None, at: datetime) -> Micros:
    overrun = ledger.capture(tx, job_id, billed_micros=billed, at=at)
    if overrun:
        drifts.overrun(tx, job_id, overrun, at=at)
    return overrun


def _end(tx: sqlite3.Connection, job_id: JobId, billed: Micros | None, at: datetime) -> Micros:
    if billed is None:
        to_the_house(job_id, at, tx)
        return ledger.capture(tx, job_id, billed_micros=None, at=at)
    if billed:
        return _captured(tx, job_id, billed, at)
    ledger.release(tx, job_id, at=at)
    return NOTHING_MICROS
