"""Questions over kept-open lines with TLS: who is believed, and what a line costs. Real sockets."""

import asyncio
import contextlib
import socket
import ssl
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.errors import ProviderUnavailable
from bot.providers.http import Timeouts
from bot.providers.lines import Lines

BODY = b'{"status": "queued"}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY
LINE_BYTES_MAX = 64 << 10
"""What our own side of a line may take; asyncio's own TLS takes four times as much."""


def certified(folder: Path, address: str) -> Path:
    """A certificate of this address that nobody but itself vouches for, with its key, in one file."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "t")]),
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{address}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(autouse=True)
def trusted(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ours))


def sealing(file: Path, versions: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.maximum_version = versions
    return context


class Server:
    """Says the same to every question; counts questions and lines."""

    def __init__(self, said: bytes, pieces: int) -> None:
        self._said = said
        self._pieces = pieces
        self.asked: list[bytes] = []
        self.lines = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                for begin in range(0, len(self._said), self._pieces):
                    writer.write(self._said[begin : begin + self._pieces])
                    await writer.drain()
                if b"Connection: close" in self._said:
                    break
        writer.close()


@asynccontextmanager
async def serving(
    context: ssl.SSLContext, said: bytes = GOOD, *, pieces: int = 1 << 20
) -> AsyncIterator[tuple[str, Server]]:
    server = Server(said, pieces)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/job", server


@contextmanager
def raw(context: ssl.SSLContext, answer: Callable[[ssl.SSLSocket], None]) -> Iterator[str]:
    """A server that takes one line, reads one question, and then does as it likes with the socket."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            taken, _ = listening.accept()
            with context.wrap_socket(taken, server_side=True) as sealed:
                sealed.recv(1 << 16)
                answer(sealed)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/job"
    thread.join()


@asynccontextmanager
async def lines(timeouts: Timeouts | None = None) -> AsyncIterator[Lines]:
    opened = Lines({"Authorization": "Key secret"}, timeouts=timeouts or Timeouts())
    try:
        yield opened
    finally:
        await opened.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("pieces", [1, 1 << 20])
async def test_questions_are_answered_over_one_line_that_is_kept(
    ours: Path, version: ssl.TLSVersion, pieces: int
) -> None:
    async with serving(sealing(ours, version), pieces=pieces) as (url, server), lines() as asking:
        answers = [await asking.get(url) for _ in range(5)]

    assert [(answer.status, answer.raw) for answer in answers] == [(200, BODY)] * 5
    assert server.lines == 1
    assert all(asked.startswith(b"GET /job HTTP/1.1\r\n") for asked in server.asked)


async def test_an_answer_of_many_records_comes_whole(ours: Path) -> None:
    body = b'{"x": "%b"}' % (b"y" * 900_000)
    said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    async with serving(sealing(ours), said) as (url, _), lines() as asking:
        answer = await asking.get(url)

    assert answer.whole
    assert isinstance(answer.body, dict)
    assert len(answer.body["x"]) == 900_000


@pytest.mark.parametrize("who", ["of another address", "that nobody vouches for"])
async def test_no_question_and_no_key_goes_to_whom_the_certificate_is_not_of(
    tmp_path: Path, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = certified(tmp_path, "127.0.0.2" if who == "of another address" else "127.0.0.1")
    if who == "of another address":
        monkeypatch.setenv("SSL_CERT_FILE", str(theirs))

    async with serving(sealing(theirs)) as (url, server), lines() as asking:
        with pytest.raises(ProviderUnavailable, match="SSLCertVerificationError"):
            await asking.get(url)

    assert server.asked == []


async def test_an_answer_that_ends_with_the_line_is_whole_only_where_the_server_says_that_it_ended(
    ours: Path,
) -> None:
    def cut_off(sealed: ssl.SSLSocket) -> None:
        sealed.sendall(UNTIL_CLOSED)
        socket.socket(fileno=sealed.detach()).close()  # no word of TLS about it

    async with serving(sealing(ours), UNTIL_CLOSED) as (url, _), lines() as asking:
        answer = await asking.get(url)
        assert (answer.whole, answer.raw) == (True, BODY)

    with raw(sealing(ours), cut_off) as url:
        async with lines() as asking:
            with pytest.raises(ProviderUnavailable, match="cut short"):
                await asking.get(url)


async def test_what_was_meddled_with_on_the_way_is_no_answer(ours: Path) -> None:
    def meddle(sealed: ssl.SSLSocket) -> None:
        with socket.socket(fileno=sealed.detach()) as plain:
            plain.sendall(b"\x17\x03\x03\x00\x20" + b"m" * 32)
            plain.recv(1)  # until the other side goes away

    with raw(sealing(ours), meddle) as url:
        async with lines() as asking:
            with pytest.raises(ProviderUnavailable, match="SSLError"):
                await asking.get(url)


async def test_a_server_without_tls_or_without_a_word_is_not_waited_for() -> None:
    heard: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1 << 16))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listening, lines() as asking:
        with pytest.raises(ProviderUnavailable, match="SSLError"):
            await asking.get(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/job")
    assert b"GET" not in b"".join(heard)

    with socket.create_server(("127.0.0.1", 0)) as mute:
        async with lines(Timeouts(connect_s=0.2)) as asking:
            with pytest.raises(ProviderUnavailable):
                await asking.get(f"https://127.0.0.1:{mute.getsockname()[1]}/job")
            taken, _ = mute.accept()
            taken.settimeout(10)
            with taken, taken.makefile("rb") as stream:
                assert await asyncio.to_thread(stream.read)  # all of it: what was begun has been ended


async def test_a_line_that_the_server_closed_while_it_lay_idle_costs_another_one_and_no_answer(
    ours: Path,
) -> None:
    async with serving(sealing(ours), UNTIL_CLOSED) as (url, server), lines() as asking:
        for _ in range(3):
            assert (await asking.get(url)).raw == BODY

    assert server.lines == 3


async def test_an_open_line_is_small(ours: Path) -> None:
    async with serving(sealing(ours)) as (url, server), lines() as asking:
        await asking.get(url)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        await asyncio.gather(*(asking.get(url) for _ in range(8)))
        of_server = 256 << 10  # which lives in this process too, and has asyncio's own TLS
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert server.lines == 8
    assert (after - before) / 7 - of_server < LINE_BYTES_MAX
