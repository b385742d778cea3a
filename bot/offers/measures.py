"""Sizes, shapes and lengths in anybody's words, as numbers; None where the words say none."""

import math
import re

SIDE_PX_MIN, SIDE_PX_MAX = 64, 16_384
RATIO_MAX = 20.0
"""Longer than any screen or film: what is beyond it was no shape."""

SECONDS_MAX = 3_600

SAME_SHAPE = math.log(1.01)
"""Sides are rounded to whole (often even) pixels: 1366x768 is 16:9."""

_PLAIN = re.compile(r"(?:[a-z]+_)?(\d{2,5})p?", re.ASCII)
_THOUSANDS = re.compile(r"(\d{1,2}(?:\.\d)?)k", re.ASCII)
_SIZE = re.compile(r"(\d{2,5})[x*\u00d7](\d{2,5})", re.ASCII)
_RATIO = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)[:/](\d{1,4}(?:\.\d{1,3})?)", re.ASCII)

_NAMED_SIDES = {"sd": 480, "hd": 720, "fullhd": 1_080, "fhd": 1_080, "qhd": 1_440, "uhd": 2_160}
_TIERS = {0.5: 384, 1.0: 768, 2.0: 1_440, 4.0: 2_160, 8.0: 4_320}
"""The shorter side of a K tier: Lumenfall's 1K is 1365x768, MiniMax's 2K 2560x1440, everybody's 4K UHD."""

_NAMED_SHAPES = {
    "landscape": 16 / 9,
    "wide": 16 / 9,
    "widescreen": 16 / 9,
    "portrait": 9 / 16,
    "tall": 9 / 16,
    "vertical": 9 / 16,
    "square": 1.0,
}


def tidy(word: str) -> str:
    """A word as it is compared: without case and spaces."""
    return "".join(word.split()).casefold()


def size(word: str) -> tuple[int, int] | None:
    """`1280x720` as its two sides."""
    found = _SIZE.fullmatch(tidy(word))
    if found is None:
        return None
    width, height = int(found[1]), int(found[2])
    sensible = all(SIDE_PX_MIN <= side <= SIDE_PX_MAX for side in (width, height))
    return (width, height) if sensible and _is_shape(width / height) else None


def shorter_side(word: str) -> int | None:
    """The shorter side in pixels of `720p`, `1080`, `4k`, `true_1080p`, `HD` or a whole size."""
    word = tidy(word)
    if (both := size(word)) is not None:
        return min(both)
    if word in _NAMED_SIDES:
        return _NAMED_SIDES[word]
    if (tier := _THOUSANDS.fullmatch(word)) is not None:
        thousands = float(tier[1])
        side = _TIERS.get(thousands, round(thousands * 540))
    elif (plain := _PLAIN.fullmatch(word)) is not None:
        side = int(plain[1])
    else:
        return None
    return side if SIDE_PX_MIN <= side <= SIDE_PX_MAX else None


def shape(word: str) -> float | None:
    """Width by height of `16:9`, `2.39:1`, `portrait` or a whole size."""
    word = tidy(word)
    if (both := size(word)) is not None:
        return both[0] / both[1]
    if word in _NAMED_SHAPES:
        return _NAMED_SHAPES[word]
    found = _RATIO.fullmatch(word)
    if found is None or not float(found[1]) or not float(found[2]):
        return None
    ratio = float(found[1]) / float(found[2])
    return ratio if _is_shape(ratio) else None


def apart(one: float, other: float) -> float:
    """How far two sizes or shapes are from each other: the same for twice as wide and twice as tall."""
    return round(abs(math.log(one / other)), 6)


def _is_shape(ratio: float) -> bool:
    return 1 / RATIO_MAX <= ratio <= RATIO_MAX
