"""The camera: how far it has travelled and how near it is in each frame of a move, and its lens."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.studio.planes import Bytes, Planes
from bot.studio.spec import FPS
from bot.studio.vocabulary import Move


@dataclass(frozen=True, slots=True)
class View:
    """One frame's view: `travel` in pixels at depth 1, `zoom` from 1 up, on a centre in shares of it."""

    travel: float
    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5


_FOCUS = (0.5, 0.55)  # what a zoom goes to, in shares of the picture


class Path:
    """One shot's camera move over its frames."""

    def __init__(self, move: Move, frames: int, width: int) -> None:
        self._move, self._frames, self._width = move, frames, width

    @property
    def travel(self) -> float:
        """How far the camera has gone at the end, in pixels at depth 1; to the right if positive."""
        seconds = self._frames / FPS
        match self._move:
            case Move.PAN_LEFT:
                return -0.055 * self._width * seconds
            case Move.PAN_RIGHT:
                return 0.055 * self._width * seconds
            case Move.TRACKING:
                return 0.15 * self._width * seconds
            case Move.DRIFT:
                return 0.022 * self._width * seconds
            case _:
                return 0.0

    def view_of_picture(self, frame: int) -> View:
        """The view of a flat picture, which has no depth to travel through: it is panned over instead."""
        share = frame / max(1, self._frames - 1)
        match self._move:
            case Move.PAN_LEFT:
                return View(0, 1.2, 1 - share, 0.5)
            case Move.PAN_RIGHT | Move.TRACKING:
                return View(0, 1.2, share, 0.5)
            case Move.DRIFT:
                return View(0, 1.04 + 0.12 * share, 0.35 + 0.3 * share, 0.45)
            case _:
                return self.view(frame)

    def view(self, frame: int) -> View:
        share = frame / max(1, self._frames - 1)
        eased = share * share * (3 - 2 * share) * 0.35 + share * 0.65
        match self._move:
            case Move.DOLLY_IN:
                return View(0, 1 + 0.3 * eased, *_FOCUS)
            case Move.DOLLY_OUT:
                return View(0, 1.3 - 0.3 * eased, *_FOCUS)
            case Move.TILT_UP:
                return View(0, 1.22, 0.5, 1 - eased)
            case Move.TILT_DOWN:
                return View(0, 1.22, 0.5, eased)
            case Move.CRANE:
                return View(0, 1.26 - 0.2 * eased, 0.5, 0.95 - 0.8 * eased)
            case Move.HANDHELD:
                time = frame / FPS
                sway = 0.5 + 0.22 * math.sin(time * 2.9) + 0.12 * math.sin(time * 7.1 + 1)
                bob = 0.5 + 0.25 * math.sin(time * 3.7 + 2) + 0.14 * math.sin(time * 8.3)
                return View(0, 1.07, sway, bob)
            case _:
                return View(self.travel * share)


class Lens:
    """Looks at a part of a picture and gives it in full size."""

    def __init__(self, width: int, height: int) -> None:
        """The largest picture that it looks at."""
        self._scratch = np.empty((3, height * width), np.uint16)
        self._rows = np.empty((2, height * width), np.uint8)

    def look(self, planes: Planes, view: View, into: Planes) -> None:
        """Write the part of `planes` that the view shows into other planes, of any size up to the lens's."""
        if view.zoom <= 1 and planes.y.shape == into.y.shape:
            np.copyto(into.y, planes.y)
            np.copyto(into.uv, planes.uv)
            return
        self._scale(planes.y, view, into.y)
        for half in range(2):
            self._scale(planes.uv[half], view, into.uv[half])

    def _scale(self, source: Bytes, view: View, target: Bytes) -> None:
        height, width = target.shape
        columns, part_x = _steps(source.shape[1], width, view.zoom, view.x)
        rows, part_y = _steps(source.shape[0], height, view.zoom, view.y)
        share_x, share_y = part_x[None, :], part_y[:, None]
        # First between the rows, as wide as the source is, and then between the columns.
        wide = (height, source.shape[1])
        upper, lower = (part[: wide[0] * wide[1]].reshape(wide) for part in self._rows)
        np.take(source, rows, axis=0, out=upper, mode="clip")
        np.take(source, rows + 1, axis=0, out=lower, mode="clip")
        mixed, other = (part[: wide[0] * wide[1]].reshape(wide) for part in self._scratch[:2])
        np.multiply(upper, 256 - share_y, out=mixed)
        np.multiply(lower, share_y, out=other)
        np.add(mixed, other, out=mixed)
        np.right_shift(mixed, 8, out=mixed)
        left, right = (part[: height * width].reshape(height, width) for part in self._scratch[1:])
        np.take(mixed, columns, axis=1, out=left, mode="clip")
        np.take(mixed, columns + 1, axis=1, out=right, mode="clip")
        np.multiply(left, 256 - share_x, out=left)
        np.multiply(right, share_x, out=right)
        np.add(left, right, out=left)
        np.right_shift(left, 8, out=left)
        target[...] = left


def _steps(size: int, count: int, zoom: float, centre: float) -> tuple[NDArray[np.intp], NDArray[np.uint16]]:
    """The first of two neighbours for each target cell, and the second one's share in 256."""
    seen = size / zoom
    start = (size - seen) * min(1.0, max(0.0, centre))
    at = (start + (np.arange(count) + 0.5) * seen / count - 0.5).clip(0, size - 1)
    index = at.astype(np.intp)
    return index, ((at - index) * 256).astype(np.uint16)
