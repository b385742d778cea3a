"""Who else can read the secrets and the data: permissions of files and folders."""

import os
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bot.checks.finding import Finding, error
from bot.settings import PREFIX, Settings

_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_PLAIN = {PREFIX + field.upper() for field in Settings.model_fields if field.endswith("_file")}
"""Settings that are files themselves, such as the list of models: no secrets."""

_SECRETS = {name for field in Settings.model_fields for name in (field, PREFIX + field.upper())}
"""By which names a file in the folder of secrets is read."""

MOUNTED = (Path("/run/secrets"), Path("/var/run/secrets"))
"""Where containers are given secrets: readable there for every user of a container that has only one."""

DATA_FILES = ("dailies.db", "dailies.db-wal", "dailies.db-shm", "links.key")


def named_in(environment: Mapping[str, str], env_file: Path) -> Iterator[Path]:
    """Every file that may hold a secret: the `.env` file, those of `…_FILE`, those of the secrets folder."""
    yield env_file
    for name, value in environment.items():
        is_secret = name.endswith("_FILE") and name not in _PLAIN
        if name.startswith(PREFIX) and (is_secret or name == f"{PREFIX}C2PA_KEY_PATH"):
            yield Path(value)
    folder = environment.get(f"{PREFIX}SECRETS_DIR")
    if folder is not None and Path(folder).is_dir():
        yield from sorted(path for path in Path(folder).iterdir() if path.name in _SECRETS)


def secrets(paths: Iterable[Path]) -> Iterator[Finding]:
    """Those that somebody else can read."""
    for path in paths:
        if any(path.is_relative_to(place) for place in MOUNTED) or path.is_dir():
            continue
        yield from _open_to_others("secret_file_open", path, 0o600)


def data(folder: Path, backups: Path) -> Iterator[Finding]:
    """The data folder, what lies in it (prompts, pictures, money), and the backups of all that."""
    yield from _open_to_others("data_folder_open", folder, 0o700)
    yield from _open_to_others("data_folder_open", backups, 0o700)
    for name in DATA_FILES:
        yield from _open_to_others("data_file_open", folder / name, 0o600)


def _open_to_others(code: str, path: Path, mode: int) -> Iterator[Finding]:
    try:
        mode_found = path.stat().st_mode
    except OSError:
        return  # what cannot be looked at is another check's
    found = stat.S_IMODE(mode_found)
    if found & _OTHERS and (stat.S_ISREG(mode_found) or stat.S_ISDIR(mode_found)):
        yield error(
            code,
            f"{path} is open to other users of this machine (mode {found:o})",
            f"chmod {mode:o} {shlex.quote(str(path))}",
            partial(_close, path, mode),
        )


def _close(path: Path, mode: int) -> str:
    os.chmod(path, mode)  # noqa: PTH101 - as the command that is named
    for beside in (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm")):
        if beside.exists():  # SQLite gave them the database's mode, perhaps for the look at it just now
            os.chmod(beside, mode)  # noqa: PTH101
    return f"{path} has mode {mode:o} now"
