"""Which job is drawn when: some at once, the others in their order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial

from bot.studio.jobs import Job, Jobs, Status
from bot.studio.process import RenderDied, RenderRefused, render

# A job whose process dies is drawn once more: the first time it may have been the machine's fault.
RENDERS_MAX = 2

_log = logging.getLogger(__name__)


class Queue:
    def __init__(self, jobs: Jobs, at_once: int, most: int) -> None:
        """`at_once` are drawn at the same time; with `most` unfinished jobs it is full."""
        self._jobs, self._at_once, self._most = jobs, at_once, most
        self._waiting: deque[Job] = deque()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def full(self) -> bool:
        return len(self._waiting) + len(self._running) >= self._most

    def add(self, job: Job) -> None:
        self._waiting.append(job)
        self._go_on()

    async def stop(self, job: Job) -> None:
        """Take an unfinished job out, and wait until nothing draws it any more."""
        if job in self._waiting:
            self._waiting.remove(job)
        elif (task := self._running.get(job.id)) is not None:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """End all renders now; their jobs are written as queued and go on at the next start."""
        self._closed = True
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _go_on(self) -> None:
        while self._waiting and len(self._running) < self._at_once and not self._closed:
            job = self._waiting.popleft()
            task = asyncio.create_task(self._draw(job), name=f"render of {job.id}")
            self._running[job.id] = task
            task.add_done_callback(partial(self._done, job))

    def _done(self, job: Job, task: asyncio.Task[None]) -> None:
        del self._running[job.id]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s could not be finished", job.id, exc_info=error)
            self._jobs.abandon(job, "storage_failed", "The studio could not write this clip down.")
        self._go_on()

    async def _draw(self, job: Job) -> None:
        job.status = Status.IN_PROGRESS

        def hear(frames: int) -> None:
            job.frames_done = frames

        for attempt in range(1, RENDERS_MAX + 1):
            job.frames_done = 0
            try:
                await render(job.spec, self._jobs.folder(job), hear)
            except RenderRefused as refused:
                await self._jobs.fail(job, "invalid_input", str(refused))
                return
            except RenderDied as died:
                _log.warning("render %d of %d of %s died: %s", attempt, RENDERS_MAX, job.id, died)
            else:
                await self._jobs.complete(job)
                await self._jobs.expire()
                return
        await self._jobs.fail(job, "render_failed", "The studio could not draw this clip.")
