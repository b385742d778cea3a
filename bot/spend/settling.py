"""What a person decides about an uncertain job: state, money and record in one transaction."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.catalogue import Catalogue
from bot.domain import Fault, FaultKind, Job, JobId, JobState, Kind, OfferId, Scope, Ticket
from bot.errors import StorageError
from bot.jobs import moves
from bot.offers.reach import provider_of
from bot.providers.tickets import CHARACTER, ENDPOINT
from storage import acts, attempts, jobs, ledger, states, verdicts
from storage.acts import Verb
from storage.verdicts import Decision, Verdict

# Cogs never see storage: what they take of it they know from here.
__all__ = ("Case", "Verdict", "settle", "ticket_urls")


STILL_SENT = timedelta(minutes=15)
"""After the last time that a submission was sent again; the longest pause between two such is ten minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Which job, what was found out about it, by whom and how.

    `ticket` is the provider's id of it, where that has it, and `urls` what else its ticket needs.
    """

    job_id: JobId
    verdict: Verdict
    ticket: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    by: str
    why: str


def ticket_urls(models: Catalogue, offer_id: OfferId, kind: Kind) -> dict[str, str]:
    """What a ticket of some protocols needs beside the id: where the job is, and that it is a character."""
    offer = models.offer(offer_id)
    urls = {} if offer is None or offer.row.protocol != "fal" else {ENDPOINT: offer.row.endpoint}
    return urls | ({CHARACTER: ""} if kind is Kind.CHARACTER else {})


def settle(case: Case, at: datetime, tx: sqlite3.Connection) -> str:
    """Move the job by the verdict; what was done, as a sentence.

    Raises:
        StorageError: there is no such uncertain job, or the verdict cannot be right; nothing was changed.
    """
    job = jobs.get(tx, case.job_id)
    if job is None:
        raise StorageError(f"there is no job {case.job_id}")
    if job.state is not JobState.UNCERTAIN:
        raise StorageError(f"job {job.id} is {job.state}, so there is nothing to decide")
    if case.ticket is not None and case.verdict is not Verdict.FOUND:
        raise StorageError("a ticket is named only with `found`")
    match case.verdict:
        case Verdict.FOUND:
            done = _found(job, case, at, tx)
        case Verdict.ABSENT:
            done = _absent(job, at, tx)
        case Verdict.LOST:
            done = _lost(job, case, at, tx)
    verdicts.record(
        tx,
        Decision(job_id=job.id, verdict=case.verdict, ticket=case.ticket, by=case.by, why=case.why, at=at),
    )
    acts.on_job(
        tx,
        Verb.JOB_SETTLED,
        job.id,
        by=None,
        guild_id=job.order.member.guild_id,
        at=at,
        verdict=case.verdict.value,
    )
    return done


def _found(job: Job, case: Case, at: datetime, tx: sqlite3.Connection) -> str:
    if job.ticket is not None:
        if case.ticket not in (None, job.ticket.provider_job_id):
            raise StorageError(f"job {job.id} is known to be the provider's {job.ticket.provider_job_id}")
        states.heard_again(tx, job.id, at=at)
    elif case.ticket is None:
        raise StorageError("name the provider's id of the job: `found TICKET`")
    else:
        attempt = jobs.attempt(tx, job.id, job.attempt)
        if attempt is None:
            raise StorageError(f"job {job.id} was never submitted")
        known = attempts.holder(tx, provider_of(attempt.offer_id), case.ticket)
        if known is not None:
            raise StorageError(f"{case.ticket} is our job {known}")
        ticket = Ticket(provider_job_id=case.ticket, urls=dict(case.urls))
        states.running(tx, attempt, ticket, at=at)
    payer = "the house pays it" if _bearer(job, tx) is Scope.HOUSE else "its member pays it"
    return f"job {job.id} is asked for at its provider again; {payer} when its clip is there"


def _absent(job: Job, at: datetime, tx: sqlite3.Connection) -> str:
    if job.ticket is not None:
        raise StorageError(
            f"job {job.id} has the ticket {job.ticket.provider_job_id}, so the provider took it: "
            "it is `found`, or `lost`"
        )
    attempt = jobs.attempt(tx, job.id, job.attempt)
    if attempt is None:
        raise StorageError(f"job {job.id} was never submitted")
    again_at = attempts.sent_again_at(tx, attempt)
    if again_at is not None and at < again_at + STILL_SENT:
        raise StorageError(
            f"job {job.id} is sent to its provider again and again under its own key, which finds it or "
            "makes it, once: wait for that, or say `lost`"
        )
    fault = Fault(kind=FaultKind.PROVIDER, code="proven_absent", detail="a person decided")
    bearer = _bearer(job, tx)
    if moves.not_taken(attempt, fault, at, tx):
        return f"job {job.id} is in line again"
    if bearer is Scope.HOUSE:
        return f"job {job.id} has failed; what the house held for it is free again"
    return f"job {job.id} is cancelled, as its member wished; nothing was charged"


def _lost(job: Job, case: Case, at: datetime, tx: sqlite3.Connection) -> str:
    fault = Fault(kind=FaultKind.PROVIDER, code="lost_at_provider", detail=case.why)
    moves.failed(job.id, fault, None, at, tx)
    return f"job {job.id} has failed; its member pays nothing, and the house what was held for it"


def _bearer(job: Job, tx: sqlite3.Connection) -> Scope:
    held = ledger.open_hold(tx, job.id)
    if held is None:
        raise StorageError(f"job {job.id} has no open hold: run `dailies ledger verify`")
    return held.bearer
