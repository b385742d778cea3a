"""Water that moves: what stands above it mirrored in waves, glints, and rings where drops fall."""

from __future__ import annotations

import math

import numpy as np

from bot.studio import shapes
from bot.studio.planes import Bytes, Stage, yuv_of
from bot.studio.scenery import Water
from bot.studio.spec import FPS

_RING_FRAMES = 22
_RING_SIZES = 4


class Surface:
    """Draws one water on a stage, frame by frame; `drops` is how many fall on it in a second."""

    def __init__(self, water: Water, width: int, height: int, drops: float, rng: shapes.Rng) -> None:
        self._water = water
        rows = np.arange(water.bottom - water.top, dtype=np.float32)
        self._near = (rows + 1) / max(1, height - water.top)
        self._rows = rows
        light, *tints = yuv_of(water.tint)
        share = (water.clear * (1 - 0.45 * self._near) * 256).astype(np.uint16)
        self._share = share[:, None]
        self._base = ((256 - share) * light)[:, None].astype(np.uint16)
        self._share_uv = share[::2][None, :, None]
        self._base_uv = (
            (256 - share[::2])[None, :, None] * np.array(tints, np.uint16)[:, None, None]
        ).astype(np.uint16)
        # Waves seen in perspective: far ones are near to each other.
        self._phase = 26 * np.log(self._near + 0.05) * 2
        self._glints = [self._glint(width, rng), self._glint(width, rng)]
        self._rings = [
            _ring_frames(width * (0.012 + 0.016 * size) * water.rings) for size in range(_RING_SIZES)
        ]
        count = int(drops * 20)
        self._drops = np.stack(
            [rng.random(count) * width, rng.random(count) ** 0.8, rng.random(count) * 20 * FPS], axis=1
        )
        self._product = np.empty((rows.size, width), np.uint16)

    def draw(self, stage: Stage, frame: int) -> None:
        water, planes = self._water, stage.planes
        frame -= frame % 2  # water moves on twos: it looks drawn, and every second frame costs fewer bits
        time = frame / FPS
        swing = np.sin(self._phase - time * 3.1) + 0.6 * np.sin(self._phase * 2.3 - time * 4.7 + 1)
        source = water.mirror - 1 - self._rows + swing * water.waves * (0.25 + self._near) * 1.6
        index = source.clip(0, water.mirror - 1).astype(np.intp)
        product = self._product
        np.multiply(planes.y[index], self._share, out=product)
        np.add(product, self._base, out=product)
        np.right_shift(product, 8, out=product)
        self._sway(product, time)
        planes.y[water.top : water.bottom] = product
        small = (index[::2] // 2).clip(0, planes.uv.shape[1] - 1)
        mirrored = planes.uv[:, small] * self._share_uv
        mirrored += self._base_uv
        mirrored >>= 8
        planes.uv[:, water.top // 2 : water.top // 2 + small.size] = mirrored
        self._sparkle(stage, frame)

    def rings(self, stage: Stage, frame: int) -> None:
        """The rings of the drops that have just fallen; they lie on figures' reflections too."""
        ages = (frame - frame % 2 - self._drops[:, 2]) % (20 * FPS)
        tall = self._water.bottom - self._water.top
        for x, depth, age in np.column_stack([self._drops[:, :2], ages])[ages < _RING_FRAMES]:
            ring = self._rings[min(_RING_SIZES - 1, int(depth * _RING_SIZES))][int(age)]
            top = self._water.top + depth * tall - ring.shape[0] / 2
            if top > self._water.top:
                stage.lighten(ring, int(x - ring.shape[1] / 2), int(top))

    def _sway(self, product: np.ndarray[tuple[int, ...], np.dtype[np.uint16]], time: float) -> None:
        width = product.shape[1]
        shifts = (np.sin(self._phase * 1.7 - time * 3.7) * self._water.waves * self._near).astype(int)
        for row in np.flatnonzero(shifts):
            shift = shifts[row]
            line = product[row]
            if shift > 0:
                line[shift:] = line[: width - shift].copy()
            else:
                line[:shift] = line[-shift:].copy()

    def _glint(self, width: int, rng: shapes.Rng) -> Bytes:
        """A sheet of short bright strokes, small far away and long near by, twice side by side."""
        cells = 240
        grid = rng.random((max(4, self._rows.size // 2), cells), dtype=np.float32)
        strength = self._water.sparkle * 200
        lights = (shapes.smooth(0.8, 1.0, grid) * strength).astype(np.uint8)
        at = (np.log(1 + self._near * 14) / math.log(15) * (grid.shape[0] - 1)).astype(np.intp)
        columns = np.arange(width, dtype=np.float32) / width
        # Rows near by show fewer cells, so that each is longer; all of them end where they begin.
        reach = np.round(cells * (0.95 - 0.65 * self._near))
        index = (columns[None, :] * reach[:, None]).astype(np.intp)
        return np.tile(lights[at[:, None], index], (1, 2))

    def _sparkle(self, stage: Stage, frame: int) -> None:
        first, second = self._glints
        width = stage.width
        speed = max(1, round(width / 1280))
        left, right = (frame * speed) % width, (width - frame * speed * 2) % width
        light = np.minimum(first[:, left : left + width], second[:, right : right + width])
        stage.lighten(light, 0, self._water.top)


def _ring_frames(radius: float) -> list[Bytes]:
    """A ring that widens and fades, flat as water seen from the side, with the drop's splash at first."""
    frames = []
    wide, tall = shapes.even(radius * 2 + 6), shapes.even(radius * 0.7 + 6)
    across = (np.arange(wide, dtype=np.float32) - wide / 2)[None, :]
    down = (np.arange(tall, dtype=np.float32) - tall / 2)[:, None] / 0.33
    distance = np.hypot(across, down)
    for age in range(_RING_FRAMES):
        share = (age + 1) / _RING_FRAMES
        ring = np.exp(-(((distance - radius * share**0.7) / (1.1 + radius * 0.05)) ** 2))
        inner = np.exp(-(((distance - radius * share**0.7 * 0.55) / (1.0 + radius * 0.04)) ** 2)) * 0.5
        light = (ring + inner) * 62 * (1 - share) ** 1.2
        if age < 5:
            light = (
                light + np.exp(-((across / 1.3) ** 2) - ((down * 0.33 + age * 1.4) / (2.2 + age)) ** 2) * 80
            )
        frames.append(light.clip(0, 200).astype(np.uint8))
    return frames
