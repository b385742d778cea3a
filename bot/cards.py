"""Keeps the card of every order true: posts it once, edits it on change, never more often than it helps."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from bot.budgets import Budgets
from bot.catalogue import Catalogue
from bot.delivery import Card, Delivery
from bot.domain import RESTING, Job, JobId
from bot.errors import DeliveryRefused, DeliveryUnavailable, MessageGone
from bot.providers.protocol import Progress
from bot.schedule import Schedule
from storage import jobs
from storage.database import Database

log = logging.getLogger(__name__)

NONCE_HOLDS = timedelta(minutes=2)
"""For so long after a try Discord gives the same message for the same nonce ("the past few minutes")."""

PROGRESS_EVERY_S = 3.0
"""A card's progress is edited no more often; a change of state is shown at once."""

RETRY_S = 5.0
RETRY_MAX_S = 60.0
LANES = 16

_Seen = tuple[int, datetime | None, Progress | None]
"""What a card shows that may change: the job's `rev`, the wish to cancel, the progress."""


class Cards:
    """The duty that shows jobs. It works from the rows: a card is stale when it shows an older `rev`.

    Args:
        play_money: whether prices are for trying out only; cards say so.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        budgets: Budgets,
        delivery: Delivery,
        *,
        play_money: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._budgets = budgets
        self._delivery = delivery
        self.play_money = play_money
        self._now = now
        self._progress: dict[JobId, Progress] = {}
        self._shown: dict[JobId, _Seen] = {}
        self._given_up: dict[JobId, int | None] = {}
        self._failures: dict[JobId, int] = {}
        self._turns: WeakValueDictionary[JobId, asyncio.Lock] = WeakValueDictionary()
        self._schedule = Schedule(self._step, lanes=LANES)

    async def run(self) -> None:
        """Show what changes, until cancelled; begins with every card that a past process left stale."""
        for job_id in await self._database.read(jobs.with_stale_card):
            self._schedule.wake(job_id)
        await self._schedule.run()

    async def stop(self, *, within_s: float) -> None:
        """Finish the edits in hand; what is left stale is shown by the next process."""
        await self._schedule.stop(within_s=within_s)

    def touch(self, job_id: JobId) -> None:
        """A job has moved, or its member has wished something."""
        self._schedule.wake(job_id)

    def progress(self, job_id: JobId, progress: Progress) -> None:
        """The provider said how far a job is; shown when it differs and the last edit is long enough ago."""
        progress = replace(progress, ask_after_s=None)  # which nobody sees
        if self._progress.get(job_id) != progress:
            self._progress[job_id] = progress
            self._schedule.wake(job_id, PROGRESS_EVERY_S)

    async def carry(self, job: Job, clip: Path) -> None:
        """Show a stored clip on the card itself, which may be repeated for ever.

        Raises:
            DeliveryUnavailable, DeliveryRefused, ClipTooLarge, MessageGone: as `Delivery.edit_card` says.
        """
        async with self._turn(job.id):  # an edit that is on its way would hide the clip again
            card = await self.card(job, clip_here=clip)
            await self._delivery.edit_card(card)
            self._shown[job.id] = _seen(card)

    async def card(self, job: Job, *, clip_here: Path | None = None) -> Card:
        """The card of a job as it should be now, with its clip on it where that is the only way."""
        model = self._catalogue.describe(job.order.model)
        return Card(
            job=job,
            allowance=await self._budgets.allowance(job.order.member),
            model_name=model.name,
            label=model.label,
            play_money=self.play_money,
            can_cancel=self._catalogue.can_cancel(job.quote.offer_id),
            progress=self._progress.get(job.id),
            clip_here=clip_here,
        )

    async def _step(self, job_id: JobId) -> float | None:
        try:
            async with self._turn(job_id):
                await self._show(job_id)
        except DeliveryUnavailable as fault:
            log.warning("card not shown yet: %s", fault, extra={"job": job_id, "code": fault.code})
            failures = self._failures[job_id] = self._failures.get(job_id, 0) + 1
            return min(RETRY_MAX_S, RETRY_S * failures)
        except asyncio.CancelledError:
            raise
        except Exception:  # one card's fault, whatever it is, stops no other
            log.exception("card step failed", extra={"job": job_id, "code": "card_step_failed"})
            return RETRY_MAX_S
        self._failures.pop(job_id, None)
        return None

    async def _show(self, job_id: JobId) -> None:
        job = await self._database.read(partial(jobs.get, job_id=job_id))
        if job is None:
            return
        try:
            if self._is_given_up(job):
                await self._write_shown(job)  # else every process to come would look at it
            elif job.card_message_id is None:
                await self._post(job)
            else:
                await self._edit(job)
        except (MessageGone, DeliveryRefused) as fault:
            # Deleted by somebody, or the place is closed to us: the job goes on without a card. To ask
            # with every progress would be worse than useless: Discord bans who is refused too often.
            log.info("card given up: %s", fault, extra={"job": job_id, "code": fault.code})
            self._given_up[job_id] = None if isinstance(fault, MessageGone) else job.rev
            await self._write_shown(job)
        if job.state in RESTING:
            self._forget(job_id)

    def _is_given_up(self, job: Job) -> bool:
        """For good where it was deleted or never was; after a refused edit until the job moves again."""
        if job.card_message_id is None:
            return job.card_rev >= 0
        return job.id in self._given_up and self._given_up[job.id] in (None, job.rev)

    async def _post(self, job: Job) -> None:
        at = self._now()
        first_try = job.card_tried_at is None
        message_id = None
        if job.card_tried_at is not None and not at - NONCE_HOLDS < job.card_tried_at <= at:
            message_id = await self._delivery.find_card(job.order.channel_id, job)
        if message_id is None:
            await self._database.write(partial(jobs.card_tried, job_id=job.id, at=at))
            card = await self.card(job)
            message_id = await self._delivery.post_card(card)
            if first_try:
                self._shown[job.id] = _seen(card)
        # What was found, or given again for its nonce, shows the job as it was at an earlier try.
        rev = job.rev if first_try else job.card_rev
        await self._database.write(partial(jobs.card_posted, job_id=job.id, message_id=message_id, rev=rev))
        if not first_try:
            await self._edit(replace(job, card_message_id=message_id))

    async def _edit(self, job: Job) -> None:
        card = await self.card(job)
        # What an earlier process showed is known by its `rev` alone.
        if self._shown.get(job.id, (job.card_rev, job.cancel_asked_at, None)) != _seen(card):
            await self._delivery.edit_card(card)
            self._shown[job.id] = _seen(card)
        await self._write_shown(job)

    async def _write_shown(self, job: Job) -> None:
        if job.card_rev < job.rev:
            await self._database.write(partial(jobs.card_shown, job_id=job.id, rev=job.rev))

    def _turn(self, job_id: JobId) -> asyncio.Lock:
        """One edit of a card at a time, so that the last one said is the last one seen."""
        return self._turns.setdefault(job_id, asyncio.Lock())

    def _forget(self, job_id: JobId) -> None:
        self._progress.pop(job_id, None)
        self._shown.pop(job_id, None)
        self._given_up.pop(job_id, None)


def _seen(card: Card) -> _Seen:
    return card.job.rev, card.job.cancel_asked_at, card.progress
