"""Appeals: a member's one word against a sanction, and another moderator's decision.

Every function is part of the transaction of its caller.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import GuildId, Member, UserId
from storage.times import from_us, maybe_from_us, to_us

WORDS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One of them. `granted` is None until somebody has decided."""

    sanction_id: str
    words: str
    at: datetime
    decided_by: UserId | None = None
    decided_at: datetime | None = None
    granted: bool | None = None


def insert(tx: sqlite3.Connection, appeal: Appeal) -> bool:
    """Write one; False where this sanction was appealed before."""
    cursor = tx.execute(
        "INSERT INTO appeals (sanction_id, words, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (appeal.sanction_id, appeal.words, to_us(appeal.at)),
    )
    return cursor.rowcount == 1


def get(tx: sqlite3.Connection, sanction_id: str) -> Appeal | None:
    """The appeal against a sanction."""
    row = tx.execute("SELECT * FROM appeals WHERE sanction_id = ?", (sanction_id,)).fetchone()
    return None if row is None else _appeal(row)


def decide(tx: sqlite3.Connection, sanction_id: str, *, granted: bool, by: UserId, at: datetime) -> bool:
    """Write the decision; False where somebody has decided before."""
    cursor = tx.execute(
        """
        UPDATE appeals SET granted = ?, decided_by = ?, decided_at = ?
        WHERE sanction_id = ? AND decided_at IS NULL
        """,
        (int(granted), by, to_us(at), sanction_id),
    )
    return cursor.rowcount == 1


def of_member(tx: sqlite3.Connection, member: Member) -> dict[str, Appeal]:
    """A member's appeals in a server, by the sanctions that they are against."""
    rows = tx.execute(
        """
        SELECT a.* FROM appeals AS a JOIN sanctions AS s ON s.id = a.sanction_id
        WHERE s.user_id = ? AND s.guild_id = ?
        """,
        (member.user_id, member.guild_id),
    )
    return {row["sanction_id"]: _appeal(row) for row in rows}


def open_in(tx: sqlite3.Connection, guild_id: GuildId, *, limit: int) -> list[Appeal]:
    """Those of a server that wait for a decision, the longest waiting first."""
    rows = tx.execute(
        """
        SELECT a.* FROM appeals AS a JOIN sanctions AS s ON s.id = a.sanction_id
        WHERE s.guild_id = ? AND a.decided_at IS NULL ORDER BY a.at LIMIT ?
        """,
        (guild_id, limit),
    )
    return [_appeal(row) for row in rows]


def untold(tx: sqlite3.Connection) -> list[Appeal]:
    """Those that no moderators' channel has seen, the oldest first."""
    return [_appeal(row) for row in tx.execute("SELECT * FROM appeals WHERE told_at IS NULL ORDER BY at")]


def told(tx: sqlite3.Connection, sanction_id: str, *, at: datetime) -> None:
    """The moderators' channel shows it, or there is none."""
    tx.execute("UPDATE appeals SET told_at = ? WHERE sanction_id = ?", (to_us(at), sanction_id))


def _appeal(row: sqlite3.Row) -> Appeal:
    return Appeal(
        sanction_id=row["sanction_id"],
        words=row["words"],
        at=from_us(row["at"]),
        decided_by=None if row["decided_by"] is None else UserId(row["decided_by"]),
        decided_at=maybe_from_us(row["decided_at"]),
        granted=None if row["granted"] is None else bool(row["granted"]),
    )
