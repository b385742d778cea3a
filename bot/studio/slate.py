"""What is written around and on the picture: the slate, the mark, the shot's text, the time, subtitles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from bot.studio.lettering import Lettering
from bot.studio.planes import Bytes, Cel, Colour, Planes
from bot.studio.script import Shot
from bot.studio.spec import FPS
from bot.studio.vocabulary import Move

MARK = "storyboard, not AI"
_INK: Colour = (13, 13, 16)
_CHALK: Colour = (233, 228, 216)
_DIM: Colour = (158, 152, 142)
_DONE_LIGHT = 150  # of the line that grows with the clip


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is in a frame, in pixels; all rows are even."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        return min(self.width, self.height) / 720

    @property
    def upright(self) -> bool:
        return self.height > self.width

    @property
    def top(self) -> int:
        """The first row of the picture, below the slate."""
        return round((56 if self.upright else 40) * self.unit / 2) * 2

    @property
    def bottom(self) -> int:
        """The first row below the picture."""
        return self.height - round((136 if self.upright else 56) * self.unit / 2) * 2


class Slate:
    """Draws one clip's bands and subtitles."""

    def __init__(self, layout: Layout, lettering: Lettering, take: int) -> None:
        self._layout, self._lettering, self._take = layout, lettering, take
        self._digits = self._numerals()

    def bands(self, shot: Shot, number: int, of: int, accent: Colour) -> tuple[Planes, Planes]:
        """The bands above and below the picture."""
        layout, unit = self._layout, self._layout.unit
        image = Image.new("RGB", (layout.width, layout.height), _INK)
        pen = ImageDraw.Draw(image)
        margin, size = round(22 * unit), round(19 * unit)
        base = round(layout.top / 2 + 6.5 * unit)
        chip = f"{number}/{of}"
        wide = self._lettering.length(chip, size)
        box = (margin, base - 20 * unit, margin + wide + 18 * unit, base + 7 * unit)
        pen.rounded_rectangle(box, radius=4 * unit, fill=accent)
        self._lettering.write(image, (margin + 9 * unit, base), chip, size, _INK)
        told = [
            shot.framing.value,
            shot.angle.value if shot.angle else "",
            shot.move.value if shot.move is not Move.DRIFT else "",
        ]
        line = " · ".join(
            word.upper() for word in [*told, f"take {self._take}" if self._take > 1 else ""] if word
        )
        mark_size = round(17 * unit)
        mark_wide = self._lettering.length(MARK, mark_size)
        room = layout.width - 3 * margin - (wide + 36 * unit) - mark_wide
        line = next(iter(self._lettering.wrap(line, round(16 * unit), room, 1)), "")
        self._lettering.write(image, (margin + wide + 36 * unit, base), line, round(16 * unit), _DIM)
        self._lettering.write(image, (layout.width - margin - mark_wide, base), MARK, mark_size, _CHALK)
        self._caption(image, shot.caption, margin)
        above = image.crop((0, 0, layout.width, layout.top))
        return Planes.of_image(above), Planes.of_image(
            image.crop((0, layout.bottom, layout.width, layout.height))
        )

    def _caption(self, image: Image.Image, caption: str, margin: int) -> None:
        layout, unit = self._layout, self._layout.unit
        room = layout.width - 2 * margin - (0 if layout.upright else self._clock_wide + margin)
        size, lines_max = (round(23 * unit), 3) if layout.upright else (round(20 * unit), 1)
        lines = self._lettering.wrap(caption[:1].upper() + caption[1:], size, room, lines_max)
        if len(lines) == 1 and lines[0].endswith("...") and not layout.upright:
            size, lines_max = round(16 * unit), 2
            lines = self._lettering.wrap(caption[:1].upper() + caption[1:], size, room, lines_max)
        step = size * 1.32
        middle = layout.bottom + (layout.height - layout.bottom - (30 * unit if layout.upright else 0)) / 2
        first = middle - step * (len(lines) - 1) / 2 + size * 0.36
        for number, line in enumerate(lines):
            self._lettering.write(image, (margin, round(first + number * step)), line, size, _CHALK)

    def clock(self, y: Bytes, frame: int, frames: int) -> None:
        """Write the running time into the frame's light, and draw how much of the clip is over."""
        layout, unit = self._layout, self._layout.unit
        seconds, part = divmod(frame, FPS)
        text = f"{seconds // 60:02d}:{seconds % 60:02d}:{part:02d}"
        x = layout.width - round(22 * unit) - self._clock_wide
        tall = self._digits["0"].shape[0]
        top = layout.height - round((14 if layout.upright else 18) * unit) - tall
        for letter in text:
            digit = self._digits[letter]
            y[top : top + tall, x : x + digit.shape[1]] = digit
            x += digit.shape[1]
        done = round(layout.width * (frame + 1) / frames)
        thick = max(2, round(3 * unit))
        y[layout.bottom : layout.bottom + thick, :done] = _DONE_LIGHT

    @property
    def _clock_wide(self) -> int:
        return sum(self._digits[letter].shape[1] for letter in "00:00:00")

    def _numerals(self) -> dict[str, Bytes]:
        """Each digit as rows of light, all as wide as the widest, so that the time does not tremble."""
        size = round(19 * self._layout.unit)
        widths = {letter: round(self._lettering.length(letter, size)) + 1 for letter in "0123456789:"}
        widest = max(wide for letter, wide in widths.items() if letter != ":")
        digits = {}
        for letter, wide in widths.items():
            across = wide if letter == ":" else widest
            image = Image.new("RGB", (across, size), _INK)
            self._lettering.write(image, ((across - wide) / 2, round(size * 0.86)), letter, size, _DIM)
            pixels = np.asarray(image.convert("L"), dtype=np.float32)
            digits[letter] = (16 + pixels * 219 / 255).astype(np.uint8)
        return digits

    def subtitle(self, text: str) -> Cel | None:
        """A spoken line for the lower edge of the picture; None if no letter of it can be drawn."""
        layout, unit = self._layout, self._layout.unit
        size = round((33 if layout.upright else 30) * unit)
        lines = self._lettering.wrap(text, size, layout.width * 0.86, 4 if layout.upright else 2)
        if not lines:
            return None
        step, stroke = round(size * 1.3), max(2, round(2.4 * unit))
        tall = step * len(lines) + round(12 * unit)
        image = Image.new("RGBA", (layout.width, tall + tall % 2), (8, 8, 10, 0))
        for number, line in enumerate(lines):
            x = (layout.width - self._lettering.length(line, size)) / 2
            self._lettering.write(
                image, (x, step * number + size + 2 * unit), line, size, (250, 247, 238), stroke
            )
        return Cel.of_image(image)

    def cast(self, faces: list[tuple[str, Image.Image]]) -> Cel | None:
        """The clip's characters as small pictures with their names, side by side; None without any."""
        unit = self._layout.unit
        side, edge, size = round(96 * unit), round(6 * unit), round(15 * unit)
        if not faces:
            return None
        step, tall = side + 4 * edge, side + 2 * edge + round(26 * unit)
        sheet = Image.new("RGBA", (step * len(faces), tall), (*_CHALK, 0))
        pen = ImageDraw.Draw(sheet)
        for number, (name, face) in enumerate(faces):
            left = number * step
            pen.rectangle((left, 0, left + side + 2 * edge, tall), fill=(*_CHALK, 255))
            sheet.paste(ImageOps.fit(face.convert("RGB"), (side, side)), (left + edge, edge))
            line = next(iter(self._lettering.wrap(name, size, side, 1)), "")
            self._lettering.write(sheet, (left + edge, tall - round(9 * unit)), line, size, _INK)
        return Cel.of_image(sheet)
