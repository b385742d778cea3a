"""The `prodia` protocol: asynchronous jobs of Prodia's inference API, v2.

The wire is that of docs.prodia.com (reference: inference, async, price; read 2026-11-21). What its answers
mean is in prodia_answers.py. It has no call that cancels or deletes a job and none that lists them, sends
no webhooks, and keeps a job until `expires_at`: five minutes in its own example, so its files go first.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.domain import Attempt, Fault, Job, OfferId, Source, Ticket
from bot.errors import AssetGone
from bot.providers import http
from bot.providers import prodia_answers as answers
from bot.providers.base_urls import checked_base
from bot.providers.downloads import Downloads
from bot.providers.lines import Lines
from bot.providers.outcomes import expect_ok, is_gone, no_offer, proved, theirs
from bot.providers.prodia_answers import PROTOCOL, State
from bot.providers.protocol import (
    Answer,
    CannotTell,
    Fetched,
    NotTaken,
    Refused,
    Rendered,
    Rendering,
    Search,
    Submission,
    Taken,
    Vanished,
    Wire,
)
from bot.providers.sources import file_name, opened
from bot.providers.wording import Worded, worded

BASE_URL = "https://inference.prodia.com/v2"

USUAL = {
    "prompt": "prompt",
    "duration": "duration",
    "resolution": "resolution",
    "aspect_ratio": "aspect_ratio",
    "size": "size",
    "picture": "image",
}
"""The names in a job's `config`, where a wire says nothing else."""

BUSY_TRIES = 10
BUSY_FOR = timedelta(minutes=20)
"""So often and so long in a row "busy" means "no such job type": the same 429 says both."""

_PRICED = {"price": "true"}


class ProdiaJobs:
    """An account at Prodia. Made inside the running loop.

    A 429 for a job type that is gone looks like one for want of room. So a job that has been turned away
    `BUSY_TRIES` times, and that was placed `BUSY_FOR` ago, is refused as `model_gone`, unless a job of its
    type has been taken in the meantime. The count is of the job's attempts at this offer and the time the
    job's own, both in the rows, so neither starts again with the process; what was taken is only remembered
    by it.

    Args:
        name: the provider's name in the catalogue.
        token: sent as a bearer token, to the API's origin alone.
        wires: how each offer at this provider is asked for; its endpoint is the job type.
        now: the clock.
        base_url: up to and with `/v2`.
        file_hosts: to which its own links may lead on; the token goes to none.
        timeouts: how long each thing may take.
    """

    can_cancel = False

    def __init__(
        self,
        name: str,
        *,
        token: str,
        wires: Mapping[OfferId, Wire],
        now: Callable[[], datetime],
        base_url: str = BASE_URL,
        file_hosts: Collection[str] = (),
        timeouts: http.Timeouts | None = None,
    ) -> None:
        self.name = name
        self._jobs = checked_base(name, base_url) / "job" / "async"
        self._wires = wires
        self._now = now
        self._timeouts = timeouts or http.Timeouts()
        self._taken_at: dict[str, datetime] = {}
        key = {"Authorization": f"Bearer {token}"}
        self._headers = {"Accept": "application/json", **key}
        self._session = http.pooled_session(self._timeouts)
        # A state is plain text, all else JSON.
        self._lines = Lines({"Accept": "application/json, text/plain, */*", **key}, timeouts=self._timeouts)
        self._downloads = Downloads(
            PROTOCOL,
            self._session,
            api=self._jobs,
            headers=key,
            hosts=file_hosts,
            now=now,
            timeouts=self._timeouts,
        )

    async def close(self) -> None:
        await self._lines.close()
        await self._session.close()

    # Submitting

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        wire = self._wires.get(attempt.offer_id)
        if wire is None:
            return no_offer(attempt)
        words = worded(job.order, wire, USUAL)
        if isinstance(words, Fault):
            return Refused(words)
        if job.order.source is None:
            submission = await self._order(words, {"type": wire.endpoint, "config": words.fields})
        else:
            submission = await self._order_from(job.order.source, wire, words)
        match submission:
            case Taken():
                self._taken_at[wire.endpoint] = self._now()
            case NotTaken(fault) if fault.code == "provider_busy" and self._is_gone(wire, job, attempt):
                return Refused(theirs("model_gone", f"busy {attempt.at_offer} times: {fault.detail}"))
        return submission

    async def _order_from(self, source: Source, wire: Wire, words: Worded) -> Submission:
        """A form of two parts: the file, and the job that names it (docs.prodia.com, inference)."""
        job = {"type": wire.endpoint, "config": {**words.fields, words.source_field: file_name(source)}}
        file = await opened(source)
        if isinstance(file, Fault):
            return Refused(file)
        with file:
            form = aiohttp.FormData()
            form.add_field("input", file, filename=file_name(source), content_type=source.media_type)
            form.add_field(
                "job", json.dumps(job).encode(), filename="job.json", content_type="application/json"
            )
            return await self._order(words, form)

    async def _order(self, words: Worded, payload: Mapping[str, object] | aiohttp.FormData) -> Submission:
        """The one POST that costs money."""
        sent = await http.post_once(
            self._jobs.with_query(_PRICED), headers=self._headers, payload=payload, timeouts=self._timeouts
        )
        return proved(sent, lambda answered: answers.said(answered, words.about), now=self._now())

    def _is_gone(self, wire: Wire, job: Job, attempt: Attempt) -> bool:
        taken_at = self._taken_at.get(wire.endpoint)
        return (
            attempt.at_offer >= BUSY_TRIES
            and self._now() - job.created_at >= BUSY_FOR
            and (taken_at is None or taken_at < job.created_at)
        )

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        """See `Provider`: there are no keys here."""
        del job, attempt
        return False

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """Never: no key is taken, no list is given, and no webhook comes."""
        del job, attempt
        return CannotTell("Prodia gives nothing back by which a lost submission can be known")

    # Following a job

    async def ask(self, ticket: Ticket) -> Answer:
        answered = await self._lines.get(str(self._at(ticket, "job.state.current")))
        if is_gone(answered, PROTOCOL):
            return Vanished(answered.text)
        expect_ok(answered, PROTOCOL, now=self._now())
        match answers.state(answered):
            case State.PROCESSING:
                return Rendering(ask_after_s=http.retry_after_s(answered.headers, now=self._now()))
            case State.PROCESSED:
                ended = await self._metadata(ticket)
                # Expired between two questions: it was made and billed, and the file is what is gone.
                return Rendered() if ended is None else answers.rendered(ended)
            case State.FAILED:
                return answers.failed(await self._metadata(ticket))

    async def _metadata(self, ticket: Ticket) -> http.Answered | None:
        """The whole job (`job.json`), None where it has expired."""
        answered = await self._lines.get(str(self._at(ticket, "job.json").with_query(_PRICED)))
        if is_gone(answered, PROTOCOL):
            return None
        expect_ok(answered, PROTOCOL, now=self._now())
        return answered

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        answered = await self._lines.get(str(self._at(ticket, "output")))
        if is_gone(answered, PROTOCOL):
            raise AssetGone(answered.text)
        expect_ok(answered, PROTOCOL, now=self._now())
        file = self._at(ticket, "output", answers.video(answered))
        return await self._downloads.fetch(str(file), into, bytes_max=bytes_max)

    # Ending a job

    async def cancel(self, ticket: Ticket) -> None:
        """Does nothing: Prodia documents no call for it."""

    async def delete(self, ticket: Ticket) -> None:
        """Does nothing: Prodia documents no call for it; jobs and files expire by themselves."""

    # Reading

    def _at(self, ticket: Ticket, *path: str) -> URL:
        segments = (quote(segment, safe="") for segment in (ticket.provider_job_id, *path))
        return self._jobs.joinpath(*segments, encoded=True)
