"""Keeps the card of every order true: posts it once, edits it on change, never more often than it helps."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

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
LANES = 16


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
        self._shown: dict[JobId, tuple[int, Progress | None]] = {}
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
        """A job has moved."""
        self._schedule.wake(job_id)

    def progress(self, job_id: JobId, progress: Progress) -> None:
        """The provider said how far a job is; shown when it differs and the last edit is long enough ago."""
        if self._progress.get(job_id) != progress:
            self._progress[job_id] = progress
            self._schedule.wake(job_id, PROGRESS_EVERY_S)

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
            return await self._show(job_id)
        except DeliveryUnavailable as fault:
            log.warning("card not shown yet: %s", fault, extra={"job": job_id, "code": fault.code})
            return RETRY_S
        except (MessageGone, DeliveryRefused) as fault:
            # Deleted by somebody, or the place is closed to us: the job goes on without a card.
            log.info("card given up: %s", fault, extra={"job": job_id, "code": fault.code})
            await self._database.write(partial(_given_up, job_id))
            self._forget(job_id)
            return None
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("card step failed", extra={"job": job_id, "code": "card_step_failed"})
            return 60.0

    async def _show(self, job_id: JobId) -> float | None:
        job = await self._database.read(partial(jobs.get, job_id=job_id))
        if job is None:
            return None
        if job.card_message_id is None:
            if job.card_rev >= 0:  # given up before
                return None
            await self._post(job)
        elif self._shown.get(job_id) != (job.rev, self._progress.get(job_id)):
            await self._delivery.edit_card(await self.card(job))
            await self._database.write(partial(jobs.card_shown, job_id=job_id, rev=job.rev))
        self._shown[job_id] = (job.rev, self._progress.get(job_id))
        if job.state in RESTING:
            self._forget(job_id)
        return None

    async def _post(self, job: Job) -> None:
        at = self._now()
        message_id = None
        if job.card_tried_at is not None and not at - NONCE_HOLDS < job.card_tried_at <= at:
            message_id = await self._delivery.find_card(job.order.channel_id, job)
        if message_id is None:
            await self._database.write(partial(jobs.card_tried, job_id=job.id, at=at))
            message_id = await self._delivery.post_card(await self.card(job))
        await self._database.write(
            partial(jobs.card_posted, job_id=job.id, message_id=message_id, rev=job.rev)
        )

    def _forget(self, job_id: JobId) -> None:
        self._progress.pop(job_id, None)
        self._shown.pop(job_id, None)


def _given_up(job_id: JobId, tx: sqlite3.Connection) -> None:
    job = jobs.get(tx, job_id)
    if job is not None:
        jobs.card_shown(tx, job_id, rev=job.rev)
