"""A provider that counts and times what it is asked, and is otherwise the provider that it stands before."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from bot.domain import Attempt, Job, JobId, Ticket
from bot.errors import DailiesError
from bot.operating.logs import about_job
from bot.operating.meters import Meters
from bot.operating.traces import Traced, untraced
from bot.providers.protocol import Answer, Fetched, NotTaken, Provider, Refused, Search, Submission

T = TypeVar("T")

about_offer: ContextVar[str] = ContextVar("about_offer", default="")
"""The offer of the job whose step is being taken: a ticket does not say of which it is."""


class Metered:
    """See `Provider`. What is asked in a job's step is counted by its offer, the rest by the provider."""

    def __init__(
        self,
        provider: Provider,
        meters: Meters,
        *,
        clock: Callable[[], float] = time.monotonic,
        traced: Traced = untraced,
    ) -> None:
        self._traced = traced
        self._provider = provider
        self._meters = meters
        self._clock = clock
        self.name = provider.name
        self.can_cancel = provider.can_cancel

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        """See `Provider`."""
        return await self._timed("submit", attempt.offer_id, self._provider.submit(job, attempt))

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        """See `Provider`."""
        return self._provider.sends_again(job, attempt)

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """See `Provider`."""
        return await self._timed("find", attempt.offer_id, self._provider.find(job, attempt))

    async def ask(self, ticket: Ticket) -> Answer:
        """See `Provider`."""
        return await self._timed("ask", about_offer.get(), self._provider.ask(ticket))

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        """See `Provider`."""
        fetched = self._provider.fetch(ticket, into, bytes_max=bytes_max)
        return await self._timed("fetch", about_offer.get(), fetched)

    async def cancel(self, ticket: Ticket) -> None:
        """See `Provider`."""
        await self._timed("cancel", about_offer.get(), self._provider.cancel(ticket))

    async def delete(self, ticket: Ticket) -> None:
        """See `Provider`."""
        await self._timed("delete", about_offer.get(), self._provider.delete(ticket))

    async def close(self) -> None:
        """See `Provider`."""
        await self._provider.close()

    async def _timed(self, call: str, offer: str, work: Awaitable[T]) -> T:
        began = self._clock()
        outcome = "error"
        try:
            with self._span(call):
                answer = await work
            outcome = _outcome(answer)
        except DailiesError as fault:
            outcome = fault.code
            raise
        finally:
            self._meters.call_seconds.observe(self._clock() - began, self.name, offer, call)
            self._meters.calls.add(self.name, offer, call, outcome)
        return answer

    def _span(self, call: str) -> AbstractContextManager[object]:
        job_id = about_job.get()
        return nullcontext() if job_id is None else self._traced(JobId(job_id), call)


def _outcome(answer: object) -> str:
    """A word for what an answer proves; of one that took nothing, the code of its fault."""
    match answer:
        case None | Fetched():
            return "ok"
        case NotTaken(fault) | Refused(fault):
            return fault.code
        case _:
            return type(answer).__name__.lower()
