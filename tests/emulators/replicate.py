"""An emulated Replicate: its HTTP API, its file host on another port, its webhooks, books of its own.

In a test:

    async with ReplicateEmulator(now=clock) as emulator:
        emulator.faults.next("create", faults.LOST_ANSWER)
        provider = ReplicatePredictions("emulator", base_url=emulator.url, file_hosts={"127.0.0.1"}, ...)

Routes by name, for faults: `create`, `create_version`, `list`, `ask`, `cancel`, `upload`, `file`,
`delete_file`, `secret`, and `delivery` for the files. The shapes are those of Replicate's OpenAPI
description (1.0.0-a1); `name` and `etag` of a file are what `replicate` 1.0.7 demands besides.
"""

import asyncio
import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.emulators.clips import clip
from tests.emulators.faults import Faults
from tests.emulators.replicate_parts import Uploads, Webhooks, invalid, iso, problem
from tests.emulators.site import Site, read

KEPT_FOR = timedelta(hours=1)
PAGE = 100
FLAGGED = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
MODELS: Mapping[str, Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "openai/sora-2": {"": {"portrait": (720, 1280), "landscape": (1280, 720)}},
    "openai/sora-2-pro": {
        "standard": {"portrait": (720, 1280), "landscape": (1280, 720)},
        "high": {"portrait": (1024, 1792), "landscape": (1792, 1024)},
    },
}
"""Size by resolution and aspect ratio; `""` is that of a model which cannot be told one."""

PRICES_MICROS = {"": 100_000, "standard": 300_000, "high": 500_000}

_LASTS = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_ENDED = ("succeeded", "failed", "canceled", "aborted")


@dataclass(slots=True, kw_only=True)
class EmulatedPrediction:
    """One prediction in the books. `billed_micros` is what it cost in the end, whoever knows of it."""

    id: str
    model: str
    version: str
    input: dict[str, object]
    size: tuple[int, int]
    seconds: int
    created_at: datetime
    billed_micros: int
    webhook: str | None = None
    events: list[str] = field(default_factory=list)
    deadline: datetime | None = None
    status: str = "starting"
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error: str | None = None
    asks: int = 0
    forgotten: bool = False


class ReplicateEmulator:
    """The servers and their books.

    Args:
        now: the clock.
        asks_to_finish: with which status question a prediction is done; None leaves that to the test.
        api_token: what the bearer token must be; None takes any.
        echoes_webhook: whether predictions come with their webhook's address, as the JavaScript client's
            types say and the OpenAPI description does not.
        extra_inputs: inputs that the models take besides Sora's.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        asks_to_finish: int | None = 2,
        api_token: str | None = None,
        echoes_webhook: bool = False,
        extra_inputs: frozenset[str] = frozenset(),
    ) -> None:
        self.faults = Faults()
        self.predictions: dict[str, EmulatedPrediction] = {}
        self.asks_to_finish = asks_to_finish
        self.credit_micros: int | None = None
        self.gone_models: set[str] = set()
        self.blocked_words: set[str] = set()
        self.output_is_list = False
        self.webhooks = Webhooks(now)
        self.uploads = Uploads(now, lambda: self.url, self._wrong_token)
        self._now = now
        self._api_token = api_token
        self._echoes_webhook = echoes_webhook
        self._extra_inputs = extra_inputs
        api = [
            web.post("/v1/models/{owner}/{name}/predictions", self._create_official, name="create"),
            web.post("/v1/predictions", self._create_version, name="create_version"),
            web.get("/v1/predictions", self._list, name="list"),
            web.get("/v1/predictions/{id}", self._ask, name="ask"),
            web.post("/v1/predictions/{id}/cancel", self._cancel, name="cancel"),
            web.get("/v1/models/{owner}/{name}", self._model, name="model"),
            web.get("/v1/models/{owner}/{name}/versions/{version}", self._model, name="version"),
            *self.uploads.routes(),
            web.get("/v1/webhooks/default/secret", self._secret, name="secret"),
        ]
        self.api = Site(api, self.faults)
        self.delivery = Site([web.get("/xezq/{id}/out.mp4", self._deliver, name="delivery")], self.faults)

    # What a test asks and does

    @property
    def url(self) -> str:
        return f"{self.api.url}/v1"

    @property
    def billed_micros(self) -> int:
        return sum(one.billed_micros for one in self.predictions.values())

    def begin(self, prediction_id: str) -> None:
        """The model is at work."""
        one = self.predictions[prediction_id]
        one.status, one.started_at = "processing", self._now()

    def finish(self, prediction_id: str) -> None:
        """The clip is ready."""
        self._end(self.predictions[prediction_id], "succeeded")

    def fail(self, prediction_id: str, error: str = "Prediction failed. (E1000)") -> None:
        """It ends without a clip, and without cost."""
        one = self.predictions[prediction_id]
        one.error = error
        self._end(one, "failed")

    def forget(self, prediction_id: str) -> None:
        """From now on nobody here knows of this prediction but the books."""
        self.predictions[prediction_id].forgotten = True

    def call_again(self, prediction_id: str) -> None:
        """Send its webhook once more, as happens when the first was not answered in time."""
        one = self.predictions[prediction_id]
        if one.webhook is not None:
            self.webhooks.call(one.webhook, self._resource(one), message_id=f"msg_{one.id}")

    # Life

    async def __aenter__(self) -> Self:
        await self.api.start()
        await self.delivery.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.webhooks.stop()
        await self.api.stop()
        await self.delivery.stop()

    # The wire: predictions

    async def _model(self, request: web.Request) -> web.Response:
        """A model by its name, or one of its versions."""
        if (refusal := self._wrong_token(request)) is not None:
            return refusal
        owner, name = request.match_info["owner"], request.match_info["name"]
        version = request.match_info.get("version", "")
        full = f"{owner}/{name}:{version}" if version else f"{owner}/{name}"
        if f"{owner}/{name}" not in MODELS or full in self.gone_models:
            return problem(404, "Not found", "The requested resource could not be found.")
        if version:
            made_at = "2025-10-06T00:00:00Z"
            return web.json_response(
                {"id": version, "created_at": made_at, "cog_version": "0.16", "openapi_schema": {}}
            )
        return web.json_response(
            {
                "url": f"https://replicate.com/{full}",
                "owner": owner,
                "name": name,
                "description": None,
                "visibility": "public",
                "github_url": None,
                "paper_url": None,
                "license_url": None,
                "run_count": 1,
                "cover_image_url": None,
                "default_example": None,
                "latest_version": None,
            }
        )

    async def _create_official(self, request: web.Request) -> web.Response:
        model = f"{request.match_info['owner']}/{request.match_info['name']}"
        return await self._create(request, model, "hidden")

    async def _create_version(self, request: web.Request) -> web.Response:
        asked = json.loads(await read(request))
        return await self._create(request, "openai/sora-2", str(asked.get("version")))

    async def _create(self, request: web.Request, model: str, version: str) -> web.Response:
        if (refusal := self._wrong_token(request)) is not None:
            return refusal
        try:
            asked = json.loads(await read(request))
        except ValueError:
            return problem(400, "Bad request", "The request body is no JSON.")
        if model not in MODELS or model in self.gone_models:
            return problem(404, "Not found", "The requested resource could not be found.")
        if unknown := sorted(asked.keys() - {"input", "webhook", "webhook_events_filter", "version"}):
            return invalid(unknown[0], "additional_property_not_allowed", "is not allowed")
        lasts = _seconds(request.headers.get("Cancel-After"))
        if lasts == 0:
            return problem(400, "Bad request", "Invalid Cancel-After header.")
        given = asked["input"]
        if (refusal := self._wrong_input(model, given)) is not None:
            return refusal
        resolution = str(given.get("resolution", "standard" if "pro" in model else ""))
        seconds = int(given.get("seconds", 4))
        cost = PRICES_MICROS[resolution] * seconds
        if self.credit_micros is not None and self.billed_micros + cost > self.credit_micros:
            detail = "You have insufficient credit to run this model."
            return problem(402, "Insufficient credit", detail)
        now = self._now()
        one = EmulatedPrediction(
            id=f"{len(self.predictions) + 1:026d}",
            model=model,
            version=version,
            input=given,
            size=MODELS[model][resolution][str(given.get("aspect_ratio", "portrait"))],
            seconds=seconds,
            created_at=now,
            billed_micros=cost,
            webhook=asked.get("webhook"),
            events=asked.get("webhook_events_filter", []),
            deadline=now + timedelta(seconds=lasts) if lasts else None,
        )
        self.predictions[one.id] = one
        return web.json_response(self._resource(one), status=201)

    def _wrong_input(self, model: str, given: dict[str, object]) -> web.Response | None:
        resolutions = set(MODELS[model]) - {""}
        allowed: dict[str, Callable[[object], bool]] = {
            "prompt": lambda said: isinstance(said, str) and said != "",
            "seconds": lambda said: type(said) is int and said in (4, 8, 12),
            "aspect_ratio": lambda said: said in ("portrait", "landscape"),
            "input_reference": lambda said: isinstance(said, str) and said.startswith(("http", "data:")),
            "openai_api_key": lambda said: isinstance(said, str),
        }
        if resolutions:
            allowed["resolution"] = lambda said: said in resolutions
        if "prompt" not in given:
            return invalid("input", "required", "prompt is required")
        for name, said in given.items():
            if name not in allowed and name not in self._extra_inputs:
                return invalid("input", "additional_property_not_allowed", f"{name} is not allowed")
            if name in allowed and not allowed[name](said):
                return invalid(f"input.{name}", "enum", f"{said!r} is not allowed")
        return None

    async def _list(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_token(request)) is not None:
            return refusal
        known = [one for one in reversed(self.predictions.values()) if not one.forgotten]
        start = int(base64.b64decode(request.query["cursor"])) if "cursor" in request.query else 0
        after = base64.b64encode(str(start + PAGE).encode()).decode()
        more = start + PAGE < len(known)
        return web.json_response(
            {
                "next": f"{self.url}/predictions?cursor={after}" if more else None,
                "previous": None,
                "results": [self._resource(one) for one in known[start : start + PAGE]],
            }
        )

    async def _ask(self, request: web.Request) -> web.Response:
        one = self._known(request)
        if isinstance(one, web.Response):
            return one
        one.asks += 1
        if one.status not in _ENDED:
            self._move_on(one)
        return web.json_response(self._resource(one))

    def _move_on(self, one: EmulatedPrediction) -> None:
        if one.deadline is not None and self._now() >= one.deadline:
            self._end(one, "aborted" if one.started_at is None else "canceled")
        elif self.asks_to_finish is None:
            pass
        elif one.asks < self.asks_to_finish:
            self.begin(one.id)
        elif any(word in str(one.input["prompt"]) for word in self.blocked_words):
            self.fail(one.id, FLAGGED)
        else:
            self.finish(one.id)

    async def _cancel(self, request: web.Request) -> web.Response:
        one = self._known(request)
        if isinstance(one, web.Response):
            return one
        if one.status not in _ENDED:
            self._end(one, "canceled")
        return web.json_response(self._resource(one))

    def _end(self, one: EmulatedPrediction, status: str) -> None:
        if status in ("failed", "aborted") or (status == "canceled" and one.started_at is None):
            one.billed_micros = 0
        one.status, one.completed_at = status, self._now()
        if not one.events or "completed" in one.events:
            self.call_again(one.id)

    def _resource(self, one: EmulatedPrediction) -> dict[str, object]:
        removed = one.completed_at is not None and self._now() - one.completed_at >= KEPT_FOR
        address = f"{self.delivery.url}/xezq/{one.id}/out.mp4"
        output: object = [address] if self.output_is_list else address
        resource = {
            "id": one.id,
            "model": one.model,
            "version": one.version,
            "input": {} if removed else one.input,
            "logs": "",
            "output": output if one.status == "succeeded" and not removed else None,
            "data_removed": removed,
            "error": one.error,
            "source": "api",
            "status": one.status,
            "created_at": iso(one.created_at),
            "started_at": iso(one.started_at),
            "completed_at": iso(one.completed_at),
            "deadline": iso(one.deadline),
            "metrics": {"total_time": 1.5} if one.status in _ENDED else {},
            "urls": {
                "get": f"{self.url}/predictions/{one.id}",
                "cancel": f"{self.url}/predictions/{one.id}/cancel",
                "web": f"https://replicate.com/p/{one.id}",
            },
        }
        if self._echoes_webhook and one.webhook is not None:
            resource |= {"webhook": one.webhook, "webhook_events_filter": one.events}
        return resource

    async def _deliver(self, request: web.Request) -> web.Response:
        one = self.predictions.get(request.match_info["id"])
        if one is None or one.completed_at is None or self._now() - one.completed_at >= KEPT_FOR:
            return web.Response(status=404, text="Not Found")
        body = await asyncio.to_thread(clip, *one.size, one.seconds)
        return web.Response(body=body, content_type="video/mp4")

    async def _secret(self, request: web.Request) -> web.Response:
        return self._wrong_token(request) or web.json_response({"key": self.webhooks.secret})

    # Who asks

    def _known(self, request: web.Request) -> EmulatedPrediction | web.Response:
        if (refusal := self._wrong_token(request)) is not None:
            return refusal
        one = self.predictions.get(request.match_info["id"])
        if one is None or one.forgotten:
            return problem(404, "Not found", "The requested resource could not be found.")
        return one

    def _wrong_token(self, request: web.Request) -> web.Response | None:
        said = request.headers.get("Authorization")
        if self._api_token is None or said == f"Bearer {self._api_token}":
            return None
        return problem(401, "Unauthenticated", "You did not pass a valid authentication token")


def _seconds(said: str | None) -> int | None:
    """How long `Cancel-After` says: None where it is not there, 0 where it is wrong or under five seconds."""
    if said is None:
        return None
    match = _LASTS.fullmatch(said)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + seconds
    return total if total >= 5 else 0
