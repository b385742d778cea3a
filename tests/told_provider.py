"""A provider that says what it is told to: for answers that no wire protocol of ours can give yet."""

import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from bot.domain import Attempt, Job, Ticket
from bot.errors import ProviderError
from bot.providers.protocol import Answer, CannotTell, Fetched, Rendered, Search, Submission, Taken
from tests.emulators.clips import clip

T = TypeVar("T")


class ToldProvider:
    """Keeps count of what it was asked. Each list is said from its beginning, its last entry for ever.

    `meanwhile` is what happens elsewhere while it is being asked.
    """

    def __init__(self, name: str, *, can_cancel: bool = True) -> None:
        self.name = name
        self.can_cancel = can_cancel
        self.submissions: deque[Submission | Exception] = deque()
        self.answers: deque[Answer | ProviderError] = deque([Rendered()])
        self.searches: deque[Search | Exception] = deque([CannotTell("told nothing")])
        self.cancels: deque[ProviderError | None] = deque([None])
        self.deletes: deque[ProviderError | None] = deque([None])
        self.deleted: list[Ticket] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.submitted: list[Attempt] = []
        self.fetched: list[Ticket] = []
        self.unfetched: ProviderError | None = None
        self.asked = 0
        self.searched = 0
        self.has_keys = False
        self.cancelled = 0

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        del job
        self.submitted.append(attempt)
        await self._elsewhere()
        said = self.submissions.popleft() if self.submissions else Taken(Ticket(provider_job_id=attempt.key))
        if isinstance(said, Exception):
            raise said
        return said

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        del job, attempt
        return self.has_keys

    async def find(self, job: Job, attempt: Attempt) -> Search:
        del job, attempt
        self.searched += 1
        await self._elsewhere()
        said = _next(self.searches)
        if isinstance(said, Exception):
            raise said
        return said

    async def ask(self, ticket: Ticket) -> Answer:
        del ticket
        self.asked += 1
        await self._elsewhere()
        said = _next(self.answers)
        if isinstance(said, Exception):
            raise said
        return said

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        del bytes_max
        self.fetched.append(ticket)
        if self.unfetched is not None:
            raise self.unfetched
        body = clip(128, 72, 4)
        into.write_bytes(body)  # noqa: ASYNC240 - a few kilobytes
        return Fetched(size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest())

    async def cancel(self, ticket: Ticket) -> None:
        del ticket
        self.cancelled += 1
        said = _next(self.cancels)
        if said is not None:
            raise said

    async def delete(self, ticket: Ticket) -> None:
        said = _next(self.deletes)
        if said is not None:
            raise said
        self.deleted.append(ticket)

    async def close(self) -> None:
        pass

    async def _elsewhere(self) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()


def _next(said: deque[T]) -> T:
    return said.popleft() if len(said) > 1 else said[0]
