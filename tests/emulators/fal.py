"""An emulated fal: queue, REST host, CDN and platform API, each on a port of its own, with books of its own.

In a test:

    async with FalEmulator(now=clock) as emulator:
        emulator.faults.next("submit", faults.LOST_ANSWER)
        provider = FalQueue("emulator", hosts=emulator.hosts, ...)

Routes by name, for faults: `submit`, `status`, `result`, `cancel`; `token`, `upload`, `file`; `jwks`;
`pricing`, `models`, `delete`. The queue is faithful to its oddities: it takes whatever it is sent, so what
is wrong with an order is said by the result of a job that is COMPLETED; a job's addresses drop the
endpoint's sub-path; its status is a 202 until it has ended. A process of its own, for tests that kill it:
`python -m tests.emulators.fal --books books.json`; the first line that it prints is its hosts as JSON.
"""

import argparse
import asyncio
import json
import signal
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from nacl.signing import SigningKey

from bot.providers.fal_addresses import Hosts
from tests.emulators.clips import clip
from tests.emulators.fal_books import EmulatedJob, FalBooks
from tests.emulators.fal_models import MODELS, seconds
from tests.emulators.fal_signing import FalSigning, deliver
from tests.emulators.faults import NAMED, Faults
from tests.emulators.site import Site, read

LOCKED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."


class FalEmulator:
    """The servers.

    Args:
        now: the clock.
        asks_to_finish: with which status question a job is done; None leaves that to the test.
        api_key: what the key must be; None takes any.
        is_admin: whether that key may delete.
        books: where to keep the books, and to read them from; None keeps them in memory.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        asks_to_finish: int | None = 2,
        api_key: str | None = None,
        is_admin: bool = True,
        books: Path | None = None,
    ) -> None:
        self.faults = Faults()
        self.books = FalBooks(books)
        self.signing = FalSigning()
        self.uploads: dict[str, tuple[str, bytes]] = {}
        self.asks_to_finish = asks_to_finish
        self.credit_micros: int | None = None
        self.gone_apps: set[str] = set()
        self.deprecated: set[str] = set()
        self.stops_running = True
        self.unfinished_status = 202
        self._now = now
        self._api_key = api_key
        self._is_admin = is_admin
        self._tokens: set[str] = set()
        self._changed = asyncio.Condition()
        job = "/{app:.+}/requests/{id}"
        queue = [
            web.get(f"{job}/status", self._status, name="status"),
            web.put(f"{job}/cancel", self._cancel, name="cancel"),
            web.get(job, self._result, name="result"),
            web.post("/{endpoint:.+}", self._submit, name="submit"),
        ]
        rest = [
            web.post("/storage/auth/token", self._token, name="token"),
            web.get("/.well-known/jwks.json", self._jwks, name="jwks"),
        ]
        cdn = [
            web.post("/files/upload", self._upload, name="upload"),
            web.get("/files/{id}/{name}", self._file, name="file"),
        ]
        platform = [
            web.get("/v1/models", self._models, name="models"),
            web.get("/v1/models/pricing", self._pricing, name="pricing"),
            web.delete("/v1/models/requests/{id}/payloads", self._delete, name="delete"),
        ]
        self.queue, self.rest = Site(queue, self.faults), Site(rest, self.faults)
        self.cdn, self.platform = Site(cdn, self.faults), Site(platform, self.faults)
        self._sites = (self.queue, self.rest, self.cdn, self.platform)

    # What a test asks and does

    @property
    def hosts(self) -> Hosts:
        return Hosts(
            queue=self.queue.url,
            rest=self.rest.url,
            cdn=self.cdn.url,
            platform=f"{self.platform.url}/v1",
            files=("127.0.0.1",),
        )

    @property
    def routes_asked(self) -> list[str]:
        """What was asked of each of the servers, the queue first."""
        return [seen.route for site in self._sites for seen in site.seen]

    def finish(self, job_id: str) -> None:
        """Run a job to its end."""
        self.books.finish(job_id, self.uploads)

    async def until(self, jobs: int) -> None:
        """Return when this many jobs have been made."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.books.jobs) >= jobs)

    def webhook_of(
        self, job_id: str, *, sent_at: datetime | None = None, key: SigningKey | None = None
    ) -> tuple[dict[str, str], bytes]:
        """The headers and body of a job's webhook."""
        job = self.books.jobs[job_id]
        fate: dict[str, object] = {"status": "OK", "payload": self.books.made(job, self.cdn.url)}
        if job.failure is not None:
            words = f"Invalid status code: {job.failure}"
            fate = {"status": "ERROR", "error": words, "payload": job.error}
        return self.signing.webhook(job.id, fate, sent_at=sent_at or self._now(), key=key)

    async def call_back(self, job_id: str, *, times: int = 1) -> list[int]:
        """Send a job's webhook to where it was asked to be; returns how each was answered."""
        address = self.books.jobs[job_id].webhook
        assert address is not None
        headers, body = self.webhook_of(job_id)
        return await deliver(address, headers, body, times=times)

    # Life

    async def __aenter__(self) -> Self:
        for site in self._sites:
            await site.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for site in self._sites:
            await site.stop()

    # The queue

    async def _submit(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        endpoint = request.match_info["endpoint"]
        app = "/".join(endpoint.split("/")[:2])
        if endpoint not in MODELS or app in self.gone_apps:
            return _flat(404, f"Application '{app.partition('/')[2]}' not found")
        if self.credit_micros is not None and self.books.billed_micros >= self.credit_micros:
            return _flat(403, LOCKED)
        try:
            asked = json.loads(await read(request))
        except ValueError:
            return _flat(400, "Invalid JSON", kind="bad_request")
        job = self.books.take(endpoint, asked, request.query.get("fal_webhook"))
        async with self._changed:
            self._changed.notify_all()
        return _json(200, {**self._addresses(job), "queue_position": job.position}, trace=job.id)

    def _addresses(self, job: EmulatedJob) -> dict[str, object]:
        base = f"{self.queue.url}/{job.app}/requests/{job.id}"
        return {
            "status": job.status,
            "request_id": job.id,
            "response_url": base,
            "status_url": f"{base}/status",
            "cancel_url": f"{base}/cancel",
        }

    async def _status(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        job.asks += 1
        if self.asks_to_finish is not None and job.status != "COMPLETED":
            if job.asks < self.asks_to_finish:
                self.books.begin(job.id)
            else:
                self.finish(job.id)
        said = self._addresses(job)
        if job.status == "IN_QUEUE":
            return _json(self.unfinished_status, {**said, "queue_position": job.position}, trace=job.id)
        line = {"message": "…", "level": "INFO", "source": "USER", "timestamp": self._now().isoformat()}
        said["logs"] = [line] if request.query.get("logs") in ("1", "true") else None
        if job.status == "IN_PROGRESS":
            return _json(self.unfinished_status, said, trace=job.id)
        said["metrics"] = {"inference_time": None if job.failure else 92.1}
        if job.failure is not None and job.error_in_status:
            said |= {"error": f"Request failed with {job.failure}", "error_type": job.error_type}
        return _json(200, said, trace=job.id)

    async def _result(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return job
        if job.status != "COMPLETED":
            return _flat(400, "Request is still in progress")
        more = {} if job.units is None else {"x-fal-billable-units": job.units}
        if job.failure is None:
            return _json(200, self.books.made(job, self.cdn.url), trace=job.id, more=more)
        more["X-Fal-Retryable"] = "true" if job.failure in (502, 503, 504) else "false"
        if job.error_type:
            more["X-Fal-Error-Type"] = job.error_type
        if job.error_type == "request_timeout":
            more["X-Fal-Request-Timeout-Type"] = "user"
        return _json(job.failure, job.error, trace=job.id, more=more)

    async def _cancel(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if isinstance(job, web.Response):
            return web.json_response({"status": "NOT_FOUND"}, status=404)
        if job.status == "COMPLETED":
            return web.json_response({"status": "ALREADY_COMPLETED"}, status=400)
        if job.status == "IN_QUEUE" or self.stops_running:
            body: dict[str, object] = {"detail": "Client cancelled", "error_type": "client_cancelled"}
            self.books.fail(job.id, 499, body, kind="client_cancelled")
        return web.json_response({"status": "CANCELLATION_REQUESTED"}, status=202)

    def _known(self, request: web.Request) -> EmulatedJob | web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        job = self.books.jobs.get(request.match_info["id"])
        if job is None or job.deleted or request.match_info["app"] != job.app:
            return _flat(404, "Request not found")
        return job

    def _wrong_key(self, request: web.Request) -> web.Response | None:
        if self._api_key is None or request.headers.get("Authorization") == f"Key {self._api_key}":
            return None
        return _flat(401, "Cannot access application. Authentication is required.")

    # REST host and CDN

    async def _token(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        assert request.query["storage_type"] == "fal-cdn-v3"
        assert json.loads(await read(request)) == {}
        token = uuid.uuid4().hex
        self._tokens.add(token)
        return web.json_response(
            {
                "token": token,
                "token_type": "Bearer",
                "base_url": self.cdn.url,
                "expires_at": (self._now() + timedelta(hours=1)).isoformat(),
            }
        )

    async def _upload(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _flat(401, "Invalid token")
        name = request.headers.get("X-Fal-File-Name", "upload.bin")
        address = f"{self.cdn.url}/files/{uuid.uuid4().hex}/{name}"
        self.uploads[address] = (request.headers["Content-Type"], await read(request))
        return web.json_response({"access_url": address})

    async def _file(self, request: web.Request) -> web.Response:
        job = self.books.jobs.get(request.match_info["id"])
        if job is None or job.deleted or job.failure is not None:
            return web.Response(status=404, text="Not Found")
        width, height = (72, 128) if job.input.get("aspect_ratio") == "9:16" else (128, 72)
        body = await asyncio.to_thread(clip, width, height, int(seconds(job.input)))
        return web.Response(body=body, content_type="video/mp4")

    async def _jwks(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.signing.jwks)

    # Platform API

    async def _models(self, request: web.Request) -> web.Response:
        """What the ids that are asked for stand for; one that is unknown is left out."""
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        found = [
            {
                "endpoint_id": endpoint,
                "metadata": {
                    "display_name": endpoint.rpartition("/")[2],
                    "category": "text-to-video",
                    "description": "",
                    "status": "deprecated" if endpoint in self.deprecated else "active",
                    "tags": [],
                    "kind": "inference",
                },
            }
            for endpoint in request.query.getall("endpoint_id", [])
            if endpoint in MODELS and "/".join(endpoint.split("/")[:2]) not in self.gone_apps
        ]
        return web.json_response({"models": found, "next_cursor": None, "has_more": False})

    async def _pricing(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        asked = request.query.getall("endpoint_id", [])
        if unknown := [endpoint for endpoint in asked if endpoint not in MODELS]:
            error = {"type": "not_found", "message": f"Endpoint id(s) {unknown} not found"}
            return web.json_response({"error": error}, status=404)
        prices = [
            {
                "endpoint_id": endpoint,
                "unit_price": float(MODELS[endpoint].usd),
                "unit": MODELS[endpoint].unit,
                "currency": "USD",
            }
            for endpoint in asked
        ]
        return web.json_response({"prices": prices, "next_cursor": None, "has_more": False})

    async def _delete(self, request: web.Request) -> web.Response:
        if (refusal := self._wrong_key(request)) is not None:
            return refusal
        if not self._is_admin:
            error = {"type": "authorization_error", "message": "Access denied: ADMIN scope required"}
            return web.json_response({"error": error}, status=403)
        job = self.books.jobs.get(request.match_info["id"])
        if job is None or job.deleted:
            return web.json_response({"error": {"type": "not_found", "message": "No request"}}, status=404)
        self.books.forget(job.id)
        files = [{"link": f"{self.cdn.url}/files/{job.id}/out.mp4", "exception": None}]
        return web.json_response({"cdn_delete_results": files})


def _json(status: int, body: object, *, trace: str, more: Mapping[str, str] | None = None) -> web.Response:
    """An answer of the gateway, which puts its own id of the request on it."""
    return web.json_response(body, status=status, headers={"x-fal-request-id": trace, **(more or {})})


def _flat(status: int, words: str, *, kind: str = "") -> web.Response:
    """An error of the gateway."""
    body = {"detail": words} | ({"error_type": kind} if kind else {})
    more = {"X-Fal-Error-Type": kind} if kind else {}
    return _json(status, body, trace=str(uuid.uuid4()), more=more)


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    emulator = FalEmulator(now=lambda: datetime.now(UTC), asks_to_finish=options.asks, books=options.books)
    for route, name in (each.split("=") for each in options.fault):
        emulator.faults.next(route, NAMED[name])
    async with emulator:
        print(json.dumps(asdict(emulator.hosts)), flush=True)  # the test that started this process reads it
        await stopped.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An emulated fal.")
    parser.add_argument("--books", type=Path, help="a JSON file of every job; read again at the next start")
    parser.add_argument("--asks", type=int, default=2, help="with which status question a job is done")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="ROUTE=NAME", help=f"once; {', '.join(NAMED)}"
    )
    asyncio.run(_serve(parser.parse_args()))
