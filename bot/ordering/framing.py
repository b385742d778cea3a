"""How a picture comes to the shape of a clip: which part of it is cut off, or how much is added. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from math import gcd, log

from bot.language import _


class Framing(StrEnum):
    """The two ways to bring a picture to another shape."""

    CROP = "crop"
    PAD = "pad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A picture brought to `width` x `height`, in pixels.

    The part of the picture in the box `left, top, right, bottom` is scaled to `inner_width` x
    `inner_height`, and stands in the middle of the frame. A crop takes a part and fills the frame; a pad
    takes the whole picture and leaves bars.
    """

    framing: Framing
    width: int
    height: int
    picture_width: int
    picture_height: int
    left: int
    top: int
    right: int
    bottom: int
    inner_width: int
    inner_height: int

    @property
    def cut_percent(self) -> int:
        """How much of the picture is lost."""
        kept = (self.right - self.left) * (self.bottom - self.top)
        return 100 - round(100 * kept / (self.picture_width * self.picture_height))

    @property
    def bars_percent(self) -> int:
        """How much of the frame is bars."""
        return 100 - round(100 * self.inner_width * self.inner_height / (self.width * self.height))

    @property
    def on_the_sides(self) -> bool:
        """Whether it is the left and the right that are cut off or added to, not the top and the bottom."""
        wider = self.picture_width * self.height > self.width * self.picture_height
        return wider == (self.framing is Framing.CROP)

    @property
    def changes_nothing_seen(self) -> bool:
        """The shapes are the same to the eye: under 1 % is cut off or added."""
        return self.cut_percent < 1 and self.bars_percent < 1


def fit(picture_width: int, picture_height: int, width: int, height: int, framing: Framing) -> Fit:
    """How a picture of this size comes to a frame of that size, always around its middle.

    Raises:
        ValueError: a side is not positive.
    """
    if min(picture_width, picture_height, width, height) < 1:
        raise ValueError("a side without pixels")
    left, top, right, bottom = 0, 0, picture_width, picture_height
    inner_width, inner_height = width, height
    wider = picture_width * height > width * picture_height
    match framing:
        case Framing.CROP if wider:
            kept = max(1, _divided(picture_height * width, height))
            left = (picture_width - kept) // 2
            right = left + kept
        case Framing.CROP:
            kept = max(1, _divided(picture_width * height, width))
            top = (picture_height - kept) // 2
            bottom = top + kept
        case Framing.PAD if wider:
            inner_height = max(1, _divided(picture_height * width, picture_width))
        case Framing.PAD:
            inner_width = max(1, _divided(picture_width * height, picture_height))
    return Fit(
        framing=framing,
        width=width,
        height=height,
        picture_width=picture_width,
        picture_height=picture_height,
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        inner_width=inner_width,
        inner_height=inner_height,
    )


def told(fit: Fit) -> str:
    """What happens to the picture, for the quote; empty where nobody would see it."""
    if fit.changes_nothing_seen:
        return ""
    given = {
        "was": shape_name(fit.picture_width, fit.picture_height),
        "becomes": shape_name(fit.width, fit.height),
        "percent": fit.cut_percent if fit.framing is Framing.CROP else fit.bars_percent,
    }
    match fit.framing, fit.on_the_sides:
        case Framing.CROP, True:
            text = _("The picture is {was}; its sides are cropped to {becomes} ({percent} % of it is lost).")
        case Framing.CROP, False:
            text = _(
                "The picture is {was}; its top and bottom are cropped to {becomes} "
                "({percent} % of it is lost)."
            )
        case Framing.PAD, True:
            text = _(
                "The picture is {was}; bars at its sides make it {becomes} "
                "({percent} % of the frame is bars)."
            )
        case Framing.PAD, False:
            text = _(
                "The picture is {was}; bars above and below make it {becomes} "
                "({percent} % of the frame is bars)."
            )
    return text.format(**given)


_KNOWN_SHAPES = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (2, 1), (21, 9), (3, 1))
_NEAR_ENOUGH = 0.02  # 2560x1080 is 21:9 to everybody; 3:2 and 16:10, the closest two, are 0.06 apart


def shape_name(width: int, height: int) -> str:
    """A shape as people say it (`16:9`, `3:4`); in pixels where it has no common name."""
    wanted = log(width / height)
    for across, down in _KNOWN_SHAPES:
        if abs(wanted - log(across / down)) < _NEAR_ENOUGH:
            return f"{across}:{down}"
        if abs(wanted + log(across / down)) < _NEAR_ENOUGH:
            return f"{down}:{across}"
    divisor = gcd(width, height)
    if max(width, height) // divisor <= 50:
        return f"{width // divisor}:{height // divisor}"
    return f"{width}x{height}"


_LINES = {"2k": 1_440, "4k": 2_160}


def frame_size(resolution: str, aspect_ratio: str, provider_size: str = "") -> tuple[int, int] | None:
    """The pixels of a clip's frame, for a model's words: `720p`, `9:16` are 720x1280.

    `provider_size` is the offer's own word for the two, which wins where it is a size (`1792x1024`). None
    where the words say no size. Sides are even, as H.264 in 4:2:0 wants them.
    """
    if exact := re.fullmatch(r"(\d{2,5})x(\d{2,5})", provider_size):
        return int(exact[1]), int(exact[2])
    shape = _ratio_of(aspect_ratio)
    lines = re.fullmatch(r"(?:[a-z]+_)?(\d{3,4})p", resolution)
    shorter = int(lines[1]) if lines else _LINES.get(resolution.lower())
    if shape is None or shorter is None:
        return None
    across, down = shape
    longer = _even(shorter * max(shape), min(shape))
    shorter = _even(shorter, 1)
    return (longer, shorter) if across >= down else (shorter, longer)


def _ratio_of(name: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", name)
    return (int(found[1]), int(found[2])) if found else None


def _divided(number: int, by: int) -> int:
    """To the nearest."""
    return (2 * number + by) // (2 * by)


def _even(number: int, by: int) -> int:
    return 2 * max(1, _divided(number, 2 * by))
