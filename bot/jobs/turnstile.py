"""Lets questions through to one provider: so many at once, and after a 429 only so many a second."""

import asyncio
from collections.abc import Callable

from bot.domain import JobId

LEFT_ALONE_S = 5.0
"""After a 429 without a time of its own."""

LEFT_ALONE_MAX_S = 60.0
"""One job is left alone for as long as the provider says; all of its jobs for no longer than this."""

GAP_MAX_S = 2.0
GAP_MIN_S = 0.001
"""Between two questions that are spaced out; below the lower one they are not spaced out any more."""

EASED = 0.98
"""By each answer the gap shrinks by so much: it is halved by 34 of them."""

CALLED_S = 5.0
"""For so long a place is kept for a job that was called: it may have ended meanwhile, and never come."""


class Turnstile:
    """One provider's. A question that may not go yet waits in line, and is called when it may.

    Nothing is held up by the wait: the job's step ends, and `call` makes the job due again.

    Args:
        at_once: how many questions may be under way.
        call: makes a job due now, before all that have not stood in line: a place is kept for it.
    """

    def __init__(self, *, at_once: int, call: Callable[[JobId], None]) -> None:
        self._at_once = at_once
        self._call = call
        self._inside = 0
        self._line: dict[JobId, None] = {}
        self._called: dict[JobId, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._gap_s = 0.0
        self._next_at = 0.0
        self._slowed_at = -1.0
        self._usual_s = 0.0
        self._counted_from = 0.0
        self._counted = 0

    def enter(self, job_id: JobId) -> bool:
        """Whether a question may go now; then `leave` must follow. Else the job stands in line."""
        now = asyncio.get_running_loop().time()
        if self._called.pop(job_id, None) is None:
            if self._line or not self._has_room(now):
                self._line.setdefault(job_id)  # who stands there already keeps its place
                self._let_in(now)
                return False
            self._next_at = max(self._next_at, now + self._gap_s)
        self._inside += 1
        self._count(now)
        return True

    def leave(self) -> None:
        """A question has come back."""
        self._inside -= 1
        if self._line:
            self._let_in(asyncio.get_running_loop().time())

    def forget(self, job_id: JobId) -> None:
        """Nothing more is to be asked about this job."""
        self._line.pop(job_id, None)
        if self._called.pop(job_id, None) is not None:
            self._let_in(asyncio.get_running_loop().time())

    def answered(self) -> None:
        """The provider answered a question: it may be asked a little faster again."""
        if self._gap_s:
            self._gap_s *= EASED
            if self._gap_s < GAP_MIN_S:
                self._gap_s = 0.0

    def slow_down(self, retry_after_s: float | None) -> None:
        """The provider said that it is asked too often: leave it alone, then ask half as often as lately."""
        now = asyncio.get_running_loop().time()
        quiet_s = min(LEFT_ALONE_S if retry_after_s is None else retry_after_s, LEFT_ALONE_MAX_S)
        if now > self._slowed_at:  # else it is of the questions that were under way with the first
            self._gap_s = min(GAP_MAX_S, 2 * max(self._gap_s, self._usual_s, GAP_MIN_S))
        self._next_at = max(self._next_at, now + quiet_s)
        self._slowed_at = max(self._slowed_at, now + quiet_s)

    def _count(self, now: float) -> None:
        """Measure, second by second, how far apart the questions usually are."""
        elapsed_s = now - self._counted_from
        if elapsed_s >= 1.0:
            self._usual_s = elapsed_s / self._counted if self._counted else 0.0
            self._counted_from, self._counted = now, 0
        self._counted += 1

    def _has_room(self, now: float) -> bool:
        return self._inside + len(self._called) < self._at_once and now >= self._next_at

    def _let_in(self, now: float) -> None:
        """Call those who may go, the longest waiting first; look again when the next one may."""
        while self._called and (oldest := next(iter(self._called.items())))[1] < now - CALLED_S:
            del self._called[oldest[0]]
        while self._line and self._has_room(now):
            job_id = next(iter(self._line))
            del self._line[job_id]
            self._called[job_id] = now
            self._next_at = max(self._next_at, now) + self._gap_s
            self._call(job_id)
        if self._line and self._timer is None and self._next_at > now:
            self._timer = asyncio.get_running_loop().call_at(self._next_at, self._again)

    def _again(self) -> None:
        self._timer = None
        self._let_in(asyncio.get_running_loop().time())
