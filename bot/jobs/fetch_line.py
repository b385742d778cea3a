"""Whose clip is fetched next: of those that wait, the one that its provider will be the first to remove."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain import Job, JobId

KEPT_FOR = timedelta(hours=1)
"""Where no answer said how long (fal's, or one that a past process heard): what is usual at OpenAI, Replicate
and Lumenfall. Prodia keeps clips for minutes, and says so in every answer."""


class FetchLine:
    """So many clips are fetched at a time; who waits is called when its turn has come.

    Nothing is held up by the wait: the job's step ends, and `call` makes the job due again.

    Args:
        at_once: how many.
        call: makes a job due now.
    """

    def __init__(self, *, at_once: int, call: Callable[[JobId], None]) -> None:
        self._at_once = at_once
        self._call = call
        self._inside = 0
        self._line: dict[JobId, datetime] = {}
        self._told: dict[JobId, datetime] = {}

    def expires(self, job_id: JobId, at: datetime) -> None:
        """The provider says how long it keeps this job's clip."""
        self._told[job_id] = at

    def kept_until(self, job_id: JobId) -> datetime | None:
        """For how long the provider has said that it keeps this job's clip, to this process."""
        return self._told.get(job_id)

    def enter(self, job: Job) -> bool:
        """Whether it may be fetched now; then `leave` must follow. Else the job stands in line."""
        self._line[job.id] = self._told.get(job.id, job.state_at + KEPT_FOR)
        if job.id not in self._next():
            return False
        del self._line[job.id]
        self._inside += 1
        return True

    def leave(self) -> None:
        """One has been fetched, or not: the next ones may."""
        self._inside -= 1
        for job_id in self._next():
            self._call(job_id)

    def forget(self, job_id: JobId) -> None:
        """This job's clip is not to be fetched any more."""
        self._told.pop(job_id, None)
        if self._line.pop(job_id, None) is not None:
            for each in self._next():
                self._call(each)

    def _next(self) -> list[JobId]:
        """Those in line for whom there is room."""
        room = self._at_once - self._inside
        return heapq.nsmallest(room, self._line, key=self._line.__getitem__) if room > 0 else []
