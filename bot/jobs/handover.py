"""Hands an order to its provider once, and finds out whether it arrived."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.domain import Attempt, Fault, FaultKind, Job, JobId, OfferId, Ticket
from bot.errors import ProviderUnavailable, StorageError, UnreadableAnswer
from bot.jobs import moves
from bot.jobs.complaints import Complaints
from bot.jobs.movement import Movement
from bot.jobs.pace import Pace
from bot.jobs.patience import HELD_BACK_MAX, HOUSE_AFTER, OVERDUE_MAX, Patience
from bot.moderation.pauses import Pauses
from bot.offers.reach import reached
from bot.operating.halts import Halts
from bot.providers.protocol import (
    CannotTell,
    Found,
    NotTaken,
    ProvenAbsent,
    Provider,
    Refused,
    Rendering,
    Search,
    Submission,
    Taken,
    Unknown,
    Vanished,
    Waiting,
)
from bot.routing import MODEL_GONE, Go, Later, Nowhere, Routing
from bot.spend.surge import Surge
from storage import attempts, characters, jobs, states
from storage.database import Database

log = logging.getLogger(__name__)

TOLD_MAX = 4096

HELD_BACK_S = 30.0
"""Between two looks at a job that waits for the operator, or for moderators."""


class Handover:
    """The steps of a job until a provider certainly has it. Each returns the seconds until the next look.

    Args:
        routing: says where a job goes, and is told what became of it.
        providers, paces: by name, the first part of an offer's id.
        folder: the data folder, in which the sources of orders are.
        surge: may hold back what costs money.
        pauses: may hold back what was ordered in a place.
        halts: may hold back what the operator has stopped.
        dry_run: whether nothing is ever submitted.
    """

    def __init__(
        self,
        database: Database,
        routing: Routing,
        providers: Mapping[str, Provider],
        paces: Mapping[str, Pace],
        movement: Movement,
        patience: Patience,
        *,
        folder: Path,
        now: Callable[[], datetime],
        surge: Surge | None = None,
        pauses: Pauses | None = None,
        halts: Halts | None = None,
        dry_run: bool = False,
    ) -> None:
        self._database = database
        self._routing = routing
        self._providers = providers
        self._paces = paces
        self._movement = movement
        self._patience = patience
        self._folder = folder
        self._now = now
        self._surge = surge
        self._pauses = pauses
        self._halts = halts
        self.held_back: set[JobId] = set()  # to be looked at when what is stopped goes on
        self._dry_run = dry_run
        self._told: dict[str, Ticket] = {}
        self._complaints = Complaints(log)

    def told(self, attempt: Attempt, ticket: Ticket) -> None:
        """A verified webhook brought the ticket of this attempt, whose job is to be looked at next.

        Only a note: the row is moved by `search` or `submit`, and until then the webhook is sent again.
        """
        self._told[attempt.key] = ticket
        if len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]

    def forget(self, job_id: JobId) -> None:
        """The job is at its end here."""
        self._complaints.forget(job_id)

    async def submit(self, job: Job) -> float | None:
        """Queued: order it, where it can be had now and at its price."""
        if self._halts is not None and self._halts.stops(job):
            return await self._hold_back(job, "halted", FaultKind.PERMISSIONS)
        if self._pauses is not None and self._pauses.is_paused(job):
            return await self._hold_back(job, "paused", FaultKind.PERMISSIONS)
        if self._surge is not None and not await self._surge.admits(job):
            return await self._hold_back(job, "spending_stopped", FaultKind.SERVER_BUDGET)
        if job.order.characters and await self._lost_a_character(job):
            await self._movement.fail(job.id, "character_removed")
            return None
        at = self._now()
        past = [] if job.attempt == 0 else await self._database.read(partial(attempts.of_job, job_id=job.id))
        waited = at - self._wanted_since(job, past)
        tried = Counter(attempt.offer_id for attempt in past)
        source_bytes = await self._source_bytes(job)
        match self._routing.route(job, tried, source_bytes=source_bytes, waited=waited):
            case Nowhere(code):
                await self._movement.fail(job.id, code)
                return None
            case Later(seconds):
                return max(seconds, self._patience.about_s(seconds))
            case Go(offer) if self._dry_run:
                self._routing.withdrawn(job.id, offer)
                await self._movement.fail(job.id, "dry_run", FaultKind.OURS)
                return None
            case Go() as go:
                placed, begun = await self._begin(job, go, at)
                attempt = replace(begun, at_offer=tried[go.offer.id] + 1)
                submission = await self._submitted(placed, attempt, go)
                return await self._became(placed, attempt, submission, tried, source_bytes)

    async def _hold_back(self, job: Job, code: str, kind: FaultKind) -> float | None:
        """Queued, and somebody has stopped what it is of: it waits with its hold, but not for ever."""
        if self._patience.is_over(job.state_at, HELD_BACK_MAX):
            await self._movement.fail(job.id, code, kind)
            return None
        self.held_back.add(job.id)
        self._movement.show(job.id)
        return HELD_BACK_S

    def _wanted_since(self, job: Job, past: Sequence[Attempt]) -> datetime:
        """Since when a job could have been taken; what it was held back does not count."""
        since = past[0].sent_at if past else job.state_at
        stops = (
            None if self._surge is None else self._surge.resumed_at,
            None if self._pauses is None else self._pauses.resumed_at(job),
            None if self._halts is None else self._halts.resumed_at(job),
        )
        return max([since, *(at for at in stops if at is not None)])

    async def _lost_a_character(self, job: Job) -> bool:
        """Whether one of its characters was removed while it waited: from then on it is in nothing new."""
        find = partial(characters.has_removed, provider=job.quote.provider, provider_ids=job.order.characters)
        return await self._database.read(find)

    async def _begin(self, job: Job, go: Go, at: datetime) -> tuple[Job, Attempt]:
        """The job with its place, and its attempt, both written.

        Before the call: a row left in `submitting` is how we know, after a crash, that the provider may be
        working (and charging) for us.
        """
        move = partial(
            states.submitting,
            job=job,
            provider=go.offer.row.provider,
            at=at,
            offer_id=go.offer.id,
            price_micros=go.price_micros,
        )
        try:
            attempt = await self._movement.write(job.id, move)
        except BaseException:  # whatever it was, nothing was submitted
            self._routing.withdrawn(job.id, go.offer)
            raise
        return replace(job, quote=replace(job.quote, offer_id=go.offer.id)), attempt

    async def _submitted(self, job: Job, attempt: Attempt, go: Go) -> Submission:
        try:
            submission = await self._providers[go.offer.row.provider].submit(self._with_source(job), attempt)
        except Exception as error:
            # Theirs or ours, we no longer know what the provider has.
            detail = f"{type(error).__name__}: {error}"
            self._routing.ended(job.id, go.offer, Unknown(detail))
            await self._movement.write(
                job.id, partial(states.uncertain, attempt=attempt, detail=detail, at=self._now())
            )
            raise
        told = self._told.pop(attempt.key, None)
        if told is not None and not isinstance(submission, Taken):
            submission = Taken(told)  # it is there, whatever the answer seems to prove
        self._routing.ended(job.id, go.offer, submission)
        return submission

    async def _became(
        self,
        job: Job,
        attempt: Attempt,
        submission: Submission,
        tried: Counter[OfferId],
        source_bytes: int,
    ) -> float | None:
        """Write what the submission proved."""
        tried[attempt.offer_id] += 1
        match submission:
            case Taken(ticket):
                await self._movement.write(
                    job.id, partial(states.running, attempt=attempt, ticket=ticket, at=self._now())
                )
                log.info("taken by %s", attempt.offer_id, extra={"job": job.id, "code": "taken"})
                return self._paces.get(job.quote.provider, Pace()).first_s
            case NotTaken(fault):
                log.warning("not taken: %s", fault.detail, extra={"job": job.id, "code": fault.code})
                return await self._again(job, attempt, fault, tried, source_bytes)
            case Refused(fault):
                log.info("refused: %s", fault.detail, extra={"job": job.id, "code": fault.code})
                # That a model is gone is no word about the order. Any other refusal is, and ends it.
                if fault.code == MODEL_GONE and self._is_untried(job, tried, source_bytes):
                    return await self._again(job, attempt, fault, tried, source_bytes)
                await self._movement.write(job.id, partial(moves.refused, attempt, fault, self._now()))
                return None
            case Unknown(detail):
                log.error("outcome unknown: %s", detail, extra={"job": job.id, "code": "uncertain"})
                await self._movement.write(
                    job.id, partial(states.uncertain, attempt=attempt, detail=detail, at=self._now())
                )
                return 0.0

    async def _again(
        self, job: Job, attempt: Attempt, fault: Fault, tried: Counter[OfferId], source_bytes: int
    ) -> float | None:
        """Certainly not taken: back in line, at once where somebody has not been asked yet."""
        if not await self._movement.write(job.id, partial(moves.not_taken, attempt, fault, self._now())):
            return None
        if self._is_untried(job, tried, source_bytes):
            return 0.0
        return self._patience.about_s(min(60.0, 2.0 * attempt.number))

    def _is_untried(self, job: Job, tried: Counter[OfferId], source_bytes: int) -> bool:
        return self._routing.is_untried_elsewhere(job, tried, source_bytes=source_bytes)

    async def _source_bytes(self, job: Job) -> int:
        source = job.order.source
        if source is None:
            return 0
        try:
            return (await asyncio.to_thread((self._folder / source.path).stat)).st_size
        except OSError:
            return 0  # the provider's module says what is wrong with it

    async def lost(self, job: Job) -> float:
        """Submitting, found at start-up: we died between the write and the answer."""
        attempt = await self._attempt(job)
        await self._movement.write(
            job.id, partial(states.uncertain, attempt=attempt, detail="found at start-up", at=self._now())
        )
        return 0.0

    async def search(self, job: Job) -> float | None:
        """Uncertain: look for it at the provider, or ask again how it stands where we have its ticket."""
        if job.ticket is not None:
            return await self._ask_silent(job, job.ticket)
        attempt = await self._attempt(job)
        match await self._found(job, attempt):
            case Found(ticket):
                self._routing.has_it(job.id, attempt.offer_id)
                await self._movement.write(
                    job.id, partial(states.running, attempt=attempt, ticket=ticket, at=self._now())
                )
                return 0.0
            case ProvenAbsent():
                fault = Fault(kind=FaultKind.PROVIDER, code="proven_absent")
                move = partial(moves.not_taken, attempt, fault, self._now())
                return 0.0 if await self._movement.write(job.id, move) else None
            case CannotTell(detail, retry_after_s):
                self._complaints.say(job.id, f"still uncertain: {detail}", code="uncertain")
                return await self._stay_uncertain(job, retry_after_s)

    async def _found(self, job: Job, attempt: Attempt) -> Search:
        if (ticket := self._told.pop(attempt.key, None)) is not None:
            return Found(ticket)
        try:
            provider = reached(self._providers, job)
            if provider.sends_again(job, attempt):
                await self._database.write(partial(attempts.sent_again, attempt=attempt, at=self._now()))
            return await provider.find(self._with_source(job), attempt)
        except ProviderUnavailable as error:
            return CannotTell(str(error), error.retry_after_s)
        except UnreadableAnswer as error:
            return CannotTell(str(error))

    def _with_source(self, job: Job) -> Job:
        """The job with its source's file where it can be opened."""
        source = job.order.source
        if source is None:
            return job
        order = replace(job.order, source=replace(source, path=self._folder / source.path))
        return replace(job, order=order)

    async def _ask_silent(self, job: Job, ticket: Ticket) -> float | None:
        try:
            answer = await reached(self._providers, job).ask(ticket)
        except ProviderUnavailable as error:
            return await self._stay_uncertain(job, error.retry_after_s)
        except UnreadableAnswer:
            return await self._stay_uncertain(job)
        if isinstance(answer, Vanished):
            await self._movement.vanished(job.id)
            return None
        # Of one that is on its way for a day only its end is news.
        if isinstance(answer, Waiting | Rendering):
            attempt = await self._attempt(job)
            if self._patience.is_over(attempt.sent_at, OVERDUE_MAX):
                return await self._stay_uncertain(job, answer.ask_after_s)
        await self._movement.write(job.id, partial(states.heard_again, job_id=job.id, at=self._now()))
        return 0.0

    async def _stay_uncertain(self, job: Job, told_s: float | None = None) -> float:
        if self._patience.is_over(job.state_at, HOUSE_AFTER):
            moved = await self._database.write(partial(moves.to_the_house, job.id, self._now()))
            # No provider works on one for so long: the place is another's.
            self._routing.left(job.id)
            if moved:
                log.error("the house carries it now", extra={"job": job.id, "code": "uncertain_house"})
        return max(self._patience.growing_s(job.state_at, most_s=600.0), told_s or 0.0)

    async def _attempt(self, job: Job) -> Attempt:
        attempt = await self._database.read(partial(jobs.attempt, job_id=job.id, number=job.attempt))
        if attempt is None:
            raise StorageError(f"job {job.id} has no attempt {job.attempt}")
        return attempt
