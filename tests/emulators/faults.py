"""How an exchange with an emulated provider goes wrong: one middleware for every emulator."""

import asyncio
import json
import socket
import struct
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web
from aiohttp.typedefs import Handler


class Manner(StrEnum):
    """What becomes of the answer."""

    ANSWER = "answer"  # the fault's own answer in its place
    RESET = "reset"  # the connection is reset, not one byte is answered
    HANG = "hang"  # nothing comes, until the client goes away
    CUT = "cut"  # status, headers and half of the body, then a reset
    DRIP = "drip"  # status, headers and one byte, then nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One exchange that goes wrong. `works` says whether the request does its work (and bills it) first."""

    manner: Manner
    works: bool = False
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(
    status: int, body: object = b"", *, works: bool = False, headers: Mapping[str, str] | None = None
) -> Fault:
    """An answer of our own: bytes as they are, anything else as JSON."""
    raw = isinstance(body, bytes)
    kind = {"Content-Type": "text/html" if raw else "application/json"}
    return Fault(
        manner=Manner.ANSWER,
        works=works,
        status=status,
        headers=kind | dict(headers or {}),
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def _nginx(status: int, reason: str, *, works: bool) -> Fault:
    title = f"{status} {reason}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>nginx/1.25.3</body></html>"
    return answer(status, page.encode(), works=works)


RESET_BEFORE_READING = Fault(manner=Manner.RESET)
LOST_ANSWER = Fault(manner=Manner.RESET, works=True)
HANG_BEFORE_WORK = Fault(manner=Manner.HANG)
HANG_AFTER_WORK = Fault(manner=Manner.HANG, works=True)
CUT_SHORT = Fault(manner=Manner.CUT, works=True)
DRIP = Fault(manner=Manner.DRIP, works=True)
PROXY_502_BEFORE_WORK = _nginx(502, "Bad Gateway", works=False)
PROXY_502_AFTER_WORK = _nginx(502, "Bad Gateway", works=True)
PROXY_504_AFTER_WORK = _nginx(504, "Gateway Time-out", works=True)
PROXY_404 = _nginx(404, "Not Found", works=False)

NAMED: Mapping[str, Fault] = {
    "reset_before_reading": RESET_BEFORE_READING,
    "lost_answer": LOST_ANSWER,
    "hang_before_work": HANG_BEFORE_WORK,
    "hang_after_work": HANG_AFTER_WORK,
    "cut_short": CUT_SHORT,
    "drip": DRIP,
    "proxy_502_before_work": PROXY_502_BEFORE_WORK,
    "proxy_502_after_work": PROXY_502_AFTER_WORK,
    "proxy_504_after_work": PROXY_504_AFTER_WORK,
    "proxy_404": PROXY_404,
}
"""What a command line can ask for."""


class Faults:
    """Which faults are to come, by the name of the route."""

    def __init__(self) -> None:
        self._next: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}

    def next(self, route: str, *faults: Fault) -> None:
        """Each of these once, in this order, before anything that is always there."""
        self._next[route].extend(faults)

    def always(self, route: str, fault: Fault | None) -> None:
        """This one from now on; None ends it."""
        if fault is None:
            self._always.pop(route, None)
        else:
            self._always[route] = fault

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = self._take(request.match_info.route.name or "")
        if fault is None:
            return await handler(request)
        done = await handler(request) if fault.works else web.Response()
        match fault.manner:
            case Manner.ANSWER:
                return web.Response(status=fault.status, headers=fault.headers, body=fault.body)
            case Manner.RESET:
                return _reset(request)
            case Manner.HANG:
                return await _hang()
            case Manner.CUT | Manner.DRIP:
                return await _begin(request, done, fault.manner)

    def _take(self, route: str) -> Fault | None:
        if self._next[route]:
            return self._next[route].popleft()
        return self._always.get(route)


def _reset(request: web.Request) -> web.Response:
    """Cut the connection so that the client's side reads a reset and not a clean end."""
    assert request.transport is not None
    request.transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    request.transport.abort()
    return web.Response()


async def _hang() -> web.Response:
    """Until the client goes away or the server stops: the handler is cancelled then."""
    await asyncio.get_running_loop().create_future()
    return web.Response()


async def _begin(request: web.Request, done: web.StreamResponse, manner: Manner) -> web.StreamResponse:
    body = done.body if isinstance(done, web.Response) else None
    assert isinstance(body, bytes)
    begun = web.StreamResponse(status=done.status, headers={"Content-Type": done.content_type})
    begun.content_length = len(body)
    await begun.prepare(request)
    if manner is Manner.DRIP:
        await begun.write(body[:1])
        await _hang()
    await begun.write(body[: len(body) // 2])
    # A clean end, not a reset: a reset could overtake what was just written.
    assert request.transport is not None
    request.transport.close()
    return begun
