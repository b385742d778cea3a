"""A file of rows that is no TOML: which of its rows are to blame, and what is left without their bad lines.

TOML has no word for "the rest of the file is right", and its reader stops at the first fault. So the file is
cut at its headers, and a row that cannot be read alone is read line by line. Whatever cannot be laid to one
row is no fault of a row: then there is nothing to be left.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROW_LINES_MAX = 400
"""A row of ours has thirty lines; a longer one is not searched, which costs the square of its length."""

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_-]+)(\.[A-Za-z0-9_.-]+)?\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_.-]+)[\"']?\s*=\s*(.*?)\s*$")
_LEGIBLE = re.compile(r"[\"']?([^\"'#\[\]{}=,]+?)[\"']?\s*(?:#.*)?$")
_MANY_LINES = re.compile("\"\"\"|'''")

_SAID = (
    (re.compile(r"\d{4}-\d"), "there is no such day; write one such as 2026-09-24, without quotes"),
    (re.compile(r"$|#"), "a value must follow the equals sign"),
    (re.compile(r"[\"']"), "write text between two quotes of the same kind, and each \\ in it twice"),
    (re.compile(r"\["), "write a list in square brackets, with a comma between its values"),
    (re.compile(r"\{"), "write a table in braces, all in one line"),
    (re.compile(r"[-+.]?\d"), "write a whole number without quotes, or text in quotes"),
    (re.compile(r"(?i)true\b|false\b"), "write true or false"),
    (re.compile(r""), "write this as text in quotes"),
)


class Unsearchable(ValueError):
    """The fault cannot be laid to single rows."""


@dataclass(frozen=True, slots=True)
class Tear:
    """A line that cannot be read. `legible` is what stands there all the same, if it is one plain word."""

    line: int
    key: str
    what: str
    legible: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """What can be read of a text, line for line where it stood, and the bad lines of each row.

    A torn row is known by its table and its place among that table's rows, from 0. What is left of it in
    `tables` says which row it is, and is not to be used.
    """

    text: str
    tables: Mapping[str, object]
    torn: Mapping[tuple[str, int], Sequence[Tear]]


def mended(text: str, tables: Sequence[str]) -> Whole:
    """A text that is no TOML, without the lines that make it none.

    Args:
        text: what tomllib refused.
        tables: the names of its lists of rows.

    Raises:
        Unsearchable: the rest would be no TOML either, or a bad line stands in no row.
    """
    lines = lines_of(text)
    kept: list[str] = []
    torn: dict[tuple[str, int], list[Tear]] = {}
    counts = dict.fromkeys(tables, -1)
    for begin, end, table in _rows(lines, tables):
        row = lines[begin:end]
        if table in counts:
            counts[table] += 1
        if is_toml("\n".join(row)):
            kept += row
            continue
        if table not in counts or len(row) > ROW_LINES_MAX:
            raise Unsearchable
        left, tears = _searched(row, table, begin + 1)
        kept += left
        torn[table, counts[table]] = tears
    rest = "\n".join(kept)
    if not torn or not is_toml(rest):
        raise Unsearchable
    return Whole(rest, tomllib.loads(rest), torn)


def lines_of(text: str) -> list[str]:
    """As TOML counts them; `splitlines` would also end one at characters that may stand in a text."""
    return text.replace("\r\n", "\n").split("\n")


def is_toml(text: str) -> bool:
    """Whether it can be read; a number or a nest of lists that Python gives up on cannot."""
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _rows(lines: Sequence[str], tables: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Where each row begins and ends, and of which table it is; what stands before the first is of none."""
    meant = re.compile(rf"\s*\[{{1,2}}\s*({'|'.join(map(re.escape, tables))})\s*\]{{0,2}}\s*(?:#.*)?$")
    begin, table = 0, ""
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is not None and header[1] == table and header[2]:
            continue  # a table within the row
        named = header or meant.match(line)
        if named is not None:
            yield begin, number, table
            is_within = header is not None and header[2] is not None  # a row that is not the latest
            begin, table = number, "" if is_within else named[1]
    yield begin, len(lines), table


def _searched(row: Sequence[str], table: str, first: int) -> tuple[list[str], list[Tear]]:
    """The row with its bad lines emptied, and what is wrong in each."""
    header = f"[[{table}]]"
    tears = [] if is_toml(row[0]) and "[[" in row[0] else [Tear(first, table, f"write {header}")]
    kept, is_lost = [header], False
    for begin, end in _statements(row):
        lines = row[begin:end]
        if lines[0].lstrip().startswith("["):
            is_lost = False
        if not is_lost and is_toml("\n".join([*kept, *lines])):
            kept += lines
            continue
        kept += [""] * len(lines)
        if is_lost:
            continue  # of a table within the row whose header cannot be read
        if any(map(_MANY_LINES.search, lines)):
            raise Unsearchable  # what looks like a row may stand within a text
        is_lost = lines[0].lstrip().startswith("[")
        tears.append(_tear(lines, first + begin))
    return kept, tears


def _statements(row: Sequence[str]) -> Iterator[tuple[int, int]]:
    """What follows the header, in the smallest parts that may be right: a line, or those of one value."""
    begin = 1
    while begin < len(row):
        end = begin + 1
        while (
            end < len(row)
            and not is_toml("\n".join(row[begin:end]))
            and not (_KEY.match(row[end]) or row[end].lstrip().startswith("["))
        ):
            end += 1
        yield begin, end
        begin = end


def _tear(lines: Sequence[str], number: int) -> Tear:
    found = _KEY.match(lines[0])
    if found is None:
        written = lines[0].strip()[:40]
        is_header = written.startswith("[")
        example = "a table within a row stands once, such as [offers.source]"
        return Tear(number, written, example if is_header else "write a key, an equals sign and a value")
    key, value = found[1], found[2]
    legible = _LEGIBLE.match(value)
    if is_toml("\n".join(lines)):
        what = "this key stands in the same row twice; write it once"
    elif key.startswith("usd_per_"):
        what = 'write dollars a second as text in quotes, such as { 720p = "0.30" }'
    else:
        what = next(said for shape, said in _SAID if shape.match(value))
    return Tear(number, key, what, legible[1] if legible else None)
