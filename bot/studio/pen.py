"""A pen that draws silhouettes: in units of the figure's height, with y upward from the ground."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from bot.studio.planes import Colour

Point = tuple[float, float]
_FINER = 2  # drawn so many times larger, and then made smaller, for smooth edges


@dataclass(frozen=True, slots=True)
class Paint:
    """A figure's colours: its dark side, a darker one, its own colour, and the colour of light."""

    body: Colour
    shade: Colour
    tint: Colour
    light: Colour


class Pen:
    def __init__(self, wide: float, tall: float, pixels: float, ground: Colour) -> None:
        """A sheet of `wide` by `tall` units, the ground's middle at 0, 0; `pixels` is one unit's length."""
        self._scale = pixels * _FINER
        self._left, self._top = wide / 2, tall
        self._size = (max(2, math.ceil(wide * pixels)), max(2, math.ceil(tall * pixels)))
        large = (self._size[0] * _FINER, self._size[1] * _FINER)
        self._image = Image.new("RGBA", large, (*ground, 0))
        self._draw = ImageDraw.Draw(self._image)

    def image(self) -> Image.Image:
        return self._image.resize(self._size, Image.Resampling.BOX)

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A shape with corners."""
        self._draw.polygon([self._at(point) for point in points], fill=(*colour, 255))

    def blob(self, points: Sequence[Point], colour: Colour) -> None:
        """A closed shape whose outline bends smoothly through the points."""
        self.shape(_bent(points, closed=True), colour)

    def oval(self, middle: Point, across: float, down: float, colour: Colour, opacity: int = 255) -> None:
        """An ellipse by its half axes."""
        x, y = self._at(middle)
        rx, ry = across * self._scale, down * self._scale
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=(*colour, opacity))

    def ring(self, middle: Point, radius: float, thick: float, colour: Colour) -> None:
        x, y = self._at(middle)
        r = radius * self._scale
        width = max(1, round(thick * self._scale))
        self._draw.ellipse((x - r, y - r, x + r, y + r), outline=(*colour, 255), width=width)

    def line(
        self, points: Sequence[Point], thick: float, colour: Colour, *, end: float | None = None
    ) -> None:
        """A limb or a rope: bends through its points, round at its ends, as thick as `end` at its last."""
        bent = _bent(points, closed=False)
        last = thick if end is None else end
        for number, point in enumerate(bent):
            half = (thick + (last - thick) * number / max(1, len(bent) - 1)) / 2
            self.oval(point, half, half, colour)
        for number, (one, other) in enumerate(itertools.pairwise(bent)):
            width = thick + (last - thick) * number / max(1, len(bent) - 1)
            self._draw.line(
                (self._at(one), self._at(other)),
                fill=(*colour, 255),
                width=max(1, round(width * self._scale)),
            )

    def limb(self, joint: Point, lengths: Point, angles: Point, thick: float, colour: Colour) -> Point:
        """Two straight parts, as of a leg; angles from straight down, forward positive. Gives the end."""
        x, y = joint
        middle = (x + lengths[0] * math.sin(angles[0]), y - lengths[0] * math.cos(angles[0]))
        end = (middle[0] + lengths[1] * math.sin(angles[1]), middle[1] - lengths[1] * math.cos(angles[1]))
        for start, stop, from_, to in (
            (joint, middle, thick, thick * 0.8),
            (middle, end, thick * 0.8, thick * 0.6),
        ):
            steps = 7
            for step in range(steps + 1):
                share = step / steps
                half = (from_ + (to - from_) * share) / 2
                point = (start[0] + (stop[0] - start[0]) * share, start[1] + (stop[1] - start[1]) * share)
                self.oval(point, half, half, colour)
            self._draw.line(
                (self._at(start), self._at(stop)), fill=(*colour, 255), width=max(1, round(to * self._scale))
            )
        return end

    def _at(self, point: Point) -> Point:
        return (point[0] + self._left) * self._scale, (self._top - point[1]) * self._scale


def _bent(points: Sequence[Point], *, closed: bool) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    count = len(points)
    curve: list[Point] = []
    for number in range(count if closed else count - 1):
        if closed:
            before, start, stop, after = (points[(number + step) % count] for step in (-1, 0, 1, 2))
        else:
            start, stop = points[number], points[number + 1]
            before, after = points[max(0, number - 1)], points[min(count - 1, number + 2)]
        for step in range(10):
            t = step / 10
            curve.append(
                (
                    _spline(before[0], start[0], stop[0], after[0], t),
                    _spline(before[1], start[1], stop[1], after[1], t),
                )
            )
    if not closed:
        curve.append(points[-1])
    return curve


def _spline(before: float, start: float, stop: float, after: float, t: float) -> float:
    return 0.5 * (
        2 * start
        + (stop - before) * t
        + (2 * before - 5 * start + 4 * stop - after) * t * t
        + (3 * start - before - 3 * stop + after) * t * t * t
    )
