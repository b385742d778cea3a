"""Lines: kept-open connections over which thousands of short questions a second are asked.

A question is a GET, which may be repeated; so a line that the server closed while it lay idle costs nothing
but another try. What is read is HTTP/1.1 (RFC 9112) as far as an API's answer to a GET needs it, and nothing
is believed that could be read in two ways. aiohttp does the same and much more, at three times the cost
(tests/bench/asking.py); it does all else here: submissions, uploads, downloads.
"""

import asyncio
import re
import ssl
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast

from multidict import CIMultiDict
from yarl import URL

from bot.errors import ProviderUnavailable, SettingsError
from bot.providers.http import (
    JSON_BYTES_MAX,
    LOST,
    Answered,
    Timeouts,
    answered_with,
    one_line,
)
from bot.providers.tls import Opened, Sealed

HEAD_BYTES_MAX = 1 << 16
IDLE_S = 15.0
"""A line that lay idle for longer is closed: servers keep theirs for a minute or so."""

_SWEEP_S = 1.0
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?", re.DOTALL)
_FIELDS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*(?:\r\n|$))*")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_ADDRESS = re.compile(r"(https?://[^/?#]+)(/[\x21\x22\x24-\x7e]*)")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_NO_BODY = {204, 304}
_ORIGINS_MAX = 64

_Origin = tuple[str, str, int]
"""Scheme, host and port."""

P = TypeVar("P", bound=asyncio.Protocol)


class Broken(OSError):
    """What came over a line is no answer: no HTTP, or the line was cut before one began."""


class Lines:
    """The lines to one provider. Made inside the running loop; closed at the end.

    Args:
        headers: sent with every question, to whatever origin: the caller chooses where it asks.
        timeouts: how long a connection and a whole question may take.
        at_once: how many lines there may be; more questions wait for one.
    """

    def __init__(self, headers: Mapping[str, str], *, timeouts: Timeouts, at_once: int = 192) -> None:
        own = {"User-Agent": "Dailies", "Accept-Encoding": "identity", **headers}
        if not all(_VALUE.fullmatch(value) for value in own.values()):
            raise SettingsError("a key or header has a character that cannot be sent")
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        self._timeouts = timeouts
        self._room = asyncio.Semaphore(at_once)
        self._idle: defaultdict[_Origin, list[_Line]] = defaultdict(list)
        self._origins: dict[str, tuple[_Origin, bytes]] = {}
        self._lines: set[_Line] = set()
        self._tls: ssl.SSLContext | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def get(self, url: str, *, bytes_max: int = JSON_BYTES_MAX) -> Answered:
        """One question with a JSON answer, no redirect followed.

        The address is sent as it is written: what must be escaped in it has been. It is no `URL`, since to
        make one for each question would cost a fifth of it.

        Raises:
            ProviderUnavailable: no answer, or a good one that was cut short.
        """
        found = _ADDRESS.fullmatch(url)
        if found is None:
            raise ProviderUnavailable("an address that cannot be asked")
        origin, rest = self._origins.get(found[1]) or self._origin(found[1])
        request = b"GET " + found[2].encode("ascii") + rest
        try:
            async with self._room:
                answered = await self._ask(origin, request, bytes_max)
        except LOST as lost:
            raise ProviderUnavailable(one_line(lost)) from lost
        if answered.ok and not answered.whole:
            raise ProviderUnavailable(f"the answer was cut short: {answered.text}")
        return answered

    def _origin(self, written: str) -> tuple[_Origin, bytes]:
        """An origin, and what follows a target in a question that is asked there."""
        try:
            url = URL(written)
            host, port = url.raw_host, url.port
        except ValueError as wrong:
            raise ProviderUnavailable("an address that cannot be asked") from wrong
        if not host or port is None or url.user is not None or url.password is not None:
            raise ProviderUnavailable("an address that cannot be asked")
        named = f"[{host}]" if ":" in host else host
        named = named if url.is_default_port() else f"{named}:{port}"
        rest = f" HTTP/1.1\r\nHost: {named}\r\n{self._headers}\r\n".encode("latin-1")
        if len(self._origins) >= _ORIGINS_MAX:
            self._origins.clear()
        self._origins[written] = known = (url.scheme, host, port), rest
        return known

    async def close(self) -> None:
        """Cut every line."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for line in list(self._lines):
            line.cut(Broken("closed"))
        await asyncio.sleep(0)  # until the loop has closed the sockets

    async def _ask(self, origin: _Origin, request: bytes, bytes_max: int) -> Answered:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._timeouts.ask_s
        idle = self._idle[origin]
        while idle:
            line = idle.pop()
            if line.is_open:
                try:
                    return await self._over(line, origin, request, bytes_max, until)
                except Broken:
                    if line.has_heard or loop.time() >= until:
                        raise
                    break  # the server had closed it while it lay idle, as it may
        line = await self._opened(origin)
        return await self._over(line, origin, request, bytes_max, until)

    async def _over(
        self, line: "_Line", origin: _Origin, request: bytes, bytes_max: int, until: float
    ) -> Answered:
        try:
            answered = await line.ask(request, bytes_max, until)
        except BaseException:
            line.cut(Broken("given up"))
            raise
        if line.is_open:
            self._idle[origin].append(line)
        return answered

    async def _opened(self, origin: _Origin) -> "_Line":
        scheme, host, port = origin
        line = _Line(self._lines)
        async with asyncio.timeout(self._timeouts.connect_s):
            if scheme == "https":
                await self._sealed(line, host, port)
            else:
                await self._connected(lambda: line, host, port)
        if self._sweeper is None:
            self._sweep()
        return line

    async def _sealed(self, line: "_Line", host: str, port: int) -> None:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        seal = partial(self._tls.wrap_bio, server_hostname=host)
        sealed = await self._connected(lambda: Sealed(line, seal), host, port)
        try:
            await sealed.ready
        except BaseException:
            sealed.abort()
            raise

    async def _connected(self, made: Callable[[], P], host: str, port: int) -> P:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(made, host, port, happy_eyeballs_delay=0.25)
        return protocol

    def _sweep(self) -> None:
        """Give up what takes too long, close what lies idle; one timer for all lines."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for line in list(self._lines):
            line.look_at_time(now)
        for origin, idle in list(self._idle.items()):
            self._idle[origin] = [line for line in idle if line.is_open]
            if not self._idle[origin]:
                del self._idle[origin]
        every_s = min(_SWEEP_S, self._timeouts.ask_s / 4)
        self._sweeper = loop.call_later(every_s, self._sweep) if self._lines else None


class _Line(asyncio.Protocol):
    """One connection: one question at a time, and its answer."""

    def __init__(self, lines: "set[_Line]") -> None:
        self._lines = lines
        self._wire: Opened
        self._received = bytearray()
        self._waiter: asyncio.Future[Answered] | None = None
        self._until = 0.0
        self._bytes_max = 0
        self._head: tuple[int, CIMultiDict[str]] | None = None
        self._length: int | None = None
        self._is_chunked = False
        self._keeps = False
        self._body = bytearray()
        self.has_heard = False
        self.is_open = False

    # What the pool does

    async def ask(self, request: bytes, bytes_max: int, until: float) -> Answered:
        """Send a question, return its answer; `is_open` then says whether another may be asked.

        Raises:
            Broken: none came, or none that could be read.
        """
        self._waiter = asyncio.get_running_loop().create_future()
        self._bytes_max, self._until = bytes_max, until
        self._head, self.has_heard = None, False
        self._body = bytearray()
        self._wire.write(request)
        return await self._waiter

    def look_at_time(self, now: float) -> None:
        if self._waiter is None:
            if now > self._until + IDLE_S:
                self.cut(Broken("idle"))
        elif now >= self._until:
            self._end_early(Broken("no answer in time"))

    def cut(self, why: Broken) -> None:
        """Close the connection now; who waits for an answer hears why there is none."""
        self.is_open = False
        self._lines.discard(self)
        self._wire.abort()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(why)

    # What the loop does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.opened(cast("asyncio.Transport", transport))

    def opened(self, by: Opened) -> None:
        self._wire = by
        self.is_open = True
        self._until = asyncio.get_running_loop().time()
        self._lines.add(self)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:  # nobody asked
            self.cut(Broken("an answer without a question"))
            return
        self.has_heard = True
        self._received += data
        try:
            self._read()
        except Broken as broken:
            self.cut(broken)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._lines.discard(self)
        if self._waiter is not None and not self._waiter.done():
            ends_by_closing = self._head is not None and self._length is None and not self._is_chunked
            if exc is None and ends_by_closing:
                self._done(whole=True)
            else:
                self._end_early(Broken(one_line(exc) if exc else "the server closed the connection"))

    # Reading

    def _end_early(self, why: Broken) -> None:
        """Where the status came it may prove enough, whatever the body would have said."""
        if self._head is not None:
            self._keeps = False
            self._done(whole=False)
        else:
            self.cut(why)

    def _read(self) -> None:
        while self._head is None:
            if not self._read_head():
                return
        if self._is_chunked:
            is_done = self._read_chunks()
        else:
            wanted = self._bytes_max + 1 if self._length is None else self._length
            take = min(len(self._received), wanted - len(self._body))
            self._body += self._received[:take]
            del self._received[:take]
            is_done = self._length is not None and len(self._body) == self._length
        if len(self._body) > self._bytes_max:
            self._keeps, is_done = False, True
        if is_done:
            self._done(whole=True)

    def _read_head(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > HEAD_BYTES_MAX:
                raise Broken("a head without end")
            return False
        first, _, fields = bytes(self._received[:end]).partition(b"\r\n")
        del self._received[: end + 4]
        found = _STATUS.fullmatch(first)
        if found is None or not _FIELDS.fullmatch(fields):
            raise Broken("no HTTP")
        parts = [line.partition(":") for line in fields.decode("latin-1").split("\r\n") if line]
        headers = CIMultiDict([(name, value.strip(" \t")) for name, _, value in parts])
        status = int(found[2])
        if status < 200:  # the real one follows
            return True
        self._head = status, headers
        self._frame(status, headers, is_old=found[1] == b"0")
        return True

    def _frame(self, status: int, headers: CIMultiDict[str], *, is_old: bool) -> None:
        """Where the body ends (RFC 9112, 6.3), and whether the line can be used again."""
        connection = headers.get("connection", "").lower()
        self._keeps = "close" not in connection and not is_old
        self._is_chunked, self._length = False, None
        codings, lengths = headers.getall("transfer-encoding", []), set(headers.getall("content-length", []))
        if status in _NO_BODY:
            self._length = 0
        elif codings:
            if lengths or [coding.lower() for coding in codings] != ["chunked"]:
                raise Broken("a body whose end cannot be told")
            self._is_chunked = True
        elif lengths:
            said = lengths.pop()
            if lengths or not (said.isascii() and said.isdigit() and len(said) < 16):
                raise Broken("a length that is none")
            self._length = int(said)

    def _read_chunks(self) -> bool:
        """Whether the last chunk and its trailer have come."""
        while True:
            found = _CHUNK.match(self._received)
            if found is None:
                if len(self._received) > 1024 or b"\r\n" in self._received:
                    raise Broken("a chunk that is none")
                return False
            size, begin = int(found[1], 16), found.end()
            if size == 0:
                return self._read_trailer(begin)
            if len(self._body) + size > self._bytes_max:
                self._body += bytes(self._bytes_max + 1 - len(self._body))  # too long, whatever it says
                return True
            if len(self._received) < begin + size + 2:
                return False
            if self._received[begin + size : begin + size + 2] != b"\r\n":
                raise Broken("a chunk that is longer than it says")
            self._body += self._received[begin : begin + size]
            del self._received[: begin + size + 2]

    def _read_trailer(self, begin: int) -> bool:
        if self._received[begin : begin + 2] == b"\r\n":
            end = begin + 2
        elif (found := self._received.find(b"\r\n\r\n", begin)) >= 0:
            end = found + 4
        elif len(self._received) > HEAD_BYTES_MAX:
            raise Broken("a trailer without end")
        else:
            return False
        del self._received[:end]
        return True

    def _done(self, *, whole: bool) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or self._head is None:
            return
        (status, headers), body = self._head, self._body
        if whole and headers.get("content-encoding", "identity").lower() != "identity":
            body, whole = _unpacked(body, self._bytes_max)
        if not waiter.done():
            waiter.set_result(answered_with(status, headers, body, whole=whole, bytes_max=self._bytes_max))
        self._until = asyncio.get_running_loop().time()
        if not self._keeps or self._received:
            self.cut(Broken("not kept open"))


def _unpacked(body: bytearray, bytes_max: int) -> tuple[bytearray, bool]:
    """We ask for bodies as they are; one that is packed all the same is unpacked up to the limit."""
    try:
        return bytearray(zlib.decompressobj(wbits=47).decompress(body, bytes_max + 1)), True
    except zlib.error:
        return bytearray(), False
