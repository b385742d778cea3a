"""What is taken out of the rows of a person who wants to be forgotten, and the pseudonym in the book.

Rows that others lean on stay, without their words: a job is named by its entries, a sanction by its effects.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain import GuildId, JobId, Member, UserId
from storage import pictures, stars
from storage.connection import forget
from storage.tallies import tallies_of
from storage.times import maybe_from_us, to_us

_NO_MORE = "…"


def on_their_way(tx: sqlite3.Connection, user_id: UserId, *, until: datetime) -> list[tuple[JobId, Member]]:
    """The jobs of a person that were ordered until then and have not come to rest."""
    rows = tx.execute(
        """
        SELECT id, guild_id FROM jobs WHERE user_id = ? AND created_at <= ?
            AND state NOT IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled')
        """,
        (user_id, to_us(until)),
    )
    return [(JobId(row[0]), Member(guild_id=GuildId(row[1]), user_id=user_id)) for row in rows]


def words_of_orders(tx: sqlite3.Connection, user_id: UserId, *, until: datetime, limit: int) -> int:
    """Erase what was written for jobs that rest; of how many."""
    rows = tx.execute(
        """
        SELECT id, order_id FROM jobs WHERE user_id = ? AND created_at <= ? AND prompt <> '…'
            AND state IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled')
        ORDER BY created_at LIMIT ?
        """,
        (user_id, to_us(until), limit),
    ).fetchall()
    for row in rows:
        job_words(tx, JobId(row[0]), JobId(row[1]))
    return len(rows)


def job_words(tx: sqlite3.Connection, job_id: JobId, order_id: JobId) -> None:
    """Erase the words of one job: its prompt, what was typed, what it is found by, what was found in it."""
    tx.execute(
        "UPDATE jobs SET prompt = ?, locale = NULL, fault_detail = NULL WHERE id = ?", (_NO_MORE, job_id)
    )
    tx.execute("UPDATE attempts SET detail = NULL WHERE job_id = ?", (job_id,))
    tx.execute("DELETE FROM shelf WHERE job_id = ?", (job_id,))
    tx.execute("DELETE FROM typed WHERE order_id = ?", (order_id,))
    tx.execute("UPDATE findings SET reasons = '[]', scores = '{}' WHERE order_id = ?", (order_id,))
    tx.execute("UPDATE reviews SET reasons = '[]', scores = '{}' WHERE job_id = ?", (job_id,))
    tx.execute(
        "UPDATE reviews SET reason = ? WHERE job_id = ? AND decision IS NOT NULL AND reason NOT IN ('', ?)",
        (_NO_MORE, job_id, _NO_MORE),
    )


def words_of_person(tx: sqlite3.Connection, user_id: UserId, *, until: datetime) -> int:
    """Erase what a person has written and kept beside orders; how many rows."""
    at = to_us(until)
    before = tx.total_changes
    tx.execute(
        "UPDATE reports SET words = '' WHERE reporter_id = ? AND at <= ? AND words <> ''", (user_id, at)
    )
    tx.execute(
        """
        UPDATE appeals SET words = '…' WHERE at <= ? AND words <> '…'
            AND sanction_id IN (SELECT id FROM sanctions WHERE user_id = ?)
        """,
        (at, user_id),
    )
    tx.execute(
        "UPDATE sanctions SET reason = '…' WHERE user_id = ? AND at <= ? AND reason NOT IN ('', '…')",
        (user_id, at),
    )
    tx.execute(
        "UPDATE grants SET reason = '…' WHERE user_id = ? AND granted_at <= ? AND reason <> '…'",
        (user_id, at),
    )
    tx.execute("DELETE FROM quotes WHERE user_id = ?", (user_id,))
    tx.execute("DELETE FROM sheets WHERE user_id = ? AND opened_at <= ?", (user_id, at))
    tx.execute("DELETE FROM opened_forms WHERE user_id = ? AND opened_at <= ?", (user_id, at))
    tx.execute("DELETE FROM searches WHERE user_id = ? AND searched_at <= ?", (user_id, at))
    tx.execute("UPDATE searches SET member_id = NULL WHERE member_id = ?", (user_id,))
    tx.execute("DELETE FROM favourites WHERE user_id = ? AND kept_at <= ?", (user_id, at))
    tx.execute("DELETE FROM wishes WHERE user_id = ?", (user_id,))
    tx.execute("DELETE FROM remix_asks WHERE owner_id = ? OR asker_id = ?", (user_id, user_id))
    rows = tx.execute("SELECT DISTINCT job_id FROM reactions WHERE user_id = ?", (user_id,))
    liked = [JobId(row[0]) for row in rows]
    tx.execute("DELETE FROM reactions WHERE user_id = ?", (user_id,))
    erased = tx.total_changes - before
    for job_id in liked:
        stars.count(tx, job_id)
    return erased


def to_remove(tx: sqlite3.Connection, user_id: UserId, *, until: datetime, limit: int) -> list[JobId]:
    """Jobs of a person that rest and of which nobody has begun to remove everything."""
    rows = tx.execute(
        """
        SELECT id FROM jobs WHERE user_id = ? AND created_at <= ?
            AND state IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled')
            AND NOT EXISTS (
                SELECT 1 FROM removals WHERE removals.job_id = jobs.id AND removals.step = 'clip_message')
        ORDER BY created_at LIMIT ?
        """,
        (user_id, to_us(until), limit),
    )
    return [JobId(row[0]) for row in rows]


def removing(tx: sqlite3.Connection, user_id: UserId, *, until: datetime) -> tuple[int, int, int]:
    """Of how many jobs of a person all is removed; of how many not yet; where somebody refused to."""
    row = tx.execute(
        """
        SELECT count(*), coalesce(sum(waits), 0), coalesce(sum(refused), 0) FROM (
            SELECT max(removals.done_at IS NULL) AS waits,
                   max(coalesce(removals.result LIKE 'refused%'
                                OR removals.result LIKE 'given up%', 0)) AS refused
            FROM jobs JOIN removals ON removals.job_id = jobs.id
            WHERE jobs.user_id = ? AND jobs.created_at <= ? GROUP BY jobs.id
        )
        """,
        (user_id, to_us(until)),
    ).fetchone()
    return row[0], row[1], row[2]


def pictures_of(tx: sqlite3.Connection, user_id: UserId, *, until: datetime, limit: int) -> list[str]:
    """Pictures that a person gave, or that are of their clips, and that no order on its way starts from."""
    rows = tx.execute(
        """
        SELECT id FROM pictures WHERE user_id = ? AND kept_at <= ?
            AND NOT EXISTS (
                SELECT 1 FROM jobs WHERE substr(jobs.source_file, 1, 9 + length(pictures.id))
                        = 'pictures/' || pictures.id
                    AND jobs.state NOT IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled'))
        ORDER BY kept_at LIMIT ?
        """,
        (user_id, to_us(until), limit),
    )
    return [str(row[0]) for row in rows]


def sources_of(tx: sqlite3.Connection, user_id: UserId, *, until: datetime) -> None:
    """Nobody need know any more what a person's resting jobs started from."""
    tx.execute(
        """
        UPDATE jobs SET source_file = NULL, source_media_type = NULL, source_width = NULL,
                        source_height = NULL, source_provider_id = NULL, characters = '[]'
        WHERE user_id = ? AND created_at <= ? AND (source_file IS NOT NULL OR characters <> '[]')
            AND state IN ('undeliverable', 'posted', 'failed', 'rejected', 'cancelled')
        """,
        (user_id, to_us(until)),
    )


def characters_of(tx: sqlite3.Connection, user_id: UserId, *, until: datetime, at: datetime) -> list[str]:
    """Take the names of a person's characters away, and all use of them; the files that they leave."""
    rows = tx.execute(
        "SELECT file FROM characters WHERE user_id = ? AND consent_at <= ?", (user_id, to_us(until))
    ).fetchall()
    tx.execute(
        """
        UPDATE characters SET removed_at = ?
        WHERE user_id = ? AND consent_at <= ? AND made_at IS NOT NULL AND removed_at IS NULL
        """,
        (to_us(at), user_id, to_us(until)),
    )
    tx.execute(
        "UPDATE characters SET name = ? WHERE user_id = ? AND consent_at <= ? AND name <> ?",
        (_NO_MORE, user_id, to_us(until), _NO_MORE),
    )
    tx.execute(
        "DELETE FROM characters WHERE user_id = ? AND consent_at <= ? AND made_at IS NULL",
        (user_id, to_us(until)),
    )
    return [str(row[0]) for row in rows]


def in_the_book_since(tx: sqlite3.Connection, user_id: UserId) -> tuple[datetime | None, bool]:
    """When a person last ordered, and whether a hold or an order of theirs is still open."""
    row = tx.execute(
        """
        SELECT max(opened_at), coalesce(max(opened_at IS NOT NULL AND ended_at IS NULL OR jobs.state NOT IN (
            'undeliverable', 'posted', 'failed', 'rejected', 'cancelled')), 0)
        FROM jobs LEFT JOIN holds
            ON job_id = jobs.id AND ended_at IS NULL OR job_id = jobs.id AND ended_at IS NOT NULL
        WHERE jobs.user_id = ?
        """,
        (user_id,),
    ).fetchone()
    return maybe_from_us(row[0]), bool(row[1])


def counted_for_ever(tx: sqlite3.Connection, user_id: UserId) -> list[GuildId]:
    """The servers of a person where a limit counts since ever: there the book goes by their id for ever."""
    rows = tx.execute(
        """
        SELECT DISTINCT jobs.guild_id FROM jobs JOIN budgets ON budgets.guild_id = jobs.guild_id
        WHERE jobs.user_id = ? AND budgets.period = 'total'
            AND budgets.scope IN ('member', 'role', 'default')
        """,
        (user_id,),
    )
    return [GuildId(row[0]) for row in rows]


def pseudonymise(tx: sqlite3.Connection, user_id: UserId, pseudonym: int, guild_id: GuildId) -> int:
    """Put a number below zero in the place of a person in one server's book and jobs; how many holds.

    And wherever a row beside a job names its member, which would say whose number it is.
    """
    both = (pseudonym, user_id, guild_id)
    tallies_of(tx).flush()  # what the batch has counted so far is in the rows before they change their name
    changed = tx.execute(  # found by their jobs, and so before these
        """
        UPDATE holds SET user_id = ?1 WHERE user_id = ?2 AND (
            job_id IN (SELECT id FROM jobs WHERE user_id = ?2 AND guild_id = ?3) AND ended_at IS NULL
            OR job_id IN (SELECT id FROM jobs WHERE user_id = ?2 AND guild_id = ?3) AND ended_at IS NOT NULL)
        """,
        both,
    ).rowcount
    tx.execute(
        """
        UPDATE removals SET asked_by = ?1
        WHERE asked_by = ?2 AND job_id IN (SELECT id FROM jobs WHERE user_id = ?2 AND guild_id = ?3)
        """,
        both,
    )
    tx.execute("UPDATE reviews SET user_id = ? WHERE user_id = ? AND guild_id = ?", both)
    tx.execute("UPDATE jobs SET user_id = ? WHERE user_id = ? AND guild_id = ?", both)
    tx.execute("UPDATE grants SET user_id = ?, reason = '…' WHERE user_id = ? AND guild_id = ?", both)
    tx.execute("UPDATE purses SET user_id = ? WHERE user_id = ? AND scope_id = ? AND scope = 'member'", both)
    tx.execute(
        "UPDATE closed_periods SET user_id = ? WHERE user_id = ? AND scope_id = ? AND scope = 'member'", both
    )
    tx.execute(
        "UPDATE alerts SET scope_id = ? WHERE scope_id = ? AND guild_id = ? AND scope = 'member'", both
    )
    forget(tx)
    return changed


def guilds_of(tx: sqlite3.Connection, user_id: UserId) -> list[GuildId]:
    """The servers in whose book or jobs a person stands."""
    rows = tx.execute(
        """
        SELECT guild_id FROM jobs WHERE user_id = ?1 UNION SELECT guild_id FROM grants WHERE user_id = ?1
        """,
        (user_id,),
    )
    return [GuildId(row[0]) for row in rows]


def forget_pictures(tx: sqlite3.Connection, picture_ids: Sequence[str]) -> None:
    """Be done with pictures whose files are gone."""
    for picture_id in picture_ids:
        pictures.forget(tx, picture_id)


def cut_log(connection: sqlite3.Connection) -> bool:
    """Bring all of the write-ahead log into the file and cut it; False where a reader is in the way.

    Outside any transaction, on the writing connection alone.
    """
    connection.execute("PRAGMA busy_timeout = 0")  # a reader is not waited for: orders wait behind us
    try:
        row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute("PRAGMA busy_timeout = 5000")
    return bool(row[0] == 0)
