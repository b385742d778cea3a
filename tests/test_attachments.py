"""Reading attachments: from Discord's hosts alone, without following anybody anywhere."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain import FaultKind
from bot.errors import OrderRefused
from bot.ordering.attachments import Attachments

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """An address whose every path is answered so."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("/cdn/attachments/1/2/cat.png"))


async def read(address: str, *, also_from: str | None = None, **waits: float) -> bytes:
    attachments = Attachments(also_from=also_from, **waits)
    try:
        return b"".join([chunk async for chunk in attachments.read(address)])
    finally:
        await attachments.close()


async def refused(address: str, *, also_from: str | None = None, **waits: float) -> str:
    with pytest.raises(OrderRefused) as refusal:
        await read(address, also_from=also_from, **waits)
    assert refusal.value.kind is FaultKind.PICTURE
    return refusal.value.what


async def test_the_bytes_are_those_that_are_there() -> None:
    content = bytes(range(256)) * 1_000

    async def whole(_: web.Request) -> web.Response:
        return web.Response(body=content)

    async with served(whole) as address:
        assert await read(address, also_from=address) == content


async def test_nothing_is_unpacked_on_the_way() -> None:
    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"0" * 10_000_000), headers={"Content-Encoding": "gzip"})

    async with served(packed) as address:
        assert len(await read(address, also_from=address)) < 20_000


async def test_another_server_is_never_asked() -> None:
    asked = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async with served(note) as address:
        assert await refused(address) == "This is not a file that was uploaded to Discord."
    assert asked == []


async def test_a_redirect_is_not_followed() -> None:
    asked = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("/secret")

    async with served(elsewhere) as address:
        assert await refused(address, also_from=address) == "Discord did not hand over the file."
    assert asked == ["/cdn/attachments/1/2/cat.png"]


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_what_is_gone_is_to_be_attached_again(status: int) -> None:
    async def gone(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with served(gone) as address:
        said = await refused(address, also_from=address)
    assert said == "The file was deleted, or its link has expired."


@pytest.mark.parametrize("status", [206, 429, 500, 503])
async def test_what_is_not_given_now_may_be_given_later(status: int) -> None:
    async def trouble(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with served(trouble) as address:
        assert await refused(address, also_from=address) == "Discord did not hand over the file."


async def test_a_silence_and_a_connection_that_breaks_are_not_given() -> None:
    answered = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "10"})
        await response.prepare(request)
        await response.write(b"half")
        if "broken" in request.query:
            assert request.transport is not None
            request.transport.abort()
        else:
            await answered.wait()
        return response

    async with served(silent) as address:
        said = [
            await refused(f"{address}?broken=1", also_from=address),
            await refused(address, also_from=address, pause_s=0.05),
        ]
        answered.set()
    assert said == ["Discord did not hand over the file."] * 2
    assert await refused("http://127.0.0.1:1/x", also_from="http://127.0.0.1:1/") == said[0]
