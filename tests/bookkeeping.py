"""A book of money in memory, and jobs on their way in it."""

import dataclasses
import sqlite3
from datetime import date, datetime
from functools import partial

from bot.domain import (
    ChannelId,
    Fault,
    FaultKind,
    Job,
    JobState,
    MessageId,
    Scope,
    Ticket,
)
from bot.jobs import moves
from storage import jobs, ledger, states
from storage.database import Database
from storage.purses import GrantPart
from tests.props import NOON, Clock, job_of

TODAY = NOON.date()
FAULT = Fault(kind=FaultKind.PROVIDER, code="made_up")


def place(
    book: sqlite3.Connection, job: Job, *, guild_day: date | None = None, parts: tuple[GrantPart, ...] = ()
) -> Job:
    """Write a job and hold its money, whether there is room for it or not."""
    jobs.insert(book, job)
    ledger.hold(
        book,
        job_id=job.id,
        bearer=Scope.MEMBER,
        member=job.order.member,
        channel_id=job.order.channel_id,
        guild_day=guild_day or job.created_at.date(),
        amount_micros=job.quote.price_micros,
        at=job.created_at,
        parts=parts,
    )
    return job


def start(book: sqlite3.Connection, job: Job, at: datetime = NOON) -> Job:
    """Queued → running."""
    attempt = states.submitting(book, job, provider="studio", at=at)
    states.running(book, attempt, Ticket(provider_job_id=f"theirs-{job.id}"), at=at)
    return now(book, job)


def now(book: sqlite3.Connection, job: Job) -> Job:
    """The job as it stands in the book."""
    found = jobs.get(book, job.id)
    assert found is not None
    return found


async def in_state(database: Database, clock: Clock, state: JobState) -> Job:
    """A job of Ann's that went the way to a state, with its money as the state has it."""
    job = job_of(at=clock())
    await database.write(partial(drive, job, state, clock()))
    found = await database.read(partial(jobs.get, job_id=job.id))
    assert found is not None
    assert found.state is state
    return found


def drive(job: Job, state: JobState, at: datetime, tx: sqlite3.Connection) -> None:
    """Write a new job and take it to a state, by the way that the worker takes it."""
    if state is JobState.REVIEW:
        job = dataclasses.replace(job, state=JobState.REVIEW)
    place(tx, job)
    match state:
        case JobState.REVIEW | JobState.QUEUED:
            return
        case JobState.CANCELLED:
            states.cancelled(tx, job.id, at=at)
            ledger.release(tx, job.id, at=at)
            return
    attempt = states.submitting(tx, job, provider="studio", at=at)
    match state:
        case JobState.SUBMITTING:
            return
        case JobState.UNCERTAIN:
            states.uncertain(tx, attempt, "lost", at=at)
            return
        case JobState.FAILED:
            moves.refused(attempt, FAULT, at, tx)
            return
    states.running(tx, attempt, Ticket(provider_job_id=f"theirs-{job.id}"), at=at)
    if state is JobState.RUNNING:
        return
    moves.rendered(job.id, None, at, tx)
    if state is JobState.RENDERED:
        return
    states.stored(tx, job.id, at=at)
    match state:
        case JobState.POSTED:
            states.posted(tx, job.id, ChannelId(30), MessageId(9), at=at)
        case JobState.UNDELIVERABLE:
            states.undeliverable(tx, job.id, FAULT, at=at)
        case JobState.WITHHELD | JobState.REJECTED:
            states.withheld(tx, job.id, at=at)
    if state is JobState.REJECTED:
        moves.rejected(now(tx, job), at, tx, refund=False)
