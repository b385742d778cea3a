"""The end of a job that makes a character: no file is fetched, its provider's id is kept.

`rendered` → `stored` where other jobs store a clip: the character's row gets the id, in the transaction of
the move. `stored` → `posted` where others post one: it is shown by its card, which is the message that a
posted job must have. Where no card could be posted it is `undeliverable`, and can be used all the same.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.domain import Fault, FaultKind, Job
from bot.errors import StorageError
from bot.jobs import moves
from bot.jobs.movement import Movement
from bot.jobs.patience import CARD_FIRST
from storage import states

log = logging.getLogger(__name__)

CARD_AGAIN_S = 0.5


class Casting:
    """The steps of such a job once it is rendered. Each returns the seconds until the next look.

    Args:
        folder: the data folder, in which the clip is that it was made from.
    """

    def __init__(self, movement: Movement, *, folder: Path, now: Callable[[], datetime]) -> None:
        self._movement = movement
        self._folder = folder
        self._now = now

    async def made(self, job: Job) -> float | None:
        """Rendered: keep the id by which it is ordered."""
        at = self._now()
        if job.rendered_id is None:
            log.error("paid for, and without an id", extra={"job": job.id, "code": "character_without_id"})
            fault = Fault(kind=FaultKind.PROVIDER, code="character_without_id")
            await self._movement.write(job.id, partial(moves.asset_lost, job.id, fault, at))
            return None
        await self._movement.write(job.id, partial(moves.character_made, job, job.rendered_id, at))
        return 0.0

    async def ready(self, job: Job) -> float | None:
        """Stored: nobody needs its clip any more, and its card says that it is there."""
        if job.order.source is None:
            raise StorageError(f"job {job.id} makes a character of nothing")
        await asyncio.to_thread((self._folder / job.order.source.path).unlink, missing_ok=True)
        at = self._now()
        if job.card_message_id is not None:
            posted = partial(
                states.posted,
                job_id=job.id,
                channel_id=job.order.channel_id,
                message_id=job.card_message_id,
                at=at,
            )
            await self._movement.write(job.id, posted)
            return None
        if job.card_rev < 0 and abs(at - job.state_at) < CARD_FIRST:
            return CARD_AGAIN_S
        fault = Fault(kind=FaultKind.PERMISSIONS, code="no_card")
        await self._movement.write(job.id, partial(states.undeliverable, job_id=job.id, fault=fault, at=at))
        return None
