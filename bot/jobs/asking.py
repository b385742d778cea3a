"""Asks providers how their running jobs stand, each when it is due, and moves those that ended."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from bot.catalogue import Catalogue
from bot.clips.cards import Cards
from bot.domain import Fault, FaultKind, Job, JobId, Micros
from bot.errors import ProviderBusy, ProviderError, ProviderUnavailable, StaleJob, UnreadableAnswer
from bot.jobs import moves
from bot.jobs.complaints import Complaints
from bot.jobs.movement import Movement
from bot.jobs.pace import Pace
from bot.jobs.patience import KNOWN_AFTER, OVERDUE_MAX, RUNNING_MAX, SILENT_MAX, Patience
from bot.jobs.rendertimes import RenderTimes, Work
from bot.jobs.turnstile import Turnstile
from bot.offers.reach import provider_of, reached_by_name
from bot.providers.protocol import (
    Answer,
    Failed,
    Provider,
    Rendered,
    Rendering,
    Stopped,
    Vanished,
    Waiting,
)
from storage import jobs, states
from storage.database import Database
from storage.questions import Question

log = logging.getLogger(__name__)

IN_LINE_S = 60.0
"""A job that stands in line is called when it may go; this is for one that nobody called."""

EARLY_S = 0.016
"""A question may be so early: the rows of those that are due about now are read together, and in time."""

OVERDUE_AGAIN_S = 60.0
"""Until the first look at a job that has become uncertain since it does not end."""

UNSURE_MAX = timedelta(seconds=60)
"""A job that ended somewhere in a longer time than this teaches nothing about how long one takes."""


class Asking:
    """The steps of running jobs. Each returns the seconds until the next look, None when there is none.

    One that was made is returned as it stands then, for the next step, which need not be waited for.

    Args:
        providers, paces: by name, the first part of an offer's id.
        times: how long jobs take; every job that ends adds to it.
        call: makes a job due now, before all others.
        expires: told how long the provider keeps a clip, where it says so.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        providers: Mapping[str, Provider],
        paces: Mapping[str, Pace],
        cards: Cards,
        movement: Movement,
        patience: Patience,
        times: RenderTimes,
        *,
        call: Callable[[JobId], None],
        expires: Callable[[JobId, datetime], None],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._providers = providers
        self._paces = paces
        self._cards = cards
        self._movement = movement
        self._patience = patience
        self._times = times
        self._call = call
        self._expires = expires
        self._now = now
        self._turnstiles: dict[str, Turnstile] = {}
        self._heard_at: dict[JobId, datetime] = {}
        self._complaints = Complaints(log)
        self._unstopped = Complaints(log)

    async def ask(self, question: Question) -> float | Job | None:
        """Running: ask how it stands, and move it if it ended."""
        name = provider_of(question.offer_id)
        pace = self._paces.get(name, Pace())
        turnstile = self._turnstiles.get(name)
        if turnstile is None:
            turnstile = self._turnstiles[name] = Turnstile(at_once=pace.at_once, call=self._call)
        if not turnstile.enter(question.job_id):
            return IN_LINE_S
        try:
            provider = reached_by_name(self._providers, name)
            if question.is_cancel_wished or self._now() - question.running_at > RUNNING_MAX:
                await self._ask_to_stop(question, provider)
            answer = await provider.ask(question.ticket)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            if isinstance(error, ProviderBusy):
                turnstile.slow_down(error.retry_after_s)
            return await self._unheard(question, pace, error)
        finally:
            turnstile.leave()
        turnstile.answered()
        self._complaints.forget(question.job_id)
        at = self._now()
        heard_at = self._heard_at.get(question.job_id)
        self._heard_at[question.job_id] = at
        if isinstance(answer, Waiting | Rendering):
            if self._patience.is_over(question.sent_at, OVERDUE_MAX):
                return await self._overdue(question, at)
            self._cards.progress(question.job_id, answer)
            return self._wait_s(question, pace, at, answer.ask_after_s)
        if isinstance(answer, Vanished) and at - question.running_at < KNOWN_AFTER:
            log.warning(
                "not known yet: %s", answer.detail, extra={"job": question.job_id, "code": "not_known_yet"}
            )
            return self._wait_s(question, pace, at, None)
        if isinstance(answer, Rendered):
            made = await self._made(question.job_id, answer, at)
            self._learn(question, at, heard_at or question.sent_at)
            return made
        job = await self._database.read(partial(jobs.get, job_id=question.job_id))
        if job is not None:
            await self._end(job, answer, at)
        return None

    def forget(self, job_id: JobId) -> None:
        """The job runs no longer."""
        self._heard_at.pop(job_id, None)
        self._complaints.forget(job_id)
        self._unstopped.forget(job_id)
        for turnstile in self._turnstiles.values():
            turnstile.forget(job_id)

    async def _made(self, job_id: JobId, answer: Rendered, at: datetime) -> Job:
        if answer.expires_at is not None:
            self._expires(job_id, answer.expires_at)
        move = partial(moves.rendered, job_id, answer.billed_micros, at, rendered_id=answer.provider_id)
        job, overrun = await self._movement.go_on(job_id, move)
        self._warn_of(job, overrun)
        return job

    async def _end(self, job: Job, answer: Answer, at: datetime) -> None:
        """Move a job of which nothing comes by the provider's last word on it."""
        match answer:
            case Waiting() | Rendering() | Rendered():
                raise StaleJob(f"job {job.id} has not ended in vain")
            case Failed(fault, billed_micros):
                log.warning("failed: %s", fault.detail, extra={"job": job.id, "code": fault.code})
                await self._fail(job, fault, billed_micros, at)
            case Stopped(billed_micros) if job.cancel_asked_at is not None:
                move = partial(moves.stopped, job.id, billed_micros, at)
                self._warn_of(job, await self._movement.write(job.id, move))
            case Stopped(billed_micros):
                fault = Fault(kind=FaultKind.PROVIDER, code="stopped_by_provider")
                log.warning(
                    "stopped, and its member had not asked", extra={"job": job.id, "code": fault.code}
                )
                await self._fail(job, fault, billed_micros, at)
            case Vanished():
                await self._movement.vanished(job.id)

    async def _fail(self, job: Job, fault: Fault, billed: Micros | None, at: datetime) -> None:
        move = partial(moves.failed, job.id, fault, billed, at)
        self._warn_of(job, await self._movement.write(job.id, move))

    async def _overdue(self, question: Question, at: datetime) -> float:
        """On its way for ever is no better than silence: whoever runs the bot looks, and no member waits."""
        job_id = question.job_id
        log.error("on its way for a day; the house carries it", extra={"job": job_id, "code": "overdue"})
        await self._movement.write(job_id, partial(moves.overdue, job_id, at))
        return self._patience.about_s(OVERDUE_AGAIN_S)

    async def _unheard(self, question: Question, pace: Pace, error: ProviderError) -> float:
        """No answer, or none that can be read: ask again, and after hours of it admit that nobody knows."""
        job_id = question.job_id
        self._complaints.make(job_id, "no answer", error)
        at = self._now()
        if self._patience.is_over(self._heard_at.get(job_id, question.running_at), SILENT_MAX):
            await self._movement.write(job_id, partial(states.silent, job_id=job_id, at=at))
            return 0.0
        told_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
        return self._wait_s(question, pace, at, told_s)

    async def _ask_to_stop(self, question: Question, provider: Provider) -> None:
        if not self._catalogue.can_cancel(question.offer_id):
            return
        try:
            await provider.cancel(question.ticket)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            # How the job stands is asked all the same: it may have ended by itself.
            self._unstopped.make(question.job_id, "not stopped", error)

    def _wait_s(self, question: Question, pace: Pace, at: datetime, told_s: float | None) -> float:
        """The provider's own word on when to ask again, but never more often than at first; else our own."""
        if told_s is not None:
            return max(told_s, pace.first_s) + EARLY_S
        work = Work(question.offer_id, question.resolution, question.duration_s)
        age_s = (at - question.sent_at).total_seconds()
        return self._patience.about_s(self._times.wait_s(work, age_s, pace))

    def _learn(self, question: Question, at: datetime, not_yet_at: datetime) -> None:
        """It ended between our last question and this one, so the middle of them is believed."""
        if at - not_yet_at <= UNSURE_MAX:
            took = not_yet_at + (at - not_yet_at) / 2 - question.sent_at
            work = Work(question.offer_id, question.resolution, question.duration_s)
            self._times.learn(work, took.total_seconds())

    def _warn_of(self, job: Job, overrun: Micros) -> None:
        if overrun:
            log.error("billed %d micros above the hold", overrun, extra={"job": job.id, "code": "overrun"})
