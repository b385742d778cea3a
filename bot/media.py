"""Look at a fetched clip before anybody is shown it: is it a video, of what size, length and codecs?

Its bytes come from outside and FFmpeg is a million lines of C, so a child process reads them (probe.py). A
child costs about 0.15 s and 60 MB, and a clip takes a minute to render. Before that the file's boxes are
read here in Python, which turns down, without a child, what is no MP4 (a web page, a playlist that would
have FFmpeg open other files) and what was cut short.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.children import Ended, ask
from bot.clips import boxes
from bot.errors import ClipUnusable


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a clip is. `width` and `height` are as shown, after any rotation.

    `faststart` means that the index stands before the pictures, so that a player can begin at once.
    """

    width: int
    height: int
    duration_ms: int
    has_sound: bool
    video_codec: str
    pix_fmt: str
    faststart: bool


async def check(path: Path, *, timeout_s: float = 60, python: str = sys.executable) -> Probe:
    """Read a clip's properties, and decode its first picture to see that it is one.

    Args:
        path: the file; nobody changes it meanwhile.
        timeout_s: for the child.
        python: what to run the child with.

    Raises:
        ClipUnusable: no MP4, cut short, no pictures in it, a size or length that no clip has, or more than
            the child's limits or `timeout_s` allow.
        OSError: our own disk; the file is not there.
    """
    layout = await asyncio.to_thread(boxes.read, path)
    match await ask("bot.clips.probe", path, timeout_s=timeout_s, python=python):
        case Ended(late=True):
            raise ClipUnusable(f"it could not be read within {timeout_s:g} s")
        case Ended() as ended:
            raise ClipUnusable(str(ended))
        case {
            "width": int(width),
            "height": int(height),
            "duration_ms": int(duration_ms),
            "has_sound": bool(has_sound),
            "video_codec": str(video_codec),
            "pix_fmt": str(pix_fmt),
        }:
            return Probe(
                width=width,
                height=height,
                duration_ms=duration_ms,
                has_sound=has_sound,
                video_codec=video_codec,
                pix_fmt=pix_fmt,
                faststart=layout.faststart,
            )
        case said:
            raise ClipUnusable(str(said.get("unusable")))
