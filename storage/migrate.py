"""The schema's versions: numbered SQL files, applied forward, all that are missing in one transaction."""

import re
import sqlite3
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.errors import NewerDatabase, StorageError

APPLICATION_ID = 0x4461696C
"""`Dail` in SQLite's file header, so that the file says whose it is."""

MIGRATIONS = files("storage").joinpath("migrations")

_NAME = re.compile(r"(\d{4})_\w+\.sql")


def latest(scripts: Traversable = MIGRATIONS) -> int:
    """The version that this release writes, which is the newest that it knows."""
    return len(_read(scripts))


def check(connection: sqlite3.Connection, scripts: Traversable = MIGRATIONS) -> int:
    """Return the schema's version, 0 for a new file. It only reads, so it may look at anybody's file.

    Raises:
        NewerDatabase: the file is from a later release.
        StorageError: the file is the database of another program.
        sqlite3.DatabaseError: it is none at all, or a torn one.
    """
    known = len(_read(scripts))
    check_schema(connection)
    have = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    if owner != APPLICATION_ID and (owner or have or tables):
        raise StorageError("this is the database of another program; choose another DAILIES_DATA_DIR")
    if have > known:
        raise NewerDatabase(
            f"the database has schema version {have} and this release knows {known}: "
            "start the newer release, or restore a backup from before it"
        )
    return have


def check_schema(connection: sqlite3.Connection) -> None:
    """Have SQLite read the schema: what it says of a torn one need not be text, which is no error of its own.

    Raises:
        sqlite3.DatabaseError: it cannot be read.
    """
    try:
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    except UnicodeDecodeError as torn:
        raise sqlite3.DatabaseError("the schema is malformed") from torn


def migrate(connection: sqlite3.Connection, scripts: Traversable = MIGRATIONS) -> int:
    """Bring the schema up to date and return its version. A script that fails leaves nothing of any behind.

    One transaction, since each waits for the disk: a new file would wait for as many as there are scripts.

    Raises:
        NewerDatabase, StorageError: as `check`; nothing was changed.
    """
    have = check(connection, scripts)
    written = _read(scripts)
    if missing := written[have:]:
        try:
            # executescript commits what is open and then runs as written: the transaction is in the script.
            connection.executescript(
                "BEGIN IMMEDIATE;\n"
                + "\n".join(missing)
                + f"\nPRAGMA application_id = {APPLICATION_ID};"
                + f"\nPRAGMA user_version = {len(written)};\nCOMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return len(written)


def _read(scripts: Traversable) -> list[str]:
    found = sorted(
        (int(match[1]), entry.read_text("utf-8"))
        for entry in scripts.iterdir()
        if (match := _NAME.fullmatch(entry.name))
    )
    numbers = [number for number, _script in found]
    if numbers != list(range(1, len(found) + 1)):
        raise StorageError(f"the migrations are not numbered 1 to {len(found)}: {numbers}")
    return [script for _number, script in found]
