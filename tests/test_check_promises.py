"""`dailies check` at what members are promised: who runs this, and no copy older than the policy says."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.checks.finding import Finding, Severity
from bot.checks.promises import promises
from bot.operating import backups
from bot.settings import load
from storage.database import open_database
from tests.props import NOON


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    await (await open_database(folder / "dailies.db")).close()
    (tmp_path / "policy.md").write_text("Mika, mika@example.org", "utf-8")
    return folder


def found(folder: Path, after: timedelta = timedelta(0), **more: str) -> list[Finding]:
    given = {
        "DAILIES_DATA_DIR": str(folder),
        "DAILIES_POLICY_FILE": str(folder.parent / "policy.md"),
        "DAILIES_BACKUP_DAYS": "30",
        **more,
    }
    return list(promises(load(given, env_file=Path(os.devnull)), now=NOON + after))


def test_a_policy_without_a_name_is_noted_and_one_that_cannot_be_read_is_an_error(folder: Path) -> None:
    assert found(folder) == []
    (unsigned,) = found(folder, DAILIES_POLICY_FILE="")
    (unreadable,) = found(folder, DAILIES_POLICY_FILE=str(folder / "none"))

    assert (unsigned.code, unsigned.is_to_mend) == ("policy_unsigned", False)
    assert (unreadable.code, unreadable.severity) == ("policy_unreadable", Severity.ERROR)


def test_a_backup_older_than_members_are_promised_is_named(folder: Path) -> None:
    made = backups.make(folder, folder / "backups", at=NOON)

    assert found(folder, timedelta(days=30)) == []
    (finding,) = found(folder, timedelta(days=30, seconds=1))

    assert finding.code == "copies_older_than_promised"
    assert finding.mend == f"python -m bot backup && rm -r {made.path}"


def test_one_that_is_not_the_last_is_only_removed(folder: Path) -> None:
    made = backups.make(folder, folder / "backups", at=NOON)
    backups.make(folder, folder / "backups", at=NOON + timedelta(days=20))

    (finding,) = found(folder, timedelta(days=31))

    assert finding.mend == f"rm -r {made.path}"


@pytest.mark.parametrize("name", ["before-schema-9-dailies.db", "before-restore-20261121T120000Z"])
def test_so_is_a_former_database_that_lies_about(folder: Path, name: str) -> None:
    former = folder / name
    former.write_bytes(b"")
    os.utime(former, (NOON.timestamp(), NOON.timestamp()))

    assert found(folder, timedelta(days=29)) == []
    (finding,) = found(folder, timedelta(days=31))

    assert finding.mend == f"rm -r {former}"
