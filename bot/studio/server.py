"""The studio as a server: everything it is made of, started and closed together."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from bot.studio.characters import Characters
from bot.studio.jobs import Jobs
from bot.studio.queue import Queue
from bot.studio.routes import Routes
from bot.studio.uploads import JSON_BYTES_MAX
from bot.studio.wire import refusals

MODELS = ("storyboard",)
RENDERS_AT_ONCE = 2
QUEUE_MAX = 10_000  # unfinished jobs; more are refused with 429
_EXPIRE_EVERY_S = 600
_CLOSE_S = 1.0  # how long answers that are under way have


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Studio:
    """A local server of the OpenAI-shaped video API that draws real clips, without key or money."""

    def __init__(
        self,
        folder: Path,
        *,
        models: Sequence[str] = MODELS,
        renders_at_once: int = RENDERS_AT_ONCE,
        queue_max: int = QUEUE_MAX,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """All it keeps is in `folder`: jobs, characters, uploads. The first of `models` is the default."""
        self._spool = folder / "uploads"
        self._jobs = Jobs(folder / "jobs", now)
        self._characters = Characters(folder / "characters", now)
        self._queue = Queue(self._jobs, renders_at_once, queue_max)
        self._models, self._now = models, now
        self._runner: web.AppRunner | None = None
        self._expiring: asyncio.Task[None] | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve, and go on with the jobs that were not finished; gives the base URL, which ends in /v1.

        OSError when the address cannot be had.
        """
        await asyncio.to_thread(self._clear_spool)
        unfinished = await self._jobs.load()
        await self._characters.load()
        app = web.Application(middlewares=[refusals], client_max_size=JSON_BYTES_MAX)
        created = int(self._now().timestamp())
        app.add_routes(
            Routes(self._jobs, self._queue, self._characters, self._models, self._spool, created).table()
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSE_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        for job in unfinished:
            self._queue.add(job)
        self._expiring = asyncio.create_task(self._expire())
        bound = self._runner.addresses[0]
        name = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"http://{name}:{bound[1]}/v1"

    async def close(self) -> None:
        """Stop serving, end all renders, and keep their jobs for the next start."""
        if self._expiring is not None:
            self._expiring.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._queue.close()
        await self._jobs.close()

    async def _expire(self) -> None:
        while True:
            await self._jobs.expire()
            await asyncio.sleep(_EXPIRE_EVERY_S)

    def _clear_spool(self) -> None:
        shutil.rmtree(self._spool, ignore_errors=True)
        self._spool.mkdir(parents=True)


async def serve(
    folder: Path, host: str = "127.0.0.1", port: int = 0, *, ready: Callable[[str], None] = print
) -> None:
    """Run a studio until this is cancelled; `ready` is told its base URL."""
    studio = Studio(folder)
    with contextlib.suppress(asyncio.CancelledError):
        ready(await studio.start(host, port))
        await asyncio.Event().wait()
    await studio.close()
