"""What the sandbox's tests share: a running one, a bot without any library, discord.py's client."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket

from bot.sandbox.client import WAIT_S
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from tests import openapi

ClientT = TypeVar("ClientT", bound=discord.Client)
GUILDS_AND_REACTIONS = 1 << 0 | 1 << 10


class Clock:
    """A time of day that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def running(folder: Path, *, strict: bool = False, **settings: Any) -> AsyncIterator[Sandbox]:
    """A sandbox that listens. With `strict`, what the bot sent must fit Discord's own description."""
    complaints: list[str] = []
    if strict:
        settings["observer"] = openapi.observer(complaints)
    sandbox = Sandbox(folder, **settings)
    await sandbox.start()
    try:
        yield sandbox
        assert complaints == []
    finally:
        await sandbox.close()


@asynccontextmanager
async def person(sandbox: Sandbox, name: str = "ada") -> AsyncIterator[Person]:
    token = sandbox.world.user_named(name).token
    async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> int:
        return int(self.body["code"])

    def fault(self, *path: str | int) -> str:
        """The first code at a field's path; raises KeyError when there is none."""
        node = self.body["errors"]
        for step in path:
            node = node[str(step)]
        return str(node["_errors"][0]["code"])


class RawBot:
    """The bot's token and nothing else: every request as the test writes it."""

    def __init__(self, session: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self._session = session
        self.sandbox = sandbox
        self.application_id = sandbox.world.application.id
        self.answered: list[tuple[str, str, int, Any]] = []
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        files: dict[str, bytes] | None = None,
        token: str | None = None,
    ) -> Answer:
        """Ask the API; `token` is another Authorization, the empty text none."""
        headers = {"Authorization": f"Bot {self.sandbox.bot_token}" if token is None else token}
        data: Any = None
        if files is not None:
            data = aiohttp.FormData(quote_fields=False)
            data.add_field("payload_json", json.dumps(body))
            for index, (name, content) in enumerate(files.items()):
                data.add_field(f"files[{index}]", content, filename=name)
        elif body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if not headers["Authorization"]:
            del headers["Authorization"]
        url = self.sandbox.api_url + path
        async with self._session.request(method, url, data=data, headers=headers) as response:
            raw = await response.read()
            parsed = json.loads(raw) if response.content_type == "application/json" else raw.decode()
            self.answered.append((method, path.partition("?")[0], response.status, parsed))
            return Answer(response.status, parsed, response.headers)

    async def post(self, channel: str, body: Any, **more: Any) -> Answer:
        found = self.sandbox.world.channel_named(channel)
        return await self.call("POST", f"/channels/{found.id}/messages", body, **more)

    async def answer(self, interaction: dict[str, Any], body: Any, **more: Any) -> Answer:
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback?with_response=1"
        return await self.call("POST", path, body, token="", **more)

    async def hook(
        self, method: str, interaction: dict[str, Any], rest: str = "", body: Any = None, **more: Any
    ) -> Answer:
        path = f"/webhooks/{self.application_id}/{interaction['token']}{rest}"
        return await self.call(method, path, body, token="", **more)

    async def sync(self, *commands: dict[str, Any], guild: int | None = None) -> Answer:
        place = "" if guild is None else f"/guilds/{guild}"
        return await self.call("PUT", f"/applications/{self.application_id}{place}/commands", list(commands))

    async def next(self, name: str) -> dict[str, Any]:
        """The data of the next event of that name."""
        async with asyncio.timeout(WAIT_S):
            while True:
                event = await self.events.get()
                if event["t"] == name:
                    data: dict[str, Any] = event["d"]
                    return data


def files_in(folder: Path) -> list[int]:
    """The sizes of the files in a folder, in bytes."""
    return sorted(file.stat().st_size for file in folder.iterdir())


async def path_of(bot: RawBot, body: Any, channel: str = "dailies") -> str:
    """The path of a message that is posted for it."""
    answer = await bot.post(channel, body)
    assert answer.status == 200, answer.body
    return f"/channels/{answer.body['channel_id']}/messages/{answer.body['id']}"


@asynccontextmanager
async def raw_bot(sandbox: Sandbox, *, intents: int | None = GUILDS_AND_REACTIONS) -> AsyncIterator[RawBot]:
    """A bot on a bare socket; with `intents` None it does not connect to the gateway."""
    async with aiohttp.ClientSession() as session:
        bot = RawBot(session, sandbox)
        if intents is None:
            yield bot
            return
        async with session.ws_connect(f"{sandbox.gateway_url}?v=10&encoding=json") as socket:
            reading = asyncio.create_task(_listen(socket, sandbox.bot_token, intents, bot.events))
            await bot.next("READY")
            try:
                yield bot
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


async def _listen(
    socket: aiohttp.ClientWebSocketResponse, token: str, intents: int, events: asyncio.Queue[dict[str, Any]]
) -> None:
    async for message in socket:
        payload = message.json()
        if payload["op"] == 10:
            identify = {"token": token, "intents": intents, "properties": {}}
            await socket.send_json({"op": 2, "d": identify})
        elif payload["op"] == 0:
            events.put_nowait(payload)


class Line:
    """A gateway connection by hand; with `zlib`, compressed as discord.py asks for it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._inflate = zlib.decompressobj()

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def receive(self) -> dict[str, Any]:
        message = await self.socket.receive(timeout=WAIT_S)
        if message.type is aiohttp.WSMsgType.BINARY:
            assert message.data.endswith(b"\x00\x00\xff\xff")
            return dict(json.loads(self._inflate.decompress(message.data)))
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(f"closed with {self.socket.close_code}")
        return dict(message.json())

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not wanted(payload := await self.receive()):
            pass
        return payload

    async def closed(self) -> int | None:
        """The code that the server closes with."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    await self.receive()
                except ConnectionError:
                    return self.socket.close_code


@asynccontextmanager
async def line(sandbox: Sandbox, query: str = "v=10&encoding=json") -> AsyncIterator[Line]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{sandbox.gateway_url}?{query}") as socket,
    ):
        yield Line(socket)


@asynccontextmanager
async def connected(sandbox: Sandbox, client: ClientT) -> AsyncIterator[ClientT]:
    """discord.py, unmodified, against the sandbox; where Discord is, is put back afterwards."""
    api, gateway = discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    discord.http.Route.BASE = sandbox.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sandbox.gateway_url)
    tasks: list[asyncio.Task[Any]] = []
    try:
        await client.login(sandbox.bot_token)
        tasks = [asyncio.create_task(client.connect()), asyncio.create_task(client.wait_until_ready())]
        await asyncio.wait(tasks, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
        assert tasks[1].done()
        yield client
    finally:
        await client.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        discord.http.Route.BASE = api
        DiscordWebSocket.DEFAULT_GATEWAY = gateway
