"""The `openai` protocol: `/videos` of OpenAI, and of the gateways, engines and studio that serve its shape.

The wire is that of openai/openai-openapi @f85dbe2 (2026-08-21), all `/videos` paths. Servers of this shape
differ in what they add; what an offer's server takes is said by its `Wire`. What their answers mean is in
openai_answers.py.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from yarl import URL

from bot.domain import Attempt, Fault, Job, Kind, OfferId, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.providers.downloads import Downloads
from bot.providers.listing import Listed, look_through
from bot.providers.openai_answers import ECHO_KEY, PROTOCOL, listed, proved, standing
from bot.providers.outcomes import expect_ok, theirs
from bot.providers.protocol import (
    Answer,
    CannotTell,
    Fetched,
    Found,
    NotTaken,
    Refused,
    Rendering,
    Search,
    Submission,
    Taken,
    Unknown,
    Vanished,
    Waiting,
    Wire,
)

_LIST_PAGE = 20
_LIST_PAGES_MAX = 50
_LIST_BYTES_MAX = 4 << 20


class OpenAIVideos:
    """One server of the `openai` protocol. Made inside the running loop.

    Args:
        name: the provider's name in the catalogue.
        base_url: up to and with `/v1`.
        api_key: sent as a bearer token, to this origin alone; None sends none.
        wires: how each offer at this provider is asked for.
        now: the clock.
        can_cancel: whether `DELETE` stops a running job here (the studio's and Lumenfall's does, OpenAI's
            does not).
        timeouts: how long each thing may take.
        key_kept_for: how long the server certainly remembers idempotency keys. A key that it has forgotten
            would order the job a second time, so an older submission is not repeated. A day is usual.
        absent_after: how old a submission must be before its absence from the list proves anything: longer
            than any proxy in between may hold a request back, or a list may lag behind.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        api_key: str | None,
        wires: Mapping[OfferId, Wire],
        now: Callable[[], datetime],
        can_cancel: bool = False,
        timeouts: http.Timeouts | None = None,
        key_kept_for: timedelta = timedelta(hours=23),
        absent_after: timedelta = timedelta(hours=1),
    ) -> None:
        self.name = name
        self.can_cancel = can_cancel
        self._base = http.checked_base(name, base_url)
        self._wires = wires
        self._now = now
        self._timeouts = timeouts or http.Timeouts()
        self._key_kept_for = key_kept_for
        self._absent_after = absent_after
        key = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._headers = {"Accept": "application/json", **key}
        self._session = http.pooled_session(self._timeouts)
        self._downloads = Downloads(
            PROTOCOL,
            self._session,
            api=self._base,
            headers=key,
            hosts=(),
            now=now,
            timeouts=self._timeouts,
        )

    async def close(self) -> None:
        await self._session.close()

    # Submitting

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        payload = self._payload(job, attempt)
        if isinstance(payload, Fault):
            return Refused(payload)
        sent = await http.post_once(
            self._base / "videos", headers=self._headers, payload=payload, timeouts=self._timeouts
        )
        return proved(sent, now=self._now())

    def _payload(self, job: Job, attempt: Attempt) -> dict[str, object] | Fault:
        order = job.order
        wire = self._wires.get(attempt.offer_id)
        size = wire.sizes.get((order.resolution, order.aspect_ratio)) if wire else None
        if wire is None or size is None or (order.seed is not None and wire.seed_field is None):
            # It was there when the order was checked: the catalogue was edited in the meantime.
            return theirs("offer_changed", f"{attempt.offer_id} no longer takes this order")
        if order.kind is not Kind.GENERATE:
            return theirs("offer_changed", f"{attempt.offer_id} does not do {order.kind}")
        payload: dict[str, object] = {
            "model": wire.endpoint,
            "prompt": order.prompt,
            "size": size,
            "seconds": order.duration_s if wire.seconds_as == "integer" else str(order.duration_s),
        }
        if wire.seed_field is not None and order.seed is not None:
            payload[wire.seed_field] = order.seed
        if wire.key_field is not None:
            payload[wire.key_field] = attempt.key
        if wire.echo_field is not None:
            payload[wire.echo_field] = {ECHO_KEY: attempt.key}
        return payload

    # Looking for a lost submission

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """By the idempotency key where the server takes one, else by the echo in its list, else not at all.

        The same prompt, model, size and length at about the same time prove nothing: two members may order
        the same. So without a key and an echo the answer is always `CannotTell`.
        """
        wire = self._wires.get(attempt.offer_id)
        if wire is None:
            return CannotTell(f"{attempt.offer_id} is no longer in the catalogue")
        age = self._now() - attempt.sent_at
        if wire.key_field is not None and age < self._key_kept_for:
            return await self._repeat(job, attempt)
        if wire.echo_field is not None:
            return await look_through(
                self._listed(wire.echo_field), attempt, now=self._now(), absent_after=self._absent_after
            )
        return CannotTell("this provider gives nothing back by which a lost submission can be known")

    async def _repeat(self, job: Job, attempt: Attempt) -> Search:
        """Send the same again under the same key: the server gives back the job that it has, or makes it.

        Being refused now proves nothing about then: a server may look at the key (or the credit, or the
        model) before it looks for the job.
        """
        match await self.submit(job, attempt):
            case Taken(ticket):
                return Found(ticket)
            case NotTaken(fault, wait_s):
                raise ProviderUnavailable(f"{fault.code}: {fault.detail}", retry_after_s=wait_s)
            case Refused(fault):
                return CannotTell(f"refused when repeated: {fault.code}: {fault.detail}")
            case Unknown(detail):
                return CannotTell(detail)

    async def _listed(self, echo_field: str) -> AsyncGenerator[Listed]:
        """The provider's jobs, newest first, page by page.

        Raises:
            UnreadableAnswer: no list, one that is out of order, or one without end.
        """
        query = {"limit": str(_LIST_PAGE), "order": "desc"}
        seen_at: list[datetime] = []
        for _page in range(_LIST_PAGES_MAX):
            answered = await http.call(
                self._session,
                "GET",
                (self._base / "videos").with_query(query),
                headers=self._headers,
                bytes_max=_LIST_BYTES_MAX,
            )
            expect_ok(answered, PROTOCOL, now=self._now())
            jobs, more = listed(answered, echo_field)
            # A whole page before any of it is believed: if the oldest came first, it would end the search.
            seen_at = [*seen_at[-1:], *(job.created_at for job in jobs)]
            if seen_at != sorted(seen_at, reverse=True):
                raise UnreadableAnswer(PROTOCOL, "the list is not in the order that was asked for")
            for job in jobs:
                yield job
            if not more or not jobs:
                return
            query["after"] = jobs[-1].id
        raise UnreadableAnswer(PROTOCOL, f"the list has more than {_LIST_PAGE * _LIST_PAGES_MAX} jobs")

    # Following a job

    async def ask(self, ticket: Ticket) -> Answer:
        answered = await http.call(self._session, "GET", self._video(ticket), headers=self._headers)
        if answered.status in (404, 410):
            if isinstance(answered.body, dict):
                return Vanished(answered.text)
            # A proxy without its server says the same with a page of its own; no job is given up for that.
            raise UnreadableAnswer(PROTOCOL, f"{answered.status} that is not the API's: {answered.text}")
        expect_ok(answered, PROTOCOL, now=self._now())
        return standing(answered, ticket, now=self._now())

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        address = str(self._video(ticket) / "content")
        return await self._downloads.fetch(address, into, bytes_max=bytes_max)

    # Ending a job

    async def cancel(self, ticket: Ticket) -> None:
        """`DELETE` where that stops a running job.

        It would remove a clip that has been rendered, and billed, in the meantime; so the job is asked first.
        """
        if self.can_cancel and isinstance(await self.ask(ticket), Waiting | Rendering):
            await self._delete(ticket, refusals={400, 405, 409})

    async def delete(self, ticket: Ticket) -> None:
        await self._delete(ticket, refusals=set())

    async def _delete(self, ticket: Ticket, *, refusals: set[int]) -> None:
        answered = await http.call(self._session, "DELETE", self._video(ticket), headers=self._headers)
        if answered.status not in {404, 410} | refusals:
            expect_ok(answered, PROTOCOL, now=self._now())

    # Reading

    def _video(self, ticket: Ticket) -> URL:
        return self._base.joinpath("videos", quote(ticket.provider_job_id, safe=""), encoded=True)
