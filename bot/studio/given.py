"""Pictures and videos that were handed in: checked by their content, never by their name."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image, ImageOps, UnidentifiedImageError

PICTURE_BYTES_MAX = 20_000_000
PICTURE_PIXELS_MAX = 25_000_000
_PICTURE_SIDE_MIN = 16
_PICTURE_KEPT_PIXELS = 2560  # longer sides are made shorter: no frame shows more
_PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
VIDEO_BYTES_MAX = 64_000_000
VIDEO_SECONDS_MAX = 20.5
_VIDEO_SIDE_MIN, _VIDEO_SIDE_MAX = 16, 4096


class UnreadablePicture(Exception):
    """What was handed in is no picture that can be used; its text says why."""


class UnreadableVideo(Exception):
    """What was handed in is no video that can be used; its text says why."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    width: int
    height: int
    seconds: float
    suffix: str  # of the name that it must have, so that `format_of` knows it again


def keep_picture(given: Path, kept: Path) -> None:
    """Write the picture's first frame as a PNG of a handy size; UnreadablePicture if it is none.

    The size is checked before anything is decoded. Slow: call it from a thread.
    """
    if given.stat().st_size > PICTURE_BYTES_MAX:
        raise UnreadablePicture(f"The picture is larger than {PICTURE_BYTES_MAX // 1_000_000} MB.")
    try:
        with Image.open(given, formats=_PICTURE_FORMATS) as picture:
            width, height = picture.size
            if width * height > PICTURE_PIXELS_MAX:
                raise UnreadablePicture(
                    f"The picture has more than {PICTURE_PIXELS_MAX // 1_000_000} megapixels."
                )
            if min(width, height) < _PICTURE_SIDE_MIN:
                raise UnreadablePicture(f"The picture is smaller than {_PICTURE_SIDE_MIN} pixels.")
            picture.draft("RGB", (_PICTURE_KEPT_PIXELS, _PICTURE_KEPT_PIXELS))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((_PICTURE_KEPT_PIXELS, _PICTURE_KEPT_PIXELS), Image.Resampling.LANCZOS)
            clear = upright.convert("RGBA")
            whole = Image.new("RGB", clear.size, (20, 20, 24))
            whole.paste(clear, mask=clear.getchannel("A"))
            whole.save(kept, "PNG", compress_level=1)
    except UnidentifiedImageError as error:
        raise UnreadablePicture("The file is no PNG, JPEG, WebP, GIF or AVIF picture.") from error
    # Pillow has no one error for damaged files; these are the ones that its decoders let through.
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        IndexError,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise UnreadablePicture("The picture is damaged.") from error


def video_facts(given: Path) -> VideoFacts:
    """What a video is; UnreadableVideo if it is none, or too large or long. Slow: call it from a thread."""
    with given.open("rb") as file:
        head = file.read(12)
    suffix = ".mp4" if head[4:8] == b"ftyp" else ".webm" if head[:4] == b"\x1a\x45\xdf\xa3" else None
    if suffix is None:
        raise UnreadableVideo("The file is no MP4, MOV or WebM video.")
    try:
        with av.open(str(given), format=_FORMATS[suffix]) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise UnreadableVideo("The file has no picture.")
            width, height = stream.width, stream.height
            if not (min(width, height) >= _VIDEO_SIDE_MIN and max(width, height) <= _VIDEO_SIDE_MAX):
                raise UnreadableVideo(
                    f"The video's sides must be {_VIDEO_SIDE_MIN} to {_VIDEO_SIDE_MAX} pixels."
                )
            length = container.duration / av.time_base if container.duration else 0.0
            if next(container.decode(stream), None) is None or length <= 0:
                raise UnreadableVideo("The video has no frames.")
    except av.FFmpegError as error:
        raise UnreadableVideo(f"The video cannot be decoded: {error.strerror}.") from error
    if length > VIDEO_SECONDS_MAX:
        raise UnreadableVideo(f"The video is longer than {VIDEO_SECONDS_MAX:g} seconds.")
    return VideoFacts(width, height, length, suffix)


def keep_face(video: Path, kept: Path) -> None:
    """Write the frame of a video's first second's end as a PNG; UnreadableVideo if there is none."""
    face: av.VideoFrame | None = None
    try:
        with av.open(str(video), format=format_of(video)) as container:
            for frame in container.decode(video=0):
                face = frame  # many clips begin in the dark
                if frame.time is None or frame.time >= 1:
                    break
    except av.FFmpegError as error:
        raise UnreadableVideo(f"The video cannot be decoded: {error.strerror}.") from error
    if face is None:
        raise UnreadableVideo("The video has no frames.")
    picture = Image.fromarray(face.to_ndarray(format="rgb24"))
    picture.thumbnail((512, 512))
    picture.save(kept, "PNG")


def format_of(video: Path) -> str:
    """The one demuxer that may open this file.

    FFmpeg would otherwise guess, and a text file that looks like a playlist makes it read other files and
    addresses.
    """
    return _FORMATS[video.suffix]


_FORMATS = {".mp4": "mp4", ".webm": "matroska"}
