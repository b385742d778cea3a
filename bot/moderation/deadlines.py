"""A duty: reminds those who decide of reported clips whose clock runs out, and the operator with them.

The law gives 48 hours for intimate pictures of somebody who did not agree. Each mark below is told once,
written before it is told: a reminder that is lost is followed by the next. Once somebody has decided, the
reminders are deleted.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from bot import duty
from bot.clips.showing import Reminder, Screen
from bot.domain import ChannelId, MessageId
from bot.errors import DeliveryRefused, DeliveryUnavailable
from bot.moderation.reporting import channel_of
from bot.operating.notices import Operator
from storage import acts, cases, jobs
from storage.acts import Verb
from storage.cases import Case
from storage.database import Database

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0
AT_ONCE_MAX = 100

MARKS_HOURS = (24, 6, 1, 0)
"""So many hours before the end somebody is told; 0 is when it is over."""


class Deadlines:
    """The duty.

    Args:
        pause: waits so many seconds.
    """

    def __init__(
        self,
        database: Database,
        screen: Screen,
        operator: Operator,
        *,
        now: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._screen = screen
        self._operator = operator
        self._now = now
        self._pause = pause

    async def run(self) -> None:
        """Look and remind until cancelled."""
        await duty.repeated(self.look, every_s=LOOK_EVERY_S, pause=self._pause, code="deadlines_failed")

    async def look(self) -> None:
        """Remind of every case that has reached a mark since the last look; clear what is decided."""
        soon = self._now() + timedelta(hours=MARKS_HOURS[0])
        for case in await self._database.read(partial(cases.running_out, by=soon, limit=AT_ONCE_MAX)):
            mark = _reached(case, self._now())
            if mark is not None and (case.reminded_hours is None or mark < case.reminded_hours):
                await self._remind(case, mark)
        for channel_id, message_id in await self._database.read(
            partial(cases.reminders_over, limit=AT_ONCE_MAX)
        ):
            await self._clear(channel_id, message_id)

    async def _remind(self, case: Case, mark: int) -> None:
        if not await self._database.write(partial(_reminded, case, mark, self._now())):
            return  # it was decided meanwhile
        extra = {"job": case.job_id, "guild": case.guild_id, "code": "report_due"}
        left = "the 48 hours are over" if mark == 0 else f"{mark} h are left of 48"
        self._operator.tell(
            "report_due",
            f"A clip in server {case.guild_id} was reported ({case.reason}) and nobody has decided: "
            f"{left}. See `dailies reports list`; job {case.job_id}.",
        )
        channel_id = await channel_of(self._database, self._screen, case.guild_id)
        job = await self._database.read(partial(jobs.get, job_id=case.job_id))
        if channel_id is None or job is None:
            log.warning("nobody to remind: no channel is named for reports", extra=extra)
            return
        reminder = Reminder(job=job, case_id=case.id, reason=case.reason, due_at=case.due_at, mark_hours=mark)
        try:
            message_id = await self._screen.remind(channel_id, reminder)
        except (DeliveryRefused, DeliveryUnavailable) as fault:
            log.warning("moderators not reminded: %s", fault, extra=extra)
            return
        posted = partial(cases.reminder_posted, case_id=case.id, channel_id=channel_id, message_id=message_id)
        await self._database.write(posted)

    async def _clear(self, channel_id: ChannelId, message_id: MessageId) -> None:
        try:
            await self._screen.delete_message(channel_id, message_id)
        except DeliveryUnavailable as fault:
            log.warning("reminder not cleared yet: %s", fault, extra={"code": "reminder_stays"})
            return
        except DeliveryRefused as fault:  # closed to us: whoever sees it can delete it
            log.info("reminder not cleared: %s", fault, extra={"code": "reminder_stays"})
        await self._database.write(partial(cases.reminder_over, message_id=message_id))


def _reached(case: Case, at: datetime) -> int | None:
    """The lowest mark that a case has come to."""
    if case.due_at is None:
        return None
    left = case.due_at - at
    return min((mark for mark in MARKS_HOURS if left <= timedelta(hours=mark)), default=None)


def _reminded(case: Case, mark: int, at: datetime, tx: sqlite3.Connection) -> bool:
    if not cases.reminded(tx, case.id, mark):
        return False
    acts.on_job(
        tx,
        Verb.REPORT_REMINDED,
        case.job_id,
        by=None,
        guild_id=case.guild_id,
        at=at,
        case=case.id,
        hours_left=mark,
    )
    return True
