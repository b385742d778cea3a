"""Rain, snow and lightning before the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.studio import shapes
from bot.studio.planes import Bytes, Stage
from bot.studio.spec import FPS
from bot.studio.vocabulary import Weather


@dataclass(frozen=True, slots=True)
class Curtain:
    """A sheet of light, twice as wide and high as the picture and repeating, that falls."""

    light: Bytes
    fall: float  # pixels a frame
    slant: float  # pixels to the side for each one down
    sway: float = 0.0  # how far it swings, in pixels


class Curtains:
    """Draws the weather over finished pictures."""

    def __init__(self, weathers: frozenset[Weather], width: int, height: int, rng: shapes.Rng) -> None:
        self._width, self._height = width, height
        self._curtains: list[Curtain] = []
        self._flashes: list[int] = []
        unit = min(width, height) / 720
        area = width * height / (1280 * 624) / unit**2
        if weathers & {Weather.RAIN, Weather.STORM}:
            for count, long, light, fall in ((190, 20, 22, 19), (60, 52, 30, 38)):
                sheet = _streaks(width, height, int(count * area), long * unit, light, rng)
                self._curtains.append(Curtain(sheet, fall * unit, 0.16))
        if Weather.SNOW in weathers:
            for count, size, light, speed in (
                (420, 1.3, 110, 1.6),
                (150, 2.6, 150, 2.8),
                (40, 5.0, 130, 4.6),
            ):
                sheet = _flakes(width, height, int(count * area), size * unit, light, rng)
                self._curtains.append(Curtain(sheet, speed * unit, 0.1, 14 * unit))
        if Weather.STORM in weathers:
            at = FPS
            while at < 20 * FPS:
                self._flashes.append(at)
                at += int(rng.uniform(1.8, 4.5) * FPS)

    def draw(self, stage: Stage, frame: int) -> None:
        for number, curtain in enumerate(self._curtains):
            down = frame * curtain.fall
            side = down * curtain.slant + curtain.sway * math.sin(frame / 19 + number * 2)
            top = self._height - int(down) % self._height
            left = int(side) % self._width
            light = curtain.light[top : top + self._height, left : left + self._width]
            stage.lighten(light)
        for at in self._flashes:
            if 0 <= frame - at < 7:
                share = (1.0, 0.3, 0.8, 0.5, 0.3, 0.15, 0.06)[frame - at]
                stage.flash(0.55 * share)


def _streaks(width: int, height: int, count: int, long: float, light: int, rng: shapes.Rng) -> Bytes:
    image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(image)
    for _ in range(count):
        x, y = rng.random(2) * (width, height)
        length = long * rng.uniform(0.6, 1.2)
        fill = int(light * rng.uniform(0.5, 1.5))
        for right in (0, -width, width):
            for low in (0, -height):
                start = (x + right, y + low)
                pen.line((*start, start[0] - length * 0.16, start[1] + length), fill=fill)
    soft = np.asarray(image.filter(ImageFilter.BoxBlur(0.5 * min(width, height) / 720)))
    return np.tile(soft, (2, 2))


def _flakes(width: int, height: int, count: int, size: float, light: int, rng: shapes.Rng) -> Bytes:
    sheet = np.zeros((height, width), np.float32)
    for _ in range(count):
        flake = (
            shapes.disc(size * float(rng.uniform(0.4, 1)) * 0.5, size * 0.9)
            * light
            * float(rng.uniform(0.4, 1))
        )
        side = flake.shape[0]
        if side >= min(width, height):
            continue
        x, y = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
        there = sheet[y : y + side, x : x + side]
        np.maximum(there, flake, out=there)
    return np.tile(sheet.clip(0, 200).astype(np.uint8), (2, 2))
