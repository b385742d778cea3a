"""How a `.env` file is written: what an editor or a copy put into it that nobody sees."""

import os
import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.checks.finding import Finding, error, note

_BOM = b"\xef\xbb\xbf"
_ASSIGNED = re.compile(r"\s*(?:export\s+)?(DAILIES_[A-Z0-9_]+)\s*=(.*)")
_QUOTES = "\"'"


def written(path: Path) -> Iterator[Finding]:
    """What is odd about the file. It is read past all of it, but another program might not be."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return
    except IsADirectoryError:
        yield error(
            "env_file_unreadable",
            f"{path} is a folder; Docker makes one where a file that is not there is mounted",
            f"rmdir {shlex.quote(str(path))}  # and write the file as .env.example shows it",
        )
        return
    except OSError as fault:
        yield error(
            "env_file_unreadable",
            f"{path} cannot be read ({fault.strerror})",
            "chown $(id -u) {0} && chmod 600 {0}".format(shlex.quote(str(path))),
        )
        return
    try:
        text = raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError:
        yield error(
            "env_file_unreadable",
            f"{path} is no text in UTF-8",
            f"write {path} anew as .env.example shows it, in an editor that writes UTF-8",
        )
        return
    if raw.startswith(_BOM):
        yield note(
            "env_file_bom",
            f"{path} begins with a byte order mark; Dailies reads past it, `docker --env-file` does not",
            "python -m bot check --fix",
            partial(rewrite, path),
        )
    if b"\r" in raw:
        yield note(
            "env_file_crlf",
            f"{path} has the line ends of Windows; Dailies reads past them, a shell that sources it does not",
            "python -m bot check --fix",
            partial(rewrite, path),
        )
    yield from _of_values(path, text)


def _of_values(path: Path, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), start=1):
        match = _ASSIGNED.fullmatch(line)
        if match is None:
            continue
        name, value = match[1], match[2]
        if value != value.rstrip() and value.strip():
            yield note(
                "env_file_trailing_space",
                f"{path}:{number}: {name} ends with a space; Dailies drops it, `docker --env-file` does not",
                "python -m bot check --fix",
                partial(rewrite, path),
            )
        bare = value.strip()
        if len(bare) >= 2 and bare[0] in _QUOTES and bare[0] == bare[-1]:
            yield note(
                "env_file_quotes",
                f"{path}:{number}: {name} stands in quotes; Dailies takes them off, "
                "`docker --env-file` hands them on with the value",
                f"take the quotes off in line {number} of {path}",
            )


def rewrite(path: Path) -> str:
    """Write the file anew without byte order mark, carriage returns and spaces at the ends of lines.

    A link stays one, and whose the file is stays so: who mends it is often root, and who runs the bot is not.
    """
    path = path.resolve()
    text = path.read_bytes().removeprefix(_BOM).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    clean = "\n".join(line.rstrip() for line in text.split("\n")).encode("utf-8")
    beside = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(clean)
            file.flush()
            former, made = path.stat(), os.fstat(file.fileno())
            if (former.st_uid, former.st_gid) != (made.st_uid, made.st_gid):
                os.fchown(file.fileno(), former.st_uid, former.st_gid)
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)  # it holds what the file does
        raise
    return f"{path} was written anew, with mode 600"
