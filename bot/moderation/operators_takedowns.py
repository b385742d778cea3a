"""Take-downs by the operator at the shell, begun and taken up again; their steps are those of all others."""

import sqlite3
from datetime import datetime

from bot.domain import JobId
from bot.errors import NotYours, StorageError
from bot.moderation.takedowns import begin_at_rest
from storage import acts, jobs, removals, takedowns
from storage.acts import Verb
from storage.cases import OPERATOR
from storage.takedowns import EVERYWHERE, Cause


def started(job_id: JobId, cause: Cause, at: datetime, tx: sqlite3.Connection, *, everywhere: bool) -> str:
    """Take a clip down, with those whose file is the same; what was done, as a sentence.

    Raises:
        StorageError: there is no such clip, it is on its way or waits for a moderator, or is down already.
    """
    job = jobs.get(tx, job_id)
    if job is None:
        raise StorageError(f"there is no job {job_id}")
    blocked_in = EVERYWHERE if everywhere else job.order.member.guild_id
    try:
        taken = begin_at_rest(tx, job, cause, by=OPERATOR, blocked_in=blocked_in, at=at)
    except NotYours as refusal:
        raise StorageError(f"{job_id}: {refusal.what}") from refusal
    where = "everywhere" if blocked_in == EVERYWHERE else f"in server {blocked_in}"
    same = f", with {len(taken) - 1} of the same file" if len(taken) > 1 else ""
    told = f"{job_id} is taken down{same}, and its hashes are blocked {where}"
    return f"{told}; the running bot takes the steps, see `dailies takedown show {job_id}`"


def resumed(job_id: JobId, at: datetime, tx: sqlite3.Connection) -> str:
    """Take the steps again that were given up or refused; what was done, as a sentence.

    Raises:
        StorageError: nothing of this job was ever to be removed.
    """
    job = jobs.get(tx, job_id)
    known = removals.of(tx, job_id)
    if job is None or not known:
        raise StorageError(f"nothing of a job {job_id} was ever to be removed")
    again = removals.reopen(tx, job_id)
    if again:
        takedowns.reopened(tx, job_id)
        guild_id = job.order.member.guild_id
        acts.on_job(tx, Verb.TAKEDOWN_STEP, job_id, by=None, guild_id=guild_id, at=at, again=again)
    left = sum(step.done_at is None for step in removals.of(tx, job_id))
    return f"{job_id}: {again} steps are taken again, {left} of {len(known)} are to do"
