"""Places at the water: the sea, a lake, a puddle."""

from __future__ import annotations

import numpy as np

from bot.studio import shapes
from bot.studio.planes import Cel, Colour, Planes, blend
from bot.studio.scenery import Scenery, Site, Water, clouds_over, grass, haze
from bot.studio.sky import Layer, sky_of
from bot.studio.vocabulary import Weather

_SAND = (222, 192, 150)


def sea(site: Site, *, ashore: bool) -> Scenery:
    """Open water to the horizon; `ashore` puts a beach under the figures."""
    unit, base = site.unit, site.horizon
    back = clouds_over(site, base)
    cape = np.clip(site.line(0.08, 0.5, 3) * 1.6 - 0.45, 0, 1) * 0.09 * unit
    back.append(site.bank(cape, base + 1, 0.08, site.shade(0.08), site.shade(0.02)))
    if Weather.FOG in site.weathers:
        back.append(haze(site, base, site.height * 0.4, 0.95, 0.1))
    rough = bool(site.weathers & {Weather.STORM})
    water = Water(
        top=int(base),
        bottom=site.height,
        mirror=int(base),
        clear=0.55,
        tint=blend(site.palette.zenith, site.palette.near, 0.35),
        waves=(9.0 if rough else 5.0) * unit / 720,
        sparkle=0.55 if site.light.shown else 0.3,
        rings=0.4,
    )
    feet = base + (site.height - base) * 0.8
    front: list[Layer] = []
    if ashore:
        sand = blend(_SAND, site.shade(0.75), 0.45)
        slope = (site.line(1.0, 0.9, 2) + 1) * 0.015 * unit
        row = feet - unit * 0.05
        foam = site.ridge(
            slope + unit * 0.008, row, 1.0, blend(site.palette.light, (255, 255, 255), 0.3), sand
        )
        beach = site.ridge(slope, row, 1.0, sand, blend(sand, site.shade(1.0), 0.6))
        return Scenery(
            sky=_sky(site), back=back, shore=[foam, beach], front=front, water=water, feet=feet, float_at=feet
        )
    at = base + (site.height - base) * 0.45
    return Scenery(sky=_sky(site), back=back, front=front, water=water, feet=at, float_at=at)


def lake(site: Site, *, ashore: bool) -> Scenery:
    """Still water between wooded hills, with reeds in front."""
    unit, base = site.unit, site.horizon
    back = clouds_over(site, base)
    for nearness, depth, high in ((0.0, 0.08, 0.30), (0.18, 0.15, 0.18)):
        line = shapes.peaks(site.rng, site.wide(depth), 0.42 * unit) * high * unit
        back.append(site.bank(line, base, depth, site.shade(nearness), site.shade(nearness + 0.1)))
    back.append(haze(site, base, site.height * 0.25, 0.9 if Weather.FOG in site.weathers else 0.45, 0.15))
    trees = shapes.conifers(site.rng, site.wide(0.25), unit * 0.022, unit * 0.075)
    back.append(site.bank(trees + unit * 0.006, base + 1, 0.25, site.shade(0.5), site.shade(0.62)))
    water = Water(
        top=int(base),
        bottom=site.height,
        mirror=int(base),
        clear=0.72,
        tint=blend(site.palette.zenith, site.palette.near, 0.5),
        waves=3.0 * unit / 720,
        sparkle=0.2,
        rings=0.55,
    )
    feet = base + (site.height - base) * (0.8 if ashore else 0.42)
    shore = []
    if ashore:
        slope = (site.line(1.0, 0.8, 2) + 1) * 0.02 * unit
        grassy = slope + grass(site, 1.0, unit * 0.012)
        shore.append(site.ridge(grassy, feet - unit * 0.02, 1.0, site.shade(0.75), site.shade(1.0)))
    reeds = grass(site, 1.7, unit * 0.16) * (site.line(1.7, 0.25, 1) > 0.1)
    dark = blend(site.shade(1.0), (0, 0, 0), 0.2)
    front = [site.ridge(reeds + 2, float(site.height - 2), 1.7, dark, dark)]
    return Scenery(
        sky=_sky(site),
        back=back,
        shore=shore,
        front=front,
        water=water,
        feet=feet,
        float_at=base + (site.height - base) * 0.4,
    )


def puddle(site: Site) -> Scenery:
    """Very near the ground: lights out of focus behind, wet asphalt, and the water that mirrors them."""
    unit, base = site.unit, site.horizon
    # So far out of focus that it does not move against each other.
    back = [_spots(site, 14, 0.075, 0.30), _wall(site), _spots(site, 16, 0.05, 0.42)]
    kerb = np.full(site.wide(0.5), unit * 0.045, np.float32) + site.line(0.5, 0.05, 2) * unit * 0.003
    stone = site.shade(0.75)
    back.append(site.bank(kerb, base, 0.5, blend(stone, site.palette.horizon, 0.35), stone))
    water = Water(
        top=int(base),
        bottom=site.height,
        mirror=int(base),
        clear=0.8,
        tint=blend(site.palette.near, site.palette.zenith, 0.45),
        waves=4.0 * unit / 720,
        sparkle=0.18,
        rings=1.0,
    )
    edge = (site.line(1.6, 0.35, 3) + 0.9) * unit * 0.045
    dark = blend(site.shade(1.0), (0, 0, 0), 0.3)
    front = [
        site.ridge(edge.clip(0, None), float(site.height - unit * 0.035), 1.6, blend(dark, stone, 0.5), dark)
    ]
    at = base + (site.height - base) * 0.52
    return Scenery(sky=_sky(site), back=back, front=front, water=water, feet=at, float_at=at)


def _wall(site: Site) -> Layer:
    """The blurred dark of the street behind a puddle."""
    wide, high = shapes.even(site.width), shapes.even(site.horizon)
    line = (shapes.wander(site.rng, wide, 0.2 * site.unit, 1) + 1.4) * site.horizon * 0.3
    rows = np.arange(high, dtype=np.float32)[:, None]
    opacity = shapes.smooth(-0.5, 0.5, (rows - (high - line[None, :])) / (site.unit * 0.12)) * 0.75
    return Layer(Cel.of_shape(opacity, site.shade(0.35), site.shade(0.7)), 0, site.horizon - high, 0)


def _spots(site: Site, count: int, size: float, strength: float) -> Layer:
    """Street lights far out of focus: soft discs in the palette's warm and cold colours."""
    wide, high = shapes.even(site.width), shapes.even(site.horizon)
    total = np.zeros((high, wide), np.float32)
    colours = np.zeros((high, wide, 3), np.float32)
    choices: tuple[Colour, ...] = (site.palette.accent, site.palette.second, site.palette.light)
    for _ in range(count):
        radius = site.unit * size * float(site.rng.uniform(0.5, 1.1))
        spot = shapes.disc(radius * 0.82, radius * 0.4) * strength * float(site.rng.uniform(0.4, 1))
        side = spot.shape[0]
        if side >= high or side >= wide:
            continue
        x = int(site.rng.integers(0, wide - side))
        y = min(max(0, int(site.rng.triangular(0, high * 0.6, high)) - side // 2), high - side)
        tint = np.array(choices[int(site.rng.integers(len(choices)))], dtype=np.float32)
        there, tinted = total[y : y + side, x : x + side], colours[y : y + side, x : x + side]
        # Light adds up where two overlap; a clear place takes the spot's colour whole.
        share = spot / np.maximum(spot + there * (1 - spot), 1e-6)
        tinted += (tint - tinted) * share[..., None]
        there += spot * (1 - there)
    return Layer(Cel.of_pixels(colours, total), 0, site.horizon - high, 0)


def _sky(site: Site) -> Planes:
    return sky_of(site.palette, site.light, site.width, site.height, site.horizon, site.rng)
