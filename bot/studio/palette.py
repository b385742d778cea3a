"""The colours of a shot, from its hour, place, weather and style."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from bot.studio.planes import Colour, blend
from bot.studio.script import Shot
from bot.studio.vocabulary import Hour, Place, Style, Weather


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """`far` to `near` colours the land, `body` a figure's dark side, `light` the sun and what it touches."""

    zenith: Colour
    middle: Colour
    horizon: Colour
    far: Colour
    near: Colour
    light: Colour
    body: Colour
    accent: Colour
    second: Colour
    stars: float  # how many there are, 0 to 1
    lamps: float  # how brightly windows and lamps are lit, 0 to 1


_COLOURS = tuple(field.name for field in fields(Palette) if field.name not in ("stars", "lamps"))

_HOURS = {
    Hour.DAY: Palette(
        zenith=(66, 128, 190),
        middle=(140, 190, 218),
        horizon=(246, 232, 204),
        far=(150, 180, 194),
        near=(38, 70, 66),
        light=(255, 244, 214),
        body=(44, 48, 60),
        accent=(226, 98, 66),
        second=(244, 190, 84),
        stars=0,
        lamps=0.1,
    ),
    Hour.DAWN: Palette(
        zenith=(54, 66, 112),
        middle=(176, 116, 142),
        horizon=(255, 204, 152),
        far=(158, 126, 148),
        near=(42, 38, 62),
        light=(255, 228, 176),
        body=(36, 32, 52),
        accent=(240, 120, 84),
        second=(255, 206, 130),
        stars=0.08,
        lamps=0.45,
    ),
    Hour.DUSK: Palette(
        zenith=(38, 30, 76),
        middle=(146, 62, 110),
        horizon=(255, 150, 96),
        far=(118, 68, 108),
        near=(30, 20, 48),
        light=(255, 190, 122),
        body=(26, 18, 40),
        accent=(255, 110, 84),
        second=(255, 196, 96),
        stars=0.2,
        lamps=0.75,
    ),
    Hour.NIGHT: Palette(
        zenith=(8, 12, 34),
        middle=(20, 38, 74),
        horizon=(62, 96, 134),
        far=(38, 62, 94),
        near=(9, 14, 28),
        light=(232, 238, 252),
        body=(12, 16, 30),
        accent=(255, 176, 84),
        second=(120, 190, 236),
        stars=1,
        lamps=1,
    ),
}

_NEON = Palette(
    zenith=(12, 8, 36),
    middle=(52, 20, 92),
    horizon=(196, 52, 146),
    far=(66, 34, 112),
    near=(14, 8, 28),
    light=(255, 120, 214),
    body=(18, 10, 34),
    accent=(255, 72, 190),
    second=(54, 224, 248),
    stars=0.1,
    lamps=1,
)
_PASTEL = Palette(
    zenith=(164, 190, 228),
    middle=(230, 200, 222),
    horizon=(255, 238, 216),
    far=(204, 190, 222),
    near=(110, 104, 152),
    light=(255, 250, 230),
    body=(92, 84, 128),
    accent=(240, 138, 144),
    second=(250, 206, 140),
    stars=0,
    lamps=0.3,
)
_OVERCAST = Palette(
    zenith=(58, 74, 88),
    middle=(104, 122, 132),
    horizon=(182, 190, 186),
    far=(116, 132, 138),
    near=(28, 40, 48),
    light=(236, 236, 222),
    body=(28, 34, 44),
    accent=(232, 142, 78),
    second=(242, 200, 120),
    stars=0,
    lamps=0.7,
)

# What a place does to the land's colours, by day; at other hours it does half as much.
_LANDS: dict[Place, tuple[Colour, Colour]] = {
    Place.DESERT: ((222, 172, 122), (122, 62, 40)),
    Place.FOREST: ((126, 160, 140), (20, 46, 40)),
    Place.FIELD: ((166, 186, 140), (44, 76, 46)),
    Place.ICE: ((206, 220, 232), (116, 142, 172)),
    Place.CITY: ((146, 158, 176), (38, 42, 58)),
    Place.UNDERWATER: ((34, 122, 150), (6, 36, 58)),
    Place.ROOM: ((196, 164, 134), (74, 50, 44)),
    Place.SPACE: ((60, 66, 96), (14, 16, 30)),
}
_UNDERWATER_SKY = ((58, 168, 186), (20, 98, 132), (8, 54, 88))


def palette_of(shot: Shot, seed: int) -> Palette:
    """The seed turns the hues a little, so that two takes of a scene do not look the same."""
    palette = _unturned(shot)
    if shot.style in (Style.NOIR, Style.SEPIA):
        return _faded(palette, (1.0, 0.88, 0.70) if shot.style is Style.SEPIA else (1.0, 1.0, 1.0))
    turn = float(np.random.default_rng([seed, 3]).uniform(-0.022, 0.022))
    return _mapped(palette, lambda colour: _turned(colour, turn))


def _unturned(shot: Shot) -> Palette:
    wet = bool(shot.weathers & {Weather.RAIN, Weather.STORM})
    cold = bool(shot.weathers & {Weather.SNOW, Weather.FOG})
    hour = shot.hour
    if shot.place is Place.SPACE:
        hour = Hour.NIGHT
    if hour is None:
        hour = Hour.NIGHT if shot.style is Style.NEON else Hour.DAY
        palette = _OVERCAST if wet or cold else _HOURS[hour]
    else:
        palette = _HOURS[hour]
        if (wet or cold) and hour is not Hour.NIGHT:
            palette = _mixed(palette, _OVERCAST, 0.55 if wet else 0.3)
    if shot.style is Style.NEON:
        palette = _NEON
    elif shot.style is Style.PASTEL:
        palette = _mixed(palette, _PASTEL, 0.75)
    if shot.place in _LANDS:
        far, near = _LANDS[shot.place]
        share = 0.8 if hour is Hour.DAY else 0.3
        palette = replace(palette, far=blend(palette.far, far, share), near=blend(palette.near, near, share))
    if shot.place is Place.UNDERWATER:
        high, middle, deep = _UNDERWATER_SKY
        share = 0.9 if hour is not Hour.NIGHT else 0.55
        palette = replace(
            palette,
            zenith=blend(palette.zenith, high, share),
            middle=blend(palette.middle, middle, share),
            horizon=blend(palette.middle, deep, share),
            stars=0,
        )
    return palette


def _mapped(palette: Palette, change: Callable[[Colour], Colour]) -> Palette:
    changed: dict[str, Any] = {name: change(getattr(palette, name)) for name in _COLOURS}
    return replace(palette, **changed)


def _mixed(one: Palette, other: Palette, share: float) -> Palette:
    mixed = {name: blend(getattr(one, name), getattr(other, name), share) for name in _COLOURS}
    stars = one.stars + (other.stars - one.stars) * share
    return replace(one, **mixed, stars=stars, lamps=one.lamps + (other.lamps - one.lamps) * share)


def _faded(palette: Palette, tone: tuple[float, float, float]) -> Palette:
    """All grey, or all of one tone, with more contrast than the colours had."""

    def fade(colour: Colour) -> Colour:
        grey = 0.30 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
        grey = min(255.0, max(0.0, (grey - 118) * 1.15 + 112))
        return round(grey * tone[0]), round(grey * tone[1]), round(grey * tone[2])

    return _mapped(palette, fade)


def _turned(colour: Colour, turn: float) -> Colour:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    red, green, blue = colorsys.hls_to_rgb((hue + turn) % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
