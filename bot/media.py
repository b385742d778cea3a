"""Look at a fetched clip before anybody is shown it: is it a video, of what size, length and codecs?

Its bytes come from outside and FFmpeg is a million lines of C, so a child process reads them (probe.py). A
child costs about 0.15 s and 60 MB, and a clip takes a minute to render. Before that the file's boxes are
read here in Python, which turns down, without a child, what is no MP4 (a web page, a playlist that would
have FFmpeg open other files) and what was cut short.
"""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.errors import ClipUnusable

_BOXES_MAX = 10_000


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
    faststart = await asyncio.to_thread(_read_boxes, path)
    child = await asyncio.create_subprocess_exec(
        python,
        "-P",
        "-m",
        "bot.probe",
        _absolute(path),
        env=_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(timeout_s):
            said, _ = await child.communicate()
    except TimeoutError as late:
        raise ClipUnusable(f"it could not be read within {timeout_s:g} s") from late
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        code = await child.wait()
    if code != 0:
        raise ClipUnusable(f"reading it ended the reader (exit {code})")
    match json.loads(said):
        case {"unusable": why}:
            raise ClipUnusable(why)
        case fields:
            return Probe(faststart=faststart, **fields)


def _absolute(path: Path) -> str:
    return str(path.absolute())


def _environment() -> dict[str, str]:
    """Where to import from, and nothing else: no token goes to the process that reads foreign bytes."""
    return {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}


def _read_boxes(path: Path) -> bool:
    """Walk over the boxes of an MP4 (ISO/IEC 14496-12, 4.2); says whether the index comes first.

    Raises:
        ClipUnusable: the first is no `ftyp`, one reaches beyond the end, or `moov` or `mdat` is missing.
    """
    size = path.stat().st_size
    order: list[bytes] = []
    with path.open("rb") as file:
        at = 0
        while at < size:
            length, kind = _box(file, at, size)
            if not order and kind != b"ftyp":
                raise ClipUnusable("it does not begin as an MP4 does")
            if length < 8 or at + length > size:
                raise ClipUnusable(f"cut short or broken at byte {at} of {size}")
            if len(order) == _BOXES_MAX:
                raise ClipUnusable(f"more than {_BOXES_MAX} boxes")
            order.append(kind)
            at += length
    if b"moov" not in order or b"mdat" not in order:
        raise ClipUnusable(f"no whole MP4: {size} bytes without pictures or without their index")
    return order.index(b"moov") < order.index(b"mdat")


def _box(file: BinaryIO, at: int, size: int) -> tuple[int, bytes]:
    """Length and kind of the box that begins at `at`; a length of 0 on the wire means to the end."""
    file.seek(at)
    header = file.read(16)
    length, kind = int.from_bytes(header[:4], "big"), header[4:8]
    if length == 1:
        length = int.from_bytes(header[8:16], "big")
    return (length or size - at), kind
