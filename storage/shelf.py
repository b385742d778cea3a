"""The shelf of all clips: what each is found by, and who keeps which as a favourite."""

import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import ChannelId, GuildId, JobId, Member, UserId
from storage.times import to_us

SCANNED_MAX = 2_000
"""So many of the newest clips that a search may be about are looked through: 16 ms among 50,000, measured."""

WORDS_MAX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A clip that a search is about: whose it is, and where it is shown (None: nowhere, for its member)."""

    job_id: JobId
    user_id: UserId
    channel_id: ChannelId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """What a clip must be to be found; None lets everything through.

    `words` are looked for in the prompt as `fold` writes it; `since` and `until` are about when the clip was
    stored. `viewer` finds their own clips also where nobody else sees them. `scanned` is how many of
    the newest are looked through.
    """

    viewer: Member
    words: Sequence[str]
    model: str | None
    kind: str | None
    member_id: UserId | None
    since: datetime
    until: datetime
    scanned: int = SCANNED_MAX


def fold(text: str) -> str:
    """A text for comparing: widths, case and spaces make no difference any more."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def put(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Put the clip of a job on the shelf. It is found from here on, by those who may see it."""
    job = tx.execute(
        "SELECT guild_id, user_id, model, kind, prompt FROM jobs WHERE id = ?", (job_id,)
    ).fetchone()
    tx.execute(
        """
        INSERT INTO shelf (job_id, guild_id, user_id, made_at, model, kind, words)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (job_id, job["guild_id"], job["user_id"], to_us(at), job["model"], job["kind"], fold(job["prompt"])),
    )


def of_guild(tx: sqlite3.Connection, sieve: Sieve) -> list[Found]:
    """The clips of a server, the newest first."""
    return _found(
        tx.execute(
            """
            SELECT shelf.job_id, shelf.user_id, jobs.state, jobs.clip_channel_id
            FROM (
                SELECT * FROM shelf WHERE guild_id = :guild_id AND made_at BETWEEN :since AND :until
                ORDER BY made_at DESC LIMIT :scanned
            ) AS shelf
            JOIN jobs ON jobs.id = shelf.job_id
            JOIN clips ON clips.job_id = shelf.job_id
            WHERE clips.state = 'shown'
                AND (jobs.state = 'posted' OR shelf.user_id = :viewer_id)
                AND (jobs.state = 'posted' OR jobs.state = 'undeliverable')
                AND (:model IS NULL OR shelf.model = :model) AND (:kind IS NULL OR shelf.kind = :kind)
                AND shelf.words LIKE :w0 ESCAPE '!' AND shelf.words LIKE :w1 ESCAPE '!'
                AND shelf.words LIKE :w2 ESCAPE '!' AND shelf.words LIKE :w3 ESCAPE '!'
                AND shelf.words LIKE :w4 ESCAPE '!' AND shelf.words LIKE :w5 ESCAPE '!'
            ORDER BY shelf.made_at DESC, shelf.job_id DESC
            """,
            _named(sieve),
        )
    )


def of_member(tx: sqlite3.Connection, sieve: Sieve) -> list[Found]:
    """The clips of the member `sieve.member_id`, the newest first."""
    return _found(
        tx.execute(
            """
            SELECT shelf.job_id, shelf.user_id, jobs.state, jobs.clip_channel_id
            FROM (
                SELECT * FROM shelf
                WHERE guild_id = :guild_id AND user_id = :member_id AND made_at BETWEEN :since AND :until
                ORDER BY made_at DESC LIMIT :scanned
            ) AS shelf
            JOIN jobs ON jobs.id = shelf.job_id
            JOIN clips ON clips.job_id = shelf.job_id
            WHERE clips.state = 'shown'
                AND (jobs.state = 'posted' OR shelf.user_id = :viewer_id)
                AND (jobs.state = 'posted' OR jobs.state = 'undeliverable')
                AND (:model IS NULL OR shelf.model = :model) AND (:kind IS NULL OR shelf.kind = :kind)
                AND shelf.words LIKE :w0 ESCAPE '!' AND shelf.words LIKE :w1 ESCAPE '!'
                AND shelf.words LIKE :w2 ESCAPE '!' AND shelf.words LIKE :w3 ESCAPE '!'
                AND shelf.words LIKE :w4 ESCAPE '!' AND shelf.words LIKE :w5 ESCAPE '!'
            ORDER BY shelf.made_at DESC, shelf.job_id DESC
            """,
            _named(sieve),
        )
    )


def favourites(tx: sqlite3.Connection, sieve: Sieve) -> list[Found]:
    """The viewer's favourites of this server, the latest kept first."""
    return _found(
        tx.execute(
            """
            SELECT shelf.job_id, shelf.user_id, jobs.state, jobs.clip_channel_id
            FROM favourites
            JOIN shelf ON shelf.job_id = favourites.job_id
            JOIN jobs ON jobs.id = shelf.job_id
            JOIN clips ON clips.job_id = shelf.job_id
            WHERE favourites.user_id = :viewer_id AND shelf.guild_id = :guild_id AND clips.state = 'shown'
                AND (jobs.state = 'posted' OR shelf.user_id = :viewer_id)
                AND (jobs.state = 'posted' OR jobs.state = 'undeliverable')
                AND favourites.kept_at <= :until
            ORDER BY favourites.kept_at DESC, shelf.job_id DESC LIMIT :scanned
            """,
            _named(sieve),
        )
    )


def best(tx: sqlite3.Connection, sieve: Sieve) -> list[Found]:
    """The clips of a server that have stars, those with the most first."""
    return _found(
        tx.execute(
            """
            SELECT shelf.job_id, shelf.user_id, jobs.state, jobs.clip_channel_id
            FROM stars
            JOIN shelf ON shelf.job_id = stars.job_id
            JOIN jobs ON jobs.id = shelf.job_id
            JOIN clips ON clips.job_id = shelf.job_id
            WHERE stars.guild_id = :guild_id AND stars.count > 0 AND clips.state = 'shown'
                AND jobs.state = 'posted'
                AND shelf.made_at BETWEEN :since AND :until
            ORDER BY stars.count DESC, shelf.made_at DESC, shelf.job_id DESC LIMIT :scanned
            """,
            _named(sieve),
        )
    )


def keep(tx: sqlite3.Connection, user_id: UserId, job_id: JobId, *, at: datetime) -> bool:
    """Make a clip a favourite, or none any more if it is one; returns whether it is one now."""
    if is_favourite(tx, user_id, job_id):
        tx.execute("DELETE FROM favourites WHERE user_id = ? AND job_id = ?", (user_id, job_id))
        return False
    tx.execute(
        "INSERT INTO favourites (user_id, job_id, kept_at) VALUES (?, ?, ?)", (user_id, job_id, to_us(at))
    )
    return True


def is_favourite(tx: sqlite3.Connection, user_id: UserId, job_id: JobId) -> bool:
    """Whether somebody keeps a clip."""
    row = tx.execute(
        "SELECT 1 FROM favourites WHERE user_id = ? AND job_id = ?", (user_id, job_id)
    ).fetchone()
    return row is not None


def models_of(tx: sqlite3.Connection, guild_id: GuildId) -> list[str]:
    """The models that the newest clips of a server were made with."""
    rows = tx.execute(
        """
        SELECT DISTINCT model FROM (
            SELECT model FROM shelf WHERE guild_id = ? ORDER BY made_at DESC LIMIT ?
        ) AS newest ORDER BY model
        """,
        (guild_id, SCANNED_MAX),
    )
    return [str(row[0]) for row in rows]


def _named(sieve: Sieve) -> dict[str, object]:
    patterns = [_anywhere(word) for word in sieve.words[:WORDS_MAX]]
    patterns += ["%"] * (WORDS_MAX - len(patterns))
    return {
        "guild_id": sieve.viewer.guild_id,
        "viewer_id": sieve.viewer.user_id,
        "member_id": sieve.member_id,
        "model": sieve.model,
        "kind": sieve.kind,
        "since": to_us(sieve.since),
        "until": to_us(sieve.until),
        "scanned": sieve.scanned,
        **{f"w{n}": pattern for n, pattern in enumerate(patterns)},
    }


def _anywhere(word: str) -> str:
    """A pattern of LIKE. Its escape is no backslash, which PostgreSQL reads already in the string."""
    for special in "!%_":
        word = word.replace(special, f"!{special}")
    return f"%{word}%"


def _found(rows: sqlite3.Cursor) -> list[Found]:
    return [
        Found(
            job_id=JobId(row["job_id"]),
            user_id=UserId(row["user_id"]),
            channel_id=ChannelId(row["clip_channel_id"])
            if row["state"] == "posted" and row["clip_channel_id"] is not None
            else None,
        )
        for row in rows
    ]
