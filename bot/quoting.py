"""What a member wrote, made safe to show: one quoted line that can style, ping, link and imitate nothing."""

import unicodedata
from collections.abc import Iterable
from itertools import accumulate

MARKS_MAX = 4
"""Combining marks on one letter: more than any script needs, fewer than it takes to cover other lines."""

_ESCAPED = frozenset("\\`*_~|[]()<>#@:-+")
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Control, format (bidi, zero width, tags), lone surrogates, private use, unassigned."""


def plain(text: str) -> str:
    """The visible characters on one line, single-spaced: for alt texts, file names and logs."""
    seen: list[str] = []
    marks = 0
    for char in " ".join(text.split()):
        category = unicodedata.category(char)
        if category in _DROPPED:
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= MARKS_MAX:
            seen.append(char)
    return "".join(seen)


def escaped(text: str) -> str:
    """The visible characters, with a backslash before everything that Discord's markdown reads."""
    return "".join(_escaped(char) for char in plain(text))


def shortened(text: str, units_max: int) -> str:
    """`plain` text of at most so many UTF-16 units, with an ellipsis where it was cut."""
    return _cut([*plain(text)], units_max)


def quoted(text: str, units_max: int) -> str:
    """A block quote of at most so many UTF-16 units (the most cautious way to count Discord's limits)."""
    return "> " + _cut([_escaped(char) for char in plain(text)], units_max - 2)


def fits(text: str, units_max: int) -> bool:
    """Whether `quoted` shows the whole text."""
    return units(escaped(text)) + 2 <= units_max


def _escaped(char: str) -> str:
    return f"\\{char}" if char in _ESCAPED else char


def _cut(parts: list[str], units_max: int) -> str:
    if sum(map(units, parts)) <= units_max:
        return "".join(parts)
    kept: list[str] = []
    room = units_max - 1
    for part in parts:
        room -= units(part)
        if room < 0:
            break
        kept.append(part)
    return "".join(kept) + "…"


def whole_lines(lines: Iterable[str], units_max: int) -> int:
    """How many of the first lines fit into a text of at most so many UTF-16 units."""
    ends = accumulate(units(line) + 1 for line in lines)
    return sum(end <= units_max + 1 for end in ends)


def units(text: str) -> int:
    """UTF-16 units of a text, as Discord's own clients count it."""
    return len(text) + sum(char > "\uffff" for char in text)
