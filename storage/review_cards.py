"""The messages in which reviews are shown to moderators: which are stale, and where they stand."""

import sqlite3
from datetime import datetime

from bot.domain import ChannelId, GuildId, JobId, MessageId
from storage.reviews import Review, review_of
from storage.times import to_us


def stale(tx: sqlite3.Connection, *, limit: int) -> list[Review]:
    """The reviews whose message does not show them as they are (or is not there yet), the oldest first."""
    rows = tx.execute("SELECT * FROM reviews WHERE card_rev < rev ORDER BY asked_at LIMIT ?", (limit,))
    return [review_of(row) for row in rows]


def tried(tx: sqlite3.Connection, review_id: str, channel_id: ChannelId, *, at: datetime) -> None:
    """It is about to be posted there; since when it may be there is kept for one channel at a time."""
    tx.execute(
        """
        UPDATE reviews SET card_tried_at = CASE WHEN card_channel_id = ?1 THEN coalesce(card_tried_at, ?2)
                                                ELSE ?2 END,
                           card_channel_id = ?1
        WHERE id = ?3
        """,
        (channel_id, to_us(at), review_id),
    )


def posted(tx: sqlite3.Connection, review_id: str, message_id: MessageId) -> None:
    """It stands in the channel that was tried last."""
    tx.execute("UPDATE reviews SET card_message_id = ? WHERE id = ?", (message_id, review_id))


def shown(tx: sqlite3.Connection, review_id: str, *, rev: int) -> None:
    """Its message shows it as of `rev`, or can show nothing any more."""
    tx.execute("UPDATE reviews SET card_rev = max(card_rev, ?) WHERE id = ?", (rev, review_id))


def unshown(tx: sqlite3.Connection, guild_id: GuildId) -> int:
    """A server has named a channel: what waits there without a message is to be shown; returns how many."""
    cursor = tx.execute(
        """
        UPDATE reviews SET card_rev = -1, card_channel_id = NULL, card_tried_at = NULL
        WHERE guild_id = ? AND decision IS NULL AND card_message_id IS NULL
        """,
        (guild_id,),
    )
    return cursor.rowcount


def copies_of(tx: sqlite3.Connection, job_id: JobId) -> list[tuple[ChannelId, MessageId]]:
    """Where a clip (or what an order starts from) is shown to moderators: what a take-down has to delete."""
    rows = tx.execute(
        """
        SELECT card_channel_id, card_message_id FROM reviews
        WHERE job_id IN (?1, (SELECT order_id FROM jobs WHERE id = ?1)) AND card_message_id IS NOT NULL
        """,
        (job_id,),
    )
    return [(ChannelId(row[0]), MessageId(row[1])) for row in rows]
