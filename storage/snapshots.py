"""Copies of the database file, taken while it is written to, and what is wrong with one."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.domain import ChannelId, Job, JobId, JobState
from bot.errors import StorageError
from storage import jobs, soundness
from storage.migrate import check, check_schema, migrate

T = TypeVar("T")


def copy(source: Path, to: Path) -> None:
    """Copy the database page by page as it stands now; whoever writes to it is kept waiting by nothing.

    The source is read by a connection that never writes or checkpoints. Not `VACUUM INTO`: that numbers the
    rows of some tables anew.

    Raises:
        StorageError: there is no such database, or no room for another.
    """
    if not source.is_file():
        raise StorageError(f"there is no database at {source}")
    os.close(os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as here,
            closing(sqlite3.connect(to)) as there,
        ):
            here.backup(there)
            check_schema(there)  # it is copied page by page, whatever is on them
    except sqlite3.Error as fault:
        to.unlink(missing_ok=True)
        raise StorageError(f"{source} cannot be copied: {fault}") from fault
    with to.open("rb") as file:
        os.fsync(file.fileno())


def brought_up_to_date(path: Path) -> sqlite3.Connection:
    """Open a copy that nobody else has open, and bring its schema up to date.

    Raises:
        NewerDatabase, StorageError: as `storage.migrate.check`, or it is no database at all, or an empty one.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        _check_filled(connection, path)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")
        migrate(connection)
    except sqlite3.Error as fault:
        connection.close()
        raise StorageError(f"{path} cannot be opened: {fault}") from fault
    except BaseException:
        connection.close()
        raise
    return connection


def _check_filled(connection: sqlite3.Connection, path: Path) -> None:
    """As `check`; and one of nothing at all would be brought up to date, and pass for whole."""
    if check(connection) == 0:
        raise StorageError(f"{path} is an empty database")


def changed(path: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    """Change a copy that nobody else has open, in one transaction; it is one file with nothing beside it.

    Raises:
        NewerDatabase, StorageError: as `brought_up_to_date`.
    """
    with closing(brought_up_to_date(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        done = work(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")
    return done


def fold(path: Path) -> None:
    """Bring what stands beside a database that nobody has open into it; one that is broken stays as it is."""
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite itself finds wrong: pages, indexes, references."""
    try:
        return [*soundness.faults(connection), *soundness.orphans(connection)]
    except sqlite3.DatabaseError as fault:  # torn so that not even this can be asked
        return [str(fault)]


def check_sound(path: Path) -> None:
    """Return if SQLite can make sense of every page and row of a copy that nobody else has open.

    It takes some 12 seconds a GB.

    Raises:
        StorageError: it cannot.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as fault:
        said = str(fault)
    if said != "ok":
        raise StorageError(
            f"the database is damaged ({said}), and backups from before stay: `dailies check` says what to do"
        )


def entries(connection: sqlite3.Connection) -> int:
    """How many lines the ledger has."""
    return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


def set_back(tx: sqlite3.Connection) -> list[Job]:
    """The orders that wait in a database that was set back: each may have been submitted since."""
    rows = tx.execute("SELECT id FROM jobs WHERE state IN ('queued', 'review') ORDER BY id").fetchall()
    found = [jobs.get(tx, JobId(row[0])) for row in rows]
    return [job for job in found if job is not None]


def may_have_been_posted(tx: sqlite3.Connection, *, at: datetime) -> int:
    """Note of every clip and card on its way that it may have been posted at that time; how many clips.

    So whoever posts next looks into the channel first.
    """
    rows = tx.execute(
        "SELECT id, channel_id FROM jobs WHERE state IN (?, ?, ?) AND clip_tried_at IS NULL",
        (JobState.RUNNING, JobState.RENDERED, JobState.STORED),
    ).fetchall()
    for row in rows:
        jobs.clip_tried(tx, JobId(row[0]), ChannelId(row[1]), at=at)
    cards = tx.execute(
        "SELECT order_id FROM jobs WHERE card_message_id IS NULL AND take = 1 AND card_tried_at IS NULL"
    ).fetchall()
    for row in cards:
        jobs.card_tried(tx, JobId(row[0]), at=at)
    return len(rows)
