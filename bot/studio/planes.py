"""Pictures as planes of bytes (one of light, two of colour at half size), and cels laid over them.

A cel is the animator's word for a see-through sheet. All arithmetic is on whole numbers, so that the same
drawing gives the same bytes, and stays in numpy's vector loops, so that a frame takes a few milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]
Colour = tuple[int, int, int]

# BT.709 in studio range, which is what players assume of H.264 in HD.
_TO_Y = np.array([0.18259, 0.61423, 0.06201], dtype=np.float32)
_TO_UV = np.array([[-0.10064, -0.33857, 0.43922], [0.43922, -0.39894, -0.04027]], dtype=np.float32)


def yuv_of(colour: Colour) -> tuple[int, int, int]:
    """One colour's light and two colour differences, as bytes."""
    rgb = np.array(colour, dtype=np.float32)
    u, v = _TO_UV @ rgb + 128.5
    return int(_TO_Y @ rgb + 16.5), int(u), int(v)


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour in the one, 0 to 1."""
    mixed = [round(a + (b - a) * share) for a, b in zip(one, other, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def light_and_colour(rgb: Floats) -> tuple[Floats, Floats, Floats]:
    """Light and the two colour differences, unrounded, of height by width by 3 in 0 to 255."""
    u, v = (rgb @ _TO_UV[0] + 128, rgb @ _TO_UV[1] + 128)
    return rgb @ _TO_Y + 16, u, v


def halved(plane: Floats) -> Floats:
    """Every two by two cells as their mean."""
    quarter: Floats = (plane[0::2, 0::2] + plane[1::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 1::2]) * 0.25
    return quarter


@dataclass(frozen=True, slots=True)
class Planes:
    """`y` is height by width, `uv` is 2 by half the height by half the width; both sides are even."""

    y: Bytes
    uv: Bytes

    @classmethod
    def blank(cls, width: int, height: int, colour: Colour = (0, 0, 0)) -> Self:
        y, u, v = yuv_of(colour)
        planes = cls(np.full((height, width), y, np.uint8), np.empty((2, height // 2, width // 2), np.uint8))
        planes.uv[0] = u
        planes.uv[1] = v
        return planes

    @classmethod
    def of_rgb(cls, rgb: Floats) -> Self:
        """From height by width by 3 in 0 to 255."""
        small = np.stack([halved(rgb[..., c]) for c in range(3)])
        uv = np.tensordot(_TO_UV, small, axes=1) + 128.5
        return cls((rgb @ _TO_Y + 16.5).astype(np.uint8), uv.astype(np.uint8))

    @classmethod
    def of_image(cls, image: Image.Image) -> Self:
        return cls.of_rgb(np.asarray(image.convert("RGB"), dtype=np.float32))

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    def put(self, other: Planes, top: int) -> None:
        """Copy planes of the same width in, from the row `top` on."""
        self.y[top : top + other.height] = other.y
        self.uv[:, top // 2 : (top + other.height) // 2] = other.uv


@dataclass(frozen=True, slots=True)
class Cel:
    """Light and colour already multiplied by how opaque they are, and the share of what lies below.

    From the row `solid` (an even one) on it is opaque and each row of one colour, which is quicker to lay.
    """

    y: Bytes
    uv: Bytes
    below_y: Bytes
    below_uv: Bytes
    solid: int

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    @classmethod
    def of_shape(cls, opacity: Floats, top: Colour, bottom: Colour | None = None) -> Self:
        """A shape (opacity 0 to 1, both sides even) in a colour that may run from its top to its bottom."""
        height = opacity.shape[0]
        run = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        first = np.array(top, dtype=np.float32)
        colours = first + (np.array(bottom or top, dtype=np.float32) - first) * run  # height by 3
        small = halved(opacity)
        light = (colours @ _TO_Y + 16)[:, None]
        tint = (colours[::2] @ _TO_UV.T + 128).T[:, :, None]
        clear_rows = np.flatnonzero(opacity.min(axis=1) < 1)
        return cls(
            (light * opacity + 0.5).astype(np.uint8),
            (tint * small + 0.5).astype(np.uint8),
            (255.5 - 255 * opacity).astype(np.uint8),
            (255.5 - 255 * small).astype(np.uint8),
            -(-(int(clear_rows[-1]) + 1) // 2) * 2 if clear_rows.size else 0,
        )

    @classmethod
    def of_pixels(cls, colours: Floats, opacity: Floats) -> Self:
        """From height by width by 3 in 0 to 255, and opacity 0 to 1; both sides even.

        Clear pixels should carry their neighbours' colour.
        """
        small = halved(opacity)
        weighed = np.stack([halved(colours[..., c] * opacity) for c in range(3)])
        return cls(
            ((colours @ _TO_Y + 16) * opacity + 0.5).astype(np.uint8),
            (np.tensordot(_TO_UV, weighed, axes=1) + 128 * small + 0.5).clip(0, 255).astype(np.uint8),
            (255.5 - 255 * opacity).astype(np.uint8),
            (255.5 - 255 * small).astype(np.uint8),
            opacity.shape[0],
        )

    @classmethod
    def of_image(cls, image: Image.Image) -> Self:
        """From an RGBA picture, padded to even sides."""
        pixels = np.asarray(image, dtype=np.float32)
        odd_rows, odd_columns = pixels.shape[0] % 2, pixels.shape[1] % 2
        if odd_rows or odd_columns:
            pixels = np.pad(pixels, ((0, odd_rows), (0, odd_columns), (0, 0)))
        return cls.of_pixels(pixels[..., :3], pixels[..., 3] / 255)

    def mirrored(self, strength: float) -> Cel:
        """Upside down and thinner: its reflection in water."""

        def thin(part: Bytes) -> Bytes:
            return (part.astype(np.float32) * strength + 0.5).astype(np.uint8)

        def thin_below(part: Bytes) -> Bytes:
            return (255.5 - (255 - part.astype(np.float32)) * strength).astype(np.uint8)

        return Cel(
            thin(self.y[::-1]),
            thin(self.uv[:, ::-1]),
            thin_below(self.below_y[::-1]),
            thin_below(self.below_uv[::-1]),
            self.height,
        )


class Stage:
    """The planes that a shot is drawn on, with the scratch memory that laying cels needs."""

    def __init__(self, width: int, height: int) -> None:
        self.planes = Planes.blank(width, height)
        self.width, self.height = width, height
        self._scratch = np.empty((4, (height + 2) * (width + 2)), np.uint16)

    def copy(self, planes: Planes) -> None:
        np.copyto(self.planes.y, planes.y)
        np.copyto(self.planes.uv, planes.uv)

    def lay(self, cel: Cel, x: float, y: float) -> None:
        """Lay a cel with its top left corner at x, y; what sticks out is cut.

        Light is placed to a sixteenth of a pixel. Colour, which the eye sees less sharply, to a whole one.
        """
        if cel.solid < cel.height:
            y = round(y / 2) * 2
            self._cover(cel, math.ceil(x / 2) * 2, int(y))
        above = slice(0, cel.solid)
        self._lay(self.planes.y[None], cel.y[None, above], cel.below_y[None, above], x, y)
        small = slice(0, cel.solid // 2)
        self._lay(self.planes.uv, cel.uv[:, small], cel.below_uv[None, small], round(x / 2), round(y / 2))

    def lighten(self, light: Bytes, x: int = 0, y: int = 0) -> None:
        """Add light from x, y on, up to white; what sticks out is cut. `light` is at most 235."""
        x0, x1 = max(0, x), min(self.width, x + light.shape[1])
        y0, y1 = max(0, y), min(self.height, y + light.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        there = self.planes.y[y0:y1, x0:x1]
        added = light[y0 - y : y1 - y, x0 - x : x1 - x]
        room = self._scratch[0].view(np.uint8)[: there.size].reshape(there.shape)
        np.subtract(235, added, out=room, dtype=np.uint8)
        np.minimum(there, room, out=room)
        np.add(room, added, out=there)

    def shade(self, share: NDArray[np.uint16]) -> None:
        """Multiply the light by `share` / 256, at most 1."""
        product = self._room(0, self.planes.y.shape)
        np.multiply(self.planes.y, share, out=product)
        np.right_shift(product, 8, out=product)
        self.planes.y[...] = product

    def flash(self, strength: float) -> None:
        """Bring the light nearer to white, by `strength` 0 to 1 of the way."""
        room = self._room(0, self.planes.y.shape)
        np.subtract(235, self.planes.y, out=room, dtype=np.uint16)
        np.multiply(room, round(strength * 256), out=room)
        np.right_shift(room, 8, out=room)
        np.add(self.planes.y, room, out=self.planes.y, casting="unsafe")

    def _cover(self, cel: Cel, x: int, y: int) -> None:
        """Copy the solid rows of a cel; x and y are even."""
        x0, x1 = max(0, x), min(self.width, x + cel.width)
        y0, y1 = max(0, y + cel.solid), min(self.height, y + cel.height)
        if x0 < x1 and y0 < y1:
            self.planes.y[y0:y1, x0:x1] = cel.y[y0 - y : y1 - y, x0 - x : x1 - x]
            rows, columns = slice((y0 - y) // 2, (y1 - y) // 2), slice((x0 - x) // 2, (x1 - x) // 2)
            self.planes.uv[:, y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] = cel.uv[:, rows, columns]

    def _lay(self, ground: Bytes, fill: Bytes, below: Bytes, x: float, y: float) -> None:
        left, top = math.floor(x), math.floor(y)
        part_x, part_y = int((x - left) * 16), int((y - top) * 16)
        border_x, border_y = int(part_x > 0), int(part_y > 0)
        x0, x1 = max(0, left + border_x), min(ground.shape[2], left + fill.shape[2])
        y0, y1 = max(0, top + border_y), min(ground.shape[1], top + fill.shape[1])
        if x0 >= x1 or y0 >= y1:
            return
        window = (slice(y0 - top - border_y, y1 - top), slice(x0 - left - border_x, x1 - left))
        colour = self._between(fill[:, *window], part_x, part_y, 0)
        share = self._between(below[:, *window], part_x, part_y, 2)
        there = ground[:, y0:y1, x0:x1]
        product = self._room(1, there.shape)
        np.multiply(there, share, out=product, dtype=np.uint16)
        np.add(product, 255, out=product)  # so that 255 means all of it: (255 x + 255) / 256 = x
        np.right_shift(product, 8, out=product)
        np.add(product, colour, out=product)
        there[...] = product

    def _between(self, part: Bytes, part_x: int, part_y: int, room: int) -> Bytes | NDArray[np.uint16]:
        """The part moved right and down by sixteenths, without its first column and row."""
        moved: Bytes | NDArray[np.uint16] = part
        if part_x:
            moved = self._mean(part[:, :, 1:], part[:, :, :-1], part_x, room)
        if part_y:
            moved = self._mean(moved[:, 1:], moved[:, :-1], part_y, room)
        return moved

    def _mean(
        self, here: Bytes | NDArray[np.uint16], before: Bytes | NDArray[np.uint16], share: int, room: int
    ) -> NDArray[np.uint16]:
        """`share` sixteenths of what is before, and the rest of what is here."""
        other = self._room(room + 1, here.shape)
        np.multiply(before, share, out=other, dtype=np.uint16)
        # `here` may already lie in this room, but never before the cells that are written.
        mean = self._room(room, here.shape)
        np.multiply(here, 16 - share, out=mean, dtype=np.uint16)
        np.add(mean, other, out=mean)
        np.right_shift(mean, 4, out=mean)
        return mean

    def _room(self, number: int, shape: tuple[int, ...]) -> NDArray[np.uint16]:
        return self._scratch[number, : math.prod(shape)].reshape(shape)
