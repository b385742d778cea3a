"""The `custom_id`s that the bot reads, from its own patterns: of buttons and selects, and of forms."""

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, get_args, get_origin

import discord
from discord import ui

import cogs
from bot.prompts import Parts
from cogs.buttons import DYNAMIC_ITEMS

BUTTON, SELECT, USER_SELECT, ROLE_SELECT, CHANNEL_SELECT = 2, 3, 5, 6, 8
_KINDS: dict[Any, int] = {
    ui.Button: BUTTON,
    ui.Select: SELECT,
    ui.UserSelect: USER_SELECT,
    ui.RoleSelect: ROLE_SELECT,
    ui.ChannelSelect: CHANNEL_SELECT,
}
_parser: Any = importlib.import_module("re._parser")
_FIELD = re.compile(r'^(?:_?[A-Z_]+(?:, )?)+ = (?P<names>"[a-z_]+"(?:, "[a-z_]+")*)$', re.MULTILINE)
_FIELDS_BESIDE = {"cogs.rules_desk": "cogs.rules_forms", "cogs.storyboard_form": ""}
"""Whose fields are named in another module; the storyboard's are the parts of a prompt."""


_DIGITS = frozenset("0123456789")
_DIGITS_MAX = 19


@dataclass(frozen=True, slots=True)
class Run:
    """So many characters of these."""

    chars: frozenset[str]
    least: int
    most: int

    @property
    def is_of_digits(self) -> bool:
        return self.chars <= _DIGITS


Shape = tuple[str | Run, ...]


@dataclass(frozen=True)
class Pattern:
    """What reads a `custom_id`, and what such a one is made of.

    `kind` is that of the component that has it, None for a form, whose fields are `names`.
    """

    regex: re.Pattern[str]
    kind: int | None
    names: tuple[str, ...] = ()

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """Every way through its alternatives."""
        return tuple(_joined(one) for one in _shapes(_parser.parse(self.regex.pattern)))

    @cached_property
    def variants(self) -> frozenset[tuple[str, str]]:
        """The words that a group of it may hold, each with its group: the act, the answer, the list."""
        found = set()
        for shape in self.shapes:
            sample = "".join(one if isinstance(one, str) else min(one.chars) * one.least for one in shape)
            words = {part for one in shape if isinstance(one, str) for part in one.split(":")}
            held = self.read(sample)
            assert held is not None, (self.regex.pattern, sample)
            found |= {(name, value) for name, value in held.items() if value in words}
        return frozenset(found)

    def read(self, custom_id: str) -> dict[str, str] | None:
        """What its groups hold; None for one that it does not know."""
        known = self.regex.fullmatch(custom_id)
        return None if known is None else {key: value for key, value in known.groupdict().items() if value}


def of_components() -> list[Pattern]:
    """Of every button and select that there is."""
    return [Pattern(item.__discord_ui_compiled_template__, _kind(item)) for item in DYNAMIC_ITEMS]


def of_forms() -> list[Pattern]:
    """Of every form: the patterns of the cogs that are no component's."""
    taken = {one.regex.pattern for one in of_components()}
    found: dict[str, Pattern] = {}
    for module in pkgutil.iter_modules(cogs.__path__, "cogs."):
        for value in vars(importlib.import_module(module.name)).values():
            if not isinstance(value, re.Pattern) or not value.groupindex or ":" not in value.pattern:
                continue
            if value.pattern not in taken:
                found.setdefault(value.pattern, Pattern(value, None, _names(module.name)))
    return list(found.values())


def all_names() -> tuple[str, ...]:
    """The `custom_id`s of the fields of all forms."""
    return tuple(sorted({name for one in of_forms() for name in one.names}))


def _kind(item: type[ui.DynamicItem[Any]]) -> int:
    (base,) = (one for one in item.__orig_bases__ if get_origin(one) is ui.DynamicItem)  # type: ignore[attr-defined]  # of every generic
    (control,) = get_args(base)
    return _KINDS[get_origin(control) or discord.utils.MISSING]


def _names(module: str) -> tuple[str, ...]:
    source = _FIELDS_BESIDE.get(module, module)
    if not source:
        return tuple(one.name for one in fields(Parts))
    text = (Path(cogs.__path__[0]) / f"{source.partition('.')[2]}.py").read_text()
    rows = (row["names"].split(", ") for row in _FIELD.finditer(text))
    return tuple(sorted({name.strip('"') for row in rows for name in row if name.endswith('"')}))


def _shapes(parsed: Any) -> list[list[str | Run]]:
    """Every way through what `re` has read: words where they differ, runs of characters where any may be."""
    ways: list[list[list[str | Run]]] = [list(_of_one(str(operation), held)) for operation, held in parsed]
    return [[part for way in chosen for part in way] for chosen in itertools.product(*ways)]


def _of_one(operation: str, held: Any) -> Iterator[list[str | Run]]:
    match operation:
        case "LITERAL":
            yield [chr(held)]
        case "IN" if len(chars := _chars(held)) < 4:  # written as a set, meant as words
            for one in sorted(chars):
                yield [one]
        case "IN":
            yield [Run(_chars(held), 1, 1)]
        case "SUBPATTERN":
            yield from _shapes(held[3])
        case "BRANCH":
            ways = [way for branch in held[1] for way in _shapes(branch)]
            runs = [part for way in ways for part in way if isinstance(part, Run) and part.is_of_digits]
            if len(runs) == sum(map(len, ways)):  # a number up to a bound
                yield [Run(_DIGITS, 1, _DIGITS_MAX)]
            else:
                yield from ways
        case "MAX_REPEAT" if str(held[2][0][0]) == "IN":
            yield [Run(_chars(held[2][0][1]), held[0], held[1])]
        case "MAX_REPEAT" if held[:2] == (0, 1):
            yield []
            yield from _shapes(held[2])
        case _:
            raise ValueError(f"{operation} in a custom_id is not known here")


def _chars(held: Any) -> frozenset[str]:
    found: set[str] = set()
    for operation, value in held:
        match str(operation):
            case "LITERAL":
                found.add(chr(value))
            case "RANGE":
                found |= {chr(one) for one in range(value[0], value[1] + 1)}
            case _:
                raise ValueError(f"{operation} in a set of characters is not known here")
    return frozenset(found)


def _joined(parts: list[str | Run]) -> Shape:
    """With the letters of a word put together."""
    grouped = itertools.groupby(parts, key=lambda one: isinstance(one, str))
    joined: list[str | Run] = []
    for is_text, group in grouped:
        joined += ["".join(str(one) for one in group)] if is_text else list(group)
    return tuple(joined)
