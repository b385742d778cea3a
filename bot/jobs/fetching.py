"""Copies a rendered clip to our own disk, looks into it, and says what it is."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from bot.domain import Clip, Job, Ticket
from bot.errors import ClipUnusable
from bot.media import Probe
from bot.providers.protocol import Fetched, Provider

CLIP_BYTES_MAX = 500 * 1024 * 1024
"""Far above any clip of ours (20 s at 1080p is about 40 MB); past it the file is something else."""


class Fetching:
    """The one way a file gets into the clips' folder.

    Args:
        folder: of the finished clips; each file is named by its job.
        check: looks into a file that a stranger made (`media.check`).
    """

    def __init__(
        self, folder: Path, *, check: Callable[[Path], Awaitable[Probe]], now: Callable[[], datetime]
    ) -> None:
        self.folder = folder
        self._check = check
        self._now = now

    async def fetch(self, job: Job, provider: Provider, ticket: Ticket) -> Clip:
        """Stream the job's file to the disk, if it is not there, and check that it is a clip.

        It is there under its name where a process ended, or the disk took no row, after all of it had come:
        by now its provider may have removed its own. One that is no clip is not kept.

        Raises:
            AssetGone, ClipUnusable, ProviderUnavailable, UnreadableAnswer: as `Provider.fetch` says.
        """
        path = self.folder / f"{job.id}.mp4"
        fetched = await asyncio.to_thread(_already, path)
        if fetched is None:
            fetched = await provider.fetch(ticket, path, bytes_max=CLIP_BYTES_MAX)
        try:
            probe = await self._check(path)
        except ClipUnusable:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise
        return Clip(
            job_id=job.id,
            path=path,
            sha256=fetched.sha256,
            size_bytes=fetched.size_bytes,
            width=probe.width,
            height=probe.height,
            duration_ms=probe.duration_ms,
            has_sound=probe.has_sound,
            stored_at=self._now(),
        )


def _already(path: Path) -> Fetched | None:
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return Fetched(size_bytes=file.tell(), sha256=sha256)
    except FileNotFoundError:
        return None
