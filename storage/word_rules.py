"""Rows of the lists of words that servers keep."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import GuildId, UserId
from storage.times import to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRule:
    """One rule of a server's list; `action` is `block`, `queue` or `allow`."""

    phrase: str
    beside: str = ""
    action: str


def rev(connection: sqlite3.Connection, guild_id: GuildId) -> int:
    """Which state of a server's list holds; 0 where it never had one."""
    row = connection.execute("SELECT rev FROM word_lists WHERE guild_id = ?", (guild_id,)).fetchone()
    return 0 if row is None else int(row[0])


def of_guild(connection: sqlite3.Connection, guild_id: GuildId) -> list[WordRule]:
    """A server's list, by its words."""
    rows = connection.execute(
        "SELECT phrase, beside, action FROM word_rules WHERE guild_id = ? ORDER BY phrase, beside",
        (guild_id,),
    )
    return [WordRule(phrase=row[0], beside=row[1], action=row[2]) for row in rows]


def count(connection: sqlite3.Connection, guild_id: GuildId) -> int:
    """How many rules a server has."""
    row = connection.execute("SELECT count(*) FROM word_rules WHERE guild_id = ?", (guild_id,)).fetchone()
    return int(row[0])


def put(tx: sqlite3.Connection, guild_id: GuildId, rule: WordRule, *, by: UserId, at: datetime) -> bool:
    """Write a rule; one of the same words takes its action. False where it stood so already."""
    put_ = tx.execute(
        """
        INSERT INTO word_rules (guild_id, phrase, beside, action, added_by, added_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, phrase, beside) DO UPDATE
        SET action = excluded.action, added_by = excluded.added_by, added_at = excluded.added_at
        WHERE action <> excluded.action
        """,
        (guild_id, rule.phrase, rule.beside, rule.action, by, to_us(at)),
    )
    return put_.rowcount == 1


def remove(tx: sqlite3.Connection, guild_id: GuildId, phrase: str, beside: str) -> bool:
    """Take a rule out; False where there is none."""
    gone = tx.execute(
        "DELETE FROM word_rules WHERE guild_id = ? AND phrase = ? AND beside = ?", (guild_id, phrase, beside)
    )
    return gone.rowcount == 1


def changed(tx: sqlite3.Connection, guild_id: GuildId) -> None:
    """Note that a server's list is another one now."""
    tx.execute(
        """
        INSERT INTO word_lists (guild_id, rev) VALUES (?, 1)
        ON CONFLICT (guild_id) DO UPDATE SET rev = rev + 1
        """,
        (guild_id,),
    )
