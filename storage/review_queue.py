"""What waits for moderators, for how long, and what is known of whose it is."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import GuildId, Member
from storage.reviews import Review, review_of
from storage.times import maybe_from_us, to_us

LISTED_MAX = 200
"""More than a moderator works through at a time; the oldest are listed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What moderators decided on a member's orders in a server before."""

    orders: int
    approved: int
    denied: int
    struck: int


def waiting(tx: sqlite3.Connection, guild_id: GuildId) -> list[Review]:
    """What waits in a server, the oldest first."""
    rows = tx.execute(
        "SELECT * FROM reviews WHERE guild_id = ? AND decision IS NULL ORDER BY asked_at, id LIMIT ?",
        (guild_id, LISTED_MAX),
    )
    return [review_of(row) for row in rows]


def history(tx: sqlite3.Connection, member: Member) -> History:
    """What is known of a member, for whoever decides on the next."""
    orders = tx.execute(
        "SELECT count(*) FROM jobs WHERE guild_id = ? AND user_id = ? AND take = 1",
        (member.guild_id, member.user_id),
    ).fetchone()
    row = tx.execute(
        """
        SELECT count(*) FILTER (WHERE decision = 'approved'),
               count(*) FILTER (WHERE decision IN ('denied', 'struck')),
               count(*) FILTER (WHERE decision = 'struck')
        FROM reviews WHERE guild_id = ? AND user_id = ?
        """,
        (member.guild_id, member.user_id),
    ).fetchone()
    return History(orders=orders[0], approved=row[0], denied=row[1], struck=row[2])


def too_old(tx: sqlite3.Connection, *, at: datetime, limit: int) -> list[Review]:
    """What nobody looked at in time."""
    rows = tx.execute(
        "SELECT * FROM reviews WHERE decision IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?",
        (to_us(at), limit),
    )
    return [review_of(row) for row in rows]


def to_remind(tx: sqlite3.Connection, *, at: datetime, limit: int) -> list[Review]:
    """What waits for so long that its moderators are reminded of it, which is once."""
    rows = tx.execute(
        """
        SELECT * FROM reviews
        WHERE decision IS NULL AND reminded_at IS NULL AND remind_at <= ? AND expires_at > ?
        ORDER BY guild_id, asked_at LIMIT ?
        """,
        (to_us(at), to_us(at), limit),
    )
    return [review_of(row) for row in rows]


def reminded(tx: sqlite3.Connection, review_id: str, *, at: datetime) -> None:
    """Its moderators were reminded, or nobody can be."""
    tx.execute("UPDATE reviews SET reminded_at = ? WHERE id = ?", (to_us(at), review_id))


def next_due(tx: sqlite3.Connection) -> datetime | None:
    """When something is to be reminded of or ends by itself; None where nothing waits."""
    row = tx.execute(
        """
        SELECT min(CASE WHEN reminded_at IS NULL THEN min(remind_at, expires_at) ELSE expires_at END)
        FROM reviews WHERE decision IS NULL
        """
    ).fetchone()
    return maybe_from_us(row[0])
