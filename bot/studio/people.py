"""Silhouettes of people; all look to the right, `phase` runs from 0 to 1 through their step."""

from __future__ import annotations

import math

from bot.studio.pen import Paint, Pen
from bot.studio.planes import blend

_TURN = 2 * math.pi


def person(pen: Pen, phase: float, paint: Paint, stride: float = 1.0) -> None:
    """`stride` is how far the steps go, here and below: 0 for somebody who stands."""
    _walker(pen, phase, paint, stride, head=0.062, hat=False)


def child(pen: Pen, phase: float, paint: Paint, stride: float = 1.0) -> None:
    _walker(pen, phase, paint, stride, head=0.098, hat=True)


def _walker(pen: Pen, phase: float, paint: Paint, stride: float, *, head: float, hat: bool) -> None:
    """Coat, scarf and a walking step."""
    swing = math.sin(phase * _TURN) * stride
    bob = 0.012 * abs(math.cos(phase * _TURN)) * stride
    hip, shoulder = (0.0, 0.47 + bob), (0.012, 0.79 + bob)
    for side, colour in ((-1, paint.shade), (1, paint.body)):
        forward = 0.48 * swing * side + 0.06 * side * (1 - stride)
        knee = 0.66 * max(0.0, math.cos(phase * _TURN) * side) * stride
        end = pen.limb(hip, (0.235, 0.235), (forward, forward - knee), 0.088, colour)
        pen.oval((end[0] + 0.022, max(0.02, end[1])), 0.045, 0.02, colour)
        if side < 0:
            pen.limb(shoulder, (0.17, 0.16), (-forward, -forward + 0.35), 0.06, colour)
    pen.blob(
        [
            (-0.075, 0.80 + bob),
            (0.03, 0.845 + bob),
            (0.085, 0.79 + bob),
            (0.085, 0.6),
            (0.10, 0.40),
            (0.0, 0.375),
            (-0.105, 0.40),
            (-0.085, 0.6),
        ],
        paint.body,
    )
    pen.blob(
        [
            (-0.07, 0.79 + bob),
            (-0.055, 0.83 + bob),
            (-0.045, 0.6),
            (-0.06, 0.40),
            (-0.105, 0.40),
            (-0.085, 0.6),
        ],
        paint.shade,
    )
    pen.limb(
        shoulder,
        (0.17, 0.16),
        (-0.42 * swing, -0.42 * swing + 0.4),
        0.06,
        blend(paint.body, paint.light, 0.1),
    )
    top = 0.86 + head * 0.75 + bob
    pen.line([(0.01, 0.8 + bob), (0.02, top)], 0.05, paint.body)
    pen.oval((0.022, top), head * 0.88, head, blend(paint.body, paint.light, 0.16))
    pen.line([(-0.045, 0.835 + bob), (0.02, 0.82 + bob), (0.07, 0.838 + bob)], 0.042, paint.tint)
    trail = 0.03 * math.sin(phase * _TURN)
    pen.line([(-0.03, 0.83 + bob), (-0.1, 0.79 + trail), (-0.15, 0.75 - trail)], 0.035, paint.tint, end=0.02)
    hair = blend(paint.shade, (0, 0, 0), 0.2)
    pen.blob(
        [
            (-0.055, top - 0.02),
            (-0.045, top + head),
            (0.03, top + head * 1.12),
            (0.075, top + head * 0.5),
            (0.0, top + head * 0.35),
        ],
        hair,
    )
    if hat:
        pen.blob(
            [
                (-0.085, top + head * 0.3),
                (0.0, top + head * 1.6),
                (0.1, top + head * 0.3),
                (0.0, top + head * 0.45),
            ],
            paint.tint,
        )
        pen.oval((0.0, top + head * 1.55), 0.022, 0.022, paint.light)


def umbrella(pen: Pen, phase: float, paint: Paint, stride: float = 1.0) -> None:
    """Somebody under an umbrella."""
    scarf = blend(paint.tint, paint.body, 0.45)
    _walker(pen, phase, Paint(paint.body, paint.shade, scarf, paint.light), stride, head=0.056, hat=False)
    bob = 0.012 * abs(math.cos(phase * _TURN)) * stride
    pen.line([(0.09, 0.62 + bob), (0.085, 1.18 + bob)], 0.014, paint.shade)
    low, tip = 0.985 + bob, 1.2 + bob
    pen.blob(
        [
            (-0.29, low),
            (-0.2, 1.11 + bob),
            (0.085, tip),
            (0.36, 1.11 + bob),
            (0.45, low),
            (0.3, low + 0.035),
            (0.085, low + 0.045),
            (-0.15, low + 0.035),
        ],
        paint.tint,
    )
    deep = blend(paint.tint, paint.shade, 0.4)
    pen.blob([(-0.29, low), (-0.2, 1.11 + bob), (0.06, tip), (-0.1, 1.1 + bob), (-0.15, low + 0.035)], deep)


def astronaut(pen: Pen, phase: float, paint: Paint) -> None:
    """A suit that floats, arms out."""
    sway = 0.12 * math.sin(phase * _TURN)
    suit = blend((226, 228, 236), paint.body, 0.25)
    dark = blend(suit, paint.shade, 0.45)
    pen.blob([(-0.2, 0.8), (-0.06, 0.84), (-0.06, 0.48), (-0.2, 0.5)], dark)
    pen.limb((-0.05, 0.48), (0.2, 0.18), (-0.25 - sway, -0.75 - sway), 0.13, dark)
    pen.limb((0.05, 0.48), (0.2, 0.2), (0.5 + sway, -0.15 + sway), 0.14, suit)
    pen.limb((-0.06, 0.77), (0.16, 0.15), (-1.2 - sway, -1.5), 0.1, dark)
    pen.blob(
        [(-0.13, 0.8), (0.0, 0.83), (0.13, 0.78), (0.14, 0.55), (0.08, 0.44), (-0.08, 0.44), (-0.14, 0.58)],
        suit,
    )
    pen.limb((0.08, 0.76), (0.17, 0.16), (1.0 + sway, 1.7 + sway), 0.105, suit)
    pen.oval((0.02, 0.91), 0.125, 0.12, suit)
    pen.oval((0.055, 0.905), 0.085, 0.078, blend(paint.tint, paint.shade, 0.3))
    pen.oval((0.085, 0.93), 0.026, 0.02, paint.light)
    pen.shape([(0.0, 0.66), (0.09, 0.66), (0.09, 0.6), (0.0, 0.6)], paint.tint)


def robot(pen: Pen, phase: float, paint: Paint) -> None:
    swing = 0.3 * math.sin(phase * _TURN)
    metal = blend(paint.body, (150, 160, 172), 0.45)
    dark = blend(metal, paint.shade, 0.55)
    for side, colour in ((-1, dark), (1, metal)):
        end = pen.limb((0.0, 0.38), (0.17, 0.17), (swing * side, swing * side * 0.4), 0.085, colour)
        pen.shape(
            [(end[0] - 0.05, 0), (end[0] + 0.1, 0), (end[0] + 0.06, 0.06), (end[0] - 0.05, 0.06)], colour
        )
    pen.limb((-0.04, 0.66), (0.15, 0.15), (-swing - 0.1, -swing + 0.3), 0.06, dark)
    pen.shape([(-0.15, 0.7), (0.15, 0.7), (0.12, 0.36), (-0.12, 0.36)], metal)
    pen.shape([(-0.15, 0.7), (-0.08, 0.7), (-0.07, 0.36), (-0.12, 0.36)], dark)
    pen.oval((0.04, 0.56), 0.045, 0.045, paint.tint)
    pen.limb((0.06, 0.66), (0.15, 0.15), (swing - 0.1, swing + 0.5), 0.065, metal)
    pen.shape([(-0.12, 0.93), (0.14, 0.93), (0.15, 0.74), (-0.12, 0.74)], metal)
    pen.shape([(0.0, 0.88), (0.15, 0.88), (0.15, 0.82), (0.0, 0.82)], paint.shade)
    pen.oval((0.09, 0.85), 0.024, 0.024, paint.light)
    pen.line([(0.0, 0.93), (0.0, 0.99)], 0.014, dark)
    pen.oval((0.0, 0.985), 0.02, 0.02, paint.tint)
