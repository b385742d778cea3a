"""A shot drawn from words: its place, its figures, its camera and its weather."""

from __future__ import annotations

import numpy as np

from bot.studio import elsewhere, outdoors, waterside
from bot.studio.actors import Manner, actors_of, manner_of
from bot.studio.camera import Path
from bot.studio.easel import Easel
from bot.studio.palette import Palette
from bot.studio.planes import Planes, Stage
from bot.studio.scenery import Scenery, Site
from bot.studio.script import Shot
from bot.studio.sky import Layer, light_of
from bot.studio.vocabulary import Angle, Figure, Move, Place
from bot.studio.water import Surface

_HORIZONS = {Angle.LOW: 0.76, Angle.HIGH: 0.42, None: 0.6}
_DROPS_PER_SECOND = 60


class Scene:
    def __init__(self, shot: Shot, palette: Palette, easel: Easel, seed: int) -> None:
        place = _place(shot)
        width, height = easel.width, easel.height
        # All shots of one place and seed are at the same place: its hills stay where they are.
        rng = np.random.default_rng([seed, list(Place).index(place)])
        self._path = Path(shot.move, shot.frames, width)
        horizon = height * (0.36 if place is Place.PUDDLE else _HORIZONS[shot.angle])
        site = Site(
            width=width,
            height=height,
            horizon=horizon // 2 * 2,
            travel=self._path.travel,
            breeze=float(shot.move is Move.STATIC),
            palette=palette,
            light=light_of(shot.hour, place, shot.weathers, min(width, height), rng),
            hour=shot.hour,
            weathers=shot.weathers,
            rng=rng,
        )
        self._scenery = _built(shot, place, site)
        self._actors = actors_of(shot, place, site, self._scenery)
        water = self._scenery.water
        drops = _DROPS_PER_SECOND * site.wet
        self._surface = Surface(water, width, height, drops, rng) if water is not None else None
        sheltered = place in (Place.ROOM, Place.UNDERWATER, Place.SPACE)
        self._weather = easel.weather(frozenset() if sheltered else shot.weathers)
        self._easel, self._frames = easel, shot.frames
        self._backdrop, self._moving = self._painted()

    def draw(self, frame: int) -> None:
        """Draw the shot's frame, counted from 0, on the easel's picture."""
        easel, stage = self._easel, self._easel.stage
        view = self._path.view(frame)
        stage.copy(self._backdrop)
        for layer in self._moving:
            _lay(stage, layer, view.travel, frame)
        if self._surface is not None:
            self._surface.draw(stage, frame)
        for layer in self._scenery.shore:
            _lay(stage, layer, view.travel, frame)
        for actor in self._actors:
            actor.draw(stage, frame, frame / self._frames, view.travel)
        if self._surface is not None and not self._scenery.shore:
            self._surface.rings(stage, frame)
        for layer in self._scenery.front:
            _lay(stage, layer, view.travel, frame)
        easel.lens.look(stage.planes, view, easel.picture.planes)
        self._weather.draw(easel.picture, frame)
        easel.picture.shade(easel.vignette)

    def _painted(self) -> tuple[Planes, list[Layer]]:
        """The sky with all that stands still before it, and the layers behind the figures that move."""
        backdrop = Stage(self._easel.width, self._easel.height)
        backdrop.copy(self._scenery.sky)
        layers = list(self._scenery.back)
        while layers and not self._path.travel * layers[0].depth and not layers[0].drift:
            _lay(backdrop, layers.pop(0), 0, 0)
        return backdrop.planes, layers


def _lay(stage: Stage, layer: Layer, travel: float, frame: int) -> None:
    x = layer.x - travel * layer.depth + layer.drift * frame
    stage.lay(layer.cel, round(x / 2) * 2 if layer.soft else x, round(layer.y / 2) * 2)


def _place(shot: Shot) -> Place:
    figures = {part.figure for part in shot.parts}
    if shot.place in (Place.SEA, Place.LAKE) and Figure.FISH in figures:
        return Place.UNDERWATER
    return shot.place


def _built(shot: Shot, place: Place, site: Site) -> Scenery:
    afoot = any(manner_of(part.figure, place) in (Manner.WALKS, Manner.STANDS) for part in shot.parts)
    match place:
        case Place.SEA:
            return waterside.sea(site, ashore=afoot)
        case Place.LAKE:
            return waterside.lake(site, ashore=afoot)
        case Place.PUDDLE:
            return waterside.puddle(site)
        case Place.FOREST:
            return outdoors.forest(site)
        case Place.CITY:
            return outdoors.city(site)
        case Place.DESERT:
            return outdoors.desert(site)
        case Place.MOUNTAINS:
            return outdoors.mountains(site)
        case Place.FIELD:
            return outdoors.field(site)
        case Place.ICE:
            return outdoors.ice(site)
        case Place.SPACE:
            return elsewhere.space(site, landed=afoot)
        case Place.ROOM:
            return elsewhere.room(site)
        case Place.SKY:
            return elsewhere.clouds(site)
        case Place.UNDERWATER:
            return elsewhere.underwater(site)
