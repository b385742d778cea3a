"""Whether a database file is whole: what SQLite itself says of it, and which SQLite that is."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from storage.migrate import check, latest

DatabaseFault = sqlite3.DatabaseError
"""What SQLite raises where a file is no database, is cut short, or cannot be opened."""

FAULTS_MAX = 20

_OF_AN_INDEX = re.compile(r"^(?:row \d+ missing from index|wrong # of entries in index) ")

_WAL_RESET_MENDED = (3, 51, 3)
_STRICT_SINCE = (3, 37, 0)


def versions(connection: sqlite3.Connection) -> tuple[int, int]:
    """The schema's version in the file, and the newest that this release knows.

    Raises:
        NewerDatabase, StorageError: as `migrate.check`.
    """
    return check(connection), latest()


def faults(connection: sqlite3.Connection) -> Iterator[str]:
    """What SQLite finds wrong, the first few: pages, rows, and indexes that do not suit their tables."""
    for row in connection.execute("PRAGMA integrity_check(20)"):
        if row[0] != "ok":
            yield str(row[0])


def is_of_an_index(fault: str) -> bool:
    """Whether one of `faults` says that an index lacks what its table has: it can be made anew from it."""
    return _OF_AN_INDEX.search(fault) is not None


def reindex(path: Path) -> None:
    """Make every index anew from its table, which nobody else may have open.

    Raises:
        sqlite3.DatabaseError: SQLite cannot, as where two rows have what only one may; nothing was changed.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("REINDEX")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def orphans(connection: sqlite3.Connection) -> Iterator[str]:
    """Rows that name a row of another table that is not there, the first few."""
    for number, row in enumerate(connection.execute("PRAGMA foreign_key_check")):
        if number == FAULTS_MAX:
            return
        yield f"row {row[1]} of {row[0]} names a row of {row[2]} that is not there"


def touch(tx: sqlite3.Connection) -> None:
    """Write a page that says what it said before: a real write, with its fsync, to know whether one can be.

    The number is `migrate.APPLICATION_ID`.
    """
    tx.execute("PRAGMA application_id = 1147234668")


def release() -> str:
    """Which SQLite this is."""
    return sqlite3.sqlite_version


def loses_wal_resets() -> bool:
    """Whether a second connection that writes or checkpoints could corrupt a file (3.7.0 to 3.51.2)."""
    return sqlite3.sqlite_version_info < _WAL_RESET_MENDED


def is_too_old() -> bool:
    """Whether it cannot read our tables at all."""
    return sqlite3.sqlite_version_info < _STRICT_SINCE
