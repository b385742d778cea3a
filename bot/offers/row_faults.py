"""What is wrong in a TOML file of rows, said with its line: tomllib itself gives none."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeGuard, get_args

from pydantic import BaseModel, ValidationError

from bot.offers.torn_rows import Tear, lines_of

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\"-]+)\s*\]\]?\s*(?:#.*)?$")

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
        self._lines = lines_of(text)

    def of(self, table: str, index: int, key: str) -> str:
        """`path:line` of a key (or of its row, where the key is not there) of the index-th `[[table]]`.

        A key of a table within the row is dotted; the line is its own where that has a header, else that of
        its first part.
        """
        first, _, second = key.partition(".")
        found = self._row(table, index)
        if found is None:
            return str(self._path)
        wanted = _written(first)
        for number in range(found + 1, len(self._lines)):
            line = self._lines[number]
            header = _HEADER.match(line)
            if header and header[1] == f"{table}.{first}":
                return f"{self._path}:{self._within(number, second) + 1}"
            if header and not header[1].startswith(f"{table}."):
                break
            if wanted.match(line):
                return f"{self._path}:{number + 1}"
        return f"{self._path}:{found + 1}"

    def _within(self, header: int, key: str) -> int:
        """The line, from 0, of a key below a header; the header's own where it does not stand there."""
        wanted = _written(key.partition(".")[0])
        for number in range(header + 1, len(self._lines)):
            if wanted.match(self._lines[number]):
                return number
            if _HEADER.match(self._lines[number]):
                break
        return header

    def torn(self, name: str, tears: Sequence[Tear]) -> list[str]:
        """One line for each bad line of the row that is called so, if it has a name."""
        called = f"{name}: " if name else ""
        return [f"{self._path}:{tear.line}: {called}{tear.key}: {tear.what}" for tear in tears]

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


def _written(key: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*\"?{re.escape(key)}\"?\s*[.=]")


def sentences(wrong: ValidationError, shape: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Each error of a row of this shape as its dotted key and what is allowed there."""
    for error in wrong.errors(include_url=False, include_input=False):
        parts = [str(part) for part in error["loc"] if part != "[key]"]
        key = ".".join(parts)
        if error["type"] == "extra_forbidden":
            known = _keys(shape, parts[:-1])
            near = difflib.get_close_matches(parts[-1], known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"
            yield key, f"there is no such key; {hint}"
        elif key.startswith("usd_per_") and error["type"] == "string_type":
            yield key, 'write dollars a second as text in quotes, such as "0.30"'
        else:
            said = _ALLOWED.get(error["type"], error["msg"])
            yield key, said.removeprefix("Value error, ").replace("Input should be", "allowed:")


def _keys(shape: type[BaseModel], within: Sequence[str]) -> list[str]:
    """The keys of a row, or of a table within it."""
    for name in within:
        annotation = shape.model_fields[name].annotation
        shape = next(each for each in get_args(annotation) if _is_shape(each))
    return list(shape.model_fields)


def _is_shape(each: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(each, type) and issubclass(each, BaseModel)
