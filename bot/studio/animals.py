"""Silhouettes of animals; all look to the right, `phase` runs from 0 to 1 through their step."""

from __future__ import annotations

import math

from bot.studio.pen import Paint, Pen
from bot.studio.planes import blend

_TURN = 2 * math.pi


def dog(pen: Pen, phase: float, paint: Paint) -> None:
    coat, dark = paint.tint, blend(paint.tint, paint.shade, 0.5)
    bob = 0.03 * math.sin(phase * _TURN)
    for x, offset, colour in ((-0.36, 0.5, dark), (0.3, 0.0, dark), (-0.42, 0.62, coat), (0.36, 0.12, coat)):
        angle = 0.75 * math.sin((phase + offset) * _TURN)
        fold = 0.7 * max(0.0, math.cos((phase + offset) * _TURN))
        pen.limb((x, 0.44 + bob), (0.23, 0.22), (angle, angle - fold), 0.12, colour)
    wag = 0.1 * math.sin(phase * _TURN * 2)
    pen.line([(-0.48, 0.55 + bob), (-0.66, 0.68 + bob), (-0.78, 0.86 + wag)], 0.12, coat, end=0.05)
    pen.blob(
        [
            (-0.52, 0.56 + bob),
            (-0.3, 0.66 + bob),
            (0.1, 0.65 + bob),
            (0.42, 0.72 + bob),
            (0.5, 0.5 + bob),
            (0.34, 0.34 + bob),
            (0.0, 0.37 + bob),
            (-0.35, 0.36 + bob),
            (-0.52, 0.44 + bob),
        ],
        coat,
    )
    pen.blob(
        [
            (-0.5, 0.46 + bob),
            (-0.2, 0.46 + bob),
            (0.3, 0.44 + bob),
            (0.34, 0.34 + bob),
            (0.0, 0.37 + bob),
            (-0.35, 0.36 + bob),
        ],
        dark,
    )
    pen.blob(
        [(0.32, 0.66 + bob), (0.46, 0.86 + bob), (0.62, 0.86 + bob), (0.58, 0.66 + bob), (0.44, 0.55 + bob)],
        coat,
    )
    pen.blob(
        [
            (0.46, 0.8 + bob),
            (0.5, 0.93 + bob),
            (0.64, 0.95 + bob),
            (0.72, 0.84 + bob),
            (0.88, 0.78 + bob),
            (0.87, 0.71 + bob),
            (0.7, 0.7 + bob),
            (0.56, 0.7 + bob),
        ],
        coat,
    )
    flap = 0.03 * math.sin(phase * _TURN + 1)
    pen.blob(
        [
            (0.5, 0.93 + bob),
            (0.6, 0.92 + bob),
            (0.57, 0.74 + bob + flap),
            (0.48, 0.72 + bob + flap),
            (0.44, 0.82 + bob),
        ],
        dark,
    )
    pen.oval((0.875, 0.765 + bob), 0.025, 0.025, paint.shade)
    pen.oval((0.7, 0.855 + bob), 0.016, 0.018, paint.shade)


def cat(pen: Pen, phase: float, paint: Paint) -> None:
    """Sits and moves its tail."""
    coat, dark = paint.tint, blend(paint.tint, paint.shade, 0.4)
    sway = 0.09 * math.sin(phase * _TURN)
    pen.line(
        [(-0.24, 0.08), (-0.46, 0.1), (-0.52 + sway, 0.32), (-0.42 + sway * 2, 0.5)], 0.09, dark, end=0.06
    )
    pen.blob(
        [
            (-0.3, 0.02),
            (-0.32, 0.3),
            (-0.12, 0.58),
            (0.1, 0.64),
            (0.2, 0.45),
            (0.22, 0.2),
            (0.26, 0.02),
            (0.0, 0.0),
        ],
        coat,
    )
    pen.blob([(-0.3, 0.02), (-0.32, 0.28), (-0.14, 0.3), (0.0, 0.16), (0.0, 0.01)], dark)
    pen.limb((0.15, 0.4), (0.2, 0.19), (0.02, 0.05), 0.1, coat)
    pen.oval((0.2, 0.03), 0.08, 0.035, coat)
    pen.oval((0.1, 0.76), 0.2, 0.165, coat)
    pen.shape([(-0.09, 0.82), (-0.07, 1.0), (0.06, 0.9)], coat)
    pen.shape([(0.13, 0.9), (0.26, 1.0), (0.29, 0.82)], coat)
    pen.shape([(-0.06, 0.86), (-0.05, 0.95), (0.02, 0.89)], dark)
    blink = 0.004 if phase > 0.93 else 0.03
    for x in (0.05, 0.2):
        pen.oval((x, 0.78), 0.02, blink, paint.light)
    pen.oval((0.13, 0.715), 0.014, 0.01, paint.shade)


def horse(pen: Pen, phase: float, paint: Paint) -> None:
    coat, dark = blend(paint.tint, paint.body, 0.3), blend(paint.tint, paint.shade, 0.7)
    bob = 0.03 * math.sin(phase * _TURN)
    for x, offset, colour in ((-0.3, 0.42, dark), (0.22, 0.0, dark), (-0.34, 0.55, coat), (0.27, 0.14, coat)):
        angle = 0.62 * math.sin((phase + offset) * _TURN)
        fold = 0.95 * max(0.0, math.cos((phase + offset) * _TURN))
        pen.limb((x, 0.46 + bob), (0.25, 0.24), (angle, angle - fold), 0.088, colour)
    wave = 0.05 * math.sin(phase * _TURN)
    pen.line([(-0.42, 0.6 + bob), (-0.6, 0.62 + wave), (-0.74, 0.46 - wave)], 0.1, dark, end=0.02)
    pen.blob(
        [
            (-0.46, 0.58 + bob),
            (-0.3, 0.68 + bob),
            (0.0, 0.63 + bob),
            (0.28, 0.69 + bob),
            (0.38, 0.55 + bob),
            (0.26, 0.42 + bob),
            (0.0, 0.41 + bob),
            (-0.32, 0.41 + bob),
        ],
        coat,
    )
    pen.blob(
        [
            (0.18, 0.66 + bob),
            (0.34, 0.88 + bob),
            (0.47, 0.98 + bob),
            (0.54, 0.93 + bob),
            (0.46, 0.72 + bob),
            (0.36, 0.52 + bob),
        ],
        coat,
    )
    pen.blob(
        [
            (0.43, 0.97 + bob),
            (0.53, 1.0 + bob),
            (0.64, 0.9 + bob),
            (0.76, 0.8 + bob),
            (0.73, 0.74 + bob),
            (0.6, 0.78 + bob),
            (0.47, 0.86 + bob),
        ],
        coat,
    )
    pen.shape([(0.47, 0.97 + bob), (0.49, 1.06 + bob), (0.53, 0.98 + bob)], coat)
    pen.line([(0.46, 1.0 + bob), (0.33, 0.92 + bob + wave), (0.22, 0.76 + bob - wave)], 0.08, dark, end=0.05)
    pen.oval((0.57, 0.905 + bob), 0.012, 0.012, paint.shade)


def bird(pen: Pen, phase: float, paint: Paint) -> None:
    """Flies, its wings up at 0 and down at one half."""
    lift = math.cos(phase * _TURN)
    wing = blend(paint.tint, paint.shade, 0.25)
    pen.blob(
        [
            (0.05, 0.5),
            (-0.12, 0.54 + 0.26 * lift),
            (-0.34, 0.52 + 0.44 * lift),
            (-0.2, 0.5 + 0.2 * lift),
            (-0.16, 0.46),
        ],
        paint.shade,
    )
    pen.blob(
        [
            (-0.42, 0.47),
            (-0.2, 0.5),
            (0.12, 0.54),
            (0.3, 0.56),
            (0.44, 0.5),
            (0.28, 0.44),
            (0.0, 0.41),
            (-0.24, 0.43),
            (-0.5, 0.42),
        ],
        paint.tint,
    )
    pen.shape([(0.4, 0.525), (0.54, 0.495), (0.4, 0.48)], blend((238, 168, 70), paint.body, 0.2))
    pen.blob(
        [
            (0.16, 0.5),
            (0.1, 0.55 + 0.22 * lift),
            (-0.16, 0.54 + 0.46 * lift),
            (-0.06, 0.5 + 0.2 * lift),
            (-0.14, 0.46),
        ],
        wing,
    )
    pen.oval((0.34, 0.525), 0.014, 0.014, paint.shade)


def fish(pen: Pen, phase: float, paint: Paint) -> None:
    wag = 0.12 * math.sin(phase * _TURN)
    dark = blend(paint.tint, paint.shade, 0.35)
    pen.blob([(-0.45, 0.5), (-0.66, 0.72 + wag), (-0.62, 0.5 + wag), (-0.66, 0.3 + wag)], dark)
    pen.blob([(-0.15, 0.68), (0.0, 0.86), (0.2, 0.7)], dark)
    pen.blob(
        [(-0.5, 0.5 + wag * 0.4), (-0.2, 0.68), (0.2, 0.72), (0.55, 0.5), (0.2, 0.3), (-0.2, 0.34)],
        paint.tint,
    )
    pen.blob(
        [(-0.4, 0.46), (-0.1, 0.44), (0.3, 0.42), (0.2, 0.3), (-0.2, 0.34)],
        blend(paint.tint, paint.light, 0.35),
    )
    pen.blob([(0.02, 0.5), (-0.16, 0.42 + wag), (-0.14, 0.54)], dark)
    pen.oval((0.36, 0.55), 0.04, 0.045, paint.light)
    pen.oval((0.37, 0.55), 0.02, 0.024, paint.shade)


def whale(pen: Pen, phase: float, paint: Paint) -> None:
    beat = 0.12 * math.sin(phase * _TURN)
    dark = blend(paint.body, paint.shade, 0.5)
    pen.blob(
        [
            (-1.0, 0.55 + beat),
            (-1.36, 0.78 + beat * 1.8),
            (-1.22, 0.58 + beat * 1.5),
            (-1.4, 0.42 + beat * 1.8),
            (-1.02, 0.47 + beat),
        ],
        dark,
    )
    pen.blob(
        [
            (-1.08, 0.52 + beat),
            (-0.6, 0.68 + beat * 0.3),
            (0.0, 0.86),
            (0.6, 0.84),
            (1.06, 0.6),
            (1.12, 0.44),
            (0.7, 0.28),
            (0.1, 0.22),
            (-0.5, 0.4 + beat * 0.3),
        ],
        paint.body,
    )
    pen.blob(
        [(1.1, 0.45), (0.7, 0.44), (0.2, 0.36), (-0.3, 0.38), (0.1, 0.22), (0.7, 0.27)],
        blend(paint.body, paint.light, 0.4),
    )
    pen.blob([(0.35, 0.36), (0.12, 0.1 - beat), (-0.06, 0.04 - beat), (0.1, 0.34)], dark)
    pen.shape([(-0.35, 0.74), (-0.55, 0.88), (-0.5, 0.7)], dark)
    pen.oval((0.82, 0.5), 0.022, 0.022, paint.light)


def butterfly(pen: Pen, phase: float, paint: Paint) -> None:
    spread = 0.35 + 0.65 * abs(math.cos(phase * math.pi))
    for side in (-1, 1):
        reach = side * spread
        pen.blob([(0, 0.55), (0.3 * reach, 0.95), (0.5 * reach, 0.88), (0.42 * reach, 0.6)], paint.tint)
        pen.blob(
            [(0, 0.5), (0.34 * reach, 0.5), (0.36 * reach, 0.22), (0.16 * reach, 0.14)],
            blend(paint.tint, paint.light, 0.3),
        )
        pen.oval((0.33 * reach, 0.8), 0.05 * spread, 0.05, paint.light)
    pen.line([(0, 0.2), (0, 0.78)], 0.05, paint.shade, end=0.035)
