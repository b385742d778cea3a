"""New databases, each a copy of one that this process has migrated: to make a schema takes 25 ms.

What migrates is tested where it is the subject (`tests/test_migrate.py`).
"""

import functools
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from storage.connection import BookConnection
from storage.database import Database, open_database, prepare
from storage.migrate import migrate


@functools.cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dailies.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection)
        return path.read_bytes()


@functools.cache
def _memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection)
    return connection


def put_new(path: Path) -> None:
    """Lay a new database there, where none is yet."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_file())


async def new_database(path: Path) -> Database:
    """Open a database file, new where there is none."""
    put_new(path)
    return await open_database(path)


def new_tables() -> sqlite3.Connection:
    """The same in a connection that knows nothing of books."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _memory().backup(connection)
    prepare(connection)
    return connection


def new_book() -> BookConnection:
    """An empty database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None, factory=BookConnection)
    _memory().backup(connection)
    prepare(connection)
    return connection
