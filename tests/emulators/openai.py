"""An emulated server of the `openai` protocol: real sockets, real MP4s, books of its own, faults on demand.

In a test:

    async with OpenAIEmulator(now=clock) as emulator:
        emulator.faults.next("create", faults.LOST_ANSWER)
        provider = OpenAIVideos("emulator", base_url=emulator.url, ...)

Routes by name, for faults: `create`, `list`, `ask`, `content`, `delete`, `remix`, `edit`, `extend`,
`create_character`, `character`, `models`. Webhooks go to `webhook_url`. A process of its own, for tests that
kill the bot: `python -m tests.emulators.openai --port 0 --books books.json`; the first line that it prints
is its URL, and `books.json` holds every job that it ever made.
"""

import argparse
import asyncio
import json
import re
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.emulators import openai_parts as parts
from tests.emulators.clips import clip
from tests.emulators.faults import NAMED, Faults
from tests.emulators.openai_parts import Characters, Fields, Filled, ModelList, Original, Reworks, error
from tests.emulators.replicate_parts import Webhooks
from tests.emulators.site import Part

EXPIRES_AFTER_S = 3_600


@dataclass(slots=True, kw_only=True)
class EmulatedJob:
    """One job in the books. `billed_micros` is what it cost in the end, whoever knows of it."""

    id: str
    model: str
    prompt: str
    size: str
    seconds: str
    created_at: int
    billed_micros: int
    key: str | None = None
    echo: dict[str, object] | None = None
    status: str = "queued"
    progress: object = 0
    completed_at: int | None = None
    expires_at: int | None = None
    error: dict[str, str] | None = None
    asks: int = 0
    deleted: bool = False
    remixed_from: str | None = None


@dataclass(slots=True, kw_only=True)
class Seen:
    """A request as it came; `body` where it was read: its fields, a file among them as its `Part`.

    `at` is when, in seconds of a steady clock.
    """

    route: str
    headers: dict[str, str]
    body: object = None
    method: str = ""
    path: str = ""
    at: float = field(default_factory=time.monotonic)


_SEEN = web.RequestKey("seen", Seen)


class OpenAIEmulator:
    """The server and its books.

    Args:
        asks_to_finish: with which status question a job is done; None leaves that to `finish` and `fail`.
        price_micros: of a second; billed when the job is made, given back when it fails.
        api_key: what the bearer token must be; None takes any.
        key_field, seed_field, echo_field: the extra fields that are understood; None refuses them.
        can_cancel: whether DELETE stops a running job (OpenAI's refuses).
        books: where to keep the books, and to read them from; None keeps them in memory.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        asks_to_finish: int | None = 2,
        price_micros: int = 100_000,
        api_key: str | None = None,
        key_field: str | None = "idempotency_key",
        seed_field: str | None = "seed",
        echo_field: str | None = "metadata",
        can_cancel: bool = True,
        books: Path | None = None,
    ) -> None:
        self.faults = Faults()
        self.jobs: dict[str, EmulatedJob] = {}
        self.seen: list[Seen] = []
        self.asks_to_finish = asks_to_finish
        self.film: Path | None = None  # what every clip is, in place of a drawn one
        self.credit_micros: int | None = None
        self.gone_models: set[str] = set()
        self.blocked_words: set[str] = set()
        self.blocked_in_job_words: set[str] = set()
        self.seconds_type: type[str | int] = str
        self.list_limit_max = 100
        self.url = ""
        self.webhook_url: str | None = None
        self.webhooks = Webhooks(now)
        self.characters = Characters(now, self._wrong_key, _read)
        self.models = ModelList(self._wrong_key)
        self._now = now
        self._price_micros = price_micros
        self._api_key = api_key
        self._key_field = key_field
        self._seed_field = seed_field
        self._echo_field = echo_field
        self._can_cancel = can_cancel
        self._books = books
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        if books is not None and books.exists():
            self.jobs = {row["id"]: EmulatedJob(**row) for row in json.loads(books.read_text())}

    # What a test asks and does

    @property
    def billed_micros(self) -> int:
        return sum(job.billed_micros for job in self.jobs.values())

    def finish(self, job_id: str) -> None:
        """The clip is ready."""
        job = self.jobs[job_id]
        job.status, job.progress = "completed", 100
        job.completed_at = int(self._now().timestamp())
        job.expires_at = job.completed_at + EXPIRES_AFTER_S
        self._keep()
        self._tell(job)

    def fail(self, job_id: str, code: str = "video_generation_failed", message: str = "It failed.") -> None:
        """The job ends without a clip, and without cost."""
        job = self.jobs[job_id]
        job.status, job.error, job.billed_micros = "failed", {"code": code, "message": message}, 0
        self._keep()
        self._tell(job)

    def expire(self, job_id: str) -> None:
        """The file is gone; the job is still known."""
        self.jobs[job_id].expires_at = int(self._now().timestamp())
        self._keep()

    def forget(self, job_id: str) -> None:
        """From now on nobody here knows of this job but the books."""
        self.jobs[job_id].deleted = True
        self._keep()

    async def until(self, jobs: int) -> None:
        """Return when this many jobs have been made."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.jobs) >= jobs)

    # Life

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._note, self.faults.middleware], client_max_size=32 << 20)
        app.add_routes(
            [
                web.post("/v1/videos", self._create, name="create"),
                web.get("/v1/videos", self._list, name="list"),
                *(*self.models.routes(), *self.characters.routes()),
                *Reworks(self._make, self._original).routes(),
                web.get("/v1/videos/{id}", self._ask, name="ask"),
                web.get("/v1/videos/{id}/content", self._content, name="content"),
                web.delete("/v1/videos/{id}", self._delete, name="delete"),
            ]
        )
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def stop(self) -> None:
        await self.webhooks.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # The wire

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        route = request.match_info.route.name or ""
        request[_SEEN] = Seen(
            route=route, headers=dict(request.headers), method=request.method, path=request.path_qs
        )
        self.seen.append(request[_SEEN])
        return await handler(request)

    async def _create(self, request: web.Request) -> web.Response:
        takes = {"model", "prompt", "size", "seconds", "characters", "input_reference"}
        return await self._make(request, takes, lambda asked: asked)

    async def _make(self, request: web.Request, takes: Collection[str], filled: Filled) -> web.Response:
        """Take an order. `takes` are the fields of the call; `filled` adds what comes from its source."""
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        if (asked := await _read(request)) is None:
            return error(400, "We could not parse the JSON body of your request.", code=None)
        key = str(asked[self._key_field]) if self._key_field in asked else None
        if known := [job for job in self.jobs.values() if key is not None and job.key == key]:
            return web.json_response(self._resource(known[0]))
        known_here = {*takes, self._key_field, self._seed_field, self._echo_field}
        if unknown := sorted(asked.keys() - known_here):
            return error(400, f"Unknown: '{unknown[0]}'.", code="unknown_parameter", param=unknown[0])
        full = filled(asked)
        if isinstance(full, web.Response):
            return full
        if (refusal := self._refusal(full, may_sum="size" not in takes)) is not None:
            return refusal
        echo, original = full.get(self._echo_field or ""), full.get("remixed_from")
        job = EmulatedJob(
            id=f"video_{len(self.jobs) + 1:024x}",
            model=str(full["model"]),
            prompt=str(full["prompt"]),
            size=str(full["size"]),
            seconds=str(full["seconds"]),
            created_at=int(self._now().timestamp()),
            billed_micros=self._price_micros * int(str(full["seconds"])),
            key=key,
            echo=echo if isinstance(echo, dict) else None,
            remixed_from=original if isinstance(original, str) else None,
        )
        self.jobs[job.id] = job
        self._keep()
        async with self._changed:
            self._changed.notify_all()
        return web.json_response(self._resource(job))

    def _refusal(self, asked: Fields, *, may_sum: bool) -> web.Response | None:
        model, prompt, seconds = asked.get("model"), asked.get("prompt"), asked.get("seconds")
        if model in self.gone_models or not isinstance(model, str):
            text = f"The model `{model}` does not exist or you do not have access to it."
            return error(404, text, code="model_not_found", param="model")
        if not isinstance(prompt, str) or not 1 <= len(prompt) <= 32_000:
            return error(400, "Invalid prompt.", code="invalid_value", param="prompt")
        lengths = {str(length) for length in range(4, 124 if may_sum else 24, 4)}
        if (type(seconds) is not self.seconds_type and not may_sum) or str(seconds) not in lengths:
            return error(400, f"Invalid value: {seconds!r}.", code="invalid_value", param="seconds")
        if not isinstance(size := asked.get("size"), str) or not re.fullmatch(r"[1-9]\d+x[1-9]\d+", size):
            return error(400, f"Invalid value: {size!r}.", code="invalid_value", param="size")
        if not isinstance(asked.get("input_reference", {}), dict | Part):
            return error(400, "Invalid picture.", code="invalid_value", param="input_reference")
        if any(word in prompt for word in self.blocked_words):
            text = "Your request was blocked by our moderation system."
            return error(400, text, code="moderation_blocked", param="prompt")
        if self.credit_micros is not None:
            spent = self.billed_micros + self._price_micros * int(str(seconds))
            if spent > self.credit_micros:
                text = "You exceeded your current quota, please check your plan and billing details."
                return error(429, text, code="insufficient_quota", kind="insufficient_quota")
        return None

    async def _list(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        jobs = [job for job in self.jobs.values() if not job.deleted]
        jobs.sort(key=lambda job: (job.created_at, job.id), reverse=request.query.get("order") != "asc")
        rows = [self._resource(job) for job in jobs]
        return web.json_response(parts.page_of(rows, request.query, limit_max=self.list_limit_max))

    async def _ask(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        job.asks += 1
        if self.asks_to_finish is not None and job.status in ("queued", "in_progress"):
            self._move_on(job, self.asks_to_finish)
        self._keep()
        return web.json_response(self._resource(job))

    def _move_on(self, job: EmulatedJob, asks_to_finish: int) -> None:
        if job.asks < asks_to_finish:
            job.status, job.progress = "in_progress", 100 * job.asks // asks_to_finish
        elif any(word in job.prompt for word in self.blocked_in_job_words):
            self.fail(job.id, "moderation_blocked", "Your request was blocked by our moderation system.")
        else:
            self.finish(job.id)

    async def _content(self, request: web.Request) -> web.StreamResponse:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        if job.status != "completed" or job.expires_at is None:
            return error(409, "The video is not ready.", code="video_not_ready")
        if job.expires_at <= self._now().timestamp():
            return error(404, "The video has expired.", code="not_found")
        if self.film is not None:
            return web.FileResponse(self.film, headers={"Content-Type": "video/mp4"})
        width, height = (int(side) for side in job.size.split("x"))
        body = await asyncio.to_thread(clip, width, height, int(job.seconds))
        return web.Response(body=body, content_type="video/mp4")

    async def _delete(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        if job.status not in ("queued", "in_progress"):
            job.deleted = True
        elif self._can_cancel:
            job.status, job.billed_micros = "cancelled", 0
        else:
            return error(409, "The video is still being made.", code="video_in_progress")
        self._keep()
        return web.json_response({"id": job.id, "object": "video.deleted", "deleted": True})

    def _known(self, request: web.Request) -> EmulatedJob | web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        job = self.jobs.get(request.match_info["id"])
        if job is None or job.deleted:
            return error(404, "Video not found.", code="not_found")
        return job

    def _wrong_key(self, request: web.Request) -> web.Response | None:
        if self._api_key is None or request.headers.get("Authorization") == f"Bearer {self._api_key}":
            return None
        return error(401, "Incorrect API key provided.", code="invalid_api_key")

    def _resource(self, job: EmulatedJob) -> dict[str, object]:
        names = ("id", "model", "prompt", "size", "seconds", "created_at", "status", "progress", "error")
        resource = {name: getattr(job, name) for name in (*names, "completed_at", "expires_at")}
        if self._echo_field is not None and job.echo is not None:
            resource[self._echo_field] = job.echo
        return resource | {"object": "video", "remixed_from_video_id": job.remixed_from}

    def _original(self, job_id: object) -> Original | web.Response:
        job = self.jobs.get(str(job_id))
        if job is None or job.deleted or job.status != "completed":
            return error(404, "Video not found.", code="not_found", param="video")
        return Original(id=job.id, model=job.model, size=job.size, seconds=job.seconds)

    def _tell(self, job: EmulatedJob) -> None:
        if self.webhook_url is not None:
            event = parts.event_of(job.id, job.status, self._now())
            self.webhooks.call(self.webhook_url, event, message_id=f"wh_{job.id}")

    def _keep(self) -> None:
        if self._books is None:
            return
        part = self._books.with_name(f"{self._books.name}.part")
        part.write_text(json.dumps([asdict(job) for job in self.jobs.values()]))
        part.replace(self._books)


async def _read(request: web.Request) -> Fields | None:
    request[_SEEN].body = fields = await parts.fields_of(request)
    return fields


async def _serve(options: argparse.Namespace) -> None:
    emulator = OpenAIEmulator(
        now=lambda: datetime.now(UTC),
        asks_to_finish=options.asks,
        price_micros=options.price_micros,
        key_field=None if options.no_keys else "idempotency_key",
        books=options.books,
    )
    for route, name in (each.split("=") for each in options.fault):
        emulator.faults.next(route, NAMED[name])
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await emulator.start(options.port)
    print(emulator.url, flush=True)  # the test that started this process reads it
    await stopped.wait()
    await emulator.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An emulated server of the openai video protocol.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--books", type=Path, help="a JSON file of every job; read again at the next start")
    parser.add_argument("--asks", type=int, default=2, help="with which status question a job is done")
    parser.add_argument("--price-micros", type=int, default=100_000, help="of a second")
    parser.add_argument("--no-keys", action="store_true", help="refuse idempotency keys, as OpenAI did")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="ROUTE=NAME", help=f"once; {', '.join(NAMED)}"
    )
    asyncio.run(_serve(parser.parse_args()))
