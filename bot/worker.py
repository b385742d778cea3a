"""Moves every job to its end, from the rows. Kill the process on any line: the row says what is next.

`_moved_on` is the table of contents of a job's life. A state that is found at start-up takes the same path as
one that was reached a moment ago; there is no second path for recovery.
"""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.catalogue import Catalogue
from bot.clips.cards import Cards
from bot.clips.posting import Posting
from bot.clips.whispers import Whispers
from bot.domain import Attempt, Clip, Fault, FaultKind, Job, JobId, JobState, Kind, OfferId, Ticket
from bot.errors import (
    ClipTooLarge,
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    StaleJob,
    StorageError,
)
from bot.jobs import moves
from bot.jobs.asking import EARLY_S, Asking
from bot.jobs.fetch_line import FetchLine
from bot.jobs.fetching import Fetching
from bot.jobs.handover import Handover
from bot.jobs.looks import Looks
from bot.jobs.movement import Movement
from bot.jobs.pace import Pace
from bot.jobs.patience import CARD_FIRST, POSTING_MAX, Patience
from bot.jobs.rendertimes import RenderTimes, Work
from bot.jobs.retrieval import Retrieval
from bot.jobs.schedule import Schedule
from bot.moderation.comebacks import Comebacks
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.pauses import Pauses
from bot.operating.halts import Halts
from bot.operating.logs import about_job
from bot.operating.metered import about_offer
from bot.operating.notices import LoggedOperator, Operator
from bot.operating.room import failure
from bot.operating.traces import Traced, untraced
from bot.ordering.casting import Casting
from bot.providers.protocol import Provider
from bot.routing import Routing
from bot.spend.surge import Surge
from storage import attempts, clips, jobs, questions, states
from storage.attempts import Left
from storage.database import Database
from storage.questions import Question

log = logging.getLogger(__name__)

LANES = 256
"""More than a slow provider is asked questions together (`Pace.at_once`), so that it is in no other's way."""
LEARNED_FROM = 2_000
"""So many of the latest captures say how long jobs take, at start-up; more would only make that slower."""
FIRST_LOOKS_WITHIN_S = 10.0
FIRST_LOOKS_APART_S = 0.005
"""At start-up all jobs are due. They are looked at so far apart, or within the time above if that is less."""
FETCHES_AT_ONCE = 8
POSTS_AT_ONCE = 8
SLOT_TAKEN_S = 1.0
"""Until the next try for a place to post, without keeping a lane: a slow Discord must not stop the rest."""
AFTER_A_FAULT_S = 30.0


def _nobody_waits(clip: Clip) -> None:
    del clip


def _past(tx: sqlite3.Connection) -> tuple[list[tuple[OfferId, str, int, float]], list[Left], list[JobId]]:
    """What past processes left: how long jobs took, where those are that were sent, all that are to do."""
    return questions.render_times(tx, limit=LEARNED_FROM), attempts.left(tx), jobs.in_hand(tx)


class Worker:
    """The background loop. Everything it is told is in the rows; `wake` only says which to look at now.

    Args:
        providers: by name, the first part of an offer's id.
        folder: the data folder, in which the sources of orders are.
        paces: by the same name; one that is missing is asked at the default pace.
        whispers: shows private clips.
        times: how long jobs take, which cards show; it is begun with what the rows know.
        surge: may hold back what costs money; without one nothing does.
        pauses, halts: may hold back what was ordered in a place, what the operator stopped; likewise.
        gatehouse: says which clips wait for a moderator; without one none does.
        comebacks: turns away what was taken down before; without one nothing is.
        operator: told of hosts from where clips may not come; without one the log has it.
        dry_run: whether nothing is ever submitted.
        stored: told of every clip that is on our disk.
        traced: notes what each step of a job takes.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        providers: Mapping[str, Provider],
        cards: Cards,
        fetching: Fetching,
        posting: Posting,
        routing: Routing,
        *,
        folder: Path,
        now: Callable[[], datetime],
        dice: random.Random,
        paces: Mapping[str, Pace] | None = None,
        times: RenderTimes | None = None,
        whispers: Whispers | None = None,
        surge: Surge | None = None,
        pauses: Pauses | None = None,
        halts: Halts | None = None,
        gatehouse: Gatehouse | None = None,
        comebacks: Comebacks | None = None,
        operator: Operator | None = None,
        dry_run: bool = False,
        stored: Callable[[Clip], None] = _nobody_waits,
        traced: Traced = untraced,
    ) -> None:
        self._traced = traced
        self._database = database
        self._stored = stored
        self._catalogue = catalogue
        self._providers = providers
        self._cards = cards
        self._posting = posting
        self._fetching = fetching
        self._now = now
        self._patience = Patience(now=now, dice=dice)
        self._movement = Movement(database, cards, now=now)
        self._paces = dict(paces or {})
        self._routing = routing
        self._handover = Handover(
            database,
            routing,
            providers,
            self._paces,
            self._movement,
            self._patience,
            folder=folder,
            now=now,
            surge=surge,
            pauses=pauses,
            halts=halts,
            dry_run=dry_run,
        )
        self._casting = Casting(self._movement, folder=folder, now=now)
        self._posts = asyncio.Semaphore(POSTS_AT_ONCE)
        self._uploads = 0
        self._whispers = whispers
        self._gatehouse = gatehouse
        self._comebacks = comebacks
        self._times = times or RenderTimes()
        self._schedule = Schedule(self._step, lanes=LANES, early_s=EARLY_S)
        self._fetch_line = FetchLine(at_once=FETCHES_AT_ONCE, call=self._schedule.wake)
        self._retrieval = Retrieval(
            fetching, self._fetch_line, self._movement, self._patience, operator or LoggedOperator(), now=now
        )
        self._looks = Looks(database)
        self._asking = Asking(
            database,
            catalogue,
            providers,
            self._paces,
            cards,
            self._movement,
            self._patience,
            self._times,
            call=self._schedule.call,
            expires=self._fetch_line.expires,
            now=now,
        )

    @property
    def late_s(self) -> float | None:
        """How long the step that is due first is due, in seconds; None while the worker does not run."""
        return self._schedule.late_s

    def wake(self, job_id: JobId) -> None:
        """Look at a job now."""
        self._schedule.wake(job_id)
        self._cards.touch(job_id)

    def go_on(self) -> None:
        """Something that was stopped goes on: look now at what was held back."""
        for job_id in tuple(self._handover.held_back):
            self._schedule.wake(job_id)

    def found(self, attempt: Attempt, ticket: Ticket) -> None:
        """A verified webhook brought the ticket of a submission that may be lost: look at its job now."""
        self._handover.told(attempt, ticket)
        self.wake(attempt.job_id)

    async def run(self) -> None:
        """Move jobs until stopped; begins with all that a past process left."""
        self._patience.begin()
        await self._take_up()
        await self._schedule.run()

    async def _take_up(self) -> None:
        past, sent, left = await self._database.read(_past)
        for offer_id, resolution, duration_s, took_s in past:
            self._times.learn(Work(offer_id, resolution, duration_s), took_s)
        self._routing.rebuild(sent)
        if self._whispers is not None:
            left += await self._whispers.to_publish()
        apart_s = min(FIRST_LOOKS_APART_S, FIRST_LOOKS_WITHIN_S / max(1, len(left)))
        for rank, job_id in enumerate(left):
            self._schedule.wake(job_id, rank * apart_s)

    async def stop(self, *, within_s: float, uploading_s: float) -> list[JobId]:
        """Finish what is in hand within `within_s` (`uploading_s` while a clip is being posted).

        Returns the jobs that were parked in the middle of a step; their rows say what is next.
        """
        return await self._schedule.stop(within_s=uploading_s if self._uploads else within_s)

    async def _step(self, job_id: JobId) -> float | None:
        """One look at one job; returns the seconds until the next look, None when there is none."""
        about_job.set(job_id)  # a step is a task of its own, so this ends with it
        try:
            with self._traced(job_id, "step"):
                again_s = await self._look(job_id)
        except StaleJob:
            return 0.0  # somebody (a cancel) moved it first: look again
        except Exception as fault:
            # One job's fault, whatever it is, must not stop the others. The row is as it was.
            if (disk := failure(fault)) is None:
                log.exception("step failed", extra={"job": job_id, "code": "step_failed"})
            else:
                log.error("waits for the disk: %s", disk, extra={"job": job_id, "code": disk.code})  # noqa: TRY400
            return AFTER_A_FAULT_S
        if again_s is None:
            self._forget(job_id)
        self._wake_freed()
        return again_s

    def _wake_freed(self) -> None:
        for waiting in self._routing.freed():
            self._schedule.wake(waiting)

    async def _look(self, job_id: JobId) -> float | None:
        self._handover.held_back.discard(job_id)
        look = await self._looks.at(job_id)
        if look is None:
            return None
        about_offer.set(look.offer_id if isinstance(look, Question) else look.quote.offer_id)
        if not isinstance(look, Question):
            return await self._moved_on(look)
        after = await self._asking.ask(look)
        if not isinstance(after, Job):
            return after
        return 0.0 if self._schedule.is_stopping else await self._moved_on(after)

    async def _moved_on(self, job: Job) -> float | None:
        self._asking.forget(job.id)
        if job.state not in (JobState.QUEUED, JobState.SUBMITTING, JobState.UNCERTAIN):
            self._routing.left(job.id)
            self._wake_freed()
        match job.state:
            case JobState.QUEUED:
                if job.order.private and self._whispers is not None:
                    await self._whispers.keep(job)
                return await self._handover.submit(job)
            case JobState.SUBMITTING:
                return await self._handover.lost(job)
            case JobState.UNCERTAIN:
                return await self._handover.search(job)
            case JobState.RUNNING:
                raise StorageError(f"job {job.id} runs without a ticket or an attempt")
            case JobState.RENDERED if job.order.kind is Kind.CHARACTER:
                return await self._casting.made(job)
            case JobState.STORED if job.order.kind is Kind.CHARACTER:
                return await self._casting.ready(job)
            case JobState.RENDERED:
                return await self._fetch(job)
            case JobState.STORED:
                return await self._post(job)
            case JobState.REVIEW | JobState.WITHHELD:
                return None
            case JobState.UNDELIVERABLE:
                return None if self._whispers is None else await self._whispers.go_on(job)
            case JobState.POSTED | JobState.FAILED | JobState.REJECTED | JobState.CANCELLED:
                return None

    # rendered

    async def _fetch(self, job: Job) -> float | None:
        clip = await self._retrieval.get(job, self._providers)
        if not isinstance(clip, Clip):
            return clip
        job, _ = await self._movement.go_on(job.id, partial(moves.stored, clip, clip.stored_at))
        self._stored(clip)
        return 0.0 if self._schedule.is_stopping else await self._post(job, clip)

    # stored

    async def _post(self, job: Job, clip: Clip | None = None) -> float | None:
        self._uploads += 1  # from the first look on: a stop that comes now waits for what follows
        try:
            return await self._posted(job, clip or await self._clip(job))
        finally:
            self._uploads -= 1

    async def _clip(self, job: Job) -> Clip:
        clip = await self._database.read(partial(clips.get, job_id=job.id, folder=self._fetching.folder))
        if clip is None:
            raise StorageError(f"job {job.id} is stored without a clip")
        return clip

    async def _posted(self, job: Job, clip: Clip) -> float | None:
        if self._comebacks is not None and await self._comebacks.turned_away(job, clip):
            self._movement.show(job.id)
            return None
        if self._gatehouse is not None and await self._gatehouse.withholds(job, clip):
            self._movement.show(job.id)
            return None
        if job.order.private:
            if self._whispers is not None and (again_s := await self._whispers.show(job)) is not None:
                return again_s
            await self._movement.write(job.id, partial(states.kept, job_id=job.id, at=self._now()))
            return None
        has_card_to_come = job.card_message_id is None and job.card_rev < 0
        if has_card_to_come and abs(self._now() - job.state_at) < CARD_FIRST:
            return 0.5
        if self._posts.locked():
            return self._patience.about_s(SLOT_TAKEN_S)
        try:
            async with self._posts:
                with self._traced(job.id, "post"):
                    posted = await self._posting.post(job, clip)
        except DeliveryUnavailable as error:
            return await self._not_posted(
                job, Fault(kind=FaultKind.PERMISSIONS, code=error.code, detail=str(error))
            )
        except OSError as error:  # the file on our own disk: gone, or not to be read
            return await self._not_posted(
                job, Fault(kind=FaultKind.OURS, code="clip_unreadable", detail=str(error))
            )
        except (DeliveryRefused, ClipTooLarge, MessageGone) as error:
            await self._undeliverable(
                job, Fault(kind=FaultKind.PERMISSIONS, code=error.code, detail=str(error))
            )
            return None
        await self._movement.write(
            job.id,
            partial(
                states.posted,
                job_id=job.id,
                channel_id=posted.channel_id,
                message_id=posted.message_id,
                at=self._now(),
            ),
        )
        log.info("posted", extra={"job": job.id, "code": "posted"})
        return None

    async def _not_posted(self, job: Job, fault: Fault) -> float | None:
        if self._patience.is_over(job.state_at, POSTING_MAX):
            await self._undeliverable(job, fault)
            return None
        log.warning("not posted yet: %s", fault.detail, extra={"job": job.id, "code": fault.code})
        return self._patience.growing_s(job.state_at, most_s=60.0)

    async def _undeliverable(self, job: Job, fault: Fault) -> None:
        log.error("undeliverable: %s", fault.detail, extra={"job": job.id, "code": fault.code})
        move = partial(states.undeliverable, job_id=job.id, fault=fault, at=self._now())
        await self._movement.write(job.id, move)

    def _forget(self, job_id: JobId) -> None:
        self._asking.forget(job_id)
        self._routing.left(job_id)
        self._retrieval.forget(job_id)
        self._handover.forget(job_id)
