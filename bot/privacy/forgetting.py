"""A duty: what people wrote and gave is kept so long and no longer, kind by kind."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.ordering.material import PICTURES, unlink_picture
from storage import acts, forgotten, keeping
from storage.acts import Verb
from storage.database import Database

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3_600.0
AT_ONCE_MAX = 100

WITHOUT_CLIP = timedelta(days=30)
"""For so long the words of an order are kept of which no clip is: a member may ask what became of it."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """For how long each kind is kept; without a limit prompts are kept as long as their clips."""

    prompts: timedelta | None
    pictures: timedelta
    texts: timedelta


class Forgetting:
    """Keeps the limits.

    Args:
        folder: the data folder.
        more: what else goes by the clock, such as exports that nobody fetched.
    """

    def __init__(
        self,
        database: Database,
        limits: Limits,
        *,
        folder: Path,
        now: Callable[[], datetime],
        more: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._limits = limits
        self._folder = folder
        self._now = now
        self._more = more

    async def run(self) -> None:
        """Look every hour, until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(LOOK_EVERY_S)

    async def once(self) -> dict[str, int]:
        """Forget what is too old; how much of each kind."""
        at, limits = self._now(), self._limits
        done = {"prompts": 0, "pictures": 0}
        count = AT_ONCE_MAX
        while count == AT_ONCE_MAX:
            count = await self._database.write(
                partial(
                    keeping.prompts,
                    before=None if limits.prompts is None else at - limits.prompts,
                    without_clip_before=at - WITHOUT_CLIP,
                    limit=AT_ONCE_MAX,
                )
            )
            done["prompts"] += count
        count = AT_ONCE_MAX
        while count == AT_ONCE_MAX:
            old = await self._database.read(
                partial(keeping.pictures, before=at - limits.pictures, limit=AT_ONCE_MAX)
            )
            gone = [picture_id for picture_id in old if await self._unlinked(picture_id)]
            await self._database.write(partial(forgotten.forget_pictures, picture_ids=gone))
            count = len(gone)
            done["pictures"] += count
        done["texts"] = await self._database.write(partial(keeping.texts, before=at - limits.texts))
        done["forms"] = await self._database.write(
            partial(keeping.forms, at=at, day_ago=at - DAY, week_ago=at - WEEK)
        )
        await self._more()
        if any(done.values()):
            await self._database.write(partial(_on_record, done, at))
            await self._database.read(forgotten.cut_log)
            log.info("forgot what is too old: %s", done, extra={"code": "forgotten"})
        return done

    async def _unlinked(self, picture_id: str) -> bool:
        """Whether a picture's files are gone; one that cannot be removed holds up no other."""
        try:
            await asyncio.to_thread(unlink_picture, self._folder / PICTURES, picture_id)
        except OSError as fault:
            extra = {"code": "picture_not_removed"}
            log.error("picture %s cannot be removed: %s", picture_id, fault, extra=extra)  # noqa: TRY400
            return False
        return True


def _on_record(done: dict[str, int], at: datetime, tx: sqlite3.Connection) -> None:
    acts.on_installation(tx, Verb.RETENTION_KEPT, at=at, **done)
