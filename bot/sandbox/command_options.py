"""A person's values for a command's options: checked as Discord's API does, and resolved for the bot."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.command_rules import (
    ATTACHMENT,
    BOOLEAN,
    GROUP,
    INTEGER,
    NUMBER,
    STRING,
    SUBCOMMAND,
    TO_CHANNEL,
    TO_MENTIONABLE,
    TO_ROLE,
    TO_USER,
)
from bot.sandbox.errors import Form, Json, Path
from bot.sandbox.resolve import Resolver

SNOWFLAKES = (TO_USER, TO_CHANNEL, TO_ROLE, TO_MENTIONABLE, ATTACHMENT)


@dataclass(slots=True)
class Values:
    """The options as the bot gets them; `path` is the command's name with its subcommand's."""

    options: list[Json]
    path: str


def check_values(form: Form, path: Path, described: list[Json], given: Any, *, partial: bool) -> None:
    """Note every value that does not fit its option.

    `described` are the options as synced, `given` those of the person's client; `partial` is for
    autocomplete, where what is required may still be missing or unfinished.
    """
    if not form.count(path, given, 0, 25):
        return
    by_name = {option["name"]: option for option in described}
    seen: set[str] = set()
    for index, value in enumerate(given):
        where: Path = (*path, index)
        option = by_name.get(value.get("name")) if isinstance(value, dict) else None
        if option is None:
            form.wrong(where, "APPLICATION_COMMAND_OPTION_UNKNOWN", "Unknown option")
            continue
        seen.add(option["name"])
        if value.get("type") != option["type"]:
            form.choice((*where, "type"), value.get("type"), (option["type"],))
        elif option["type"] in (SUBCOMMAND, GROUP):
            inner = value.get("options") or []
            check_values(form, (*where, "options"), option.get("options") or [], inner, partial=partial)
        elif not (partial and value.get("focused")):
            _check_value(form, (*where, "value"), option, value.get("value"))
    nested = any(option["type"] in (SUBCOMMAND, GROUP) for option in described)
    if nested and len(seen) != 1:
        form.wrong(path, "APPLICATION_COMMAND_SUBCOMMAND_REQUIRED", "Exactly one subcommand must be chosen")
    for option in described if not partial else ():
        if option.get("required") and option["name"] not in seen:
            form.wrong((*path, option["name"]), "BASE_TYPE_REQUIRED", "This field is required")


def _check_value(form: Form, path: Path, option: Json, value: Any) -> None:
    if value is None:
        form.required(path)
        return
    kind = option["type"]
    choices = option.get("choices")
    if choices:
        form.choice(path, value, tuple(choice["value"] for choice in choices))
    elif kind == STRING:
        form.length(path, value, option.get("min_length") or 0, option.get("max_length") or 6000)
    elif kind == INTEGER:
        form.number(path, value, option.get("min_value", -(2**53)), option.get("max_value", 2**53))
    elif kind == NUMBER:
        low, high = option.get("min_value", -(2.0**53)), option.get("max_value", 2.0**53)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            form.wrong(path, "NUMBER_TYPE_COERCE", f"Must be a number from {low} to {high}.")
    elif kind == BOOLEAN:
        if not isinstance(value, bool):
            form.choice(path, value, (True, False))
    elif kind in SNOWFLAKES and not str(value).isdecimal():
        form.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


def resolve_values(name: str, given: list[Json], resolver: Resolver) -> Values:
    """The values with ids in place of upload numbers; what they point to is gathered in `resolver`."""
    options: list[Json] = []
    path = name
    for value in given:
        option: Json = {key: value[key] for key in ("name", "type", "value", "focused") if key in value}
        kind = value.get("type")
        if kind in (SUBCOMMAND, GROUP):
            inner = resolve_values(str(value.get("name")), value.get("options") or [], resolver)
            option["options"] = inner.options
            path = f"{name} {inner.path}"
        elif kind in SNOWFLAKES:
            option["value"] = resolver.add(kind, str(value.get("value")))
        options.append(option)
    return Values(options, path)


def focused_kind(given: Any) -> int | None:
    """The type of the option that a person is typing in."""
    for value in given if isinstance(given, list) else ():
        if not isinstance(value, dict):
            continue
        if value.get("focused"):
            kind = value.get("type")
            return kind if isinstance(kind, int) else None
        inner = focused_kind(value.get("options"))
        if inner is not None:
            return inner
    return None
