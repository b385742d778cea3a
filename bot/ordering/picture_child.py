"""The child process that reads and writes pictures with Pillow for pictures.py.

The file is its standard input. `python -m bot.ordering.picture_child INTO clean KIND` makes a picture of ours
from a stranger's; `… INTO fit TYPE WIDTH HEIGHT LEFT TOP RIGHT BOTTOM INNER_WIDTH INNER_HEIGHT` brings one of
ours to a shape. It prints the media type, width and height, and whether the file moved, as JSON, or
`{"refused": why}`.
"""

import io
import json
import struct
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, ImageCms

from bot.confinement import confine
from bot.ordering.picture_kinds import (
    JPEG_PIXELS_MAX,
    KEPT_SIDE_PX_MAX,
    PIXELS_MAX,
    SIDE_PX_MIN,
    SIDES_RATIO_MAX,
    PictureKind,
)

# Of two copies of 32 million pixels with four bytes, and of AVIF's planes with two bytes a sample.
_MEMORY_BYTES_MAX = 1 << 30
_CPU_S_MAX = 20
_FILE_BYTES_MAX = 64_000_000
_PNG_BYTES_MAX = 8_000_000  # a larger one is kept as a JPEG: providers take 10 to 30 MB

_LOSSLESS = frozenset({PictureKind.PNG, PictureKind.GIF})
_WHITE = (255, 255, 255)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation (CIPA DC-008, tag 0x0112)."""

# Pillow has no one error for a damaged file; these are what its readers let through.
_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError,
            RuntimeError, struct.error)  # fmt: skip


class Refused(Exception):
    """The picture is not taken; its text is a name that pictures.py has a sentence for."""


def clean(file: BinaryIO, kind: str) -> tuple[Image.Image, bool]:
    """The first frame of a picture: upright, in sRGB, on white where it was clear, of a handy size, bare.

    With it: whether there are more frames, of an animation.

    Its size is judged by its header, before a pixel is decoded.

    Raises:
        Refused: too many or too few pixels, too long a side, or damaged.
    """
    # Pillow's own guard, which strikes at twice its number and before a WebP's canvas is made.
    Image.MAX_IMAGE_PIXELS = JPEG_PIXELS_MAX // 2
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(file, formats=(kind,)) as picture:
            size = _judged(picture.size, kind)
            picture.draft(None, size)  # a JPEG's own way to be read smaller, which costs less
            turn = _turn_of(picture)
            profile = picture.info.get("icc_profile")
            picture.load()
            return _bare(picture, size, profile, turn), _moves(picture, kind)
    except Image.DecompressionBombError as bomb:
        raise Refused("too_many_pixels") from bomb
    except _DAMAGED as damage:
        raise Refused("broken") from damage


def _moves(picture: Image.Image, kind: str) -> bool:
    """Whether there is a second frame; a JPEG's is the same picture once more, for a brighter screen."""
    if kind == PictureKind.JPEG:
        return False
    try:
        return bool(getattr(picture, "is_animated", False))
    except _DAMAGED:  # behind the first frame, which can be seen
        return False


def _judged(size: tuple[int, int], kind: str) -> tuple[int, int]:
    """The size that the picture is kept at."""
    shorter, longer = sorted(size)
    if shorter * longer > (JPEG_PIXELS_MAX if kind == PictureKind.JPEG else PIXELS_MAX):
        raise Refused("too_many_pixels")
    if shorter < SIDE_PX_MIN:
        raise Refused("too_small")
    if longer > SIDES_RATIO_MAX * shorter:
        raise Refused("too_narrow")
    if longer <= KEPT_SIDE_PX_MAX:
        return size
    width, height = (max(1, round(side * KEPT_SIDE_PX_MAX / longer)) for side in size)
    return width, height


def _turn_of(picture: Image.Image) -> Image.Transpose | None:
    try:
        return _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except _DAMAGED:  # a picture whose EXIF is damaged can still be seen
        return None


def _bare(
    picture: Image.Image, size: tuple[int, int], profile: object, turn: Image.Transpose | None
) -> Image.Image:
    """The pixels alone, in a new picture that knows nothing of the old one's file."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off and not scale
        picture = picture.convert("I").point(lambda grey: grey / 256).convert("L")
    if picture.mode in ("1", "P", "PA", "LA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    clear = picture.getchannel("A") if picture.mode == "RGBA" else None
    whole = Image.new("RGB", size, _WHITE)
    whole.paste(_in_srgb(picture, profile), mask=clear)
    return whole if turn is None else whole.transpose(turn)


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """The colours as they were meant: telephones write Display P3, printers CMYK."""
    plain = picture if picture.mode == "CMYK" else picture.convert("RGB")
    if not isinstance(profile, bytes) or not profile:
        return plain.convert("RGB")
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        seen = ImageCms.profileToProfile(plain, meant, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # damaged, or of other colours than the picture's
        seen = None
    return plain.convert("RGB") if seen is None else seen


def fitted(file: BinaryIO, numbers: Sequence[int]) -> Image.Image:
    """A picture of ours in the frame that a `framing.Fit` says; bars are black."""
    width, height, left, top, right, bottom, inner_width, inner_height = numbers
    with Image.open(file, formats=("PNG", "JPEG")) as picture:
        picture.load()
        inner = picture.resize(
            (inner_width, inner_height),
            Image.Resampling.LANCZOS,
            box=(left, top, right, bottom),
            reducing_gap=3.0,
        )
    frame = Image.new("RGB", (width, height))
    frame.paste(inner, ((width - inner_width) // 2, (height - inner_height) // 2))
    return frame


def write(picture: Image.Image, into: Path, *, lossless: bool) -> str:
    """As a PNG where nothing was lost before and it stays handy, else as a JPEG; says which."""
    if lossless:
        kept = io.BytesIO()
        picture.save(kept, "PNG", compress_level=4)
        if len(kept.getbuffer()) <= _PNG_BYTES_MAX:
            into.write_bytes(kept.getbuffer())
            return "image/png"
    with into.open("wb") as file:
        picture.save(file, "JPEG", quality=95, subsampling=0)
    return "image/jpeg"


def main(arguments: Sequence[str]) -> None:
    """Do what the first argument says; an exit code that is not 0 is a fault that nobody thought of."""
    confine(memory_bytes_max=_MEMORY_BYTES_MAX, cpu_s_max=_CPU_S_MAX, file_bytes_max=_FILE_BYTES_MAX)
    said: dict[str, str | int | bool]
    moves = False
    try:
        match arguments:
            case [into, "clean", kind]:
                picture, moves = clean(sys.stdin.buffer, kind)
                lossless = kind in _LOSSLESS
            case [into, "fit", media_type, *numbers]:
                picture = fitted(sys.stdin.buffer, [int(number) for number in numbers])
                lossless = media_type == "image/png"
            case _:
                raise SystemExit(2)
        media_type = write(picture, Path(into), lossless=lossless)
        said = {
            "media_type": media_type,
            "width": picture.width,
            "height": picture.height,
            "animated": moves,
        }
    except Refused as refused:
        said = {"refused": str(refused)}
    except MemoryError:
        said = {"refused": "too_heavy"}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
