"""Reports: anybody who sees a clip may say that it should not be here; those who manage the server are told.

The gravest reasons hide the clip at once, before anybody has looked: to show what should not be seen for an
hour is worse than to hide what is harmless for one. One person reports a clip once, so that nobody can keep a
clip hidden against a moderator's word.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.domain import ChannelId, ClipState, GuildId, JobId, JobState, Member
from bot.errors import DeliveryRefused, DeliveryUnavailable, NotYours, StorageError
from bot.ids import Ids
from bot.language import _
from bot.nonces import NONCE_HOLDS
from bot.showing import Notice, Screen, Shown
from storage import acts, clips, jobs, places, reported
from storage.acts import Verb
from storage.database import Database
from storage.places import Purpose
from storage.reported import WORDS_MAX, Reason, Report

# Cogs never see storage: what they show of it they know from here.
__all__ = ["GRAVEST", "WORDS_MAX", "Reason", "Report", "Reporting"]

log = logging.getLogger(__name__)

GRAVEST = frozenset({Reason.MINOR, Reason.INTIMATE})
RETRY_S = 30.0


class Reporting:
    """The duty that tells of reports, and the way to make one.

    Args:
        hidden: told when a clip is to be seen nowhere any more.
    """

    def __init__(
        self,
        database: Database,
        shown: Shown,
        screen: Screen,
        *,
        ids: Ids,
        now: Callable[[], datetime],
        hidden: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._shown = shown
        self._screen = screen
        self._ids = ids
        self._now = now
        self._hidden = hidden
        self._woken = asyncio.Event()

    async def report(self, job_id: JobId, reason: Reason, words: str, *, by: Member) -> Report:
        """Write a report, and hide the clip where the reason is grave.

        Raises:
            NotYours: there is no such clip here, or this member has reported it before.
        """
        report = Report(
            id=self._ids.new(),
            job_id=job_id,
            guild_id=by.guild_id,
            reporter_id=by.user_id,
            reason=reason,
            words=words[:WORDS_MAX],
            at=self._now(),
            hidden=reason in GRAVEST,
        )
        await self._database.write(partial(_write, report))
        self._woken.set()
        if report.hidden:
            self._hidden()
        return report

    async def run(self) -> None:
        """Hide and tell, until cancelled; begins with what a past process left."""
        while True:
            self._woken.clear()
            left = False
            for report in await self._database.read(reported.untold):
                left |= not await self._tell(report)
            try:
                async with asyncio.timeout(RETRY_S if left else None):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _tell(self, report: Report) -> bool:
        """One report; False where it is to be tried again."""
        extra = {"job": report.job_id, "code": "report"}
        try:
            if report.hidden:
                await self._hide(report)
            how = await self._told(report)
        except DeliveryUnavailable as later:
            log.warning("report not told yet: %s", later, extra=extra)
            return False
        except Exception:  # one report's fault, whatever it is, stops no other
            log.exception("report failed", extra=extra)
            return False
        log.warning("reported (%s): %s", report.reason, how, extra=extra)
        await self._database.write(partial(reported.told, report_id=report.id, how=how, at=self._now()))
        return True

    async def _hide(self, report: Report) -> None:
        try:
            await self._shown.refresh(report.job_id)
        except NotYours as gone:
            log.info("nothing to hide: %s", gone, extra={"job": report.job_id, "code": "hidden_before"})

    async def _told(self, report: Report) -> str:
        channel_id = await self._channel(report.guild_id)
        job = await self._database.read(partial(jobs.get, job_id=report.job_id))
        if job is None:
            raise StorageError(f"job {report.job_id} is gone")
        if channel_id is None:
            return "nobody: no channel is named for reports"
        notice = Notice(
            id=report.id,
            job=job,
            reason=report.reason,
            words=report.words,
            hidden=report.hidden,
            at=report.at,
        )
        if await self._stands(channel_id, report, notice):
            return f"the channel {channel_id}, at an earlier try"
        await self._database.write(partial(reported.tried, report_id=report.id, at=self._now()))
        try:
            await self._screen.tell(channel_id, notice)
        except DeliveryRefused as refused:
            return f"nobody: the channel {channel_id} refused ({refused.code})"
        return f"the channel {channel_id}"

    async def _stands(self, channel_id: ChannelId, report: Report, notice: Notice) -> bool:
        """Whether a try of which nobody knows got through; Discord itself looks while the nonce holds."""
        tried_at, at = report.told_tried_at, self._now()
        if tried_at is None or at - NONCE_HOLDS < tried_at <= at:
            return False
        try:
            return await self._screen.find_notice(channel_id, notice)
        except DeliveryRefused:
            return False  # nobody can look: a report that is told twice is better than one that is not

    async def _channel(self, guild_id: GuildId) -> ChannelId | None:
        named = await self._database.read(partial(places.get, guild_id=guild_id, purpose=Purpose.REPORTS))
        return named or await self._screen.managers_channel(guild_id)


def _write(report: Report, tx: sqlite3.Connection) -> None:
    job = jobs.get(tx, report.job_id)
    state = clips.state_of(tx, report.job_id)
    visible = {ClipState.SHOWN, ClipState.HIDDEN}
    if job is None or job.order.member.guild_id != report.guild_id or state not in visible:
        raise NotYours(_("This clip is not shown here any more."), _("There is nothing to report."))
    if job.state is not JobState.POSTED:
        raise NotYours(_("Nobody else sees this clip."), _("There is nothing to report."))
    if not reported.insert(tx, report):
        raise NotYours(_("You have reported this clip before."), _("Its managers know of it."))
    reported_now = partial(
        acts.on_job, tx, job_id=job.id, guild_id=report.guild_id, at=report.at, report=report.id
    )
    reported_now(Verb.REPORT_MADE, by=report.reporter_id, reason=report.reason.value)
    if report.hidden and clips.change_state(tx, job.id, ClipState.HIDDEN, among=frozenset({ClipState.SHOWN})):
        reported_now(Verb.CLIP_HIDDEN, by=None)
