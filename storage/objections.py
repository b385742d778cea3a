"""Who does not want to be depicted, whose clips are not to be remixed, and what was ticked about pictures.

Every function is part of the transaction of its caller.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import GuildId, JobId, Member, UserId
from storage.times import to_us

LINEAGE_MAX = 100
"""So many clips back is looked for somebody who objects; past it nothing of theirs is left to see."""


class Matter(StrEnum):
    """What somebody objects to."""

    DEPICT = "depict"
    REMIX = "remix"


class Statement(StrEnum):
    """What somebody says about a picture: nobody real is in it, or all who are have agreed."""

    NOBODY = "nobody"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A statement that was ticked, in which words (by their version), about which picture (by its hash)."""

    id: str
    member: Member
    statement: Statement
    text_version: int
    sha256: str
    at: datetime


def join(tx: sqlite3.Connection, member: Member, matter: Matter, *, at: datetime) -> bool:
    """Put a member on a list; False where they were on it."""
    cursor = tx.execute(
        """
        INSERT INTO objections (guild_id, user_id, matter, since) VALUES (?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        (member.guild_id, member.user_id, matter.value, to_us(at)),
    )
    return cursor.rowcount == 1


def leave(tx: sqlite3.Connection, member: Member, matter: Matter) -> bool:
    """Take a member off a list; False where they were not on it."""
    cursor = tx.execute(
        "DELETE FROM objections WHERE guild_id = ? AND user_id = ? AND matter = ?",
        (member.guild_id, member.user_id, matter.value),
    )
    return cursor.rowcount == 1


def of_member(tx: sqlite3.Connection, member: Member) -> frozenset[Matter]:
    """The lists that a member is on."""
    rows = tx.execute(
        "SELECT matter FROM objections WHERE guild_id = ? AND user_id = ?", (member.guild_id, member.user_id)
    )
    return frozenset(Matter(row[0]) for row in rows)


def set_names(tx: sqlite3.Connection, member: Member, names: Collection[str]) -> None:
    """The names, folded, by which a prompt may mean a member; none forgets them."""
    tx.execute(
        "DELETE FROM objected_names WHERE guild_id = ? AND user_id = ?", (member.guild_id, member.user_id)
    )
    tx.executemany(
        "INSERT INTO objected_names (guild_id, user_id, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(member.guild_id, member.user_id, name) for name in names],
    )


def names_of(tx: sqlite3.Connection, member: Member) -> list[str]:
    """Those of a member."""
    rows = tx.execute(
        "SELECT name FROM objected_names WHERE guild_id = ? AND user_id = ? ORDER BY name",
        (member.guild_id, member.user_id),
    )
    return [row[0] for row in rows]


def undepicted(tx: sqlite3.Connection, guild_id: GuildId) -> dict[UserId, list[str]]:
    """Everybody of a server who is not to be depicted, with their names."""
    found: dict[UserId, list[str]] = {}
    for row in tx.execute(
        """
        SELECT o.user_id, n.name FROM objections AS o
        LEFT JOIN objected_names AS n ON n.guild_id = o.guild_id AND n.user_id = o.user_id
        WHERE o.guild_id = ? AND o.matter = 'depict'
        """,
        (guild_id,),
    ):
        names = found.setdefault(UserId(row[0]), [])
        if row[1] is not None:
            names.append(row[1])
    return found


def lineage(tx: sqlite3.Connection, job_id: JobId) -> list[UserId]:
    """Whose clips a clip was made from, itself first; each as often as they come."""
    rows = tx.execute(
        """
        WITH RECURSIVE line (id, user_id, source_job_id, depth) AS (
            SELECT id, user_id, source_job_id, 1 FROM jobs WHERE id = ?
            UNION ALL
            SELECT j.id, j.user_id, j.source_job_id, line.depth + 1
            FROM jobs AS j JOIN line ON j.id = line.source_job_id WHERE line.depth < ?
        )
        SELECT user_id FROM line ORDER BY depth
        """,
        (job_id, LINEAGE_MAX),
    )
    return [UserId(row[0]) for row in rows]


def record_consent(tx: sqlite3.Connection, consent: Consent) -> bool:
    """Keep what was ticked; False where this press was kept before."""
    cursor = tx.execute(
        """
        INSERT INTO consents (id, guild_id, user_id, statement, text_version, sha256, at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        (
            consent.id,
            consent.member.guild_id,
            consent.member.user_id,
            consent.statement.value,
            consent.text_version,
            consent.sha256,
            to_us(consent.at),
        ),
    )
    return cursor.rowcount == 1
