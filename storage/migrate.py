"""The schema's versions: numbered SQL files, applied forward, each with its number in one transaction."""

import re
import sqlite3
from importlib.resources import files

from bot.errors import NewerDatabase, StorageError

APPLICATION_ID = 0x4461696C
"""`Dail` in SQLite's file header, so that the file says whose it is."""

_NAME = re.compile(r"(\d{4})_\w+\.sql")


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the schema up to date and return its version.

    Raises:
        NewerDatabase: the file is from a later release; nothing was changed.
        StorageError: the file is the database of another program.
    """
    scripts = _scripts()
    have = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    if owner != APPLICATION_ID and (owner or have or tables):
        raise StorageError("this is the database of another program; choose another DAILIES_DATA_DIR")
    if have > len(scripts):
        raise NewerDatabase(
            f"the database has schema version {have} and this release knows {len(scripts)}: "
            "start the newer release, or restore a backup from before it"
        )
    for version, script in enumerate(scripts[have:], start=have + 1):
        # executescript commits what is open and then runs as written: the transaction is in the script.
        connection.executescript(
            "BEGIN IMMEDIATE;\n"
            + script
            + f"\nPRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {version};\nCOMMIT;"
        )
    return len(scripts)


def _scripts() -> list[str]:
    found = {
        int(match[1]): entry.read_text("utf-8")
        for entry in files("storage").joinpath("migrations").iterdir()
        if (match := _NAME.fullmatch(entry.name))
    }
    if sorted(found) != list(range(1, len(found) + 1)):
        raise StorageError(f"the migrations are not numbered 1 to {len(found)}: {sorted(found)}")
    return [found[number] for number in sorted(found)]
