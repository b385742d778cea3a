"""Grants: money for one member beyond the budget. Every function is part of the transaction of its caller."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import GuildId, Member, Micros, Period, UserId
from storage import budgets
from storage.purses import EPOCH, grant_key
from storage.tallies import tallies_of
from storage.times import from_us, maybe_from_us, to_us

OPEN_MAX = 100
"""Open grants of one member: an order may have to look at all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Money for one member: how much, why, from whom, until when; and what of it is spent or held."""

    id: int
    member: Member
    amount_micros: Micros
    used_micros: Micros
    reason: str
    granted_by: UserId
    granted_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None

    def left_micros(self, at: datetime) -> int:
        """What may still be drawn on it."""
        gone = self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= at)
        return 0 if gone else self.amount_micros - self.used_micros


def give(
    tx: sqlite3.Connection,
    member: Member,
    amount_micros: Micros,
    *,
    by: UserId,
    reason: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> int:
    """Grant money to a member, and return the grant's id.

    Raises:
        sqlite3.IntegrityError: nothing or less is granted, without a reason, or until a time that is over.
    """
    cursor = tx.execute(
        """
        INSERT INTO grants (guild_id, user_id, amount_micros, reason, granted_by, granted_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (
            member.guild_id,
            member.user_id,
            amount_micros,
            reason,
            by,
            to_us(at),
            None if expires_at is None else to_us(expires_at),
        ),
    )
    whose, now = (member.guild_id, "grant", member.user_id), str(amount_micros)
    budgets.record(tx, *whose, was=None, now=now, by=by, reason=reason, at=at)
    return cursor.lastrowid or 0


def revoke(
    tx: sqlite3.Connection, grant_id: int, *, guild_id: GuildId, by: UserId, reason: str, at: datetime
) -> Grant | None:
    """Take back what is left of a grant of this guild; what is held of it stays held.

    Returns the grant as it was before; None where there is none, or it was revoked already.
    """
    was = get(tx, grant_id, guild_id=guild_id)
    if was is None or was.revoked_at is not None:
        return None
    tx.execute("UPDATE grants SET revoked_at = ?, revoked_by = ? WHERE id = ?", (to_us(at), by, grant_id))
    left = str(was.left_micros(at))
    whose = (was.member.guild_id, "revoke", was.member.user_id)
    budgets.record(tx, *whose, was=left, now=None, by=by, reason=reason, at=at)
    return was


def get(tx: sqlite3.Connection, grant_id: int, *, guild_id: GuildId) -> Grant | None:
    """A grant of this guild."""
    row = tx.execute(
        """
        SELECT id, guild_id, user_id, amount_micros, reason, granted_by, granted_at, expires_at, revoked_at
        FROM grants WHERE id = ? AND guild_id = ?
        """,
        (grant_id, guild_id),
    ).fetchone()
    return None if row is None else _grant(tx, row)


def open_of(tx: sqlite3.Connection, member: Member, *, at: datetime) -> list[Grant]:
    """A member's grants that hold now, as they are drawn on: the soonest to expire first."""
    rows = tx.execute(
        """
        SELECT id, guild_id, user_id, amount_micros, reason, granted_by, granted_at, expires_at, revoked_at
        FROM grants
        WHERE guild_id = ? AND user_id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
        ORDER BY expires_at IS NULL, expires_at, id
        """,
        (member.guild_id, member.user_id, to_us(at)),
    )
    return [_grant(tx, row) for row in rows.fetchall()]


def of_guild(tx: sqlite3.Connection, guild_id: GuildId, *, newest: int) -> list[Grant]:
    """The latest grants of a guild, newest first."""
    rows = tx.execute(
        """
        SELECT id, guild_id, user_id, amount_micros, reason, granted_by, granted_at, expires_at, revoked_at
        FROM grants WHERE guild_id = ? ORDER BY id DESC LIMIT ?
        """,
        (guild_id, newest),
    )
    return [_grant(tx, row) for row in rows.fetchall()]


def _grant(tx: sqlite3.Connection, row: sqlite3.Row) -> Grant:
    spent, held = tallies_of(tx).used(grant_key(row["id"]), Period.TOTAL, EPOCH)
    return Grant(
        id=row["id"],
        member=Member(guild_id=GuildId(row["guild_id"]), user_id=UserId(row["user_id"])),
        amount_micros=Micros(row["amount_micros"]),
        used_micros=Micros(spent + held),
        reason=row["reason"],
        granted_by=UserId(row["granted_by"]),
        granted_at=from_us(row["granted_at"]),
        expires_at=maybe_from_us(row["expires_at"]),
        revoked_at=maybe_from_us(row["revoked_at"]),
    )
