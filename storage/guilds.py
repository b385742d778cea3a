"""The servers that the operator has admitted to paid providers, each with its ceiling for a month."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import GuildId, Micros
from storage.times import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedGuild:
    """A server that may spend, and how much in a month."""

    guild_id: GuildId
    ceiling_monthly_micros: Micros
    changed_at: datetime


def admit(tx: sqlite3.Connection, guild_id: GuildId, ceiling_micros: Micros, *, at: datetime) -> None:
    """Let a server spend so much in a month; a ceiling below what is spent sells nothing more."""
    tx.execute(
        """
        INSERT INTO guilds (guild_id, ceiling_monthly_micros, changed_at) VALUES (?, ?, ?)
        ON CONFLICT (guild_id) DO UPDATE
        SET ceiling_monthly_micros = excluded.ceiling_monthly_micros, changed_at = excluded.changed_at
        """,
        (guild_id, ceiling_micros, to_us(at)),
    )


def dismiss(tx: sqlite3.Connection, guild_id: GuildId) -> bool:
    """Let a server spend nothing from now on; False where it was not admitted."""
    return tx.execute("DELETE FROM guilds WHERE guild_id = ?", (guild_id,)).rowcount == 1


def ceiling(tx: sqlite3.Connection, guild_id: GuildId) -> Micros | None:
    """What a server may spend in a month at paid providers; None where it is not admitted."""
    row = tx.execute("SELECT ceiling_monthly_micros FROM guilds WHERE guild_id = ?", (guild_id,)).fetchone()
    return None if row is None else Micros(row[0])


def admitted(tx: sqlite3.Connection) -> list[AdmittedGuild]:
    """Every admitted server."""
    return [
        AdmittedGuild(
            guild_id=GuildId(row["guild_id"]),
            ceiling_monthly_micros=Micros(row["ceiling_monthly_micros"]),
            changed_at=from_us(row["changed_at"]),
        )
        for row in tx.execute("SELECT * FROM guilds ORDER BY guild_id")
    ]
