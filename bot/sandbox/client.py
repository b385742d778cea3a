"""A Discord client's two lines: requests as a person, and the gateway's events kept as they come."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox.errors import Json

EVENTS_MAX = 20_000
MESSAGES_MAX = 5_000
WAIT_S = 30.0
"""For what surely comes: so long that only a fault reaches it, however busy the machine is."""


class PersonError(Exception):
    """The API refused what this person did; `status` and `body` are its answer."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body

    @property
    def code(self) -> int:
        """Discord's code, 0 where the answer has none."""
        return int(self.body.get("code", 0)) if isinstance(self.body, dict) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A dispatch that this client got; `number` counts from 1, `at` is the loop's time."""

    number: int
    name: str
    data: Json
    at: float


class Client:
    """One connection. `events` are the last dispatches, `seen` the messages as they now stand, by id."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str, token: str) -> None:
        self._session = session
        self._api_url = api_url
        self._token = token
        self._waiters: list[tuple[Callable[[Event], bool], asyncio.Future[Event]]] = []
        self._ended: BaseException | None = None
        self._seq: int | None = None
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self.count = 0
        self.seen: dict[str, Json] = {}
        self.user: Json = {}
        self.guilds: dict[str, Json] = {}
        self.session_id = ""

    @classmethod
    @asynccontextmanager
    async def open(cls, api_url: str, gateway_url: str, token: str) -> AsyncIterator["Client"]:
        """Connect and wait for the guilds; closed at the end of the block."""
        async with aiohttp.ClientSession() as session:
            client = cls(session, api_url, token)
            url = f"{gateway_url}?v=10&encoding=json"
            async with session.ws_connect(url, max_msg_size=0) as socket:
                reading = asyncio.create_task(client._read(socket))
                try:
                    ready = await client.wait_for(lambda event: event.name == "READY")
                    for guild in ready.data["guilds"]:
                        await client.wait_for(_guild_came(guild["id"]))
                    yield client
                finally:
                    reading.cancel()
                    await asyncio.gather(reading, return_exceptions=True)

    async def wait_for(
        self, predicate: Callable[[Event], bool], *, timeout_s: float = WAIT_S, since: int = 0
    ) -> Event:
        """The first event after `since` for which `predicate` holds, seen already or yet to come.

        Raises:
            TimeoutError: none came in time; says what came instead.
            ConnectionError: the gateway's connection has ended.
        """
        for event in self.after(since):
            if predicate(event):
                return event
        if self._ended is not None:
            raise ConnectionError("the gateway's connection has ended") from self._ended
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        waiter = (predicate, future)
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            names = [event.name for event in self.after(since)][-20:]
            raise TimeoutError(f"no such event in {timeout_s:g} s; there were {names}") from None
        finally:
            self._waiters.remove(waiter)

    def after(self, number: int) -> list[Event]:
        """The events after the one with that number, the oldest first."""
        found: list[Event] = []
        for event in reversed(self.events):
            if event.number <= number:
                break
            found.append(event)
        return found[::-1]

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        files: Sequence[Path] = (),
        query: dict[str, int | str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Ask the API as this person; the answer's JSON, None where there is none.

        Raises:
            PersonError: it refused.
        """
        sent = {"Authorization": self._token, **(headers or {})}
        data: aiohttp.FormData | bytes | None = None
        opened = [await asyncio.to_thread(path.open, "rb") for path in files]
        try:
            if opened:
                data = aiohttp.FormData(quote_fields=False)
                data.add_field("payload_json", json.dumps(body or {}), content_type="application/json")
                for index, file in enumerate(opened):
                    data.add_field(f"files[{index}]", file, filename=Path(file.name).name)
            elif body is not None:
                data = json.dumps(body).encode()
                sent["Content-Type"] = "application/json"
            async with self._session.request(
                method, self._api_url + path, data=data, params=query, headers=sent
            ) as response:
                raw = await response.read()
                answer = json.loads(raw) if response.content_type == "application/json" and raw else None
                if response.status >= 400:
                    raise PersonError(response.status, raw.decode() if answer is None else answer)
                return answer
        finally:
            for file in opened:
                file.close()

    async def download(self, url: str, to: Path) -> int:
        """Save a file of the CDN; its size in bytes.

        Raises:
            PersonError: the link is dead.
        """
        size = 0
        async with self._session.get(url) as response:
            if response.status != 200:
                raise PersonError(response.status, await response.text())
            file = await asyncio.to_thread(to.open, "wb")
            try:
                async for chunk in response.content.iter_chunked(1 << 20):
                    await asyncio.to_thread(file.write, chunk)
                    size += len(chunk)
            finally:
                file.close()
        return size

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        beating: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                payload = json.loads(message.data)
                match payload["op"]:
                    case 10:
                        interval_s = payload["d"]["heartbeat_interval"] / 1000
                        beating = asyncio.create_task(self._beat(socket, interval_s))
                        identify = {"token": self._token, "properties": {"browser": "person"}}
                        await socket.send_json({"op": 2, "d": identify})
                    case 0:
                        self._seq = payload["s"]
                        self._take(payload["t"], payload["d"])
            self._end(ConnectionError(f"closed with {socket.close_code}"))
        except (ConnectionError, ValueError) as fault:
            self._end(fault)
        finally:
            if beating is not None:
                beating.cancel()

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse, interval_s: float) -> None:
        while not socket.closed:
            await socket.send_json({"op": 1, "d": self._seq})
            await asyncio.sleep(interval_s)

    def _end(self, fault: BaseException) -> None:
        self._ended = fault
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(ConnectionError(f"the gateway's connection has ended: {fault}"))

    def _take(self, name: str, data: Json) -> None:
        self.count += 1
        event = Event(number=self.count, name=name, data=data, at=asyncio.get_running_loop().time())
        self.events.append(event)
        match name:
            case "READY":
                self.user, self.session_id = data["user"], data["session_id"]
            case "GUILD_CREATE":
                self.guilds[data["id"]] = data
            case "MESSAGE_CREATE" | "MESSAGE_UPDATE":
                self.seen[data["id"]] = data
                if len(self.seen) > MESSAGES_MAX:
                    del self.seen[next(iter(self.seen))]
            case "MESSAGE_DELETE":
                self.seen.pop(data["id"], None)
        for predicate, future in self._waiters:
            if not future.done() and predicate(event):
                future.set_result(event)


def _guild_came(guild_id: str) -> Callable[[Event], bool]:
    return lambda event: event.name == "GUILD_CREATE" and event.data["id"] == guild_id
