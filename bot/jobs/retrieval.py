"""When a rendered clip's file is tried again, how often and for how long, and when it is lost."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from bot.domain import Clip, Fault, FaultKind, Job, JobId
from bot.errors import (
    AssetGone,
    ClipUnusable,
    DailiesError,
    FileElsewhere,
    ProviderUnavailable,
    StorageError,
    UnreadableAnswer,
)
from bot.jobs import moves
from bot.jobs.complaints import Complaints
from bot.jobs.fetch_line import FetchLine
from bot.jobs.fetching import Fetching
from bot.jobs.movement import Movement
from bot.jobs.patience import FETCHING_MAX, Patience
from bot.offers.reach import reached
from bot.operating.notices import Operator
from bot.providers.protocol import Provider

log = logging.getLogger(__name__)

FETCH_IN_LINE_S = 60.0
"""A clip that waits is called when it may be fetched; this is for one that nobody called."""
BAD_FILES_MAX = 3
BAD_FILE_AGAIN_S = 20.0
"""A file may be bad for a while: a proxy cuts it short, or our own machine is too busy to read it."""
ELSEWHERE_AGAIN_S = 600.0
"""The most between two tries at a host that is not named. Only a restart names it, and that tries at once; a
try in between is for a provider that took one of its own machines for it by mistake."""
HOSTS_TOLD_MAX = 20
"""Of so many hosts the operator is told, should a provider make up another for each clip."""
UNFETCHED = "not fetched yet"

UNNAMED = (
    "{provider} says that finished clips are at {host}, from where none is fetched. If that is right, add it"
    " to DAILIES_FILE_HOSTS and start again. Until then they wait: for a day, or for as long as {provider}"
    " says that it keeps them; then they are lost, their members refunded."
)
INSIDE = (
    "{provider} says that a finished clip is at {host}, which is inside a private network: nothing is asked"
    " there, and after three tries the clip is lost. If that is a machine of your own, add it to"
    " DAILIES_FILE_HOSTS and start again."
)


class Retrieval:
    """Gets files of rendered jobs, so many at a time; ends the jobs whose files are not to be had.

    Args:
        line: says whose turn it is.
        operator: told, once for each, of hosts from where clips may not come.
    """

    def __init__(
        self,
        fetching: Fetching,
        line: FetchLine,
        movement: Movement,
        patience: Patience,
        operator: Operator,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._fetching = fetching
        self._line = line
        self._movement = movement
        self._patience = patience
        self._operator = operator
        self._now = now
        self._bad_files: dict[JobId, int] = {}
        self._complaints = Complaints(log)
        self._told: set[tuple[str, str]] = set()

    async def get(self, job: Job, providers: Mapping[str, Provider]) -> Clip | float | None:
        """The clip on our disk; or the seconds until another try; or None where the job has ended without."""
        if job.ticket is None:
            raise StorageError(f"job {job.id} was rendered without a ticket")
        if not self._line.enter(job):
            return FETCH_IN_LINE_S
        try:
            return await self._fetching.fetch(job, reached(providers, job), job.ticket)
        except AssetGone as error:
            await self._lost(job, error)
            return None
        except ClipUnusable as error:
            return await self._bad(job, error)
        except FileElsewhere as error:
            self._tell(job.quote.provider, error)
            # Inside a network is no place that a provider has its files at, so it is as good as a bad file
            # and has as long to come right. Another host may be a new one of the provider's, and the clip is
            # paid for: it waits for the operator for as long as it may still be there.
            if error.is_inside:
                return await self._bad(job, error)
            if self._patience.is_over(job.state_at, FETCHING_MAX) or self._has_expired(job):
                await self._lost(job, error)
                return None
            self._complaints.make(job.id, UNFETCHED, error)
            return self._patience.growing_s(job.state_at, most_s=ELSEWHERE_AGAIN_S)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            if self._patience.is_over(job.state_at, FETCHING_MAX):
                await self._lost(job, error)
                return None
            self._complaints.make(job.id, UNFETCHED, error)
            told_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
            return max(self._patience.growing_s(job.state_at, most_s=60.0), told_s or 0.0)
        finally:
            self._line.leave()

    def forget(self, job_id: JobId) -> None:
        """This job's file is not to be had any more, or is ours."""
        self._bad_files.pop(job_id, None)
        self._complaints.forget(job_id)
        self._line.forget(job_id)

    async def _bad(self, job: Job, error: ClipUnusable | FileElsewhere) -> float | None:
        tries = self._bad_files[job.id] = self._bad_files.get(job.id, 0) + 1
        if tries >= BAD_FILES_MAX:
            await self._lost(job, error)
            return None
        self._complaints.make(job.id, UNFETCHED, error)
        return self._patience.about_s(BAD_FILE_AGAIN_S * tries)

    async def _lost(self, job: Job, error: DailiesError) -> None:
        log.error("paid for and lost: %s", error, extra={"job": job.id, "code": error.code})
        fault = Fault(kind=FaultKind.PROVIDER, code=error.code, detail=str(error))
        await self._movement.write(job.id, partial(moves.asset_lost, job.id, fault, self._now()))

    def _has_expired(self, job: Job) -> bool:
        """Whether the provider has said that it keeps the file no longer than until now."""
        until = self._line.kept_until(job.id)
        return until is not None and self._patience.is_over(job.state_at, until - job.state_at)

    def _tell(self, provider: str, error: FileElsewhere) -> None:
        told = provider, error.host
        if told not in self._told and len(self._told) < HOSTS_TOLD_MAX:
            self._told.add(told)
            sentence = INSIDE if error.is_inside else UNNAMED
            self._operator.tell(error.code, sentence.format(provider=provider, host=error.host))
