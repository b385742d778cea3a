"""One due-time schedule for all jobs: a heap of (when, job), not a task or a timer for each."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable

from bot.domain import JobId


class Schedule:
    """Runs `step` for each job when it is due, never twice at once for one job, at most `lanes` together.

    `step` returns the seconds until the job is due again, or None when there is nothing more to do for it.
    It must handle its own errors. Times are the loop's.
    """

    def __init__(self, step: Callable[[JobId], Awaitable[float | None]], *, lanes: int) -> None:
        self._step = step
        self._lanes = lanes
        self._due: dict[JobId, float] = {}
        self._heap: list[tuple[float, JobId]] = []
        self._busy: dict[JobId, asyncio.Task[None]] = {}
        self._woken: dict[JobId, float] = {}
        self._changed = asyncio.Event()
        self._stopping = False

    def __len__(self) -> int:
        return len(self._due) + len(self._busy)

    def wake(self, job_id: JobId, after_s: float = 0.0) -> None:
        """Make a job due after so many seconds, if it is not due sooner; in its step, once more after it."""
        when = asyncio.get_running_loop().time() + after_s
        if job_id in self._busy:
            self._woken[job_id] = min(when, self._woken.get(job_id, when))
            return
        if (known := self._due.get(job_id)) is not None and known <= when:
            return
        self._due[job_id] = when
        heapq.heappush(self._heap, (when, job_id))
        self._changed.set()

    async def run(self) -> None:
        """Start what is due until cancelled or stopped."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            self._changed.clear()
            wait_s = self._start_due(loop.time())
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def stop(self, *, within_s: float) -> list[JobId]:
        """Start nothing more, let the steps in hand finish for so long, then cancel them and name them."""
        self._stopping = True
        self._changed.set()
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=within_s)
        parked = list(self._busy)
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return parked

    def _start_due(self, now: float) -> float | None:
        """Start every step that is due and has a lane; return the seconds until the next one is."""
        while self._heap and len(self._busy) < self._lanes:
            when, job_id = self._heap[0]
            if self._due.get(job_id) != when:  # moved since it was pushed
                heapq.heappop(self._heap)
                continue
            if when > now:
                return when - now
            heapq.heappop(self._heap)
            del self._due[job_id]
            self._busy[job_id] = asyncio.create_task(self._one(job_id), name=f"job {job_id}")
        return None

    async def _one(self, job_id: JobId) -> None:
        after_s: float | None = None
        try:
            after_s = await self._step(job_id)
        finally:
            del self._busy[job_id]
            woken_at = self._woken.pop(job_id, None)
            if not self._stopping:
                if after_s is not None:
                    self.wake(job_id, after_s)
                if woken_at is not None:
                    self.wake(job_id, max(0.0, woken_at - asyncio.get_running_loop().time()))
            self._changed.set()
