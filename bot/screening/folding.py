"""Text as it reads, whatever it was dressed in, and the letters that look alike."""

import re
import sys
import unicodedata

from bot.screening.confusables import ALIKE, BADGES, SIGNS

_MARKS = (*range(0x300, 0x370), *range(0x1AB0, 0x1B00), *range(0x1DC0, 0x1E00), *range(0x20D0, 0x2100))
"""Strokes over and under Latin, Greek and Cyrillic letters. Those of kana make another letter, and stay."""

_UNSEEN = (
    0x34F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x3164,
    0xFFA0,
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
)
"""What Unicode lets nobody see though it is no format character: joiners, fillers, variation selectors."""

_NOT_READ: dict[int, str | None] = dict.fromkeys(
    (
        *_MARKS,
        *range(0xFE20, 0xFE30),
        *_UNSEEN,
        *range(0xE0100, 0xE01F0),
        *(code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"),
    )
) | {ord(badge): letter for badge, letter in BADGES.items()}

_POSSESSIVE = re.compile(r"(?<=\w)['\u2018\u2019\u02bc`\u00b4]s\b")
_APOSTROPHE = re.compile(r"(?<=\w)['\u2018\u2019\u02bc`\u00b4](?=\w)")
_I_FOR_L = re.compile(r"(?<=[a-z])I+|(?<=[A-Z])l+(?=[A-Z]|\b)")
_NO_LETTER = re.compile(r"[\W_]")
_SIGN = re.compile(f"[{re.escape(SIGNS)}]")
_NO_LETTER_OR_SIGN = re.compile(rf"[^\w{re.escape(SIGNS)}]|_")
_RUNS_ON = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)

_CLASSES = str.maketrans(ALIKE)

_ROUNDS_MAX = 4
"""Taking a mark away may let another be folded; two rounds have always done."""


def fold(text: str) -> str:
    """The text as it reads: one width, one case, no marks, nothing invisible, no apostrophes in words."""
    for _ in range(_ROUNDS_MAX):
        text = _once(text)
        if text.isascii() or unicodedata.normalize("NFKC", text).casefold() == text:
            break
    return text


def fold_prompt(prompt: str) -> str:
    """As `fold`, and a capital I that stands for a small l (or the other way round) is told from a letter."""
    return fold(
        _I_FOR_L.sub(lambda dressed: "\u0131" * len(dressed[0]), unicodedata.normalize("NFKC", prompt))
    )


def classes(folded: str) -> str:
    """A letter for every letter, the same for all that look alike; a space for everything else."""
    return _NO_LETTER.sub(" ", folded).translate(_CLASSES)


def classes_with_signs(folded: str) -> str | None:
    """As `classes`, with the signs that stand for letters (`@`, `$`, `!`); None where there are none."""
    if _SIGN.search(folded) is None:
        return None
    return _NO_LETTER_OR_SIGN.sub(" ", folded).translate(_CLASSES)


def runs_on(word: str) -> bool:
    """Whether it is of a script that sets no spaces between words."""
    return _RUNS_ON.search(word) is not None


def _once(text: str) -> str:
    if text.isascii():
        folded = text.lower()
    else:
        wide = unicodedata.normalize("NFKC", text).casefold()
        apart = unicodedata.normalize("NFD", wide)
        folded = unicodedata.normalize("NFKC", apart.translate(_NOT_READ))
    return _APOSTROPHE.sub("", _POSSESSIVE.sub("", folded)) if _has_apostrophe(folded) else folded


def _has_apostrophe(text: str) -> bool:
    return any(mark in text for mark in "'\u2018\u2019\u02bc`\u00b4")
