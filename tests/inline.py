"""What stays on the loop, where virtual time must know of everything: storage, and the look into a clip."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import av

from bot import boxes
from bot.errors import ClipUnusable
from bot.media import Probe
from bot.probe import probe

T = TypeVar("T")


class InlineHop:
    """A way to the connection that stays on the loop: virtual time knows nothing of aiosqlite's thread.

    Between two turns of the loop, so that a process can die before the work and after it.
    """

    def __init__(self, connection: sqlite3.Connection, worked: Callable[[], None]) -> None:
        self._connection = connection
        self._worked = worked

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        await asyncio.sleep(0)
        done = work(self._connection)
        self._worked()
        await asyncio.sleep(0)
        return done

    async def close(self) -> None:
        """The connection is the bench's."""


async def looked_into(path: Path) -> Probe:
    """As `media.check`, but in a thread: a child would not keep to this loop's time."""
    try:
        layout = await asyncio.to_thread(boxes.read, path)
        fields: dict[str, Any] = dict(await asyncio.to_thread(probe, str(path)))
    except (av.FFmpegError, ValueError) as unusable:
        raise ClipUnusable(str(unusable)) from unusable
    return Probe(faststart=layout.faststart, **fields)
