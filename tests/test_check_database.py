"""`dailies check` at databases that are really broken, and what `run` does with each."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.checks import book
from bot.checks.finding import Finding
from bot.errors import NewerDatabase, StorageError
from bot.operating.backups import MANIFEST
from storage import migrate, snapshots, soundness
from storage.database import open_database, reading
from storage.lock import FolderLock
from tests import bookkeeping
from tests.props import job_of


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A data folder whose database holds a few jobs, closed."""
    database = await open_database(tmp_path / "dailies.db")
    try:
        for number in range(1, 40):
            await database.write(partial(bookkeeping.place, job=job_of(number)))
    finally:
        await database.close()
    return tmp_path


def found(folder: Path) -> list[Finding]:
    return list(book.database(folder, folder / "backups"))


def codes(folder: Path) -> list[str]:
    return [finding.code for finding in found(folder)]


def altered(folder: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    with closing(sqlite3.connect(folder / "dailies.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        change(connection)


def test_a_sound_database_has_nothing_wrong_and_none_yet_neither(folder: Path, tmp_path: Path) -> None:
    assert found(folder) == []
    assert found(tmp_path / "elsewhere") == []


async def test_a_truncated_database_is_named_and_run_refuses_it(folder: Path) -> None:
    path = folder / "dailies.db"
    altered(folder, lambda connection: connection.execute("VACUUM"))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)

    assert codes(folder) != []
    assert set(codes(folder)) <= {"database_unreadable", "database_broken"}
    assert found(folder)[0].mend == book.RESTORE
    with pytest.raises(StorageError, match="cannot be opened"):
        await open_database(path)


async def test_rubbish_in_its_place_is_named_and_run_refuses_it(tmp_path: Path) -> None:
    (tmp_path / "dailies.db").write_bytes(b"this is no database at all, and never was\n" * 100)

    assert codes(tmp_path) == ["database_unreadable"]
    with pytest.raises(StorageError, match="cannot be opened"):
        await open_database(tmp_path / "dailies.db")


async def test_a_schema_that_is_no_text_any_more_is_named_and_everything_refuses_it(folder: Path) -> None:
    path = folder / "dailies.db"
    altered(folder, lambda connection: connection.execute("PRAGMA journal_mode = DELETE"))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"CREATE TABLE jobs") + 3] = 0xBD
    path.write_bytes(raw)

    assert codes(folder) == ["database_unreadable"]
    with pytest.raises(StorageError, match="cannot be opened: the schema is malformed"):
        await open_database(path)
    with pytest.raises(StorageError, match="cannot be read: the schema is malformed"), reading(path):
        pytest.fail("it was opened")
    with pytest.raises(StorageError, match="cannot be copied: the schema is malformed"):
        snapshots.copy(path, folder / "copy.db")
    assert not (folder / "copy.db").exists()


def lose_rows_of_an_index(connection: sqlite3.Connection) -> None:
    name = "jobs_of_a_member"
    row = connection.execute("SELECT * FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (name,))
    connection.execute("PRAGMA writable_schema = RESET")
    connection.execute("UPDATE jobs SET user_id = user_id + 5")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)


def test_an_index_that_lacks_rows_is_named(folder: Path) -> None:
    altered(folder, lose_rows_of_an_index)

    assert set(codes(folder)) == {"database_broken"}
    assert any("jobs_of_a_member" in finding.cause for finding in found(folder))
    assert len(found(folder)) <= soundness.FAULTS_MAX


def test_an_index_is_made_anew_by_fix_and_no_row_is_lost(folder: Path) -> None:
    altered(folder, lose_rows_of_an_index)
    with closing(sqlite3.connect(folder / "dailies.db")) as connection:
        rows = connection.execute("SELECT id, user_id FROM jobs NOT INDEXED ORDER BY id").fetchall()
    first, *others = found(folder)

    assert first.mend.startswith("python -m bot check --fix  #")
    assert first.fix is not None
    assert [each.fix for each in others] == [None] * len(others)
    with FolderLock(folder), pytest.raises(OSError, match="in use by process"):
        first.fix()
    assert "made anew" in first.fix()

    assert {each.code for each in found(folder)} <= {"ledger_differs"}  # the ids were meddled with
    with closing(sqlite3.connect(folder / "dailies.db")) as connection:
        assert connection.execute("SELECT id, user_id FROM jobs ORDER BY id").fetchall() == rows


def test_pages_that_are_torn_are_not_mended_by_new_indexes(folder: Path) -> None:
    with (folder / "dailies.db").open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 4096)

    assert "database_broken" in codes(folder) or "database_unreadable" in codes(folder)
    assert [each.fix for each in found(folder) if each.fix is not None] == []


async def test_the_database_of_another_program_is_named_and_run_refuses_it(tmp_path: Path) -> None:
    altered(tmp_path, lambda connection: connection.execute("CREATE TABLE bookmarks (url TEXT)"))

    assert codes(tmp_path) == ["database_foreign"]
    with pytest.raises(StorageError, match="another program"):
        await open_database(tmp_path / "dailies.db")


async def test_a_database_of_a_newer_release_is_named_and_run_refuses_it(folder: Path) -> None:
    newer = migrate.latest() + 1
    altered(folder, lambda connection: connection.execute(f"PRAGMA user_version = {newer}"))

    assert codes(folder) == ["database_newer"]
    with pytest.raises(NewerDatabase):
        await open_database(folder / "dailies.db")


def test_a_database_of_an_older_release_is_only_noted(folder: Path) -> None:
    older = migrate.latest() - 1
    altered(folder, lambda connection: connection.execute(f"PRAGMA user_version = {older}"))

    (finding,) = found(folder)

    assert (finding.code, finding.is_to_mend) == ("migrations_pending", False)


def test_a_row_that_names_nothing_is_an_orphan(folder: Path) -> None:
    altered(
        folder, lambda connection: connection.execute("UPDATE jobs SET source_job_id = 'x' WHERE rowid=1")
    )

    assert codes(folder) == ["database_orphans"]


def test_a_book_that_does_not_add_up_is_named_with_both_numbers(folder: Path) -> None:
    altered(folder, lambda connection: connection.execute("UPDATE purses SET total_held_micros = 5"))

    assert set(codes(folder)) == {"ledger_differs"}
    assert "the book says" in found(folder)[0].cause


@pytest.mark.parametrize("lose", [Path.unlink, Path.touch])
def test_a_database_that_is_gone_while_clips_are_there_is_named(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    path = tmp_path / "dailies.db"
    path.touch()
    lose(path)
    assert found(tmp_path) == []  # a new folder

    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "job.mp4").touch()

    assert codes(tmp_path) == ["database_lost"]


@pytest.mark.parametrize("lose", [Path.unlink, Path.touch])
def test_a_database_that_is_gone_while_backups_are_there_is_named(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    (tmp_path / "dailies.db").touch()
    lose(tmp_path / "dailies.db")
    (tmp_path / "backups" / "20261121T120000Z").mkdir(parents=True)
    assert found(tmp_path) == []  # one that was never finished

    (tmp_path / "backups" / "20261121T120000Z" / MANIFEST).touch()

    (finding,) = found(tmp_path)
    assert finding.code == "database_lost"
    assert finding.mend == book.RESTORE


def test_which_sqlite_this_is_is_noted_where_two_writers_could_corrupt() -> None:
    found = list(book.sqlite_release())

    assert [finding.code for finding in found] == (
        ["sqlite_wal_reset"] if sqlite3.sqlite_version_info < (3, 51, 3) else []
    )
    assert all(not finding.is_to_mend for finding in found)
