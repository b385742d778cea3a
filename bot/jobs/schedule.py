"""One due-time schedule for all jobs: a heap of (when, job), one timer, and a task only while a step runs."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable

from bot.domain import JobId

BEFORE_S = 0.000_001

MOVED_MIN = 64
"""Of the entries that were moved since they were pushed, so many may be left in the heap, and half of it."""


class Schedule:
    """Runs `step` for each job when it is due, never twice at once for one job, at most `lanes` together.

    `step` returns the seconds until the job is due again, or None when there is nothing more to do for it.
    It must handle its own errors. Times are the loop's.

    Args:
        step: one look at one job.
        lanes: how many steps run together.
        early_s: a step may begin so early, and those that may begin do so together, so that what they do
            first (reading their rows) can be done together and in time.
    """

    def __init__(
        self, step: Callable[[JobId], Awaitable[float | None]], *, lanes: int, early_s: float = 0.0
    ) -> None:
        self._step = step
        self._lanes = lanes
        self._early_s = early_s
        self._due: dict[JobId, float] = {}
        self._heap: list[tuple[float, JobId]] = []
        self._busy: dict[JobId, asyncio.Task[None]] = {}
        self._woken: dict[JobId, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._runner: asyncio.Task[object] | None = None
        self._stopping = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due) + len(self._busy)

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more is started."""
        return self._stopping.is_set()

    @property
    def late_s(self) -> float | None:
        """How long the job that is due first has been due and not begun; None while nothing is started."""
        if self._runner is None:
            return None
        due = min((when for when in self._due.values()), default=None)
        return 0.0 if due is None else max(0.0, asyncio.get_running_loop().time() - due)

    def wake(self, job_id: JobId, after_s: float = 0.0) -> None:
        """Make a job due after so many seconds, if it is not due sooner; in its step, once more after it."""
        self._wake(job_id, asyncio.get_running_loop().time() + after_s)

    def call(self, job_id: JobId) -> None:
        """Make a job due before all others: it was due once already, and had to wait for something else."""
        now = asyncio.get_running_loop().time()
        self._wake(job_id, min(now, self._heap[0][0] - BEFORE_S) if self._heap else now)

    def _wake(self, job_id: JobId, when: float) -> None:
        if job_id in self._busy:
            self._woken[job_id] = min(when, self._woken.get(job_id, when))
            return
        if (known := self._due.get(job_id)) is not None and known <= when:
            return
        self._due[job_id] = when
        heapq.heappush(self._heap, (when, job_id))
        if len(self._heap) > MOVED_MIN + 2 * len(self._due):
            self._heap = [(due, job) for job, due in self._due.items()]
            heapq.heapify(self._heap)
        self._set_timer()

    async def run(self) -> None:
        """Start what is due until cancelled or stopped."""
        self._runner = asyncio.current_task()
        self._set_timer()
        try:
            await self._stopping.wait()
        finally:
            self._runner = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    async def stop(self, *, within_s: float) -> list[JobId]:
        """Start nothing more, let the steps in hand finish for so long, then cancel them and name them."""
        self._stopping.set()
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=within_s)
        parked = list(self._busy)
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return parked

    def _set_timer(self) -> None:
        """Be called when the next job is due; while all lanes are taken, the end of a step calls instead."""
        if not self._heap or self._runner is None or len(self._busy) >= self._lanes:
            return
        when = self._heap[0][0] - self._early_s / 2
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._start_due)

    def _start_due(self) -> None:
        """Start every step that is due and has a lane."""
        self._timer = None
        if self._runner is None or self._runner.cancelling() or self._stopping.is_set():
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + self._early_s
        while self._heap and len(self._busy) < self._lanes:
            when, job_id = self._heap[0]
            if self._due.get(job_id) != when:  # moved since it was pushed
                heapq.heappop(self._heap)
                continue
            if when > until:
                break
            heapq.heappop(self._heap)
            del self._due[job_id]
            self._busy[job_id] = loop.create_task(self._one(job_id), name=f"job {job_id}")
        self._set_timer()

    async def _one(self, job_id: JobId) -> None:
        after_s: float | None = None
        try:
            after_s = await self._step(job_id)
        finally:
            del self._busy[job_id]
            woken_at = self._woken.pop(job_id, None)
            if not self._stopping.is_set():
                if after_s is not None:
                    self.wake(job_id, after_s)
                if woken_at is not None:
                    self.wake(job_id, max(0.0, woken_at - asyncio.get_running_loop().time()))
                self._set_timer()
