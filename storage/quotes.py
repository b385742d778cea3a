"""Orders that wait for their member's yes."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import InteractionId, Micros, UserId
from storage.times import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingQuote:
    """What was asked (raw options, as given) and the price that was named."""

    id: str
    interaction_id: InteractionId
    user_id: UserId
    asked: Mapping[str, Any]
    price_micros: Micros
    expires_at: datetime


def insert(tx: sqlite3.Connection, quote: WaitingQuote, *, at: datetime) -> None:
    """Write a quote, and forget those that nobody can answer any more."""
    tx.execute("DELETE FROM quotes WHERE expires_at < ?", (to_us(at),))
    tx.execute(
        """
        INSERT INTO quotes (id, interaction_id, user_id, asked, price_micros, expires_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (
            quote.id,
            quote.interaction_id,
            quote.user_id,
            json.dumps(dict(quote.asked)),
            quote.price_micros,
            to_us(quote.expires_at),
        ),
    )


def get(tx: sqlite3.Connection, quote_id: str) -> WaitingQuote | None:
    """A quote, answered or not, as long as it is kept."""
    row = tx.execute("SELECT * FROM quotes WHERE id = ?", (quote_id,)).fetchone()
    return None if row is None else _quote(row)


def by_interaction(tx: sqlite3.Connection, interaction_id: InteractionId) -> WaitingQuote | None:
    """The quote that this press was answered with."""
    row = tx.execute("SELECT * FROM quotes WHERE interaction_id = ?", (interaction_id,)).fetchone()
    return None if row is None else _quote(row)


def answer(tx: sqlite3.Connection, quote_id: str, user_id: UserId, *, at: datetime) -> bool:
    """Take a quote for good: once, by the one it was made for, while it holds. False otherwise."""
    cursor = tx.execute(
        """
        UPDATE quotes SET answered_at = ?
        WHERE id = ? AND user_id = ? AND answered_at IS NULL AND expires_at > ?
        """,
        (to_us(at), quote_id, user_id, to_us(at)),
    )
    return cursor.rowcount == 1


def _quote(row: sqlite3.Row) -> WaitingQuote:
    return WaitingQuote(
        id=row["id"],
        interaction_id=InteractionId(row["interaction_id"]),
        user_id=UserId(row["user_id"]),
        asked=json.loads(row["asked"]),
        price_micros=Micros(row["price_micros"]),
        expires_at=from_us(row["expires_at"]),
    )
