"""Pauses: moderators stop all orders of a channel or a server, and all submissions, until they say go on.

What a provider has already is finished and posted: it is paid for. What is only queued waits with its hold,
for a day at most (`Patience`), and its card says so.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.domain import ChannelId, FaultKind, GuildId, Job, JobId, JobState, Member, Micros
from bot.errors import Paused
from bot.language import _
from storage import acts, pauses
from storage.acts import Verb
from storage.database import Database
from storage.pauses import WHOLE_SERVER, Pause

__all__ = ("WHOLE_SERVER", "Pause", "Pauses", "Waited", "check")

REMEMBERED_FOR = timedelta(days=2)
"""Longer than a queued job waits: when a place went on again counts for those that waited there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """What a pause or its end met: whether it changed anything, and what waits, or had waited, there."""

    changed: bool
    jobs: int
    held_micros: Micros


def _nobody_cares(job_id: JobId) -> None:
    del job_id


class Pauses:
    """Which places are paused. The rows say it; they are kept in mind for those who ask at every step.

    `touched` is told of every job whose card says something else now, `woken` of every job that may go on:
    both are set once what they belong to is made.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self.touched: Callable[[JobId], None] = _nobody_cares
        self.woken: Callable[[JobId], None] = _nobody_cares
        self._open: dict[tuple[GuildId, ChannelId], Pause] = {}
        self._resumed: dict[tuple[GuildId, ChannelId], datetime] = {}

    async def begin(self) -> None:
        """Learn at start-up what a past process knew."""
        since = self._now() - REMEMBERED_FOR

        def read(tx: sqlite3.Connection) -> None:
            self._open = {(one.guild_id, one.channel_id): one for one in pauses.open_(tx)}
            self._resumed = pauses.resumed_since(tx, since)

        await self._database.read(read)

    async def pause(self, by: Member, channel_id: ChannelId) -> Waited:
        """Stop a channel with its threads, or the `WHOLE_SERVER`."""
        wanted = Pause(
            guild_id=by.guild_id, channel_id=channel_id, paused_by=by.user_id, paused_at=self._now()
        )
        changed, waiting = await self._database.write(partial(_pause, wanted))
        if changed:
            self._open[by.guild_id, channel_id] = wanted
        for one in waiting:
            self.touched(one.job_id)
        return _waited(waiting, changed=changed)

    async def resume(self, by: Member, channel_id: ChannelId) -> Waited:
        """Let it go on; whatever waited is looked at at once."""
        at = self._now()
        changed, waiting = await self._database.write(partial(_resume, by, channel_id, at))
        if changed:
            self._open.pop((by.guild_id, channel_id), None)
            self._resumed[by.guild_id, channel_id] = at
        for one in waiting:
            self.touched(one.job_id)
            self.woken(one.job_id)
        return _waited(waiting, changed=changed)

    def of_guild(self, guild_id: GuildId) -> list[Pause]:
        """Where a server is paused now, the whole of it first."""
        return sorted(
            (one for one in self._open.values() if one.guild_id == guild_id), key=lambda one: one.channel_id
        )

    def is_paused(self, job: Job) -> bool:
        """Whether a job's place is paused."""
        return any(place in self._open for place in _places(job))

    def holds_back(self, job: Job) -> bool:
        """Whether a job waits for nothing but the end of a pause; its card says so."""
        return job.state is JobState.QUEUED and self.is_paused(job)

    def resumed_at(self, job: Job) -> datetime | None:
        """When its place last went on again; None where it did not lately."""
        times = [self._resumed[place] for place in _places(job) if place in self._resumed]
        return max(times, default=None)


def check(tx: sqlite3.Connection, guild_id: GuildId, channels: Sequence[ChannelId]) -> None:
    """Take no new order in a place that is paused.

    Raises:
        Paused: it is.
    """
    paused = pauses.holding(tx, guild_id, channels)
    if paused is None:
        return
    raise Paused(
        _("The moderators have paused this server's orders.")
        if paused.channel_id == WHOLE_SERVER
        else _("The moderators have paused the orders of this channel."),
        _("Order again when they go on."),
        kind=FaultKind.PERMISSIONS,
    )


def _places(job: Job) -> list[tuple[GuildId, ChannelId]]:
    order = job.order
    channels = (WHOLE_SERVER, order.channel_id, order.parent_id)
    return [(order.member.guild_id, channel) for channel in channels if channel is not None]


def _pause(wanted: Pause, tx: sqlite3.Connection) -> tuple[bool, list[pauses.Waiting]]:
    changed = pauses.pause(tx, wanted)
    waiting = pauses.waiting(tx, wanted.guild_id, wanted.channel_id)
    if changed:
        acts.record(
            tx,
            verb=Verb.ORDERS_PAUSED,
            actor_id=wanted.paused_by,
            guild_id=wanted.guild_id,
            subject=f"channel:{wanted.channel_id}" if wanted.channel_id else f"guild:{wanted.guild_id}",
            detail={"waited": len(waiting)},
            at=wanted.paused_at,
        )
    return changed, waiting


def _resume(
    by: Member, channel_id: ChannelId, at: datetime, tx: sqlite3.Connection
) -> tuple[bool, list[pauses.Waiting]]:
    changed = pauses.resume(tx, by.guild_id, channel_id, by=by.user_id, at=at)
    waiting = pauses.waiting(tx, by.guild_id, channel_id)
    if changed:
        acts.record(
            tx,
            verb=Verb.ORDERS_RESUMED,
            actor_id=by.user_id,
            guild_id=by.guild_id,
            subject=f"channel:{channel_id}" if channel_id else f"guild:{by.guild_id}",
            detail={"waited": len(waiting)},
            at=at,
        )
    return changed, waiting


def _waited(waiting: Sequence[pauses.Waiting], *, changed: bool) -> Waited:
    return Waited(
        changed=changed,
        jobs=len(waiting),
        held_micros=Micros(sum(one.price_micros for one in waiting)),
    )
