"""HTTP for every protocol: the POST that is sent once, bounded JSON answers, a file streamed to disk."""

import asyncio
import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO, ParamSpec, TypeVar

import aiohttp
from yarl import URL

from bot.errors import ClipUnusable, ProviderUnavailable
from bot.providers.protocol import Fetched

JSON_BYTES_MAX = 1 << 20
"""Of one answer: a prompt of 32,000 characters, all escaped, is a third of this."""

WAIT_S_MIN = 0.1
WAIT_S_MAX = 3_600.0
"""A provider that names a shorter or longer pause gets this one all the same."""

_HEADERS = {"User-Agent": "Dailies", "Accept-Encoding": "identity"}
"""Bodies as they are: their lengths can be compared, and nothing small unpacks into something huge."""

_CHUNK_BYTES = 1 << 18

_JSON = json.JSONDecoder(parse_float=Decimal)
"""Made once: `json.loads` would make one for every answer."""
_TEXT_CHARS_MAX = 300

LOST = (aiohttp.ClientError, OSError)
"""Everything by which a connection can fail under us; a timeout is an `OSError`."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each thing may take, in seconds.

    A submission that is given up is a job of which nobody knows whether it is billed: its time is long on
    purpose, since a proxy in between gives up sooner and says so. `silence_s` is the longest gap in a
    download, `fetch_s` the whole of it.
    """

    connect_s: float = 10
    submit_s: float = 120
    ask_s: float = 30
    silence_s: float = 30
    fetch_s: float = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A status line came back. `body` is its JSON, None where that was none, too long, or cut short.

    A number with a point or an exponent is a `Decimal`, since it may be money (`NaN` is a float).
    `whole` says whether all of the body came; `raw` is its beginning.
    """

    status: int
    headers: Mapping[str, str]
    body: object
    whole: bool
    raw: bytes

    @property
    def text(self) -> str:
        """The beginning of the body in one line, for the operator."""
        return one_line(self.raw.decode("utf-8", "replace"))

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class NeverSent:
    """No connection came about, so not one byte of the request left."""

    detail: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """There was a connection and no answer over it: the request may have arrived."""

    detail: str


async def post_once(
    url: URL,
    *,
    headers: Mapping[str, str],
    payload: Mapping[str, object] | aiohttp.FormData,
    timeouts: Timeouts,
) -> Answered | NeverSent | NoAnswer:
    """POST a body once: no retry, no redirect, no proxy, on a connection made for it and then closed.

    A mapping goes as JSON, a form as it is (its files are read on a thread, piece by piece).

    A kept-alive connection may turn out to have been closed by the server in the meantime, which cannot be
    told from a lost answer; a fresh one cannot. Whether anything was sent is judged by whether the
    connection (with its TLS) was made, not by the kind of the exception.
    """
    connected = False

    async def note(
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        _params: aiohttp.TraceConnectionCreateEndParams,
    ) -> None:
        nonlocal connected
        connected = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(note)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        timeout=aiohttp.ClientTimeout(total=timeouts.submit_s, connect=timeouts.connect_s),
        trace_configs=[trace],
        trust_env=False,
    )
    form, body = (payload, None) if isinstance(payload, aiohttp.FormData) else (None, payload)
    async with session:
        try:
            async with session.post(
                url, headers=headers, data=form, json=body, allow_redirects=False
            ) as response:
                return await read_answer(response)
        except LOST as lost:
            return NoAnswer(one_line(lost)) if connected else NeverSent(one_line(lost))


def pooled_session(timeouts: Timeouts) -> aiohttp.ClientSession:
    """A session with kept-alive connections, for everything that may be asked twice. Needs a running loop."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=64),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        timeout=aiohttp.ClientTimeout(total=timeouts.ask_s, connect=timeouts.connect_s),
        read_bufsize=_CHUNK_BYTES,
        trust_env=False,
    )


async def call(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    headers: Mapping[str, str],
    raw: bytes | BinaryIO | None = None,
    total_s: float | None = None,
    bytes_max: int = JSON_BYTES_MAX,
) -> Answered:
    """One question with a JSON answer, no redirect followed.

    `raw` goes with it as it is (a file is read on a thread, piece by piece); `total_s` is how long it may
    take, where that is not the session's own time.

    Raises:
        ProviderUnavailable: no answer, or a good one that was cut short.
    """
    timeout = session.timeout
    if total_s is not None:
        timeout = aiohttp.ClientTimeout(total=total_s, connect=timeout.connect)
    try:
        async with session.request(
            method,
            url,
            headers=headers,
            data=raw,
            timeout=timeout,
            allow_redirects=False,
        ) as response:
            answered = await read_answer(response, bytes_max=bytes_max)
    except LOST as lost:
        raise ProviderUnavailable(one_line(lost)) from lost
    if answered.ok and not answered.whole:
        raise ProviderUnavailable(f"the answer was cut short: {answered.text}")
    return answered


async def read_answer(response: aiohttp.ClientResponse, *, bytes_max: int = JSON_BYTES_MAX) -> Answered:
    """Read a body up to a limit. Never raises for what the body is: the status alone may prove enough."""
    received = bytearray()
    whole = True
    try:
        while len(received) <= bytes_max and (chunk := await response.content.read(_CHUNK_BYTES)):
            received += chunk
    except LOST:
        whole = False
    return answered_with(response.status, response.headers, received, whole=whole, bytes_max=bytes_max)


def answered_with(
    status: int, headers: Mapping[str, str], received: bytearray, *, whole: bool, bytes_max: int
) -> Answered:
    """What came back, as far as it came. Never raises for what the body is."""
    body: object = None
    if whole and len(received) <= bytes_max:
        try:
            body = _JSON.decode(received.decode(json.detect_encoding(received), "surrogatepass"))
        except (ValueError, RecursionError, ArithmeticError):  # the last is an exponent beyond `Decimal`
            body = None
    return Answered(
        status=status,
        headers=headers,
        body=body,
        whole=whole,
        raw=bytes(received[: 4 * _TEXT_CHARS_MAX]),
    )


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """The wait that an answer asks for, kept within bounds; None where it asks for none that can be read.

    `Retry-After` is seconds or a date (RFC 9110, 10.2.3); OpenAI adds `retry-after-ms` and, on the answers
    to status questions, `openai-poll-after-ms` (openai-python 3.52.0, `_base_client.py`, `videos.py`).
    """
    for name, unit_s in (("openai-poll-after-ms", 0.001), ("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (said := headers.get(name)) is None:
            continue
        try:
            wait_s = float(said) * unit_s
        except ValueError:
            continue
        if math.isfinite(wait_s):
            return min(max(wait_s, WAIT_S_MIN), WAIT_S_MAX)
    if (said := headers.get("retry-after")) is None:
        return None
    try:
        at = parsedate_to_datetime(said)
        return min(max((at - now).total_seconds(), WAIT_S_MIN), WAIT_S_MAX)
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone, which may not be ours
        return None


async def save(response: aiohttp.ClientResponse, into: Path, *, bytes_max: int) -> Fetched:
    """Stream a body to `into`: written beside it under a part name, synced, then renamed, the folder synced.

    Nothing is left behind when it fails; a part file that a killed process left is overwritten.

    Raises:
        ProviderUnavailable: the connection was lost on the way.
        ClipUnusable: empty, or more than `bytes_max`.
        OSError: our own disk.
    """
    if (response.content_length or 0) > bytes_max:
        raise ClipUnusable(f"{response.content_length} bytes are announced, {bytes_max} allowed")
    # One thread of its own does all that touches the disk, in order, so that even after a cancellation the
    # file is closed and removed behind the write that was under way, and not under it.
    disk = ThreadPoolExecutor(1, thread_name_prefix="download")
    loop = asyncio.get_running_loop()

    def on_disk(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        return loop.run_in_executor(disk, lambda: work(*args, **kwargs))

    part = _Part(into)
    try:
        await on_disk(part.open)
        while chunk := await _next_chunk(response):
            if part.size_bytes + len(chunk) > bytes_max:
                raise ClipUnusable(f"more than the {bytes_max} bytes allowed")
            await on_disk(part.write, chunk)
        if part.size_bytes == 0:
            raise ClipUnusable("an empty file")
        return await on_disk(part.keep)
    finally:
        discarded = on_disk(part.discard)
        disk.shutdown(wait=False)
        await discarded


async def _next_chunk(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.content.read(_CHUNK_BYTES)
    except LOST as lost:
        raise ProviderUnavailable(f"the download broke off: {one_line(lost)}") from lost


class _Part:
    """The file while it is being written. Used from one thread at a time."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._path = into.with_name(f"{into.name}.part")
        self._fd = -1
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def open(self) -> None:
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    def write(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._fd, view) :]
        self._sha256.update(chunk)
        self.size_bytes += len(chunk)

    def keep(self) -> Fetched:
        os.fsync(self._fd)
        self._path.replace(self._into)
        folder = os.open(self._into.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return Fetched(size_bytes=self.size_bytes, sha256=self._sha256.hexdigest())

    def discard(self) -> None:
        """Close, and remove what was not kept; does nothing to a file that was."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._path.unlink(missing_ok=True)


def one_line(of: object) -> str:
    """Text for the operator's log, in one line and short; an exception with its kind.

    Never the `repr` of an aiohttp exception, which holds the request's headers and so the key.
    """
    text = f"{type(of).__name__}: {of}" if isinstance(of, BaseException) else str(of)
    return " ".join(text.split())[:_TEXT_CHARS_MAX]
