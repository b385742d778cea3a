"""The README's table of what may be wrong: every finding stands in it once, and `run` ends as it says."""

import os
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from storage import migrate
from storage.lock import FolderLock

ROOT = Path(__file__).parent.parent
TOKEN = "DAILIES_DISCORD_TOKEN"

Break = Callable[[Path, pytest.MonkeyPatch], object]


def table() -> dict[str, str]:
    """Of each code in the README's table, what `run` does."""
    text = (ROOT / "README.md").read_text("utf-8").partition("### When something is wrong")[2]
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]+) \|$", text.partition("\n## ")[0], re.MULTILINE)
    return {code: does for codes, does in rows for code in re.findall(r"`([a-z_]+)`", codes)}


def test_every_finding_stands_in_the_table_and_nothing_else() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "bot" / "checks").glob("*.py"))
    made = set(re.findall(r"(?:error|warning|note|_open_to_others)\(\s*\"([a-z_]+)\"", source))
    either = set(re.findall(r"\"([a-z_]+)\" if (?:gone|config\.discord_token)", source)) | set(
        re.findall(r"else \"([a-z]+_[a-z_]+)\"", source)
    )

    assert set(table()) - {"check"} == made | either


def test_every_finding_is_found_in_some_test_of_the_checks() -> None:
    others = [path for path in (ROOT / "tests").glob("test_check*.py") if path != Path(__file__)]
    tested = "".join(path.read_text("utf-8") for path in [*others, ROOT / "tests" / "test_real_processes.py"])

    assert {code for code in table() if not re.search(rf"\b{code}\b", tested)} == set()


def setting(name: str, value: str) -> Break:
    return lambda _folder, patch: patch.setenv(name, value)


def foreign(folder: Path, _: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(folder / "dailies.db")) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def newer(folder: Path, _: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(folder / "dailies.db")) as connection:
        connection.execute(f"PRAGMA application_id = {migrate.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {migrate.latest() + 1}")


def rubbish(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "dailies.db").write_bytes(b"no database" * 1_000)


def lost(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "clips").mkdir()
    (folder / "clips" / "01ABC.mp4").touch()


def a_file_in_its_place(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "file").touch()
    patch.setenv("DAILIES_DATA_DIR", str(folder / "file"))


def no_toml(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "mine.toml").write_text("[[models")
    patch.setenv("DAILIES_MODELS_FILE", str(folder / "mine.toml"))


def no_text(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_bytes(b"\xff\xfe\x00DAILIES")


ENDS: list[tuple[str, int, Break]] = [
    ("setting_wrong", 78, setting("DAILIES_MEMBER_MONTHLY_USD", "ten")),
    ("setting_wrong", 78, setting("DAILIES_MEMBER_MONTLY_USD", "10")),
    ("setting_wrong", 78, setting("DAILIES_FAL_KEY", "r8_replicates")),
    ("setting_wrong", 78, setting(TOKEN, '"a.b.c"')),
    ("setting_wrong", 78, setting("DAILIES_PUBLIC_URL", "https://example.org/bot")),
    ("setting_wrong", 78, setting("DAILIES_PUBLIC_URL", "http://example.org")),
    ("token_missing", 78, setting(TOKEN, "")),
    ("token_wrong", 78, setting(TOKEN, "a.b.c d.e.f")),
    ("env_file_unreadable", 78, no_text),
    ("data_folder_unwritable", 1, a_file_in_its_place),
    ("database_foreign", 1, foreign),
    ("database_newer", 1, newer),
    ("database_unreadable", 1, rubbish),
    ("database_lost", 1, lost),
    ("models_file_wrong", 78, no_toml),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = os.umask(0o022)  # `run` sets its own, for all of the process
    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(TOKEN, "a.b.c")
    monkeypatch.setenv("DAILIES_DISCORD_API_URL", "http://127.0.0.1:9/api/v10")  # nobody is called
    yield tmp_path
    os.umask(before)


def run(folder: Path) -> int:
    return main(["run", "--env-file", str(folder / ".env")])


@pytest.mark.parametrize(("code", "ends", "spoil"), ENDS)
def test_run_ends_as_the_table_says(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    code: str,
    ends: int,
    spoil: Break,
) -> None:
    spoil(folder, monkeypatch)

    ended = run(folder)

    assert ended == ends
    assert f"ends with {ends}" in table()[code]
    assert "Traceback" not in capfd.readouterr().err


def test_a_second_process_on_the_folder_ends_with_1_and_names_the_first(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with FolderLock(folder):
        assert run(folder) == 1

    assert f"is in use by process {os.getpid()}" in capfd.readouterr().err
    assert "ends with 1" in table()["data_folder_in_use"]


def test_a_web_port_of_anothers_ends_with_78(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("DAILIES_WEB_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("DAILIES_PUBLIC_URL", "https://dailies.example.org")

        assert run(folder) == 78

    assert "ends with 78" in table()["web_port_taken"]
    assert "DAILIES_WEB_HOST and DAILIES_WEB_PORT" in capfd.readouterr().err
