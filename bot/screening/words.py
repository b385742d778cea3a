"""The operator's list of words and phrases."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from bot.errors import SettingsError
from bot.screening.classifier import Subject
from bot.screening.verdict import PASSED, Outcome, Reason, Verdict

WORDS_MAX = 20_000
"""More lines than any list of words; past it the file is something else."""


_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""What Unicode lets nobody see though it is no format character: joiners, fillers, variation selectors."""


class WordList:
    """Refuses prompts that contain one of the operator's words or phrases, whole, in any case or width."""

    name = "operator"
    sees_pictures = False

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(_fold(word) for word in words) - {""}
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[0], set()).add(len(word))
        # Which lengths to look up where a word may begin: a look costs the same at 20 words and at 20,000,
        # where one regular expression of them all would hold the event loop for 70 ms.
        self._lengths = {first: sorted(found) for first, found in lengths.items()}

    async def look(self, subject: Subject) -> Verdict:
        """As `Classifier.look`."""
        if self._has_word(_fold(subject.text)):
            return Verdict(outcome=Outcome.BLOCK, reasons=(Reason(code="word", source=self.name),))
        return PASSED

    def _has_word(self, text: str) -> bool:
        for start, first in enumerate(text):
            lengths = self._lengths.get(first)
            if lengths is None or _goes_on(text, start - 1):
                continue
            for length in lengths:
                end = start + length
                if text[start:end] in self._words and not _goes_on(text, end):
                    return True
        return False


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
    return " ".join(_UNSEEN.sub("", seen).split())


def _goes_on(text: str, at: int) -> bool:
    """Whether a word that ends (or begins) beside this place would go on there."""
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_")
