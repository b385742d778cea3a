"""All that a person can call, press, fill in or type at a bot, found from what it registered and showed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.components import walk
from bot.sandbox.person import Person

Json = dict[str, Any]

SLASH, USER_MENU = 1, 2
_SUBCOMMANDS = (1, 2)
_BUTTON = 2
_DANGER = 4
_FILE = 11
# After the colon or the one letter that stands before it; and the number of a page at the end.
_ID = re.compile(r"(?<=[:kc])[0-9a-hjkmnp-tv-z]{16}(?![0-9a-z])")

PROMPT = "a paper boat crossing a rain puddle, soft rain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A slash command as it is called: with what it requires, or with all that it takes."""

    name: str
    options: Json
    files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What can be pressed on a message. `kind` is its `custom_id` without what it is about."""

    kind: str
    message: Json
    custom_id: str
    values: list[str] | None
    ends_things: bool


def leaves(commands: list[Json]) -> Iterator[tuple[str, list[Json]]]:
    """Every slash command with its options, those inside of groups by their whole name."""
    for command in commands:
        if command["type"] == SLASH:
            yield from _leaves(command, command["name"])


def _leaves(command: Json, name: str) -> Iterator[tuple[str, list[Json]]]:
    options = command.get("options", [])
    inner = [one for one in options if one["type"] in _SUBCOMMANDS]
    for one in inner:
        yield from _leaves(one, f"{name} {one['name']}")
    if not inner:
        yield name, options


def calls(name: str, options: list[Json], person: Person, channel: str, chosen: Json) -> Iterator[Call]:
    """How a command is called here: with as little as it takes, and with everything.

    Args:
        name: of the command.
        options: as it was registered with them.
        person: who is taken where a member is asked for.
        channel: taken where a channel is asked for.
        chosen: what autocomplete proposed, by the option's name.
    """
    required = [one for one in options if one.get("required")]
    yield _call(name, required, person, channel, chosen)
    if len(required) < len(options):
        # Where nothing is proposed there is nothing to be named.
        named = [one for one in options if not one.get("autocomplete") or one["name"] in chosen]
        more = [one for one in options if one in required or one in named]
        yield _call(name, more, person, channel, chosen)


def _call(name: str, options: list[Json], person: Person, channel: str, chosen: Json) -> Call:
    values: Json = {}
    files = 0
    for option in options:
        if option["type"] == _FILE:
            values[option["name"]] = str(files)
            files += 1
        else:
            values[option["name"]] = chosen.get(option["name"], _value(option, person, channel))
    return Call(name=name, options=values, files=files)


def _value(option: Json, person: Person, channel: str) -> Any:
    if option.get("choices"):
        return option["choices"][-1]["value"]
    match option["type"]:
        case 4 | 10:  # numbers
            return option.get("min_value", 1)
        case 5:  # yes or no
            return True
        case 6 | 9:  # a member, or anybody
            return person.id
        case 7:  # a channel
            return channel
        case 8:  # a role: the one of everyone has the server's own id
            return next(iter(person.client.guilds))
        case _:
            return PROMPT[: option.get("max_length", len(PROMPT))]


def controls(messages: list[Json], person: Person) -> Iterator[Control]:
    """Everything that can be pressed now, the newest message first."""
    for message in sorted(messages, key=lambda one: -int(one["id"])):
        for one in walk(message.get("components", [])):
            if "custom_id" not in one or one.get("disabled"):
                continue
            values = None if one["type"] == _BUTTON else values_of(one, person)
            yield Control(
                kind=kind_of(one["custom_id"]),
                message=message,
                custom_id=one["custom_id"],
                values=values,
                ends_things=one.get("style") == _DANGER or "delete" in str(one.get("label", "")).lower(),
            )


def values_of(control: Json, person: Person) -> list[str]:
    """What is chosen in a list: somebody or something of the server, else what it begins with."""
    return _named(control, person) or _chosen(control)


def kind_of(custom_id: str) -> str:
    """A `custom_id` without the ids in it."""
    return re.sub(r"(?<=:)\d+(?=:|$)", "…", _ID.sub("…", custom_id))


def filled(form: Json, person: Person) -> tuple[Json, int]:
    """What is sent in with a form, by `custom_id`, and how many files."""
    values: Json = {}
    files = 0
    for one in walk(form["components"]):
        match one["type"]:
            case 4:  # words
                values[one["custom_id"]] = one.get("value") or PROMPT[: one.get("max_length", len(PROMPT))]
            case 3 | 22:  # a list, a group of boxes
                values[one["custom_id"]] = _chosen(one)
            case 21:  # a group of radio buttons: of a report's reasons the first hides the clip from all
                values[one["custom_id"]] = one["options"][-1]["value"]
            case 23:  # a box
                values[one["custom_id"]] = True
            case 5 | 6 | 7 | 8:  # members, roles, channels
                values[one["custom_id"]] = _named(one, person)
            case 19:  # files
                values[one["custom_id"]] = [str(files)]
                files += 1
    return values, files


def _named(component: Json, person: Person) -> list[str]:
    """Somebody or something of the server, where a list is of those."""
    match component["type"]:
        case 5 | 7:  # members
            return [person.id]
        case 6:  # roles: the one of everyone has the server's own id
            return [next(iter(person.client.guilds))]
        case 8:
            return [person.channel("dailies")]
        case _:
            return []


def _chosen(component: Json) -> list[str]:
    """What stands in a list already, else its first."""
    options: list[Json] = component.get("options", [])
    named = [one["value"] for one in options if one.get("default")]
    return named or [one["value"] for one in options[:1]]
