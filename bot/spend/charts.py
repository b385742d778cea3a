"""The picture of a report: a column for each day, and bars for who, at which model, and where.

It has no words: a number stands at each bar and in the text beside the picture, which says the same in the
reader's language. It brings its own background, so that it reads alike on dark and on light; the colours are
from a palette that the colour-blind tell apart (Okabe and Ito), and what is set aside is hatched as well.
"""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PIL import Image, ImageDraw, ImageFont

from bot.domain import Micros
from bot.money import MICROS_PER_CENT, format_usd
from bot.spend.spending import Share

WIDTH, HEIGHT = 1200, 920
EDGE = 36
BARS_MAX = 6
"""In each of the lower panels; the last may be all the others together."""

Colour = tuple[int, int, int]
BACKGROUND: Colour = (0x1B, 0x1F, 0x27)
PANEL: Colour = (0x25, 0x2B, 0x36)
TEXT: Colour = (0xF2, 0xF4, 0xF8)
FAINT: Colour = (0xB4, 0xBC, 0xC8)
GRID: Colour = (0x3C, 0x45, 0x54)
SPENT: Colour = (0x56, 0xB4, 0xE9)
HELD: Colour = (0xE6, 0x9F, 0x00)

_BIG, _SMALL = 26, 21
_COLUMNS_TOP, _COLUMNS_BOTTOM = 118, 420
_LEFT = 150
_PANEL_TOP, _PANEL_BOTTOM = 490, HEIGHT - EDGE
_HATCH_PX = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a lower panel. A `label` that Pillow's own font cannot write is left out."""

    number: str
    label: str
    spent_micros: int
    held_micros: int


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars with the sign for what they are of: `@`, `#` or `>`."""

    sign: str
    bars: tuple[Bar, ...]


async def drawn(days: Sequence[Share[date]], panels: Sequence[Panel]) -> bytes:
    """The picture as a PNG, drawn in a thread: Pillow lets go of the interpreter while it packs."""
    return await asyncio.to_thread(draw, days, panels)


def draw(days: Sequence[Share[date]], panels: Sequence[Panel]) -> bytes:
    """The picture as a PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    canvas = ImageDraw.Draw(image)
    _legend(canvas, days)
    _columns(canvas, days)
    width = (WIDTH - 2 * EDGE - 2 * 18) // 3
    for place, panel in enumerate(panels[:3]):
        left = EDGE + place * (width + 18)
        _panel(canvas, panel, (left, _PANEL_TOP, left + width, _PANEL_BOTTOM))
    packed = io.BytesIO()
    image.save(packed, "PNG", optimize=True)
    return packed.getvalue()


def top_of(most_micros: int) -> tuple[int, int]:
    """The top of a scale that holds an amount, and the step of its lines: 1, 2 or 5 and noughts, in micros.

    There are two to five lines, and none is finer than a cent where the amounts are not.
    """
    step = MICROS_PER_CENT if most_micros >= 2 * MICROS_PER_CENT else 1
    while True:
        for factor in (1, 2, 5):
            lines = -(-most_micros // (step * factor))
            if lines <= 5:
                return max(2, lines) * step * factor, step * factor
        step *= 10


def shown(micros: int) -> str:
    """An amount to the cent, half a cent upwards, where it is a cent or more; the text has it whole."""
    if micros >= MICROS_PER_CENT:
        micros = (micros + MICROS_PER_CENT // 2) // MICROS_PER_CENT * MICROS_PER_CENT
    return format_usd(micros)


def _legend(canvas: ImageDraw.ImageDraw, days: Sequence[Share[date]]) -> None:
    """How much was spent and how much is set aside, each beside its own filling."""
    x = EDGE
    spent, held = sum(day.spent_micros for day in days), sum(day.held_micros for day in days)
    for is_held, amount in ((False, spent), (True, held)):
        _fill(canvas, (x, 44, x + 30, 74), is_held=is_held)
        told = shown(amount)
        canvas.text((x + 44, 59), told, fill=TEXT, font=_font(34), anchor="lm")
        x += 44 + int(canvas.textlength(told, font=_font(34))) + 56
    if days:
        told = f"{days[0].key.isoformat()}  -  {days[-1].key.isoformat()}"
        canvas.text((WIDTH - EDGE, 59), told, fill=FAINT, font=_font(_BIG), anchor="rm")


def _columns(canvas: ImageDraw.ImageDraw, days: Sequence[Share[date]]) -> None:
    top, step = top_of(max((day.used_micros for day in days), default=Micros(0)))
    high = _COLUMNS_BOTTOM - _COLUMNS_TOP
    for line in range(0, top + 1, step):
        y = _COLUMNS_BOTTOM - high * line // top
        canvas.line((_LEFT, y, WIDTH - EDGE, y), fill=GRID, width=2)
        canvas.text((_LEFT - 16, y), format_usd(line), fill=FAINT, font=_font(_SMALL), anchor="rm")
    wide = WIDTH - EDGE - _LEFT
    every = -(-len(days) // 10)
    for place, day in enumerate(days):
        left = _LEFT + wide * place // len(days)
        right = _LEFT + wide * (place + 1) // len(days)
        gap = max(1, (right - left) // 6)
        middle = _COLUMNS_BOTTOM - high * day.spent_micros // top
        above = _COLUMNS_BOTTOM - high * day.used_micros // top
        _fill(canvas, (left + gap, middle, right - gap, _COLUMNS_BOTTOM), is_held=False)
        _fill(canvas, (left + gap, above, right - gap, middle), is_held=True)
        if place % every == 0:
            centre = (left + right) // 2
            told = f"{day.key:%m-%d}"
            canvas.text((centre, _COLUMNS_BOTTOM + 24), told, fill=FAINT, font=_font(_SMALL), anchor="mm")


def _panel(canvas: ImageDraw.ImageDraw, panel: Panel, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    canvas.rounded_rectangle(box, radius=14, fill=PANEL)
    canvas.text((left + 20, top + 28), panel.sign, fill=TEXT, font=_font(30), anchor="lm")
    most = max((bar.spent_micros + bar.held_micros for bar in panel.bars), default=0)
    room = right - left - 40
    for place, bar in enumerate(panel.bars[:BARS_MAX]):
        y = top + 74 + place * ((bottom - top - 74) // BARS_MAX)
        amount = shown(bar.spent_micros + bar.held_micros)
        space = room - int(canvas.textlength(amount, font=_font(_SMALL))) - 16
        told = _shortened(canvas, f"{bar.number} {bar.label if _writes(bar.label) else ''}".rstrip(), space)
        canvas.text((left + 20, y), told, fill=TEXT, font=_font(_SMALL), anchor="lm")
        canvas.text((right - 20, y), amount, fill=TEXT, font=_font(_SMALL), anchor="rm")
        if most:
            middle = left + 20 + room * bar.spent_micros // most
            end = left + 20 + room * (bar.spent_micros + bar.held_micros) // most
            _fill(canvas, (left + 20, y + 17, middle, y + 29), is_held=False)
            _fill(canvas, (middle, y + 17, end, y + 29), is_held=True)


def _fill(canvas: ImageDraw.ImageDraw, box: tuple[int, int, int, int], *, is_held: bool) -> None:
    """A filled box: plain for what is spent, hatched for what is set aside; nothing where it has no size."""
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        return
    if not is_held:
        canvas.rectangle((left, top, right - 1, bottom - 1), fill=SPENT)
        return
    canvas.rectangle((left, top, right - 1, bottom - 1), fill=HELD)
    for x in range(left - (bottom - top), right, 2 * _HATCH_PX):
        # From the bottom edge upwards to the right, kept inside the box.
        low, high = max(x, left), min(x + bottom - top, right - 1)
        if low < high:
            start, end = (low, bottom - 1 - (low - x)), (high, bottom - 1 - (high - x))
            canvas.line((start, end), fill=BACKGROUND, width=3)


def _writes(label: str) -> bool:
    """Whether Pillow's own font has all of a label."""
    return label.isascii() and label.isprintable()


def _shortened(canvas: ImageDraw.ImageDraw, text: str, room: int) -> str:
    if canvas.textlength(text, font=_font(_SMALL)) <= room:
        return text
    while text and canvas.textlength(f"{text}...", font=_font(_SMALL)) > room:
        text = text[:-1]
    return f"{text}..."


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
