"""A duty: asks the operator, in their channel, about jobs of which nobody knows whether a provider has them.

What can be found by itself is found within minutes, so a card comes after a while: with what is known, and
the three verdicts that `dailies jobs settle` takes as well. The first to decide decides; the card then says
what became of the job, whoever found it out. A card whose answer was lost may be posted a second time once
its nonce is forgotten: both work, and only one can decide.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot import duty
from bot.domain import Job, JobId, MessageId
from bot.errors import DeliveryRefused, DeliveryUnavailable, MessageGone
from storage import jobs, unsettled
from storage.database import Database
from storage.verdicts import Uncertain

__all__ = ("Board", "Uncertain", "Unsettled", "question_nonce")

log = logging.getLogger(__name__)

ASK_AFTER = timedelta(minutes=15)
LOOK_EVERY_S = 30.0
AT_ONCE_MAX = 20


class Board(Protocol):
    """The operator's channel. Every method raises `DeliveryUnavailable` when it is worth trying later."""

    async def ask(self, about: Uncertain, *, nonce: str) -> MessageId:
        """Post a card with three verdicts.

        Raises:
            DeliveryRefused: the channel takes none.
            MessageGone: this nonce's card was posted and has been deleted.
        """

    async def tell(self, message_id: MessageId, job: Job) -> None:
        """Say on a card what became of its job.

        Raises:
            DeliveryRefused, MessageGone: it cannot be edited any more.
        """


class Unsettled:
    """See the module."""

    def __init__(
        self,
        database: Database,
        board: Board,
        *,
        now: Callable[[], datetime],
        pause: duty.Pause = asyncio.sleep,
    ) -> None:
        self._database = database
        self._board = board
        self._now = now
        self._pause = pause

    async def run(self) -> None:
        """Look every half minute, until cancelled."""
        await duty.repeated(self.once, every_s=LOOK_EVERY_S, pause=self._pause, code="unsettled_failed")

    async def once(self) -> None:
        """Ask about what is uncertain for long enough, and close what is settled."""
        since = self._now() - ASK_AFTER
        wanted = await self._database.read(partial(unsettled.to_ask, since=since, limit=AT_ONCE_MAX))
        for about in wanted:
            if not await self._asked(about):
                return
        for job_id, message_id in await self._database.read(partial(unsettled.to_close, limit=AT_ONCE_MAX)):
            if not await self._closed(job_id, message_id):
                return

    async def _asked(self, about: Uncertain) -> bool:
        """Whether the channel can be reached."""
        extra = {"job": about.job_id, "code": "uncertain_unasked"}
        await self._database.write(partial(unsettled.tried, job_id=about.job_id, at=self._now()))
        try:
            message_id = await self._board.ask(about, nonce=question_nonce(about.job_id))
        except MessageGone as gone:
            log.info("somebody deleted the card that asks: %s", gone, extra=extra)
            return True
        except DeliveryUnavailable as fault:
            log.warning("not asked yet: %s", fault, extra=extra)
            return False
        except DeliveryRefused as fault:
            log.warning("DAILIES_OPERATOR_CHANNEL_ID takes no card: %s", fault, extra=extra)
            return False
        await self._database.write(partial(unsettled.asked, job_id=about.job_id, message_id=message_id))
        return True

    async def _closed(self, job_id: JobId, message_id: MessageId) -> bool:
        job = await self._database.read(partial(jobs.get, job_id=job_id))
        if job is not None:
            try:
                await self._board.tell(message_id, job)
            except DeliveryUnavailable as fault:
                log.warning("not told yet: %s", fault, extra={"job": job_id, "code": fault.code})
                return False
            except (DeliveryRefused, MessageGone) as fault:
                log.info("the card cannot say it: %s", fault, extra={"job": job_id, "code": fault.code})
        await self._database.write(partial(unsettled.closed, job_id=job_id, at=self._now()))
        return True


def question_nonce(job_id: JobId) -> str:
    """What makes two posts of one question one message."""
    return f"u{job_id}"
