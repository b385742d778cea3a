"""Which pictures are taken: their kinds, told by their first bytes, and their limits."""

from enum import StrEnum


class PictureKind(StrEnum):
    """A kind of picture that is read; the values are Pillow's names of the formats."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    AVIF = "AVIF"


class Mistaken(StrEnum):
    """What is sent where a picture belongs, so often that it has its own sentence."""

    EMPTY = "empty"
    HEIC = "heic"
    VIDEO = "video"
    OTHER = "other"


HEAD_BYTES = 64
"""How much of a file `kind_of` looks at."""

PICTURE_BYTES_MAX = 20_000_000
PIXELS_MAX = 32_000_000
JPEG_PIXELS_MAX = 64_000_000  # a telephone's 50 megapixels; of a JPEG only an eighth to a half is decoded
SIDE_PX_MIN = 64
SIDES_RATIO_MAX = 10
KEPT_SIDE_PX_MAX = 4_096  # more than any model's frame has; the kept picture is made smaller to this

# Brands of an ISO base media file (ISO/IEC 14496-12, 4.3). AVIF's are of its specification, 1.1, section 6;
# HEIC's of ISO/IEC 23008-12, B.4. `mif1` and `msf1` say only "a picture", and the other brands which.
_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})

_VIDEO_STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x30\x26\xb2\x75",  # Windows Media
    b"FLV\x01",
    b"OggS",
)
_QUICKTIME_FIRST_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def kind_of(head: bytes) -> PictureKind | Mistaken:
    """What the first `HEAD_BYTES` of a file say that it is."""
    if not head:
        return Mistaken.EMPTY
    match head[4:8]:
        case b"ftyp":
            return _kind_by_brands(head)
        case box if box in _QUICKTIME_FIRST_BOXES:
            return Mistaken.VIDEO
    if head.startswith(b"\xff\xd8\xff"):
        return PictureKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureKind.PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return PictureKind.GIF
    if head.startswith(b"RIFF"):
        match head[8:12]:
            case b"WEBP":
                return PictureKind.WEBP
            case b"AVI ":
                return Mistaken.VIDEO
    return Mistaken.VIDEO if head.startswith(_VIDEO_STARTS) else Mistaken.OTHER


def _kind_by_brands(head: bytes) -> PictureKind | Mistaken:
    """By the major brand, then by the compatible ones; what names no kind of picture is a video."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    for brand in brands:
        if brand in _AVIF:
            return PictureKind.AVIF
    return Mistaken.HEIC if _HEIC.intersection(brands) else Mistaken.VIDEO
