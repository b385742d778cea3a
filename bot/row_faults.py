"""What is wrong in a TOML file of rows, said with its line: tomllib itself gives none."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\"-]+)\s*\]\]?\s*(?:#.*)?$")

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_DAY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=\s*\d{4}-\d")

_ALLOWED = {
    "missing": "this key must be there",
    "string_type": "write this as text in quotes",
    "int_type": "write a whole number without quotes",
    "bool_type": "write true or false",
    "list_type": "write a list in square brackets",
    "dict_type": "write a table in braces",
    "model_type": "write a table in braces",
}


class Place:
    """Where the rows of one file stand."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def of(self, table: str, index: int, key: str) -> str:
        """`path:line` of a key (or of its row, where the key is not there) of the index-th `[[table]]`.

        A key of a table within the row is dotted; the line is that of its first part.
        """
        first = key.partition(".")[0]
        found = self._row(table, index)
        if found is None:
            return str(self._path)
        wanted = re.compile(rf"^\s*\"?{re.escape(first)}\"?\s*[.=]")
        for number in range(found + 1, len(self._lines)):
            line = self._lines[number]
            header = _HEADER.match(line)
            if header and header[1] == f"{table}.{first}":
                return f"{self._path}:{number + 1}"
            if header and not header[1].startswith(f"{table}."):
                break
            if wanted.match(line):
                return f"{self._path}:{number + 1}"
        return f"{self._path}:{found + 1}"

    def unknown_tables(self, tables: Mapping[str, object], known: Sequence[str]) -> Iterator[str]:
        """One line for each table at the top of the file that is none of these, or no list of rows."""
        for name, value in tables.items():
            if name in known and isinstance(value, list) and all(isinstance(row, dict) for row in value):
                continue
            wanted = re.compile(rf"^\s*\[?\[?\s*\"?{re.escape(name)}\"?\s*[\].=]")
            line = next((number for number, text in enumerate(self._lines, 1) if wanted.match(text)), 1)
            *others, last = (f"[[{each}]]" for each in known)
            allowed = f"{', '.join(others)} and {last}"
            yield f"{self._path}:{line}: {name}: only rows of {allowed} are allowed here"

    def _row(self, table: str, index: int) -> int | None:
        """The line, from 0, of the index-th `[[table]]`."""
        count = -1
        for number, line in enumerate(self._lines):
            header = _HEADER.match(line)
            count += header is not None and header[1] == table and line.lstrip().startswith("[[")
            if count == index:
                return number
        return None


def sentences(wrong: ValidationError, known: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each error of a row as its dotted key and what is allowed there."""
    for error in wrong.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in error["loc"] if part != "[key]")
        if error["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"
            yield key, f"there is no such key; {hint}"
        elif key.startswith("usd_per_") and error["type"] == "string_type":
            yield key, 'write dollars a second as text in quotes, such as "0.30"'
        else:
            said = _ALLOWED.get(error["type"], error["msg"])
            yield key, said.removeprefix("Value error, ").replace("Input should be", "allowed:")


def no_toml(path: Path, text: str, broken: tomllib.TOMLDecodeError) -> str:
    """Why a text is no TOML. Of a day that there is not tomllib says only that its line should have ended."""
    at = _AT_LINE.search(str(broken))
    if at is not None and (day := _DAY.match(text.splitlines()[int(at[1]) - 1])) is not None:
        return f"{path}:{at[1]}: {day[1]}: there is no such day; write one such as 2026-09-24, without quotes"
    return f"{path}: not a TOML file: {broken}"
