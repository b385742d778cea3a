"""What clips and pictures are read and written with: the codecs in PyAV's FFmpeg, the formats in Pillow."""

from collections.abc import Callable, Iterator
from importlib import import_module

from bot.checks.finding import Finding, error, warning

ENCODERS = ("libx264", "aac")
"""What fitted copies and the studio's clips are made of."""
DECODERS = ("h264", "hevc", "vp9", "av1", "aac", "opus", "mp3")
"""What clips and videos of providers and members come in."""
FORMATS = ("mp4", "mov", "webm")
PICTURES = {"jpg": "JPEG", "webp": "WebP", "avif": "AVIF"}
"""Pillow's names of what needs a library beside it."""

_MEND = "pip install --force-reinstall --only-binary=:all: av Pillow"


def media_tools(
    has_codec: Callable[[str, str], bool] | None = None, has_picture: Callable[[str], bool] | None = None
) -> Iterator[Finding]:
    """What is missing.

    Args:
        has_codec: of a name and `w`, `r` or `f` (a container): whether FFmpeg has it.
        has_picture: of one of Pillow's names: whether it reads that.
    """
    unusable = list(_not_loaded())
    if unusable:
        yield from unusable
        return
    codec, picture = has_codec or _in_ffmpeg, has_picture or _in_pillow
    for name in ENCODERS:
        if not codec(name, "w"):
            yield error("codec_missing", f"FFmpeg in PyAV cannot write {name}: no clip can be fitted", _MEND)
    for name in DECODERS:
        if not codec(name, "r"):
            yield warning("codec_missing", f"FFmpeg in PyAV cannot read {name}", _MEND)
    for name in FORMATS:
        if not codec(name, "f"):
            yield error("codec_missing", f"FFmpeg in PyAV has no container {name}", _MEND)
    for name, word in PICTURES.items():
        if not picture(name):
            yield warning("picture_format_missing", f"Pillow cannot read {word}", _MEND)


def _not_loaded() -> Iterator[Finding]:
    """A library that cannot be used at all: what it needs itself is gone, or is another release's."""
    for library, code in (("av", "codec_missing"), ("PIL.features", "picture_format_missing")):
        try:
            import_module(library)
        except ImportError as fault:
            yield error(code, f"{library} cannot be loaded: {fault}", _MEND)


def _in_ffmpeg(name: str, way: str) -> bool:
    import av  # noqa: PLC0415 - 60 MB of libraries

    if way == "f":
        return name in av.formats_available
    try:
        av.codec.Codec(name, "w" if way == "w" else "r")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _in_pillow(name: str) -> bool:
    from PIL import features  # noqa: PLC0415

    return bool(features.check(name))
