"""Pictures of every kind, small and real, with all that a clean picture must not have."""

import io
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

from PIL import Image

from bot.ordering.pictures import Picture, Pictures

SECRET = b"taken at 52.5200 N 13.4050 E"
ZIP_TRAILER = b"PK\x03\x04" + SECRET + b"<script>alert(1)</script>"

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")


def drawing(width: int = 160, height: int = 120, mode: str = "RGB") -> Image.Image:
    """Red at the top left, blue at the bottom right, soft in between."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    flat = Image.new("L", (width, height), 60)
    return Image.merge("RGB", (Image.eval(down, lambda v: 255 - v), flat, across)).convert(mode)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int = 1) -> bytes:
    """With a camera, a place and an orientation."""
    written = Image.Exif()
    written[0x0112] = orientation
    written[0x010F] = SECRET.decode()
    written.get_ifd(0x8825)[1] = "N"
    return written.tobytes()


@cache
def of_kind(kind: str) -> bytes:
    """A picture of that kind, with something secret in it."""
    if kind == "GIF":
        return encoded(drawing(mode="P"), kind, comment=SECRET)
    return encoded(drawing(), kind, exif=exif())


async def chunks(content: bytes, size: int = 4_096) -> AsyncIterator[bytes]:
    """As a download comes."""
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def take(folder: Path, content: bytes, **limits: float) -> Picture:
    return await Pictures(**limits).take(chunks(content), folder, "kept")  # type: ignore[arg-type]


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def is_bare(path: Path) -> bool:
    """Nothing in the file but what a picture needs."""
    content = path.read_bytes()
    with Image.open(path) as picture:
        known = set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        return not known and not picture.getexif() and SECRET not in content and b"PK\x03\x04" not in content
