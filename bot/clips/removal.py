"""Deletes a clip everywhere, from rows: its links, our messages, the provider's copy, the files.

Each step is safe to take twice, so a crash between a step and its row costs one repetition.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from bot.clips.removal_steps import RemovalSteps
from bot.domain import RESTING, ClipState, Job, JobId, Member
from bot.errors import DeliveryUnavailable, NotYours, ProviderError, StorageError
from bot.jobs.schedule import Schedule
from bot.language import _
from storage import acts, clips, jobs, removals, takedowns
from storage.acts import Verb
from storage.database import Database
from storage.removals import Removal, Step

# Cogs never see storage: what they show of it they know from here.
__all__ = ["Removal", "Removals", "Step"]

log = logging.getLogger(__name__)

LANES = 4
RETRY_S = 5.0
RETRY_MAX_S = 3_600.0
TRIES_MAX = 100
"""Four days at an hour each: a provider whose key was taken away is then left alone, and the row says so."""

_LOOKED_AT = frozenset({Step.PICTURE, Step.FILE, Step.ALIKE})
"""They wait until it is written what the clip looks like."""

_DELETABLE = frozenset({ClipState.SHOWN, ClipState.HIDDEN, ClipState.TAKEN_DOWN, ClipState.EXPIRED})


class Removals:
    """The duty that deletes.

    Args:
        steps: takes them.
        gone: told when clips are to be seen nowhere any more.
    """

    def __init__(
        self,
        database: Database,
        steps: RemovalSteps,
        *,
        now: Callable[[], datetime],
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._steps = steps
        self._now = now
        self._gone = gone
        self._moved = asyncio.Condition()
        self._schedule = Schedule(self._step, lanes=LANES)

    async def run(self) -> None:
        """Delete what is to be deleted, until cancelled; begins with what a past process left."""
        for job_id in await self._database.read(removals.to_do):
            self._schedule.wake(job_id)
        await self._schedule.run()

    async def stop(self, *, within_s: float) -> None:
        """Finish the steps in hand; the rest is for the next process."""
        await self._schedule.stop(within_s=within_s)

    async def ask(self, job_id: JobId, *, by: Member, whole_order: bool) -> list[JobId]:
        """Have a clip (or those of all takes of its order) deleted; nobody can see it from here on.

        Raises:
            NotYours: it is another member's, or there is nothing to delete yet.
        """
        wanted = await self._database.write(partial(self._ask, job_id, by=by, whole_order=whole_order))
        for each in wanted:
            self._schedule.wake(each)
        self._gone()
        return wanted

    def wake(self, job_id: JobId) -> None:
        """Steps of this job's removal have been written: take them now."""
        self._schedule.wake(job_id)

    async def steps(self, job_id: JobId) -> Sequence[Removal]:
        """How far the deletion of a clip is."""
        return await self._database.read(partial(removals.of, job_id=job_id))

    async def settled(self, job_ids: Sequence[JobId], *, within_s: float) -> list[Removal]:
        """Every step of these, as they stand when all are done or the time is over."""
        try:
            async with asyncio.timeout(within_s), self._moved:
                while any(step.done_at is None for step in await self._all(job_ids)):
                    await self._moved.wait()
        except TimeoutError:
            pass  # what is left goes on without anybody watching
        return await self._all(job_ids)

    async def _all(self, job_ids: Sequence[JobId]) -> list[Removal]:
        return [step for job_id in job_ids for step in await self.steps(job_id)]

    def _ask(self, job_id: JobId, tx: sqlite3.Connection, *, by: Member, whole_order: bool) -> list[JobId]:
        takes = jobs.beside(tx, job_id)
        if not takes or takes[0].order.member.guild_id != by.guild_id:
            raise NotYours(_("This order is not known here."), _("Find your clips with /clips."))
        if takes[0].order.member != by:
            raise NotYours(
                _("This clip is somebody else's."),
                _("Report it if it should not be here, or ask a moderator."),
            )
        wanted = takes if whole_order else [take for take in takes if take.id == job_id]
        if any(take.state not in RESTING for take in wanted):
            raise NotYours(
                _("This order is still on its way."), _("Cancel it, or delete it when its clip is there.")
            )
        deleted = []
        for take in wanted:
            if clips.state_of(tx, take.id) is None:
                continue
            clips.change_state(tx, take.id, ClipState.DELETED, among=_DELETABLE)
            removals.begin(tx, take.id, by=by.user_id, at=self._now())
            acts.on_job(tx, Verb.CLIP_DELETED, take.id, by=by.user_id, guild_id=by.guild_id, at=self._now())
            deleted.append(take.id)
        if not deleted:
            raise NotYours(_("This order has no clip."), _("There is nothing to delete."))
        return deleted

    async def _step(self, job_id: JobId) -> float | None:
        job = await self._database.read(partial(jobs.get, job_id=job_id))
        if job is None:
            raise StorageError(f"job {job_id} is gone")
        waits: dict[Step, float] = {}
        for removal in await self.steps(job_id):
            if removal.done_at is not None or (Step.HASHES in waits and removal.step in _LOOKED_AT):
                continue
            wait_s = await self._taken(job, removal)
            if wait_s is not None:
                waits[removal.step] = wait_s
        async with self._moved:
            self._moved.notify_all()
        return min(waits.values()) if waits else None

    async def _taken(self, job: Job, removal: Removal) -> float | None:
        """Take one step; returns the seconds until another try, where it takes one."""
        extra = {"job": job.id, "code": f"removal_{removal.step}"}
        try:
            result = await self._steps.take(job, removal.step)
        except asyncio.CancelledError:
            raise
        except (DeliveryUnavailable, ProviderError, OSError) as fault:
            if removal.tries + 1 >= TRIES_MAX:
                log.error("not removed, and given up: %s", fault, extra=extra)  # noqa: TRY400 - the fault says it all
                result = f"given up: {type(fault).__name__}"
            else:
                log.warning("not removed yet: %s", fault, extra=extra)
                await self._database.write(partial(removals.failed, removal=removal))
                return min(RETRY_MAX_S, RETRY_S * float(1 << min(removal.tries, 10)))
        except Exception:  # one step's fault, whatever it is, stops no other
            log.exception("removal failed", extra=extra)
            await self._database.write(partial(removals.failed, removal=removal))
            return RETRY_MAX_S
        log.info("removed: %s", result, extra=extra)
        await self._database.write(partial(_done, job, removal, result, self._now()))
        return None


def _done(job: Job, removal: Removal, result: str, at: datetime, tx: sqlite3.Connection) -> None:
    """A step is done; where it was the last of a take-down, that has ended, and is on record."""
    removals.done(tx, removal, result, at=at)
    if takedowns.ended(tx, job.id, at=at):
        codes = {step.step.value: _code(step.result) for step in removals.of(tx, job.id)}
        guild_id = job.order.member.guild_id
        acts.on_job(tx, Verb.TAKEDOWN_ENDED, job.id, by=None, guild_id=guild_id, at=at, **codes)


def _code(result: str | None) -> str:
    return (result or "").partition(":")[0].replace(" ", "_")
