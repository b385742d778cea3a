"""The `replicate` protocol: predictions of any model on Replicate, official (`owner/name`) or by version.

The wire is that of Replicate's HTTP API (its OpenAPI description, 1.0.0-a1) and of `replicate` 1.0.7. What
its answers mean is in replicate_answers.py. It keeps a prediction's input, output and files for one hour
and then removes them by itself; there is no call that does so sooner.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.domain import Attempt, Fault, Job, OfferId, Source, Ticket
from bot.errors import AssetGone, SettingsError, UnreadableAnswer
from bot.providers import http
from bot.providers import replicate_answers as answers
from bot.providers.base_urls import checked_base
from bot.providers.downloads import Downloads
from bot.providers.endpoints import Endpoint
from bot.providers.lines import Lines
from bot.providers.listing import PAGES_MAX, Listed, look_through, newest_first
from bot.providers.outcomes import expect_ok, is_gone, no_offer, proved
from bot.providers.protocol import (
    Answer,
    CannotTell,
    Fetched,
    NotTaken,
    Refused,
    Search,
    Submission,
    Taken,
    Vanished,
    Wire,
)
from bot.providers.replicate_answers import PROTOCOL
from bot.providers.sources import file_name, opened
from bot.providers.standard_webhooks import Signatures
from bot.providers.tickets import UPLOAD
from bot.providers.wording import Worded, worded

BASE_URL = "https://api.replicate.com/v1"
FILE_HOSTS = frozenset({"replicate.delivery"})
CANCEL_AFTER_S_MIN = 5

USUAL = {
    "prompt": "prompt",
    "duration": "seconds",
    "resolution": "resolution",
    "aspect_ratio": "aspect_ratio",
    "size": "size",
    "picture": "input_reference",
}
"""The names of Sora's inputs, where a wire says nothing else."""

_LIST_BYTES_MAX = 16 << 20
_PREDICTION_BYTES_MAX = 4 << 20
"""Its logs come with it."""


class ReplicatePredictions:
    """An account at Replicate. Made inside the running loop.

    A wire's `echo_field` is an input of the model that changes nothing; it carries the attempt's key as a
    string.

    Args:
        name: the provider's name in the catalogue.
        api_token: sent as a bearer token, to the API's origin alone.
        wires: how each offer at this provider is asked for.
        now: the clock.
        base_url: up to and with `/v1`.
        cancel_after_s: Replicate stops a prediction that is not done so long after it was made (not charged
            if it had not begun, charged if it had); None leaves that to Replicate (30 minutes).
        webhook_url: the HTTPS address that Replicate shall call when an attempt's prediction has ended. It
            has the attempt's key in it, so that the call itself finds a lost submission.
        file_hosts: from which finished files may be fetched, with their subdomains.
        timeouts: how long each thing may take.
        absent_after: how old a submission must be before its absence from the list proves anything.
    """

    can_cancel = True

    def __init__(
        self,
        name: str,
        *,
        api_token: str,
        wires: Mapping[OfferId, Wire],
        now: Callable[[], datetime],
        base_url: str = BASE_URL,
        cancel_after_s: int | None = None,
        webhook_url: Callable[[Attempt], str] | None = None,
        file_hosts: Collection[str] = FILE_HOSTS,
        timeouts: http.Timeouts | None = None,
        absent_after: timedelta = timedelta(hours=1),
    ) -> None:
        if cancel_after_s is not None and cancel_after_s < CANCEL_AFTER_S_MIN:
            raise SettingsError(f"{name} stops predictions after {CANCEL_AFTER_S_MIN} s at the soonest")
        self.name = name
        self.cancel_after_s = cancel_after_s
        self._base = checked_base(name, base_url)
        self._wires = wires
        self._now = now
        self._webhook_url = webhook_url
        self._timeouts = timeouts or http.Timeouts()
        self._absent_after = absent_after
        key = {"Authorization": f"Bearer {api_token}"}
        self._headers = {"Accept": "application/json", **key}
        self._deadline = {} if cancel_after_s is None else {"Cancel-After": f"{cancel_after_s}s"}
        self._session = http.pooled_session(self._timeouts)
        self._lines = Lines(self._headers, timeouts=self._timeouts)
        session, times = self._session, self._timeouts
        self._downloads = Downloads(
            PROTOCOL, session, api=self._base, headers=key, hosts=file_hosts, now=now, timeouts=times
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
        words = worded(job.order, wire, USUAL)
        if isinstance(words, Fault):
            return Refused(words)
        fields = dict(words.fields)
        if wire.echo_field is not None:
            fields[wire.echo_field] = attempt.key
        if job.order.source is None:
            return await self._order(wire, fields, words, attempt)
        uploaded = await self._upload(job.order.source)
        if not isinstance(uploaded, answers.Uploaded):
            return uploaded
        fields[words.source_field] = uploaded.url
        submission = await self._order(wire, fields, words, attempt)
        if isinstance(submission, Taken):
            urls = {UPLOAD: str(self._at("files", uploaded.id))}
            return Taken(replace(submission.ticket, urls=urls))
        return submission

    async def _order(
        self, wire: Wire, fields: Mapping[str, object], words: Worded, attempt: Attempt
    ) -> Submission:
        """The one POST that costs money."""
        payload: dict[str, object] = {"input": fields}
        model, _, version = wire.endpoint.partition(":")
        if version:
            payload["version"] = version
        url = self._base / ("predictions" if version else f"models/{model}/predictions")
        if self._webhook_url is not None:
            payload |= {"webhook": self._webhook_url(attempt), "webhook_events_filter": ["completed"]}
        sent = await http.post_once(
            url, headers=self._headers | self._deadline, payload=payload, timeouts=self._timeouts
        )
        return proved(sent, lambda answered: answers.said(answered, words.about), now=self._now())

    async def _upload(self, source: Source) -> answers.Uploaded | NotTaken | Refused:
        """Give Replicate the source. Nothing has been ordered yet, so nothing of this can be uncertain."""
        file = await opened(source)
        if isinstance(file, Fault):
            return Refused(file)
        with file:
            form = aiohttp.FormData()
            form.add_field("content", file, filename=file_name(source), content_type=source.media_type)
            sent = await http.post_once(
                self._base / "files", headers=self._headers, payload=form, timeouts=self._timeouts
            )
        return answers.uploaded(sent, now=self._now())

    # Looking for a lost submission

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        """See `Provider`: there are no keys here."""
        del job, attempt
        return False

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """By what the list of predictions gives back of what we sent, else not at all.

        Documented is `input`, for an hour; the webhook's address is in the types of Replicate's own
        JavaScript client. The same prompt at about the same time proves nothing.
        """
        del job  # its key is the attempt's
        wire = self._wires.get(attempt.offer_id)
        echo_field = wire.echo_field if wire else None
        webhook = self._webhook_url(attempt) if self._webhook_url else None
        if echo_field is None and webhook is None:
            return CannotTell("nothing is given back by which a lost submission can be known")
        echo = answers.Echo(key=attempt.key, webhook=webhook, input_field=echo_field)
        return await look_through(
            newest_first(self._pages(echo), PROTOCOL),
            attempt,
            now=self._now(),
            absent_after=self._absent_after,
        )

    async def _pages(self, echo: answers.Echo) -> AsyncGenerator[Sequence[Listed]]:
        """The account's predictions, the newest first."""
        url = self._base / "predictions"
        for _page in range(PAGES_MAX):
            answered = await self._get(url, bytes_max=_LIST_BYTES_MAX)
            expect_ok(answered, PROTOCOL, now=self._now())
            jobs, cursor = answers.listed(answered, echo)
            yield jobs
            if not cursor or not jobs:
                return
            url = url.with_query(cursor=cursor)
        raise UnreadableAnswer(PROTOCOL, f"the list has more than {PAGES_MAX} pages")

    # Following a job

    async def ask(self, ticket: Ticket) -> Answer:
        answered = await self._ask(ticket)
        return Vanished(answered.text) if is_gone(answered, PROTOCOL) else self._standing(answered, ticket)

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        answered = await self._ask(ticket)
        if is_gone(answered, PROTOCOL):
            raise AssetGone(answered.text)
        self._standing(answered, ticket)
        return await self._downloads.fetch(answers.output(answered), into, bytes_max=bytes_max)

    def _standing(self, answered: http.Answered, ticket: Ticket) -> Answer:
        expect_ok(answered, PROTOCOL, now=self._now())
        return answers.standing(answered, ticket, now=self._now())

    # Ending a job

    async def cancel(self, ticket: Ticket) -> None:
        answered = await http.call(
            self._session, "POST", self._prediction(ticket) / "cancel", headers=self._headers
        )
        if answered.status not in {400, 404, 409, 410, 422}:  # too late; `ask` says what became of it
            expect_ok(answered, PROTOCOL, now=self._now())

    async def delete(self, ticket: Ticket) -> None:
        """Remove the picture that we uploaded. The clip goes by itself, an hour after it was made."""
        if (address := ticket.urls.get(UPLOAD)) is None:
            return
        url = URL(address, encoded=True)
        answered = await http.call(self._session, "DELETE", url, headers=self._headers)
        if answered.status not in {404, 410}:
            expect_ok(answered, PROTOCOL, now=self._now())

    # Webhooks

    async def verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of the prediction that a webhook is about. It is to be asked about; no more is believed.

        Raises:
            WebhookRefused: not Replicate's, not of these five minutes, or about no prediction.
            ProviderUnavailable: its secret could not be asked for; the webhook may be sent again.
        """
        await self._signatures.verify(headers, body)
        return answers.prediction_id(body)

    async def received(
        self, attempt_key: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Ticket:
        """The ticket of the attempt to whose address a webhook came: how a lost submission is found.

        Only predictions of this account are signed with its secret, and only we name our addresses. But
        the signature does not cover the address: a ticket that another job has already is a replay.

        Raises:
            WebhookRefused, ProviderUnavailable, UnreadableAnswer: as `verify`.
        """
        del attempt_key, query  # nothing in the body repeats them
        return Ticket(provider_job_id=await self.verify(headers, body))

    async def _ask_secret(self) -> str:
        answered = await self._get(self._base / "webhooks" / "default" / "secret")
        expect_ok(answered, PROTOCOL, now=self._now())
        return answers.secret(answered)

    # Reading

    async def endpoint(self, name: str) -> Endpoint:
        """Whether Replicate has a model (`owner/name`), or this version of it (`owner/name:version`).

        Raises:
            ProviderUnavailable, UnreadableAnswer: no answer of the API's.
        """
        model, _, version = name.partition(":")
        url = self._base.joinpath("models", *model.split("/"), *(["versions", version] if version else []))
        answered = await self._get(url, bytes_max=_PREDICTION_BYTES_MAX)
        if is_gone(answered, PROTOCOL):
            return Endpoint(exists=False)
        expect_ok(answered, PROTOCOL, now=self._now())
        if not isinstance(answered.body, dict):
            raise UnreadableAnswer(PROTOCOL, f"no model: {answered.text}")
        return Endpoint(exists=True)

    async def _ask(self, ticket: Ticket) -> http.Answered:
        return await self._get(self._prediction(ticket), bytes_max=_PREDICTION_BYTES_MAX)

    async def _get(self, url: URL, *, bytes_max: int = http.JSON_BYTES_MAX) -> http.Answered:
        return await self._lines.get(str(url), bytes_max=bytes_max)

    def _prediction(self, ticket: Ticket) -> URL:
        return self._at("predictions", ticket.provider_job_id)

    def _at(self, kind: str, its_id: str) -> URL:
        return self._base.joinpath(kind, quote(its_id, safe=""), encoded=True)
