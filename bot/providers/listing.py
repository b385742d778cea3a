"""Looks for a lost submission in a provider's list of jobs, by what each job gives back of what was sent."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import Attempt, Ticket
from bot.errors import UnreadableAnswer
from bot.providers.protocol import CannotTell, Found, ProvenAbsent, Search

PAGES_MAX = 50
"""A list that is longer is not read to its end."""

_CLOCKS_APART = timedelta(minutes=10)
"""The provider's clock and ours, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A job in the provider's list.

    `echo` is the attempt's key that it carries: `""` where it is certainly somebody else's, None where it
    says nothing, so that it may be anybody's.
    """

    id: str
    created_at: datetime
    echo: str | None


async def look_through(
    newest_first: AsyncGenerator[Listed], attempt: Attempt, *, now: datetime, absent_after: timedelta
) -> Search:
    """Read the list from its newest job back beyond the moment of sending, or to its end.

    Absent is proven only when that was longer ago than `absent_after`, when every job since then says whose
    it is (one that does not may be ours, its echo lost), and when the list shows another job of ours (or it
    may be the list of another account, whose key was put in since).
    """
    silent = ours = 0
    async with aclosing(newest_first) as jobs:
        async for job in jobs:
            if job.echo == attempt.key:
                return Found(Ticket(provider_job_id=job.id))
            ours += bool(job.echo)
            if job.created_at < attempt.sent_at - _CLOCKS_APART:
                break
            silent += job.echo is None
    if silent:
        return CannotTell(f"{silent} jobs of that time in the provider's list do not say whose they are")
    if not ours or now - attempt.sent_at < absent_after:
        return CannotTell("not in the provider's list, which proves nothing yet")
    return ProvenAbsent()


async def newest_first(pages: AsyncGenerator[Sequence[Listed]], protocol: str) -> AsyncGenerator[Listed]:
    """The jobs of a list's pages, each page whole before any of it is believed.

    Raises:
        UnreadableAnswer: it is out of order (if the oldest came first, it would end the search).
    """
    last: Sequence[Listed] = ()
    async with aclosing(pages):
        async for page in pages:
            seen_at = [job.created_at for job in (*last, *page)]
            if seen_at != sorted(seen_at, reverse=True):
                raise UnreadableAnswer(protocol, "the list is not in its documented order")
            for job in page:
                yield job
            last = page[-1:]
