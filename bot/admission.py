"""Is there room for an order in every budget that applies? Asked in the transaction that holds the money."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot import shortfall
from bot.domain import ChannelId, FaultKind, Limits, Member, Micros, Period, Quote
from bot.errors import PaidNotEnabled, TooManyInFlight
from bot.language import _
from storage import budgets, grants, guilds
from storage.budgets import EVERYWHERE, BudgetScope
from storage.guilds import SpendingRules
from storage.purses import (
    INSTALLATION,
    GrantPart,
    Key,
    channel_key,
    guild_key,
    member_key,
)
from storage.tallies import Tallies, tallies_of

_UTC = SpendingRules()
"""The installation's calendar."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """There was room: the day in the guild's calendar, and what grants carry of each take's hold."""

    guild_day: date
    parts: tuple[tuple[GrantPart, ...], ...]


@dataclass(frozen=True, slots=True)
class Room:
    """What one limit has left; below zero where it was lowered, or a provider billed more than quoted."""

    scope: BudgetScope
    period: Period
    limit_micros: int
    spent_micros: int
    held_micros: int
    resets_at: datetime | None

    @property
    def left_micros(self) -> int:
        return self.limit_micros - self.spent_micros - self.held_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where and as whom somebody orders, at a moment: what decides which limits apply, and on which days."""

    member: Member
    channel_id: ChannelId | None
    role_ids: Sequence[int]
    rules: SpendingRules
    limits: Limits
    at: datetime

    @property
    def day(self) -> date:
        """The day in the guild's calendar."""
        return self.rules.day(self.at)


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
    rules = guilds.rules(tx, member.guild_id)
    tallies = tallies_of(tx)
    _admit_in_flight(tallies, member, rules, takes)
    standing = Standing(
        member=member, channel_id=channel_id, role_ids=role_ids, rules=rules, limits=limits, at=at
    )
    day = standing.day
    price = quote.price_micros * takes
    if not price:
        return Admitted(day, ((),) * takes)
    if rules.order_max_micros is not None and price > rules.order_max_micros:
        raise shortfall.too_dear(price, rules.order_max_micros)
    tightest: Room | None = None
    for room in pools(tx, tallies, standing, costs_money=quote.costs_money):
        if tightest is None or room.left_micros < tightest.left_micros:
            tightest = room
    own = own_room(tx, tallies, standing)
    if own is None or own.left_micros >= price:
        parts: tuple[tuple[GrantPart, ...], ...] = ((),) * takes
    else:
        left, parts = _draw(tx, own, quote.price_micros, takes, standing)
        if left < price and (tightest is None or left <= max(0, tightest.left_micros)):
            raise shortfall.exceeded(price, left, own.scope, own.resets_at)
    if tightest is not None and tightest.left_micros < price:
        raise shortfall.exceeded(price, tightest.left_micros, tightest.scope, tightest.resets_at)
    return Admitted(day, parts)


def pools(
    tx: sqlite3.Connection, tallies: Tallies, standing: Standing, *, costs_money: bool
) -> Iterator[Room]:
    """The room in the installation, the guild (and its ceiling, for what costs money) and the channel.

    Raises:
        PaidNotEnabled: the operator has set no limit for the installation, or none for this guild.
    """
    guild_id = standing.member.guild_id
    everywhere = budgets.limits(tx, EVERYWHERE, BudgetScope.INSTALLATION)
    by_setting = standing.limits.installation_monthly_micros
    if by_setting is not None:
        everywhere = {Period.MONTH: by_setting, **everywhere}
    if not everywhere:
        raise PaidNotEnabled(
            _("Models that cost money are switched off here."),
            _("Choose a free model, or ask whoever runs this bot."),
            kind=FaultKind.SERVER_BUDGET,
        )
    ceiling = budgets.limits(tx, guild_id, BudgetScope.CEILING) if costs_money else {}
    if costs_money and not ceiling:
        raise PaidNotEnabled(
            _("This server is not admitted to models that cost money."),
            _("Choose a free model, or ask whoever runs this bot to admit it."),
            kind=FaultKind.SERVER_BUDGET,
        )
    of_guild = budgets.limits(tx, guild_id, BudgetScope.GUILD)
    key = guild_key(guild_id)
    yield from _rooms(tallies, BudgetScope.INSTALLATION, INSTALLATION, everywhere, _UTC, standing.at)
    yield from _rooms(tallies, BudgetScope.CEILING, key, ceiling, standing.rules, standing.at)
    yield from _rooms(tallies, BudgetScope.GUILD, key, of_guild, standing.rules, standing.at)
    if standing.channel_id is not None:
        of_channel = budgets.limits(tx, guild_id, BudgetScope.CHANNEL, standing.channel_id)
        channel = channel_key(standing.channel_id)
        yield from _rooms(tallies, BudgetScope.CHANNEL, channel, of_channel, standing.rules, standing.at)


def own_room(tx: sqlite3.Connection, tallies: Tallies, standing: Standing) -> Room | None:
    """The room in the one per-head budget that applies to a member, grants aside; None where none is set.

    It is the member's own; else, of their roles', the one that leaves them most now; else the guild's
    default; else the installation's. Where it has limits for several periods, all hold.
    """
    member = standing.member
    key = member_key(member)

    def tightest(scope: BudgetScope, found: budgets.Limits) -> Room:
        rooms = _rooms(tallies, scope, key, found, standing.rules, standing.at)
        return min(rooms, key=lambda room: room.left_micros)

    own = budgets.limits(tx, member.guild_id, BudgetScope.MEMBER, member.user_id)
    if own:
        return tightest(BudgetScope.MEMBER, own)
    by_role = budgets.role_limits(tx, member.guild_id, standing.role_ids)
    if by_role:
        bundles = [tightest(BudgetScope.ROLE, found) for found in by_role]
        return max(bundles, key=lambda room: room.left_micros)
    default = budgets.limits(tx, member.guild_id, BudgetScope.DEFAULT)
    if not default:
        default = budgets.limits(tx, EVERYWHERE, BudgetScope.DEFAULT)
        by_setting = standing.limits.member_monthly_micros
        if by_setting is not None:
            default = {Period.MONTH: by_setting, **default}
    return tightest(BudgetScope.DEFAULT, default) if default else None


def _rooms(
    tallies: Tallies,
    scope: BudgetScope,
    key: Key,
    found: budgets.Limits,
    calendar: SpendingRules,
    at: datetime,
) -> Iterator[Room]:
    if not found:
        return
    day = calendar.day(at)
    for period, limit in found.items():
        spent, held = tallies.used(key, period, day)
        yield Room(scope, period, limit, spent, held, calendar.resets_at(period, day))


def _admit_in_flight(tallies: Tallies, member: Member, rules: SpendingRules, takes: int) -> None:
    for limit, key, what in (
        (
            rules.member_in_flight_max,
            member_key(member),
            _("You have as many orders on their way as you may."),
        ),
        (
            rules.guild_in_flight_max,
            guild_key(member.guild_id),
            _("This server has as many orders on their way as it may."),
        ),
    ):
        if limit is None:
            continue
        tally = tallies.get(key)
        if (0 if tally is None else tally.open_holds) + takes > limit:
            raise TooManyInFlight(
                what,
                _("Order again when one of them has ended, or with fewer takes."),
                kind=FaultKind.MEMBER_BUDGET,
            )


def _draw(
    tx: sqlite3.Connection, own: Room, take_micros: int, takes: int, standing: Standing
) -> tuple[int, tuple[tuple[GrantPart, ...], ...]]:
    """What a member has left with grants, and what these carry of each take; own money goes first."""
    own_left = max(0, own.left_micros)
    purse = [
        [grant.id, left]
        for grant in grants.open_of(tx, standing.member, at=standing.at)
        if (left := grant.left_micros(standing.at)) > 0
    ]
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
