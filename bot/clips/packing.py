"""What is sent of a clip: the file as it was made, a copy that fits the place, or a link to our own address.

Discord names no upload limit that can be relied on: a server's level says one, its answer (40005) proves
another, and what is true changes by announcement. So the level is believed until a server refuses a file, and
then for a day the next lower of the sizes that there have been. Every way to show a clip goes by `send`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from bot.clips.fitting import Fitted, Touch
from bot.delivery import Copy, Link
from bot.domain import Clip, GuildId, JobId
from bot.errors import ClipTooLarge
from storage import upload_limits
from storage.database import Database

MIB = 1 << 20
SIZES = (500 * MIB, 100 * MIB, 50 * MIB, 25 * MIB, 20 * MIB, 10 * MIB, 8 * MIB, 2 * MIB)
"""Every limit that Discord has had, and one below all of them, for a proxy in between."""

TRIES_MAX = len(SIZES) + 1
"""As it is, each size below that, and a link; whoever is refused that often is refused for something else."""

BELIEVED_FOR = timedelta(days=1)
"""A server may reach a higher level, and Discord may raise the limit of all."""

T = TypeVar("T")


class Fits(Protocol):
    """Makes a copy of a clip that goes under a limit (`bot.clips.fitting.Fitting.fit`)."""

    async def __call__(self, clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
        """See `Fitting.fit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A clip as either a file of so many bytes, or a link. A copy is to be removed once it is sent.

    `smaller` is set where it was encoded anew to fit: a copy that only has its index elsewhere is the clip.
    """

    clip: Clip
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

    async def send(
        self,
        clip: Clip,
        guild_id: GuildId,
        send: Callable[[Packed], Awaitable[T]],
        *,
        label: str,
        keep: bool = False,
    ) -> T:
        """Send a clip to a place in this server as that takes it: see `send_together`."""

        async def alone(packed: Sequence[Packed]) -> T:
            return await send(packed[0])

        return await self.send_together([clip], guild_id, alone, label=label, keep=keep)

    async def send_file(
        self,
        clip: Clip,
        guild_id: GuildId,
        send: Callable[[Path], Awaitable[T]],
        *,
        label: str,
        keep: bool = False,
    ) -> T:
        """The same where a link will not do."""

        async def playing(packed: Packed) -> T:
            if packed.path is None:
                raise ClipTooLarge("no file of it goes, and a link will not do here")
            return await send(packed.path)

        return await self.send(clip, guild_id, playing, label=label, keep=keep)

    async def send_together(
        self,
        clips: Sequence[Clip],
        guild_id: GuildId,
        send: Callable[[Sequence[Packed]], Awaitable[T]],
        *,
        label: str,
        keep: bool = False,
    ) -> T:
        """Send clips in one message: smaller after each refusal of their size, at last as links.

        What a server refuses is remembered for it. A clip that goes in no way is not among those sent.

        Args:
            clips: at least one.
            guild_id: the server whose limit holds; 0 stands for direct messages.
            send: sends them once; raises `ClipTooLarge` where their size is refused.
            label: what a copy says of itself, where the clip says nothing.
            keep: leaves the copies that were sent on the disk, for who sends them again.

        Raises:
            ClipTooLarge: none goes in any way.
            OSError: a clip is not there. And whatever else `send` raises.
        """
        as_links = False
        for _try in range(TRIES_MAX):
            packed: list[Packed] = []
            try:
                for clip in clips:
                    with suppress(ClipTooLarge):
                        packed.append(
                            self.linked(clip) if as_links else await self.pack(clip, guild_id, label=label)
                        )
                answer = await _sent(packed, send)
            except ClipTooLarge:
                files = [one.size_bytes for one in packed if one.path is not None]
                if not files:
                    raise
                as_links = not await self.refused(max(files), guild_id)
            else:
                if keep:
                    packed = []
                return answer
            finally:
                for one in packed:
                    await _removed(one)
        raise ClipTooLarge("whatever its size, it is refused for it")

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
            return self.linked(clip)
        return Packed(
            clip=clip,
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

    def linked(self, clip: Clip) -> Packed:
        """A link in place of any file.

        Raises:
            ClipTooLarge: we have no address for one.
        """
        if self._link is None:
            raise ClipTooLarge("no file of it goes, and there is no address for a link")
        link = self._link(clip.job_id, clip.size_bytes)
        return Packed(clip=clip, path=None, size_bytes=clip.size_bytes, link=link)

    async def refused(self, size_bytes: int, guild_id: GuildId) -> bool:
        """A server refused a file for its size: remember what it may take. False where that is nothing."""
        lower = next((size for size in SIZES if size < size_bytes), None)
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


async def _sent(packed: Sequence[Packed], send: Callable[[Sequence[Packed]], Awaitable[T]]) -> T:
    if not packed:
        raise ClipTooLarge("none of them goes in any way")
    return await send(packed)


async def _removed(packed: Packed) -> None:
    if packed.is_copy and packed.path is not None:
        await asyncio.to_thread(packed.path.unlink, missing_ok=True)
