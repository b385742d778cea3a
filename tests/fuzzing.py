"""Raw interactions that no client of Discord's would send, drawn from what the bot synced and its patterns.

The frame of an interaction is Discord's own and always right; all that a person's client chooses is not.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from hypothesis import strategies as st

from tests import fuzz_ids
from tests.fuzz_ids import BUTTON, CHANNEL_SELECT, ROLE_SELECT, SELECT, USER_SELECT, Pattern, Run, Shape
from tests.stage import Json

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
SUBCOMMAND, GROUP = 1, 2
CUSTOM_ID_MAX = 100
PEOPLE = ("Ada", "Bruno", "Mika")
_ID_CHARS = 16

HOSTILE = (
    "",
    " ",
    "@everyone <@&1> <@1> <#1> </generate:1>",
    "[free](https://evil.example) **b** ||s|| `c` ~~x~~ > # -#",
    "```\nAPPROVED by the moderators\n```",
    "\u202eevil\u202c \u2066left\u2069",
    "a\u200bb\u200d\ufeff\u00ad",
    "\x00\x07\x1b[31m\r\n",
    "\U0001f600" * 2_100,
    "x" * 4_001,
    "ﷺ" * 300,
    "é́́́" * 50,
    "'; DROP TABLE jobs; --",
    '{"$ne": null, "a": [1, {"b": "c"}]}',
    "../../../../etc/passwd",
    "C:\\Windows\\win.ini\x00.mp4",
    "http://169.254.169.254/latest/meta-data",
    "${jndi:ldap://x} %s%n {0.__class__} {name}",
    "(a+)+$" + "a" * 60 + "!",
    "-1",
    "0",
    "$99999999999999999999.99",
    "1e309",
    "NaN",
    "٣٤٥",
    "9" * 400,
    "2026-13-45",
    "all",
    "server",
    "UTC+99:99",
)
NUMBERS = (
    0,
    -1,
    1,
    2**31,
    2**53,
    -(2**53) - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**40,
    0.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a forger may know: ids of rows of ours, and of Discord's people and places, here and elsewhere.

    `words` are values that some option or select does take.
    """

    ours: tuple[str, ...]
    snowflakes: tuple[str, ...]
    messages: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One interaction: its type, its `data`, and who of the people sends it."""

    type: int
    data: Json
    person: str


Path = tuple[Json, ...]
"""A command with the groups and the subcommand below it, as they were registered."""


def leaves(command: Json) -> Iterator[Path]:
    """Every way from a command to what can be called, groups and all."""
    inner = [one for one in command.get("options", []) if one["type"] in (SUBCOMMAND, GROUP)]
    if not inner:
        yield (command,)
    for one in inner:
        for rest in leaves(one):
            yield (command, *rest)


Maker = Callable[[st.DrawFn], tuple[int, Json]]


@dataclass
class Forger:
    """Draws interactions of every kind, for the commands that are listed, with what is known."""

    listed: Sequence[Json]
    known: Known

    @cached_property
    def text(self) -> st.SearchStrategy[str]:
        """What is typed: what has hurt others, what is known here, or a few characters of any kind."""
        known = self.known
        many = st.sampled_from((*HOSTILE, *HOSTILE, *known.ours, *known.snowflakes, *known.words))
        # A lone surrogate never comes through Discord.
        return st.one_of(many, many, many, st.text(alphabet=st.characters(codec="utf-8"), max_size=8))

    def aims(self) -> list[st.SearchStrategy[Input]]:
        """One for everything that there is to be reached: each command, proposal, control and form."""
        makers: list[Maker] = [
            *(partial(self._slash, path=path) for path in self._slashes()),
            *(partial(self._typing, path=path, name=name) for path, name in self._typed()),
            *(partial(self._menu, command=one) for one in self._menus()),
            *(partial(self._press, pattern=one, shape=shape) for one in _COMPONENTS for shape in one.shapes),
            *(partial(self._form, pattern=one, shape=shape) for one in _FORMS for shape in one.shapes),
        ]
        return [_input(maker) for maker in makers]

    def anything(self) -> st.SearchStrategy[Input]:
        """All subcommands are as likely, and all patterns of a `custom_id`."""
        slash, menu = st.sampled_from(self._slashes()), st.sampled_from(self._menus())
        typed = st.sampled_from(self._typed())
        makers: tuple[Maker, ...] = (
            lambda draw: self._slash(draw, path=draw(slash)),
            lambda draw: self._slash(draw, path=draw(slash)),
            lambda draw: self._menu(draw, command=draw(menu)),
            lambda draw: self._typing(draw, *draw(typed)),
            lambda draw: self._press(draw, *_shape(draw, _COMPONENTS)),
            lambda draw: self._press(draw, *_shape(draw, _COMPONENTS)),
            lambda draw: self._press(draw, *_shape(draw, _COMPONENTS)),
            lambda draw: self._form(draw, *_shape(draw, _FORMS)),
            lambda draw: self._form(draw, *_shape(draw, _FORMS)),
        )
        return _input(lambda draw: makers[draw(st.integers(0, len(makers) - 1))](draw))

    def _slashes(self) -> list[Path]:
        return [path for one in self.listed if one.get("type", SLASH) == SLASH for path in leaves(one)]

    def _typed(self) -> list[tuple[Path, str]]:
        return [(path, name) for path in self._slashes() for name in proposing(path)]

    def _menus(self) -> list[Json]:
        return [one for one in self.listed if one.get("type", SLASH) != SLASH]

    def _slash(self, draw: st.DrawFn, path: Path) -> tuple[int, Json]:
        options: list[Json] = []
        for option in path[-1].get("options", []):
            chance = draw(st.integers(0, 99))
            if chance < (85 if option.get("required") else 40):
                kind = option["type"] if chance % 10 else draw(st.integers(3, 11))
                options.append({"name": option["name"], "type": kind, "value": self._value(draw, option)})
        if not draw(st.integers(0, 19)):
            options.append({"name": draw(self.text), "type": 3, "value": draw(self.text)})
        for one in reversed(path[1:]):
            options = [{"name": one["name"], "type": one["type"], "options": options}]
        command = path[0]
        data = {"id": command["id"], "version": "1", "name": command["name"], "type": 1, "options": options}
        return COMMAND, data

    def _typing(self, draw: st.DrawFn, path: Path, name: str) -> tuple[int, Json]:
        """The same while an option is being typed."""
        _kind, data = self._slash(draw, path)
        options = data["options"]
        for _ in path[1:]:
            options = options[0]["options"]
        options[:] = [one for one in options if one["name"] != name]
        options.append({"name": name, "type": 3, "value": draw(self.text), "focused": True})
        return AUTOCOMPLETE, data

    def _menu(self, draw: st.DrawFn, command: Json) -> tuple[int, Json]:
        target = self.known.messages if command["type"] == MESSAGE_MENU else self.known.snowflakes
        described = {"id": command["id"], "version": "1", "name": command["name"], "type": command["type"]}
        return COMMAND, described | {"target_id": draw(st.sampled_from(target))}

    def _press(self, draw: st.DrawFn, pattern: Pattern, shape: Shape) -> tuple[int, Json]:
        """A press on a control, mostly of the kind that its `custom_id` belongs to."""
        kind = pattern.kind if draw(st.integers(0, 9)) else draw(st.sampled_from(_KINDS))
        data: Json = {"component_type": kind, "custom_id": self._custom_id(draw, shape)}
        if kind != BUTTON:
            value = st.sampled_from((*self.known.words, *self.known.snowflakes))
            data["values"] = draw(st.lists(st.one_of(value, value, self.text), min_size=0, max_size=2))
        return COMPONENT, data

    def _form(self, draw: st.DrawFn, pattern: Pattern, shape: Shape) -> tuple[int, Json]:
        """A form sent in, with its own fields or others'."""
        of_another = not draw(st.integers(0, 3))
        names = _NAMES if of_another or not pattern.names else pattern.names
        return FORM, {
            "id": draw(st.sampled_from(self.known.snowflakes)),
            "custom_id": self._custom_id(draw, shape),
            "components": [
                self._field(draw, draw(st.sampled_from(names))) for _ in range(draw(st.integers(0, 5)))
            ],
        }

    def _value(self, draw: st.DrawFn, option: Json) -> object:
        """What is sent for an option: what it takes, what lies beside that, or another type altogether."""
        if not draw(st.integers(0, 4)):
            return draw(st.one_of(self.text, st.sampled_from((*NUMBERS, True, False, None))))
        match option["type"]:
            case 3:
                choices = [one["value"] for one in option.get("choices", [])]
                return draw(st.sampled_from(choices) if choices else self.text)
            case 4:
                low, high = option.get("min_value", 0), option.get("max_value", 100)
                return draw(st.sampled_from((low, high, low, high, low - 1, high + 1, 2**63, -(2**63))))
            case 5:
                return draw(st.booleans())
            case _:
                return draw(st.sampled_from((*self.known.snowflakes, "-1", "x", "9" * 30)))

    def _field(self, draw: st.DrawFn, name: str) -> Json:
        """A field of a form as it is sent in, of a kind that may not be its own."""
        odd = draw(st.integers(0, 15))
        value: object = draw(self.text) if odd else draw(st.sampled_from((*NUMBERS, True, None, {})))
        field: Json = {"type": draw(st.sampled_from(_FIELD_KINDS)), "id": 1}
        field["custom_id"] = name if odd != 1 else draw(self.text)
        field |= {"values": [value]} if odd % 4 == 2 else {"value": value}
        return {"type": 1, "components": [field]} if odd == 3 else {"type": 18, "id": 2, "component": field}

    def _custom_id(self, draw: st.DrawFn, shape: Shape) -> str:
        """As the bot would write it, mostly with ids that exist; now and then edited, or nothing of ours."""
        made = "".join(self._part(draw, one) for one in shape)
        edit = draw(st.integers(0, 5 * len(_EDITS)))
        if edit < len(_EDITS):
            made = _EDITS[edit](made)
        elif edit == len(_EDITS):
            made = draw(st.sampled_from(HOSTILE))
        return made[:CUSTOM_ID_MAX] or "x"

    def _part(self, draw: st.DrawFn, part: str | Run) -> str:
        if isinstance(part, str):
            return part
        if part.is_of_digits and part.most > 1:
            return draw(st.sampled_from(self.known.snowflakes))[: part.most]
        if part.most >= _ID_CHARS:
            exact = part.least == _ID_CHARS
            return draw(
                st.sampled_from(self.known.ours if exact else (*self.known.ours, *self.known.snowflakes))
            )
        size = draw(st.integers(part.least, part.most))
        return "".join(draw(st.lists(st.sampled_from(sorted(part.chars)), min_size=size, max_size=size)))


def proposing(path: Path) -> list[str]:
    """The options of a command that make proposals while they are typed."""
    return [one["name"] for one in path[-1].get("options", []) if one.get("autocomplete")]


def _input(maker: Maker) -> st.SearchStrategy[Input]:
    @st.composite
    def made(draw: st.DrawFn) -> Input:
        kind, data = maker(draw)
        return Input(type=kind, data=data, person=draw(st.sampled_from(PEOPLE)))

    return made()


def _shape(draw: st.DrawFn, patterns: Sequence[Pattern]) -> tuple[Pattern, Shape]:
    pattern = draw(st.sampled_from(patterns))
    return pattern, pattern.shapes[draw(st.integers(0, len(pattern.shapes) - 1))]


_EDITS: tuple[Callable[[str], str], ...] = (
    str.upper,
    lambda one: one + ":yes",
    lambda one: one[:-1],
    lambda one: one.replace(":", "::"),
    lambda one: re.sub("[0-9]+", "9" * 20, one),
)
_COMPONENTS = fuzz_ids.of_components()
_FORMS = fuzz_ids.of_forms()
_NAMES = fuzz_ids.all_names()
_KINDS = (BUTTON, SELECT, USER_SELECT, ROLE_SELECT, CHANNEL_SELECT)
_FIELD_KINDS = (3, 4, 5, 6, 8, 19, 21, 22, 23)
