"""The answers to private orders that their members alone see, for as long as Discord lets us edit them."""

import sqlite3
from datetime import datetime

from bot.domain import InteractionId
from storage.times import to_us


def put(
    tx: sqlite3.Connection, interaction_id: InteractionId, token: str, *, expires_at: datetime, at: datetime
) -> None:
    """Keep what an answer can be edited with; what has expired goes."""
    tx.execute("DELETE FROM answers WHERE expires_at <= ?", (to_us(at),))
    tx.execute(
        "INSERT INTO answers (interaction_id, token, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (interaction_id, token, to_us(expires_at)),
    )


def get(tx: sqlite3.Connection, interaction_id: InteractionId, *, at: datetime) -> str | None:
    """What an answer can still be edited with; None where its time is over."""
    row = tx.execute(
        "SELECT token FROM answers WHERE interaction_id = ? AND expires_at > ?", (interaction_id, to_us(at))
    ).fetchone()
    return None if row is None else str(row[0])
