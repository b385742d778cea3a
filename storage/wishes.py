"""What a person has asked for, in every server: to be written to directly, to be mentioned."""

import sqlite3
from dataclasses import dataclass

from bot.domain import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Both are off until asked for: Discord forbids direct messages that nobody asked for."""

    direct_messages: bool = False
    mentions: bool = False


def get(tx: sqlite3.Connection, user_id: UserId) -> Wishes:
    """What a person has asked for."""
    row = tx.execute("SELECT direct_messages, mentions FROM wishes WHERE user_id = ?", (user_id,)).fetchone()
    return Wishes() if row is None else Wishes(direct_messages=bool(row[0]), mentions=bool(row[1]))


def put(tx: sqlite3.Connection, user_id: UserId, wishes: Wishes) -> None:
    """Write what a person asks for from now on."""
    tx.execute(
        """
        INSERT INTO wishes (user_id, direct_messages, mentions) VALUES (?, ?, ?)
        ON CONFLICT (user_id) DO UPDATE
        SET direct_messages = excluded.direct_messages, mentions = excluded.mentions
        """,
        (user_id, wishes.direct_messages, wishes.mentions),
    )
