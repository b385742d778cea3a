"""The `fal` protocol: fal.ai's queue, for every endpoint there that makes one video.

The wire is that of fal-client 1.0.3 and of docs.fal.ai (inference/queue, webhooks, errors, platform-apis;
read 2026-11-21). A job is ordered with one POST to its endpoint's own path; then it is asked about at the
addresses that came back. What answers mean is in fal_answers.py.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from yarl import URL

from bot.domain import NOTHING_MICROS, Attempt, Fault, Job, Kind, Micros, OfferId, Order, Source, Ticket
from bot.errors import AssetGone, ProviderError, SettingsError, UnreadableAnswer
from bot.providers import fal_answers as answers
from bot.providers import http
from bot.providers.base_urls import safe_base
from bot.providers.downloads import Downloads
from bot.providers.endpoints import Endpoint
from bot.providers.fal_addresses import PROTOCOL, Hosts, Queue, is_endpoint
from bot.providers.fal_prices import Prices, described
from bot.providers.fal_uploads import Uploads
from bot.providers.fal_webhooks import Keys, Webhooks
from bot.providers.fal_words import USUAL, in_fals_words
from bot.providers.lines import Lines
from bot.providers.outcomes import expect_ok, no_offer, offer_changed
from bot.providers.protocol import (
    Answer,
    CannotTell,
    Failed,
    Fetched,
    Refused,
    Rendered,
    Search,
    Stopped,
    Submission,
    Vanished,
    Wire,
)
from bot.providers.tickets import ENDPOINT

START_WITHIN_S_MIN = 1.0
"""A start deadline must be longer (fal-client 1.0.3, `_headers.py`)."""


class FalQueue:
    """An account at fal. Made inside the running loop.

    Args:
        name: the provider's name in the catalogue.
        api_key: sent to the queue, the REST host and the platform API; never to where files are.
        wires: how each offer at this provider is asked for.
        now: the clock.
        hosts: fal's servers.
        webhook_url: where fal shall call when an attempt's job has ended. It has the attempt's key in it;
            a proof is added as a query, for `received`. None asks for no webhooks.
        start_within_s: fal gives a job up that has not begun within so long; None waits for ever.
        tries_again: whether fal begins a job anew, up to ten times, when one of its machines fails (which
            it does not bill).
        timeouts: how long each thing may take.
    """

    can_cancel = True
    quotes_resolutions = False

    def __init__(
        self,
        name: str,
        *,
        api_key: str,
        wires: Mapping[OfferId, Wire],
        now: Callable[[], datetime],
        hosts: Hosts | None = None,
        webhook_url: Callable[[Attempt], str] | None = None,
        start_within_s: float | None = None,
        tries_again: bool = True,
        timeouts: http.Timeouts | None = None,
    ) -> None:
        if start_within_s is not None and start_within_s <= START_WITHIN_S_MIN:
            raise SettingsError(f"{name} takes a start deadline of more than {START_WITHIN_S_MIN:g} s")
        hosts = hosts or Hosts()
        queue, rest, cdn, platform = (
            safe_base(name, address) for address in (hosts.queue, hosts.rest, hosts.cdn, hosts.platform)
        )
        self.name = name
        self.start_within_s = start_within_s
        self._wires = wires
        self._now = now
        self._timeouts = timeouts or http.Timeouts()
        self._queue = Queue(queue)
        self._models = platform / "models"
        self._headers = {"Accept": "application/json", "Authorization": f"Key {api_key}"}
        self._wishes = {}
        if start_within_s is not None:
            self._wishes["X-Fal-Request-Timeout"] = str(float(start_within_s))
        if not tries_again:
            self._wishes["X-Fal-No-Retry"] = "1"
        session = self._session = http.pooled_session(self._timeouts)
        self._lines = Lines(self._headers, timeouts=self._timeouts)
        self._uploads = Uploads(
            session, rest=rest, cdn=cdn, headers=self._headers, now=now, timeouts=self._timeouts
        )
        self._downloads = Downloads(
            PROTOCOL, session, api=queue, headers={}, hosts=hosts.files, now=now, timeouts=self._timeouts
        )
        self._prices = Prices(session, self._models / "pricing", headers=self._headers, now=now)
        keys = Keys(session, rest / ".well-known" / "jwks.json", now=now)
        self._webhooks = Webhooks(keys, address_of=webhook_url, secret=api_key, now=now)

    async def close(self) -> None:
        await self._lines.close()
        await self._session.close()

    # Submitting

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        wire = self._wires.get(attempt.offer_id)
        if wire is None:
            return no_offer(attempt)
        if job.order.kind is Kind.CHARACTER and job.order.source is not None:
            return await self.submit_character(attempt, name=job.order.prompt, clip=job.order.source)
        words = in_fals_words(job.order, wire)
        if isinstance(words, Fault):
            return Refused(words)
        fields = dict(words.fields)
        if (source := job.order.source) is not None:
            if words.source_field.endswith("_id"):
                if source.provider_video_id is None:
                    return Refused(
                        offer_changed(f"{wire.endpoint} takes only clips that it made and still has")
                    )
                fields[words.source_field] = source.provider_video_id
            else:
                address = await self._uploads.address(source)
                if not isinstance(address, str):
                    return address
                fields[words.source_field] = address
        return await self._order(wire, fields, attempt)

    async def submit_character(self, attempt: Attempt, *, name: str, clip: Source) -> Submission:
        """Order a character from a clip (an MP4 whose first four seconds show it), of 1 to 80 letters' name.

        It is a job like any other: once `ask` says `Rendered`, `provider_id` is the character's, and there
        is no file.
        """
        wire = self._wires.get(attempt.offer_id)
        if wire is None:
            return no_offer(attempt)
        # The endpoint takes an address of at most 2,048 letters, which is no room for a file.
        address = await self._uploads.address(clip, inline=False)
        if not isinstance(address, str):
            return address
        video_field = wire.fields.get("video", USUAL["video"])
        return await self._order(wire, {**wire.constants, video_field: address, "name": name}, attempt)

    async def _order(self, wire: Wire, fields: Mapping[str, object], attempt: Attempt) -> Submission:
        """The one POST that costs money."""
        if not is_endpoint(wire.endpoint):
            return Refused(offer_changed(f"{wire.endpoint} is no endpoint of fal's"))
        url = self._queue.submission(wire.endpoint)
        if (webhook := self._webhooks.address(attempt, wire.endpoint)) is not None:
            url = url.with_query(fal_webhook=webhook)
        sent = await http.post_once(
            url, headers=self._headers | self._wishes, payload=fields, timeouts=self._timeouts
        )
        return answers.proved(sent, endpoint=wire.endpoint, queue=self._queue, now=self._now())

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        """See `Provider`: there are no keys here."""
        del job, attempt
        return False

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """Nothing: fal takes no key and its queue has no list. A lost submission is found by `received`."""
        del job, attempt
        if not self._webhooks.are_asked_for:
            return CannotTell("fal gives nothing back by which a lost submission can be known")
        return CannotTell("only its webhook can tell, once the job has ended")

    # Following a job

    async def ask(self, ticket: Ticket) -> Answer:
        """How the job stands: one question while it goes on, a second (its result) when it has ended."""
        answered = await self._get(ticket, "status")
        standing = answers.standing(answered, ticket, now=self._now())
        if not isinstance(standing, answers.Ended):
            return standing
        told = await self._get(ticket, "response")
        if standing.error is not None:
            return await self._ended(answers.with_result(standing.error, told), told, ticket)
        match answers.result(told, now=self._now()):
            case answers.Result(provider_id=provider_id):
                return Rendered(await self._billed(told, ticket), provider_id=provider_id)
            case answers.Error() as error:
                return await self._ended(error, told, ticket)
            case Vanished() as vanished:
                return vanished

    async def _ended(self, error: answers.Error, told: http.Answered, ticket: Ticket) -> Failed | Stopped:
        says_units = answers.billable_units(told) is not None
        unbilled = not says_units and answers.is_never_billed(error, told)
        billed = NOTHING_MICROS if unbilled else await self._billed(told, ticket)
        if answers.was_stopped(error, told):
            return Stopped(billed)
        return Failed(answers.failure(error, told), billed)

    async def _billed(self, told: http.Answered, ticket: Ticket) -> Micros | None:
        """What the units that a result says were billed come to; None where that cannot be told."""
        units = answers.billable_units(told)
        if units is None:
            return None
        try:
            price = await self._prices.of(ticket.urls.get(ENDPOINT, ""))
        except ProviderError:
            return None  # how the job stands is worth more than what it cost
        return price.of(units)

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        match answers.result(await self._get(ticket, "response"), now=self._now()):
            case answers.Result(file=str(address)):
                return await self._downloads.fetch(address, into, bytes_max=bytes_max)
            case Vanished(detail):
                raise AssetGone(detail)
            case answers.Result() | answers.Error():
                raise UnreadableAnswer(PROTOCOL, "a job that has no file")

    # Ending a job

    async def cancel(self, ticket: Ticket) -> None:
        """A queued job is dropped. One that is being made may be stopped, or go on, and be billed."""
        answered = await http.call(
            self._session, "PUT", URL(self._queue.of(ticket, "cancel"), encoded=True), headers=self._headers
        )
        if answered.status not in {400, 404, 409, 410}:  # too late, or gone; `ask` says what became of it
            expect_ok(answered, PROTOCOL, now=self._now())

    async def delete(self, ticket: Ticket) -> None:
        """Remove the clip and what was sent for it. fal lets only a key with the ADMIN scope do that."""
        job_id = quote(ticket.provider_job_id, safe="")
        url = self._models.joinpath("requests", job_id, "payloads", encoded=True)
        answered = await http.call(self._session, "DELETE", url, headers=self._headers)
        if answered.status not in {404, 410}:
            expect_ok(answered, PROTOCOL, now=self._now())
            answers.expect_deleted(answered)

    # Prices

    async def quote(self, order: Order, offer_id: OfferId) -> Micros:
        """What fal's own price of a second comes to for this length. To compare: it knows no resolutions.

        Raises:
            ProviderUnavailable, UnreadableAnswer: no price, or none by the second.
        """
        wire = self._wires.get(offer_id)
        if wire is None:
            raise UnreadableAnswer(PROTOCOL, f"{offer_id} is no longer in the catalogue")
        price = await self._prices.of(wire.endpoint)
        if not price.is_by_second:
            raise UnreadableAnswer(PROTOCOL, f"{wire.endpoint} is not sold by the second: {price.unit}")
        return price.of(Decimal(order.duration_s))

    async def endpoint(self, name: str) -> Endpoint:
        """How one of fal's endpoints stands, as fal says."""
        return await described(self._session, self._models, name, headers=self._headers, now=self._now())

    # Webhooks

    async def verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of the job that a webhook is about. It is to be asked about; no more of it is believed.

        Raises:
            WebhookRefused: not signed by fal, not of these five minutes, or about no job.
            ProviderUnavailable, UnreadableAnswer: fal's keys are not to be had; it may send it again.
        """
        return await self._webhooks.verify(headers, body)

    async def received(
        self, attempt_key: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Ticket:
        """The ticket of the attempt to whose address a webhook came: how a lost submission is found.

        Args:
            attempt_key: as it stands in the address.
            query: the address's own.
            headers: the webhook's.
            body: its raw bytes.

        Raises:
            WebhookRefused: as `verify`; or the address was not made here for this attempt.
            ProviderUnavailable, UnreadableAnswer: as `verify`.
        """
        endpoint = self._webhooks.endpoint(attempt_key, query)
        return self._queue.ticket(endpoint, await self.verify(headers, body), {})

    async def _get(self, ticket: Ticket, name: str) -> http.Answered:
        return await self._lines.get(self._queue.of(ticket, name))
