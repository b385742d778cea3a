"""The `openai` protocol: `/videos` of OpenAI, and of the gateways, engines and studio that serve its shape.

The wire is that of openai/openai-openapi @f85dbe2 (2026-08-21), all `/videos` paths. Servers of this shape
differ in what they add; what an offer's server takes is said by its `Wire`. Which call an order is, is said
in openai_words.py; what the answers mean, in openai_answers.py.

Read in their own source, and heeded (no more is claimed of any such server):
- LiteLLM's proxy 1.109.1 (`proxy/video_endpoints`, `types/videos`): its ids are Base64 of provider, model and
  the job's own id, and one job's id may be written anew in a later answer; Gemini's and others' jobs are
  `processing`; `progress` and `size` may be null; it has no call that deletes.
- vLLM-Omni 0.30.0 (`entrypoints/openai/api_server.py`): it reads forms alone; the question about a failed job
  is answered with an error's status and the job as the body; `DELETE` stops a running job, which is then
  unknown; it takes no key, and its list gives nothing back of what was sent.
- SGLang 0.5.23 (`multimodal_gen/runtime/entrypoints/openai/video_api.py`): `seconds` is a whole number, which
  it also reads from a string, and comes back as a string of what will really be made, as `size` does; a
  failed job's error has a message and no code; `DELETE` forgets a job and stops nothing, so its offers say
  that they cannot be cancelled; with cloud storage it names an address, and sends no bytes.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from yarl import URL

from bot.domain import NOTHING_MICROS, Attempt, Fault, Job, Kind, OfferId, Source, Ticket
from bot.errors import AssetGone, UnreadableAnswer
from bot.providers import http
from bot.providers import openai_answers as answers
from bot.providers.base_urls import checked_base
from bot.providers.downloads import Downloads
from bot.providers.endpoints import Endpoint, model_list, models_in
from bot.providers.forms import form_of, form_with_file
from bot.providers.lines import Lines
from bot.providers.listing import PAGES_MAX, Listed, look_through, newest_first
from bot.providers.openai_answers import PROTOCOL
from bot.providers.openai_words import called
from bot.providers.outcomes import expect_ok, no_offer
from bot.providers.protocol import (
    Answer,
    CannotTell,
    Fetched,
    Refused,
    Rendering,
    Search,
    Submission,
    Vanished,
    Waiting,
    Wire,
)
from bot.providers.repetition import repeated
from bot.providers.sources import opened
from bot.providers.standard_webhooks import WebhookRefused, verify, video_id
from bot.providers.tickets import CHARACTER
from bot.providers.webhook_secret import key_of

_LIST_PAGE = 20
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
        lists_all_models: whether what is missing in its list of models is gone. A server of one's own need
            not list what it serves.
        bills_failures: whether a job that failed or was stopped may be billed, which no document of
            OpenAI's says; nobody bills the studio's.
        deletes_characters: whether there is a call that removes a character: the studio has one, OpenAI
            none.
        sends_forms: whether every order is a form, for a server that reads no JSON (vLLM-Omni's).
        webhook_secret: the `whsec_…` of the webhook endpoint that was made for `video.completed` and
            `video.failed` in the provider's own settings; None believes no webhook.
        file_hosts: from where finished files may come, with what is below each, where the server names an
            address in place of sending bytes (SGLang's with cloud storage); the key goes to none of them.
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
        lists_all_models: bool = False,
        bills_failures: bool = True,
        deletes_characters: bool = False,
        sends_forms: bool = False,
        webhook_secret: str | None = None,
        file_hosts: Collection[str] = (),
        timeouts: http.Timeouts | None = None,
        key_kept_for: timedelta = timedelta(hours=23),
        absent_after: timedelta = timedelta(hours=1),
    ) -> None:
        if webhook_secret is not None:
            key_of(webhook_secret)  # a wrong one is found out now, and not by the first webhook
        self.name = name
        self.can_cancel = can_cancel
        base = checked_base(name, base_url)
        self._videos, self._models = base / "videos", base / "models"
        self._lists_all_models = lists_all_models
        self._wires = wires
        self._deletes_characters = deletes_characters
        self._sends_forms = sends_forms
        self._has_file_hosts = bool(file_hosts)
        self._unmade_micros = None if bills_failures else NOTHING_MICROS
        self._webhook_secret = webhook_secret
        self._now = now
        self._timeouts = timeouts or http.Timeouts()
        self._key_kept_for = key_kept_for
        self._absent_after = absent_after
        key = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._headers = {"Accept": "application/json", **key}
        self._session = http.pooled_session(self._timeouts)
        self._lines = Lines(self._headers, timeouts=self._timeouts)
        self._downloads = Downloads(
            PROTOCOL,
            self._session,
            api=base,
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
        if job.order.kind is Kind.CHARACTER and job.order.source is not None:
            return await self.submit_character(attempt, name=job.order.prompt, clip=job.order.source)
        call = called(job.order, wire)
        if isinstance(call, Fault):
            return Refused(call)
        fields = dict(call.fields)
        if wire.key_field is not None:
            fields[wire.key_field] = attempt.key
        if wire.echo_field is not None:
            fields[wire.echo_field] = {answers.ECHO_KEY: attempt.key}
        source = job.order.source if call.file_field else None
        sent = await self._post(call.path, fields, call.file_field, source)
        if isinstance(sent, Fault):
            return Refused(sent)
        return answers.proved(sent, names_clip=call.names_clip, now=self._now())

    async def submit_character(self, attempt: Attempt, *, name: str, clip: Source) -> Submission:
        """Order a character from a clip (an MP4 of two to four seconds), of 1 to 80 letters' name.

        It is a job like any other, and made at once: `ask` says `Rendered`, whose `provider_id` is the
        character's, and there is no file. Neither key nor echo goes with it, so a lost one is not found.
        """
        if attempt.offer_id not in self._wires:
            return no_offer(attempt)
        sent = await self._post(("characters",), {"name": name}, "video", clip)
        if isinstance(sent, Fault):
            return Refused(sent)
        return answers.character_proved(sent, now=self._now())

    async def _post(
        self, path: Sequence[str], fields: Mapping[str, object], file_field: str, source: Source | None
    ) -> answers.Sent | Fault:
        """The one POST that costs money, or why our own disk does not have its file."""
        url = self._videos.joinpath(*path, encoded=True)
        if source is None:
            payload = form_of(fields) if self._sends_forms else fields
            return await http.post_once(url, headers=self._headers, payload=payload, timeouts=self._timeouts)
        file = await opened(source)
        if isinstance(file, Fault):
            return file
        with file:
            form = form_with_file(fields, file_field, source, file)
            return await http.post_once(url, headers=self._headers, payload=form, timeouts=self._timeouts)

    # Looking for a lost submission

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        """See `Provider`."""
        wire = self._wires.get(attempt.offer_id)
        if wire is None or wire.key_field is None or job.order.kind is Kind.CHARACTER:
            return False
        return self._now() - attempt.sent_at < self._key_kept_for

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """By the idempotency key where the server takes one, else by the echo in its list, else not at all.

        The same prompt, model, size and length at about the same time prove nothing: two members may order
        the same. So without a key and an echo the answer is always `CannotTell`.
        """
        wire = self._wires.get(attempt.offer_id)
        if wire is None:
            return CannotTell(f"{attempt.offer_id} is no longer in the catalogue")
        if job.order.kind is Kind.CHARACTER:
            return CannotTell("characters go without a key and stand in no list")
        if self.sends_again(job, attempt):
            return repeated(await self.submit(job, attempt))
        if wire.echo_field is not None:
            return await look_through(
                newest_first(self._pages(wire.echo_field), PROTOCOL),
                attempt,
                now=self._now(),
                absent_after=self._absent_after,
            )
        return CannotTell("this provider gives nothing back by which a lost submission can be known")

    async def _pages(self, echo_field: str) -> AsyncGenerator[Sequence[Listed]]:
        """The provider's jobs, the newest first."""
        query = {"limit": str(_LIST_PAGE), "order": "desc"}
        for _page in range(PAGES_MAX):
            answered = await http.call(
                self._session,
                "GET",
                self._videos.with_query(query),
                headers=self._headers,
                bytes_max=_LIST_BYTES_MAX,
            )
            expect_ok(answered, PROTOCOL, now=self._now())
            jobs, more = answers.listed(answered, echo_field)
            yield jobs
            if not more or not jobs:
                return
            query["after"] = jobs[-1].id
        raise UnreadableAnswer(PROTOCOL, f"the list has more than {PAGES_MAX} pages")

    # Following a job

    async def ask(self, ticket: Ticket) -> Answer:
        is_character = CHARACTER in ticket.urls
        kind = "characters/" if is_character else ""
        answered = await self._lines.get(f"{self._videos}/{kind}{quote(ticket.provider_job_id, safe='')}")
        unmade = self._unmade_micros
        if (failed := answers.failed_in(answered, ticket, unmade_micros=unmade)) is not None:
            return failed
        if answered.status in (404, 410):
            if isinstance(answered.body, dict):
                return Vanished(answered.text)
            # A proxy without its server says the same with a page of its own; no job is given up for that.
            raise UnreadableAnswer(PROTOCOL, f"{answered.status} that is not the API's: {answered.text}")
        expect_ok(answered, PROTOCOL, now=self._now())
        if is_character:
            return answers.character(answered, ticket)
        return answers.standing(answered, ticket, now=self._now(), unmade_micros=unmade)

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        if CHARACTER in ticket.urls:
            raise UnreadableAnswer(PROTOCOL, "a character has no file")
        address = await self._file_elsewhere(ticket) if self._has_file_hosts else None
        if address is None:
            address = str(self._video(ticket) / "content")
        return await self._downloads.fetch(address, into, bytes_max=bytes_max)

    async def _file_elsewhere(self, ticket: Ticket) -> str | None:
        """Where the job itself says that its file is; None where that is this server."""
        answered = await http.call(self._session, "GET", self._video(ticket), headers=self._headers)
        if answered.status in (404, 410) and isinstance(answered.body, dict):
            raise AssetGone(answered.text)
        expect_ok(answered, PROTOCOL, now=self._now())
        return answers.address(answered, ticket)

    # Ending a job

    async def cancel(self, ticket: Ticket) -> None:
        """`DELETE` where that stops a running job.

        It would remove a clip that has been rendered, and billed, in the meantime; so the job is asked first.
        """
        if self.can_cancel and isinstance(await self.ask(ticket), Waiting | Rendering):
            await self._delete(ticket, refusals={400, 405, 409})

    async def delete(self, ticket: Ticket) -> None:
        """Remove the clip, or the character where there is a call for that."""
        if CHARACTER not in ticket.urls or self._deletes_characters:
            await self._delete(ticket, refusals=set())

    async def _delete(self, ticket: Ticket, *, refusals: set[int]) -> None:
        url = self._video(ticket)
        if CHARACTER in ticket.urls:
            url = self._at("characters", ticket.provider_job_id)
        answered = await http.call(self._session, "DELETE", url, headers=self._headers)
        if answered.status not in {404, 410} | refusals:
            expect_ok(answered, PROTOCOL, now=self._now())

    # Webhooks

    async def verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of the job that a webhook is about. It is to be asked about; no more of it is believed.

        Raises:
            WebhookRefused: not signed with our secret, not of these five minutes, or about no video.
        """
        if self._webhook_secret is None:
            raise WebhookRefused(f"{self.name} has no webhook secret, so none of its webhooks is believed")
        verify(headers, body, secret=self._webhook_secret, now=self._now())
        return video_id(body, answers.EVENTS)

    # Reading

    async def endpoint(self, name: str) -> Endpoint:
        """How a model stands, by the server's list of them.

        Raises:
            ProviderUnavailable, UnreadableAnswer: there is no such list to be had.
        """
        answered = await model_list(self._session, self._models, self._headers)
        expect_ok(answered, PROTOCOL, now=self._now())
        models = models_in(answered, PROTOCOL)
        if name in models:
            return Endpoint(exists=True, retires_on=models[name])
        return Endpoint(exists=False if self._lists_all_models else None)

    def _video(self, ticket: Ticket) -> URL:
        return self._at(ticket.provider_job_id)

    def _at(self, *path: str) -> URL:
        return self._videos.joinpath(*(quote(segment, safe="") for segment in path), encoded=True)
