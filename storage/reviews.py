"""What waits for a moderator, and what was decided: each decision is one statement on what is still open.

Every function is part of the transaction of its caller; the job's move and its money stand beside it.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import ChannelId, GuildId, JobId, Member, MessageId, Micros, UserId
from storage.gates import Found, Gate, found_of, reasons_as_text, scores_as_text
from storage.times import from_us, maybe_from_us, to_us

REASON_CHARS_MAX = 500


class Why(StrEnum):
    """Why something waits."""

    ALL = "all"
    FIRST = "first"
    FLAGGED = "flagged"
    PROBATION = "probation"


class Decision(StrEnum):
    """How a review ended. A `STRUCK` one is denied with a strike; the last two are nobody's decision."""

    APPROVED = "approved"
    DENIED = "denied"
    STRUCK = "struck"
    CHANGE = "change"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A row of `reviews`: what is looked at, why, and what became of it.

    `publishes` is whether its clip is kept for its member, who wants others to see it.
    """

    id: str
    gate: Gate
    job_id: JobId
    member: Member
    channel_id: ChannelId
    why: Why
    found: Found
    price_micros: Micros
    needed: int
    asked_at: datetime
    remind_at: datetime
    expires_at: datetime
    publishes: bool = False
    reminded_at: datetime | None = None
    assigned_to: UserId | None = None
    rev: int = 0
    decision: Decision | None = None
    decided_by: UserId | None = None
    decided_at: datetime | None = None
    reason: str = ""
    spoiler: bool = False
    refunded: bool = False
    card_channel_id: ChannelId | None = None
    card_message_id: MessageId | None = None
    card_tried_at: datetime | None = None
    card_rev: int = -1


def insert(tx: sqlite3.Connection, review: Review) -> None:
    """Begin a review."""
    tx.execute(
        """
        INSERT INTO reviews (id, gate, job_id, guild_id, channel_id, user_id, why, reasons, scores,
                             forbidden, price_micros, needed, asked_at, remind_at, expires_at, publishes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            review.id,
            review.gate,
            review.job_id,
            review.member.guild_id,
            review.channel_id,
            review.member.user_id,
            review.why,
            reasons_as_text(review.found),
            scores_as_text(review.found),
            review.found.forbidden,
            review.price_micros,
            review.needed,
            to_us(review.asked_at),
            to_us(review.remind_at),
            to_us(review.expires_at),
            review.publishes,
        ),
    )


def get(tx: sqlite3.Connection, review_id: str) -> Review | None:
    """One review."""
    row = tx.execute("SELECT * FROM reviews WHERE id = ?", (review_id,)).fetchone()
    return None if row is None else review_of(row)


def of_job(tx: sqlite3.Connection, job_id: JobId, gate: Gate) -> Review | None:
    """The review of an order (by its first take's job) or of a clip, at a gate; the latest."""
    row = tx.execute(
        "SELECT * FROM reviews WHERE job_id = ? AND gate = ? ORDER BY asked_at DESC, id DESC LIMIT 1",
        (job_id, gate),
    ).fetchone()
    return None if row is None else review_of(row)


def of_order(tx: sqlite3.Connection, order_id: JobId) -> list[Review]:
    """Every review of an order and of its clips."""
    rows = tx.execute(
        """
        SELECT * FROM reviews
        WHERE job_id IN (SELECT id FROM jobs WHERE id = ?1 OR order_id = ?1 AND take > 1)
        ORDER BY asked_at
        """,
        (order_id,),
    )
    return [review_of(row) for row in rows]


def to_publish(tx: sqlite3.Connection, *, limit: int) -> list[JobId]:
    """Clips that moderators have let their members publish, and that nobody else sees yet; the newest."""
    rows = tx.execute(
        """
        SELECT r.job_id FROM reviews AS r
        JOIN jobs AS j ON j.id = r.job_id
        JOIN clips AS c ON c.job_id = r.job_id
        WHERE r.publishes = 1 AND r.decision = 'approved' AND j.state = 'undeliverable' AND c.state = 'shown'
        ORDER BY r.decided_at DESC LIMIT ?
        """,
        (limit,),
    )
    return [JobId(row[0]) for row in rows]


def approved_before(tx: sqlite3.Connection, member: Member, channel_id: ChannelId, gate: Gate) -> int:
    """How many of a member's were approved at a gate of a channel."""
    row = tx.execute(
        """
        SELECT count(*) FROM reviews
        WHERE guild_id = ? AND user_id = ? AND channel_id = ? AND gate = ? AND decision = 'approved'
        """,
        (member.guild_id, member.user_id, channel_id, gate),
    ).fetchone()
    return int(row[0])


def agree(tx: sqlite3.Connection, review_id: str, by: UserId, *, spoiler: bool, at: datetime) -> bool:
    """A moderator approves what is open and not their own; False where it is not, or they did before."""
    cursor = tx.execute(
        """
        INSERT INTO approvals (review_id, moderator_id, spoiler, at)
        SELECT id, ?1, ?2, ?3 FROM reviews
        WHERE id = ?4 AND decision IS NULL AND user_id <> ?1 AND forbidden = 0
        ON CONFLICT (review_id, moderator_id) DO NOTHING
        """,
        (by, spoiler, to_us(at), review_id),
    )
    if cursor.rowcount != 1:
        return False
    tx.execute("UPDATE reviews SET rev = rev + 1 WHERE id = ?", (review_id,))
    return True


def approve(tx: sqlite3.Connection, review_id: str, by: UserId, *, at: datetime) -> bool:
    """Decide that it passes, where enough have agreed; behind a spoiler where any of them wants one."""
    cursor = tx.execute(
        """
        UPDATE reviews
        SET decision = 'approved', decided_by = ?1, decided_at = ?2, rev = rev + 1,
            spoiler = (SELECT max(spoiler) FROM approvals WHERE review_id = ?3)
        WHERE id = ?3 AND decision IS NULL AND user_id <> ?1
              AND (SELECT count(*) FROM approvals WHERE review_id = ?3) >= needed
        """,
        (by, to_us(at), review_id),
    )
    return cursor.rowcount == 1


def refuse(
    tx: sqlite3.Connection,
    review_id: str,
    decision: Decision,
    by: UserId,
    reason: str,
    *,
    refunded: bool,
    at: datetime,
) -> bool:
    """Decide that it does not pass; False where that was decided before, or it is their own."""
    cursor = tx.execute(
        """
        UPDATE reviews
        SET decision = ?1, decided_by = ?2, decided_at = ?3, reason = ?4, refunded = ?5, rev = rev + 1
        WHERE id = ?6 AND decision IS NULL AND user_id <> ?2
        """,
        (decision, by, to_us(at), reason, refunded, review_id),
    )
    return cursor.rowcount == 1


def end(tx: sqlite3.Connection, review_id: str, decision: Decision, *, refunded: bool, at: datetime) -> bool:
    """It ends without a moderator: too old, or taken back; False where it was decided before."""
    cursor = tx.execute(
        """
        UPDATE reviews SET decision = ?, decided_at = ?, refunded = ?, rev = rev + 1
        WHERE id = ? AND decision IS NULL
        """,
        (decision, to_us(at), refunded, review_id),
    )
    return cursor.rowcount == 1


def withdraw(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """A job has left its gate by its member's wish: end its review, once no take waits for it any more."""
    tx.execute(
        """
        UPDATE reviews SET decision = 'withdrawn', decided_at = ?1, rev = rev + 1
        WHERE decision IS NULL
              AND (gate = 'showing' AND job_id = ?2
                   OR gate = 'rendering' AND job_id = (SELECT order_id FROM jobs WHERE id = ?2)
                      AND NOT EXISTS (SELECT 1 FROM jobs AS take
                                      WHERE (take.id = reviews.job_id
                                             OR take.order_id = reviews.job_id AND take.take > 1)
                                            AND take.state = 'review'))
        """,
        (to_us(at), job_id),
    )


def approvers(tx: sqlite3.Connection, review_id: str) -> list[UserId]:
    """Who has agreed so far, the first one first."""
    rows = tx.execute(
        "SELECT moderator_id FROM approvals WHERE review_id = ? ORDER BY at, moderator_id", (review_id,)
    )
    return [UserId(row[0]) for row in rows]


def assign(tx: sqlite3.Connection, review_id: str, to: UserId | None) -> bool:
    """Name who looks at it; False where it was decided, or is that person's own."""
    cursor = tx.execute(
        """
        UPDATE reviews SET assigned_to = ?1, rev = rev + 1
        WHERE id = ?2 AND decision IS NULL AND user_id IS NOT ?1
        """,
        (to, review_id),
    )
    return cursor.rowcount == 1


def review_of(row: sqlite3.Row) -> Review:
    """A row of `reviews`."""
    return Review(
        id=row["id"],
        gate=Gate(row["gate"]),
        job_id=JobId(row["job_id"]),
        member=Member(guild_id=GuildId(row["guild_id"]), user_id=UserId(row["user_id"])),
        channel_id=ChannelId(row["channel_id"]),
        why=Why(row["why"]),
        found=found_of(row),
        price_micros=Micros(row["price_micros"]),
        needed=row["needed"],
        asked_at=from_us(row["asked_at"]),
        remind_at=from_us(row["remind_at"]),
        expires_at=from_us(row["expires_at"]),
        publishes=bool(row["publishes"]),
        reminded_at=maybe_from_us(row["reminded_at"]),
        assigned_to=None if row["assigned_to"] is None else UserId(row["assigned_to"]),
        rev=row["rev"],
        decision=None if row["decision"] is None else Decision(row["decision"]),
        decided_by=None if row["decided_by"] is None else UserId(row["decided_by"]),
        decided_at=maybe_from_us(row["decided_at"]),
        reason=row["reason"],
        spoiler=bool(row["spoiler"]),
        refunded=bool(row["refunded"]),
        card_channel_id=None if row["card_channel_id"] is None else ChannelId(row["card_channel_id"]),
        card_message_id=None if row["card_message_id"] is None else MessageId(row["card_message_id"]),
        card_tried_at=maybe_from_us(row["card_tried_at"]),
        card_rev=row["card_rev"],
    )
