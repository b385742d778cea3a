"""One listening server of an emulator: its address, its routes, and what came to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.emulators.faults import Faults


@dataclass(slots=True, kw_only=True)
class Seen:
    """A request as it came; `body` where a handler has read it."""

    route: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a form."""

    name: str
    file_name: str | None
    media_type: str
    data: bytes


_SEEN = web.RequestKey("seen", Seen)


class Site:
    """A server on a free port of this machine, and the list of all that was asked of it."""

    def __init__(self, routes: Sequence[web.AbstractRouteDef], faults: Faults) -> None:
        self.seen: list[Seen] = []
        self.url = ""
        self._routes = routes
        self._faults = faults
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(middlewares=[self._note, self._faults.middleware], client_max_size=128 << 20)
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        request[_SEEN] = Seen(
            route=request.match_info.route.name or "",
            method=request.method,
            path=request.path_qs,
            headers=dict(request.headers),
        )
        self.seen.append(request[_SEEN])
        answered = await handler(request)
        if answered.status == web.HTTPNotFound.status_code and request.can_read_body:
            await read(request)  # what was asked of an endpoint that is not there is noted all the same
        return answered


async def read(request: web.Request) -> bytes:
    """The body, which is noted too."""
    request[_SEEN].body = await request.read()
    return request[_SEEN].body


def parts_of(headers: dict[str, str], body: bytes) -> list[Part]:
    """The parts of a form (`multipart/form-data`), in their order."""
    kind = next(value for name, value in headers.items() if name.lower() == "content-type")
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = []
    for part in form.walk():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(data, bytes):
            parts.append(
                Part(name=name, file_name=part.get_filename(), media_type=part.get_content_type(), data=data)
            )
    return parts
