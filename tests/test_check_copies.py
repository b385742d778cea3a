"""`dailies check` at backups: none, old ones, broken ones, and those on the disk that they are to outlive."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.checks import copies
from bot.checks.finding import Finding
from bot.operating import backups
from bot.settings import load
from storage.database import open_database
from tests.props import NOON

SAME = "backups_on_the_same_disk"


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    await (await open_database(folder / "dailies.db")).close()
    return folder


def found(folder: Path, after: timedelta = timedelta(0), **more: str) -> list[Finding]:
    given = {"DAILIES_DATA_DIR": str(folder), **more}
    return list(copies.copies(load(given, env_file=Path(os.devnull)), now=NOON + after))


def codes(folder: Path, after: timedelta = timedelta(0), **more: str) -> list[str]:
    return [finding.code for finding in found(folder, after, **more)]


def test_before_there_is_a_database_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_a_database_without_a_backup_is_warned_of(folder: Path) -> None:
    (finding,) = found(folder)

    assert (finding.code, finding.mend) == ("backups_none", "python -m bot backup")


@pytest.mark.parametrize(
    ("every", "fresh", "old"),
    [
        ("24", timedelta(hours=26), timedelta(hours=26, seconds=1)),
        ("1", timedelta(hours=3), timedelta(hours=3, seconds=1)),
        ("0", timedelta(days=7, hours=2), timedelta(days=7, hours=2, seconds=1)),
    ],
)
def test_a_backup_is_old_when_the_next_was_due(
    folder: Path, every: str, fresh: timedelta, old: timedelta
) -> None:
    backups.make(folder, folder / "backups", at=NOON)

    assert codes(folder, fresh, DAILIES_BACKUP_EVERY_HOURS=every) == [SAME]
    assert codes(folder, old, DAILIES_BACKUP_EVERY_HOURS=every) == ["backup_old", SAME]


def test_a_broken_manifest_is_named_and_the_disk_is_only_noted(folder: Path) -> None:
    backups.make(folder, folder / "backups", at=NOON)
    (same,) = found(folder)
    torn = backups.make(folder, folder / "backups", at=NOON).path
    (torn / backups.MANIFEST).write_text("{")

    unreadable, _ = found(folder)

    assert not same.is_to_mend
    assert codes(folder) == ["backups_unreadable", SAME]
    assert f"restore --check {torn}" in unreadable.mend
