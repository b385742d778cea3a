"""What a place is made of: the sky, the layers of land behind and before the figures, and its water."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bot.studio import shapes
from bot.studio.palette import Palette
from bot.studio.planes import Cel, Colour, Floats, Planes, blend
from bot.studio.sky import Layer, Light
from bot.studio.spec import FPS, SECONDS_MAX
from bot.studio.vocabulary import Hour, Weather

_SHOT_FRAMES_MAX = SECONDS_MAX * FPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """Rows `top` to `bottom` mirror what stands above `mirror`; `clear` is the share that is mirrored."""

    top: int
    bottom: int
    mirror: int
    clear: float
    tint: Colour
    waves: float  # how far rows are moved, in pixels near the camera
    sparkle: float  # how bright the glints are, 0 to 1
    rings: float  # how large the rings of drops are beside those of a puddle


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """`feet` is the row on which figures stand, `float_at` the row of the waterline of what floats."""

    sky: Planes
    back: list[Layer]
    shore: list[Layer] = field(default_factory=list)  # land before the water
    front: list[Layer] = field(default_factory=list)
    water: Water | None = None
    feet: float
    float_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a place is built from; lengths in pixels, `travel` is how far the camera goes at depth 1."""

    width: int
    height: int
    horizon: float
    travel: float
    breeze: float  # how much clouds and mist drift; 0 where the camera's own move is enough
    palette: Palette
    light: Light
    hour: Hour | None
    weathers: frozenset[Weather]
    rng: shapes.Rng

    @property
    def unit(self) -> float:
        """A length that looks alike in both shapes."""
        return min(self.width, self.height * 1.1)

    @property
    def wet(self) -> bool:
        return bool(self.weathers & {Weather.RAIN, Weather.STORM})

    def wide(self, depth: float) -> int:
        """How wide a layer must be, so that the camera never sees its end."""
        return shapes.even(self.width + abs(self.travel) * depth + 8)

    def start(self, depth: float) -> float:
        """Where such a layer begins: the camera goes right when `travel` is positive."""
        return -4.0 + min(0.0, self.travel) * depth

    def shade(self, nearness: float) -> Colour:
        """The colour of land: 0 far away in the haze, 1 right here."""
        hazy = blend(self.palette.far, self.palette.horizon, max(0.0, 0.45 - nearness) * 0.9)
        return blend(hazy, self.palette.near, nearness)

    def layer(self, opacity: Floats, top_row: float, depth: float, top: Colour, bottom: Colour) -> Layer:
        return Layer(Cel.of_shape(opacity, top, bottom), self.start(depth), top_row, depth)

    def ridge(
        self,
        heights: Floats,
        base: float,
        depth: float,
        top: Colour,
        bottom: Colour,
        *,
        root: float | None = None,
    ) -> Layer:
        """Land whose heights stand above the row `base`; it fills `root` rows below it, or all of them."""
        tallest = float(heights.max()) + 2
        tall = shapes.even((self.height - base if root is None else root) + tallest)
        return self.layer(shapes.below(tallest - heights, tall), base - tallest, depth, top, bottom)

    def bank(self, heights: Floats, base: float, depth: float, top: Colour, bottom: Colour) -> Layer:
        """The same, but cut off at the row `base`, where water begins."""
        tallest = float(heights.max()) + 2
        return self.layer(
            shapes.below(tallest - heights, shapes.even(tallest)),
            base - shapes.even(tallest),
            depth,
            top,
            bottom,
        )

    def line(self, depth: float, step: float, octaves: int = 3) -> Floats:
        """A wandering line as wide as the layer, between about -1 and 1; `step` in shares of the unit."""
        return shapes.wander(self.rng, self.wide(depth), step * self.unit, octaves)


def grass(site: Site, depth: float, tall: float) -> Floats:
    """Heights of blades of grass, `tall` in pixels."""
    width = site.wide(depth)
    line = np.zeros(width, np.float32)
    columns = np.arange(width, dtype=np.float32)
    spacing = max(3.0, site.unit * 0.006)
    for start in np.arange(0, width, spacing):
        half = spacing * site.rng.uniform(0.5, 0.9)
        lean = site.rng.uniform(-0.5, 0.5) * spacing
        high = tall * site.rng.uniform(0.3, 1)
        from_, to = int(max(0, start - half)), int(min(width, start + half + 1))
        if from_ < to:
            blade = 1 - np.abs(columns[from_:to] - start - lean) / (half + abs(lean))
            np.maximum(line[from_:to], high * blade, out=line[from_:to])
    return line


def haze(site: Site, base: float, tall: float, strength: float, depth: float) -> Layer:
    """A bank of mist around the row `base`."""
    drift = site.unit * 0.0005 * site.breeze
    reach = shapes.even(drift * _SHOT_FRAMES_MAX)
    wide, high = site.wide(depth) + reach, shapes.even(tall)
    small = shapes.billows(site.rng, wide // 4, high // 2, site.unit / 4 * 0.8, 3)
    across = shapes.bulge(high // 2) ** 1.5
    field_ = shapes.grown(small * across[:, None] * strength, wide, high)
    return Layer(
        Cel.of_shape(field_.clip(0, 1), blend(site.palette.horizon, site.palette.light, 0.3)),
        site.start(depth) - reach,
        base - high * 0.6,
        depth,
        drift,
        soft=True,
    )


def clouds_over(site: Site, horizon: float) -> list[Layer]:
    """Two sheets of cloud; a wet sky is covered, a clear one nearly empty."""
    if Weather.CLEAR in site.weathers:
        cover = (0.66, 0.9)
    elif site.weathers & {Weather.RAIN, Weather.STORM, Weather.SNOW, Weather.FOG}:
        cover = (0.34, 0.72)
    else:
        cover = (0.52, 0.82)
    lit = blend(site.palette.middle, site.palette.light, 0.55)
    under = blend(site.palette.horizon, site.palette.middle, 0.45)
    layers = []
    for number, (depth, share, speed) in enumerate(((0.04, 0.75, 0.00012), (0.09, 0.5, 0.0003))):
        drift = speed * site.width * site.breeze
        reach = drift * _SHOT_FRAMES_MAX
        wide, tall = shapes.even(site.wide(depth) + reach), shapes.even(horizon * share)
        small = shapes.billows(site.rng, wide // 4, tall // 4, site.width / 4 * (0.42 - 0.14 * number))
        fade = shapes.bulge(tall // 4) ** 0.7
        field_ = shapes.smooth(*cover, small) * fade[:, None] * (0.62 + 0.2 * number)
        cel = Cel.of_shape(shapes.grown(field_, wide, tall).clip(0, 1), lit, under)
        layers.append(
            Layer(cel, site.start(depth) - reach, horizon * (0.02 + 0.3 * number), depth, drift, soft=True)
        )
    return layers
