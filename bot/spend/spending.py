"""Reports of spending: by day, member, model and channel; and what of every budget is used and left.

Long reads go over a connection of their own that only reads, so that no order waits for a report.
"""

import asyncio
import csv
import io
import sqlite3
from collections.abc import Callable, Hashable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from bot.domain import ChannelId, GuildId, Micros, Period, UserId
from bot.money import MICROS_PER_USD
from storage import guilds, spending
from storage.database import Database, open_for_reading
from storage.guilds import SpendingRules
from storage.purses import starts_on
from storage.spending import SpendingLine

__all__ = ["CSV_LINES_MAX", "Report", "Share", "Span", "Spending", "SpendingLine"]

CSV_LINES_MAX = 100_000
"""Some 8 MB, which every server takes as an attachment."""

Key = TypeVar("Key", bound=Hashable)


class Span(StrEnum):
    """Which days a report is about."""

    WEEK = "week"
    MONTH = "month"
    LAST_MONTH = "last_month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Share(Generic[Key]):
    """What one day, member, model or channel has of a report."""

    key: Key
    orders: int
    spent_micros: Micros
    held_micros: Micros

    @property
    def used_micros(self) -> Micros:
        return Micros(self.spent_micros + self.held_micros)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The spending of a guild (or, where `guild_id` is None, of all) on the days `since` to `until`.

    `house_micros` is what the installation bore in those days for no member; it is told to operators alone.
    """

    guild_id: GuildId | None
    since: date
    until: date
    lines: tuple[SpendingLine, ...]
    house_micros: Micros | None = None

    @property
    def whole(self) -> Share[None]:
        """All of it together."""
        return Share(
            None,
            sum(line.orders for line in self.lines),
            Micros(sum(line.spent_micros for line in self.lines)),
            Micros(sum(line.held_micros for line in self.lines)),
        )

    def by_day(self) -> list[Share[date]]:
        """Every day of it, also those without an order."""
        found = {share.key: share for share in _shares(self.lines, lambda line: line.day)}
        days = [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]
        return [found.get(day, Share(day, 0, Micros(0), Micros(0))) for day in days]

    def by_member(self) -> list[Share[UserId]]:
        """Who has spent, most first."""
        return _shares(self.lines, lambda line: line.user_id)

    def by_model(self) -> list[Share[str]]:
        """At which models, most first."""
        return _shares(self.lines, lambda line: line.model)

    def by_channel(self) -> list[Share[ChannelId]]:
        """In which channels, most first."""
        return _shares(self.lines, lambda line: line.channel_id)

    def by_guild(self) -> list[Share[GuildId]]:
        """In which guilds, most first."""
        return _shares(self.lines, lambda line: line.guild_id)

    def csv(self) -> bytes:
        """A line for each day, member, model and channel; dollars as plain decimals, ids as they are."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(
            ("day", "server", "member", "model", "channel", "orders", "spent_usd", "set_aside_usd")
        )
        for line in self.lines[:CSV_LINES_MAX]:
            writer.writerow(
                (
                    line.day.isoformat(),
                    line.guild_id,
                    line.user_id,
                    line.model,
                    line.channel_id,
                    line.orders,
                    _decimal(line.spent_micros),
                    _decimal(line.held_micros),
                )
            )
        if len(self.lines) > CSV_LINES_MAX:
            writer.writerow((f"and {len(self.lines) - CSV_LINES_MAX} more lines",))
        return text.getvalue().encode()


class Spending:
    """Reads reports.

    Args:
        path: the database's file, for reads that are long.
        database: for those that are short.
        now: the clock.
    """

    def __init__(self, path: Path, database: Database, *, now: Callable[[], datetime]) -> None:
        self._path = path
        self._database = database
        self._now = now

    async def of_guild(self, guild_id: GuildId, span: Span) -> Report:
        """A guild's spending in days of its own calendar."""
        rules = await self._database.read(partial(guilds.rules, guild_id=guild_id))
        return await self._read(guild_id, *days_of(span, rules.day(self._now())))

    async def of_month(self, guild_id: GuildId, month: date) -> Report:
        """A guild's spending in the month that a day lies in."""
        return await self._read(guild_id, *_month(month))

    async def of_all(self, span: Span) -> Report:
        """The spending of all guilds, each by its own calendar, and what the house bore by that of UTC."""
        return await self._read(None, *days_of(span, SpendingRules().day(self._now())))

    async def _read(self, guild_id: GuildId | None, since: date, until: date) -> Report:
        return await asyncio.to_thread(_report, self._path, guild_id, since, until)


def days_of(span: Span, today: date) -> tuple[date, date]:
    """The first and the last day of a span."""
    match span:
        case Span.WEEK:
            return today - timedelta(days=6), today
        case Span.MONTH:
            return today.replace(day=1), today
        case Span.LAST_MONTH:
            return _month(today.replace(day=1) - timedelta(days=1))
        case Span.QUARTER:
            return today - timedelta(days=89), today


def _month(day: date) -> tuple[date, date]:
    first = starts_on(Period.MONTH, day)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _report(path: Path, guild_id: GuildId | None, since: date, until: date) -> Report:
    with closing(open_for_reading(path)) as connection:
        return report(connection, guild_id, since, until)


def report(connection: sqlite3.Connection, guild_id: GuildId | None, since: date, until: date) -> Report:
    """A report over a connection."""
    if guild_id is None:
        return Report(
            guild_id=None,
            since=since,
            until=until,
            lines=tuple(spending.of_all(connection, since, until)),
            house_micros=spending.of_house(connection, since, until),
        )
    lines = spending.of_guild(connection, guild_id, since, until)
    return Report(guild_id=guild_id, since=since, until=until, lines=tuple(lines))


def _shares(lines: Sequence[SpendingLine], key_of: Callable[[SpendingLine], Key]) -> list[Share[Key]]:
    sums: dict[Key, list[int]] = {}
    for line in lines:
        one = sums.setdefault(key_of(line), [0, 0, 0])
        one[0] += line.orders
        one[1] += line.spent_micros
        one[2] += line.held_micros
    shares = [Share(key, one[0], Micros(one[1]), Micros(one[2])) for key, one in sums.items()]
    return sorted(shares, key=lambda share: (-share.used_micros, -share.orders, str(share.key)))


def _decimal(micros: int) -> str:
    whole, rest = divmod(micros, MICROS_PER_USD)
    return f"{whole}.{rest:06d}"
