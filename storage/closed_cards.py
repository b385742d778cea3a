"""Rows of cards that show an old state, since their place takes no edits of ours."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.domain import ChannelId, JobId
from storage.times import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCard:
    """The card of an order, where it stands, and how often and when an edit of it was refused."""

    order_id: JobId
    channel_id: ChannelId
    tries: int
    refused_at: datetime


def refused(tx: sqlite3.Connection, order_id: JobId, channel_id: ChannelId, *, at: datetime) -> ClosedCard:
    """Once more it could not be brought up to date."""
    row = tx.execute(
        """
        INSERT INTO closed_cards (order_id, channel_id, tries, refused_at) VALUES (?, ?, 1, ?)
        ON CONFLICT (order_id) DO UPDATE SET tries = closed_cards.tries + 1, refused_at = excluded.refused_at
        RETURNING *
        """,
        (order_id, channel_id, to_us(at)),
    ).fetchone()
    return _card(row)


def forget(tx: sqlite3.Connection, order_id: JobId) -> None:
    """It is up to date again, or nobody will look at it any more."""
    tx.execute("DELETE FROM closed_cards WHERE order_id = ?", (order_id,))


def forget_before(tx: sqlite3.Connection, at: datetime) -> None:
    """Nobody will look at those any more that were refused last before a moment."""
    tx.execute("DELETE FROM closed_cards WHERE refused_at < ?", (to_us(at),))


def newest(tx: sqlite3.Connection, *, since: datetime, limit: int) -> list[ClosedCard]:
    """Those that were refused last, the latest first."""
    rows = tx.execute(
        "SELECT * FROM closed_cards WHERE refused_at >= ? ORDER BY refused_at DESC LIMIT ?",
        (to_us(since), limit),
    )
    return [_card(row) for row in rows]


def _card(row: sqlite3.Row) -> ClosedCard:
    return ClosedCard(
        order_id=JobId(row["order_id"]),
        channel_id=ChannelId(row["channel_id"]),
        tries=row["tries"],
        refused_at=from_us(row["refused_at"]),
    )
