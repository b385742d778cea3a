"""Silhouettes of what stands or burns; `phase` runs from 0 to 1 through its movement."""

from __future__ import annotations

import math

from bot.studio.pen import Paint, Pen
from bot.studio.planes import Colour, blend

_TURN = 2 * math.pi


def lighthouse(pen: Pen, phase: float, paint: Paint) -> None:
    beam = math.cos(phase * _TURN)
    reach = 0.25 + 1.1 * abs(beam)
    side = 1 if beam > 0 else -1
    for step in range(12):
        share = step / 12
        pen.oval(
            (side * reach * share, 0.875),
            0.05 + 0.1 * share,
            0.02 + 0.045 * share,
            paint.light,
            int(70 * (1 - share)),
        )
    pen.blob([(-0.5, 0.0), (-0.36, 0.1), (-0.1, 0.15), (0.16, 0.14), (0.42, 0.08), (0.55, 0.0)], paint.shade)
    white = blend((240, 236, 228), paint.body, 0.25)
    for band in range(5):
        low, high = 0.12 + band * 0.137, 0.12 + (band + 1) * 0.137
        wide_low, wide_high = 0.13 - 0.011 * band, 0.13 - 0.011 * (band + 1)
        colour = blend(paint.tint, paint.body, 0.1) if band % 2 else white
        pen.shape([(-wide_low, low), (wide_low, low), (wide_high, high), (-wide_high, high)], colour)
        pen.shape(
            [(wide_low * 0.3, low), (wide_low, low), (wide_high, high), (wide_high * 0.3, high)],
            blend(colour, paint.body, 0.3),
        )
    pen.shape([(-0.11, 0.8), (0.11, 0.8), (0.11, 0.825), (-0.11, 0.825)], paint.shade)
    pen.shape([(-0.06, 0.825), (0.06, 0.825), (0.06, 0.925), (-0.06, 0.925)], paint.light)
    pen.shape([(-0.08, 0.925), (0.08, 0.925), (0.0, 1.0)], paint.shade)


def house(pen: Pen, phase: float, paint: Paint) -> None:
    for puff in range(4):
        age = (phase + puff / 4) % 1
        pen.oval(
            (0.28 + age * 0.16, 0.92 + age * 0.2),
            0.03 + age * 0.05,
            0.03 + age * 0.04,
            paint.light,
            int(90 * (1 - age)),
        )
    wall = blend(blend((196, 150, 116), paint.tint, 0.15), paint.body, 0.45)
    pen.shape([(0.22, 0.7), (0.34, 0.7), (0.34, 0.92), (0.22, 0.92)], paint.shade)
    pen.shape([(-0.52, 0.0), (0.52, 0.0), (0.52, 0.48), (-0.52, 0.48)], wall)
    pen.shape([(-0.66, 0.45), (0.66, 0.45), (0.36, 0.86), (-0.36, 0.86)], paint.shade)
    lit = blend(paint.light, (255, 200, 112), 0.6)
    for x in (-0.36, 0.2):
        pen.shape([(x, 0.18), (x + 0.18, 0.18), (x + 0.18, 0.37), (x, 0.37)], lit)
        pen.line([(x + 0.09, 0.18), (x + 0.09, 0.37)], 0.012, paint.shade)
    pen.shape([(-0.09, 0.0), (0.08, 0.0), (0.08, 0.33), (-0.09, 0.33)], paint.shade)


def tree(pen: Pen, phase: float, paint: Paint) -> None:
    sway = 0.012 * math.sin(phase * _TURN)
    bark = blend((84, 58, 44), paint.body, 0.55)
    pen.blob([(-0.1, 0.0), (-0.045, 0.16), (-0.04, 0.5), (0.045, 0.5), (0.05, 0.16), (0.12, 0.0)], bark)
    pen.line([(0.0, 0.4), (-0.16, 0.56)], 0.04, bark, end=0.02)
    pen.line([(0.0, 0.42), (0.17, 0.6)], 0.04, bark, end=0.02)
    dark = blend(paint.tint, paint.shade, 0.5)
    for x, y, radius, share in (
        (-0.22, 0.58, 0.17, 0.0),
        (0.22, 0.6, 0.17, 0.0),
        (0.0, 0.62, 0.22, 0.3),
        (-0.14, 0.76, 0.17, 0.6),
        (0.15, 0.78, 0.16, 0.75),
        (0.02, 0.86, 0.14, 1.0),
    ):
        pen.oval((x + sway * (1 + y), y), radius, radius * 0.86, blend(dark, paint.tint, share))


def flower(pen: Pen, phase: float, paint: Paint) -> None:
    sway = 0.05 * math.sin(phase * _TURN)
    green = blend((70, 120, 66), paint.body, 0.4)
    pen.line([(0, 0), (0.02, 0.35), (sway, 0.72)], 0.035, green, end=0.025)
    pen.blob([(0.01, 0.25), (0.16, 0.42), (0.27, 0.42), (0.14, 0.28)], green)
    pen.blob([(0.01, 0.16), (-0.14, 0.34), (-0.26, 0.33), (-0.12, 0.2)], green)
    for petal in range(8):
        angle = petal * math.pi / 4
        pen.oval(
            (sway + 0.13 * math.cos(angle), 0.8 + 0.13 * math.sin(angle)),
            0.078,
            0.078,
            blend(paint.tint, paint.light, 0.25 * (petal % 2)),
        )
    pen.oval((sway, 0.8), 0.082, 0.082, blend((240, 190, 70), paint.body, 0.15))


def fire(pen: Pen, phase: float, paint: Paint) -> None:
    def flame(wide: float, tall: float, turn: float, colour: Colour) -> None:
        lean = 0.06 * math.sin(phase * _TURN + turn)
        tip = tall * (1 + 0.1 * math.sin(phase * _TURN * 2 + turn))
        pen.blob(
            [
                (-wide, 0.16),
                (-wide * 0.8, tip * 0.45),
                (-wide * 0.25 + lean, tip * 0.6),
                (lean * 2, tip),
                (wide * 0.4 + lean, tip * 0.55),
                (wide * 0.85, tip * 0.4),
                (wide, 0.16),
                (0, 0.06),
            ],
            colour,
        )

    for spark in range(5):
        age = (phase + spark * 0.2) % 1
        pen.oval(
            (0.2 * math.sin(spark * 2.4 + age * 3), 0.5 + age * 0.5),
            0.012,
            0.012,
            (255, 190, 90),
            int(255 * (1 - age)),
        )
    flame(0.3, 0.9, 0.0, (226, 84, 36))
    flame(0.22, 0.68, 1.7, (250, 148, 50))
    flame(0.12, 0.44, 3.1, (255, 226, 140))
    wood = blend((92, 58, 40), paint.body, 0.4)
    pen.line([(-0.38, 0.03), (0.3, 0.13)], 0.09, wood)
    pen.line([(0.38, 0.03), (-0.3, 0.13)], 0.09, blend(wood, paint.shade, 0.4))


def candle(pen: Pen, phase: float, paint: Paint) -> None:
    lean = 0.02 * math.sin(phase * _TURN)
    for size, strength in ((0.3, 16), (0.2, 26), (0.12, 40)):
        pen.oval((lean, 0.78), size, size * 0.72, (255, 200, 110), strength)
    pen.shape([(-0.11, 0.0), (0.11, 0.0), (0.1, 0.6), (-0.1, 0.6)], blend((240, 226, 200), paint.body, 0.25))
    pen.shape([(0.03, 0.0), (0.11, 0.0), (0.1, 0.6), (0.03, 0.6)], blend((240, 226, 200), paint.body, 0.5))
    pen.line([(0, 0.6), (0, 0.66)], 0.014, paint.shade)
    pen.blob(
        [(-0.045, 0.7), (-0.02 + lean, 0.84), (lean * 2, 0.94), (0.03 + lean, 0.82), (0.045, 0.7), (0, 0.64)],
        (255, 178, 70),
    )
    pen.blob([(-0.022, 0.7), (lean, 0.82), (0.022, 0.7), (0, 0.66)], (255, 244, 200))


def cup(pen: Pen, phase: float, paint: Paint) -> None:
    for wisp in range(3):
        x = -0.14 + wisp * 0.14
        for step in range(14):
            share = step / 14
            wave = 0.035 * math.sin(share * 7 + phase * _TURN + wisp * 2)
            pen.oval(
                (x + wave, 0.56 + share * 0.42),
                0.022 + 0.02 * share,
                0.03,
                paint.light,
                int(52 * (1 - share)),
            )
    body = blend(
        blend((238, 232, 222), paint.tint, 0.0 if paint.tint == paint.light else 0.75), paint.body, 0.15
    )
    pen.oval((0, 0.05), 0.46, 0.05, blend(body, paint.shade, 0.35))
    pen.ring((0.32, 0.32), 0.13, 0.045, blend(body, paint.shade, 0.2))
    pen.blob([(-0.32, 0.52), (-0.3, 0.22), (-0.16, 0.06), (0.16, 0.06), (0.3, 0.22), (0.32, 0.52)], body)
    pen.blob(
        [(0.1, 0.5), (0.12, 0.2), (0.06, 0.07), (0.16, 0.06), (0.3, 0.22), (0.32, 0.52)],
        blend(body, paint.shade, 0.25),
    )
    pen.oval((0, 0.52), 0.32, 0.05, blend(body, paint.light, 0.4))
    pen.oval((0, 0.515), 0.28, 0.036, (74, 46, 32))
