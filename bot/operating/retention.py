"""A duty: clips are kept for so long and so many, as the operator has set; what was posted stays posted."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bot.clips.removal import Step
from bot.domain import ClipState, JobId, UserId
from storage import acts, clips, expiry, removals
from storage.acts import Verb
from storage.database import Database

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3_600.0
AT_ONCE_MAX = 200
"""Clips in one transaction; more go with the next."""

NOBODY = UserId(0)
"""Whose wish it is: no member's."""

STEPS = (Step.LINKS, Step.FILE, Step.THUMBNAIL)


class Retention:
    """Lets old clips go.

    Args:
        keep_for: for how long a clip is kept; None is for ever.
        bytes_max: how much all of them may take; None is as much as there is.
        wake: takes the steps of a removal.
    """

    def __init__(
        self,
        database: Database,
        *,
        keep_for: timedelta | None,
        bytes_max: int | None,
        wake: Callable[[JobId], None],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._keep_for = keep_for
        self._bytes_max = bytes_max
        self._wake = wake
        self._now = now

    async def run(self) -> None:
        """Look every hour, until cancelled."""
        while True:
            while len(await self.once()) >= AT_ONCE_MAX:
                pass
            await asyncio.sleep(LOOK_EVERY_S)

    async def once(self) -> list[JobId]:
        """Let go of what is too old or too much; which clips."""
        gone = await self._database.write(self._let_go)
        for job_id in gone:
            self._wake(job_id)
        if gone:
            log.info("let %d old clips go", len(gone), extra={"code": "clips_expired"})
        return gone

    def _let_go(self, tx: sqlite3.Connection) -> list[JobId]:
        at = self._now()
        gone: list[JobId] = []
        if self._keep_for is not None:
            gone = self._expired(tx, partial(expiry.too_old, before=at - self._keep_for), at)
        if self._bytes_max is not None and len(gone) < AT_ONCE_MAX:
            gone += self._expired(tx, partial(expiry.too_many, bytes_max=self._bytes_max), at)
        if gone:
            acts.on_installation(tx, Verb.RETENTION_KEPT, at=at, clips=len(gone))
        return gone

    def _expired(
        self, tx: sqlite3.Connection, found: Callable[..., list[JobId]], at: datetime
    ) -> list[JobId]:
        wanted = found(tx, limit=AT_ONCE_MAX)
        for job_id in wanted:
            clips.change_state(tx, job_id, ClipState.EXPIRED, among=frozenset({ClipState.SHOWN}))
            removals.begin(tx, job_id, by=NOBODY, at=at, steps=STEPS)
        return wanted
