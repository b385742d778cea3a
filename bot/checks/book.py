"""The database: whose it is, whether it is whole, whether the books in it add up."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.checks.finding import Finding, error, note
from bot.errors import NewerDatabase, StorageError
from storage import ledger, soundness
from storage.database import open_for_reading

RESTORE = "stop the bot, then python -m bot restore"


def database(folder: Path) -> Iterator[Finding]:
    """What is wrong with the database of a data folder; nothing where none was made yet.

    It is only read, through a connection that never checkpoints, so a running bot is not disturbed.
    """
    path = folder / "dailies.db"
    try:
        size = path.stat().st_size
    except OSError:
        if _has_clips(folder):
            yield error(
                "database_missing", f"{path} is gone, and there are clips in {folder / 'clips'}", RESTORE
            )
        return
    if size == 0 and _has_clips(folder):
        yield error("database_empty", f"{path} is empty, and there are clips in {folder / 'clips'}", RESTORE)
        return
    try:
        with closing(open_for_reading(path)) as connection:
            yield from _of(path, connection)
    except NewerDatabase as newer:
        yield error("database_newer", f"{path}: {newer}", "start the newer release, or " + RESTORE)
    except StorageError as foreign:
        yield error("database_foreign", f"{path}: {foreign}", "DAILIES_DATA_DIR=<another folder> in .env")
    except soundness.DatabaseFault as fault:
        yield error("database_unreadable", f"{path} cannot be read: {fault}", RESTORE)


def _of(path: Path, connection: sqlite3.Connection) -> Iterator[Finding]:
    have, known = soundness.versions(connection)
    if 0 < have < known:
        yield note(
            "migrations_pending",
            f"{path} has schema version {have} of {known}; the next start brings it up to date",
            "python -m bot backup, before that start",
        )
    broken = False
    for line in soundness.faults(connection):
        broken = True
        yield error("database_broken", f"{path}: {line}", RESTORE)
    if broken or have < known:
        return  # sums over rows that are missing, or in another shape, would only say so again
    for row in soundness.orphans(connection):
        yield error("database_orphans", f"{path}: {row}", RESTORE)
    for difference in ledger.verify(connection):
        yield error(
            "ledger_differs",
            f"the ledger: {difference.what}: the book says {difference.kept}, "
            f"it should be {difference.should_be}",
            "python -m bot ledger verify; then " + RESTORE,
        )


def sqlite_release() -> Iterator[Finding]:
    """Which SQLite this is, where it has the fault that our way of working avoids."""
    if soundness.loses_wal_resets():
        yield note(
            "sqlite_wal_reset",
            f"SQLite {soundness.release()} can corrupt a database that two connections write (fixed in "
            "3.51.3); Dailies writes by one alone, and no other program should write dailies.db",
        )
    if soundness.is_too_old():
        yield error(
            "sqlite_too_old",
            f"SQLite {soundness.release()} lacks STRICT tables (3.37)",
            "install a Python that brings a newer SQLite",
        )


def _has_clips(folder: Path) -> bool:
    try:
        return any(path.suffix == ".mp4" for path in (folder / "clips").iterdir())
    except OSError:
        return False
