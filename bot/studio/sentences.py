"""Taking a prompt apart: its sentences, and the words that somebody speaks in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPOKEN = re.compile(
    r"\"([^\"]{1,600})\""
    r"|“([^”]{1,600})”"
    r"|«([^»]{1,600})»"
    # A single quote opens after a space and closes before one; those inside words are apostrophes.
    r"|(?<![\w])['‘](?=\S)((?:[^'’\n]|(?<=\w)['’](?=\w)){1,600})['’](?!\w)"  # noqa: RUF001 - both are quotes
)
_MARK_OPEN, _MARK_CLOSE = "\ue000", "\ue001"  # private characters: they stand for a spoken line meanwhile
_MARK = re.compile(f"{_MARK_OPEN}(\\d+){_MARK_CLOSE}")
_BREAK = re.compile(
    rf"(?<=[.!?;…。！？])\s+|(?<=[。！？])|\s*\n+\s*"  # noqa: RUF001 - full-width stops end sentences too
    rf"|(?<={_MARK_CLOSE})\s+(?=[A-Z])|,?\s+(?:and\s+)?then\s+|\s*\bcut to:?\s+",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:[-*•\s]+|(?:shot|scene|beat)\s*\d*\s*[:.)-]\s*|\d+\s*[.):]\s+|[\[(]?\d+(?::\d+)?s?\s*-\s*\d+(?::\d+)?s?[\])]?:?\s*)+",
    re.IGNORECASE,
)
CHARS_READ_MAX = 8000
_SENTENCES_MAX = 64


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is without the spoken lines."""

    text: str
    spoken: tuple[str, ...]


def sentences_of(prompt: str) -> list[Sentence]:
    """The prompt's sentences in order, 64 at most; never empty. Nothing is read beyond CHARS_READ_MAX."""
    lines: list[str] = []

    def keep(found: re.Match[str]) -> str:
        line = next(group for group in found.groups() if group is not None).strip()
        # 'invisible' is a quoted word, "Stop!" and 'I sold the boat.' are speech.
        if not line or (" " not in line and line[-1] not in ".!?…" and found[0][0] != '"'):
            return found[0]
        lines.append(line)
        return f" {_MARK_OPEN}{len(lines) - 1}{_MARK_CLOSE} "

    plain = prompt.strip()[:CHARS_READ_MAX].replace(_MARK_OPEN, "").replace(_MARK_CLOSE, "")
    # Long blanks would make the patterns below slow.
    plain = re.sub(r"\n\s+", "\n", re.sub(r"[^\S\n]+", " ", plain))
    marked = _SPOKEN.sub(keep, plain)
    found = []
    for part in _BREAK.split(marked):
        spoken = tuple(lines[int(number)] for number in _MARK.findall(part))
        text = " ".join(_LABEL.sub("", _MARK.sub(" ", part)).split()).strip(" .,;:-–—")  # noqa: RUF001 - dashes
        if text or spoken:
            found.append(Sentence(text, spoken))
    return found[:_SENTENCES_MAX] or [Sentence(" ".join(plain.split()), ())]
