"""Budgets as they were set, and the record of every change of them and of a guild's rules of spending.

Every function is part of the transaction of its caller. `guild_id` 0 stands for what holds everywhere.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import GuildId, Micros, Period, UserId
from storage import acts
from storage.acts import Verb
from storage.connection import forget_charters
from storage.times import from_us, to_us

EVERYWHERE = GuildId(0)
"""In place of a guild, for what the operator sets for the whole installation."""

OPERATOR = UserId(0)
"""In place of a person, for what was typed into the operator's shell."""


class BudgetScope(StrEnum):
    """Whom a budget binds. Installation, ceiling, guild and channel are pools; the others are per head."""

    INSTALLATION = "installation"
    CEILING = "ceiling"
    GUILD = "guild"
    CHANNEL = "channel"
    ROLE = "role"
    MEMBER = "member"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit: how much in a period, for whom, and who set it why.

    `scope_id` is the channel's, role's or user's, and 0 for the others.
    """

    guild_id: GuildId
    scope: BudgetScope
    scope_id: int
    period: Period
    limit_micros: Micros
    set_by: UserId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the record. `what` is a scope, a rule's name, `grant` or `revoke`; None is no value."""

    id: int
    guild_id: GuildId
    what: str
    scope_id: int
    period: Period | None
    was: str | None
    now: str | None
    changed_by: UserId
    reason: str
    at: datetime


def set_limit(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    scope: BudgetScope,
    scope_id: int,
    period: Period,
    limit_micros: Micros,
    *,
    by: UserId,
    reason: str,
    at: datetime,
) -> Budget | None:
    """Set a limit, and return the one that it replaces. Below what is spent, it sells nothing more."""
    was = budget(tx, guild_id, scope, scope_id, period)
    tx.execute(
        """
        INSERT INTO budgets (guild_id, scope, scope_id, period, limit_micros, set_by, reason, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, scope, scope_id, period) DO UPDATE
        SET limit_micros = excluded.limit_micros, set_by = excluded.set_by, reason = excluded.reason,
            at = excluded.at
        """,
        (guild_id, scope.value, scope_id, period.value, limit_micros, by, reason, to_us(at)),
    )
    before = None if was is None else str(was.limit_micros)
    record(
        tx,
        guild_id,
        scope.value,
        scope_id,
        period=period,
        was=before,
        now=str(limit_micros),
        by=by,
        reason=reason,
        at=at,
    )
    return was


def remove_limit(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    scope: BudgetScope,
    scope_id: int,
    period: Period,
    *,
    by: UserId,
    reason: str,
    at: datetime,
) -> Budget | None:
    """Take a limit away, and return it; None where there was none (and nothing is recorded)."""
    was = budget(tx, guild_id, scope, scope_id, period)
    if was is None:
        return None
    tx.execute(
        "DELETE FROM budgets WHERE guild_id = ? AND scope = ? AND scope_id = ? AND period = ?",
        (guild_id, scope.value, scope_id, period.value),
    )
    record(
        tx,
        guild_id,
        scope.value,
        scope_id,
        period=period,
        was=str(was.limit_micros),
        now=None,
        by=by,
        reason=reason,
        at=at,
    )
    return was


def budget(
    tx: sqlite3.Connection, guild_id: GuildId, scope: BudgetScope, scope_id: int, period: Period
) -> Budget | None:
    """One limit as it stands."""
    row = tx.execute(
        """
        SELECT guild_id, scope, scope_id, period, limit_micros, set_by, reason, at FROM budgets
        WHERE guild_id = ? AND scope = ? AND scope_id = ? AND period = ?
        """,
        (guild_id, scope.value, scope_id, period.value),
    ).fetchone()
    return None if row is None else _budget(row)


def of_guild(tx: sqlite3.Connection, guild_id: GuildId) -> list[Budget]:
    """Every limit that is set in a guild (or everywhere), by scope."""
    rows = tx.execute(
        """
        SELECT guild_id, scope, scope_id, period, limit_micros, set_by, reason, at FROM budgets
        WHERE guild_id = ? ORDER BY scope, scope_id, period
        """,
        (guild_id,),
    )
    return [_budget(row) for row in rows]


def record(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    what: str,
    scope_id: int,
    *,
    period: Period | None = None,
    was: str | None,
    now: str | None,
    by: UserId,
    reason: str,
    at: datetime,
) -> None:
    """Write a line of the record of changes. Every change comes by here."""
    forget_charters(tx)
    tx.execute(
        """
        INSERT INTO budget_changes (guild_id, what, scope_id, period, was, now, changed_by, reason, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (guild_id, what, scope_id, None if period is None else period.value, was, now, by, reason, to_us(at)),
    )
    detail: dict[str, int | str] = {"what": what, "scope_id": scope_id}
    if period is not None:
        detail["period"] = period.value
    # Amounts, ids and names of time zones; the reason is a person's words and stays in the row above.
    detail |= {name: value for name, value in (("was", was), ("now", now)) if value is not None}
    acts.record(
        tx,
        verb=Verb.BUDGET_CHANGED,
        actor_id=by or None,
        guild_id=guild_id,
        subject=f"budget:{what}/{scope_id}",
        detail=detail,
        at=at,
    )


def changes(tx: sqlite3.Connection, guild_id: GuildId, *, newest: int) -> list[Change]:
    """The latest changes in a guild (or everywhere), newest first."""
    rows = tx.execute(
        """
        SELECT id, guild_id, what, scope_id, period, was, now, changed_by, reason, at FROM budget_changes
        WHERE guild_id = ? ORDER BY id DESC LIMIT ?
        """,
        (guild_id, newest),
    )
    return [
        Change(
            id=row[0],
            guild_id=GuildId(row[1]),
            what=row[2],
            scope_id=row[3],
            period=None if row[4] is None else Period(row[4]),
            was=row[5],
            now=row[6],
            changed_by=UserId(row[7]),
            reason=row[8],
            at=from_us(row[9]),
        )
        for row in rows
    ]


def _budget(row: sqlite3.Row) -> Budget:
    return Budget(
        guild_id=GuildId(row[0]),
        scope=BudgetScope(row[1]),
        scope_id=row[2],
        period=Period(row[3]),
        limit_micros=Micros(row[4]),
        set_by=UserId(row[5]),
        reason=row[6],
        at=from_us(row[7]),
    )
