"""What stays on the loop, where virtual time must know of everything: storage, and the look into a clip."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import av

from bot.clips import boxes
from bot.clips.fitting import Fitted, Touch
from bot.clips.packing import Packing
from bot.clips.probe import probe
from bot.delivery import Delivery, Link
from bot.domain import JobId
from bot.errors import ClipTooLarge, ClipUnusable
from bot.media import Probe
from storage.database import Database

T = TypeVar("T")


async def as_it_is(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    """`bot.clips.fitting.Fitting.fit` of a clip that is small enough, or can be made no smaller."""
    del into, comment
    size_bytes = os.stat(clip).st_size  # noqa: PTH116 - on the loop, by the clock of the test
    if size_bytes > limit_bytes:
        raise ClipTooLarge(f"{size_bytes} bytes")
    return Fitted(path=clip, size_bytes=size_bytes, touch=Touch.NONE)


async def cut_to_fit(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    """A fit that leaves as many bytes as may be sent."""
    del comment
    whole = await asyncio.to_thread(clip.read_bytes)
    if len(whole) <= limit_bytes:
        return Fitted(path=clip, size_bytes=len(whole), touch=Touch.NONE)
    into = into.with_name(f"copy-{into.name}")
    size = await asyncio.to_thread(into.write_bytes, whole[:limit_bytes])
    return Fitted(path=into, size_bytes=size, touch=Touch.ENCODED)


def linked(job_id: JobId, size_bytes: int) -> Link:
    """A link to an address of nobody's."""
    until = datetime.fromisoformat("2026-12-01T12:00:00Z")
    return Link(url=f"https://clips.example/clips/{job_id}", expires_at=until, size_bytes=size_bytes)


def packing_of(database: Database, delivery: Delivery, folder: Path, now: Callable[[], datetime]) -> Packing:
    """What is sent of clips where none is too large."""
    return Packing(database, as_it_is, folder=folder, level=delivery.upload_limit, link=None, now=now)


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
