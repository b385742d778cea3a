"""Moves every job to its end, from the rows. Kill the process on any line: the row says what is next.

`_step` is the table of contents of a job's life. A state that is found at start-up takes the same path as
one that was reached a moment ago; there is no second path for recovery.
"""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot import moves
from bot.cards import Cards
from bot.catalogue import Catalogue
from bot.domain import (
    Attempt,
    Fault,
    FaultKind,
    Job,
    JobId,
    JobState,
    Micros,
    Ticket,
)
from bot.errors import (
    AssetGone,
    ClipTooLarge,
    ClipUnusable,
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    ProviderUnavailable,
    StaleJob,
    UnreadableAnswer,
)
from bot.fetching import Fetching
from bot.pace import Pace, provider_of
from bot.posting import Posting
from bot.providers.protocol import (
    CannotTell,
    Failed,
    Found,
    NotTaken,
    ProvenAbsent,
    Provider,
    Refused,
    Rendered,
    Rendering,
    Stopped,
    Taken,
    Unknown,
    Vanished,
    Waiting,
)
from bot.schedule import Schedule
from storage import clips, jobs
from storage.database import Database

log = logging.getLogger(__name__)

T = TypeVar("T")

LANES = 64
FILES_AT_ONCE = 8
AFTER_A_FAULT_S = 30.0
BAD_FILES_MAX = 3

QUEUED_MAX = timedelta(hours=1)
RUNNING_MAX = timedelta(minutes=60)
"""Past it we ask the provider to stop. It is no verdict: only the provider's word ends the job."""
SILENT_MAX = timedelta(hours=6)
FETCHING_MAX = timedelta(hours=24)
POSTING_MAX = timedelta(hours=24)
HOUSE_AFTER = timedelta(hours=24)
"""An uncertain job of this age no longer binds its member's money; the house carries it."""
CARD_FIRST = timedelta(seconds=30)
"""A clip waits so long for its card, to reply to it."""


class Worker:
    """The background loop. Everything it is told is in the rows; `wake` only says which to look at now.

    Args:
        providers: by name, the first part of an offer's id.
        paces: by the same name; one that is missing is asked at the default pace.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        providers: Mapping[str, Provider],
        cards: Cards,
        fetching: Fetching,
        posting: Posting,
        *,
        now: Callable[[], datetime],
        dice: random.Random,
        paces: Mapping[str, Pace] | None = None,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._providers = providers
        self._cards = cards
        self._posting = posting
        self._fetching = fetching
        self._now = now
        self._dice = dice
        self._paces = dict(paces or {})
        self._files = asyncio.Semaphore(FILES_AT_ONCE)
        self._asks: dict[JobId, int] = {}
        self._bad_files: dict[JobId, int] = {}
        self._uploads = 0
        self._schedule = Schedule(self._step, lanes=LANES)

    def wake(self, job_id: JobId) -> None:
        """Look at a job now."""
        self._schedule.wake(job_id)
        self._cards.touch(job_id)

    async def run(self) -> None:
        """Move jobs until stopped; begins with all that a past process left."""
        for job_id in await self._database.read(jobs.in_hand):
            self._schedule.wake(job_id)
        await self._schedule.run()

    async def stop(self, *, within_s: float, uploading_s: float) -> list[JobId]:
        """Finish what is in hand within `within_s` (`uploading_s` while a clip is being posted).

        Returns the jobs that were parked in the middle of a step; their rows say what is next.
        """
        return await self._schedule.stop(within_s=uploading_s if self._uploads else within_s)

    async def _step(self, job_id: JobId) -> float | None:
        """One look at one job; returns the seconds until the next look, None when there is none."""
        try:
            job = await self._database.read(partial(jobs.get, job_id=job_id))
            if job is None:
                return None
            match job.state:
                case JobState.QUEUED:
                    return await self._submit(job)
                case JobState.SUBMITTING:
                    return await self._lost(job)
                case JobState.UNCERTAIN:
                    return await self._search(job)
                case JobState.RUNNING:
                    return await self._ask(job)
                case JobState.RENDERED:
                    return await self._fetch(job)
                case JobState.STORED:
                    return await self._post(job)
                case JobState.REVIEW | JobState.WITHHELD | JobState.UNDELIVERABLE:
                    return None
                case JobState.POSTED | JobState.FAILED | JobState.REJECTED | JobState.CANCELLED:
                    self._forget(job.id)
                    return None
        except StaleJob:
            return 0.0  # somebody (a cancel) moved it first: look again
        except asyncio.CancelledError:
            raise
        except Exception:
            # One job's fault, whatever it is, must not stop the others. The row is as it was.
            log.exception("step failed", extra={"job": job_id, "code": "step_failed"})
            return AFTER_A_FAULT_S

    # queued

    async def _submit(self, job: Job) -> float | None:
        at = self._now()
        offer = self._catalogue.offer(job.quote.offer_id)
        if offer is None or not offer.sold_on(at.date()) or offer.row.provider not in self._providers:
            await self._fail(job, Fault(kind=FaultKind.PROVIDER, code="offer_gone"))
            return None
        if at - job.created_at > QUEUED_MAX:
            await self._fail(job, Fault(kind=FaultKind.PROVIDER, code="queued_too_long"))
            return None
        provider = self._providers[offer.row.provider]
        # Written before the call: a row left in `submitting` is how we know, after a crash, that the
        # provider may be working (and charging) for us.
        attempt = await self._move(job, partial(jobs.submitting, job=job, provider=offer.row.provider, at=at))
        try:
            submission = await provider.submit(job, attempt)
        except Exception as error:
            # Theirs or ours, we no longer know what the provider has.
            await self._move(job, partial(jobs.uncertain, attempt=attempt, detail=repr(error), at=at))
            raise
        match submission:
            case Taken(ticket):
                await self._move(job, partial(jobs.running, attempt=attempt, ticket=ticket, at=self._now()))
                return self._pace(job).first_s
            case NotTaken(fault, retry_after_s):
                log.warning("not taken: %s", fault.detail, extra={"job": job.id, "code": fault.code})
                await self._move(
                    job, partial(jobs.queued_again, attempt=attempt, fault=fault, at=self._now())
                )
                return retry_after_s or self._jitter(min(60.0, 2.0 * attempt.number))
            case Refused(fault):
                log.info("refused: %s", fault.detail, extra={"job": job.id, "code": fault.code})
                await self._move(job, partial(moves.refused, attempt, fault, self._now()))
                return None
            case Unknown(detail):
                log.error("outcome unknown: %s", detail, extra={"job": job.id, "code": "uncertain"})
                await self._move(job, partial(jobs.uncertain, attempt=attempt, detail=detail, at=self._now()))
                return 0.0

    # submitting, found at start-up: we died between the write and the answer

    async def _lost(self, job: Job) -> float | None:
        attempt = await self._attempt(job)
        await self._move(
            job, partial(jobs.uncertain, attempt=attempt, detail="found at start-up", at=self._now())
        )
        return 0.0

    # uncertain

    async def _search(self, job: Job) -> float | None:
        if job.ticket is not None:
            return await self._ask_silent(job, job.ticket)
        attempt = await self._attempt(job)
        try:
            found = await self._provider(job).find(job, attempt)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            found = CannotTell(str(error))
        match found:
            case Found(ticket):
                await self._move(job, partial(jobs.running, attempt=attempt, ticket=ticket, at=self._now()))
                return 0.0
            case ProvenAbsent():
                fault = Fault(kind=FaultKind.PROVIDER, code="proven_absent")
                await self._move(
                    job, partial(jobs.queued_again, attempt=attempt, fault=fault, at=self._now())
                )
                return 0.0
            case CannotTell(detail):
                log.warning("still uncertain: %s", detail, extra={"job": job.id, "code": "uncertain"})
                return await self._stay_uncertain(job)

    async def _ask_silent(self, job: Job, ticket: Ticket) -> float | None:
        try:
            answer = await self._provider(job).ask(ticket)
        except (ProviderUnavailable, UnreadableAnswer):
            return await self._stay_uncertain(job)
        if isinstance(answer, Vanished):
            await self._vanished(job)
            return None
        await self._move(job, partial(jobs.heard_again, job_id=job.id, at=self._now()))
        return 0.0

    async def _stay_uncertain(self, job: Job) -> float:
        at = self._now()
        if at - job.state_at > HOUSE_AFTER:
            moved = await self._database.write(partial(moves.to_the_house, job, at))
            if moved:
                log.error("the house carries it now", extra={"job": job.id, "code": "uncertain_house"})
                self._cards.touch(job.id)
        age_s = (at - job.state_at).total_seconds()
        return self._jitter(min(600.0, max(2.0, age_s / 4)))

    # running

    async def _ask(self, job: Job) -> float | None:
        if job.ticket is None:
            raise StaleJob(f"job {job.id} runs without a ticket")
        provider = self._provider(job)
        at = self._now()
        asks = self._asks[job.id] = self._asks.get(job.id, 0) + 1
        try:
            overdue = at - job.state_at > RUNNING_MAX
            if (job.cancel_asked_at is not None or overdue) and self._catalogue.can_cancel(
                job.quote.offer_id
            ):
                await provider.cancel(job.ticket)
            answer = await provider.ask(job.ticket)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            log.warning("no answer: %s", error, extra={"job": job.id, "code": error.code})
            if at - job.state_at > SILENT_MAX:
                await self._move(job, partial(jobs.silent, job_id=job.id, at=at))
                return 0.0
            told = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
            return told or self._jitter(self._pace(job).after(asks))
        match answer:
            case Waiting() | Rendering():
                self._cards.progress(job.id, answer)
                return answer.ask_after_s or self._jitter(self._pace(job).after(asks))
            case Rendered(billed_micros):
                overrun = await self._move(job, partial(moves.rendered, job.id, billed_micros, at))
                if overrun:
                    log.error(
                        "billed %d micros above the hold", overrun, extra={"job": job.id, "code": "overrun"}
                    )
                return 0.0
            case Failed(fault, billed_micros):
                log.warning("failed: %s", fault.detail, extra={"job": job.id, "code": fault.code})
                await self._move(job, partial(moves.failed, job.id, fault, billed_micros, at))
                return None
            case Stopped(billed_micros) if job.cancel_asked_at is not None:
                await self._move(job, partial(moves.stopped, job.id, billed_micros, at))
                return None
            case Stopped(billed_micros):
                fault = Fault(kind=FaultKind.PROVIDER, code="stopped_by_provider")
                await self._move(job, partial(moves.failed, job.id, fault, billed_micros, at))
                return None
            case Vanished():
                await self._vanished(job)
                return None

    async def _vanished(self, job: Job) -> None:
        fault = Fault(kind=FaultKind.PROVIDER, code="vanished")
        log.error("the provider no longer knows it", extra={"job": job.id, "code": fault.code})
        await self._move(job, partial(moves.vanished, job, fault, self._now()))

    # rendered

    async def _fetch(self, job: Job) -> float | None:
        if job.ticket is None:
            raise StaleJob(f"job {job.id} was rendered without a ticket")
        try:
            async with self._files:
                clip = await self._fetching.fetch(job, self._provider(job), job.ticket)
        except AssetGone as error:
            await self._asset_lost(job, error.code, str(error))
            return None
        except ClipUnusable as error:
            tries = self._bad_files[job.id] = self._bad_files.get(job.id, 0) + 1
            if tries >= BAD_FILES_MAX:
                await self._asset_lost(job, error.code, str(error))
                return None
            log.warning("unusable file: %s", error, extra={"job": job.id, "code": error.code})
            return self._jitter(2.0 * tries)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            if self._now() - job.state_at > FETCHING_MAX:
                await self._asset_lost(job, error.code, str(error))
                return None
            log.warning("not fetched yet: %s", error, extra={"job": job.id, "code": error.code})
            return self._jitter(5.0)
        await self._move(job, partial(moves.stored, clip, clip.stored_at))
        return 0.0

    async def _asset_lost(self, job: Job, code: str, detail: str) -> None:
        log.error("paid for and lost: %s", detail, extra={"job": job.id, "code": code})
        fault = Fault(kind=FaultKind.PROVIDER, code=code, detail=detail)
        await self._move(job, partial(moves.asset_lost, job.id, fault, self._now()))

    # stored

    async def _post(self, job: Job) -> float | None:
        at = self._now()
        if job.card_message_id is None and job.card_rev < 0 and at - job.state_at < CARD_FIRST:
            self._cards.touch(job.id)
            return 0.5
        clip = await self._database.read(partial(clips.get, job_id=job.id, folder=self._fetching.folder))
        if clip is None:
            raise StaleJob(f"job {job.id} is stored without a clip")
        self._uploads += 1
        try:
            async with self._files:
                message_id = await self._posting.post(job, clip)
        except DeliveryUnavailable as fault:
            if at - job.state_at > POSTING_MAX:
                await self._undeliverable(job, fault.code, str(fault))
                return None
            log.warning("not posted yet: %s", fault, extra={"job": job.id, "code": fault.code})
            return self._jitter(5.0)
        except (DeliveryRefused, ClipTooLarge, MessageGone) as fault:
            await self._undeliverable(job, fault.code, str(fault))
            return None
        finally:
            self._uploads -= 1
        await self._move(
            job,
            partial(
                jobs.posted,
                job_id=job.id,
                channel_id=job.order.channel_id,
                message_id=message_id,
                at=self._now(),
            ),
        )
        return None

    async def _undeliverable(self, job: Job, code: str, detail: str) -> None:
        log.error("undeliverable: %s", detail, extra={"job": job.id, "code": code})
        fault = Fault(kind=FaultKind.PERMISSIONS, code=code, detail=detail)
        await self._move(job, partial(jobs.undeliverable, job_id=job.id, fault=fault, at=self._now()))

    # what the steps share

    async def _fail(self, job: Job, fault: Fault) -> None:
        log.warning("failed before it was taken", extra={"job": job.id, "code": fault.code})
        await self._move(job, partial(moves.failed, job.id, fault, Micros(0), self._now()))

    async def _move(self, job: Job, move: Callable[[sqlite3.Connection], T]) -> T:
        """Write one move of a job, and have its card show it."""
        done = await self._database.write(move)
        self._cards.touch(job.id)
        return done

    async def _attempt(self, job: Job) -> Attempt:
        attempt = await self._database.read(partial(jobs.attempt, job_id=job.id, number=job.attempt))
        if attempt is None:
            raise StaleJob(f"job {job.id} has no attempt {job.attempt}")
        return attempt

    def _provider(self, job: Job) -> Provider:
        name = provider_of(job)
        provider = self._providers.get(name)
        if provider is None:
            raise ProviderUnavailable(f"no key is set for the provider {name!r}, which has this job")
        return provider

    def _pace(self, job: Job) -> Pace:
        return self._paces.get(provider_of(job), Pace())

    def _jitter(self, seconds: float) -> float:
        """Spread what would come together: up to a tenth more or less."""
        return seconds * self._dice.uniform(0.9, 1.1)

    def _forget(self, job_id: JobId) -> None:
        self._asks.pop(job_id, None)
        self._bad_files.pop(job_id, None)
