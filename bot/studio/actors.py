"""The figures of a shot: their drawings, their places, and how they move through it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

import numpy as np
from PIL import Image, ImageChops, ImageOps

from bot.studio import animals, people, shapes, things, vehicles
from bot.studio.palette import Palette
from bot.studio.pen import Paint, Pen
from bot.studio.planes import Cel, Colour, Stage, blend
from bot.studio.scenery import Scenery, Site
from bot.studio.script import Part, Shot
from bot.studio.spec import FPS
from bot.studio.vocabulary import Figure, Framing, Move, Place


class Manner(Enum):
    """How a figure is in the picture."""

    WALKS = auto()
    STANDS = auto()
    FLOATS = auto()
    FLIES = auto()
    HOVERS = auto()


@dataclass(frozen=True, slots=True)
class Role:
    """`wide` and `tall` are the sheet in units of the figure's height, which is `size` of the picture's unit.

    `rest` draws it standing; `glow` is how far its own light reaches, in its height; a `face` is what a
    close-up shows.
    """

    draw: Callable[[Pen, float, Paint], None]
    manner: Manner
    size: float
    wide: float
    tall: float
    cycle_s: float
    tint: Colour | None = None  # its own colour when the words give none; otherwise the palette's
    count: int = 1
    rest: Callable[[Pen, float, Paint], None] | None = None
    glow: float = 0.0
    face: bool = False


_PAPER, _GREY, _BROWN, _GREEN = (255, 252, 240), (128, 122, 124), (122, 82, 58), (92, 142, 84)
_ROLES = {
    Figure.PAPER_BOAT: Role(vehicles.paper_boat, Manner.FLOATS, 0.25, 1.9, 1.05, 2.6, _PAPER),
    Figure.BOAT: Role(vehicles.boat, Manner.FLOATS, 0.36, 1.3, 1.05, 3.2, _PAPER),
    Figure.SHIP: Role(vehicles.ship, Manner.FLOATS, 0.24, 2.1, 1.3, 2.4),
    Figure.ASTRONAUT: Role(people.astronaut, Manner.HOVERS, 0.42, 1.2, 1.08, 3.0, face=True),
    Figure.ROBOT: Role(people.robot, Manner.WALKS, 0.36, 0.9, 1.04, 1.2, face=True),
    Figure.UMBRELLA: Role(
        people.umbrella,
        Manner.WALKS,
        0.36,
        1.05,
        1.24,
        1.1,
        rest=partial(people.umbrella, stride=0.0),
        face=True,
    ),
    Figure.CROWD: Role(people.person, Manner.WALKS, 0.36, 0.75, 1.06, 1.1, count=6),
    Figure.PERSON: Role(
        people.person,
        Manner.WALKS,
        0.40,
        0.75,
        1.06,
        1.1,
        rest=partial(people.person, stride=0.0),
        face=True,
    ),
    Figure.CHILD: Role(
        people.child,
        Manner.WALKS,
        0.29,
        0.75,
        1.12,
        0.9,
        rest=partial(people.child, stride=0.0),
        face=True,
    ),
    Figure.DOG: Role(animals.dog, Manner.WALKS, 0.22, 1.95, 1.0, 0.5, (214, 160, 88)),
    Figure.CAT: Role(animals.cat, Manner.STANDS, 0.26, 1.2, 1.02, 2.4, _GREY),
    Figure.HORSE: Role(animals.horse, Manner.WALKS, 0.36, 1.7, 1.1, 0.6, _BROWN),
    Figure.BIRDS: Role(animals.bird, Manner.FLIES, 0.16, 1.2, 1.04, 0.7, (238, 238, 234), 5),
    Figure.FISH: Role(animals.fish, Manner.FLIES, 0.15, 1.4, 0.95, 0.9, (240, 134, 62), 4),
    Figure.WHALE: Role(animals.whale, Manner.FLIES, 0.30, 3.0, 1.05, 3.0),
    Figure.BUTTERFLY: Role(animals.butterfly, Manner.FLIES, 0.12, 1.1, 1.0, 0.4, count=3),
    Figure.CAR: Role(vehicles.car, Manner.WALKS, 0.17, 2.15, 1.02, 0.5),
    Figure.TRAIN: Role(vehicles.train, Manner.WALKS, 0.17, 6.0, 0.96, 0.5),
    Figure.BICYCLE: Role(vehicles.bicycle, Manner.WALKS, 0.34, 1.25, 1.1, 0.9),
    Figure.AIRPLANE: Role(vehicles.airplane, Manner.FLIES, 0.17, 2.2, 0.95, 1.0),
    Figure.ROCKET: Role(vehicles.rocket, Manner.HOVERS, 0.5, 0.5, 1.05, 0.4),
    Figure.BALLOON: Role(vehicles.hot_air_balloon, Manner.HOVERS, 0.40, 0.8, 1.02, 4.0),
    Figure.TOY_BALLOON: Role(vehicles.toy_balloon, Manner.HOVERS, 0.34, 0.5, 1.02, 2.4),
    Figure.KITE: Role(vehicles.kite, Manner.HOVERS, 0.26, 1.2, 1.05, 1.4),
    Figure.LIGHTHOUSE: Role(things.lighthouse, Manner.FLOATS, 0.48, 2.9, 1.02, 4.0, glow=0.5),
    Figure.HOUSE: Role(things.house, Manner.STANDS, 0.30, 1.5, 1.15, 2.0, glow=0.5),
    Figure.TREE: Role(things.tree, Manner.STANDS, 0.52, 0.9, 1.02, 3.0, _GREEN),
    Figure.FLOWER: Role(things.flower, Manner.STANDS, 0.30, 0.66, 1.04, 2.6),
    Figure.FIRE: Role(things.fire, Manner.STANDS, 0.24, 0.96, 1.08, 0.8, glow=1.5),
    Figure.CANDLE: Role(things.candle, Manner.STANDS, 0.26, 0.72, 1.05, 0.8, glow=1.2),
    Figure.CUP: Role(things.cup, Manner.STANDS, 0.24, 1.05, 1.04, 2.0, _PAPER),
}
_SIZES = {Framing.WIDE: 0.62, Framing.MEDIUM: 1.0, Framing.CLOSE: 1.45}
_DEPTHS = {Framing.WIDE: 0.55, Framing.MEDIUM: 1.0, Framing.CLOSE: 1.25}
_UPRIGHT = (Figure.LIGHTHOUSE,)  # floats in the picture's sense, but does not rock or sail


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One figure in one shot; x and y are where the middle of its feet is, in pixels."""

    cels: list[Cel]
    mirrored: list[Cel]  # empty where nothing mirrors it
    shadow: Cel | None
    glow: Cel | None
    start_x: float
    end_x: float
    y: float
    depth: float
    cycle_s: float
    offset: float
    bob: float
    root: float  # how far below y its sheet goes

    def draw(self, stage: Stage, frame: int, share: float, travel: float) -> None:
        """`share` of the shot is over, the camera has gone `travel` pixels."""
        time = frame / FPS / self.cycle_s + self.offset
        number = int(time * len(self.cels)) % len(self.cels)
        cel = self.cels[number]
        x = self.start_x + (self.end_x - self.start_x) * share - travel * self.depth - cel.width / 2
        rise = self.bob * math.sin(time * math.tau * 0.5 + self.offset)
        if self.glow is not None:
            middle = self.y - cel.height * 0.55
            stage.lay(self.glow, x + (cel.width - self.glow.width) / 2, round(middle - self.glow.height / 2))
        if self.shadow is not None:
            stage.lay(self.shadow, x + (cel.width - self.shadow.width) / 2, self.y - self.shadow.height / 2)
        if self.mirrored:
            stage.lay(
                self.mirrored[number], x + self.bob * 0.7 * math.sin(time * 9), self.y - self.root - rise
            )
        stage.lay(cel, x, self.y - cel.height + self.root + rise)


def actors_of(shot: Shot, place: Place, site: Site, scenery: Scenery) -> list[Actor]:
    """The shot's figures, the farther ones first."""
    figures = {part.figure for part in shot.parts}
    alone = [part for part in shot.parts if not (part.figure is Figure.PERSON and Figure.UMBRELLA in figures)]
    actors: list[Actor] = []
    for number, part in reversed(list(enumerate(alone))):
        actors += _staged(shot, place, site, scenery, part, number, len(alone))
    return actors


def manner_of(figure: Figure, place: Place) -> Manner:
    """How a figure is in this place: nothing walks among clouds, and nothing sails on dry land."""
    manner = _ROLES[figure].manner
    if place in (Place.SKY, Place.UNDERWATER) and manner in (Manner.WALKS, Manner.STANDS, Manner.FLOATS):
        return Manner.HOVERS
    if manner is Manner.FLOATS and place not in (Place.SEA, Place.LAKE, Place.PUDDLE):
        return Manner.STANDS
    return manner


def _staged(
    shot: Shot, place: Place, site: Site, scenery: Scenery, part: Part, number: int, parts: int
) -> list[Actor]:
    role = _ROLES[part.figure]
    manner = manner_of(part.figure, place)
    tint = part.tint or role.tint or site.palette.accent
    portrait = role.face and shot.framing is Framing.CLOSE
    pixels = site.unit * (1.25 if portrait else role.size * _SIZES[shot.framing])
    pixels = min(pixels, site.width * 0.9 / min(role.wide, 3.0))
    grown = [pixels] if role.count == 1 else [pixels, pixels * 0.72]
    resting = shot.resting and role.rest is not None
    draw = role.rest if shot.resting and role.rest is not None else role.draw
    sheets = [_sheets(role, draw, size, tint, site, leftward=shot.leftward) for size in grown]
    glow = _glow(pixels * role.glow, site.palette) if role.glow else None
    floats = manner is Manner.FLOATS
    wet_ground = scenery.water is not None and not scenery.shore and manner in (Manner.WALKS, Manner.STANDS)
    actors = []
    for index in range(role.count):
        cels = sheets[index % len(sheets)]
        size = grown[index % len(sheets)]
        start, end = _across(shot, site, manner, part.figure, number, parts, index)
        if resting:
            start = end = (start + end) / 2
        if shot.leftward:
            start, end = site.width - start, site.width - end
        root = size * (0.02 if floats else 0.0)
        still = part.figure in _UPRIGHT or manner in (Manner.WALKS, Manner.STANDS)
        actors.append(
            Actor(
                cels=cels,
                mirrored=[cel.mirrored(0.5 if floats else 0.34) for cel in cels]
                if floats or wet_ground
                else [],
                shadow=_shadow(size * role.wide * 0.5) if manner in (Manner.WALKS, Manner.STANDS) else None,
                glow=glow,
                start_x=start,
                end_x=end,
                y=site.height * 0.16 + size
                if portrait
                else _row(shot, place, site, scenery, manner, size, index),
                depth=_depth(shot, manner),
                cycle_s=role.cycle_s,
                offset=float(site.rng.random()) if role.count > 1 else 0.0,
                bob=0.0 if still else size * (0.025 if floats else 0.07),
                root=root,
            )
        )
    return sorted(actors, key=lambda actor: actor.y)


def _across(
    shot: Shot, site: Site, manner: Manner, figure: Figure, number: int, parts: int, index: int
) -> tuple[float, float]:
    """Where it is at the start and at the end of the shot, for a camera that has no travel of its own."""
    width, travel = site.width, site.travel
    if parts > 1:
        middle = width * (0.36 if number == 0 else 0.66)
    elif manner in (Manner.STANDS, Manner.HOVERS) or figure in _UPRIGHT:
        middle = width * (0.4 if site.light.x > 0.5 else 0.6)
    else:
        middle = width * 0.5
    if index:
        middle += width * float(site.rng.uniform(-0.34, 0.34))
    if manner in (Manner.STANDS, Manner.HOVERS) or figure in _UPRIGHT:
        going = 0.05 * width if manner is Manner.HOVERS else 0.0
        middle += travel / 2 if _depth(shot, manner) else 0.0
        return middle - going, middle + going
    near = shot.move in (Move.TRACKING, Move.DOLLY_IN, Move.DOLLY_OUT) or parts > 1
    going = width * (0.07 if near else 0.19) * min(1.3, shot.frames / FPS / 4)
    if figure is Figure.TRAIN:
        going = width * 0.4
    return middle - going, middle + going


def _depth(shot: Shot, manner: Manner) -> float:
    """Standing figures pass with the land; for all others the camera keeps up."""
    if manner is Manner.STANDS:
        return 0.25 if shot.move is Move.TRACKING else 1.0
    return 0.0


def _row(
    shot: Shot, place: Place, site: Site, scenery: Scenery, manner: Manner, size: float, index: int
) -> float:
    scatter = float(site.rng.uniform(-1, 1)) if index else 0.0
    if manner in (Manner.FLIES, Manner.HOVERS):
        high = 0.52 if place in (Place.UNDERWATER, Place.SPACE, Place.SKY) else 0.36
        return site.height * (high + 0.2 * scatter) + size * 0.5
    ground = scenery.float_at if manner is Manner.FLOATS else scenery.feet
    reach = (ground - site.horizon) * _DEPTHS[shot.framing]
    row = site.horizon + reach if scenery.feet > site.horizon else ground
    if scenery.shore:
        row = max(row, scenery.feet)
    return min(row, site.height * 0.95) + site.height * 0.03 * scatter


def _sheets(
    role: Role,
    draw: Callable[[Pen, float, Paint], None],
    pixels: float,
    tint: Colour,
    site: Site,
    *,
    leftward: bool,
) -> list[Cel]:
    """The figure's drawings through its cycle, on twos as animators say: a new one every second frame."""
    palette = site.palette
    paint = Paint(palette.body, blend(palette.body, (0, 0, 0), 0.45), _lit(tint, palette), palette.light)
    count = max(2, min(16, round(role.cycle_s * FPS / 2)))
    cels = []
    for number in range(count):
        pen = Pen(role.wide, role.tall, pixels, paint.body)
        draw(pen, number / count, paint)
        image = pen.image()
        cels.append(_rimmed(ImageOps.mirror(image) if leftward else image, palette, site.light.x, pixels))
    return cels


def _lit(tint: Colour, palette: Palette) -> Colour:
    """A colour as it looks in this light."""
    dim = 1 - sum(palette.horizon) / 765
    return blend(tint, palette.body, min(0.55, max(0.0, dim - 0.12) * 0.8))


def _rimmed(image: Image.Image, palette: Palette, light_x: float, pixels: float) -> Cel:
    """With an edge of light on the side and the top that the light falls on."""
    opacity = image.getchannel("A")
    thick = max(1, round(pixels * 0.012))
    covered = ImageChops.offset(opacity, thick if light_x < 0.5 else -thick, thick)
    rim = ImageChops.subtract(opacity, covered, scale=1.6)
    colours = image.convert("RGB")
    colours.paste(palette.light, mask=rim)
    colours.putalpha(opacity)
    return Cel.of_image(colours)


def _shadow(wide: float) -> Cel:
    spot = shapes.disc(wide * 0.32, wide * 0.3) * 0.42
    side = spot.shape[0]
    flat = np.asarray(
        Image.fromarray(spot).resize((side, shapes.even(side * 0.14)), Image.Resampling.BILINEAR),
        dtype=np.float32,
    )
    return Cel.of_shape(flat.clip(0, 1), (8, 8, 14))


def _glow(reach: float, palette: Palette) -> Cel:
    """The light that a fire or a lamp throws around itself: much at night, little by day."""
    strength = 0.1 + 0.35 * (1 - sum(palette.horizon) / 765)
    return Cel.of_shape(shapes.disc(reach * 0.12, reach) * strength, (255, 190, 110))
