"""The database: whose it is, whether it is whole, whether the books in it add up."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bot.checks.finding import Finding, error, note
from bot.errors import NewerDatabase, StorageError
from bot.operating.backups import are_in
from storage import acts, ledger, soundness
from storage.database import open_for_reading
from storage.lock import FolderLock

RESTORE = "python -m bot restore  # the bot stopped"
REINDEX = "python -m bot check --fix  # the bot stopped"


def database(folder: Path, backups_in: Path) -> Iterator[Finding]:
    """What is wrong with the database of a data folder; nothing where none was made yet.

    It is only read, through a connection that never checkpoints, so a running bot is not disturbed.
    """
    path = folder / "dailies.db"
    if (why := lost(folder, backups_in)) is not None:
        yield error("database_lost", why, RESTORE)
        return
    if not path.exists():
        return
    try:
        with closing(open_for_reading(path)) as connection:
            yield from _of(path, connection)
    except NewerDatabase as newer:
        yield error("database_newer", f"{path}: {newer}", "start the newer release, or: " + RESTORE)
    except StorageError as foreign:
        yield error("database_foreign", f"{path}: {foreign}", "DAILIES_DATA_DIR=<another folder> in .env")
    except soundness.DatabaseFault as fault:
        yield error("database_unreadable", f"{path} cannot be read: {fault}", RESTORE)


def lost(folder: Path, backups_in: Path) -> str | None:
    """Why a start would begin a new book beside the clips or backups of an old one; None where it would not.

    Nothing would be known of what was spent this month, nor of the jobs that were on their way; and new
    backups would push the old ones out.
    """
    path = folder / "dailies.db"
    try:
        is_there = path.stat().st_size > 0
    except OSError:
        is_there = False
    if is_there:
        return None
    how = "empty" if path.exists() else "gone"
    if _has_clips(folder):
        return f"{path} is {how}, and there are clips in {folder / 'clips'}"
    return f"{path} is {how}, and there are backups in {backups_in}" if are_in(backups_in) else None


def _of(path: Path, connection: sqlite3.Connection) -> Iterator[Finding]:
    have, known = soundness.versions(connection)
    if 0 < have < known:
        yield note(
            "migrations_pending",
            f"{path} has schema version {have} of {known}; the next start brings it up to date",
            "python -m bot backup, before that start",
        )
    broken = list(soundness.faults(connection))
    by_indexes = bool(broken) and all(soundness.is_of_an_index(line) for line in broken)
    for number, line in enumerate(broken):
        mend = f"{REINDEX}; if that does not help: {RESTORE}" if by_indexes else RESTORE
        fix = partial(_reindexed, path) if by_indexes and number == 0 else None  # once for all of them
        yield error("database_broken", f"{path}: {line}", mend, fix)
    if broken or have < known:
        return  # sums over rows that are missing, or in another shape, would only say so again
    for row in soundness.orphans(connection):
        yield error("database_orphans", f"{path}: {row}", RESTORE)
    torn, _ = acts.first_broken(connection)
    if torn is not None:
        yield error(
            "acts_broken",
            f"the record of acts: act {torn.number}: {torn.why}",
            "python -m bot audit verify; " + RESTORE,
        )
    for difference in ledger.verify(connection):
        yield error(
            "ledger_differs",
            f"the ledger: {difference.what}: the book says {difference.kept}, "
            f"it should be {difference.should_be}",
            "python -m bot ledger verify; " + RESTORE,
        )


def _reindexed(path: Path) -> str:
    try:
        with FolderLock(path.parent):
            soundness.reindex(path)
    except StorageError as refused:  # a bot runs
        raise OSError(errno.EBUSY, str(refused)) from refused
    except soundness.DatabaseFault as fault:
        raise OSError(errno.EIO, f"SQLite cannot make the indexes anew ({fault})") from fault
    return f"every index of {path} was made anew from its table"


def sqlite_release() -> Iterator[Finding]:
    """Which SQLite this is, where it has the fault that our way of working avoids."""
    if soundness.loses_wal_resets():
        yield note(
            "sqlite_wal_reset",
            f"SQLite {soundness.release()} can corrupt a database that two connections write (fixed in "
            "3.51.3); Dailies writes by one alone, and no other program should write dailies.db",
            "nothing has to be done; a Python that brings SQLite 3.51.3 ends it",
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
