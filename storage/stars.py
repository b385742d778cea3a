"""Reactions to clips, how many people they are, and the gallery that the best are posted to."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import ChannelId, GuildId, JobId, MessageId, UserId
from storage.times import from_us, maybe_from_us, to_us

AT_ONCE_MAX = 50


class Hanging(StrEnum):
    """What a clip's message in the gallery shows; it may be gone, or refused, for good."""

    DUE = "due"
    SHOWN = "shown"
    HIDDEN = "hidden"
    GONE = "gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Where a server shows its best, and how many people must have liked a clip."""

    channel_id: ChannelId
    stars_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPost:
    """A clip's way into the gallery of its server. `tried_at` is set before the message is sent."""

    job_id: JobId
    channel_id: ChannelId
    state: Hanging
    due_at: datetime
    tried_at: datetime | None
    tries: int
    message_id: MessageId | None


def shown_by(tx: sqlite3.Connection, message_id: MessageId) -> JobId | None:
    """The job whose clip a message shows: its own, or the one in the gallery."""
    row = tx.execute(
        """
        SELECT id FROM jobs WHERE clip_message_id = ?
        UNION ALL SELECT job_id FROM gallery_posts WHERE message_id = ?
        """,
        (message_id, message_id),
    ).fetchone()
    return None if row is None else JobId(row[0])


def react(
    tx: sqlite3.Connection, job_id: JobId, message_id: MessageId, user_id: UserId, emoji: str, *, on: bool
) -> None:
    """Somebody has reacted, or has taken it back."""
    if on:
        tx.execute(
            """
            INSERT INTO reactions (job_id, message_id, user_id, emoji) VALUES (?, ?, ?, ?)
            ON CONFLICT (message_id, user_id, emoji) DO NOTHING
            """,
            (job_id, message_id, user_id, emoji),
        )
    else:
        tx.execute(
            "DELETE FROM reactions WHERE message_id = ? AND user_id = ? AND emoji = ?",
            (message_id, user_id, emoji),
        )


def cleared(tx: sqlite3.Connection, message_id: MessageId, emoji: str | None) -> None:
    """All reactions below a message are gone, or all with one emoji."""
    tx.execute(
        "DELETE FROM reactions WHERE message_id = ? AND (? IS NULL OR emoji = ?)", (message_id, emoji, emoji)
    )


def counted(tx: sqlite3.Connection, message_id: MessageId) -> dict[str, int]:
    """How often each emoji stands below a message, as far as we know."""
    rows = tx.execute(
        "SELECT emoji, COUNT(*) FROM reactions WHERE message_id = ? GROUP BY emoji", (message_id,)
    )
    return {str(emoji): int(times) for emoji, times in rows}


def replace(
    tx: sqlite3.Connection, job_id: JobId, message_id: MessageId, seen: Iterable[tuple[UserId, str]]
) -> None:
    """Who stands below a message with which emoji, as it was just read."""
    tx.execute("DELETE FROM reactions WHERE message_id = ?", (message_id,))
    tx.executemany(
        """
        INSERT INTO reactions (job_id, message_id, user_id, emoji) VALUES (?, ?, ?, ?)
        ON CONFLICT (message_id, user_id, emoji) DO NOTHING
        """,
        [(job_id, message_id, user_id, emoji) for user_id, emoji in seen],
    )


def count(tx: sqlite3.Connection, job_id: JobId) -> int:
    """Count the people who have reacted to a clip, its own member apart, and write how many they are."""
    tx.execute(
        """
        INSERT INTO stars (job_id, guild_id, count)
        SELECT jobs.id, jobs.guild_id, (
            SELECT COUNT(DISTINCT user_id) FROM reactions
            WHERE reactions.job_id = jobs.id AND reactions.user_id <> jobs.user_id
        )
        FROM jobs WHERE jobs.id = ?
        ON CONFLICT (job_id) DO UPDATE SET count = excluded.count
        """,
        (job_id,),
    )
    return of(tx, job_id)


def of(tx: sqlite3.Connection, job_id: JobId) -> int:
    """How many people like a clip."""
    row = tx.execute("SELECT count FROM stars WHERE job_id = ?", (job_id,)).fetchone()
    return 0 if row is None else int(row[0])


def set_gallery(tx: sqlite3.Connection, guild_id: GuildId, gallery: Gallery | None) -> None:
    """Name the gallery of a server; None has none from now on. What is posted stays."""
    if gallery is None:
        tx.execute("DELETE FROM galleries WHERE guild_id = ?", (guild_id,))
        return
    tx.execute(
        """
        INSERT INTO galleries (guild_id, channel_id, stars_min) VALUES (?, ?, ?)
        ON CONFLICT (guild_id) DO UPDATE
        SET channel_id = excluded.channel_id, stars_min = excluded.stars_min
        """,
        (guild_id, gallery.channel_id, gallery.stars_min),
    )


def gallery_of(tx: sqlite3.Connection, guild_id: GuildId) -> Gallery | None:
    """The gallery of a server, where it has one."""
    row = tx.execute("SELECT channel_id, stars_min FROM galleries WHERE guild_id = ?", (guild_id,)).fetchone()
    return None if row is None else Gallery(channel_id=ChannelId(row[0]), stars_min=row[1])


def due(tx: sqlite3.Connection, job_id: JobId, channel_id: ChannelId, *, at: datetime) -> bool:
    """A clip is to be posted to the gallery; False where it was there, or on its way, before."""
    cursor = tx.execute(
        """
        INSERT INTO gallery_posts (job_id, channel_id, state, due_at) VALUES (?, ?, 'due', ?)
        ON CONFLICT (job_id) DO NOTHING
        """,
        (job_id, channel_id, to_us(at)),
    )
    return cursor.rowcount == 1


def post(tx: sqlite3.Connection, job_id: JobId) -> GalleryPost | None:
    """A clip's way into the gallery."""
    row = tx.execute("SELECT * FROM gallery_posts WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        return None
    return GalleryPost(
        job_id=JobId(row["job_id"]),
        channel_id=ChannelId(row["channel_id"]),
        state=Hanging(row["state"]),
        due_at=from_us(row["due_at"]),
        tried_at=maybe_from_us(row["tried_at"]),
        tries=row["tries"],
        message_id=None if row["message_id"] is None else MessageId(row["message_id"]),
    )


def out_of_date(tx: sqlite3.Connection) -> list[JobId]:
    """The clips whose message in the gallery is not what it has to be."""
    rows = tx.execute(
        """
        SELECT gallery_posts.job_id FROM gallery_posts JOIN clips ON clips.job_id = gallery_posts.job_id
        WHERE gallery_posts.state = 'due'
            OR (gallery_posts.state = 'shown' AND clips.state <> 'shown')
            OR (gallery_posts.state = 'hidden' AND clips.state <> 'hidden')
        ORDER BY gallery_posts.tries, gallery_posts.due_at LIMIT ?
        """,
        (AT_ONCE_MAX,),
    )
    return [JobId(row[0]) for row in rows]


def tried(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """A clip is about to be sent to the gallery; written before."""
    tx.execute(
        "UPDATE gallery_posts SET tried_at = ?, tries = tries + 1 WHERE job_id = ? AND state = 'due'",
        (to_us(at), job_id),
    )


def missed(tx: sqlite3.Connection, job_id: JobId) -> None:
    """A change could not be made now."""
    tx.execute("UPDATE gallery_posts SET tries = tries + 1 WHERE job_id = ?", (job_id,))


def became(
    tx: sqlite3.Connection, job_id: JobId, old: Hanging, new: Hanging, message_id: MessageId | None
) -> None:
    """The message in the gallery shows something else now."""
    tx.execute(
        "UPDATE gallery_posts SET state = ?, message_id = ? WHERE job_id = ? AND state = ?",
        (new, message_id, job_id, old),
    )
