"""What looks at a prompt before any money is held. The first to look is the operator's word list."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from bot.domain import FaultKind, Order
from bot.errors import OrderRefused, SettingsError

WORDS_MAX = 20_000
"""More lines than any list of words; past it the file is something else."""


class Screening(Protocol):
    """Looks at an order and lets it pass, or refuses it."""

    async def look(self, order: Order) -> None:
        """Return if the order may go on.

        Raises:
            OrderRefused: with the sentence for the member; it does not repeat the word.
        """


class WordList:
    """Refuses prompts that contain one of the operator's words or phrases, whole, in any case or width."""

    def __init__(self, words: Iterable[str]) -> None:
        folded = sorted({_fold(word) for word in words} - {""}, key=len, reverse=True)
        # One alternation of literals between word edges: linear in the prompt, whatever the list holds.
        self._any_word = (
            re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, folded)) + r")(?!\w)") if folded else None
        )

    async def look(self, order: Order) -> None:
        """See `Screening.look`."""
        if self._any_word is not None and self._any_word.search(_fold(order.prompt)):
            raise OrderRefused(
                "The prompt has a word that is not allowed here.",
                "Say it in other words and order again.",
                kind=FaultKind.RULES,
            )


def read_words(path: Path | None) -> list[str]:
    """The operator's list: one word or phrase a line; empty lines and those that begin with `#` are skipped.

    Raises:
        SettingsError: the file cannot be read, or is no list of words.
    """
    if path is None:
        return []
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"DAILIES_BLOCKED_WORDS_FILE: {path} cannot be read as text") from fault
    if len(lines) > WORDS_MAX:
        raise SettingsError(f"DAILIES_BLOCKED_WORDS_FILE: {path} has more than {WORDS_MAX} lines")
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _fold(text: str) -> str:
    """The text as it reads: one width, one case, no invisible characters, single spaces."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    seen = "".join(char for char in wide if unicodedata.category(char) != "Cf")
    return " ".join(seen.split())
