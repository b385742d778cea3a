"""`dailies check` at files: how `.env` is written, who can read the secrets, is the folder full."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.checks import data_folder, env_file, private_files
from bot.checks.finding import Finding, Severity
from bot.operating import room
from bot.settings import load
from storage.lock import FolderLock

NOBODY = 65534


def codes(found: Iterator[Finding]) -> list[str]:
    return [finding.code for finding in found]


@contextmanager
def without_privileges() -> Iterator[None]:
    """As a user who owns nothing here, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def env(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.touch(0o600)
    return path


ODD = [
    (b"\xef\xbb\xbfDAILIES_DISCORD_TOKEN=a.b.c\n", ["env_file_bom"]),
    (b"DAILIES_DISCORD_TOKEN=a.b.c\r\n", ["env_file_crlf"]),
    (b'DAILIES_DISCORD_TOKEN="a.b.c"\n', ["env_file_quotes"]),
    (b"DAILIES_DISCORD_TOKEN='a.b.c'\n", ["env_file_quotes"]),
    (b"DAILIES_DISCORD_TOKEN=a.b.c \n", ["env_file_trailing_space"]),
    (
        b"\xef\xbb\xbfDAILIES_DISCORD_TOKEN='a.b.c' \r\n",
        ["env_file_bom", "env_file_crlf", "env_file_trailing_space", "env_file_quotes"],
    ),
    (b"DAILIES_DISCORD_TOKEN=a.b.c\xc2\xa0\n", ["env_file_trailing_space"]),
    (b"# a comment \nDAILIES_DISCORD_TOKEN=a.b.c\nPATH='x' \n", []),
]


@pytest.mark.parametrize(("written", "expected"), ODD)
def test_what_an_editor_left_in_env_is_noted_and_run_reads_past_it(
    env: Path, written: bytes, expected: list[str]
) -> None:
    env.write_bytes(written)

    found = list(env_file.written(env))
    token = load({}, env_file=env).discord_token

    assert [finding.code for finding in found] == expected
    assert not any(finding.is_to_mend for finding in found)
    assert token is not None
    assert token.get_secret_value() == "a.b.c"
    assert not any("a.b.c" in finding.cause + finding.mend for finding in found)


def test_an_env_file_that_is_no_text_is_named(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env.write_bytes(b"\xff\xfe\x00DAILIES")

    assert main(["check", "--env-file", str(env)]) == 1

    assert "env_file_unreadable" in capsys.readouterr().out


def test_the_env_file_is_written_anew_by_fix_and_says_the_same(env: Path) -> None:
    env.write_bytes(b"\xef\xbb\xbf# here\r\nDAILIES_DISCORD_TOKEN=a.b.c \r\nDAILIES_DATA_DIR=x\r\n")
    before = load({}, env_file=env)

    done = [finding.fix() for finding in env_file.written(env) if finding.fix]

    assert done
    assert env.read_bytes() == b"# here\nDAILIES_DISCORD_TOKEN=a.b.c\nDAILIES_DATA_DIR=x\n"
    assert load({}, env_file=env) == before
    assert list(env_file.written(env)) == []
    assert [path.name for path in env.parent.iterdir()] == [".env"]


@pytest.mark.parametrize("around", ['"a.b.c"', "'a.b.c'"])
def test_quotes_that_came_with_the_value_are_named_and_run_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], around: str
) -> None:
    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DAILIES_DISCORD_TOKEN", around)

    assert main(["run", "--env-file", os.devnull]) == 78

    said = capsys.readouterr().err
    assert "DAILIES_DISCORD_TOKEN: it stands in quotes" in said
    assert "a.b.c" not in said


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620])
def test_a_secret_that_others_can_read_is_an_error_and_fix_closes_it(env: Path, mode: int) -> None:
    env.chmod(mode)

    (finding,) = private_files.secrets([env])

    assert (finding.code, finding.severity) == ("secret_file_open", Severity.ERROR)
    assert f"(mode {mode:o})" in finding.cause
    assert finding.mend == f"chmod 600 {env}"
    assert finding.fix is not None
    finding.fix()
    assert env.stat().st_mode & 0o777 == 0o600
    assert list(private_files.secrets([env])) == []


def test_the_command_that_is_named_mends_it_whatever_the_folder_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "Bob's video & more"
    folder.mkdir(mode=0o755)
    (folder / "dailies.db").touch(0o644)

    for finding in private_files.data(folder, folder / "backups"):
        subprocess.run(["sh", "-c", finding.mend], check=True)

    assert list(private_files.data(folder, folder / "backups")) == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_files_of_secrets_are_found_by_every_way_to_name_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in ("DAILIES_FAL_KEY", "prodia_token", "somebody_elses"):
        (folder / name).write_text("x")
    written = {
        "DAILIES_DISCORD_TOKEN_FILE": "/a/token",
        "DAILIES_SECRETS_DIR": str(folder),
        "DAILIES_MODELS_FILE": "/a/models.toml",
        "DAILIES_BLOCKED_WORDS_FILE": "/a/words",
        "DAILIES_POLICY_FILE": "/a/policy",
        "DAILIES_C2PA_CERTIFICATE_PATH": "/a/chain.pem",
        "DAILIES_C2PA_KEY_PATH": "/a/key.pem",
        "DAILIES_DATA_DIR": "/a/data",
    }

    named = set(private_files.named_in(written, Path("/a/.env")))

    assert named == {
        Path("/a/.env"),
        Path("/a/token"),
        Path("/a/key.pem"),
        folder / "DAILIES_FAL_KEY",
        folder / "prodia_token",
    }


def test_a_folder_in_the_place_of_a_secrets_file_is_not_closed_to_its_owner(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    assert codes(private_files.secrets([tmp_path])) == []


def test_what_sqlite_has_beside_the_database_is_closed_with_it(tmp_path: Path) -> None:
    database, beside = tmp_path / "dailies.db", tmp_path / "dailies.db-wal"
    for path in (database, beside):
        path.touch()
        path.chmod(0o644)

    (of_database, *_) = (
        finding for finding in private_files.data(tmp_path, tmp_path) if finding.code == "data_file_open"
    )
    assert of_database.fix is not None
    of_database.fix()

    assert beside.stat().st_mode & 0o777 == 0o600


def test_a_folder_in_the_place_of_env_is_named_and_run_ends_with_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = tmp_path / ".env"
    env.mkdir()

    checked = main(["check", "--env-file", str(env)])
    said = capsys.readouterr().out
    ended = main(["run", "--env-file", str(env)])

    assert (checked, ended) == (1, 78)
    assert said.count("ERROR") == 1
    assert f"rmdir {env}" in said
    assert f"{env} is a folder" in capsys.readouterr().err


def test_secrets_that_a_container_is_given_are_let_be() -> None:
    assert not codes(private_files.secrets([Path("/run/secrets/token"), Path("/no/such/file")]))


def test_an_open_data_folder_and_an_open_database_are_errors(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "dailies.db").touch(0o644)
    (folder / "links.key").touch(0o600)

    (folder / "backups").mkdir()
    for path, mode in ((folder, 0o755), (folder / "dailies.db", 0o644), (folder / "backups", 0o750)):
        path.chmod(mode)  # whatever this process' umask is
    found = list(private_files.data(folder, folder / "backups"))

    assert [finding.code for finding in found] == ["data_folder_open", "data_folder_open", "data_file_open"]
    assert [finding.mend for finding in found] == [
        f"chmod 700 {folder}",
        f"chmod 700 {folder}/backups",
        f"chmod 600 {folder}/dailies.db",
    ]


def test_a_read_only_data_folder_is_named_and_nothing_is_left_in_one_that_is_right() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with without_privileges():
            (finding,) = data_folder.writable(folder)
        folder.chmod(0o700)
        assert list(data_folder.writable(folder)) == []
        assert list(folder.iterdir()) == []

    assert finding.code == "data_folder_unwritable"
    assert "Permission denied" in finding.cause


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / data_folder.PROBE).symlink_to("/dev/full")  # takes no byte: the kernel says ENOSPC

    (finding,) = data_folder.writable(tmp_path)

    assert finding.code == "disk_full"
    assert "No space left on device" in finding.cause


def test_a_folder_that_the_first_start_will_make_is_no_fault_and_is_not_made(tmp_path: Path) -> None:
    assert list(data_folder.writable(tmp_path / "a" / "b")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (room.FREE_BYTES_MIN - 1, ["disk_full"]),
        (room.FREE_BYTES_MIN, ["disk_low"]),
        (data_folder.FREE_BYTES_WARNING - 1, ["disk_low"]),
        (data_folder.FREE_BYTES_WARNING, []),
    ],
)
def test_how_much_room_is_little(tmp_path: Path, free: int, expected: list[str]) -> None:
    assert codes(data_folder.little_room(tmp_path, free)) == expected


def test_who_works_on_the_folder_is_said_and_looking_takes_no_lock(tmp_path: Path) -> None:
    assert list(data_folder.worked_on(tmp_path)) == []

    with FolderLock(tmp_path):
        (finding,) = data_folder.worked_on(tmp_path)

    assert finding.code == "data_folder_in_use"
    assert str(os.getpid()) in finding.cause
    assert list(data_folder.worked_on(tmp_path)) == []
    with FolderLock(tmp_path):
        pass


def test_an_unconfirmed_volume_is_noted_until_the_operator_says_so(tmp_path: Path) -> None:
    none = tmp_path / "no devices"
    assert list(data_folder.volume(tmp_path, confirmed=True, devices=none)) == []
    (finding,) = data_folder.volume(tmp_path, confirmed=False, devices=none)
    assert (finding.code, finding.is_to_mend) == ("volume_unconfirmed", False)


@pytest.mark.parametrize(("uuid", "count"), [("CRYPT-LUKS2-0123-data\n", 0), ("LVM-0123\n", 1)])
def test_a_volume_that_the_kernel_says_is_encrypted_needs_no_word(
    tmp_path: Path, uuid: str, count: int
) -> None:
    device = tmp_path.stat().st_dev
    told = tmp_path / "devices" / f"{os.major(device)}:{os.minor(device)}" / "dm" / "uuid"
    told.parent.mkdir(parents=True)
    told.write_text(uuid)

    assert len(list(data_folder.volume(tmp_path, confirmed=False, devices=tmp_path / "devices"))) == count


def test_a_mended_env_file_is_still_whose_it_was_and_a_link_still_leads_to_it(tmp_path: Path) -> None:
    """Root mends it with sudo; the user who runs the bot has to read it afterwards."""
    real, link = tmp_path / "dailies.env", tmp_path / ".env"
    real.write_bytes(b"DAILIES_DISCORD_TOKEN=a.b.c \n")
    link.symlink_to(real)
    if os.geteuid() == 0:
        os.chown(real, NOBODY, NOBODY)
    owner = real.stat().st_uid

    env_file.rewrite(link)

    assert link.is_symlink()
    assert real.read_bytes() == b"DAILIES_DISCORD_TOKEN=a.b.c\n"
    assert real.stat().st_uid == owner
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "dailies.env"]
