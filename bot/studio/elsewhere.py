"""Places without a landscape: indoors, in space, among clouds, under water."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from bot.studio import shapes
from bot.studio.planes import Cel, Colour, Planes, blend
from bot.studio.scenery import Scenery, Site, clouds_over, grass
from bot.studio.sky import Layer, sky_of
from bot.studio.vocabulary import Hour


def _sky(site: Site, horizon: float) -> Planes:
    return sky_of(site.palette, site.light, site.width, site.height, horizon, site.rng)


def space(site: Site, *, landed: bool) -> Scenery:
    """Stars, a nebula, a planet with its dark side; `landed` puts bare ground under the figures."""
    unit = site.unit
    back = []
    wide = site.wide(0.03)
    dust = shapes.billows(site.rng, wide // 4, site.height // 4, unit / 4 * 0.7, 5)
    cloud = shapes.grown(shapes.smooth(0.5, 0.85, dust) * 0.5, wide, shapes.even(site.height))
    back.append(site.layer(cloud, 0, 0.03, site.palette.accent, site.palette.second))
    back.append(_planet(site))
    feet = site.height * 0.8 if landed else site.height * 0.68
    shore = []
    if landed:
        for nearness, depth, row in ((0.2, 0.3, 0.72), (0.5, 1.0, 0.78)):
            line = np.abs(site.line(depth, 0.3, 3)) * 0.05 * unit
            top = blend(site.shade(nearness), site.palette.light, 0.3)
            shore.append(site.ridge(line, site.height * row, depth, top, site.shade(nearness + 0.4)))
    return Scenery(sky=_sky(site, site.height * 1.6), back=back, shore=shore, feet=feet, float_at=feet)


def _planet(site: Site) -> Layer:
    radius = site.unit * float(site.rng.uniform(0.16, 0.26))
    globe = shapes.disc(radius, 1.5)
    side = globe.shape[0]
    offsets = (np.arange(side, dtype=np.float32) - side / 2) / radius
    across, down = offsets[None, :], offsets[:, None]
    facing = np.clip(
        -0.62 * across - 0.5 * down + 0.6 * np.sqrt(np.clip(1 - across**2 - down**2, 0, 1)), 0, 1
    )
    stripes = shapes.billows(site.rng, side, side, side * 0.9, 4)
    bands = 0.75 + 0.5 * (np.roll(stripes, 3, axis=0) - 0.5) + 0.1 * np.sin(down * 9 + stripes * 5)
    tint = np.array(site.palette.second, dtype=np.float32)
    colours = tint * (0.05 + facing**0.8 * bands)[..., None]
    x = site.width * float(site.rng.uniform(0.55, 0.8)) - side / 2
    return Layer(Cel.of_pixels(colours.clip(0, 255), globe), x, site.height * 0.3 - side / 2, 0.06)


def clouds(site: Site) -> Scenery:
    """High up: clouds far below, and some that fly past."""
    back = clouds_over(site, site.height * 0.7)
    white = blend(site.palette.light, (255, 255, 255), 0.5)
    front: list[Layer] = []
    for depth, row, drift in ((0.15, 0.62, 0.2), (0.35, 0.74, 0.6), (1.2, 0.9, 2.4)):
        heights = (shapes.crowns(site.rng, site.wide(depth) + 1400, site.unit * 0.2, site.unit * 0.1)) + 4
        soft = site.unit * 0.03
        tall = shapes.even(site.height * (1 - row) + float(heights.max()) + soft)
        rows = np.arange(tall, dtype=np.float32)[:, None]
        opacity = shapes.smooth(
            0, soft, rows - (heights.max() - heights)[None, : shapes.even(heights.size - 1)]
        )
        shaded = blend(site.palette.middle, white, 0.35)
        cel = Cel.of_shape(opacity * 0.94, white, shaded)
        layer = Layer(cel, site.start(depth) - 1300, site.height * row - float(heights.max()), depth, drift)
        (front if depth > 1 else back).append(layer)
    at = site.height * 0.52
    return Scenery(sky=_sky(site, site.height * 0.85), back=back, front=front, feet=at, float_at=at)


def underwater(site: Site) -> Scenery:
    """Shafts of light from above, a sea bed with weeds."""
    unit = site.unit
    wide, high = site.wide(0.05), shapes.even(site.height)
    columns = np.arange(wide, dtype=np.float32)[None, :]
    rows = np.arange(high, dtype=np.float32)[:, None]
    slanted = (columns + rows * 0.35).astype(np.int32) % (wide + 1)
    bright = np.append(shapes.wander(site.rng, wide, unit * 0.09, 3), 0)
    fade = np.clip(1 - rows / (high * 0.9), 0, 1)
    shafts = shapes.smooth(0.05, 0.9, bright[slanted]) * fade * 0.4
    back = [site.layer(shafts.astype(np.float32), 0, 0.05, site.palette.light, site.palette.middle)]
    for nearness, depth, row, tall in ((0.2, 0.2, 0.8, 0.10), (0.5, 0.5, 0.87, 0.08)):
        reef = np.abs(site.line(depth, 0.2, 3)) * tall * unit + grass(site, depth, unit * tall * 0.8)
        top = blend(site.palette.horizon, site.palette.near, nearness)
        back.append(site.ridge(reef, site.height * row, depth, top, blend(top, site.palette.near, 0.5)))
    weeds = grass(site, 1.6, unit * 0.26) * (site.line(1.6, 0.2, 1) > 0)
    dark = blend(site.palette.near, (0, 0, 0), 0.3)
    front = [site.ridge(weeds + 4, float(site.height), 1.6, dark, dark)]
    at = site.height * 0.55
    sky = _sky(site, site.height * 1.0)
    return Scenery(sky=sky, back=back, front=front, feet=site.height * 0.84, float_at=at)


def room(site: Site) -> Scenery:
    """A wall, a window with the hour behind it, a table or floor, and the light that falls on it."""
    unit, floor = site.unit, site.height * 0.7
    wall = blend(site.palette.far, site.palette.near, 0.25 if site.hour is not Hour.NIGHT else 0.6)
    planes = Planes.blank(site.width, site.height, wall)
    back = [_window(site, floor)]
    glow = shapes.disc(unit * 0.1, unit * 0.75) * 0.3
    side = glow.shape[0]
    lamp = Layer(
        Cel.of_shape(glow, blend(site.palette.accent, (255, 214, 150), 0.6)),
        site.width * 0.74 - side / 2,
        floor * 0.45 - side / 2,
        0.1,
    )
    board = np.full(site.wide(1.0), 2, np.float32)
    wood = blend((124, 82, 58), site.palette.near, 0.5)
    lit = blend(wood, site.palette.light, 0.3)
    back += [lamp, site.ridge(board, floor, 1.0, lit, blend(wood, (0, 0, 0), 0.4))]
    return Scenery(sky=planes, back=back, feet=floor + unit * 0.09, float_at=floor + unit * 0.09)


def _window(site: Site, floor: float) -> Layer:
    depth, unit = 0.15, site.unit
    across, tall = unit * 0.5, min(unit * 0.56, floor * 0.8)
    outside: Colour = blend(site.palette.middle, site.palette.horizon, 0.5)
    image = Image.new("RGBA", (shapes.even(across), shapes.even(tall)), (*outside, 255))
    pen = ImageDraw.Draw(image)
    for row in range(image.height):
        share = row / image.height
        colour = blend(site.palette.zenith, site.palette.horizon, share**1.3)
        pen.line((0, row, image.width, row), fill=(*colour, 255))
    hills = [
        (x, image.height * (0.78 + 0.05 * math.sin(x / across * 5 + 1))) for x in range(0, image.width + 8, 8)
    ]
    pen.polygon([*hills, (image.width, image.height), (0, image.height)], fill=(*site.shade(0.45), 255))
    frame = blend(site.palette.near, (0, 0, 0), 0.25)
    thick = max(3, round(unit * 0.014))
    pen.rectangle((0, 0, image.width - 1, image.height - 1), outline=(*frame, 255), width=thick)
    pen.line((image.width / 2, 0, image.width / 2, image.height), fill=(*frame, 255), width=thick // 2 + 1)
    pen.line(
        (0, image.height * 0.42, image.width, image.height * 0.42), fill=(*frame, 255), width=thick // 2 + 1
    )
    x = site.width * 0.3 - across / 2
    return Layer(Cel.of_image(image), x, floor * 0.5 - tall / 2, depth)
