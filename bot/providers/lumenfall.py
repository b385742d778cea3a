"""The `lumenfall` protocol: Lumenfall's gateway, which serves OpenAI's `/videos` shape with words of its own.

The wire is that of docs.lumenfall.ai (api-reference/videos, cost-estimation, requests, webhooks; read
2026-11-21) and of its command line (github.com/lumenfall-ai/agent-skill @80efd74). An endpoint is a slug: a
bare one (`sora-2-pro`) goes to whom Lumenfall chooses, `fal/sora-2-pro` to fal and to nobody else. What
answers mean is in lumenfall_answers.py.

Every submission carries its attempt's key (`idempotency_key`, at most 256 letters), so an unknown one is
resolved by sending it again.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from yarl import URL

from bot.domain import Attempt, Fault, FaultKind, Job, Micros, OfferId, Order, Ticket
from bot.errors import AssetGone, ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.providers import lumenfall_answers as answers
from bot.providers.base_urls import checked_base
from bot.providers.downloads import Downloads
from bot.providers.endpoints import Endpoint, model_list, models_in
from bot.providers.lines import Lines
from bot.providers.lumenfall_answers import PROTOCOL, Sent
from bot.providers.lumenfall_words import PICTURE_FIELD, USUAL, takes_webhooks_at, with_picture
from bot.providers.outcomes import expect_ok, is_gone, no_offer, offer_changed
from bot.providers.protocol import (
    Answer,
    CannotTell,
    Failed,
    Fetched,
    ProvenAbsent,
    Refused,
    Rendered,
    Rendering,
    Search,
    Stopped,
    Submission,
    Taken,
    Vanished,
    Waiting,
    Wire,
)
from bot.providers.repetition import repeated
from bot.providers.sources import opened
from bot.providers.standard_webhooks import Signatures, video_id
from bot.providers.wording import worded

BASE_URL = "https://api.lumenfall.ai/openai/v1"
ACCOUNT_URL = "https://api.lumenfall.ai/v1"
FILE_HOSTS = frozenset({"media.lumenfall.ai"})

log = logging.getLogger(__name__)


class LumenfallVideos:
    """An account at Lumenfall. Made inside the running loop.

    A wire needs no `key_field`: the key's name is always the same. Its `echo_field` means nothing here.

    Args:
        name: the provider's name in the catalogue.
        api_key: sent as a bearer token, to the two origins of the API alone.
        wires: how each offer at this provider is asked for.
        now: the clock.
        base_url: of the OpenAI shape, up to and with `/openai/v1`.
        account_url: of Lumenfall's own calls, up to and with `/v1`.
        webhook_url: the address that Lumenfall shall call when an attempt's job has ended. One that it
            would refuse (`takes_webhooks_at`) is not sent, and the job is found out about by asking.
        file_hosts: from which finished files may be fetched, with their subdomains; the key goes to none.
        timeouts: how long each thing may take.
        key_kept_for: how long Lumenfall certainly remembers a key; how long it does is in no document. A
            key that it has forgotten would order the job a second time.
        absent_after: how old a submission must be before a repetition that was refused by moderation
            proves that there is no job: longer than the first can have been on its way.
    """

    can_cancel = True
    quotes_resolutions = True

    def __init__(
        self,
        name: str,
        *,
        api_key: str,
        wires: Mapping[OfferId, Wire],
        now: Callable[[], datetime],
        base_url: str = BASE_URL,
        account_url: str = ACCOUNT_URL,
        webhook_url: Callable[[Attempt], str] | None = None,
        file_hosts: Collection[str] = FILE_HOSTS,
        timeouts: http.Timeouts | None = None,
        key_kept_for: timedelta = timedelta(hours=23),
        absent_after: timedelta = timedelta(hours=1),
    ) -> None:
        self.name = name
        base = checked_base(name, base_url)
        self._videos, self._models = base / "videos", base / "models"
        self._account = checked_base(name, account_url)
        self._wires = wires
        self._now = now
        self._webhook_url = webhook_url
        self._timeouts = timeouts or http.Timeouts()
        self._key_kept_for = key_kept_for
        self._absent_after = absent_after
        self._headers = {"Accept": "application/json", "Authorization": f"Bearer {api_key}"}
        self._session = http.pooled_session(self._timeouts)
        self._lines = Lines(self._headers, timeouts=self._timeouts)
        self._downloads = Downloads(
            PROTOCOL, self._session, api=base, headers={}, hosts=file_hosts, now=now, timeouts=self._timeouts
        )
        self._signatures = Signatures(self._ask_secret, now=now)

    async def close(self) -> None:
        await self._lines.close()
        await self._session.close()

    # Submitting

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        wire = self._wires.get(attempt.offer_id)
        if wire is None:
            return no_offer(attempt)
        more = {"idempotency_key": attempt.key}
        if self._webhook_url is not None and takes_webhooks_at(address := self._webhook_url(attempt)):
            more["webhook_url"] = address
        sent = await self._send(self._videos, job.order, wire, more, self._timeouts)
        if isinstance(sent, Fault):
            return Refused(sent)
        return answers.proved(sent, forces_provider="/" in wire.endpoint, now=self._now())

    async def _send(
        self, url: URL, order: Order, wire: Wire, more: Mapping[str, object], timeouts: http.Timeouts
    ) -> Sent | Fault:
        """The one POST of an order, or why there is none."""
        words = worded(order, wire, USUAL)
        if isinstance(words, Fault):
            return words
        fields = {**words.fields, "model": wire.endpoint, **more}
        if order.source is None:
            return await http.post_once(url, headers=self._headers, payload=fields, timeouts=timeouts)
        if words.source_field != PICTURE_FIELD:
            return offer_changed(f"Lumenfall takes no {order.source.media_type} to start from")
        file = await opened(order.source)
        if isinstance(file, Fault):
            return file
        with file:
            payload = await with_picture(fields, order.source, file)
            if isinstance(payload, Fault):
                return payload
            return await http.post_once(url, headers=self._headers, payload=payload, timeouts=timeouts)

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        """See `Provider`."""
        del job
        return self._now() - attempt.sent_at < self._key_kept_for

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """By the same submission under the same key: it gives back the job that is there, or makes it.

        A repetition that the moderation behind Lumenfall refuses got past the key, and so proves that there
        is no job under it, once the first can no longer be on its way.
        """
        if not self.sends_again(job, attempt):
            return CannotTell("Lumenfall may have forgotten the key of so old a submission")
        match await self.submit(job, attempt):
            case Refused(Fault(kind=FaultKind.RULES)) if self._now() - attempt.sent_at >= self._absent_after:
                return ProvenAbsent()
            case submission:
                return repeated(submission)

    # Prices

    async def quote(self, order: Order, offer_id: OfferId) -> Micros:
        """What Lumenfall says now that this order will cost. Nothing is ordered by it.

        It is an estimate, for whom Lumenfall would choose now; `metadata.cost` of the job is what counts.

        Raises:
            ProviderUnavailable, UnreadableAnswer: no price in dollars.
        """
        wire = self._wires.get(offer_id)
        if wire is None:
            raise UnreadableAnswer(PROTOCOL, f"{offer_id} is no longer in the catalogue")
        url = self._videos.with_query(dryRun="true")
        timeouts = replace(self._timeouts, submit_s=self._timeouts.ask_s)
        match await self._send(url, order, wire, {}, timeouts):
            case Fault(code=code, detail=detail):
                raise UnreadableAnswer(PROTOCOL, f"{code}: {detail}")
            case http.NeverSent(detail) | http.NoAnswer(detail):
                raise ProviderUnavailable(detail)
            case http.Answered() as answered:
                expect_ok(answered, PROTOCOL, now=self._now())
        price = answers.estimate(answered)
        if price is not None:
            return price
        match answers.proved(answered, forces_provider=False, now=self._now()):
            case Taken(ticket):
                log.error(
                    "a dry run became the job %s, which is asked to stop",
                    ticket.provider_job_id,
                    extra={"provider": self.name, "code": "dry_run_not_heeded"},
                )
                await self._stop(ticket)
                raise UnreadableAnswer(PROTOCOL, f"a dry run became the job {ticket.provider_job_id}")
            case _:
                raise UnreadableAnswer(PROTOCOL, f"no price in dollars: {answered.text}")

    async def endpoint(self, name: str) -> Endpoint:
        """Whether Lumenfall has a slug; a forced one (`fal/sora-2-pro`) is in its list without the provider.

        Raises:
            ProviderUnavailable, UnreadableAnswer: its list of models is not to be had.
        """
        answered = await model_list(self._session, self._models, self._headers)
        expect_ok(answered, PROTOCOL, now=self._now())
        models = models_in(answered, PROTOCOL)
        slug = name if name in models else name.rpartition("/")[2]
        return Endpoint(exists=slug in models, retires_on=models.get(slug))

    # Following a job

    async def ask(self, ticket: Ticket) -> Answer:
        answered = await self._get(self._video(ticket))
        if is_gone(answered, PROTOCOL):
            return Vanished(answered.text)
        standing = self._standing(answered, ticket)
        uncounted = answers.uncounted_cost(answered)
        if uncounted and isinstance(standing, Rendered | Failed | Stopped):
            log.warning(
                "job %s cost %s, which is no amount of dollars and is not counted",
                ticket.provider_job_id,
                uncounted,
                extra={"provider": self.name, "code": "cost_not_counted"},
            )
        return standing

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        answered = await self._get(self._video(ticket))
        if is_gone(answered, PROTOCOL):
            raise AssetGone(answered.text)
        self._standing(answered, ticket)
        address = answers.output(answered, now=self._now())
        return await self._downloads.fetch(address, into, bytes_max=bytes_max)

    def _standing(self, answered: http.Answered, ticket: Ticket) -> Answer:
        expect_ok(answered, PROTOCOL, now=self._now())
        return answers.standing(answered, ticket, now=self._now())

    # Ending a job

    async def cancel(self, ticket: Ticket) -> None:
        """At best it stops; what it has cost by then is charged all the same.

        What the call does to a job that has ended is in no document, so the job is asked first.
        """
        if isinstance(await self.ask(ticket), Waiting | Rendering):
            await self._stop(ticket)

    async def _stop(self, ticket: Ticket) -> None:
        await self._delete(self._video(ticket), refusals={400, 404, 405, 409, 410})

    async def delete(self, ticket: Ticket) -> None:
        """Remove the clip and what was sent for it."""
        await self._delete(
            self._of_account("requests", ticket.provider_job_id, "payloads"), refusals={404, 410}
        )

    async def _delete(self, url: URL, *, refusals: set[int]) -> None:
        answered = await http.call(self._session, "DELETE", url, headers=self._headers)
        if answered.status not in refusals:
            expect_ok(answered, PROTOCOL, now=self._now())

    # Webhooks

    async def verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of the job that a webhook is about. It is to be asked about; no more of it is believed.

        Raises:
            WebhookRefused: not Lumenfall's, not of these five minutes, or about no job.
            ProviderUnavailable: its secret could not be asked for; the webhook may be sent again.
        """
        await self._signatures.verify(headers, body)
        return video_id(body, answers.EVENTS)

    async def received(
        self, attempt_key: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Ticket:
        """The ticket of the attempt to whose address a webhook came; it is no more than the job's id.

        The signature does not cover the address: a ticket that another job has already is a replay.

        Raises:
            WebhookRefused, ProviderUnavailable: as `verify`.
        """
        del attempt_key, query  # nothing in the body repeats them
        return Ticket(provider_job_id=await self.verify(headers, body))

    async def _ask_secret(self) -> str:
        answered = await self._get(self._of_account("webhooks", "secret"))
        expect_ok(answered, PROTOCOL, now=self._now())
        return answers.secret(answered)

    # Reading

    async def _get(self, url: URL) -> http.Answered:
        return await self._lines.get(str(url))

    def _video(self, ticket: Ticket) -> URL:
        return self._videos.joinpath(quote(ticket.provider_job_id, safe=""), encoded=True)

    def _of_account(self, *path: str) -> URL:
        return self._account.joinpath(*(quote(segment, safe="") for segment in path), encoded=True)
