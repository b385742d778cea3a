"""A form's names with brackets, as OpenAI's SDK writes objects and lists (openai 3.52.0, `_qs.py`)."""

import re
from typing import Any

from bot.studio.wire import ApiRefusal

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,4})")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def put(fields: dict[str, Any], name: str, text: str) -> None:
    """A part's text under its name: `metadata[a]` is in an object, `characters[][id]` in a list's next one.

    Raises:
        ApiRefusal: the same name is said as two kinds of thing.
    """
    named = _NAME.fullmatch(name)
    if named is None:
        fields[name] = text
        return
    outer, value = named[1], _nested(_KEY.findall(named[2]), text)
    fields[outer] = _together(fields[outer], value, outer) if outer in fields else value


def _nested(keys: list[str], text: str) -> Any:
    value: Any = text
    for key in reversed(keys):
        value = {key: value} if key else [value]
    return value


def _together(before: Any, more: Any, name: str) -> Any:
    match before, more:
        case dict(), dict():
            both = {key: _together(before[key], more[key], name) for key in before.keys() & more.keys()}
            return before | more | both
        case list(), list():
            return before + more
        case _:
            raise ApiRefusal(f"'{name}' is said twice.", param=name, code="invalid_value")
