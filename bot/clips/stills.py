"""Pictures out of our own clips: the frames that an order can go on from, and what a list shows of a clip.

FFmpeg reads the clip in a child process (still_child.py). A still costs 0.2 to 0.5 s.
"""

import asyncio
import sys
from pathlib import Path

from bot.children import Ended, ask
from bot.errors import ClipUnusable
from bot.ordering.pictures import SUFFIXES, Picture
from bot.part_files import keep, part_of

THUMBNAIL_SIDE_PX_MAX = 320


class Stills:
    """Takes stills of clips; all its answers are pictures in `folder`, named `name` and their suffix.

    One is taken at a time. Each may raise ClipUnusable (no picture can be had from the clip) and OSError
    (our own disk).

    Args:
        timeout_s: for the child.
        python: what to run the child with.
    """

    def __init__(self, *, timeout_s: float = 90, python: str = sys.executable) -> None:
        self._timeout_s = timeout_s
        self._python = python
        self._turn = asyncio.Semaphore(1)

    async def first(self, clip: Path, folder: Path, name: str) -> Picture:
        """The first frame, in the clip's own size, as a PNG (a JPEG where that would be over 8 MB)."""
        return await self._still(clip, folder / name, "first", side_px_max=0)

    async def last(self, clip: Path, folder: Path, name: str) -> Picture:
        """The last frame that can be decoded, as `first`: from it an animation goes on."""
        return await self._still(clip, folder / name, "last", side_px_max=0)

    async def thumbnail(self, clip: Path, folder: Path, name: str) -> Picture:
        """A telling frame as a small JPEG, of at most 320 pixels a side."""
        return await self._still(clip, folder / name, "telling", side_px_max=THUMBNAIL_SIDE_PX_MAX)

    async def frames(self, clip: Path, folder: Path, *, count: int, side_px_max: int) -> list[Path]:
        """Frames from all over the clip as small JPEGs in a folder of their own, in their order.

        There are `count` of them, or as many as the clip has.
        """
        async with self._turn:
            answer = await ask(
                "bot.clips.still_child",
                folder,
                clip,
                str(count),
                str(side_px_max),
                timeout_s=self._timeout_s,
                python=self._python,
            )
        match answer:
            case Ended() as ended:
                raise ClipUnusable(str(ended))
            case {"frames": int(written)} if 0 < written <= count:
                return [folder / f"{number}.jpg" for number in range(written)]
            case said:
                raise ClipUnusable(str(said.get("unusable")))

    async def _still(self, clip: Path, into: Path, moment: str, *, side_px_max: int) -> Picture:
        async with self._turn, part_of(into) as part:
            answer = await ask(
                "bot.clips.still_child",
                part,
                clip,
                moment,
                str(side_px_max),
                timeout_s=self._timeout_s,
                python=self._python,
            )
            match answer:
                case Ended() as ended:
                    raise ClipUnusable(str(ended))
                case {"media_type": str(media_type), "width": int(width), "height": int(height)} if (
                    media_type in SUFFIXES
                ):
                    path = into.with_name(into.name + SUFFIXES[media_type])
                    kept = await keep(part, path)
                case said:
                    raise ClipUnusable(str(said.get("unusable")))
        return Picture(
            path=path,
            media_type=media_type,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            width=width,
            height=height,
        )
