"""The wish that a job ends without a clip: at once before it is submitted, then as its provider says."""

import sqlite3
from datetime import datetime
from enum import StrEnum

from bot.domain import Job, JobId, JobState, Member
from bot.errors import NotYours
from bot.language import _
from storage import acts, jobs, ledger, reviews, states
from storage.acts import Verb


class Cancelled(StrEnum):
    """What became of the wish to cancel."""

    DONE = "done"
    ASKED = "asked"
    TOO_LATE = "too_late"
    WITHDRAWN = "withdrawn"


def order_cancelled(
    job_id: JobId, at: datetime, tx: sqlite3.Connection, *, by: Member, moderator: bool
) -> list[tuple[Job, Cancelled]]:
    """The same for every take of a job's order."""
    takes = [take.id for take in jobs.beside(tx, job_id)] or [job_id]
    return [cancelled(take, at, tx, by=by, moderator=moderator) for take in takes]


def cancelled(
    job_id: JobId, at: datetime, tx: sqlite3.Connection, *, by: Member, moderator: bool
) -> tuple[Job, Cancelled]:
    """The job as it is after the wish, and what became of it.

    Raises:
        NotYours: the job is another member's (and the presser no moderator), or of another server.
    """
    job = jobs.get(tx, job_id)
    if job is None or job.order.member.guild_id != by.guild_id:
        raise NotYours(_("This order is not known here."), _("Order again with /generate."))
    if job.order.member != by and not (moderator and by.in_server):
        raise NotYours(
            _("This order is somebody else's."), _("Only its member or a moderator can cancel it.")
        )
    if job.state in {JobState.REVIEW, JobState.QUEUED}:
        states.cancelled(tx, job_id, at=at)
        ledger.release(tx, job_id, at=at)
        if job.state is JobState.REVIEW:
            reviews.withdraw(tx, job_id, at=at)
        outcome = Cancelled.DONE
    elif job.state is JobState.WITHHELD and job.order.member == by:  # moderators deny it, with a reason
        states.withdrawn(tx, job_id, at=at)
        reviews.withdraw(tx, job_id, at=at)
        outcome = Cancelled.WITHDRAWN
    elif job.state is JobState.CANCELLED:
        outcome = Cancelled.DONE
    else:
        outcome = Cancelled.ASKED if states.wish_cancelled(tx, job_id, at=at) else Cancelled.TOO_LATE
    after = jobs.get(tx, job_id) or job
    is_new = after.state is not job.state or after.cancel_asked_at != job.cancel_asked_at
    if is_new and job.order.member != by:  # what members do with their own is no act of moderation
        acts.on_job(tx, Verb.ORDER_CANCELLED, job_id, by=by.user_id, guild_id=by.guild_id, at=at)
    return after, outcome
