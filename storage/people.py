"""What was done about members: warnings, strikes, cool-downs, blocks, probation; and how they stand by it.

Every function is part of the transaction of its caller. A sanction that has run out or was lifted stays.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import GuildId, Member, UserId
from storage.connection import ask_beside, remember
from storage.times import from_us, maybe_from_us, to_us

EVERYWHERE = GuildId(0)
"""In place of a guild: what the operator does holds in all."""

BY_RULE = UserId(0)
"""In place of a moderator, where strikes led to it by the server's own rule."""

REASON_CHARS_MAX = 500


class Measure(StrEnum):
    """What can be done about a member."""

    WARNING = "warning"
    STRIKE = "strike"
    COOLDOWN = "cooldown"
    BLOCK = "block"
    PROBATION = "probation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    """One of them. Without `until` it holds until it is lifted. `cause` is the strike that led to it."""

    id: str
    guild_id: GuildId
    user_id: UserId
    measure: Measure
    reason: str
    by_id: UserId
    cause: str | None = None
    at: datetime
    until: datetime | None = None
    lifted_by: UserId | None = None
    lifted_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it counts at a moment."""
        return self.lifted_at is None and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discipline:
    """After how long a strike counts no more, and what so many of them lead to; 0 lead to nothing."""

    strike_days: int = 90
    cooldown_strikes: int = 2
    cooldown_hours: int = 24
    block_strikes: int = 4
    block_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds for a member now: the longest block, cool-down and probation, and how many strikes count."""

    block: Sanction | None = None
    cooldown: Sanction | None = None
    probation: Sanction | None = None
    strikes: int = 0
    warnings: int = 0

    @property
    def is_blocked(self) -> bool:
        return self.block is not None

    @property
    def why(self) -> str:
        """The reason of what keeps them from ordering; empty where nothing does."""
        keeps = self.block or self.cooldown
        return "" if keeps is None else keeps.reason

    @property
    def on_probation(self) -> bool:
        """Whether all that they order is reviewed."""
        return self.probation is not None


GOOD = Standing()


def insert(tx: sqlite3.Connection, sanction: Sanction) -> None:
    """Write one."""
    tx.execute(
        """
        INSERT INTO sanctions (id, guild_id, user_id, measure, reason, by_id, cause, at, until)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            sanction.id,
            sanction.guild_id,
            sanction.user_id,
            sanction.measure.value,
            sanction.reason,
            sanction.by_id,
            sanction.cause,
            to_us(sanction.at),
            None if sanction.until is None else to_us(sanction.until),
        ),
    )


def get(tx: sqlite3.Connection, sanction_id: str) -> Sanction | None:
    """One of them."""
    row = tx.execute("SELECT * FROM sanctions WHERE id = ?", (sanction_id,)).fetchone()
    return None if row is None else _sanction(row)


def open_of(tx: sqlite3.Connection, member: Member, at: datetime) -> list[Sanction]:
    """What holds for somebody in a server, the operator's blocks too, the oldest first."""
    rows = tx.execute(
        """
        SELECT * FROM sanctions
        WHERE user_id = ? AND (guild_id = ? OR guild_id = 0) AND lifted_at IS NULL
              AND (until IS NULL OR until > ?)
        ORDER BY at, id
        """,
        (member.user_id, member.guild_id, to_us(at)),
    )
    return [_sanction(row) for row in rows]


def newest_of(tx: sqlite3.Connection, member: Member, *, limit: int) -> list[Sanction]:
    """All that was ever done about somebody in a server and everywhere, the newest first."""
    rows = tx.execute(
        """
        SELECT * FROM sanctions WHERE user_id = ? AND (guild_id = ? OR guild_id = 0)
        ORDER BY at DESC, id DESC LIMIT ?
        """,
        (member.user_id, member.guild_id, limit),
    )
    return [_sanction(row) for row in rows]


def led_to(tx: sqlite3.Connection, sanction_id: str) -> list[Sanction]:
    """What a strike led to by the server's rule."""
    rows = tx.execute("SELECT * FROM sanctions WHERE cause = ?", (sanction_id,))
    return [_sanction(row) for row in rows]


def lift(tx: sqlite3.Connection, sanction_id: str, *, by: UserId, at: datetime) -> bool:
    """End a sanction; False where it was lifted or had run out."""
    cursor = tx.execute(
        """
        UPDATE sanctions SET lifted_by = ?, lifted_at = ?
        WHERE id = ? AND lifted_at IS NULL AND (until IS NULL OR until > ?)
        """,
        (by, to_us(at), sanction_id, to_us(at)),
    )
    return cursor.rowcount == 1


def ever_met(tx: sqlite3.Connection, guild_id: GuildId, user_id: UserId) -> bool:
    """Whether anything was ever done about somebody that was not lifted."""
    found = ask_beside(
        tx,
        """
        SELECT 1 FROM sanctions WHERE user_id = ? AND (guild_id = ? OR guild_id = 0) AND lifted_at IS NULL
        LIMIT 1
        """,
        (user_id, guild_id),
    )
    return found.fetchone() is not None


def standing(tx: sqlite3.Connection, guild_id: GuildId, user_id: UserId, at: datetime) -> Standing:
    """How somebody stands in a server at a moment."""
    if not remember(tx, ever_met, guild_id, user_id):  # as nearly all who order
        return GOOD
    found = open_of(tx, Member(guild_id=guild_id, user_id=user_id), at)
    return standing_by(found) if found else GOOD


def standing_by(sanctions: Sequence[Sanction]) -> Standing:
    """How somebody stands by the sanctions that hold."""
    return Standing(
        block=_longest(sanctions, Measure.BLOCK),
        cooldown=_longest(sanctions, Measure.COOLDOWN),
        probation=_longest(sanctions, Measure.PROBATION),
        strikes=sum(one.measure is Measure.STRIKE for one in sanctions),
        warnings=sum(one.measure is Measure.WARNING for one in sanctions),
    )


def discipline(tx: sqlite3.Connection, guild_id: GuildId) -> Discipline:
    """A server's rule about strikes; the bot's own where it has none."""
    row = tx.execute(
        """
        SELECT strike_days, cooldown_strikes, cooldown_hours, block_strikes, block_days
        FROM discipline WHERE guild_id = ?
        """,
        (guild_id,),
    ).fetchone()
    if row is None:
        return Discipline()
    return Discipline(
        strike_days=row[0],
        cooldown_strikes=row[1],
        cooldown_hours=row[2],
        block_strikes=row[3],
        block_days=row[4],
    )


def set_discipline(tx: sqlite3.Connection, guild_id: GuildId, wanted: Discipline) -> None:
    """Change it; what strikes have led to stays."""
    tx.execute(
        """
        INSERT INTO discipline (guild_id, strike_days, cooldown_strikes, cooldown_hours, block_strikes,
                                block_days)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (guild_id) DO UPDATE
        SET strike_days = excluded.strike_days, cooldown_strikes = excluded.cooldown_strikes,
            cooldown_hours = excluded.cooldown_hours, block_strikes = excluded.block_strikes,
            block_days = excluded.block_days
        """,
        (
            guild_id,
            wanted.strike_days,
            wanted.cooldown_strikes,
            wanted.cooldown_hours,
            wanted.block_strikes,
            wanted.block_days,
        ),
    )


def _longest(sanctions: Sequence[Sanction], measure: Measure) -> Sanction | None:
    found = [one for one in sanctions if one.measure is measure]
    without_end = [one for one in found if one.until is None]
    if without_end:
        return without_end[0]
    return max(found, key=lambda one: (one.until, one.id), default=None)


def _sanction(row: sqlite3.Row) -> Sanction:
    return Sanction(
        id=row["id"],
        guild_id=GuildId(row["guild_id"]),
        user_id=UserId(row["user_id"]),
        measure=Measure(row["measure"]),
        reason=row["reason"],
        by_id=UserId(row["by_id"]),
        cause=row["cause"],
        at=from_us(row["at"]),
        until=maybe_from_us(row["until"]),
        lifted_by=None if row["lifted_by"] is None else UserId(row["lifted_by"]),
        lifted_at=maybe_from_us(row["lifted_at"]),
    )
