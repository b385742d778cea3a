"""Links to clips that no upload can bring: at our own address, signed, and dead after a while.

======================================================================  ======
an address of another form, or of no clip; a clip that is not shown     404
a wrong signature                                                       404
a link whose time is over                                               410
too many at once                                                        503
a part of the file that there is not                                    416
======================================================================  ======

A wrong signature looks like a clip that is not there, so nobody can try out which clips there are. Deleting,
hiding or taking down a clip ends every link to it at once, since its state is read with each call.
"""

import hashlib
import hmac
import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from bot.delivery import Link
from bot.domain import Clip, ClipState, JobId, JobState
from storage import clips, jobs
from storage.database import Database

HOLDS = timedelta(days=7)
AT_ONCE_MAX = 64

_ADDRESS = re.compile(r"/clips/([A-Za-z0-9_-]{1,20})/([1-9][0-9]{9,10})/([0-9a-f]{64})\.mp4", re.ASCII)
_HEADERS = {
    "Content-Type": "video/mp4",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=300",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; media-src 'self'",
}
_TURNED_DOWN = frozenset({JobState.REJECTED, JobState.CANCELLED})
"""A clip that moderators denied, or its member took back: the link under its review leads nowhere now."""


class Links:
    """Makes links and answers them.

    Args:
        public_url: our own address, without a path.
        key: what links are signed with (link_key.py).
        folder: of the clips.
    """

    def __init__(
        self,
        database: Database,
        *,
        public_url: str,
        key: bytes,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._public_url = public_url
        self._key = key
        self._folder = folder
        self._now = now
        self._inside = 0

    def make(self, job_id: JobId, size_bytes: int) -> Link:
        """A new link to a clip; those made before live on until their own time."""
        until = int((self._now() + HOLDS).timestamp())
        url = f"{self._public_url}/clips/{job_id}/{until}/{self._signature(job_id, until)}.mp4"
        return Link(url=url, expires_at=datetime.fromtimestamp(until, UTC), size_bytes=size_bytes)

    def routes(self) -> list[web.RouteDef]:
        """What the web server is to hand to us (also for HEAD)."""
        return [web.get("/clips/{rest:.*}", self._serve)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        named = _ADDRESS.fullmatch(request.raw_path.partition("?")[0])
        if named is None:
            raise web.HTTPNotFound
        job_id, until = JobId(named[1]), int(named[2])
        if not hmac.compare_digest(named[3], self._signature(job_id, until)):
            raise web.HTTPNotFound
        if until <= self._now().timestamp():
            raise web.HTTPGone(text="This link has expired: press New link where it was, or use /clips.")
        clip = await self._database.read(partial(_shown, job_id, self._folder))
        if clip is None:
            raise web.HTTPNotFound
        if self._inside >= AT_ONCE_MAX:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "10"})
        name = f"dailies-{job_id}.mp4"
        headers = {**_HEADERS, "Content-Disposition": f'inline; filename="{name}"'}
        self._inside += 1
        return _File(clip.path, headers=headers, sent=self._left)

    def _left(self) -> None:
        self._inside -= 1

    def _signature(self, job_id: JobId, until: int) -> str:
        return hmac.new(self._key, f"dailies clip\n{job_id}\n{until}".encode(), hashlib.sha256).hexdigest()


class _File(web.FileResponse):
    """A file that says when it was sent, or when nobody wanted more of it; aiohttp sends it in the end."""

    def __init__(self, path: Path, *, headers: Mapping[str, str], sent: Callable[[], None]) -> None:
        super().__init__(path, headers=dict(headers))
        self._sent = sent

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """See `FileResponse.prepare`, which sends it all."""
        try:
            return await super().prepare(request)
        finally:
            self._sent()


def _shown(job_id: JobId, folder: Path, connection: sqlite3.Connection) -> Clip | None:
    job = jobs.get(connection, job_id)
    if job is None or job.state in _TURNED_DOWN or clips.state_of(connection, job_id) is not ClipState.SHOWN:
        return None
    return clips.get(connection, job_id, folder=folder)
