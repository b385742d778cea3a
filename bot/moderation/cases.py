"""What moderators do about reported clips: dismiss the case, keep the clip hidden, or take it down.

A decision is one statement that names that the case is open: of two moderators who press at once the second
reads who decided.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.clips.showing import Shown
from bot.domain import ClipState, GuildId, Job, JobId, Member, MessageId
from bot.errors import ChangeRefused, DeliveryUnavailable, NotYours
from bot.language import _
from bot.moderation.reporting import REPORTERS_TO_HIDE
from bot.moderation.takedowns import Takedowns, begin
from storage import acts, cases, clips, gates, jobs, reported
from storage.acts import Verb
from storage.cases import Case, Outcome
from storage.database import Database
from storage.reported import Reason, Report
from storage.takedowns import Cause

# Cogs never see storage: what they show of it they know from here.
__all__ = ["Case", "Cases", "Outcome", "Reason", "Report", "Waiting"]

REPORTERS_MAX = 50
QUEUE_MAX = 25
REPORTS_SHOWN = 10

SECOND_THOUGHT_AFTER = timedelta(hours=1)
"""Who kept a clip hidden may show it again at once; another only so much later: a press on what they saw
before that decision is no second look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A case with its job and its first reports."""

    case: Case
    job: Job
    reports: Sequence[Report]


class Cases:
    """The queue of a server's reported clips, and the decisions."""

    def __init__(
        self,
        database: Database,
        shown: Shown,
        takedowns: Takedowns,
        *,
        now: Callable[[], datetime],
        hidden: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._shown = shown
        self._takedowns = takedowns
        self._now = now
        self._hidden = hidden

    async def decide(
        self,
        job_id: JobId,
        outcome: Outcome,
        *,
        by: Member,
        moderator: bool,
        pressed: MessageId | None = None,
    ) -> list[JobId]:
        """Decide about a reported clip; the clips that a take-down takes with it, itself among them.

        `pressed` is the message whose button it was: that one stays, to say what was decided.

        Raises:
            NotYours: no moderator, another server, their own clip, nothing reported, or decided by another.
        """
        if not moderator:
            raise NotYours(_("Only a moderator can decide this."), _("Tell one about it."))
        at = self._now()
        taken = await self._database.write(partial(_decide, job_id, outcome, by, at, pressed))
        if outcome is Outcome.TAKEN_DOWN:
            self._takedowns.go(taken)
            return taken
        self._hidden()
        try:
            await self._shown.refresh(job_id)
        except DeliveryUnavailable:
            raise NotYours(
                _("It is decided, but Discord did not take the change to its message."),
                _("Press the same button again in a minute."),
            ) from None
        if outcome is Outcome.KEPT_HIDDEN:
            await self._database.write(partial(cases.unseen, job_id=job_id, at=self._now()))
        return []

    async def waiting(self, guild_id: GuildId, reason: Reason | None = None) -> tuple[list[Waiting], int]:
        """The open cases of a server, those whose clock runs out first at the top; and how many there are."""
        return await self._database.read(partial(_waiting, guild_id, reason))

    async def moderator_role(self, guild_id: GuildId) -> int | None:
        """The role that makes a moderator in a server, beside the permission to manage messages."""
        rules = await self._database.read(partial(gates.rules, guild_id=guild_id))
        return rules.moderator_role_id

    async def reporters_to_hide(self, guild_id: GuildId) -> int:
        """How many people hide a clip together."""
        found = await self._database.read(partial(cases.reporters_to_hide, guild_id=guild_id))
        return found or REPORTERS_TO_HIDE

    async def set_reporters_to_hide(self, count: int, *, by: Member) -> None:
        """Say how many people hide a clip together.

        Raises:
            ChangeRefused: no such number.
        """
        if not 1 <= count <= REPORTERS_MAX:
            raise ChangeRefused(
                _("This is no number of people that can hide a clip."),
                _("Choose one from 1 to {most}.").format(most=REPORTERS_MAX),
            )
        await self._database.write(partial(_set_reporters, count, by, self._now()))


def _decide(
    job_id: JobId,
    outcome: Outcome,
    by: Member,
    at: datetime,
    pressed: MessageId | None,
    tx: sqlite3.Connection,
) -> list[JobId]:
    job = jobs.get(tx, job_id)
    if job is None or job.order.member.guild_id != by.guild_id or not by.in_server:
        raise NotYours(_("This clip is not known here."), _("Look at it where it was posted."))
    if job.order.member == by:
        raise NotYours(_("Nobody decides about their own clip."), _("Ask another moderator."))
    case = cases.newest_of(tx, job_id)
    if case is None:
        raise NotYours(_("Nobody has reported this clip."), _("Take it down with /moderation takedown."))
    again = outcome is Outcome.TAKEN_DOWN or (
        outcome is Outcome.DISMISSED
        and case.outcome is Outcome.KEPT_HIDDEN
        and case.decided_at is not None
        and (case.decided_by == by.user_id or at - case.decided_at >= SECOND_THOUGHT_AFTER)
    )
    if not cases.decide(tx, case.id, outcome, by=by.user_id, at=at, instead_of_hidden=again):
        raise _decided_before(case)
    if pressed is not None:
        cases.reminder_over(tx, pressed)
    record = partial(acts.on_job, tx, job_id=job_id, by=by.user_id, guild_id=by.guild_id, at=at)
    waited_s = (at - case.opened_at) // timedelta(seconds=1)
    match outcome:
        case Outcome.DISMISSED:
            record(Verb.REPORT_DISMISSED, case=case.id, reports=case.reports, waited_s=waited_s)
            if clips.change_state(tx, job_id, ClipState.SHOWN, among=frozenset({ClipState.HIDDEN})):
                record(Verb.CLIP_SHOWN, case=case.id)
            return []
        case Outcome.KEPT_HIDDEN:
            record(Verb.REPORT_UPHELD, case=case.id, outcome=outcome.value, waited_s=waited_s)
            if clips.change_state(tx, job_id, ClipState.HIDDEN, among=frozenset({ClipState.SHOWN})):
                cases.hidden(tx, case.id, at=at)
                record(Verb.CLIP_HIDDEN, case=case.id)
            return []
        case Outcome.TAKEN_DOWN:
            record(Verb.REPORT_UPHELD, case=case.id, outcome=outcome.value, waited_s=waited_s)
            cause = Cause(case.reason.value)
            return begin(tx, job, cause, by=by.user_id, blocked_in=by.guild_id, at=at)


def _decided_before(case: Case) -> NotYours:
    do = _("Look at it where it was posted.")
    who = _("the operator") if not case.decided_by else f"<@{case.decided_by}>"
    match case.outcome:
        case Outcome.DISMISSED:
            return NotYours(_("{who} has looked already, and shown it again.").format(who=who), do)
        case Outcome.KEPT_HIDDEN:
            return NotYours(_("{who} has looked already, and kept it hidden.").format(who=who), do)
        case Outcome.TAKEN_DOWN | None:
            return NotYours(_("{who} has looked already, and taken it down.").format(who=who), do)


def _waiting(
    guild_id: GuildId, reason: Reason | None, connection: sqlite3.Connection
) -> tuple[list[Waiting], int]:
    found = []
    for case in cases.waiting(connection, guild_id, reason=reason, limit=QUEUE_MAX):
        job = jobs.get(connection, case.job_id)
        if job is not None:
            reports = reported.of_case(connection, case.id, limit=REPORTS_SHOWN)
            found.append(Waiting(case=case, job=job, reports=reports))
    return found, cases.waiting_count(connection, guild_id)


def _set_reporters(count: int, by: Member, at: datetime, tx: sqlite3.Connection) -> None:
    was = cases.reporters_to_hide(tx, by.guild_id) or REPORTERS_TO_HIDE
    cases.set_reporters_to_hide(tx, by.guild_id, count)
    acts.on_guild(
        tx,
        Verb.SETTINGS_CHANGED,
        by.guild_id,
        by=by.user_id,
        at=at,
        what="reporters_to_hide",
        was=was,
        now=count,
    )
