"""How long offers really take, learned from their last jobs: when to ask, and when to expect a clip."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import sqrt
from typing import NamedTuple

from bot.domain import Job, JobState, OfferId
from bot.jobs.pace import Pace

SAMPLES_MAX = 64
"""Of one kind of work, the latest: a provider that has become slower is known after so many jobs."""

SAMPLES_MIN = 5
"""With fewer nothing is said: one odd job would say it all."""

WORKS_MAX = 512
"""Kinds of work that are remembered, the latest used; all of them are a few megabytes."""

QUESTION_S = 1.0
"""A question is worth so much of a member's waiting: the less it is, the more often is asked."""

RARE_S = 30.0
"""The longest wait: a job that ends long before or after its time is still heard of."""


class Work(NamedTuple):
    """What decides how long a job takes."""

    offer_id: OfferId
    resolution: str
    duration_s: int


class RenderTimes:
    """What one process knows; it begins with what the rows know (`storage.questions.render_times`)."""

    def __init__(self, known: Iterable[tuple[Work, float]] = ()) -> None:
        self._times: dict[Work, _Times] = {}
        for work, took_s in known:
            self.learn(work, took_s)

    def learn(self, work: Work, took_s: float) -> None:
        """A job of this kind has been rendered, so many seconds after it was sent."""
        times = self._times.pop(work, None) or _Times()
        times.add(took_s)
        self._times[work] = times  # the latest used is the last
        if len(self._times) > WORKS_MAX:
            del self._times[next(iter(self._times))]

    def wait_s(self, work: Work, age_s: float, pace: Pace) -> float:
        """Seconds to wait before a job that was sent so long ago is asked for again.

        Of all waits that cost so many questions, those that are inverse to the root of the rate at which
        jobs are ending just then make an end be heard of soonest: rarely before the likely time, most often
        around it, and less and less after it. Before that time a question comes when the job is twice as
        old as at the last one, since a failure comes early.
        """
        times = self._known(work)
        if times is None:
            return pace.after(age_s)
        seen = times.sorted
        ended, most_s = bisect_right(seen, age_s), max(RARE_S, pace.first_s)
        left = len(seen) - ended
        if left == 0:
            overdue_s = age_s - seen[-1]
            return min(most_s, max(pace.after(overdue_s), overdue_s / 4))
        next_ones = -(-left // 4)
        within_s = max(1.0, seen[ended + next_ones - 1] - age_s)
        wait_s = sqrt(2 * QUESTION_S * within_s * left / next_ones)
        if ended == 0:
            wait_s = min(max(wait_s, seen[0] - age_s), pace.first_s + age_s)
        return min(most_s, max(pace.first_s, wait_s))

    def expected_end_at(self, job: Job, *, at: datetime) -> datetime | None:
        """When the provider may have made a running job; None where nobody can say, or nobody any more.

        It changes at most once while a job runs: half of all such jobs have ended at the first time that is
        named, nine in ten at the second.
        """
        times = self._known(Work(job.quote.offer_id, job.order.resolution, job.order.duration_s))
        if times is None or job.state is not JobState.RUNNING:
            return None
        for share in (0.5, 0.9):
            end_at = job.state_at + timedelta(seconds=times.quantile_s(share))
            if at < end_at:
                return end_at
        return None

    def _known(self, work: Work) -> "_Times | None":
        times = self._times.get(work)
        return None if times is None or len(times.sorted) < SAMPLES_MIN else times


class _Times:
    """The latest samples, in the order in which they came and by size."""

    __slots__ = ("_latest", "sorted")

    def __init__(self) -> None:
        self._latest: deque[float] = deque()
        self.sorted: list[float] = []

    def add(self, took_s: float) -> None:
        if len(self._latest) == SAMPLES_MAX:
            del self.sorted[bisect_left(self.sorted, self._latest.popleft())]
        self._latest.append(took_s)
        insort(self.sorted, took_s)

    def quantile_s(self, share: float) -> float:
        return self.sorted[min(len(self.sorted) - 1, int(share * len(self.sorted)))]
