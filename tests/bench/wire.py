"""A provider for load, in a process of its own: the wires of fal and OpenAI, answered as leanly as can be.

Its answers are those of the emulators (tests/emulators/), in their whole length and with their headers; its
jobs never end, but for fal's whose first answer was lost: those end at once, and their webhook says so.

    python -m tests.bench.wire [--tls CERT KEY] [--lose 0.2]

The first line that it prints is its address. `GET /counted` says how many questions it was asked, and how
many jobs it made for each logical submission (by the number in its prompt).
"""

import argparse
import asyncio
import json
import random
import re
import signal
import socket
import ssl
import struct
import uuid
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from urllib.parse import unquote

from tests.emulators.fal_signing import FalSigning, deliver

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PROMPT = re.compile(rb"boat number (\d+)")
_KEY = re.compile(rb'"idempotency_key": ?"([^"]+)"')
_FAL_JOB = re.compile(r"/([^/]+/[^/]+)/requests/([^/?]+)(/status)?")
_WEBHOOK = re.compile(r"[?&]fal_webhook=([^&]+)")
_WEBHOOKS_TRIED = 10


class Books:
    """What was asked and made."""

    def __init__(self, *, lose: float, seed: int) -> None:
        self.lose = lose
        self.chance = random.Random(seed)
        self.signing = FalSigning()
        self.asked = 0
        self.made: Counter[str] = Counter()
        self.by_key: dict[str, str] = {}
        self.url = ""
        self.sending: set[asyncio.Task[None]] = set()

    def lost(self) -> bool:
        return self.chance.random() < self.lose

    def call(self, webhook: str, job_id: str) -> None:
        """fal tells how a job ended, again and again until it is thanked for it."""
        task = asyncio.create_task(self._call(webhook, job_id))
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)

    async def _call(self, webhook: str, job_id: str) -> None:
        fate: dict[str, object] = {"status": "OK", "payload": {"video": {"url": f"{self.url}/out.mp4"}}}
        for _ in range(_WEBHOOKS_TRIED):
            headers, body = self.signing.webhook(job_id, fate, sent_at=datetime.now(UTC))
            if await deliver(webhook, headers, body) == [204]:
                return
            await asyncio.sleep(0.5)


class Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._received, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            method, path, _ = self._received[: self._received.find(b"\r\n")].decode().split(" ")
            body = bytes(self._received[end + 4 : whole])
            del self._received[:whole]
            self._answer(method, path, body)

    def _answer(self, method: str, path: str, body: bytes) -> None:
        if method == "POST":
            self._make(path, body)
        elif (fal := _FAL_JOB.match(path)) is not None:
            self._books.asked += 1
            said = {"status": "IN_PROGRESS", **_addresses(self._books.url, fal[1], fal[2]), "logs": None}
            self._say(202, said, trace=fal[2])
        elif path.startswith("/v1/videos/"):
            self._books.asked += 1
            self._say(200, _video(path.rpartition("/")[2]))
        elif path == "/.well-known/jwks.json":
            self._say(200, self._books.signing.jwks)
        elif path == "/counted":
            self._say(200, {"asked": self._books.asked, "made": self._books.made})
        else:
            self._say(404, {"detail": "Not Found"})

    def _make(self, path: str, body: bytes) -> None:
        prompt, key = _PROMPT.search(body), _KEY.search(body)
        name = prompt[1].decode() if prompt else "?"
        known = None if key is None else self._books.by_key.get(key[1].decode())
        job_id = known or (str(uuid.uuid4()) if "/v1/" not in path else f"video_{uuid.uuid4().hex}")
        if known is None:
            self._books.made[name] += 1
        if key is not None:
            self._books.by_key[key[1].decode()] = job_id
        if self._books.lost():
            if (webhook := _WEBHOOK.search(path)) is not None:
                self._books.call(unquote(webhook[1]), job_id)
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        elif path.startswith("/v1/videos"):
            self._say(200, _video(job_id))
        else:
            app = "/".join(path.partition("?")[0].split("/")[1:3])
            said = {"status": "IN_QUEUE", **_addresses(self._books.url, app, job_id), "queue_position": 0}
            self._say(200, said, trace=job_id)

    def _say(self, status: int, said: object, *, trace: str = "") -> None:
        body = json.dumps(said).encode()
        more = f"x-fal-request-id: {trace}\r\n" if trace else ""
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ndate: Sat, 21 Nov 2026 12:00:00 GMT\r\n"
            f"content-type: application/json\r\nserver: uvicorn\r\n{more}content-length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)


def _addresses(url: str, app: str, job_id: str) -> dict[str, object]:
    base = f"{url}/{app}/requests/{job_id}"
    urls = {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}
    return {"request_id": job_id, **urls}


def _video(job_id: str) -> dict[str, object]:
    return {
        "id": job_id,
        "object": "video",
        "model": "sora-2",
        "status": "in_progress",
        "progress": 0,
        "created_at": 1_795_262_400,
        "completed_at": None,
        "expires_at": None,
        "size": "1280x720",
        "seconds": "4",
        "prompt": "a paper boat",
        "error": None,
        "remixed_from_video_id": None,
    }


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    books = Books(lose=options.lose, seed=options.seed)
    tls = None
    if options.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*options.tls)
    server = await loop.create_server(partial(Wire, books), "127.0.0.1", 0, ssl=tls, backlog=4096)
    books.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(books.url, flush=True)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A provider for load.")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--lose", type=float, default=0.0, help="the share of answers to a POST that is lost")
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(_serve(parser.parse_args()))
