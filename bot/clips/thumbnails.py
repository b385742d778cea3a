"""Small pictures of clips made ahead: right after a clip is stored, so that nobody who looks waits for them.

A hint and no more: what is not made here is made when somebody looks. One at a time, in a child process that
is nice to all others; the newest win where more are stored than can be drawn. What a past process has left
undrawn is drawn by the next one.
"""

import asyncio

from bot.clips.library import Library
from bot.domain import Clip, JobId

WAITING_MAX = 64
"""Half a minute's work; what waits longer is as likely to be looked at first."""

CAUGHT_UP_MAX = 500
"""Of the newest clips, when a process begins: a few minutes' work where all are new to it, else none."""


class Thumbnails:
    """The duty that makes them."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._waiting: dict[JobId, Clip] = {}
        self._woken = asyncio.Event()

    def want(self, clip: Clip) -> None:
        """A clip was stored, or somebody has looked for its picture in vain."""
        self._waiting.pop(clip.job_id, None)
        self._waiting[clip.job_id] = clip
        if len(self._waiting) > WAITING_MAX:
            del self._waiting[next(iter(self._waiting))]
        self._woken.set()

    async def run(self) -> None:
        """Make them, until cancelled."""
        for clip in await self._library.newest(limit=CAUGHT_UP_MAX):
            await self._make_wanted()
            await self._library.thumbnail(clip)
        while True:
            self._woken.clear()
            await self._make_wanted()
            await self._woken.wait()

    async def _make_wanted(self) -> None:
        while self._waiting:
            _job_id, clip = self._waiting.popitem()
            await self._library.thumbnail(clip)
