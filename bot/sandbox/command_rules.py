"""The rules of a command's description, as the bot sends it in (docs: interactions/application-commands)."""

import unicodedata
from typing import Any

from bot.sandbox.errors import Form, Json, Path

SLASH, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
TO_USER, TO_CHANNEL, TO_ROLE, TO_MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
VALUES = (STRING, INTEGER, BOOLEAN, TO_USER, TO_CHANNEL, TO_ROLE, TO_MENTIONABLE, NUMBER, ATTACHMENT)
# 100 slash commands, and since 2026-03-03 fifteen of each kind in the menus.
COUNT_MAX = {SLASH: 100, USER: 15, MESSAGE: 15}
CHARACTERS_MAX = 8000
OPTIONS_MAX = CHOICES_MAX = 25
# ^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$, and lower case where a script has cases.
_PUNCTUATION = frozenset("-_'")
_MARKS = ("Mn", "Mc")


def is_slash_name(name: str) -> bool:
    """Whether Discord takes this for the name of a slash command or an option."""
    if not 1 <= len(name) <= 32 or name != name.lower():
        return False
    return all(one in _PUNCTUATION or one.isalnum() or unicodedata.category(one) in _MARKS for one in name)


def check_command(form: Form, path: Path, command: Any) -> None:
    """Note every fault of one command."""
    if not isinstance(command, dict):
        form.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    kind = command.get("type") or SLASH
    if not form.choice((*path, "type"), kind, (SLASH, USER, MESSAGE)):
        return
    _check_names(form, path, command, slash=kind == SLASH)
    if kind == SLASH:
        _check_description(form, path, command)
        if command.get("options") is not None:
            _check_options(form, path, command["options"], depth=0)
        if size_of(command) > CHARACTERS_MAX:
            text = f"Command exceeds maximum size ({CHARACTERS_MAX})"
            form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", text)
    else:
        if command.get("description"):
            text = "Context menu commands cannot have description"
            form.wrong((*path, "description"), "APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED", text)
        if command.get("options"):
            text = "Context menu commands cannot have options"
            form.wrong((*path, "options"), "APPLICATION_COMMAND_OPTIONS_NOT_ALLOWED", text)
    permissions = command.get("default_member_permissions")
    if permissions is not None and not str(permissions).isdecimal():
        text = f'Value "{permissions}" is not int.'
        form.wrong((*path, "default_member_permissions"), "NUMBER_TYPE_COERCE", text)
    for key, allowed in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        listed = command.get(key)
        if listed is not None and form.count((*path, key), listed, 1, len(allowed)):
            for index, one in enumerate(listed):
                form.choice((*path, key, index), one, allowed)


def check_set(form: Form, commands: list[Any]) -> None:
    """Note what is wrong with all commands together: too many, or two with one name."""
    names: set[tuple[int, str]] = set()
    counts = dict.fromkeys(COUNT_MAX, 0)
    for index, command in enumerate(commands):
        check_command(form, (index,), command)
        if not isinstance(command, dict) or command.get("type", SLASH) not in COUNT_MAX:
            continue
        kind = command.get("type") or SLASH
        counts[kind] += 1
        if (kind, str(command.get("name"))) in names:
            text = "Application command names must be unique"
            form.wrong((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        names.add((kind, str(command.get("name"))))
    for kind, count in counts.items():
        if count > COUNT_MAX[kind]:
            text = f"Maximum number of application commands reached ({COUNT_MAX[kind]})."
            form.wrong((), "APPLICATION_COMMANDS_MAX", text)


def size_of(command: Json) -> int:
    """Characters of names, descriptions and values, the longest of their translations each."""
    size = _longest(command, "name") + _longest(command, "description")
    for choice in command.get("choices") or []:
        if isinstance(choice, dict):
            size += _longest(choice, "name") + len(str(choice.get("value", "")))
    return size + sum(size_of(one) for one in command.get("options") or [] if isinstance(one, dict))


def _longest(thing: Json, key: str) -> int:
    translations = thing.get(f"{key}_localizations") or {}
    return max([len(str(thing.get(key) or "")), *(len(str(text)) for text in translations.values())])


def _check_names(form: Form, path: Path, thing: Json, *, slash: bool) -> None:
    names: list[tuple[Path, Any]] = [((*path, "name"), thing.get("name"))]
    for locale, name in (thing.get("name_localizations") or {}).items():
        names.append(((*path, "name_localizations", locale), name))
    for where, name in names:
        if name is None:
            form.required(where)
        elif form.length(where, name, 1, 32):
            right = is_slash_name(name) if slash else bool(name.strip())
            if not right:
                form.wrong(where, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_description(form: Form, path: Path, thing: Json) -> None:
    if thing.get("description") is None:
        form.required((*path, "description"))
    else:
        form.length((*path, "description"), thing["description"], 1, 100)
    for locale, text in (thing.get("description_localizations") or {}).items():
        form.length((*path, "description_localizations", locale), text, 1, 100)


def _check_options(form: Form, path: Path, options: Any, *, depth: int) -> None:
    where: Path = (*path, "options")
    if not form.count(where, options, 0, OPTIONS_MAX):
        return
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        here: Path = (*where, index)
        if not isinstance(option, dict):
            form.wrong(here, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            continue
        _check_names(form, here, option, slash=True)
        _check_description(form, here, option)
        if option.get("name") in names:
            text = "Option name already exists"
            form.wrong((*here, "name"), "APPLICATION_COMMAND_OPTION_NAME_ALREADY_EXISTS", text)
        names.add(str(option.get("name")))
        allowed = ((SUBCOMMAND, GROUP, *VALUES), (SUBCOMMAND, *VALUES), VALUES)[depth]
        if not form.choice((*here, "type"), option.get("type"), allowed):
            continue
        if option["type"] in (SUBCOMMAND, GROUP):
            deeper = 1 if option["type"] == GROUP else 2
            _check_options(form, here, option.get("options") or [], depth=deeper)
            continue
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            form.wrong(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen = optional_seen or not option.get("required")
        _check_value_option(form, here, option)
    kinds = {one.get("type") in (SUBCOMMAND, GROUP) for one in options if isinstance(one, dict)}
    if len(kinds) > 1:
        text = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        form.wrong(where, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)


def _check_value_option(form: Form, path: Path, option: Json) -> None:
    kind = option["type"]
    choices = option.get("choices")
    if choices is not None and form.count((*path, "choices"), choices, 0, CHOICES_MAX):
        if choices and option.get("autocomplete"):
            text = "Autocomplete options cannot have choices"
            form.wrong(path, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", text)
        if choices and kind not in (STRING, INTEGER, NUMBER):
            text = "Only string, integer and number options have choices"
            form.wrong((*path, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", text)
        for index, choice in enumerate(choices):
            _check_choice(form, (*path, "choices", index), choice, kind)
    if option.get("autocomplete") and kind not in (STRING, INTEGER, NUMBER):
        text = "Only string, integer and number options have autocomplete"
        form.wrong((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", text)
    for key, kinds in (
        ("min_value", (INTEGER, NUMBER)),
        ("max_value", (INTEGER, NUMBER)),
        ("min_length", (STRING,)),
        ("max_length", (STRING,)),
    ):
        value = option.get(key)
        if value is None:
            continue
        if kind not in kinds or isinstance(value, bool) or not isinstance(value, (int, float)):
            form.wrong((*path, key), "NUMBER_TYPE_COERCE", f'Value "{value}" is not allowed here.')
        elif key.endswith("length"):
            form.number((*path, key), value, 0 if key == "min_length" else 1, 6000)


def _check_choice(form: Form, path: Path, choice: Any, kind: int) -> None:
    if not isinstance(choice, dict):
        form.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    if choice.get("name") is None:
        form.required((*path, "name"))
    else:
        form.length((*path, "name"), choice["name"], 1, 100)
    check_choice_value(form, (*path, "value"), choice.get("value"), kind)


def check_choice_value(form: Form, path: Path, value: Any, kind: int) -> None:
    """A choice's value must be of its option's type."""
    if value is None:
        form.required(path)
    elif kind == STRING:
        form.length(path, value, 0, 100)
    elif kind == INTEGER:
        form.number(path, value, -(2**53), 2**53)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        form.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not float.')
