"""Is there room for an order in every budget that applies? Asked in the transaction that holds the money."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple

from bot.domain import ChannelId, FaultKind, Limits, Member, Micros, Period, Quote
from bot.errors import PaidNotEnabled
from bot.language import _
from bot.spend import shortfall
from storage import charters, grants
from storage.budgets import EVERYWHERE, BudgetScope
from storage.charters import CEILING, GUILD, Charter
from storage.guilds import SpendingRules
from storage.purses import (
    INSTALLATION,
    GrantPart,
    Key,
    channel_key,
    guild_key,
    member_key,
    to_day,
)
from storage.tallies import PERIODS, Bounds, Tallies, tallies_of

_UTC = SpendingRules()
"""The installation's calendar."""

_INSTALLATION = (BudgetScope.INSTALLATION.value, 0)
_DEFAULT = (BudgetScope.DEFAULT.value, 0)
_CHANNEL, _ROLE, _MEMBER = BudgetScope.CHANNEL.value, BudgetScope.ROLE.value, BudgetScope.MEMBER.value


class Admitted(NamedTuple):
    """There was room: the day in the guild's calendar, and what grants carry of each take's hold."""

    guild_day: date
    parts: tuple[tuple[GrantPart, ...], ...]


class Room(NamedTuple):
    """What one budget has left, in the period in which it has least, and whose it is.

    Below zero where its limit was lowered, or a provider billed more than was quoted.
    """

    left_micros: int
    place: int
    limit_micros: int
    scope: BudgetScope
    calendar: SpendingRules

    @property
    def period(self) -> Period:
        return PERIODS[self.place]

    def resets_at(self, at: datetime) -> datetime | None:
        """When the period ends that `at` lies in."""
        return self.calendar.resets_at(self.period, self.calendar.day(at))


class Standing:
    """Where and as whom somebody orders, at a moment: what decides which limits apply, and on which days."""

    __slots__ = (
        "_tallies",
        "_tx",
        "at",
        "channel_id",
        "charter",
        "day",
        "day_number",
        "everywhere",
        "limits",
        "member",
        "role_ids",
    )

    def __init__(
        self,
        tx: sqlite3.Connection,
        member: Member,
        channel_id: ChannelId | None,
        role_ids: Sequence[int],
        limits: Limits,
        at: datetime,
    ) -> None:
        self._tx = tx
        self._tallies: Tallies = tallies_of(tx)
        self.member = member
        self.channel_id = channel_id
        self.role_ids = role_ids
        self.limits = limits
        self.at = at
        self.charter: Charter = charters.of(tx, member.guild_id)
        self.everywhere: Charter = charters.of(tx, EVERYWHERE)
        self.day: date = self.charter.rules.day(at)
        self.day_number = to_day(self.day)

    def has_room(self, price_micros: int, *, costs_money: bool) -> bool:
        """Whether `pools` and `own` all have so much, grants aside: they in short, for nearly every order.

        False says nothing more than to ask them.
        """
        charter, member, has = self.charter, self.member, self._tallies.has
        day = self.day_number
        whole = self.everywhere.monthly(_INSTALLATION, self.limits.installation_monthly_micros)
        if not whole or not has(INSTALLATION, whole, to_day(self.at.date()), price_micros):
            return False
        pools = charter.pools(member.guild_id, self.channel_id, paid=costs_money)
        if pools is None:
            return False
        for key, pool in pools:
            if not has(key, pool, day, price_micros):
                return False
        key, bounds = member_key(member), charter.bounds
        own = bounds.get((_MEMBER, member.user_id))
        if own is None:
            is_by_role = False
            for role_id in self.role_ids:
                by_role = bounds.get((_ROLE, role_id))
                if by_role is not None:
                    if has(key, by_role, day, price_micros):
                        return True
                    is_by_role = True
            if is_by_role:
                return False
            own = (member.in_server and bounds.get(_DEFAULT)) or self.everywhere.monthly(
                _DEFAULT, self.limits.member_monthly_micros
            )
        return has(key, own, day, price_micros)

    def pools(self, *, costs_money: bool) -> Iterator[Room]:
        """The room in the installation, the guild (and its ceiling, for what costs money) and the channel.

        Raises:
            PaidNotEnabled: the operator has set no limit for the installation, or none for this guild.
        """
        bounds = self.charter.bounds
        whole = self.everywhere.monthly(_INSTALLATION, self.limits.installation_monthly_micros)
        if not whole:
            raise PaidNotEnabled(
                _("Models that cost money are switched off here."),
                _("Choose a free model, or ask whoever runs this bot."),
                kind=FaultKind.SERVER_BUDGET,
            )
        guild = guild_key(self.member.guild_id)
        if costs_money:
            ceiling = bounds.get(CEILING)
            if ceiling is None and not self.member.in_server:
                raise PaidNotEnabled(
                    _("Models that cost money are switched off in direct messages."),
                    _("Choose a free model, or order in a server that has this bot."),
                    kind=FaultKind.SERVER_BUDGET,
                )
            if ceiling is None:
                raise PaidNotEnabled(
                    _("This server is not admitted to models that cost money."),
                    _("Choose a free model, or ask whoever runs this bot to admit it."),
                    kind=FaultKind.SERVER_BUDGET,
                )
            yield self._room(BudgetScope.CEILING, guild, ceiling, self.charter.rules, self.day)
        yield self._room(BudgetScope.INSTALLATION, INSTALLATION, whole, _UTC, self.at.date())
        pool = bounds.get(GUILD)
        if pool is not None:
            yield self._room(BudgetScope.GUILD, guild, pool, self.charter.rules, self.day)
        channel_id = self.channel_id
        pool = None if channel_id is None else bounds.get((_CHANNEL, channel_id))
        if channel_id is not None and pool is not None:
            key = channel_key(channel_id)
            yield self._room(BudgetScope.CHANNEL, key, pool, self.charter.rules, self.day)

    def own_bounds(self) -> tuple[BudgetScope, int, Bounds]:
        """The one per-head budget that applies, whose it is, and its limits, of which there may be none.

        It is the member's own; else, of their roles', the one that leaves them most now; else the guild's
        default; else the installation's. Where it has limits for several periods, all hold.
        """
        bounds, user_id = self.charter.bounds, self.member.user_id
        own = bounds.get((_MEMBER, user_id))
        if own is not None:
            return BudgetScope.MEMBER, user_id, own
        by_role = [
            (role_id, bounds[_ROLE, role_id]) for role_id in self.role_ids if (_ROLE, role_id) in bounds
        ]
        if by_role:
            most = max(by_role, key=lambda one: self._own_room(BudgetScope.ROLE, one[1]).left_micros)
            return BudgetScope.ROLE, *most
        default = (self.member.in_server and bounds.get(_DEFAULT)) or self.everywhere.monthly(
            _DEFAULT, self.limits.member_monthly_micros
        )
        return BudgetScope.DEFAULT, 0, default

    def own(self) -> Room | None:
        """The room in that budget, grants aside; None where none is set."""
        scope, _scope_id, bounds = self.own_bounds()
        return self._own_room(scope, bounds) if bounds else None

    def grants(self) -> list[grants.Grant]:
        """The member's grants that hold now, in the order in which they are drawn on."""
        return grants.open_of(self._tx, self.member, at=self.at)

    def spent_and_held(self, period: Period) -> tuple[int, int]:
        """What the member's own purse counts in the period that is on now."""
        return self._tallies.used(member_key(self.member), period, self.day)

    def in_flight(self, key: Key) -> int:
        """How many holds are open in a purse."""
        tally = self._tallies.get(key)
        return 0 if tally is None else tally.open_holds

    def _own_room(self, scope: BudgetScope, bounds: Bounds) -> Room:
        return self._room(scope, member_key(self.member), bounds, self.charter.rules, self.day)

    def _room(self, scope: BudgetScope, key: Key, bounds: Bounds, calendar: SpendingRules, day: date) -> Room:
        """The least that any period of a budget has left."""
        tally = self._tallies.get(key)
        if tally is None:
            place, limit = min(bounds, key=itemgetter(1))
            return Room(limit, place, limit, scope, calendar)
        least: tuple[int, int, int] | None = None
        is_open = tally.day == to_day(day)  # as it nearly always is
        for place, limit in bounds:
            if is_open:
                left = limit - tally.spent[place] - tally.held[place]
            else:
                left = limit - sum(self._tallies.used(key, PERIODS[place], day))
            if least is None or left < least[0]:
                least = (left, place, limit)
        if least is None:
            raise ValueError(f"a budget of {scope} without a limit")
        return Room(*least, scope, calendar)


def admit(
    tx: sqlite3.Connection,
    member: Member,
    quote: Quote,
    limits: Limits,
    at: datetime,
    *,
    channel_id: ChannelId,
    takes: int = 1,
    role_ids: Sequence[int] = (),
) -> Admitted:
    """Return if there is room for so many takes of a quote in every budget that applies.

    It must run in the transaction that then places the holds: between the two nothing else can spend.

    Args:
        tx: the transaction.
        member: who orders.
        quote: the price of one take.
        limits: the operator's defaults.
        at: now.
        channel_id: where it is ordered.
        takes: how many.
        role_ids: the member's roles, as Discord's own event of this press says.

    Raises:
        PaidNotEnabled: money is asked for and the operator has not opened the purse.
        BudgetExceeded: names the budget that has least, and by how much that is too little.
        TooManyInFlight: as many jobs as may be are on their way.
    """
    standing = Standing(tx, member, channel_id, role_ids, limits, at)
    rules = standing.charter.rules
    if rules.member_in_flight_max is not None or rules.guild_in_flight_max is not None:
        _admit_in_flight(standing, rules, takes)
    parts: tuple[tuple[GrantPart, ...], ...] = ((),) * takes
    price = quote.price_micros * takes
    if not price:
        return Admitted(standing.day, parts)
    if rules.order_max_micros is not None and price > rules.order_max_micros:
        raise shortfall.too_dear(price, rules.order_max_micros)
    if standing.has_room(price, costs_money=quote.costs_money):
        return Admitted(standing.day, parts)
    tightest: Room | None = None
    for room in standing.pools(costs_money=quote.costs_money):
        if tightest is None or room.left_micros < tightest.left_micros:
            tightest = room
    own = standing.own()
    if own is not None and own.left_micros < price:
        left, parts = _draw(standing, own, quote.price_micros, takes)
        if left < price and (tightest is None or left <= max(0, tightest.left_micros)):
            raise shortfall.exceeded(price, left, own.scope, own.resets_at(at))
    if tightest is not None and tightest.left_micros < price:
        raise shortfall.exceeded(price, tightest.left_micros, tightest.scope, tightest.resets_at(at))
    return Admitted(standing.day, parts)


def _admit_in_flight(standing: Standing, rules: SpendingRules, takes: int) -> None:
    for most, key, kind in (
        (rules.member_in_flight_max, member_key(standing.member), FaultKind.MEMBER_BUDGET),
        (rules.guild_in_flight_max, guild_key(standing.member.guild_id), FaultKind.SERVER_BUDGET),
    ):
        if most is not None and (there := standing.in_flight(key)) + takes > most:
            raise shortfall.too_many(there, most, takes, kind)


def _draw(
    standing: Standing, own: Room, take_micros: int, takes: int
) -> tuple[int, tuple[tuple[GrantPart, ...], ...]]:
    """What a member has left with grants, and what these carry of each take; own money goes first."""
    own_left = max(0, own.left_micros)
    purse = [[grant.id, left] for grant in standing.grants() if (left := grant.left_micros(standing.at)) > 0]
    left = own_left + sum(part[1] for part in purse)
    if left < take_micros * takes:
        return left, ()
    parts: list[tuple[GrantPart, ...]] = []
    for _take in range(takes):
        needed = take_micros - min(own_left, take_micros)
        own_left -= take_micros - needed
        drawn: list[GrantPart] = []
        for grant in purse:
            piece = min(grant[1], needed)
            if piece:
                drawn.append(GrantPart(grant[0], Micros(piece)))
                grant[1] -= piece
                needed -= piece
        parts.append(tuple(drawn))
    return left, tuple(parts)
