"""Finding known words in a text."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Meaning = TypeVar("Meaning", bound=Hashable)

# "no rain", "without any loud music"; a comma ends what the "no" reaches, and so does the distance.
_DENIAL_REACH_CHARS = 60
_DENIAL = re.compile(r"\b(?:no|not|never|without|zero)\s+(?:any\s+)?(?:[\w'-]+\s+)?$")


@dataclass(frozen=True, slots=True)
class Match(Generic[Meaning]):
    """One meaning, and where in the text it stands."""

    meaning: Meaning
    start: int
    end: int
    denied: bool


class Lexicon(Generic[Meaning]):
    """Words (comma separated, also found in their plural) by what they mean; one may mean several things.

    `but` lists phrases that hold a known word and do not mean it ("depth of field" is no field).
    """

    def __init__(self, words: Mapping[Meaning, str], *, but: str = "") -> None:
        self._meanings: dict[str, list[Meaning]] = {phrase.strip(): [] for phrase in but.split(",") if phrase}
        for meaning, listed in words.items():
            for word in listed.split(","):
                self._meanings.setdefault(word.strip(), []).append(meaning)
        # Longest first, so that "paper boat" is not read as "boat".
        longest_first = sorted(self._meanings, key=len, reverse=True)
        choices = "|".join(re.escape(word) for word in longest_first)
        self._pattern = re.compile(rf"(?<![\w-])({choices})(?:'s|es|s)?(?![\w-])")

    def matches(self, text: str) -> list[Match[Meaning]]:
        """Every known word in the text, in its order."""
        folded = text.casefold()
        return [
            Match(meaning, found.start(), found.end(), _denied(folded, found.start()))
            for found in self._pattern.finditer(folded)
            for meaning in self._meanings[found[1]]
        ]

    def all(self, text: str) -> list[Meaning]:
        """What the text asks for, each once, in its order, without what it denies."""
        return list(dict.fromkeys(match.meaning for match in self.matches(text) if not match.denied))

    def first(self, text: str) -> Meaning | None:
        return next((match.meaning for match in self.matches(text) if not match.denied), None)

    def denied(self, text: str) -> set[Meaning]:
        """What the text says it does not want."""
        return {match.meaning for match in self.matches(text) if match.denied}


def _denied(text: str, at: int) -> bool:
    return _DENIAL.search(text, max(0, at - _DENIAL_REACH_CHARS), at) is not None
