"""Whether a piece of a prompt spells a word: with letters that look alike, stretched, or set apart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from bot.screening.folding import classes, runs_on

STRETCHED_MIN = 3
"""No word of a Latin script has a letter three times in a row, so then two of them may be for show."""

_SMALL_WORDS = frozenset(
    classes(
        "a i ad ah ai al am an as at be by da de do dr du eh el en er es eu ex go ha he hi id if im in is "
        "it ja la le me mr ms my no of oh ok on or ox pa pi so st to tv uk um un up us vs we wo ye zu"
    ).split()
)
"""What stands between spaces by itself in English and German; any other piece so small is a splinter."""

_SET_APART = re.compile(" +")


class Spelled(Enum):
    """How a piece spells a word."""

    NOT = 0
    WHOLE = 1
    SPLINTERED = 2
    """With spaces between its letters, as `g o r e`: what stands beside it decides whether it is one."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase to look for.

    `letters` are all of it without spaces; `gaps` has a bit for each number of letters after which a word of
    a phrase ends. One `with_edges` begins where words do, and one that is `exact` is found only as it is
    written.
    """

    letters: str
    kinds: str
    gaps: int
    with_edges: bool
    free: bool
    """Whether more letters may follow: a stem, or of a script without spaces."""
    exact: bool
    _masks: dict[tuple[str, str], int] = field(default_factory=dict)

    def mask(self, letter: str, kind: str) -> int:
        """A bit for each of its letters that this one may stand for; small, and asked again and again."""
        known = self._masks.get((letter, kind))
        if known is None:
            known = self._masks[letter, kind] = sum(
                1 << place
                for place, own in enumerate(self.letters)
                if own == letter
                or (not self.exact and self.kinds[place] == kind and not _means_itself(letter, own))
            )
        return known


def word_of(phrase: str, *, exact: bool) -> Word:
    """A word from how rules keep it (`rules.phrase`)."""
    parts = phrase.removesuffix("*").split(" ")
    letters, gaps = "", 0
    for part in parts:
        letters += part
        gaps |= 1 << len(letters)
    return Word(
        letters=letters,
        kinds=classes(letters),
        gaps=gaps,
        with_edges=not runs_on(letters),
        free=phrase.endswith("*") or runs_on(letters),
        exact=exact,
    )


def spelled(word: Word, piece: str, kinds: str) -> Spelled:
    """How a piece of a folded prompt, with the kinds of its letters, spells a word from end to end."""
    stretched = _stretched(kinds)
    before, at = "", 0
    reached, splintered = 1, False
    for gap in (*_SET_APART.finditer(kinds), None):
        end = len(kinds) if gap is None else gap.start()
        for place in range(at, end):
            fits = word.mask(piece[place], kinds[place])
            stays = reached & (fits << 1) if stretched[place] and not word.exact else 0
            reached = ((reached & fits) << 1) | stays
            if not reached:
                return Spelled.NOT
        if gap is not None:
            at = gap.end()
            before = piece[gap.start() : at]
            if any(map(str.isspace, before)) and not reached & word.gaps:
                splintered = True
    if not reached >> len(word.letters):
        return Spelled.NOT
    has_letter = any(map(str.isalpha, piece))
    if not has_letter and not all(own in piece for own in word.letters):  # 455 is a number
        return Spelled.NOT
    if not splintered:
        return Spelled.WHOLE
    return Spelled.SPLINTERED if _splinters(kinds.split(), exact=word.exact) else Spelled.NOT


def _splinters(parts: Sequence[str], *, exact: bool) -> bool:
    """Whether parts of a word are too small to be words of their own."""
    if exact:
        return all(len(part) == 1 for part in parts)
    if len(parts) >= STRETCHED_MIN and all(len(part) <= 2 for part in parts):
        return True
    return any(len(part) <= 2 and part not in _SMALL_WORDS for part in parts)


def _stretched(kinds: str) -> list[bool]:
    """For each place, whether its letter is one of a run that no word has; spaces count for nothing."""
    letters = kinds.replace(" ", "")
    runs = [(len(list(run))) for _, run in groupby(letters)]
    doubled = bool(runs) and min(runs) > 1
    flags = iter([doubled or run >= STRETCHED_MIN for run in runs for _ in range(run)])
    return [kind != " " and next(flags) for kind in kinds]


def _means_itself(letter: str, own: str) -> bool:
    """Whether it stands for nothing else: the l of `silt` is no i, an s is no 5 (but a 5 may be an s)."""
    return letter.isascii() and own.isascii() and (letter.isalpha() or own.isdigit())
