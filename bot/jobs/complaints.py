"""What is wrong with a job's questions, in the log once for each thing: a day of tries is no day of lines."""

import logging

from bot.domain import JobId
from bot.errors import DailiesError


class Complaints:
    """Keeps the last complaint about each job until all is well.

    Args:
        log: of the module that complains.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._last: dict[JobId, str] = {}

    def make(self, job_id: JobId, what: str, error: DailiesError) -> None:
        """Warn of it, unless that was the last that was said about the job."""
        self.say(job_id, f"{what}: {error}", code=error.code)

    def say(self, job_id: JobId, said: str, *, code: str) -> None:
        """The same of what is no error."""
        if self._last.get(job_id) != said:
            self._last[job_id] = said
            self._log.warning("%s", said, extra={"job": job_id, "code": code})

    def forget(self, job_id: JobId) -> None:
        """All is well with it, or it has moved on; should it go wrong again, that is news."""
        self._last.pop(job_id, None)
