"""Outlines and textures out of noise: ridges, trees, skylines, clouds, soft discs."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from bot.studio.planes import Floats

Rng = np.random.Generator


def even(length: float) -> int:
    """The next even whole number, at least 2."""
    return max(2, -(-int(length) // 2) * 2)


def wander(rng: Rng, width: int, step: float, octaves: int = 3) -> Floats:
    """A smooth line of noise between about -1 and 1, that turns about every `step` pixels."""
    line = np.zeros(width, np.float32)
    strength = 1.0
    for _ in range(octaves):
        knots = rng.uniform(-1, 1, int(width / step) + 3)
        at = np.arange(width) / step
        index = at.astype(int)
        part = at - index
        part = part * part * (3 - 2 * part)
        line += (strength * (knots[index] * (1 - part) + knots[index + 1] * part)).astype(np.float32)
        strength *= 0.45
        step = max(2.0, step / 2.3)
    return line / 1.6


def below(line: Floats, height: int) -> Floats:
    """The opacity of all that lies below a line (a height in pixels from the top, for each column)."""
    rows = np.arange(height, dtype=np.float32)[:, None]
    return np.clip(rows - line[None, :] + 0.5, 0, 1)


def peaks(rng: Rng, width: int, step: float) -> Floats:
    """Mountains, 0 to 1: sharp on top, broken on their sides."""
    folds = 1 - np.abs(wander(rng, width, step, 1)) * 1.15
    swell = 0.62 + 0.38 * wander(rng, width, step * 2.1, 1)
    outline: Floats = np.clip(folds * swell + wander(rng, width, step / 4, 3) * 0.11, 0, 1)
    return outline


def conifers(rng: Rng, width: int, spacing: float, tall: float) -> Floats:
    """Heights of a row of fir trees: cones with saw-tooth branches."""
    line = np.zeros(width, np.float32)
    columns = np.arange(width, dtype=np.float32)
    for start in np.arange(-spacing, width + spacing, spacing):
        centre = start + rng.uniform(-0.4, 0.4) * spacing
        height = tall * rng.uniform(0.5, 1)
        half = height * rng.uniform(0.17, 0.24)
        from_, to = int(max(0, centre - half)), int(min(width, centre + half + 1))
        if from_ >= to:
            continue
        slope = 1 - np.abs(columns[from_:to] - centre) / half
        branches = np.floor(slope * 7) / 7 + (slope * 7 % 1) * 0.09
        np.maximum(line[from_:to], height * np.clip(branches * 0.75 + slope * 0.25, 0, 1), out=line[from_:to])
    return line


def crowns(rng: Rng, width: int, spacing: float, tall: float) -> Floats:
    """Heights of a row of round trees."""
    line = np.zeros(width, np.float32)
    columns = np.arange(width, dtype=np.float32)
    for start in np.arange(-spacing, width + spacing, spacing / 2):
        centre = start + rng.uniform(-0.5, 0.5) * spacing
        half = spacing * rng.uniform(0.4, 0.9)
        height = tall * rng.uniform(0.55, 1)
        from_, to = int(max(0, centre - half)), int(min(width, centre + half + 1))
        if from_ >= to:
            continue
        bow = np.sqrt(np.clip(1 - ((columns[from_:to] - centre) / half) ** 2, 0, 1))
        np.maximum(line[from_:to], height * bow, out=line[from_:to])
    return line + np.abs(wander(rng, width, max(3.0, spacing / 9), 2)) * tall * 0.08


def skyline(rng: Rng, width: int, block: float, tall: float) -> list[tuple[int, int, float]]:
    """Houses side by side: first column, last column, height."""
    houses = []
    column = 0
    while column < width:
        wide = even(block * rng.uniform(0.5, 1.3))
        houses.append((column, min(width, column + wide), tall * float(rng.uniform(0.35, 1) ** 1.3)))
        column += wide + (even(block * 0.1) if rng.random() < 0.2 else 0)
    return houses


def billows(rng: Rng, width: int, height: int, size: float, octaves: int = 4) -> Floats:
    """A field of soft noise, 0 to 1, whose largest lumps are `size` pixels wide and half as high."""
    field = np.zeros((height, width), np.float32)
    strength, total = 1.0, 0.0
    for _ in range(octaves):
        grid = rng.random((int(height / size * 2) + 3, int(width / size) + 3), dtype=np.float32)
        grown = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        field += np.asarray(grown) * strength
        total += strength
        strength *= 0.5
        size = max(4.0, size / 2)
    lumps: Floats = np.clip(field / total, 0, 1)
    return lumps


def grown(field: Floats, width: int, height: int) -> Floats:
    """A small field at a larger size."""
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)


def disc(radius: float, soft: float) -> Floats:
    """A round spot of opacity 1 whose edge runs out over `soft` pixels."""
    side = even(2 * (radius + soft) + 2)
    offsets = np.arange(side, dtype=np.float32) - (side - 1) / 2
    distance = np.hypot(offsets[None, :], offsets[:, None])
    edge: Floats = np.clip((radius + soft - distance) / max(1.0, soft), 0, 1)
    return edge * edge * (3 - 2 * edge)


def bulge(count: int) -> Floats:
    """From 0 up to 1 in the middle, and down to 0 again."""
    return np.sin(np.linspace(0, math.pi, count, dtype=np.float32)).clip(0, 1)


def smooth(low: float, high: float, values: Floats) -> Floats:
    """0 below `low`, 1 above `high`, and a soft step between."""
    step: Floats = np.clip((values - low) / (high - low), 0, 1)
    return step * step * (3 - 2 * step)
