"""Reports: anybody who sees a clip may say that it should not be here; those who manage the server are told.

The gravest reasons hide the clip at once, before anybody has looked: to show what should not be seen for an
hour is worse than to hide what is harmless for one. So do enough people together. One person reports a clip
once, and again only for something graver; whose reports are dismissed too often hides nothing by their own
word any more.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.clips.showing import Notice, Screen, Shown
from bot.domain import ChannelId, ClipState, GuildId, Job, JobId, JobState, Member
from bot.errors import DeliveryRefused, DeliveryUnavailable, NotYours, StorageError
from bot.ids import Ids
from bot.jobs.nonces import NONCE_HOLDS
from bot.language import _
from storage import acts, cases, clips, jobs, places, reported
from storage.acts import Verb
from storage.cases import Case
from storage.database import Database
from storage.places import Purpose
from storage.reported import WORDS_MAX, Reason, Report, Standing

# Cogs never see storage: what they show of it they know from here.
__all__ = [
    "CLOCK",
    "GRAVEST",
    "REPORTERS_TO_HIDE",
    "WORDS_MAX",
    "Reason",
    "Report",
    "Reporting",
    "channel_of",
]

log = logging.getLogger(__name__)

GRAVEST = frozenset({Reason.MINOR, Reason.INTIMATE})
"""One person's word hides the clip."""

CLOCK = timedelta(hours=48)
"""In which intimate pictures without consent have to be gone (the Take It Down Act, Pub. L. 119-12); so have
those of minors."""

REPORTERS_TO_HIDE = 3
"""Where a server says nothing."""

REPORTS_A_DAY_MAX = 20
ALONE_A_DAY_MAX = 5
"""So many clips does one person's word hide in a day; beyond that it is one among others'."""

DISMISSED_MAX = 3
JUDGED_FOR = timedelta(days=90)
"""Who was wrong so often in so long, and more often than right, hides nothing alone and does not count."""

RETRY_S = 30.0

_SEVERITY = {reason: rank for rank, reason in enumerate(Reason)}
"""The gravest first, as the form lists them."""


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
        """Write a report, and hide the clip where the reason is grave or enough people say so.

        Raises:
            NotYours: there is no such clip here, this member has reported it before, or too many today.
        """
        report = Report(
            id=self._ids.new(),
            job_id=job_id,
            guild_id=by.guild_id,
            reporter_id=by.user_id,
            reason=reason,
            words=words[:WORDS_MAX],
            at=self._now(),
            hidden=False,
        )
        report = await self._database.write(partial(_write, report))
        self._woken.set()
        if report.hidden:
            self._hidden()
        return report

    async def is_heard(self, guild_id: GuildId) -> bool:
        """Whether a server has a channel in which its moderators are told of reports at once."""
        return await channel_of(self._database, self._screen, guild_id) is not None

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
        at = self._now()
        await self._database.write(partial(cases.unseen, job_id=report.job_id, at=at))
        took_ms = (at - report.at) // timedelta(milliseconds=1)
        log.info("hidden %d ms after the report", took_ms, extra={"job": report.job_id, "code": "hidden"})

    async def _told(self, report: Report) -> str:
        job, case, news = await self._database.read(partial(_news, report))
        if not news:
            return "nobody: the case is known, and this adds nothing to it"
        channel_id = await channel_of(self._database, self._screen, report.guild_id)
        if channel_id is None:
            return "nobody: no channel is named for reports"
        notice = Notice(
            id=report.id,
            job=job,
            reason=report.reason,
            words=report.words,
            hidden=report.hidden,
            at=report.at,
            reports=1 if case is None else case.reports,
            due_at=None if case is None else case.due_at,
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


async def channel_of(database: Database, screen: Screen, guild_id: GuildId) -> ChannelId | None:
    """Where a server's moderators are told of reports; None where nobody can be."""
    named = await database.read(partial(places.get, guild_id=guild_id, purpose=Purpose.REPORTS))
    return named or await screen.managers_channel(guild_id)


def _write(report: Report, tx: sqlite3.Connection) -> Report:
    """The report, with its case and what it leads to; all in one transaction."""
    job = jobs.get(tx, report.job_id)
    state = clips.state_of(tx, report.job_id)
    visible = {ClipState.SHOWN, ClipState.HIDDEN}
    if job is None or job.order.member.guild_id != report.guild_id or state not in visible:
        raise NotYours(_("This clip is not shown here any more."), _("There is nothing to report."))
    if job.state is not JobState.POSTED:
        raise NotYours(_("Nobody else sees this clip."), _("There is nothing to report."))
    said_before = reported.reasons(tx, job.id, report.reporter_id)
    if any(_SEVERITY[one] <= _SEVERITY[report.reason] for one in said_before):
        raise NotYours(_("You have reported this clip before."), _("Its managers know of it."))
    standing = reported.standing(
        tx,
        report.guild_id,
        report.reporter_id,
        day=report.at - timedelta(days=1),
        judged_since=report.at - JUDGED_FOR,
    )
    if standing.today >= REPORTS_A_DAY_MAX and not said_before:
        raise NotYours(
            _("You have reported {count} clips within a day, which is the most.").format(
                count=REPORTS_A_DAY_MAX
            ),
            _("Tell a moderator about this one."),
        )
    case = _case_of(tx, report)
    trusted = not _is_wrong_too_often(standing)
    report = replace(report, case_id=case.id, counts=trusted)
    reported.insert(tx, report)
    record = partial(acts.on_job, tx, job_id=job.id, guild_id=report.guild_id, at=report.at)
    record(Verb.REPORT_MADE, by=report.reporter_id, report=report.id, reason=report.reason.value)
    alone = (
        trusted
        and report.reason in GRAVEST
        and standing.alone < ALONE_A_DAY_MAX
        and not cases.was_dismissed(tx, job.id)  # a moderator has looked: one word is not against theirs
    )
    needed = cases.reporters_to_hide(tx, report.guild_id) or REPORTERS_TO_HIDE
    together = trusted and cases.reporters_that_count(tx, case.id) >= needed
    hides = state is ClipState.SHOWN and (alone or together)
    if hides:
        clips.change_state(tx, job.id, ClipState.HIDDEN, among=frozenset({ClipState.SHOWN}))
        cases.hidden(tx, case.id, at=report.at)
        record(Verb.CLIP_HIDDEN, by=None, report=report.id, alone=alone, reports=case.reports + 1)
    report = replace(report, hidden=hides or state is ClipState.HIDDEN, alone=hides and alone)
    reported.changed(tx, report.id, hidden=report.hidden, alone=report.alone)
    return report


def _case_of(tx: sqlite3.Connection, report: Report) -> Case:
    """The clip's open case, with this report's reason where that is graver; else a new one."""
    due_at = report.at + CLOCK if report.reason in GRAVEST else None
    case = cases.newest_of(tx, report.job_id)
    if case is None or case.decided_at is not None:
        return cases.begin(tx, report.job_id, report.guild_id, report.reason, due_at=due_at, at=report.at)
    if _SEVERITY[report.reason] < _SEVERITY[case.reason]:
        cases.worsen(tx, case.id, report.reason, due_at=due_at)
    return case


def _is_wrong_too_often(standing: Standing) -> bool:
    return standing.dismissed >= DISMISSED_MAX and standing.dismissed > standing.upheld


def _news(report: Report, connection: sqlite3.Connection) -> tuple[Job, Case | None, bool]:
    """Its job and its case, and whether it tells moderators more than the reports of the case before it."""
    job = jobs.get(connection, report.job_id)
    if job is None:
        raise StorageError(f"job {report.job_id} is gone")
    case = cases.newest_of(connection, report.job_id)
    if report.case_id is None or report.words or report.alone:
        return job, case, True
    before = reported.before(connection, report)
    known = any(_SEVERITY[one.reason] <= _SEVERITY[report.reason] for one in before)
    hides = report.hidden and not any(one.hidden for one in before)
    return job, case, hides or not known
