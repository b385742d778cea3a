"""An emulated Prodia: asynchronous jobs of its inference API v2, books of its own, faults on demand.

In a test:

    async with ProdiaEmulator(now=clock) as emulator:
        emulator.faults.next("create", faults.LOST_ANSWER)
        provider = ProdiaJobs("emulator", base_url=emulator.url, ...)

Routes by name, for faults: `create`, `state`, `job`, `outputs`, `output`. The shapes are those of
docs.prodia.com (reference: inference, async, price); the job types and their `config` those of its page on
Sora 2. A type that it does not have is answered with the 429 of no room, as its own SDK says.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from aiohttp import web

from tests.emulators.clips import clip
from tests.emulators.faults import Faults
from tests.emulators.site import Part, Site, parts_of, read

PRICES_MICROS: Mapping[str, Mapping[str, int]] = {
    "inference.sora-2.txt2vid.v1": {"": 100_000},
    "inference.sora-2.img2vid.v1": {"": 100_000},
    "inference.sora-2.pro.txt2vid.v1": {"720p": 300_000, "1080p": 500_000},
    "inference.sora-2.pro.img2vid.v1": {"720p": 300_000, "1080p": 500_000},
}
"""Of a second, by job type and resolution (`""` where it is fixed). Prodia's own prices are not known."""

SIZES = {
    ("", "16:9"): (1280, 720),
    ("", "9:16"): (720, 1280),
    ("720p", "16:9"): (1280, 720),
    ("720p", "9:16"): (720, 1280),
    ("1080p", "16:9"): (1920, 1080),
    ("1080p", "9:16"): (1080, 1920),
}


@dataclass(slots=True, kw_only=True)
class EmulatedJob:
    """One job in the books. `billed_micros` is what it cost in the end, whoever knows of it."""

    id: str
    type: str
    config: dict[str, object]
    picture: Part | None
    priced: bool
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    billed_micros: int
    state: str = "processing"
    error: str | None = None
    asks: int = 0


class ProdiaEmulator:
    """The server and its books.

    Args:
        now: the clock.
        asks_to_finish: with which status question a job is done; None leaves that to `finish` and `fail`.
        token: what the bearer token must be; None takes any.
        kept_for: how long a job and its files are known.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        asks_to_finish: int | None = 2,
        token: str | None = None,
        kept_for: timedelta = timedelta(hours=1),
    ) -> None:
        self.faults = Faults()
        self.jobs: dict[str, EmulatedJob] = {}
        self.asks_to_finish = asks_to_finish
        self.gone_types: set[str] = set()
        self.blocked_words: set[str] = set()
        self._now = now
        self._token = token
        self._kept_for = kept_for
        self.site = Site(
            [
                web.post("/v2/job/async", self._create, name="create"),
                web.get("/v2/job/async/{id}/job.state.current", self._state, name="state"),
                web.get("/v2/job/async/{id}/job.json", self._job, name="job"),
                web.get("/v2/job/async/{id}/output", self._outputs, name="outputs"),
                web.get("/v2/job/async/{id}/output/{name}", self._output, name="output"),
            ],
            self.faults,
        )

    # What a test asks and does

    @property
    def url(self) -> str:
        return f"{self.site.url}/v2"

    @property
    def billed_micros(self) -> int:
        return sum(job.billed_micros for job in self.jobs.values())

    def finish(self, job_id: str) -> None:
        """The clip is ready."""
        self._end(self.jobs[job_id], "processed")

    def fail(self, job_id: str, error: str = "The upstream model failed.") -> None:
        """The job ends without a clip, and without cost."""
        job = self.jobs[job_id]
        job.error, job.billed_micros = error, 0
        self._end(job, "failed")

    def _end(self, job: EmulatedJob, state: str) -> None:
        job.state, job.updated_at = state, self._now()

    # Life

    async def __aenter__(self) -> Self:
        await self.site.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.site.stop()

    # The wire

    async def _create(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_token(request)) is not None:
            return refusal
        body = await read(request)
        inputs: dict[str | None, Part] = {}
        if request.content_type == "multipart/form-data":
            parts = parts_of(dict(request.headers), body)
            inputs = {part.file_name: part for part in parts if part.name == "input"}
            (body,) = (part.data for part in parts if part.name == "job")
        try:
            asked = json.loads(body)
        except ValueError:
            return _error(400, "job is not valid JSON")
        kind, config = asked.get("type"), asked.get("config", {})
        if kind not in PRICES_MICROS or kind in self.gone_types:
            return _error(429, "no capacity", headers={"Retry-After": "1"})
        if (wrong := self._wrong_config(kind, config, inputs)) is not None:
            return _error(400, wrong)
        resolution = str(config.get("resolution", "720p" if "pro" in kind else ""))
        now = self._now()
        job = EmulatedJob(
            id=str(UUID(int=len(self.jobs) + 1)),
            type=kind,
            config={"aspect_ratio": "16:9", "duration": 4, "seed": 7} | config,
            picture=inputs.get(config.get("image")),
            priced=request.query.get("price") == "true",
            created_at=now,
            updated_at=now,
            expires_at=now + self._kept_for,
            billed_micros=PRICES_MICROS[kind][resolution] * int(config.get("duration", 4)),
        )
        self.jobs[job.id] = job
        return web.json_response(self._resource(job), status=201)

    def _wrong_config(
        self, kind: str, config: Mapping[str, object], inputs: Mapping[str | None, Part]
    ) -> str | None:
        prompt, seed = config.get("prompt"), config.get("seed", 1)
        allowed = {"prompt", "aspect_ratio", "duration", "seed"}
        allowed |= ({"image"} if "img2vid" in kind else set()) | ({"resolution"} if "pro" in kind else set())
        if unknown := sorted(config.keys() - allowed):
            return f"config.{unknown[0]} is not allowed"
        if not isinstance(prompt, str) or not 3 <= len(prompt) <= 4_096:
            return "config.prompt must be 3 to 4096 characters"
        if config.get("aspect_ratio", "16:9") not in ("16:9", "9:16"):
            return "config.aspect_ratio is invalid"
        duration = config.get("duration", 4)
        if type(duration) is not int or duration not in (4, 8, 12):
            return "config.duration must be one of 4, 8, 12"
        if type(seed) is not int or not 1 <= seed <= 2**31 - 1:
            return "config.seed is invalid"
        if config.get("resolution", "720p") not in ("720p", "1080p"):
            return "config.resolution is invalid"
        if "img2vid" in kind and (config.get("image") not in inputs or not inputs[str(config["image"])].data):
            return "config.image does not name an input"
        return None

    async def _state(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        job.asks += 1
        if job.state == "processing" and self.asks_to_finish is not None and job.asks >= self.asks_to_finish:
            if any(word in str(job.config["prompt"]) for word in self.blocked_words):
                self.fail(job.id, "The prompt was rejected by the model's moderation.")
            else:
                self.finish(job.id)
        return web.Response(text=job.state)

    async def _job(self, request: web.Request) -> web.Response:
        job = self._known(request)
        return job if isinstance(job, web.Response) else web.json_response(self._resource(job))

    async def _outputs(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        return web.json_response(["video.mp4"] if job.state == "processed" else [])

    async def _output(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        if job.state != "processed" or request.match_info["name"] != "video.mp4":
            return _error(404, "output not found")
        shape = (str(job.config.get("resolution", "")), str(job.config["aspect_ratio"]))
        body = await asyncio.to_thread(clip, *SIZES[shape], int(str(job.config["duration"])))
        return web.Response(body=body, content_type="video/mp4")

    def _known(self, request: web.Request) -> EmulatedJob | web.Response:
        if (refusal := self._wrong_token(request)) is not None:
            return refusal
        job = self.jobs.get(request.match_info["id"])
        if job is None or self._now() >= job.expires_at:
            return _error(404, "job not found")
        return job

    def _wrong_token(self, request: web.Request) -> web.Response | None:
        if self._token is None or request.headers.get("Authorization") == f"Bearer {self._token}":
            return None
        return _error(401, "token is invalid")

    def _resource(self, job: EmulatedJob) -> dict[str, object]:
        resource: dict[str, object] = {
            "id": job.id,
            "type": job.type,
            "config": job.config,
            "created_at": _iso(job.created_at),
            "updated_at": _iso(job.updated_at),
            "expires_at": _iso(job.expires_at),
            "state": {"current": job.state},
            "metrics": {"elapsed": (job.updated_at - job.created_at).total_seconds()},
        }
        if job.error is not None:
            resource["error"] = job.error
        if job.priced and job.state == "processed":
            dollars = job.billed_micros / 1_000_000
            resource["price"] = {"product": job.type.replace(".", "-"), "dollars": dollars}
        return resource


def _error(status: int, sentence: str, *, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"error": sentence}, status=status, headers=headers)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
