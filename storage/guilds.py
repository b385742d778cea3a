"""Each guild's ceiling at paid providers, which the operator alone sets, and its rules of spending."""

import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain import GuildId, Micros, Period, UserId
from storage import budgets
from storage.budgets import OPERATOR, BudgetScope
from storage.purses import ends_on
from storage.times import from_us

_NO_PLACE = re.compile(r"(?:posix|right)/.*|posixrules|localtime|Factory", re.DOTALL)
"""What stands beside the zones on many machines: with other seconds, or whatever the machine is set to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedGuild:
    """A server that may spend, and how much in a month."""

    guild_id: GuildId
    ceiling_monthly_micros: Micros
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingRules:
    """A guild's calendar, the most that one order may cost, how many jobs may be on their way; None: any."""

    time_zone: str = "UTC"
    order_max_micros: Micros | None = None
    member_in_flight_max: int | None = None
    guild_in_flight_max: int | None = None

    def day(self, at: datetime) -> date:
        """The calendar day there."""
        return at.date() if self.time_zone == "UTC" else at.astimezone(ZoneInfo(self.time_zone)).date()

    def resets_at(self, period: Period, day: date) -> datetime | None:
        """When the period that `day` lies in ends: at the first moment of the next one's first day there."""
        ends = ends_on(period, day)
        return None if ends is None else midnight(ends, self.time_zone)

    def month_ends_at(self, day: date) -> datetime:
        """When the month that `day` lies in ends there."""
        return midnight((day.replace(day=1) + timedelta(days=32)).replace(day=1), self.time_zone)


@lru_cache(maxsize=1_024)
def midnight(day: date, time_zone: str) -> datetime:
    """The first moment of a day, in UTC. Where clocks are put forward over midnight, that is the jump."""
    # fold=0: the first of two midnights; and in a gap the offset from before it, which gives the jump itself.
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def admit(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    ceiling_micros: Micros,
    *,
    at: datetime,
    by: UserId = OPERATOR,
    reason: str = "",
) -> None:
    """Let a server spend so much in a month; a ceiling below what is spent sells nothing more."""
    budgets.set_limit(
        tx, guild_id, BudgetScope.CEILING, 0, Period.MONTH, ceiling_micros, by=by, reason=reason, at=at
    )


def dismiss(
    tx: sqlite3.Connection, guild_id: GuildId, *, at: datetime, by: UserId = OPERATOR, reason: str = ""
) -> bool:
    """Let a server spend nothing from now on; False where it was not admitted."""
    gone = [
        budgets.remove_limit(tx, guild_id, BudgetScope.CEILING, 0, period, by=by, reason=reason, at=at)
        for period in Period
    ]
    return any(was is not None for was in gone)


def admitted(tx: sqlite3.Connection) -> list[AdmittedGuild]:
    """Every admitted server."""
    return [
        AdmittedGuild(
            guild_id=GuildId(row["guild_id"]),
            ceiling_monthly_micros=Micros(row["limit_micros"]),
            changed_at=from_us(row["at"]),
        )
        for row in tx.execute(
            """
            SELECT guild_id, limit_micros, at FROM budgets WHERE scope = 'ceiling' AND period = 'month'
            ORDER BY guild_id
            """
        )
    ]


def rules(tx: sqlite3.Connection, guild_id: GuildId) -> SpendingRules:
    """How a guild spends; the rules that hold where nobody has set any, if so."""
    row = tx.execute(
        """
        SELECT time_zone, order_max_micros, member_in_flight_max, guild_in_flight_max
        FROM spending_rules WHERE guild_id = ?
        """,
        (guild_id,),
    ).fetchone()
    if row is None:
        return SpendingRules()
    return SpendingRules(
        time_zone=row[0],
        order_max_micros=None if row[1] is None else Micros(row[1]),
        member_in_flight_max=row[2],
        guild_in_flight_max=row[3],
    )


def set_rules(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    wanted: SpendingRules,
    *,
    by: UserId,
    reason: str,
    at: datetime,
) -> SpendingRules:
    """Change how a guild spends, and return how it did. Holds keep the days that they were placed on.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: there is no such time zone.
        ValueError: the name cannot be a time zone's.
    """
    if _NO_PLACE.fullmatch(wanted.time_zone):
        raise ZoneInfoNotFoundError(wanted.time_zone)
    wanted.day(at)
    was = rules(tx, guild_id)
    tx.execute(
        """
        INSERT INTO spending_rules (guild_id, time_zone, order_max_micros, member_in_flight_max,
                                    guild_in_flight_max)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (guild_id) DO UPDATE
        SET time_zone = excluded.time_zone, order_max_micros = excluded.order_max_micros,
            member_in_flight_max = excluded.member_in_flight_max,
            guild_in_flight_max = excluded.guild_in_flight_max
        """,
        (
            guild_id,
            wanted.time_zone,
            wanted.order_max_micros,
            wanted.member_in_flight_max,
            wanted.guild_in_flight_max,
        ),
    )
    pairs: tuple[tuple[str, object, object], ...] = (
        ("time_zone", was.time_zone, wanted.time_zone),
        ("order_max_micros", was.order_max_micros, wanted.order_max_micros),
        ("member_in_flight_max", was.member_in_flight_max, wanted.member_in_flight_max),
        ("guild_in_flight_max", was.guild_in_flight_max, wanted.guild_in_flight_max),
    )
    for what, before, now in pairs:
        if before != now:
            budgets.record(
                tx,
                guild_id,
                what,
                0,
                was=None if before is None else str(before),
                now=None if now is None else str(now),
                by=by,
                reason=reason,
                at=at,
            )
    return was
