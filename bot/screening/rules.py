"""What a list of words says: rules, written one a line, so that a person can read and send the whole list.

# a remark
gore                 stops what has this word or phrase in it
? zombie             lets a moderator look first
+ blood orange       is allowed, whatever stands in it
knife & school       both in one prompt, in any order
decapitat*           every word that begins so
@town: Berlin, Bonn  a name for several words, for pairs: `@town & riot`
[violence]           what follows is of this category
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.screening.folding import classes, fold, runs_on
from bot.screening.verdict import MINORS

PHRASE_CHARS_MAX = 64
LETTERS_MIN = 2
"""A word of one letter stands in every prompt; of a script without spaces one character may be a word."""

_SECTION = re.compile(r"\[([^\[\]]{1,40})\]")
_NAME = re.compile(r"@[a-z][a-z0-9-]{0,30}")


class Action(StrEnum):
    """What a rule does where its words are found."""

    BLOCK = "block"
    QUEUE = "queue"
    ALLOW = "allow"


class UnfitRule(ValueError):
    """No rule; `why` is a stable word: `empty`, `short`, `long`, `star`, `name`, `pair`, `minors`."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.why = why
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Any of `words` in a prompt, and any of `beside` where there are some; folded, a stem with its `*`."""

    action: Action
    words: tuple[str, ...]
    beside: tuple[str, ...] = ()
    category: str = ""


def phrase(typed: str) -> str:
    """A word or phrase as rules keep it.

    Raises:
        UnfitRule: too short or long to be one.
    """
    text = typed.strip()
    star = "*" if text.endswith("*") else ""
    folded = " ".join(words_of(text.removesuffix("*")))
    letters = folded.replace(" ", "")
    if not letters:
        raise UnfitRule("empty")
    if "*" in text.removesuffix("*"):
        raise UnfitRule("star")
    if len(letters) < (1 if runs_on(letters) else LETTERS_MIN + bool(star)):
        raise UnfitRule("short")
    if len(folded) > PHRASE_CHARS_MAX:
        raise UnfitRule("long")
    return folded + star


def words_of(text: str) -> list[str]:
    """The words of a text, folded, without what stands between them."""
    folded = fold(text)
    letters = (letter if kind != " " else " " for letter, kind in zip(folded, classes(folded), strict=True))
    return "".join(letters).split()


def read(lines: Iterable[str], *, category: str = "") -> list[Rule]:
    """The rules of a whole list.

    Raises:
        UnfitRule: with the number of the line.
    """
    return list(_rules(lines, category))


def _rules(lines: Iterable[str], category: str) -> Iterator[Rule]:
    named: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if section := _SECTION.fullmatch(text):
            category = section[1]
            continue
        try:
            name, colon, words = text.partition(":")
            if colon and _NAME.fullmatch(name.strip()):
                named[name.strip()] = named.get(name.strip(), ()) + tuple(map(phrase, words.split(",")))
                continue
            yield _rule(text, category, named)
        except UnfitRule as unfit:
            raise UnfitRule(unfit.why, number) from unfit


def _rule(text: str, category: str, named: dict[str, tuple[str, ...]]) -> Rule:
    action = Action.BLOCK
    if text[0] in "?+":
        action = Action.QUEUE if text[0] == "?" else Action.ALLOW
        text = text[1:]
    if category == MINORS and action is not Action.BLOCK:  # no line of a list makes this milder
        raise UnfitRule("minors")
    one, both, other = text.partition("&")
    if both and action is Action.ALLOW:
        raise UnfitRule("pair")
    return Rule(
        action=action,
        words=_words(one, named),
        beside=_words(other, named) if both else (),
        category=category,
    )


def _words(text: str, named: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    name = text.strip()
    if not name.startswith("@") or _NAME.fullmatch(name) is None:
        return (phrase(text),)
    if name not in named:
        raise UnfitRule("name")
    return named[name]
