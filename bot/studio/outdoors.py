"""Places under the open sky."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bot.studio import shapes
from bot.studio.planes import Cel, Colour, blend
from bot.studio.scenery import Scenery, Site, Water, clouds_over, grass, haze
from bot.studio.sky import Layer, sky_of
from bot.studio.vocabulary import Hour, Weather


def _begun(site: Site) -> tuple[Scenery, list[Layer]]:
    """The sky and its clouds, with everything else still to come."""
    sky = sky_of(site.palette, site.light, site.width, site.height, site.horizon, site.rng)
    back = clouds_over(site, site.horizon)
    feet = site.horizon + (site.height - site.horizon) * 0.58
    return Scenery(sky=sky, back=back, feet=feet, float_at=feet), back


def _misty(site: Site, layers: list[Layer], base: float) -> None:
    strength = 0.95 if Weather.FOG in site.weathers else 0.35
    layers.append(haze(site, base, site.height * 0.3, strength, 0.3))


def field(site: Site) -> Scenery:
    scenery, back = _begun(site)
    unit, base = site.unit, site.horizon
    root = unit * 0.07
    for nearness, depth, high in ((0.05, 0.12, 0.10), (0.25, 0.22, 0.07)):
        line = (site.line(depth, 0.5) + 1) * high * unit
        back.append(
            site.ridge(line, base, depth, site.shade(nearness), site.shade(nearness + 0.06), root=root)
        )
    trees = shapes.crowns(site.rng, site.wide(0.4), unit * 0.05, unit * 0.06)
    trees *= site.line(0.4, 0.22, 1) > -0.15
    back.append(
        site.ridge(
            trees + unit * 0.01, base + unit * 0.015, 0.4, site.shade(0.5), site.shade(0.42), root=root
        )
    )
    _misty(site, back, base)
    meadow = (site.line(1.0, 0.7, 2) + 1) * 0.02 * unit
    lit = blend(site.shade(0.45), site.palette.light, 0.18)
    back.append(site.ridge(meadow, base + unit * 0.05, 1.0, lit, site.shade(0.95)))
    scenery.front.append(_foreground(site, 0.075))
    return scenery


def _foreground(site: Site, tall: float) -> Layer:
    """Dark grass along the lower edge, nearer than the figures."""
    blades = grass(site, 1.7, tall * site.unit) + (site.line(1.7, 0.3, 2) + 1) * 0.012 * site.unit
    dark = site.shade(1.0)
    return site.ridge(blades, site.height - site.unit * 0.02, 1.7, dark, blend(dark, (0, 0, 0), 0.3))


def mountains(site: Site) -> Scenery:
    scenery, back = _begun(site)
    unit, base = site.unit, site.horizon
    snowy = blend(site.palette.light, (255, 255, 255), 0.3)
    for nearness, depth, high, step in ((0.0, 0.07, 0.42, 0.34), (0.2, 0.15, 0.30, 0.26)):
        line = shapes.peaks(site.rng, site.wide(depth), step * unit) ** 1.3 * high * unit
        back.append(
            site.ridge(
                line,
                base,
                depth,
                blend(site.shade(nearness), snowy, 0.75),
                site.shade(nearness),
                root=unit * 0.06,
            )
        )
    _misty(site, back, base)
    for nearness, depth, tall in ((0.45, 0.35, 0.075), (0.7, 0.6, 0.12)):
        trees = shapes.conifers(site.rng, site.wide(depth), unit * tall * 0.3, unit * tall)
        hill = (site.line(depth, 0.4, 2) + 1) * 0.03 * unit
        top = base + unit * (0.02 + 0.1 * (depth - 0.35))
        back.append(
            site.ridge(
                trees + hill, top, depth, site.shade(nearness), site.shade(nearness + 0.15), root=unit * 0.16
            )
        )
    ground = (site.line(1.0, 0.6, 2) + 1) * 0.03 * unit
    back.append(site.ridge(ground, base + unit * 0.12, 1.0, site.shade(0.8), site.shade(1.0)))
    scenery.front.append(_foreground(site, 0.06))
    return scenery


def forest(site: Site) -> Scenery:
    scenery, back = _begun(site)
    unit, base = site.unit, site.horizon
    for nearness, depth, tall in ((0.02, 0.12, 0.42), (0.22, 0.22, 0.5), (0.45, 0.4, 0.62)):
        trees = shapes.conifers(site.rng, site.wide(depth), unit * tall * 0.26, unit * tall)
        top = site.shade(nearness)
        back.append(
            site.ridge(
                trees,
                base + unit * 0.04 * depth,
                depth,
                top,
                blend(top, site.palette.horizon, 0.12),
                root=unit * 0.08,
            )
        )
        back.append(haze(site, base - unit * 0.02, site.height * 0.2, 0.6, depth))
    ground = (site.line(1.0, 0.5, 3) + 1) * 0.025 * unit
    back.append(site.ridge(ground, base + unit * 0.05, 1.0, site.shade(0.75), site.shade(1.0)))
    scenery.front.extend([_trunks(site), _foreground(site, 0.07)])
    return scenery


def _trunks(site: Site) -> Layer:
    """A few great stems before everything, which the camera passes."""
    depth = 1.5
    opacity = np.zeros((shapes.even(site.height), site.wide(depth)), np.float32)
    rows = np.linspace(-1, 1, opacity.shape[0], dtype=np.float32)
    column = site.rng.uniform(-0.05, 0.1) * site.width
    columns = np.arange(opacity.shape[1], dtype=np.float32)[None, :]
    while column < opacity.shape[1]:
        half = site.unit * site.rng.uniform(0.016, 0.04)
        lean = site.rng.uniform(-0.5, 0.5) * half
        edges = half * (1 + 0.25 * rows**4)[:, None]
        centre = column + (rows * lean)[:, None]
        np.maximum(opacity, np.clip(edges - np.abs(columns - centre) + 0.5, 0, 1), out=opacity)
        column += site.width * site.rng.uniform(0.45, 0.8)
    dark = blend(site.shade(1.0), (0, 0, 0), 0.35)
    return site.layer(opacity, 0, depth, dark, dark)


def desert(site: Site) -> Scenery:
    scenery, back = _begun(site)
    unit, base = site.unit, site.horizon
    mesa = np.clip(site.line(0.08, 0.3, 2) * 3 - 0.6, 0, 1) * 0.16 * unit
    back.append(site.ridge(mesa + 2, base, 0.08, site.shade(0.02), site.shade(0.0), root=unit * 0.05))
    for number, (nearness, depth) in enumerate(((0.12, 0.2), (0.35, 0.45), (0.6, 1.0))):
        swell = np.abs(site.line(depth, 0.9 - 0.15 * number, 1)) * (0.10 + 0.02 * number) * unit
        lit = blend(site.shade(nearness), site.palette.light, 0.35)
        row = base + unit * (0.0, 0.04, 0.12)[number]
        back.append(site.ridge(swell, row, depth, lit, site.shade(nearness + 0.25)))
    return scenery


def ice(site: Site) -> Scenery:
    scenery, back = _begun(site)
    unit, base = site.unit, site.horizon
    white = blend((244, 248, 252), site.palette.middle, 0.15 if site.hour is not Hour.NIGHT else 0.6)
    for nearness, depth, high in ((0.0, 0.1, 0.30), (0.15, 0.2, 0.18)):
        line = shapes.peaks(site.rng, site.wide(depth), 0.3 * unit) ** 1.5 * high * unit
        back.append(
            site.ridge(
                line,
                base,
                depth,
                blend(white, site.shade(nearness), 0.2),
                site.shade(nearness),
                root=unit * 0.12,
            )
        )
    _misty(site, back, base)
    for depth, row in ((0.5, 0.02), (1.0, 0.1)):
        drifts = (site.line(depth, 0.7, 2) + 1) * 0.03 * unit
        top = site.ridge(drifts, base + unit * row, depth, white, blend(white, site.shade(0.3), 0.5))
        back.append(top)
    return scenery


def city(site: Site) -> Scenery:
    scenery, back = _begun(site)
    unit, base = site.unit, site.horizon
    for nearness, depth, high, block in (
        (0.05, 0.1, 0.5, 0.05),
        (0.35, 0.2, 0.42, 0.07),
        (0.7, 0.38, 0.34, 0.1),
    ):
        back.append(_houses(site, nearness, depth, high * unit, block * unit))
        if nearness < 0.6:
            back.append(haze(site, base, site.height * 0.3, 0.3, depth))
    street = np.full(site.wide(1.0), 2, np.float32)
    dark = site.shade(0.9)
    back.append(site.ridge(street, base, 1.0, blend(dark, site.palette.horizon, 0.25), dark))
    if site.wet or site.hour is Hour.NIGHT:
        return Scenery(
            sky=scenery.sky,
            back=back,
            water=Water(
                top=int(base),
                bottom=site.height,
                mirror=int(base),
                clear=0.62 if site.wet else 0.3,
                tint=dark,
                waves=3.0 * unit / 720,
                sparkle=0.25,
                rings=0.8,
            ),
            feet=scenery.feet,
            float_at=scenery.feet,
        )
    return scenery


def _houses(site: Site, nearness: float, depth: float, tall: float, block: float) -> Layer:
    """A row of houses with lit windows, and here and there a sign."""
    wide, high = site.wide(depth), shapes.even(tall + site.unit * 0.02)
    wall = site.shade(nearness)
    image = Image.new("RGBA", (wide, high), (*wall, 0))
    pen = ImageDraw.Draw(image)
    cell = max(3, round(site.unit * (0.006 + 0.007 * nearness)))
    for first, last, height in shapes.skyline(site.rng, wide, block, tall):
        top = high - height
        front = blend(wall, (0, 0, 0), float(site.rng.uniform(0, 0.22)))
        pen.rectangle((first, top, last - 1, high), fill=(*front, 255))
        if site.rng.random() < 0.25:
            middle = (first + last) / 2
            pen.rectangle((middle, top - tall * 0.07, middle + max(1, cell // 4), top), fill=(*front, 255))
        columns = np.arange(first + cell, last - cell, cell * 1.6)
        rows = np.arange(top + cell, high, cell * 2)
        lit = site.rng.random((len(columns), len(rows))) < site.palette.lamps * 0.42
        for column, row in np.argwhere(lit):
            glass = site.palette.second if site.rng.random() < 0.8 else site.palette.accent
            colour = blend(front, glass, float(site.rng.uniform(0.45, 0.95)) * (0.55 + 0.45 * nearness))
            x, y = columns[column], rows[row]
            pen.rectangle((x, y, x + cell * 0.8, y + cell), fill=(*colour, 255))
        if nearness > 0.3 and site.palette.lamps > 0.6 and site.rng.random() < 0.3:
            _sign(pen, first, last, top + height * 0.3, cell, _glow(site))
    return Layer(Cel.of_image(image), site.start(depth), site.horizon - high, depth)


def _glow(site: Site) -> Colour:
    return site.palette.accent if site.rng.random() < 0.5 else site.palette.second


def _sign(pen: ImageDraw.ImageDraw, first: int, last: int, top: float, cell: int, colour: Colour) -> None:
    middle = (first + last) // 2
    pen.rounded_rectangle(
        (middle - cell, top, middle + cell, top + cell * 9),
        radius=cell // 2,
        outline=(*colour, 255),
        width=max(1, cell // 3),
    )
    for row in range(4):
        y = top + cell * (1 + 2 * row)
        pen.rectangle((middle - cell // 2, y, middle + cell // 2, y + cell), fill=(*colour, 255))
