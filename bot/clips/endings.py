"""Tells a member of an order that ended without a clip where no card can: its place is closed, or it is gone.

In the answer to the order while Discord lets us edit that; later by a direct message, to whoever has asked to
be written to. `/quota` lists it in any case.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from bot.domain import Job
from bot.errors import DeliveryError, DeliveryUnavailable
from storage import wishes
from storage.database import Database

log = logging.getLogger(__name__)


class Voice(Protocol):
    """The way to one member alone."""

    async def tell_end(self, job: Job, token: str | None) -> None:
        """Say how a job ended: in the answer of this token, in place of what it says, or directly (None).

        Raises:
            DeliveryError: it cannot be gone now.
        """


class Endings:
    """What a member is told of an order's end beside its card.

    Args:
        token_of: what the answer to a job's order can still be edited with.
    """

    def __init__(
        self, database: Database, voice: Voice, *, token_of: Callable[[Job], Awaitable[str | None]]
    ) -> None:
        self._database = database
        self._voice = voice
        self._token_of = token_of

    async def tell(self, job: Job) -> None:
        """Tell it once, by the first way that there is.

        Raises:
            DeliveryUnavailable: later.
        """
        # The answer to an order of several takes may show those that were made.
        token = await self._token_of(job) if job.order.takes == 1 else None
        if token is not None and await self._told(job, token):
            return
        wished = await self._database.read(partial(wishes.get, user_id=job.order.member.user_id))
        if wished.direct_messages:
            await self._told(job, None)

    async def _told(self, job: Job, token: str | None) -> bool:
        try:
            await self._voice.tell_end(job, token)
        except DeliveryUnavailable:
            raise
        except DeliveryError as fault:
            log.info("end not told: %s", fault, extra={"job": job.id, "code": fault.code})
            return False
        return True
