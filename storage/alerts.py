"""Alerts: which thresholds of which limits are reached, what months want a statement, and what was told.

Every function is part of the transaction of its caller.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain import NOTHING_MICROS, ChannelId, GuildId, Member, MessageId, Micros, Period, UserId
from storage import budgets, guilds
from storage.budgets import Budget, BudgetScope
from storage.guilds import SpendingRules
from storage.purses import Key, channel_key, from_day, guild_key, member_key, starts_on, to_day
from storage.tallies import tallies_of
from storage.times import from_us, maybe_from_us, to_us

THRESHOLDS = (50, 80, 100)
"""Percent of a limit, spent and set aside together."""

STATEMENTS_BACK_MAX = 3
"""Months: after a longer time out, older statements are history that `/spend` shows better."""


class AlertKind(StrEnum):
    """What an alert tells."""

    WARNING = "warning"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message to a server's managers. `percent` of `limit_micros` were used, or a month is over.

    `tried_at` and `channel_id` are of the last try to post it.
    """

    id: int
    guild_id: GuildId
    kind: AlertKind
    scope: BudgetScope
    scope_id: int
    period: Period
    starts_on: date
    limit_micros: Micros
    percent: int
    used_micros: Micros
    at: datetime
    tried_at: datetime | None = None
    channel_id: ChannelId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An alert that is to be written; `told_how` is set where a higher one tells the same."""

    guild_id: GuildId
    kind: AlertKind
    scope: BudgetScope
    scope_id: int = 0
    period: Period
    starts_on: date
    limit_micros: Micros = NOTHING_MICROS
    percent: int = 0
    used_micros: Micros = NOTHING_MICROS
    told_how: str | None = None


def choose_channel(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    channel_id: ChannelId | None,
    *,
    by: UserId,
    at: datetime,
    reason: str = "",
) -> ChannelId | None:
    """Name the channel for a server's alerts (None: none any more), and return the one before."""
    was = channel(tx, guild_id)
    if channel_id is None:
        tx.execute("DELETE FROM alert_channels WHERE guild_id = ?", (guild_id,))
    else:
        month = starts_on(Period.MONTH, guilds.rules(tx, guild_id).day(at))
        tx.execute(
            """
            INSERT INTO alert_channels (guild_id, channel_id, chosen_by, chosen_at, stated_from)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (guild_id) DO UPDATE
            SET channel_id = excluded.channel_id, chosen_by = excluded.chosen_by,
                chosen_at = excluded.chosen_at
            """,
            (guild_id, channel_id, by, to_us(at), to_day(month)),
        )
    if was != channel_id:
        told = [None if one is None else str(one) for one in (was, channel_id)]
        budgets.record(tx, guild_id, "alerts", 0, was=told[0], now=told[1], by=by, reason=reason, at=at)
    return was


def channel(tx: sqlite3.Connection, guild_id: GuildId) -> ChannelId | None:
    """Where a server wants its alerts."""
    row = tx.execute("SELECT channel_id FROM alert_channels WHERE guild_id = ?", (guild_id,)).fetchone()
    return None if row is None else ChannelId(row[0])


def newest(tx: sqlite3.Connection) -> tuple[int, int]:
    """The numbers of the newest entry and the newest change of a budget; the same again: nothing to do."""
    row = tx.execute("SELECT (SELECT max(id) FROM entries), (SELECT max(id) FROM budget_changes)").fetchone()
    return row[0] or 0, row[1] or 0


def touched(tx: sqlite3.Connection, *, after: tuple[int, int]) -> list[GuildId]:
    """The servers with alerts in which money or a budget has moved since."""
    rows = tx.execute(
        """
        SELECT guild_id FROM alert_channels WHERE guild_id IN (
            SELECT h.guild_id FROM entries AS e JOIN holds AS h ON h.id = e.hold_id WHERE e.id > ?
            UNION SELECT guild_id FROM budget_changes WHERE id > ?)
        ORDER BY guild_id
        """,
        after,
    )
    return [GuildId(row[0]) for row in rows]


def watched(tx: sqlite3.Connection) -> list[GuildId]:
    """Every server with alerts."""
    return [GuildId(row[0]) for row in tx.execute("SELECT guild_id FROM alert_channels ORDER BY guild_id")]


def warnings_due(tx: sqlite3.Connection, guild_id: GuildId, *, at: datetime) -> list[Due]:
    """The thresholds of a server's limits that are reached and of which no row is written yet."""
    rules = guilds.rules(tx, guild_id)
    found: list[Due] = []
    for budget in budgets.of_guild(tx, guild_id):
        key = purse_of(budget)
        if key is not None and budget.limit_micros:  # at a limit of nothing, nothing is ever sold
            found += _of_limit(tx, budget, key, rules.day(at))
    return found


def statements_due(tx: sqlite3.Connection, *, at: datetime) -> list[Due]:
    """The months that are over, where alerts were wanted by then, and of which no row is written yet."""
    rows = tx.execute(
        """
        SELECT c.guild_id, c.stated_from, coalesce(r.time_zone, 'UTC'),
               (SELECT max(a.starts_on) FROM alerts AS a
                WHERE a.guild_id = c.guild_id AND a.kind = 'statement')
        FROM alert_channels AS c LEFT JOIN spending_rules AS r ON r.guild_id = c.guild_id
        """
    ).fetchall()
    found = []
    for guild_id, stated_from, time_zone, stated in rows:
        month = starts_on(Period.MONTH, SpendingRules(time_zone=time_zone).day(at))
        for _ in range(STATEMENTS_BACK_MAX):
            month = starts_on(Period.MONTH, month - timedelta(days=1))
            if to_day(month) < stated_from or (stated is not None and to_day(month) <= stated):
                break
            found.append(
                Due(
                    guild_id=GuildId(guild_id),
                    kind=AlertKind.STATEMENT,
                    scope=BudgetScope.GUILD,
                    period=Period.MONTH,
                    starts_on=month,
                )
            )
    return found[::-1]


def write(tx: sqlite3.Connection, due: list[Due], *, at: datetime) -> None:
    """Write them down; one that was written before stays as it is."""
    tx.executemany(
        """
        INSERT INTO alerts (guild_id, kind, scope, scope_id, period, starts_on, limit_micros, percent,
                            used_micros, at, told_at, told_how)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, kind, scope, scope_id, period, starts_on, limit_micros, percent) DO NOTHING
        """,
        [
            (
                one.guild_id,
                one.kind.value,
                one.scope.value,
                one.scope_id,
                one.period.value,
                to_day(one.starts_on),
                one.limit_micros,
                one.percent,
                one.used_micros,
                to_us(at),
                None if one.told_how is None else to_us(at),
                one.told_how,
            )
            for one in due
        ],
    )


def untold(tx: sqlite3.Connection, *, limit: int) -> list[Alert]:
    """The oldest alerts that are still to be posted."""
    rows = tx.execute(
        """
        SELECT id, guild_id, kind, scope, scope_id, period, starts_on, limit_micros, percent, used_micros,
               at, tried_at, channel_id
        FROM alerts WHERE told_at IS NULL ORDER BY id LIMIT ?
        """,
        (limit,),
    )
    return [
        Alert(
            id=row[0],
            guild_id=GuildId(row[1]),
            kind=AlertKind(row[2]),
            scope=BudgetScope(row[3]),
            scope_id=row[4],
            period=Period(row[5]),
            starts_on=from_day(row[6]),
            limit_micros=Micros(row[7]),
            percent=row[8],
            used_micros=Micros(row[9]),
            at=from_us(row[10]),
            tried_at=maybe_from_us(row[11]),
            channel_id=None if row[12] is None else ChannelId(row[12]),
        )
        for row in rows
    ]


def tried(tx: sqlite3.Connection, alert_id: int, channel_id: ChannelId, *, at: datetime) -> None:
    """From now on it may be in this channel."""
    tx.execute(
        "UPDATE alerts SET tried_at = ?, channel_id = ? WHERE id = ? AND told_at IS NULL",
        (to_us(at), channel_id, alert_id),
    )


def told(
    tx: sqlite3.Connection, alert_id: int, how: str, message_id: MessageId | None = None, *, at: datetime
) -> bool:
    """It is done with; False where it was before."""
    changed = tx.execute(
        "UPDATE alerts SET told_at = ?, told_how = ?, message_id = ? WHERE id = ? AND told_at IS NULL",
        (to_us(at), how, message_id, alert_id),
    ).rowcount
    return changed == 1


def purse_of(budget: Budget) -> Key | None:
    """Whose totals decide; None for limits per head, which bind another purse with every member."""
    match budget.scope:
        case BudgetScope.CEILING | BudgetScope.GUILD:
            return guild_key(budget.guild_id)
        case BudgetScope.CHANNEL:
            return channel_key(ChannelId(budget.scope_id))
        case BudgetScope.MEMBER:
            return member_key(Member(guild_id=budget.guild_id, user_id=UserId(budget.scope_id)))
        case BudgetScope.INSTALLATION | BudgetScope.ROLE | BudgetScope.DEFAULT:
            return None


def _of_limit(tx: sqlite3.Connection, budget: Budget, key: Key, day: date) -> Iterator[Due]:
    used = sum(tallies_of(tx).used(key, budget.period, day))
    reached = [percent for percent in THRESHOLDS if used * 100 >= percent * budget.limit_micros]
    begun = starts_on(budget.period, day)
    known = {
        row[0]
        for row in tx.execute(
            """
            SELECT percent FROM alerts
            WHERE guild_id = ? AND kind = 'warning' AND scope = ? AND scope_id = ? AND period = ?
              AND starts_on = ? AND limit_micros = ?
            """,
            (
                budget.guild_id,
                budget.scope.value,
                budget.scope_id,
                budget.period.value,
                to_day(begun),
                budget.limit_micros,
            ),
        )
    }
    highest = max([*known, *reached], default=0)
    for percent in reached:
        if percent not in known:
            yield Due(
                guild_id=budget.guild_id,
                kind=AlertKind.WARNING,
                scope=budget.scope,
                scope_id=budget.scope_id,
                period=budget.period,
                starts_on=begun,
                limit_micros=budget.limit_micros,
                percent=percent,
                used_micros=Micros(used),
                told_how=None if percent == highest else "a higher one tells it",
            )
