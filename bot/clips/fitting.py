"""Brings a clip under the upload limit of the place that it is sent to, changing as little as that needs.

A clip that fits and plays everywhere is sent as it was made, byte for byte (its credentials of origin would
not survive a copy); one whose index stands at its end is copied behind its index and nothing else; one that
is too large, or that players do not show, is encoded by the recipe of fit_plan.py in a child process
(fit_child.py).
"""

import asyncio
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.children import Ended, ask
from bot.clips import boxes
from bot.clips.boxes import Boxes
from bot.clips.credentials import Credentials
from bot.clips.fit_plan import fits
from bot.errors import ClipTooLarge
from bot.part_files import keep, part_of

_REMUX_TIMEOUT_S = 60


class Touch(StrEnum):
    """What was done to a clip before it was sent."""

    NONE = "none"
    REMUXED = "remuxed"
    ENCODED = "encoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The file to send. `path` is the clip's own where nothing was `touch`ed."""

    path: Path
    size_bytes: int
    touch: Touch


class Fitting:
    """Fits clips, at most one for each core at a time; who comes later waits.

    Cancel the task that waits for a fit, and its child is ended and its part file removed.

    Args:
        at_once: how many are encoded at the same time; each has one thread and about 300 MB.
        timeout_s: for one clip; by then a link would have been the quicker way.
        python: what to run the child with.
        credentials: what a new file is signed with, which loses those of its source.
    """

    def __init__(
        self,
        *,
        at_once: int | None = None,
        timeout_s: float = 300,
        python: str = sys.executable,
        credentials: Credentials | None = None,
    ) -> None:
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._python = python
        self._turn = asyncio.Semaphore(at_once or os.cpu_count() or 1)

    async def fit(self, clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
        """A file of at most 97 % of `limit_bytes` that shows the clip.

        Args:
            clip: an MP4 of ours; nobody changes it meanwhile.
            into: where a new file is written, if one is needed; in a folder that is there.
            limit_bytes: of one upload.
            comment: what a new file says of itself (that it is AI-generated), where the clip says nothing.

        Raises:
            ClipTooLarge: it cannot be brought under the limit in a quality worth looking at, or not in time.
            ClipUnusable: it is no MP4.
            OSError: our own disk; the clip is not there.
        """
        layout = await asyncio.to_thread(boxes.read, clip)
        as_it_is = Fitted(path=clip, size_bytes=layout.size_bytes, touch=Touch.NONE)
        if not fits(layout.size_bytes, limit_bytes):
            return await self._written(
                Touch.ENCODED, clip, into, "encode", comment, str(limit_bytes), limit_bytes=limit_bytes
            )
        if layout.plays_everywhere and layout.begins_at_once:
            return as_it_is
        try:
            return await self._made_playable(layout, clip, into, comment, limit_bytes)
        except ClipTooLarge:
            return as_it_is  # better as a file to save than as a link to one

    async def _made_playable(
        self, layout: Boxes, clip: Path, into: Path, comment: str, limit_bytes: int
    ) -> Fitted:
        if layout.plays_everywhere:
            return await self._written(Touch.REMUXED, clip, into, "remux", comment, limit_bytes=limit_bytes)
        return await self._written(
            Touch.ENCODED, clip, into, "encode", comment, str(limit_bytes), limit_bytes=limit_bytes
        )

    async def _written(
        self, touch: Touch, clip: Path, into: Path, *arguments: str, limit_bytes: int
    ) -> Fitted:
        timeout_s = min(self._timeout_s, _REMUX_TIMEOUT_S) if touch is Touch.REMUXED else self._timeout_s
        async with self._turn, part_of(into) as part:
            answer = await ask(
                "bot.clips.fit_child", part, clip, *arguments, timeout_s=timeout_s, python=self._python
            )
            match answer:
                case Ended() as ended:
                    raise ClipTooLarge(str(ended))
                case {"unfit": str(why)}:
                    raise ClipTooLarge(why)
            size_bytes = (await asyncio.to_thread(part.stat)).st_size
            if not fits(size_bytes, limit_bytes):
                raise ClipTooLarge(f"{size_bytes} bytes, {limit_bytes} allowed")
            signed_bytes = await self._signed(part, into, clip, arguments[1], limit_bytes=limit_bytes)
            if signed_bytes is None:
                await keep(part, into)
        return Fitted(path=into, size_bytes=signed_bytes or size_bytes, touch=touch)

    async def _signed(
        self, copy: Path, into: Path, clip: Path, comment: str, *, limit_bytes: int
    ) -> int | None:
        """Keep a copy with credentials, and say how large that is; None where it has none."""
        if self._credentials is None:
            return None
        async with part_of(into) as signed:
            if not await self._credentials.sign(signed, copy, clip, label=comment):
                return None
            size_bytes = (await asyncio.to_thread(signed.stat)).st_size
            if not fits(size_bytes, limit_bytes):
                return None  # a few kilobytes too many: shown without is better than not shown
            await keep(signed, into)
        return size_bytes
