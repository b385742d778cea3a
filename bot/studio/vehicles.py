"""Silhouettes of what moves on water, on wheels and in the air; all face to the right."""

from __future__ import annotations

import math

from bot.studio.pen import Paint, Pen, Point
from bot.studio.planes import Colour, blend

_TURN = 2 * math.pi


def paper_boat(pen: Pen, phase: float, paint: Paint) -> None:
    """Folded of one sheet; rocks on the water."""
    paper = blend((244, 240, 230), paint.tint, 0.0 if paint.tint == paint.light else 0.65)
    angle = 0.07 * math.sin(phase * _TURN)

    def turned(*points: Point) -> list[Point]:
        cos, sin = math.cos(angle), math.sin(angle)
        return [(x * cos - (y - 0.2) * sin, x * sin + (y - 0.2) * cos + 0.2) for x, y in points]

    dim, deep = blend(paper, paint.body, 0.22), blend(paper, paint.body, 0.45)
    pen.shape(turned((-0.32, 0.32), (0.0, 1.0), (0.0, 0.3)), paper)
    pen.shape(turned((0.32, 0.32), (0.0, 1.0), (0.0, 0.3)), dim)
    pen.shape(turned((-0.86, 0.52), (-0.3, 0.33), (0.0, 0.27), (-0.38, 0.0), (-0.52, 0.0)), deep)
    pen.shape(turned((-0.36, 0.36), (0.0, 0.4), (0.36, 0.36), (0.0, 0.2)), dim)
    pen.shape(turned((-0.86, 0.52), (0.0, 0.24), (0.5, 0.0), (-0.5, 0.0)), paper)
    pen.shape(turned((0.86, 0.52), (0.0, 0.24), (-0.3, 0.0), (0.5, 0.0)), dim)
    pen.shape(turned((-0.5, 0.0), (0.0, 0.24), (0.5, 0.0)), blend(paper, paint.body, 0.12))


def boat(pen: Pen, phase: float, paint: Paint) -> None:
    angle = 0.04 * math.sin(phase * _TURN)

    def turned(*points: Point) -> list[Point]:
        return [(x - y * angle, y + x * angle) for x, y in points]

    sail = blend((246, 240, 226), paint.tint, 0.0 if paint.tint == paint.light else 0.7)
    pen.line(turned((0.02, 0.1), (0.02, 0.99)), 0.022, paint.shade)
    pen.blob(turned((0.05, 0.96), (0.26, 0.55), (0.5, 0.24), (0.06, 0.21)), sail)
    pen.blob(turned((-0.01, 0.9), (-0.22, 0.55), (-0.36, 0.25), (-0.01, 0.22)), blend(sail, paint.body, 0.25))
    pen.blob(
        turned((-0.52, 0.19), (0.0, 0.15), (0.58, 0.22), (0.44, 0.03), (0.1, -0.02), (-0.38, 0.0)), paint.body
    )
    pen.line(turned((-0.5, 0.17), (0.0, 0.135), (0.56, 0.2)), 0.02, blend(paint.tint, paint.light, 0.2))


def ship(pen: Pen, phase: float, paint: Paint) -> None:
    smoke = blend(paint.body, paint.light, 0.3)
    for puff in range(4):
        age = (phase + puff / 4) % 1
        pen.oval(
            (-0.18 - age * 0.7, 0.92 + age * 0.2),
            0.05 + age * 0.09,
            0.04 + age * 0.07,
            smoke,
            int(140 * (1 - age)),
        )
    white = blend((232, 230, 224), paint.body, 0.3)
    pen.shape([(-0.62, 0.36), (0.5, 0.36), (0.42, 0.52), (-0.56, 0.52)], white)
    pen.shape([(-0.44, 0.52), (0.3, 0.52), (0.24, 0.66), (-0.4, 0.66)], blend(white, paint.body, 0.15))
    for x in (-0.26, -0.02):
        pen.shape([(x, 0.66), (x + 0.13, 0.66), (x + 0.11, 0.9), (x - 0.01, 0.9)], paint.tint)
        pen.shape([(x - 0.01, 0.9), (x + 0.11, 0.9), (x + 0.115, 0.84), (x - 0.008, 0.84)], paint.shade)
    for column in range(12):
        pen.oval((-0.5 + column * 0.08, 0.44), 0.015, 0.018, paint.light)
    pen.shape([(-0.92, 0.3), (0.96, 0.42), (0.78, 0.0), (-0.8, 0.0)], paint.body)
    pen.shape([(-0.88, 0.2), (0.87, 0.22), (0.78, 0.0), (-0.8, 0.0)], blend(paint.tint, paint.shade, 0.45))


def _wheel(pen: Pen, middle: Point, radius: float, phase: float, paint: Paint) -> None:
    pen.oval(middle, radius, radius, paint.shade)
    pen.oval(middle, radius * 0.58, radius * 0.58, blend(paint.body, paint.light, 0.35))
    for spoke in range(3):
        angle = -phase * _TURN + spoke * math.pi / 3
        x, y = math.cos(angle) * radius * 0.55, math.sin(angle) * radius * 0.55
        pen.line([(middle[0] - x, middle[1] - y), (middle[0] + x, middle[1] + y)], radius * 0.14, paint.shade)


def car(pen: Pen, phase: float, paint: Paint) -> None:
    bob = 0.008 * math.sin(phase * _TURN)
    dark = blend(paint.tint, paint.shade, 0.45)
    pen.blob(
        [
            (-0.98, 0.24),
            (-1.0, 0.5 + bob),
            (-0.62, 0.6 + bob),
            (-0.36, 0.94 + bob),
            (0.26, 0.95 + bob),
            (0.56, 0.6 + bob),
            (0.96, 0.52 + bob),
            (1.02, 0.26),
            (0.0, 0.18),
        ],
        paint.tint,
    )
    pen.shape([(-0.99, 0.36), (1.0, 0.36), (1.0, 0.22), (-0.96, 0.22)], dark)
    glass = blend(paint.light, paint.body, 0.35)
    pen.blob([(-0.48, 0.62 + bob), (-0.29, 0.86 + bob), (-0.08, 0.87 + bob), (-0.08, 0.62 + bob)], glass)
    pen.blob([(0.0, 0.62 + bob), (0.0, 0.87 + bob), (0.22, 0.86 + bob), (0.42, 0.62 + bob)], glass)
    pen.oval((0.95, 0.44 + bob), 0.06, 0.05, paint.light)
    pen.oval((-0.97, 0.45 + bob), 0.035, 0.045, (226, 60, 50))
    _wheel(pen, (-0.58, 0.2), 0.2, phase, paint)
    _wheel(pen, (0.6, 0.2), 0.2, phase, paint)


def train(pen: Pen, phase: float, paint: Paint) -> None:
    for wagon in range(3):
        x = -2.9 + wagon * 1.62
        pen.shape(
            [(x, 0.2), (x + 1.54, 0.2), (x + 1.54, 0.84), (x, 0.84)],
            blend(paint.tint, paint.body, 0.2 + 0.1 * wagon),
        )
        pen.shape([(x - 0.02, 0.84), (x + 1.56, 0.84), (x + 1.5, 0.92), (x + 0.04, 0.92)], paint.shade)
        for window in range(4):
            left = x + 0.13 + window * 0.35
            pen.shape(
                [(left, 0.5), (left + 0.24, 0.5), (left + 0.24, 0.74), (left, 0.74)],
                blend(paint.light, (255, 210, 130), 0.5),
            )
        for wheel in (0.3, 1.24):
            _wheel(pen, (x + wheel, 0.13), 0.13, phase, paint)
    pen.blob([(1.96, 0.2), (1.96, 0.9), (2.5, 0.9), (2.84, 0.62), (2.92, 0.3), (2.8, 0.18)], paint.tint)
    pen.blob([(2.4, 0.58), (2.4, 0.82), (2.52, 0.82), (2.7, 0.6)], blend(paint.light, paint.body, 0.3))
    pen.oval((2.84, 0.42), 0.05, 0.05, paint.light)
    for wheel in (2.2, 2.6):
        _wheel(pen, (wheel, 0.13), 0.13, phase, paint)


def bicycle(pen: Pen, phase: float, paint: Paint) -> None:
    for x in (-0.34, 0.36):
        pen.ring((x, 0.22), 0.22, 0.026, paint.shade)
        for spoke in range(4):
            angle = -phase * _TURN + spoke * math.pi / 4
            dx, dy = math.cos(angle) * 0.2, math.sin(angle) * 0.2
            pen.line([(x - dx, 0.22 - dy), (x + dx, 0.22 + dy)], 0.008, blend(paint.body, paint.light, 0.3))
    crank = (0.0, 0.22)
    for side, colour in ((math.pi, paint.shade), (0.0, paint.body)):
        angle = -phase * _TURN + side
        pedal = (crank[0] + 0.08 * math.cos(angle), crank[1] + 0.08 * math.sin(angle))
        knee = (0.13 + 0.04 * math.cos(angle), 0.47 + 0.07 * math.sin(angle))
        pen.line([(-0.13, 0.62), knee], 0.085, colour, end=0.06)
        pen.line([knee, pedal], 0.06, colour, end=0.045)
    for frame in (
        [(-0.34, 0.22), (-0.12, 0.55)],
        [(-0.12, 0.55), crank],
        [crank, (0.3, 0.56)],
        [(-0.13, 0.52), (0.3, 0.54)],
        [(0.36, 0.22), (0.28, 0.62)],
        [(-0.34, 0.22), crank],
    ):
        pen.line(frame, 0.026, paint.tint)
    pen.line([(0.22, 0.65), (0.36, 0.64)], 0.024, paint.shade)
    pen.blob([(-0.2, 0.6), (-0.16, 0.78), (0.06, 0.9), (0.12, 0.84), (0.0, 0.7), (-0.06, 0.58)], paint.body)
    pen.limb((0.06, 0.84), (0.15, 0.14), (0.75, 1.2), 0.055, paint.body)
    pen.oval((0.13, 0.97), 0.062, 0.068, blend(paint.body, paint.light, 0.16))
    pen.blob([(0.06, 0.99), (0.1, 1.06), (0.2, 1.03), (0.2, 0.99)], paint.tint)


def airplane(pen: Pen, phase: float, paint: Paint) -> None:
    white = blend((240, 240, 240), paint.body, 0.2)
    del phase
    pen.blob([(-0.2, 0.56), (-0.62, 0.86), (-0.5, 0.86), (0.1, 0.56)], blend(white, paint.body, 0.35))
    pen.shape([(-0.86, 0.56), (-1.06, 0.92), (-0.86, 0.92), (-0.6, 0.58)], paint.tint)
    pen.blob(
        [
            (-1.0, 0.58),
            (-0.5, 0.62),
            (0.6, 0.64),
            (0.96, 0.56),
            (1.02, 0.5),
            (0.8, 0.44),
            (0.0, 0.42),
            (-0.7, 0.48),
        ],
        white,
    )
    for window in range(9):
        pen.oval((-0.5 + window * 0.13, 0.555), 0.018, 0.02, paint.body)
    pen.blob([(0.76, 0.58), (0.9, 0.555), (0.86, 0.52), (0.74, 0.53)], paint.shade)
    pen.blob([(0.1, 0.48), (-0.5, 0.12), (-0.64, 0.13), (-0.26, 0.48)], blend(white, paint.body, 0.2))
    pen.oval((-0.16, 0.34), 0.11, 0.045, paint.body)


def rocket(pen: Pen, phase: float, paint: Paint) -> None:
    flicker = 0.06 * math.sin(phase * _TURN * 3)
    pen.blob([(-0.07, 0.24), (0.0, -0.02 + flicker), (0.07, 0.24)], (255, 156, 60))
    pen.blob([(-0.04, 0.24), (0.0, 0.1 + flicker), (0.04, 0.24)], (255, 236, 170))
    pen.shape([(-0.1, 0.4), (-0.2, 0.2), (-0.07, 0.27)], paint.tint)
    pen.shape([(0.1, 0.4), (0.2, 0.2), (0.07, 0.27)], blend(paint.tint, paint.shade, 0.3))
    white = blend((236, 236, 238), paint.body, 0.15)
    pen.blob(
        [
            (-0.09, 0.24),
            (-0.12, 0.55),
            (-0.07, 0.85),
            (0.0, 1.0),
            (0.07, 0.85),
            (0.12, 0.55),
            (0.09, 0.24),
            (0.0, 0.22),
        ],
        white,
    )
    pen.blob(
        [(0.03, 0.24), (0.04, 0.6), (0.02, 0.98), (0.07, 0.85), (0.12, 0.55), (0.09, 0.24)],
        blend(white, paint.body, 0.3),
    )
    pen.blob([(-0.068, 0.86), (0.0, 1.0), (0.068, 0.86), (0.0, 0.84)], paint.tint)
    pen.oval((0.0, 0.66), 0.048, 0.048, paint.shade)
    pen.oval((0.0, 0.66), 0.032, 0.032, paint.light)


def hot_air_balloon(pen: Pen, phase: float, paint: Paint) -> None:
    del phase
    colours: tuple[Colour, ...] = (paint.tint, blend(paint.tint, paint.light, 0.6))
    for stripe in range(7):
        share = 1 - stripe / 3.5
        reach = 0.36 * share
        pen.blob(
            [
                (0, 1.0),
                (reach * 0.75, 0.93),
                (reach, 0.7),
                (reach * 0.75, 0.46),
                (0.09 * share, 0.29),
                (0, 0.28),
            ],
            colours[stripe % 2],
        )
    for x in (-0.075, 0.075):
        pen.line([(x, 0.3), (x * 0.8, 0.15)], 0.008, paint.shade)
    pen.shape(
        [(-0.065, 0.15), (0.065, 0.15), (0.05, 0.03), (-0.05, 0.03)], blend((130, 86, 54), paint.body, 0.3)
    )


def toy_balloon(pen: Pen, phase: float, paint: Paint) -> None:
    sway = 0.05 * math.sin(phase * _TURN)
    pen.line([(0, 0.55), (sway, 0.35), (-sway, 0.16), (sway, 0.0)], 0.012, paint.shade)
    pen.oval((0, 0.77), 0.2, 0.23, paint.tint)
    pen.shape([(-0.035, 0.53), (0.035, 0.53), (0, 0.58)], paint.tint)
    pen.oval((0.07, 0.86), 0.04, 0.06, blend(paint.tint, paint.light, 0.75))


def kite(pen: Pen, phase: float, paint: Paint) -> None:
    wave = 0.06 * math.sin(phase * _TURN)
    pen.line(
        [(-0.1, 0.42), (-0.26, 0.28 + wave), (-0.34, 0.14 - wave), (-0.48, 0.02 + wave)], 0.02, paint.shade
    )
    for x, y in ((-0.24, 0.3), (-0.33, 0.17), (-0.42, 0.07)):
        pen.shape([(x - 0.04, y + 0.04), (x + 0.04, y + 0.02), (x + 0.03, y - 0.04)], paint.light)
    pen.shape([(0.1, 1.0), (0.32, 0.78), (-0.1, 0.42), (-0.12, 0.8)], paint.tint)
    pen.shape([(0.1, 1.0), (0.32, 0.78), (-0.1, 0.42)], blend(paint.tint, paint.light, 0.35))
