"""The schema's versions: forward only, whole or not at all, and never on a file that is not ours."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import NewerDatabase, StorageError
from storage.database import open_database
from storage.migrate import APPLICATION_ID, MIGRATIONS, latest, migrate

NEWEST = sum(entry.name.endswith(".sql") for entry in MIGRATIONS.iterdir())


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "dailies.db", isolation_level=None)) as opened:
        yield opened


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A copy of the migrations, to add to."""
    folder = tmp_path / "migrations"
    shutil.copytree(str(MIGRATIONS), folder)
    return folder


def schema(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_schema ORDER BY name")]


def header(connection: sqlite3.Connection) -> tuple[int, int]:
    """The file's application id and schema version."""
    return (
        connection.execute("PRAGMA application_id").fetchone()[0],
        connection.execute("PRAGMA user_version").fetchone()[0],
    )


def test_a_new_file_gets_the_newest_schema_and_our_name(connection: sqlite3.Connection) -> None:
    assert migrate(connection) == NEWEST

    assert header(connection) == (APPLICATION_ID, NEWEST)
    assert {"jobs", "attempts", "clips", "quotes", "holds", "entries", "totals", "moves"} <= set(
        schema(connection)
    )


def test_a_second_start_changes_nothing(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = connection.execute("PRAGMA schema_version").fetchone()[0], schema(connection)

    assert migrate(connection) == NEWEST

    assert (connection.execute("PRAGMA schema_version").fetchone()[0], schema(connection)) == before


def test_an_older_file_gets_what_it_lacks_and_keeps_what_it_has(
    connection: sqlite3.Connection, scripts: Path
) -> None:
    migrate(connection)
    connection.execute("INSERT INTO closed_periods VALUES ('guild', 7, 0, 'day', 20778, 5, 6)")
    (scripts / f"{NEWEST + 1:04d}_a_note.sql").write_text("CREATE TABLE notes (n INTEGER) STRICT;")

    assert migrate(connection, scripts) == NEWEST + 1

    assert "notes" in schema(connection)
    assert connection.execute("SELECT spent_micros, held_micros FROM totals").fetchall() == [(5, 6)]


@pytest.mark.parametrize(
    "last",
    ["SELECT nonsense", "CREATE TABLE jobs (n INTEGER)", "INSERT INTO moves VALUES ('review', 'queued')"],
)
def test_a_script_that_breaks_leaves_nothing_behind(
    connection: sqlite3.Connection, scripts: Path, last: str
) -> None:
    migrate(connection)
    before = schema(connection)
    (scripts / f"{NEWEST + 1:04d}_broken.sql").write_text(
        f"CREATE TABLE notes (n INTEGER) STRICT; DROP TABLE quotes; {last};"
    )

    with pytest.raises(sqlite3.Error):
        migrate(connection, scripts)

    assert not connection.in_transaction
    assert schema(connection) == before
    assert header(connection) == (APPLICATION_ID, NEWEST)


def test_a_first_script_that_breaks_leaves_an_empty_file(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    (tmp_path / "0001_broken.sql").write_text("CREATE TABLE notes (n INTEGER); SELECT nonsense;")

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, tmp_path)

    assert schema(connection) == []
    assert header(connection) == (0, 0)
    assert migrate(connection) == NEWEST


@pytest.mark.parametrize("number", [NEWEST, NEWEST + 2], ids=["twice", "too far"])
def test_scripts_with_a_gap_in_their_numbers_or_one_of_them_twice_are_refused(
    connection: sqlite3.Connection, scripts: Path, number: int
) -> None:
    (scripts / f"{number:04d}_another.sql").write_text("SELECT 1;")

    with pytest.raises(StorageError, match=f"not numbered 1 to {NEWEST + 1}"):
        migrate(connection, scripts)


def test_no_script_ends_the_transaction_it_is_in() -> None:
    for entry in MIGRATIONS.iterdir():
        words = entry.read_text("utf-8").upper().replace(";", " ").split()
        assert not {"COMMIT", "ROLLBACK", "TRANSACTION", "IMMEDIATE"} & set(words), entry.name


async def test_a_file_of_a_later_release_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "dailies.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as later:
        migrate(later)
        later.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = path.read_bytes()

    with pytest.raises(NewerDatabase, match=f"version {NEWEST + 1} and this release knows {NEWEST}"):
        await open_database(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE diary (day TEXT)", "PRAGMA user_version = 1", "PRAGMA application_id = 252006674"],
)
async def test_the_file_of_another_program_is_refused_and_not_touched(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "dailies.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
        stranger.execute(statement)
    before = path.read_bytes()

    with pytest.raises(StorageError, match="another program"):
        await open_database(path)

    assert path.read_bytes() == before


async def test_the_former_database_is_kept_when_a_release_changes_the_schema(tmp_path: Path) -> None:
    path, former = tmp_path / "dailies.db", latest() - 1
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        migrate(book, first(former, tmp_path / "scripts"))

    await (await open_database(path)).close()

    with closing(sqlite3.connect(tmp_path / f"before-schema-{latest()}-dailies.db")) as kept:
        assert kept.execute("PRAGMA user_version").fetchone()[0] == former
    with closing(sqlite3.connect(path)) as present:
        assert present.execute("PRAGMA user_version").fetchone()[0] == latest()
    await (await open_database(path)).close()
    assert len(list_of(tmp_path)) == 1  # nothing is kept where nothing changes


def first(number: int, folder: Path) -> Path:
    """The scripts of a former release."""
    folder.mkdir()
    for script in MIGRATIONS.iterdir():
        if script.name.endswith(".sql") and int(script.name[:4]) <= number:
            (folder / script.name).write_text(script.read_text("utf-8"), "utf-8")
    return folder


def list_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("before-schema-*"))
