"""One process works on a data folder."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app import assembled
from bot.errors import DataFolderInUse, StorageError
from bot.settings import Settings
from storage.lock import FolderLock

HOLD_UNTIL_KILLED = """
import sys
from pathlib import Path
from storage.lock import FolderLock
with FolderLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        FolderLock(tmp_path),
        pytest.raises(DataFolderInUse, match=rf"in use by process {os.getpid()}: stop it first"),
        FolderLock(tmp_path),
    ):
        pass


async def test_a_second_bot_removes_nothing_of_the_first_before_it_is_told(tmp_path: Path) -> None:
    in_use = tmp_path / "copies" / "reviews" / "clip.mp4"
    in_use.parent.mkdir(parents=True)
    in_use.write_bytes(b"on its way to Discord")

    with FolderLock(tmp_path), pytest.raises(DataFolderInUse):
        async with assembled(Settings(data_dir=tmp_path)):
            pass

    assert in_use.exists()


def test_a_lock_that_was_let_go_can_be_taken(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        pass

    with FolderLock(tmp_path):
        assert (tmp_path / "dailies.lock").read_text() == f"{os.getpid()}\n"


def test_a_shorter_process_id_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "dailies.lock").write_text("4194304\n")

    with FolderLock(tmp_path):
        assert (tmp_path / "dailies.lock").read_text() == f"{os.getpid()}\n"


async def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLD_UNTIL_KILLED,
        str(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(DataFolderInUse, match=f"process {holder.pid}"), FolderLock(tmp_path):
        pass
    holder.kill()
    await holder.wait()

    with FolderLock(tmp_path):
        assert (tmp_path / "dailies.lock").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("folder", ["/sys", "/a/folder/that/is/missing"])
def test_a_folder_that_cannot_be_written_is_said_so(folder: str) -> None:
    with (
        pytest.raises(StorageError, match=f"{folder} cannot be written .*choose another DAILIES_DATA_DIR"),
        FolderLock(Path(folder)),
    ):
        pass
