"""What is sent of a clip: the file as it was made, a copy that fits the place, or a link to our own address.

Discord names no upload limit that can be relied on: a server's level says one, its answer (40005) proves
another, and what is true changes by announcement. So the level is believed until a server refuses a file, and
then for a day the next lower of the sizes that there have been.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from bot.clips.fitting import Fitted, Touch
from bot.delivery import Copy, Link
from bot.domain import Clip, GuildId, JobId
from bot.errors import ClipTooLarge
from storage import upload_limits
from storage.database import Database

MIB = 1 << 20
SIZES = (500 * MIB, 100 * MIB, 50 * MIB, 25 * MIB, 20 * MIB, 10 * MIB, 8 * MIB, 2 * MIB)
"""Every limit that Discord has had, and one below all of them, for a proxy in between."""

BELIEVED_FOR = timedelta(days=1)
"""A server may reach a higher level, and Discord may raise the limit of all."""


class Fits(Protocol):
    """Makes a copy of a clip that goes under a limit (`bot.clips.fitting.Fitting.fit`)."""

    async def __call__(self, clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
        """See `Fitting.fit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Either a file of so many bytes, or a link. A copy is to be removed once it is sent.

    `smaller` is set where it was encoded anew to fit: a copy that only has its index elsewhere is the clip.
    """

    path: Path | None
    size_bytes: int
    is_copy: bool = False
    link: Link | None = None
    smaller: Copy | None = None


class Packing:
    """Decides for each clip and place what is sent.

    Args:
        folder: for copies, which nobody needs once they are sent.
        level: bytes of one upload to a server, as its level says; 0 stands for direct messages.
        link: makes a link to a clip of ours, None where we have no address of our own.
        keep_for: how long clips are kept, None where their age takes none away.
    """

    def __init__(
        self,
        database: Database,
        fit: Fits,
        *,
        folder: Path,
        level: Callable[[GuildId], Awaitable[int]],
        link: Callable[[JobId, int], Link] | None,
        now: Callable[[], datetime],
        keep_for: timedelta | None = None,
    ) -> None:
        self._database = database
        self._keep_for = keep_for
        self._fit = fit
        self._folder = folder
        self._level = level
        self._link = link
        self._now = now

    async def pack(self, clip: Clip, guild_id: GuildId, *, label: str) -> Packed:
        """What to send of a clip to a place in this server.

        Raises:
            ClipTooLarge: it cannot be made to fit, and we have no address for a link.
            OSError: the clip is not there.
        """
        limit = await self.limit(guild_id)
        into = self._folder / f"{clip.job_id}.mp4"
        try:
            fitted = await self._fit(clip.path, into, limit_bytes=limit, comment=label)
        except ClipTooLarge:
            if (linked := self.linked(clip)) is None:
                raise
            return linked
        return Packed(
            path=fitted.path,
            size_bytes=fitted.size_bytes,
            is_copy=fitted.path != clip.path,
            smaller=self._smaller(clip, fitted),
        )

    def _smaller(self, clip: Clip, fitted: Fitted) -> Copy | None:
        if fitted.touch is not Touch.ENCODED or fitted.size_bytes >= clip.size_bytes:
            return None
        return Copy(
            size_bytes=fitted.size_bytes,
            whole_bytes=clip.size_bytes,
            original=None if self._link is None else self._link(clip.job_id, clip.size_bytes),
            kept_until=None if self._keep_for is None else clip.stored_at + self._keep_for,
        )

    def linked(self, clip: Clip) -> Packed | None:
        """A link in place of any file; None where we have no address for one."""
        if self._link is None:
            return None
        link = self._link(clip.job_id, clip.size_bytes)
        return Packed(path=None, size_bytes=clip.size_bytes, link=link)

    async def refused(self, packed: Packed, guild_id: GuildId) -> bool:
        """A server refused a file for its size: remember what it may take. False where that is nothing."""
        lower = next((size for size in SIZES if size < packed.size_bytes), None)
        if lower is None:
            return False
        await self._database.write(
            partial(upload_limits.put, guild_id=guild_id, bytes_max=lower, at=self._now())
        )
        return True

    async def limit(self, guild_id: GuildId) -> int:
        """Bytes of one upload to a server, as far as anybody knows."""
        level = await self._level(guild_id)
        since = self._now() - BELIEVED_FOR
        learned = await self._database.read(partial(upload_limits.get, guild_id=guild_id, since=since))
        return level if learned is None else min(level, learned)


async def discard(path: Path | None, clip: Clip) -> None:
    """Remove what was sent of a clip, where that was a copy."""
    if path is not None and path != clip.path:
        await asyncio.to_thread(path.unlink, missing_ok=True)
