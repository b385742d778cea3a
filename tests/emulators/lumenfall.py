"""An emulated Lumenfall: its two APIs, its media host on another port, its webhooks, books of its own.

In a test:

    async with LumenfallEmulator(now=clock) as emulator:
        emulator.faults.next("create", faults.LOST_ANSWER)
        provider = LumenfallVideos(
            "emulator", base_url=emulator.url, account_url=emulator.account_url, file_hosts={"127.0.0.1"}, ...
        )

Routes by name, for faults: `create`, `ask`, `cancel`, `purge`, `secret`, and `media` for the files. The
shapes are those of docs.lumenfall.ai and of its command line (agent-skill @80efd74). A webhook's address
must be one that Lumenfall takes; `resolves` says where here such a one is.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.emulators.clips import clip
from tests.emulators.faults import Faults
from tests.emulators.lumenfall_parts import (
    MODELS,
    NAMES,
    EmulatedVideo,
    asked_in,
    dollars,
    error,
    estimate,
    wrong_with,
)
from tests.emulators.replicate_parts import Webhooks
from tests.emulators.site import Site

KEPT_FOR = timedelta(hours=1)
FLAGGED = "Content flagged by the provider's moderation: violence"
_RUNNING = ("queued", "in_progress")


class LumenfallEmulator:
    """The servers and their books.

    Args:
        now: the clock.
        asks_to_finish: with which status question a job is done; None leaves that to the test.
        api_key: what the bearer token must be; None takes any.
        cancelled_as: the status in which a cancelled job is seen, which is in no document; `failed` goes
            with a code that says so.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        asks_to_finish: int | None = 2,
        api_key: str | None = None,
        cancelled_as: str = "cancelled",
    ) -> None:
        self.faults = Faults()
        self.videos: dict[str, EmulatedVideo] = {}
        self.dry_runs = 0
        self.asks_to_finish = asks_to_finish
        self.credit_micros: int | None = None
        self.gone_models: set[str] = set()
        self.blocked_words: set[str] = set()
        self.failing_providers: dict[str, dict[str, object]] = {}
        self.fails_at_once = False
        self.heeds_dry_runs = True
        self.currency = "USD"
        self.resolves: dict[str, str] = {}
        self.webhooks = Webhooks(now)
        self._now = now
        self._api_key = api_key
        self._cancelled_as = cancelled_as
        api = [
            web.post("/openai/v1/videos", self._create, name="create"),
            web.get("/openai/v1/videos/{id}", self._ask, name="ask"),
            web.delete("/openai/v1/videos/{id}", self._cancel, name="cancel"),
            web.get("/openai/v1/models", self._models, name="models"),
            web.delete("/v1/requests/{id}/payloads", self._purge, name="purge"),
            web.get("/v1/webhooks/secret", self._secret, name="secret"),
        ]
        self.api = Site(api, self.faults)
        self.media = Site([web.get("/{id}.mp4", self._file, name="media")], self.faults)

    # What a test asks and does

    @property
    def url(self) -> str:
        return f"{self.api.url}/openai/v1"

    @property
    def account_url(self) -> str:
        return f"{self.api.url}/v1"

    @property
    def billed_micros(self) -> int:
        return sum(one.billed_micros for one in self.videos.values())

    def begin(self, video_id: str) -> None:
        """A provider is at work."""
        self.videos[video_id].status = "in_progress"

    def finish(self, video_id: str) -> None:
        """The clip is ready, unless everybody who was tried fails."""
        one = self.videos[video_id]
        tried = self._tried(one.asked.providers)
        one.attempts = tried
        if len(tried) == len(one.asked.providers):
            self.fail(video_id, "ALL_PROVIDERS_EXHAUSTED", "All providers failed")
            return
        one.completed_at = int(self._now().timestamp())
        one.expires_at = one.completed_at + int(KEPT_FOR.total_seconds())
        self._end(one, "completed")

    def fail(self, video_id: str, code: str, message: str = "It failed.", *, billed_micros: int = 0) -> None:
        """It ends without a clip, and with what it cost until then."""
        one = self.videos[video_id]
        one.error, one.billed_micros = {"code": code, "message": message}, billed_micros
        self._end(one, "failed")

    def forget(self, video_id: str) -> None:
        """From now on nobody here knows of this job but the books."""
        self.videos[video_id].forgotten = True

    def call_again(self, video_id: str) -> None:
        """Send its webhook, as happens once more when the first was not answered well."""
        one = self.videos[video_id]
        address = str(one.asked.fields.get("webhook_url", ""))
        for there, here in self.resolves.items():
            if address.startswith(there):
                event = {"completed": "completed", "failed": "failed"}.get(one.status, "cancelled")
                data = {
                    "object": "video.generation",
                    "id": one.id,
                    "model": one.asked.fields["model"],
                    "status": event,
                    "output": self._output(one),
                }
                body = {"type": f"video.{event}", "data": data}
                self.webhooks.call(here + address.removeprefix(there), body, message_id=f"msg_{one.id}")

    # Life

    async def __aenter__(self) -> Self:
        await self.api.start()
        await self.media.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.webhooks.stop()
        await self.api.stop()
        await self.media.stop()

    # The wire

    async def _models(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        slugs = [slug for slug in MODELS if slug not in self.gone_models]
        rows = [{"id": slug, "object": "model", "created": 1, "owned_by": "lumenfall"} for slug in slugs]
        return web.json_response({"object": "list", "data": rows})

    async def _create(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        asked = await asked_in(request)
        if asked is None:
            return error(400, "INVALID_REQUEST", "Malformed request body")
        if (refusal := wrong_with(asked, gone=self.gone_models)) is not None:
            return refusal
        if request.query.get("dryRun") == "true" and self.heeds_dry_runs:
            self.dry_runs += 1
            return estimate(asked)
        key = asked.fields.get("idempotency_key")
        known = [one for one in self.videos.values() if key is not None and one.key == key]
        if known:
            return web.json_response(self._resource(known[0]))
        if self.credit_micros is not None and self.billed_micros + asked.cost_micros > self.credit_micros:
            return error(402, "INSUFFICIENT_BALANCE", "Insufficient balance: $1.20 required, $0.02 available")
        if any(word in str(asked.fields["prompt"]) for word in self.blocked_words):
            return error(400, "CONTENT_POLICY_VIOLATION", FLAGGED)
        if self.fails_at_once and len(tried := self._tried(asked.providers)) == len(asked.providers):
            text = str(tried[-1].get("message", "All providers failed"))
            return error(502, "ALL_PROVIDERS_EXHAUSTED", text, metadata={"attempts": tried})
        one = EmulatedVideo(
            id=f"req_{len(self.videos) + 1:027d}",
            asked=asked,
            created_at=int(self._now().timestamp()),
            billed_micros=asked.cost_micros,
        )
        self.videos[one.id] = one
        return web.json_response(self._resource(one), status=202)

    def _tried(self, providers: tuple[str, ...]) -> list[dict[str, object]]:
        """The attempts that fail, up to the first provider that does not."""
        tried: list[dict[str, object]] = []
        for name in providers:
            if name not in self.failing_providers:
                break
            tried.append({"provider": name, "status": "failed", **self.failing_providers[name]})
        return tried

    async def _ask(self, request: web.Request) -> web.Response:
        one = self._known(request)
        if isinstance(one, web.Response):
            return one
        one.asks += 1
        if self.asks_to_finish is not None and one.status in _RUNNING:
            if one.asks < self.asks_to_finish:
                self.begin(one.id)
            else:
                self.finish(one.id)
        return web.json_response(self._resource(one))

    async def _cancel(self, request: web.Request) -> web.Response:
        one = self._known(request)
        if isinstance(one, web.Response):
            return one
        if one.status not in _RUNNING:
            return error(400, "INVALID_REQUEST", f"The video is {one.status}.")
        one.billed_micros = 0
        if self._cancelled_as == "failed":
            one.error = {"code": "REQUEST_CANCELLED", "message": "It was cancelled."}
        self._end(one, self._cancelled_as)
        return web.Response(status=204)

    async def _purge(self, request: web.Request) -> web.Response:
        one = self._known(request)
        if isinstance(one, web.Response):
            return one
        already, one.purged = one.purged, True
        answer = {
            "id": one.id,
            "purged": True,
            "already_purged": already,
            "media_deleted": 0 if already else 1,
        }
        return web.json_response(answer)

    async def _secret(self, request: web.Request) -> web.Response:
        return self._wrong_key(request) or web.json_response({"key": self.webhooks.secret})

    async def _file(self, request: web.Request) -> web.Response:
        one = self.videos.get(request.match_info["id"])
        if one is None or one.purged or one.expires_at is None or one.expires_at <= self._now().timestamp():
            return web.Response(status=404, text="Not Found")
        body = await asyncio.to_thread(clip, *one.asked.size, one.asked.seconds)
        return web.Response(body=body, content_type="video/mp4")

    def _end(self, one: EmulatedVideo, status: str) -> None:
        one.status = status
        self.call_again(one.id)

    def _resource(self, one: EmulatedVideo) -> dict[str, object]:
        fields = one.asked.fields
        return {
            "id": one.id,
            "object": "video",
            "created_at": one.created_at,
            "completed_at": one.completed_at,
            "expires_at": one.expires_at,
            "status": one.status,
            "model": fields["model"],
            "prompt": fields["prompt"],
            "seconds": str(one.asked.seconds),
            "size": fields.get("size", "{}x{}".format(*one.asked.size)),
            "output": self._output(one),
            "error": one.error,
            "metadata": self._metadata(one),
        }

    def _output(self, one: EmulatedVideo) -> dict[str, object] | None:
        if one.status != "completed":
            return None
        return {"url": f"{self.media.url}/{one.id}.mp4", "content_type": "video/mp4"}

    def _metadata(self, one: EmulatedVideo) -> dict[str, object]:
        cost = "cost_estimate" if one.status in _RUNNING else "cost"
        slug = str(one.asked.fields["model"])
        return {
            "model": slug,
            "executed_model": f"{one.provider}/{slug.rpartition('/')[2]}",
            "provider": one.provider,
            "provider_name": NAMES[one.provider],
            cost: dollars(one.billed_micros),
            "cost_currency": self.currency,
            "attempts": one.attempts,
        }

    # Who asks

    def _known(self, request: web.Request) -> EmulatedVideo | web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        one = self.videos.get(request.match_info["id"])
        if one is None or one.forgotten:
            return error(404, "NOT_FOUND", "Video not found")
        return one

    def _wrong_key(self, request: web.Request) -> web.Response | None:
        said = request.headers.get("Authorization")
        if self._api_key is None or said == f"Bearer {self._api_key}":
            return None
        return error(401, "AUTHENTICATION_FAILED", "Invalid API key")
