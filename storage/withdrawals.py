"""What members have taken back of their statements about pictures, and the orders that rested on those.

A statement is of one press (`Consent.id` is the press's own id), as an order is. Every function is part of
the transaction of its caller.
"""

import sqlite3
from datetime import datetime

from bot.domain import InteractionId, JobId, Member
from storage.objections import Statement
from storage.times import to_us

_PREFIX = "c"


def consent_id(interaction_id: InteractionId | int) -> str:
    """The id of what was said with a press; of 20 characters at most, which Discord's ids leave room for."""
    return f"{_PREFIX}{interaction_id}"[:20]


def withdraw(tx: sqlite3.Connection, member: Member, *, at: datetime) -> int:
    """Take back all that a member has said of people in pictures of a server; how many statements that was.

    Where there is none that counts, nothing is written.
    """
    row = tx.execute(
        """
        SELECT count(*) FROM consents AS c
        WHERE c.guild_id = ?1 AND c.user_id = ?2 AND c.statement = 'agreed'
              AND NOT EXISTS (SELECT 1 FROM consents_withdrawn AS w
                              WHERE w.guild_id = ?1 AND w.user_id = ?2 AND w.at >= c.at)
        """,
        (member.guild_id, member.user_id),
    ).fetchone()
    if row[0]:
        tx.execute(
            "INSERT INTO consents_withdrawn (guild_id, user_id, at) VALUES (?, ?, ?)",
            (member.guild_id, member.user_id, to_us(at)),
        )
    return int(row[0])


def said_with(tx: sqlite3.Connection, interaction_id: InteractionId) -> Statement | None:
    """What was said of an order's picture, where it was not taken back since."""
    row = tx.execute(
        """
        SELECT c.statement FROM consents AS c
        WHERE c.id = ?
              AND NOT EXISTS (SELECT 1 FROM consents_withdrawn AS w
                              WHERE w.guild_id = c.guild_id AND w.user_id = c.user_id AND w.at >= c.at
                                    AND c.statement = 'agreed')
        """,
        (consent_id(interaction_id),),
    ).fetchone()
    return None if row is None else Statement(row[0])


def is_withdrawn(tx: sqlite3.Connection, interaction_id: InteractionId) -> bool:
    """Whether what was said of an order's picture was taken back since."""
    row = tx.execute(
        """
        SELECT 1 FROM consents AS c
        JOIN consents_withdrawn AS w ON w.guild_id = c.guild_id AND w.user_id = c.user_id AND w.at >= c.at
        WHERE c.id = ? AND c.statement = 'agreed' LIMIT 1
        """,
        (consent_id(interaction_id),),
    ).fetchone()
    return row is not None


def pictures_of(tx: sqlite3.Connection, member: Member) -> list[str]:
    """The pictures that a member gave in a server and has taken a statement back about."""
    rows = tx.execute(
        """
        SELECT DISTINCT p.id FROM pictures AS p
        JOIN consents AS c ON c.guild_id = p.guild_id AND c.user_id = p.user_id AND c.sha256 = p.sha256
        WHERE p.guild_id = ?1 AND p.user_id = ?2 AND c.statement = 'agreed'
              AND EXISTS (SELECT 1 FROM consents_withdrawn AS w
                          WHERE w.guild_id = ?1 AND w.user_id = ?2 AND w.at >= c.at)
        """,
        (member.guild_id, member.user_id),
    )
    return [row[0] for row in rows]


def resting_on_none(tx: sqlite3.Connection, member: Member) -> list[JobId]:
    """A member's orders that still go on, or whose clip is still there, without what they rest on."""
    rows = tx.execute(
        """
        SELECT j.id FROM consents AS c
        JOIN jobs AS j ON j.interaction_id = CAST(substr(c.id, 2) AS INTEGER)
        LEFT JOIN clips ON clips.job_id = j.id
        WHERE c.guild_id = ?1 AND c.user_id = ?2 AND c.statement = 'agreed'
              AND EXISTS (SELECT 1 FROM consents_withdrawn AS w
                          WHERE w.guild_id = ?1 AND w.user_id = ?2 AND w.at >= c.at)
              AND (clips.state IN ('shown', 'hidden', 'expired')
                   OR clips.state IS NULL AND j.cancel_asked_at IS NULL
                      AND j.state NOT IN ('posted', 'failed', 'rejected', 'cancelled', 'undeliverable'))
        ORDER BY j.created_at
        """,
        (member.guild_id, member.user_id),
    )
    return [JobId(row[0]) for row in rows]
