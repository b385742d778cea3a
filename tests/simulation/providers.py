"""Companies that render, by what they give for finding a lost submission: a key, a list, or nothing.

Their books are the truth of what was taken and billed; they outlive every process of ours.
"""

import errno
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from bot.domain import Attempt, Fault, FaultKind, Job, JobId, Micros, OfferId, Ticket
from bot.errors import AssetGone, ProviderBusy, ProviderUnavailable, UnreadableAnswer
from bot.providers.listing import Listed, look_through
from bot.providers.protocol import (
    Answer,
    CannotTell,
    Failed,
    Fetched,
    NotTaken,
    Refused,
    Rendered,
    Rendering,
    Search,
    Stopped,
    Submission,
    Taken,
    Unknown,
    Vanished,
    Waiting,
)
from bot.providers.repetition import repeated
from tests.simulation.files import clip_of, put
from tests.simulation.sky import Mishap, Sky, WentWrong, across

T = TypeVar("T")

ABSENT_AFTER = timedelta(hours=1)
KEY_KEPT_FOR = timedelta(hours=24)
QUEUE_S = 1.0
RENDER_S = (2.5, 6.0, 1.5, 4.0, 30.0, 3.0, 9.0)
FORGETS_AFTER_S = 20.0
SHORT_LINK_S = 1.0
SHY_S = 60.0
LISTED_AFTER_S = 30.0
"""A list may be behind by so much."""
LONG_RENDER_S = 4_500.0
"""Past our own patience, so that it is asked to stop."""


class Way(StrEnum):
    """How a lost submission is found again."""

    KEY = "key"
    LIST = "list"
    NONE = "none"


class Fate(StrEnum):
    """What becomes of a job at its provider, where not all is well."""

    FAILS = "fails"
    FAILS_UNSAID = "fails, and nobody says what it costs"
    FAILS_BILLED = "fails, and is billed"
    FORGOTTEN = "is forgotten, and billed"
    OVERBILLED = "is billed above its price"
    GARBAGE = "is no clip"
    EXPIRES = "expires at once"
    LONG = "takes hours"
    STOPS = "is stopped by the provider"
    SHY = "is not known at first"


@dataclass(slots=True, kw_only=True)
class Made:
    """One job in the books."""

    id: str
    key: str
    job_id: JobId
    price: int
    created_s: float
    ready_s: float
    fate: Fate | None
    stopped: bool = False
    deleted: bool = False

    def bill(self, at_s: float) -> int:
        """What it costs us by then, whether we know or not."""
        if self.stopped or at_s < self.ready_s:
            return 0
        match self.fate:
            case Fate.FAILS | Fate.FAILS_UNSAID | Fate.STOPS:
                return 0
            case Fate.OVERBILLED:
                return self.price * 3 // 2
            case _:
                return self.price


@dataclass(slots=True)
class Books:
    """All that a provider knows."""

    name: str
    way: Way
    says_bill: bool
    made: dict[str, Made] = field(default_factory=dict)
    by_key: dict[str, Made] = field(default_factory=dict)
    doubles: list[str] = field(default_factory=list)

    def of_job(self, job_id: JobId) -> list[Made]:
        return [made for made in self.made.values() if made.job_id == job_id]


class SimulatedProvider:
    """`bot.providers.protocol.Provider` over its books.

    Args:
        time: the true time, in seconds.
        now: our own process's clock, which may be wrong.
        prices: micros a second, by offer.
        finished: told when a job will have ended: webhooks are sent from there.
    """

    def __init__(
        self,
        books: Books,
        sky: Sky,
        *,
        prices: Mapping[OfferId, int],
        time: Callable[[], float],
        now: Callable[[], datetime],
        epoch: datetime,
        finished: Callable[[Books, Made], None],
        can_cancel: bool = True,
    ) -> None:
        self.name = books.name
        self.can_cancel = can_cancel
        self._books = books
        self._sky = sky
        self._prices = prices
        self._time = time
        self._now = now
        self._epoch = epoch
        self._finished = finished

    # Ordering

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        try:
            made = await across(self._sky, self.name, "submit", lambda: self._take(job, attempt))
        except WentWrong as wrong:
            return _unordered(wrong.mishap)
        return Taken(Ticket(provider_job_id=made.id))

    def _take(self, job: Job, attempt: Attempt) -> Made:
        books = self._books
        if books.way is Way.KEY and (known := books.by_key.get(attempt.key)) is not None:
            return known
        if attempt.key in books.by_key or books.of_job(job.id):
            books.doubles.append(job.id)
        at = self._time()
        number = len(books.made) + 1
        fate = self._sky.fate(self.name)
        fate = None if fate is None else Fate(fate)
        render_s = LONG_RENDER_S if fate is Fate.LONG else RENDER_S[number % len(RENDER_S)]
        made = Made(
            id=f"{self.name}-{number}",
            key=attempt.key,
            job_id=job.id,
            price=self._prices[attempt.offer_id] * job.order.duration_s,
            created_s=at,
            ready_s=at + render_s,
            fate=fate,
        )
        books.made[made.id] = books.by_key[made.key] = made
        self._finished(books, made)
        return made

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        del job
        return self._books.way is Way.KEY and self._now() - attempt.sent_at < KEY_KEPT_FOR

    async def find(self, job: Job, attempt: Attempt) -> Search:
        match self._books.way:
            case Way.KEY if self.sends_again(job, attempt):
                return repeated(await self.submit(job, attempt))
            case Way.LIST:
                await self._answered("list", lambda: None)
                return await look_through(self._listed(), attempt, now=self._now(), absent_after=ABSENT_AFTER)
            case _:
                return CannotTell("nothing here says what became of it")

    async def _listed(self) -> AsyncGenerator[Listed]:
        at = self._time()
        for made in reversed(self._books.made.values()):
            if at < made.created_s + LISTED_AFTER_S:
                continue
            yield Listed(
                id=made.id, created_at=self._epoch + timedelta(seconds=made.created_s), echo=made.key
            )

    # Following

    async def ask(self, ticket: Ticket) -> Answer:
        return await self._answered("ask", lambda: self._standing(ticket))

    def _standing(self, ticket: Ticket) -> Answer:
        made = self._books.made.get(ticket.provider_job_id)
        at = self._time()
        if made is None:
            return Vanished()
        if made.fate is Fate.FORGOTTEN and at > made.created_s + FORGETS_AFTER_S:
            return Vanished()
        if made.fate is Fate.SHY and at < made.created_s + SHY_S:
            return Vanished()
        if made.stopped:
            return Stopped(Micros(0))
        if at < made.ready_s:
            return (
                Waiting(1)
                if at < made.created_s + QUEUE_S
                else Rendering(int(100 * (at - made.created_s) / (made.ready_s - made.created_s)))
            )
        return self._ended(made)

    def _ended(self, made: Made) -> Answer:
        match made.fate:
            case Fate.FAILS:
                return Failed(_theirs("failed"), Micros(0))
            case Fate.FAILS_UNSAID:
                return Failed(_theirs("failed"), None)
            case Fate.FAILS_BILLED:
                return Failed(_theirs("failed"), Micros(made.price))
            case Fate.STOPS:
                return Stopped(Micros(0))
            case Fate.OVERBILLED:
                return Rendered(Micros(made.bill(self._time())))
            case _:
                return Rendered(Micros(made.bill(self._time())) if self._books.says_bill else None)

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        del bytes_max
        made = self._books.made.get(ticket.provider_job_id)
        try:
            body = await across(self._sky, self.name, "fetch", lambda: self._file(made))
        except WentWrong as wrong:
            match wrong.mishap:
                case Mishap.LIE:
                    body = b"<html>"
                case Mishap.FULL:
                    raise OSError(errno.ENOSPC, "No space left on device") from wrong
                case Mishap.ANSWER_LOST:  # what is cut short is never given its name
                    raise ProviderUnavailable("cut short") from wrong
                case _:
                    raise ProviderUnavailable(str(wrong)) from wrong
        put(into, body)
        return Fetched(size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest())

    def _file(self, made: Made | None) -> bytes:
        if made is None or made.deleted or made.stopped:
            raise AssetGone("no such file")
        if made.fate is Fate.EXPIRES and self._time() > made.ready_s + SHORT_LINK_S:
            raise AssetGone("expired")
        return b"<html>" if made.fate is Fate.GARBAGE else clip_of(made.job_id)

    async def cancel(self, ticket: Ticket) -> None:
        def stop() -> None:
            made = self._books.made.get(ticket.provider_job_id)
            if made is not None and self.can_cancel and self._time() < made.ready_s:
                made.stopped = True

        await self._answered("cancel", stop)

    async def delete(self, ticket: Ticket) -> None:
        def remove() -> None:
            made = self._books.made.get(ticket.provider_job_id)
            if made is not None:
                made.deleted = True

        await self._answered("delete", remove)

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def _answered(self, call: str, work: Callable[[], T]) -> T:
        try:
            return await across(self._sky, self.name, call, work)
        except WentWrong as wrong:
            match wrong.mishap:
                case Mishap.BUSY:
                    raise ProviderBusy("429", retry_after_s=7.0) from wrong
                case Mishap.LIE | Mishap.REFUSED:
                    raise UnreadableAnswer(self.name, str(wrong)) from wrong
                case _:
                    raise ProviderUnavailable(str(wrong)) from wrong


def _unordered(mishap: Mishap) -> Submission:
    """What a process is told of an order that went wrong."""
    match mishap:
        case Mishap.UNREACHED:
            return NotTaken(_theirs("provider_unreachable"))
        case Mishap.BUSY:
            return NotTaken(_theirs("provider_busy"), 7.0)
        case Mishap.REFUSED:
            return Refused(Fault(kind=FaultKind.RULES, code="moderation_blocked"))
        case Mishap.FULL:
            return NotTaken(_theirs("provider_out_of_credit"))
        case Mishap.LIE:
            raise ZeroDivisionError("a fault of our own code")
        case _:
            return Unknown(mishap)


def _theirs(code: str) -> Fault:
    return Fault(kind=FaultKind.PROVIDER, code=code)
