"""How budgets stand: what of each limit is used and left, for one member, and for a guild's managers."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from bot.domain import ChannelId, GuildId, Limits, Member, Micros, Period
from bot.spend.admission import Standing
from storage import alerts, grants, guilds
from storage import budgets as rows
from storage.budgets import Budget, BudgetScope, Change
from storage.database import Database
from storage.grants import Grant
from storage.guilds import SpendingRules
from storage.purses import INSTALLATION, Key, channel_key, guild_key, member_key
from storage.tallies import PERIODS, Bounds, tallies_of

__all__ = ["Bound", "BudgetScope", "Change", "Grant", "GuildStanding", "MemberStanding", "Standings"]

GRANTS_READ = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit that holds, and what is used of it in the period that is on; `resets_at` None is never.

    `scope_id` is a channel's, role's or member's. `used_micros` is None for what binds every head by itself.
    """

    scope: BudgetScope
    scope_id: int
    period: Period
    limit_micros: Micros
    used_micros: Micros | None
    resets_at: datetime | None

    @property
    def left_micros(self) -> Micros:
        """What may still be spent of it; a limit that was lowered below what is spent has nothing left."""
        return Micros(max(0, self.limit_micros - (self.used_micros or 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStanding:
    """Every limit that applies to a member's orders in a channel, open grants, and orders on the way."""

    bounds: tuple[Bound, ...]
    grants: tuple[Grant, ...]
    in_flight: int
    rules: SpendingRules
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildStanding:
    """How a guild's money is distributed and used, and who has changed what of it lately."""

    bounds: tuple[Bound, ...]
    rules: SpendingRules
    grants: tuple[Grant, ...]
    changes: tuple[Change, ...]
    alerts_in: ChannelId | None
    at: datetime

    @property
    def ceiling(self) -> Bound | None:
        """What the operator lets the guild spend in a month; None where it is not admitted to what costs."""
        return next((bound for bound in self.bounds if bound.scope is BudgetScope.CEILING), None)


class Standings:
    """Reads how budgets stand.

    Args:
        limits: the operator's defaults.
    """

    def __init__(self, database: Database, limits: Limits, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._limits = limits
        self._now = now

    async def of_member(
        self, member: Member, channel_id: ChannelId, role_ids: Sequence[int]
    ) -> MemberStanding:
        """Where a member stands who would order in a channel."""
        return await self._database.read(
            partial(_of_member, member, channel_id, role_ids, self._limits, self._now())
        )

    async def of_guild(self, guild_id: GuildId, *, changes: int) -> GuildStanding:
        """Where a guild stands, with so many of its latest changes."""
        return await self._database.read(partial(_of_guild, guild_id, changes, self._now()))


def _of_member(
    member: Member,
    channel_id: ChannelId,
    role_ids: Sequence[int],
    limits: Limits,
    at: datetime,
    tx: sqlite3.Connection,
) -> MemberStanding:
    standing = Standing(tx, member, channel_id, role_ids, limits, at)
    rules, day = standing.charter.rules, standing.day
    set_here = standing.charter.bounds
    scope, scope_id, own = standing.own_bounds()
    found = [*_bounds(tx, scope, scope_id, member_key(member), own, rules, day)]
    here = set_here.get((BudgetScope.CHANNEL.value, channel_id), ())
    found += _bounds(tx, BudgetScope.CHANNEL, channel_id, channel_key(channel_id), here, rules, day)
    for pool in (BudgetScope.GUILD, BudgetScope.CEILING):
        bounds = set_here.get((pool.value, 0), ())
        found += _bounds(tx, pool, 0, guild_key(member.guild_id), bounds, rules, day)
    whole = standing.everywhere.monthly(
        (BudgetScope.INSTALLATION.value, 0), limits.installation_monthly_micros
    )
    found += _bounds(tx, BudgetScope.INSTALLATION, 0, INSTALLATION, whole, SpendingRules(), at.date())
    return MemberStanding(
        bounds=tuple(found),
        grants=tuple(grant for grant in standing.grants() if grant.left_micros(at) > 0),
        in_flight=standing.in_flight(member_key(member)),
        rules=rules,
        at=at,
    )


def _of_guild(guild_id: GuildId, changes: int, at: datetime, tx: sqlite3.Connection) -> GuildStanding:
    rules = guilds.rules(tx, guild_id)
    given = grants.of_guild(tx, guild_id, newest=GRANTS_READ)
    return GuildStanding(
        bounds=tuple(_as_set(tx, budget, rules, at) for budget in rows.of_guild(tx, guild_id)),
        rules=rules,
        grants=tuple(grant for grant in given if grant.left_micros(at) > 0),
        changes=tuple(rows.changes(tx, guild_id, newest=changes)),
        alerts_in=alerts.channel(tx, guild_id),
        at=at,
    )


def _as_set(tx: sqlite3.Connection, budget: Budget, rules: SpendingRules, at: datetime) -> Bound:
    key = alerts.purse_of(budget)
    day = rules.day(at)
    return Bound(
        scope=budget.scope,
        scope_id=budget.scope_id,
        period=budget.period,
        limit_micros=budget.limit_micros,
        used_micros=None if key is None else Micros(sum(tallies_of(tx).used(key, budget.period, day))),
        resets_at=rules.resets_at(budget.period, day),
    )


def _bounds(
    tx: sqlite3.Connection,
    scope: BudgetScope,
    scope_id: int,
    key: Key,
    bounds: Bounds,
    calendar: SpendingRules,
    day: date,
) -> Iterator[Bound]:
    for place, limit in sorted(bounds):
        period = PERIODS[place]
        yield Bound(
            scope=scope,
            scope_id=scope_id,
            period=period,
            limit_micros=Micros(limit),
            used_micros=Micros(sum(tallies_of(tx).used(key, period, day))),
            resets_at=calendar.resets_at(period, day),
        )
