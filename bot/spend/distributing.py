"""What managers change: limits below the operator's ceiling, and the rules of spending.

A change says which value was shown to the one who makes it. Where another has changed it meanwhile, nothing
is done, and the second reads what the first did.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot import language
from bot.budgets import MANAGED, check_reason
from bot.domain import ChannelId, FaultKind, GuildId, Micros, Period, UserId
from bot.errors import ChangeRefused
from bot.language import _
from bot.money import USD_MAX, format_usd, parse_usd
from bot.spend.shortfall import moment
from storage import alerts, guilds
from storage import budgets as rows
from storage.budgets import BudgetScope
from storage.database import Database

__all__ = [
    "IN_FLIGHT_MAX",
    "Distributing",
    "Shown",
    "ShownDefaults",
    "amount",
    "every",
    "number",
    "plain_usd",
    "value",
]

IN_FLIGHT_MAX = 100_000
"""More orders on their way at once are a slip of the hand."""

CHANGES_LOOKED_AT = 50
"""How far back the change that came in between is looked for."""

_OF_DEFAULTS = frozenset({"default", "order_max_micros", "member_in_flight_max", "guild_in_flight_max"})
_OF_MONEY = frozenset({*BudgetScope, "order_max_micros", "grant", "revoke"})

_LONGER = {
    Period.DAY: (Period.DAY, Period.WEEK, Period.MONTH, Period.TOTAL),
    Period.WEEK: (Period.WEEK, Period.MONTH, Period.TOTAL),
    Period.MONTH: (Period.MONTH, Period.TOTAL),
    Period.TOTAL: (Period.TOTAL,),
}
"""A limit is pointless above the ceiling of its own period, or of one that lasts at least as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A limit as it stood when it was shown; None is none. `scope_id` is the channel's, role's or user's."""

    scope: BudgetScope
    scope_id: int
    period: Period
    limit_micros: Micros | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDefaults:
    """What holds for every order and everybody, as it stood when it was shown."""

    period: Period
    member_micros: Micros | None
    order_max_micros: Micros | None
    member_in_flight_max: int | None
    guild_in_flight_max: int | None


class Distributing:
    """Takes the changes of managers, each in one transaction, and refuses what they may not."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def shown(self, guild_id: GuildId, scope: BudgetScope, scope_id: int, period: Period) -> Shown:
        """A limit as it stands."""
        return await self._database.read(partial(_shown, guild_id, scope, scope_id, period))

    async def shown_defaults(self, guild_id: GuildId, period: Period) -> ShownDefaults:
        """The default per member for a period, and the rules for orders."""
        return await self._database.read(partial(_defaults, guild_id, period))

    async def set_limit(
        self, guild_id: GuildId, shown: Shown, wanted: Micros | None, *, by: UserId, reason: str
    ) -> None:
        """Change a limit (None takes it away) from what was shown.

        Raises:
            ChangeRefused: it is not the managers' to set, another has changed it since, or it is above the
                ceiling.
        """
        if shown.scope not in MANAGED:
            raise _unfit(
                _("This limit is set by whoever runs this bot."),
                _("Ask them, or set a lower one for the server."),
            )
        await self._database.write(partial(_set_limit, guild_id, shown, wanted, by, reason, self._now()))

    async def set_defaults(
        self, guild_id: GuildId, shown: ShownDefaults, wanted: ShownDefaults, *, by: UserId, reason: str
    ) -> None:
        """Change the default per member and the rules for orders from what was shown.

        Raises:
            ChangeRefused: another has changed one of them since, or the default is above the ceiling.
        """
        await self._database.write(partial(_set_defaults, guild_id, shown, wanted, by, reason, self._now()))

    async def set_time_zone(
        self, guild_id: GuildId, time_zone: str, *, by: UserId, reason: str, asked_at: datetime
    ) -> str:
        """Let a guild's days begin at another midnight, and return by which they did. Holds keep their days.

        Raises:
            ChangeRefused: another has named another zone since this one was asked for.
            zoneinfo.ZoneInfoNotFoundError, ValueError, OSError: there is no such time zone.
            OrderRefused: the reason is too long.
        """
        check_reason(reason)
        return await self._database.write(
            partial(_set_time_zone, guild_id, time_zone, by, reason, asked_at, self._now())
        )

    async def choose_alerts(
        self, guild_id: GuildId, channel_id: ChannelId | None, *, by: UserId, reason: str = ""
    ) -> ChannelId | None:
        """Name the channel for alerts, or none; returns the one before.

        Raises:
            OrderRefused: the reason is too long.
        """
        check_reason(reason)
        change = partial(alerts.choose_channel, guild_id=guild_id, channel_id=channel_id)
        return await self._database.write(partial(change, by=by, reason=reason, at=self._now()))

    async def alerts_channel(self, guild_id: GuildId) -> ChannelId | None:
        """Where a guild wants its alerts."""
        return await self._database.read(partial(alerts.channel, guild_id=guild_id))


def amount(text: str) -> Micros | None:
    """Read a limit as a manager types it: plain dollars; nothing is no limit.

    Raises:
        ChangeRefused: it is no plain amount of dollars.
    """
    if not text.strip():
        return None
    try:
        return parse_usd(text.strip())
    except ValueError as wrong:
        raise _unfit(
            _("This is no amount that can be read in one way only."),
            _("Write dollars as digits with a point, such as 12 or 0.50, and at most {most}.").format(
                most=format_usd(USD_MAX * 1_000_000)
            ),
        ) from wrong


def number(text: str) -> int | None:
    """Read how many orders may be on their way; nothing is any number.

    Raises:
        ChangeRefused: it is no such number.
    """
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 9 and int(typed) <= IN_FLIGHT_MAX):
        raise _unfit(
            _("This is no number of orders."),
            _("Write digits alone, from 0 to {most}.").format(most=IN_FLIGHT_MAX),
        )
    return int(typed)


def _shown(
    guild_id: GuildId, scope: BudgetScope, scope_id: int, period: Period, tx: sqlite3.Connection
) -> Shown:
    found = rows.budget(tx, guild_id, scope, scope_id, period)
    limit = None if found is None else found.limit_micros
    return Shown(scope=scope, scope_id=scope_id, period=period, limit_micros=limit)


def _defaults(guild_id: GuildId, period: Period, tx: sqlite3.Connection) -> ShownDefaults:
    rules = guilds.rules(tx, guild_id)
    return ShownDefaults(
        period=period,
        member_micros=_shown(guild_id, BudgetScope.DEFAULT, 0, period, tx).limit_micros,
        order_max_micros=rules.order_max_micros,
        member_in_flight_max=rules.member_in_flight_max,
        guild_in_flight_max=rules.guild_in_flight_max,
    )


def _set_limit(
    guild_id: GuildId,
    shown: Shown,
    wanted: Micros | None,
    by: UserId,
    reason: str,
    at: datetime,
    tx: sqlite3.Connection,
) -> None:
    whose = (guild_id, shown.scope, shown.scope_id, shown.period)
    if _shown(*whose, tx) != shown:
        raise _overtaken(tx, guild_id, frozenset({shown.scope.value}), shown.scope_id, shown.period)
    if wanted is None:
        rows.remove_limit(tx, *whose, by=by, reason=reason, at=at)
        return
    check_ceiling(tx, guild_id, shown.period, wanted)
    if wanted != shown.limit_micros:
        rows.set_limit(tx, *whose, wanted, by=by, reason=reason, at=at)


def _set_defaults(
    guild_id: GuildId,
    shown: ShownDefaults,
    wanted: ShownDefaults,
    by: UserId,
    reason: str,
    at: datetime,
    tx: sqlite3.Connection,
) -> None:
    if _defaults(guild_id, shown.period, tx) != shown:
        raise _overtaken(tx, guild_id, _OF_DEFAULTS, 0, shown.period)
    default = Shown(
        scope=BudgetScope.DEFAULT, scope_id=0, period=shown.period, limit_micros=shown.member_micros
    )
    _set_limit(guild_id, default, wanted.member_micros, by, reason, at, tx)
    rules = replace(
        guilds.rules(tx, guild_id),
        order_max_micros=wanted.order_max_micros,
        member_in_flight_max=wanted.member_in_flight_max,
        guild_in_flight_max=wanted.guild_in_flight_max,
    )
    guilds.set_rules(tx, guild_id, rules, by=by, reason=reason, at=at)


def _set_time_zone(
    guild_id: GuildId,
    time_zone: str,
    by: UserId,
    reason: str,
    asked_at: datetime,
    at: datetime,
    tx: sqlite3.Connection,
) -> str:
    for line in rows.changes(tx, guild_id, newest=CHANGES_LOOKED_AT):
        if line.what == "time_zone" and line.at > asked_at and (line.changed_by, line.now) != (by, time_zone):
            raise _overtaken(tx, guild_id, frozenset({"time_zone"}), 0, Period.TOTAL)
    wanted = replace(guilds.rules(tx, guild_id), time_zone=time_zone)
    return guilds.set_rules(tx, guild_id, wanted, by=by, reason=reason, at=at).time_zone


def check_ceiling(tx: sqlite3.Connection, guild_id: GuildId, period: Period, wanted: Micros) -> None:
    """Return if a limit is within what the operator lets this guild spend.

    Raises:
        ChangeRefused: it is above the ceiling. A guild without one sells nothing that costs money anyway.
    """
    for longer in _LONGER[period]:
        ceiling = rows.budget(tx, guild_id, BudgetScope.CEILING, 0, longer)
        if ceiling is not None and wanted > ceiling.limit_micros:
            raise _unfit(
                _(
                    "Whoever runs this bot lets this server spend at most {most} {every}, and no manager can "
                    "raise that."
                ).format(most=format_usd(ceiling.limit_micros), every=every(longer)),
                _("Set a lower limit, or ask them to raise the server's ceiling."),
            )


def _overtaken(
    tx: sqlite3.Connection, guild_id: GuildId, whats: frozenset[str], scope_id: int, period: Period
) -> ChangeRefused:
    """What the other did, from the record: who, when, and what stands now."""
    for line in rows.changes(tx, guild_id, newest=CHANGES_LOOKED_AT):
        if line.what in whats and line.scope_id == scope_id and line.period in (None, period):
            who = f"<@{line.changed_by}>" if line.changed_by else _("Whoever runs this bot")
            what = _("{who} has changed this meanwhile, {when}: it is {now} now.").format(
                who=who, when=moment(line.at), now=value(line.what, line.now)
            )
            break
    else:
        what = _("Somebody has changed this meanwhile.")
    return _unfit(what, _("Look at /budget show, then try again."))


def value(what: str, kept: str | None) -> str:
    """A value of the record of changes as people read it; None is no limit."""
    if kept is None:
        return _("no limit")
    return format_usd(int(kept)) if what in _OF_MONEY else kept


def every(period: Period) -> str:
    """How often a budget begins anew."""
    match period:
        case Period.DAY:
            return _("a day")
        case Period.WEEK:
            return _("a week")
        case Period.MONTH:
            return _("a month")
        case Period.TOTAL:
            return _("in total")


def plain_usd(micros: int | None) -> str:
    """An amount as it is typed into a form; nothing for no limit."""
    if micros is None:
        return ""
    with language.use(language.ENGLISH):
        return format_usd(micros).removeprefix("$").replace(",", "")


def _unfit(what: str, do: str) -> ChangeRefused:
    return ChangeRefused(what, do, kind=FaultKind.SERVER_BUDGET)
