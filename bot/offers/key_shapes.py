"""Whose key a secret certainly is, by its shape; to name the variable into which another's was put.

Only what nobody else's key looks like is known here: a key of no known shape may be anybody's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """Whose keys look so, what they are called, and what is expected of one in words."""

    whose: str
    looks: re.Pattern[str]
    expected: str


_SHAPES = (
    Shape(
        "fal",
        re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}", re.IGNORECASE),
        "an id and a secret with a colon between",
    ),
    Shape("Replicate", re.compile(r"r8_.*"), "r8_ and letters"),
    Shape("Lumenfall", re.compile(r"lmnfl_.*"), "lmnfl_ and letters"),
    Shape("OpenAI", re.compile(r"sk-(?:proj|svcacct|admin)-.*|sk-.*T3BlbkFJ.*"), "sk- and letters"),
    Shape(
        "Discord", re.compile(r"[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,40}"), "three parts with dots between"
    ),
    Shape("a webhook", re.compile(r"whsec_.*"), "whsec_ and Base64"),
)
_EXPECTED = {shape.whose: shape.expected for shape in _SHAPES} | {
    "Prodia": "what Prodia's dashboard shows as a token"
}


_EXPECTED_SHAPES = {
    "fal": re.compile(r"[^:]+:[^:]+"),
    "Replicate": re.compile(r"r8_.+"),
    "Lumenfall": re.compile(r"lmnfl_.+"),
    "OpenAI": re.compile(r"sk-.+"),
}
"""What the keys of these begin with or consist of, more loosely: a proxy or a new kind of key may differ."""


def odd_keys(secrets: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """One line for each variable whose value does not look like what it should be. No value is in it.

    Args:
        secrets: as of `wrong_keys`.
    """
    for name, (whose, value) in secrets.items():
        shape = _EXPECTED_SHAPES.get(whose)
        if shape is not None and not shape.fullmatch(value):
            yield f"{name} does not look like a key of {whose}'s, which is {_EXPECTED[whose]}"


def wrong_keys(secrets: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """One line for each variable that certainly holds another's key. No value is in it.

    Args:
        secrets: of each variable's name: whose key it should be, and the value.
    """
    for name, (whose, value) in secrets.items():
        for shape in _SHAPES:
            if shape.whose != whose and shape.looks.fullmatch(value):
                yield f"{name} holds a key of {shape.whose}'s; {whose}'s is {_EXPECTED[whose]}"
                break
