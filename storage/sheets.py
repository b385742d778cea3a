"""What members are filling in: an order as it was typed, the parts of its prompt, and its newest quote."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import InteractionId, Member
from storage.times import to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One sheet; `asked` and `parts` are raw."""

    id: str
    asked: Mapping[str, Any]
    parts: Mapping[str, str]
    quote_id: str | None
    interaction_id: InteractionId | None


def insert(
    tx: sqlite3.Connection,
    sheet_id: str,
    member: Member,
    asked: Mapping[str, Any],
    *,
    at: datetime,
    forgotten_before: datetime,
) -> None:
    """Begin a sheet, and forget those that were begun long ago."""
    tx.execute("DELETE FROM sheets WHERE opened_at < ?", (to_us(forgotten_before),))
    tx.execute(
        "INSERT INTO sheets (id, guild_id, user_id, asked, parts, opened_at) VALUES (?, ?, ?, ?, '{}', ?)",
        (sheet_id, member.guild_id, member.user_id, json.dumps(dict(asked)), to_us(at)),
    )


def get(tx: sqlite3.Connection, sheet_id: str, member: Member, *, not_before: datetime) -> SheetRow | None:
    """A member's own sheet that was begun since then."""
    row = tx.execute(
        """
        SELECT asked, parts, quote_id, interaction_id FROM sheets
        WHERE id = ? AND guild_id = ? AND user_id = ? AND opened_at >= ?
        """,
        (sheet_id, member.guild_id, member.user_id, to_us(not_before)),
    ).fetchone()
    if row is None:
        return None
    return SheetRow(
        id=sheet_id,
        asked=json.loads(row["asked"]),
        parts=json.loads(row["parts"]),
        quote_id=row["quote_id"],
        interaction_id=None if row["interaction_id"] is None else InteractionId(row["interaction_id"]),
    )


def write(
    tx: sqlite3.Connection, sheet_id: str, *, asked: Mapping[str, Any], parts: Mapping[str, str]
) -> None:
    """Keep what stands on a sheet now."""
    tx.execute(
        "UPDATE sheets SET asked = ?, parts = ? WHERE id = ?",
        (json.dumps(dict(asked)), json.dumps(dict(parts)), sheet_id),
    )


def quoted(tx: sqlite3.Connection, sheet_id: str, quote_id: str, interaction_id: InteractionId) -> None:
    """Note the newest quote of a sheet."""
    tx.execute(
        "UPDATE sheets SET quote_id = ?, interaction_id = ? WHERE id = ?",
        (quote_id, interaction_id, sheet_id),
    )
