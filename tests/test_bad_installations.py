"""The real `dailies check` and `dailies run` on wrong installations: each says what the README says."""

import asyncio
import contextlib
import io
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from asyncio.subprocess import Process
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot import rehearsal
from bot.__main__ import main
from bot.sandbox.server import Sandbox
from storage.database import open_database
from tests import bookkeeping
from tests.props import job_of
from tests.sandboxes import running
from tests.test_processes import dailies
from tests.test_real_processes import fill, small_disk

TOKEN = "a.b.c"

AT_FAL = """
[[offers]]
model = "sora-2"
provider = "fal"
protocol = "fal"
endpoint = "fal-ai/sora-2/text-to-video"
"""


async def both(folder: Path) -> tuple[str, int, str]:
    """What `check` says, how `run` ends, and what it says, for a bot whose Discord is not there."""
    settings = {
        "DAILIES_DATA_DIR": str(folder),
        "DAILIES_DISCORD_TOKEN": TOKEN,
        "DAILIES_DISCORD_API_URL": "http://127.0.0.1:9/api/v10",
    }
    (_, checked), (ended, said) = await asyncio.gather(
        dailies("check", "--env-file", os.devnull, **settings),
        dailies("run", "--env-file", os.devnull, **settings),
    )
    assert "Traceback" not in checked + said
    return checked, ended, said


async def with_rows(folder: Path) -> Path:
    """A data folder whose database holds a few jobs, closed; the database."""
    path = folder / "dailies.db"
    database = await open_database(path)
    try:
        for number in range(1, 40):
            await database.write(partial(bookkeeping.place, job=job_of(number)))
    finally:
        await database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return path


def quietly(command: str, folder: Path) -> tuple[int, str]:
    """A command in this process: its exit code, and what it says of a fault."""
    env = folder / ".env"
    env.write_text(f"DAILIES_DATA_DIR={folder}\n")
    with contextlib.redirect_stderr(io.StringIO()) as said:
        return main([*command.split(), "--env-file", str(env)]), said.getvalue()


def lose_an_index(path: Path) -> None:
    """Leave an index as it was before the rows changed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        row = connection.execute("SELECT * FROM sqlite_schema WHERE name = 'jobs_of_a_member'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'jobs_of_a_member'")
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute("UPDATE jobs SET user_id = user_id + 5")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)


async def started(sandbox: Sandbox, folder: Path, env_file: Path) -> Process:
    """The bot's process, with the token from a file alone."""
    settings = rehearsal.settings_for(sandbox, folder)
    del settings["DAILIES_DISCORD_TOKEN"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DAILIES_")}
    with (folder.parent / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "--env-file", str(env_file)),
            env=clean | settings,
            stderr=log,
        )


async def test_run_reads_past_an_editors_traces_a_broken_index_and_days_there_are_not_which_check_names(
    tmp_path: Path,
) -> None:
    folder, env, models = tmp_path / "data", tmp_path / ".env", tmp_path / "own.toml"
    models.write_text(
        f"{AT_FAL}retires_on = 2026-13-21\n{AT_FAL}kinds = ['remix']\nprice_read_on = 2026-02-30\n"
    )
    folder.mkdir()
    lose_an_index(await with_rows(folder))
    async with running(tmp_path / "discord") as sandbox:
        lines = f"DAILIES_DISCORD_TOKEN='{sandbox.bot_token}'  \r\nDAILIES_MODELS_FILE={models}\r\n"
        env.write_bytes(b"\xef\xbb\xbf" + lines.encode())
        env.chmod(0o600)
        bot = await started(sandbox, folder, env)
        try:
            await rehearsal.connected(sandbox, bot)
            _, said = await dailies("check", "--env-file", str(env), DAILIES_DATA_DIR=str(folder))
        finally:
            bot.send_signal(signal.SIGTERM)
            ended = await bot.wait()

    assert ended == 0
    for code in ("env_file_bom", "env_file_crlf", "env_file_quotes", "env_file_trailing_space"):
        assert code in said
    assert "database_broken" in said
    assert "data_folder_in_use" in said
    day = "there is no such day; write one such as 2026-09-24, without quotes"
    assert f"model_row_wrong: {models}:7: fal/sora-2: retires_on: {day}" in said
    assert f"{models}:15: fal/sora-2/remix: price_read_on: {day}" in said
    log = (tmp_path / "log").read_text()
    assert f"not for sale: {models}:7: fal/sora-2: retires_on: {day}" in log


async def test_a_database_that_was_cut_short_is_named_and_run_does_not_touch_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = await with_rows(tmp_path / "data")
    size = path.stat().st_size // 2
    os.truncate(path, size)
    before = path.read_bytes()

    checked, ended, said = await both(path.parent)

    assert "database_unreadable" in checked or "database_broken" in checked
    assert ended == 1
    assert f"{path} cannot be opened" in said
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", ["ledger show", "ledger verify", "audit show", "jobs uncertain"])
async def test_a_command_that_reads_says_in_a_line_that_the_database_cannot_be_read(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "dailies.db").write_bytes(b"SQLite format 3\0" + bytes(9_000))

    ended, said = await asyncio.to_thread(quietly, command, tmp_path)

    assert ended == 1
    assert said.startswith(f"dailies: {tmp_path / 'dailies.db'} cannot be read: ")
    assert "`dailies check` says why" in said


async def test_a_full_data_folder_is_named_and_run_says_so_in_a_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data"):
        await asyncio.to_thread(fill, tmp_path / "data")
        checked, ended, said = await both(tmp_path / "data")

    assert "ERROR   disk_full" in checked
    assert ended == 1
    assert "No space left on device" in said or "disk is full" in said


async def test_a_read_only_data_folder_is_named_and_run_says_so_in_a_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data"):
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path / "data")], check=True)  # noqa: ASYNC221
        checked, ended, said = await both(tmp_path / "data")

    assert "data_folder_unwritable" in checked
    assert ended == 1
    assert "Read-only file system" in said


async def test_a_disk_with_a_little_room_is_only_warned_of(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", size_bytes=1 << 30):  # a bound: no memory is taken
        settings = {"DAILIES_DATA_DIR": str(tmp_path / "data"), "DAILIES_DISCORD_TOKEN": TOKEN}
        _, checked = await dailies("check", "--env-file", os.devnull, **settings)

    assert "WARNING disk_low" in checked


@pytest.mark.parametrize("command", ["sandbox", "studio"])
def test_a_port_that_another_has_is_a_sentence_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main([command, "--port", port, "--folder", str(tmp_path / "kept")]) == 1
    with pytest.raises(SystemExit, match="2"):
        main([command, "--port", "99999"])

    said, _, usage = capsys.readouterr().err.partition("usage:")
    assert said.startswith("dailies: error while attempting to bind on address")
    assert len(said.splitlines()) == 1
    assert usage.endswith("a port is a number from 0 to 65535\n")


def test_a_folder_that_cannot_be_made_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert main(["demo", "--folder", str(tmp_path / "file" / "demo")]) == 1

    said = capsys.readouterr().err
    assert said.startswith(f"dailies: Not a directory: {tmp_path / 'file' / 'demo'}")
    assert len(said.splitlines()) == 1
