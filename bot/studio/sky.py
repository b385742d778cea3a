"""Skies: their colours, the sun or the moon, stars and clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.studio import shapes
from bot.studio.palette import Palette
from bot.studio.planes import Cel, Planes, Stage, light_and_colour
from bot.studio.vocabulary import Hour, Place, Weather


@dataclass(frozen=True, slots=True)
class Layer:
    """A cel on its place in a scene.

    `depth` is its share of the camera's travel (0 the sky, 1 the ground at the figures' feet, more in front),
    `drift` its own speed in pixels a frame. A soft layer has no edge on which a part of a pixel would show.
    """

    cel: Cel
    x: float
    y: float
    depth: float
    drift: float = 0.0
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Light:
    """Where the sun or the moon stands, as shares of the picture, and how large it is in pixels."""

    x: float
    y: float
    radius: float
    shown: bool


def light_of(
    hour: Hour | None, place: Place, weathers: frozenset[Weather], unit: float, rng: shapes.Rng
) -> Light:
    x = float(rng.uniform(0.18, 0.42) if rng.random() < 0.5 else rng.uniform(0.58, 0.82))
    hidden = bool(weathers & {Weather.RAIN, Weather.STORM, Weather.SNOW, Weather.FOG})
    indoors = place in (Place.ROOM, Place.UNDERWATER, Place.PUDDLE)
    low = hour in (Hour.DAWN, Hour.DUSK)
    y = 0.5 if low else 0.2
    radius = unit * (0.075 if low else 0.05)
    return Light(x, y, radius, not indoors and (not hidden or low) and hour is not None)


def sky_of(
    palette: Palette, light: Light, width: int, height: int, horizon: float, rng: shapes.Rng
) -> Planes:
    """The whole picture as sky: colours down to the horizon, a glow, the stars, the sun or the moon."""
    small_w, small_h = width // 4, height // 4
    rows = np.linspace(0, height / max(1.0, horizon), small_h, dtype=np.float32).clip(0, 1)
    stops = np.array([palette.zenith, palette.middle, palette.horizon], dtype=np.float32)
    ramp = np.stack([np.interp(rows**1.25, [0, 0.6, 1], stops[:, c]) for c in range(3)], axis=1)
    field = np.repeat(ramp[:, None, :].astype(np.float32), small_w, axis=1)
    across = (np.arange(small_w, dtype=np.float32) / small_w - light.x) * width / height
    down = np.arange(small_h, dtype=np.float32) / small_h - light.y
    distance = np.hypot(across[None, :], down[:, None])
    glow = (np.exp(-distance * 3.2) * (0.55 if light.shown else 0.22))[..., None]
    field += (np.array(palette.light, dtype=np.float32) - field) * glow
    small = light_and_colour(field)
    stage = Stage(width, height)
    # The noise keeps the dark from falling into bands.
    noise = rng.random((height, width), dtype=np.float32)
    stage.planes.y[...] = shapes.grown(small[0], width, height) + noise
    for part in range(2):
        stage.planes.uv[part] = shapes.grown(small[1 + part], width // 2, height // 2) + 0.5
    _stars(stage, palette, horizon, rng)
    if light.shown:
        _disc(stage, palette, light)
    return stage.planes


def _stars(stage: Stage, palette: Palette, horizon: float, rng: shapes.Rng) -> None:
    count = int(palette.stars * stage.width * stage.height / 4200)
    lights = np.zeros((stage.height, stage.width), np.float32)
    columns = rng.integers(1, stage.width - 2, count)
    rows = (rng.random(count) ** 1.4 * min(horizon, stage.height - 3)).astype(int) + 1
    strengths = rng.random(count) ** 3 * 190 + 24
    lights[rows, columns] = strengths
    large = strengths > 120
    for right, low in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        lights[rows[large] + low, columns[large] + right] += strengths[large] * 0.35
    stage.lighten(lights.clip(0, 200).astype(np.uint8))


def _disc(stage: Stage, palette: Palette, light: Light) -> None:
    centre_x, centre_y = light.x * stage.width, light.y * stage.height
    for soft, strength in ((light.radius * 2.6, 0.28), (1.6, 1.0)):  # a halo, and the disc itself
        shape = shapes.disc(light.radius, soft) * strength
        side = shape.shape[0]
        stage.lay(Cel.of_shape(shape, palette.light), centre_x - side / 2, centre_y - side / 2)
