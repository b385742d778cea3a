"""Raw interactions that no client of Discord's would send, drawn from what the bot synced and its patterns.

The frame of an interaction is Discord's own and always right; all that a person's client chooses is not.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

import cogs
from cogs import buttons
from tests.stage import Json

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
_SUBCOMMAND, _GROUP = 1, 2
BUTTON, USER_SELECT = 2, 5
_STRING_SELECT = 3
UNSTAGED = ("privacy", "setup")
"""Controls whose side does not stand on the stage of the tests."""
CUSTOM_ID_MAX = 100
_OUR_ID = re.compile("[0-9a-hjkmnp-tv-z]{16}")
_FIELD = re.compile(r'^(?:_[A-Z_]+(?:, )?)+ = (?P<names>"[a-z_]+"(?:, "[a-z_]+")*)$', re.MULTILINE)

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
    """What a forger may know: ids of rows of ours, and of Discord's people and places, here and elsewhere."""

    ours: tuple[str, ...]
    snowflakes: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One interaction: its type, its `data`, and who of the people sends it."""

    type: int
    data: Json
    person: str


def patterns() -> list[re.Pattern[str]]:
    """What a `custom_id` of ours looks like: every pattern of the cogs that reads one by its parts."""
    found = {one.pattern: one for one in buttons._TEMPLATES}
    for module in pkgutil.iter_modules(cogs.__path__):
        for value in vars(importlib.import_module(f"cogs.{module.name}")).values():
            if isinstance(value, re.Pattern) and value.groupindex and ":" in value.pattern:
                found[value.pattern] = value
    return [one for one in found.values() if not one.pattern.startswith(UNSTAGED)]


def fields(sources: Sequence[str]) -> list[str]:
    """The `custom_id`s of the fields of our forms, as the cogs name them."""
    named = {name for text in sources for row in _FIELD.finditer(text) for name in row["names"].split(", ")}
    return sorted(one.strip('"') for one in named)


def inputs(listed: Sequence[Json], field_names: Sequence[str], known: Known) -> st.SearchStrategy[Input]:
    """Interactions of every kind, with the commands and the subcommands all as likely."""
    people = st.sampled_from(("Ada", "Bruno", "Mika"))
    text = _texts(known)
    custom_id = _custom_ids(known)
    slashes = [path for command in listed if command.get("type", SLASH) == SLASH for path in _leaves(command)]
    menus = [command for command in listed if command.get("type", SLASH) != SLASH]
    slash = st.sampled_from(slashes).flatmap(lambda path: _slash(path, text, known))
    menu = st.sampled_from(menus).flatmap(lambda command: _menu(command, known))
    press = st.fixed_dictionaries(
        {
            "component_type": st.sampled_from((BUTTON, BUTTON, BUTTON, _STRING_SELECT, USER_SELECT)),
            "custom_id": custom_id,
            "values": st.lists(st.one_of(text, st.sampled_from(known.snowflakes)), max_size=2),
        }
    )
    form = st.fixed_dictionaries(
        {
            "id": st.sampled_from(known.snowflakes),
            "custom_id": custom_id,
            "components": st.lists(_field(field_names, text), max_size=5),
        }
    )
    return st.one_of(
        st.builds(Input, type=st.just(COMMAND), data=slash, person=people),
        st.builds(Input, type=st.just(COMMAND), data=slash, person=people),
        st.builds(Input, type=st.just(AUTOCOMPLETE), data=slash.map(_focused), person=people),
        st.builds(Input, type=st.just(COMMAND), data=menu, person=people),
        st.builds(Input, type=st.just(COMPONENT), data=press, person=people),
        st.builds(Input, type=st.just(COMPONENT), data=press, person=people),
        st.builds(Input, type=st.just(FORM), data=form, person=people),
        st.builds(Input, type=st.just(FORM), data=form, person=people),
    )


def _leaves(command: Json) -> Iterator[tuple[Json, ...]]:
    """Every way from a command to what can be called, groups and all."""
    inner = [one for one in command.get("options", []) if one["type"] in (_SUBCOMMAND, _GROUP)]
    if not inner:
        yield (command,)
    for one in inner:
        for rest in _leaves(one):
            yield (command, *rest)


def _texts(known: Known) -> st.SearchStrategy[str]:
    # A lone surrogate never comes through Discord.
    short = st.text(alphabet=st.characters(codec="utf-8"), max_size=8)
    return st.one_of(st.sampled_from(HOSTILE), st.sampled_from((*known.ours, *known.snowflakes)), short)


def _values(option: Json, text: st.SearchStrategy[str], known: Known) -> st.SearchStrategy[object]:
    """What is sent for an option: what it takes, what lies beside that, or another type altogether."""
    number = st.sampled_from(NUMBERS)
    anything = st.one_of(text, number, st.booleans(), st.none())
    choices = [one["value"] for one in option.get("choices", [])]
    match option["type"]:
        case 3:
            right: st.SearchStrategy[object] = st.sampled_from(choices) if choices else text
        case 4:
            low, high = option.get("min_value", 0), option.get("max_value", 100)
            right = st.sampled_from((low, high, low - 1, high + 1, 2**63, -(2**63)))
        case 5:
            right = st.booleans()
        case _:
            right = st.sampled_from((*known.snowflakes, "0", "-1", "x", "9" * 30))
    return st.one_of(right, right, right, anything)


def _slash(path: tuple[Json, ...], text: st.SearchStrategy[str], known: Known) -> st.SearchStrategy[Json]:
    command, leaf = path[0], path[-1]
    described = leaf.get("options", [])

    @st.composite
    def made(draw: st.DrawFn) -> Json:
        options: list[Json] = []
        for option in described:
            if draw(st.integers(0, 9)) < (8 if option.get("required") else 4):
                kind = option["type"] if draw(st.integers(0, 9)) else draw(st.integers(3, 11))
                options.append(
                    {"name": option["name"], "type": kind, "value": draw(_values(option, text, known))}
                )
        if not draw(st.integers(0, 19)):
            options.append({"name": draw(text), "type": 3, "value": draw(text)})
        for one in reversed(path[1:]):
            options = [{"name": one["name"], "type": one["type"], "options": options}]
        return {"id": command["id"], "version": "1", "name": command["name"], "type": 1, "options": options}

    return made()


def _focused(data: Json) -> Json:
    """The same while its last option is being typed."""
    options = data["options"]
    while options and options[-1]["type"] in (_SUBCOMMAND, _GROUP):
        options = options[-1]["options"]
    if options:
        options[-1]["focused"] = True
    return data


def _menu(command: Json, known: Known) -> st.SearchStrategy[Json]:
    target = known.messages if command["type"] == MESSAGE_MENU else known.snowflakes
    described = {"id": command["id"], "version": "1", "name": command["name"], "type": command["type"]}
    return st.sampled_from(target).map(lambda one: described | {"target_id": one})


def _custom_ids(known: Known) -> st.SearchStrategy[str]:
    """As the bot would write them, with ids that exist, and then edited."""
    right = st.sampled_from(patterns()).flatmap(
        lambda one: st.from_regex(one, fullmatch=True, alphabet=_ASCII)
    )
    about = st.sampled_from((*known.ours, None, None))

    def put(custom_id: str, row: str | None) -> str:
        return custom_id if row is None else _OUR_ID.sub(row, custom_id)

    real = st.builds(put, right, st.one_of(st.sampled_from(known.ours), about))
    edit = st.sampled_from(
        (str.upper, lambda s: s + ":yes", lambda s: s[:-1], lambda s: s.replace(":", "::"))
    )
    edited = st.builds(lambda one, change: change(one), real, edit)
    swapped = st.builds(
        lambda one, row: re.sub(r"[0-9]+", row, one), right, st.sampled_from(known.snowflakes)
    )
    forged = st.one_of(real, real, real, real, swapped, edited, st.sampled_from(HOSTILE))
    return forged.map(lambda one: one[:CUSTOM_ID_MAX] or "x")


_ASCII = st.characters(min_codepoint=33, max_codepoint=126)


def _field(names: Sequence[str], text: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """A field of a form as it is sent in, of a kind that may not be its own."""
    value = st.one_of(text, text, text, st.sampled_from(NUMBERS), st.booleans(), st.none(), st.just({}))
    kind = st.sampled_from((3, 4, 5, 6, 8, 19, 21, 22, 23))

    def made(name: str, kind: int, value: object, *, listed: bool, wrapped: bool) -> Json:
        field: Json = {"type": kind, "id": 1, "custom_id": name}
        field |= {"values": [value]} if listed else {"value": value}
        return {"type": 18, "id": 2, "component": field} if wrapped else {"type": 1, "components": [field]}

    return st.builds(
        made,
        st.one_of(st.sampled_from(names), st.sampled_from(names), text),
        kind,
        value,
        listed=st.booleans(),
        wrapped=st.sampled_from((True, True, True, False)),
    )
