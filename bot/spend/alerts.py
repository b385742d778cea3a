"""A duty: tells the managers of a server, in the channel that they chose, how its money goes.

At 50, 80 and 100 % of a limit, once for each limit, period and threshold; and once a month, when the month
is over in the server's own time zone, what it came to. It works from rows: an alert is written before it is
posted, and a post whose answer got lost is looked for before it is posted again.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot import duty
from bot.domain import ChannelId, GuildId, MessageId
from bot.errors import ClipTooLarge, DeliveryRefused, DeliveryUnavailable, MessageGone
from bot.jobs.nonces import Nonces
from bot.spend.spending import Report, Spending
from storage import alerts
from storage.alerts import Alert, AlertKind
from storage.database import Database

__all__ = ["Alert", "AlertKind", "Alerts", "Billboard", "Posted", "alert_nonce"]

log = logging.getLogger(__name__)

LOOK_EVERY_S = 15.0
"""So much later than the order that reached a threshold may its warning come."""

STATEMENTS_EVERY = timedelta(minutes=5)
AT_ONCE_MAX = 50

POSTED = "posted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An alert as it is posted: a statement comes with the report of its month."""

    alert: Alert
    channel_id: ChannelId
    report: Report | None = None


class Billboard(Protocol):
    """The way into a channel. Every method raises `DeliveryUnavailable` when it is worth trying later."""

    async def post_alert(self, posted: Posted) -> MessageId:
        """Post it with its nonce.

        Raises:
            DeliveryRefused: the place takes no messages of ours.
            ClipTooLarge: its files are too large for the place.
            MessageGone: this nonce's message was posted and has been deleted.
        """

    async def find_alert(self, channel_id: ChannelId, alert: Alert) -> MessageId | None:
        """The message that an earlier try may have posted, found in the channel's history since then.

        Raises:
            DeliveryRefused: the history may not be read; `PlaceGone` where there is none any more.
        """


class Alerts:
    """The duty, and the choice of the channel.

    Args:
        pause: waits so many seconds.
    """

    def __init__(
        self,
        database: Database,
        spending: Spending,
        billboard: Billboard,
        *,
        now: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._spending = spending
        self._billboard = billboard
        self._nonces = Nonces(now=now)
        self._now = now
        self._pause = pause
        self._seen: tuple[int, int] | None = None
        self._stated_at: datetime | None = None

    async def run(self) -> None:
        """Look and tell until cancelled."""
        await duty.repeated(
            self._look_and_tell, every_s=LOOK_EVERY_S, pause=self._pause, code="alerts_failed"
        )

    async def _look_and_tell(self) -> None:
        await self.look()
        await self.tell()

    async def look(self) -> None:
        """Write down what is to be told. Where nothing has moved it costs one short read."""
        at = self._now()
        seen = await self._database.read(alerts.newest)
        if seen != self._seen:
            for guild_id in await self._database.read(partial(_to_look_at, self._seen)):
                due = await self._database.read(partial(alerts.warnings_due, guild_id=guild_id, at=at))
                if due:
                    await self._database.write(partial(alerts.write, due=due, at=at))
            self._seen = seen
        if self._stated_at is None or not timedelta() <= at - self._stated_at < STATEMENTS_EVERY:
            due = await self._database.read(partial(alerts.statements_due, at=at))
            if due:
                await self._database.write(partial(alerts.write, due=due, at=at))
            self._stated_at = at

    async def tell(self) -> None:
        """Post what is written and not told."""
        for alert in await self._database.read(partial(alerts.untold, limit=AT_ONCE_MAX)):
            extra = {"guild": alert.guild_id, "alert": alert.id}
            try:
                how, message_id = await self._told(alert)
            except DeliveryUnavailable as later:
                log.warning("alert not posted yet: %s", later, extra={**extra, "code": later.code})
                continue
            if how != POSTED:
                log.warning("alert not posted: %s", how, extra={**extra, "code": "alert_not_posted"})
            told = partial(alerts.told, alert_id=alert.id, how=how, message_id=message_id, at=self._now())
            await self._database.write(told)

    async def _told(self, alert: Alert) -> tuple[str, MessageId | None]:
        """What became of it, and its message."""
        channel_id = await self._database.read(partial(alerts.channel, guild_id=alert.guild_id))
        nonce = alert_nonce(alert)
        tried = alert.channel_id is not None and alert.tried_at is not None
        if alert.channel_id is not None and tried and not self._nonces.holds(nonce, alert.tried_at):
            try:
                found = await self._billboard.find_alert(alert.channel_id, alert)
            except DeliveryRefused:  # it may be there and nobody can look: twice would be worse than once
                return "perhaps posted: nobody can look", None
            if found is not None:
                return POSTED, found
        elif alert.channel_id is not None:
            channel_id = alert.channel_id  # a nonce is known in its own channel alone
        if channel_id is None:
            return "no channel is named for alerts", None
        report = None
        if alert.kind is AlertKind.STATEMENT:
            report = await self._spending.of_month(alert.guild_id, alert.starts_on)
        await self._database.write(
            partial(alerts.tried, alert_id=alert.id, channel_id=channel_id, at=self._now())
        )
        self._nonces.tried(nonce)
        try:
            posted = Posted(alert=alert, channel_id=channel_id, report=report)
            return POSTED, await self._billboard.post_alert(posted)
        except (DeliveryRefused, ClipTooLarge, MessageGone) as refused:
            return refused.code, None


def alert_nonce(alert: Alert) -> str:
    """The nonce of an alert's message."""
    return f"m{alert.id}"


def _to_look_at(seen: tuple[int, int] | None, connection: sqlite3.Connection) -> list[GuildId]:
    """After a start every server with alerts: what moved while nobody looked is not known."""
    return alerts.watched(connection) if seen is None else alerts.touched(connection, after=seen)
