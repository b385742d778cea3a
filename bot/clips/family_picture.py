"""Draws a family as a picture: small pictures from left to right, joined by lines, each with its number.

Only our own small pictures and pictures that we have re-encoded are read. It has a ground of its own, so
that it reads on a dark Discord and on a light one; numbers alone are written, which every language reads.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

FACE_PX = (256, 144)
_GAP_PX = (88, 28)
_MARGIN_PX = 32
_SIDE_PX_MAX = 4_000

_GROUND = (30, 31, 34)
_LINE = (128, 132, 142)
_FRAME = (78, 80, 88)
_PRESENT = (250, 168, 26)
_UNKNOWN = (56, 58, 64)
_INK = (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """One in the picture. `known` is whether it may be seen; without a `face` it is drawn in grey."""

    number: int
    parent: int | None
    depth: int
    face: Path | None
    present: bool
    known: bool


def drawn(portraits: Sequence[Portrait]) -> bytes:
    """The picture as a PNG. Parents come before their children."""
    rows = _rows(portraits)
    step_x, step_y = FACE_PX[0] + _GAP_PX[0], FACE_PX[1] + _GAP_PX[1]
    width = max(one.depth for one in portraits) * step_x + FACE_PX[0] + 2 * _MARGIN_PX
    height = round(max(rows.values()) * step_y) + FACE_PX[1] + 2 * _MARGIN_PX
    picture = Image.new("RGB", (width, height), _GROUND)
    draw = ImageDraw.Draw(picture)
    corners = {
        one.number: (_MARGIN_PX + one.depth * step_x, _MARGIN_PX + round(rows[one.number] * step_y))
        for one in portraits
    }
    for one in portraits:
        if one.parent is not None:
            _join(draw, corners[one.parent], corners[one.number])
    font = ImageFont.load_default(30)
    for one in portraits:
        _portray(picture, draw, one, corners[one.number], font)
    if max(picture.size) > _SIDE_PX_MAX:
        picture.thumbnail((_SIDE_PX_MAX, _SIDE_PX_MAX))
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=False, compress_level=6)
    return written.getvalue()


def _rows(portraits: Sequence[Portrait]) -> dict[int, float]:
    """The row of each, by its number: those without children from the top down, parents between theirs."""
    children: dict[int, list[int]] = {one.number: [] for one in portraits}
    for one in portraits:
        if one.parent is not None:
            children[one.parent].append(one.number)
    rows: dict[int, float] = {}
    leaves = 0

    def place(number: int) -> float:
        nonlocal leaves
        if not children[number]:
            rows[number] = float(leaves)
            leaves += 1
        else:
            below = [place(child) for child in children[number]]
            rows[number] = (below[0] + below[-1]) / 2
        return rows[number]

    for one in portraits:
        if one.parent is None:
            place(one.number)
    return rows


def _join(draw: ImageDraw.ImageDraw, parent: tuple[int, int], child: tuple[int, int]) -> None:
    start = (parent[0] + FACE_PX[0], parent[1] + FACE_PX[1] // 2)
    end = (child[0], child[1] + FACE_PX[1] // 2)
    middle = (start[0] + end[0]) // 2
    draw.line([start, (middle, start[1]), (middle, end[1]), end], fill=_LINE, width=5, joint="curve")


def _portray(
    picture: Image.Image,
    draw: ImageDraw.ImageDraw,
    one: Portrait,
    corner: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    x, y = corner
    box = (x, y, x + FACE_PX[0] - 1, y + FACE_PX[1] - 1)
    face = _face(one.face)
    draw.rectangle(box, fill=_GROUND if face else _UNKNOWN)
    if face is not None:
        picture.paste(face, (x + (FACE_PX[0] - face.width) // 2, y + (FACE_PX[1] - face.height) // 2))
    elif not one.known:
        draw.line([(x, y), (x + FACE_PX[0], y + FACE_PX[1])], fill=_FRAME, width=3)
        draw.line([(x + FACE_PX[0], y), (x, y + FACE_PX[1])], fill=_FRAME, width=3)
    edge = 8 if one.present else 2
    draw.rectangle(
        (box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge),
        outline=_PRESENT if one.present else _FRAME,
        width=edge,
    )
    text = str(one.number)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    wide = max(44, round(right - left) + 20)
    badge = (x + 8, y + 8, x + 8 + wide, y + 52)
    draw.rounded_rectangle(badge, radius=10, fill=_PRESENT if one.present else _GROUND)
    draw.text(
        ((badge[0] + badge[2] - left - right) / 2, (badge[1] + badge[3] - top - bottom) / 2),
        text,
        font=font,
        fill=_GROUND if one.present else _INK,
    )


def _face(path: Path | None) -> Image.Image | None:
    if path is None:
        return None
    try:
        with Image.open(path) as kept:
            kept.draft("RGB", FACE_PX)
            return ImageOps.contain(kept.convert("RGB"), FACE_PX)
    except (OSError, UnidentifiedImageError, ValueError):
        return None
