"""What a bill says of a job that ended without a clip, and whose price the house has carried until then."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import JobId, JobState, Micros
from bot.errors import StorageError
from bot.money import format_usd
from storage import acts, costs, jobs, ledger
from storage.acts import Verb
from storage.costs import Cost

__all__ = ["Bill", "correct"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a provider billed for a job, who read that, and where."""

    job_id: JobId
    billed_micros: Micros
    by: str
    why: str


def correct(bill: Bill, at: datetime, tx: sqlite3.Connection) -> str:
    """Let the house carry what was billed in place of what was thought; what was done, as a sentence.

    Raises:
        StorageError: there is no such job, or the house carries no unknown cost of it; nothing was changed.
    """
    job = jobs.get(tx, bill.job_id)
    if job is None:
        raise StorageError(f"there is no job {bill.job_id}")
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise StorageError(f"job {job.id} is {job.state}: only what failed or was cancelled is corrected")
    if costs.of_job(tx, job.id) is not None:
        raise StorageError(f"the cost of job {job.id} was corrected before, and stands")
    carried = ledger.correct(tx, job.id, billed_micros=bill.billed_micros, at=at)
    if carried is None:
        raise StorageError(
            f"the house carries nothing of unknown cost for job {job.id}: nothing is corrected"
        )
    costs.record(
        tx,
        Cost(
            job_id=job.id,
            carried_micros=carried,
            billed_micros=bill.billed_micros,
            by=bill.by,
            why=bill.why,
            at=at,
        ),
    )
    acts.on_job(
        tx,
        Verb.JOB_COST_CORRECTED,
        job.id,
        by=None,
        guild_id=job.order.member.guild_id,
        at=at,
        was=carried,
        now=bill.billed_micros,
    )
    return (
        f"job {job.id} cost {format_usd(bill.billed_micros)}, not {format_usd(carried)}: "
        "the house pays that, its member nothing"
    )
