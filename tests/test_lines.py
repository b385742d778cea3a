"""Questions over kept-open lines: what of an answer is believed, and what becomes of a line. Real sockets."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from bot.errors import ProviderUnavailable, SettingsError
from bot.providers.http import Timeouts
from bot.providers.lines import Lines

BODY = b'{"status": "queued", "cost": 0.10}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-One: a\r\nx-one: b\r\n\r\n%b" % (len(BODY), BODY)
SHORT = Timeouts(ask_s=0.2, connect_s=0.2)
LONG = Timeouts(ask_s=10)

Said = bytes | None
"""What the server says to one question; None says nothing. The line is then closed where `closes` is set."""


class Server:
    """Says to each question what is next, in pieces; keeps what it was asked, and over which line."""

    def __init__(self, *said: Said, pieces: int = 1 << 20, closes: bool = False) -> None:
        self.said = list(said)
        self.pieces = pieces
        self.closes = closes
        self.asked: list[tuple[int, bytes]] = []
        self.open_lines = 0
        self.most_lines = 0
        self.lines = 0
        self.heard = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        self.open_lines += 1
        self.most_lines = max(self.most_lines, self.open_lines)
        line = self.lines
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                self.asked.append((line, request))
                async with self.heard:
                    self.heard.notify_all()
                said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
                if said is None:
                    await reader.read()  # until the other side goes away
                    return
                for begin in range(0, len(said), self.pieces):
                    writer.write(said[begin : begin + self.pieces])
                    await writer.drain()
                    await asyncio.sleep(0)
                if self.closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            self.open_lines -= 1
            writer.close()


@asynccontextmanager
async def served(server: Server) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/jobs/1%2F2?logs=0"


@asynccontextmanager
async def open_lines(timeouts: Timeouts = LONG, *, at_once: int = 64) -> AsyncIterator[Lines]:
    lines = Lines({"Authorization": "Key k"}, timeouts=timeouts, at_once=at_once)
    yield lines
    await lines.close()


async def test_a_question_is_asked_as_it_must_be_and_the_line_is_used_again() -> None:
    server = Server(GOOD)
    async with served(server) as url, open_lines() as lines:
        for _ in range(3):
            answered = await lines.get(url)

    assert answered.status == 200
    assert answered.body == {"status": "queued", "cost": Decimal("0.10")}
    assert answered.headers["x-one"] == "a"
    assert [line for line, _ in server.asked] == [1, 1, 1]
    assert (
        server.asked[0][1]
        == (
            f"GET /jobs/1%2F2?logs=0 HTTP/1.1\r\nHost: {url.split('/')[2]}\r\nUser-Agent: Dailies\r\n"
            "Accept-Encoding: identity\r\nAuthorization: Key k\r\n\r\n"
        ).encode()
    )


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    b"A;name=value\r\n" + BODY[:10] + b"\r\n018\r\n" + BODY[10:] + b"\r\n0\r\nX-Trailer: t\r\n\r\n"
)
PACKED, PACKED_BLANK = gzip.compress(BODY), gzip.compress(b" " * 100_000)
READABLE = {
    "a length": GOOD,
    "chunks": CHUNKED,
    "chunks without a trailer": CHUNKED.replace(b"X-Trailer: t\r\n", b""),
    "another head first": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + GOOD,
    "no reason": GOOD.replace(b"200 OK", b"200"),
    "the same length twice": GOOD.replace(b"X-One: a", b"Content-Length: %d" % len(BODY)),
    "packed, though unasked": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    % (len(PACKED), PACKED),
}


@pytest.mark.parametrize("said", READABLE.values(), ids=READABLE.keys())
@pytest.mark.parametrize("pieces", [1, 7, 1 << 20])
async def test_however_an_answer_is_framed_and_cut_up_it_is_read_whole(said: bytes, pieces: int) -> None:
    server = Server(said, pieces=pieces)
    async with served(server) as url, open_lines() as lines:
        for _ in range(2):
            answered = await lines.get(url)
            assert answered.body == {"status": "queued", "cost": Decimal("0.10")}
            assert answered.whole

    assert server.lines == 1


async def test_a_body_without_a_length_ends_with_the_line_and_one_that_has_none_ends_at_once() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, closes=True)
    async with served(server) as url, open_lines() as lines:
        assert (await lines.get(url)).body == {"status": "queued", "cost": Decimal("0.10")}

    server = Server(b"HTTP/1.1 204 No Content\r\n\r\n")
    async with served(server) as url, open_lines() as lines:
        assert (await lines.get(url)).status == 204
        assert (await lines.get(url)).body is None
    assert server.lines == 1


@pytest.mark.parametrize(
    "said", [GOOD.replace(b"X-One: a", b"Connection: close"), GOOD.replace(b"HTTP/1.1", b"HTTP/1.0")]
)
async def test_a_line_that_the_server_will_close_is_not_used_again(said: bytes) -> None:
    server = Server(said)
    async with served(server) as url, open_lines() as lines:
        assert (await lines.get(url)).ok
        assert (await lines.get(url)).ok

    assert server.lines == 2


UNREADABLE = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "HTTP/2": GOOD.replace(b"HTTP/1.1", b"HTTP/2.0"),
    "two lengths": GOOD.replace(b"X-One: a", b"Content-Length: 3"),
    "a negative length": GOOD.replace(b"Content-Length: ", b"Content-Length: -"),
    "a length of words": GOOD.replace(b"Content-Length: ", b"Content-Length: 0x"),
    "a length and chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n", 1),
    "another coding": CHUNKED.replace(b"Chunked", b"gzip, chunked"),
    "a chunk without a size": CHUNKED.replace(b"A;name", b"Q;name"),
    "a chunk that is longer than it says": CHUNKED.replace(b"A;name", b"9;name"),
    "a folded header": GOOD.replace(b"x-one: b", b" x-one: b"),
    "a header without a name": GOOD.replace(b"x-one: b", b": b"),
    "a zero in a header": GOOD.replace(b"x-one: b", b"x-one: \0"),
    "a line feed in a header": GOOD.replace(b"x-one: b", b"x-one: b\nx: y"),
    "a head without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 17),
}


@pytest.mark.parametrize("said", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_could_be_read_in_two_ways_is_no_answer(said: bytes) -> None:
    server = Server(said, GOOD)
    async with served(server) as url, open_lines() as lines:
        with pytest.raises(ProviderUnavailable):
            await lines.get(url)
        assert (await lines.get(url)).ok

    assert server.lines == 2


async def test_more_than_was_asked_for_is_not_the_answer_to_the_next_question() -> None:
    server = Server(GOOD + GOOD.replace(b"queued", b"failed"), GOOD)
    async with served(server) as url, open_lines() as lines:
        for _ in range(2):
            assert (await lines.get(url)).body == {"status": "queued", "cost": Decimal("0.10")}

    assert server.lines == 2


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b" " * 2000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + PACKED_BLANK,
    ],
    ids=["by its length", "by its chunk", "without an end", "packed"],
)
async def test_a_body_is_read_to_its_limit_and_no_further(said: bytes) -> None:
    server = Server(said, closes=said.endswith(PACKED_BLANK))
    async with served(server) as url, open_lines() as lines:
        answered = await lines.get(url, bytes_max=1000)

    assert (answered.status, answered.body) == (200, None)


async def test_an_error_that_is_cut_short_is_known_by_its_status_and_a_good_answer_is_not_believed() -> None:
    missing = GOOD.replace(b"200 OK", b"404 Not Found")[:-5]
    async with served(Server(missing, closes=True)) as url, open_lines() as lines:
        answered = await lines.get(url)
        assert (answered.status, answered.body, answered.whole) == (404, None, False)
    async with served(Server(GOOD[:-5], closes=True)) as url, open_lines() as lines:
        with pytest.raises(ProviderUnavailable, match="cut short"):
            await lines.get(url)


async def test_a_line_that_was_closed_while_it_lay_idle_costs_one_more_try_and_no_more() -> None:
    server = Server(GOOD, closes=True)
    async with served(server) as url, open_lines() as lines:
        for _ in range(5):
            assert (await lines.get(url)).ok

        server.said = [b""]
        with pytest.raises(ProviderUnavailable):
            await lines.get(url)
    assert server.lines <= 7


@pytest.mark.parametrize("said", [None, GOOD[:-5], GOOD[:20]], ids=["nothing", "half", "half a head"])
async def test_silence_is_given_up_in_time_and_its_line_with_it(said: Said) -> None:
    server = Server(said)
    async with served(server) as url, open_lines(SHORT) as lines:
        async with asyncio.timeout(10):
            with pytest.raises(ProviderUnavailable):
                await lines.get(url)
        server.said = [GOOD]
        assert (await lines.get(url)).ok

    assert server.lines == 2


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with served(Server(GOOD)) as url:
        pass
    async with open_lines(SHORT) as lines:
        with pytest.raises(ProviderUnavailable):
            await lines.get(url)
        with pytest.raises(ProviderUnavailable):
            await lines.get(url.replace("http://", "https://"))


async def test_there_are_no_more_lines_than_there_may_be_and_all_questions_are_answered() -> None:
    server = Server(GOOD)
    async with served(server) as url, open_lines(at_once=3) as lines:
        answers = await asyncio.gather(*(lines.get(url) for _ in range(50)))

    assert len(answers) == 50
    assert server.most_lines <= 3


async def test_who_gives_up_a_question_leaves_no_answer_to_the_next_one() -> None:
    server = Server(None, GOOD)
    async with served(server) as url, open_lines() as lines:
        asking = asyncio.create_task(lines.get(url))
        async with server.heard:
            await server.heard.wait_for(lambda: len(server.asked) == 1)
        asking.cancel()
        await asyncio.wait({asking})
        assert (await lines.get(url)).ok

    assert server.lines == 2


async def test_nothing_can_be_slipped_into_a_request() -> None:
    for value in ("k\r\nX: y", "k\nX", "k\0"):
        with pytest.raises(SettingsError) as refused:
            Lines({"Authorization": value}, timeouts=LONG)
        assert "k\n" not in str(refused.value)
    async with open_lines() as lines:
        for address in (
            "http://127.0.0.1:1/a b",
            "http://127.0.0.1:1/a\r\nX: y",
            "http://127.0.0.1:1\r\nX: y/a",
            "http://127.0.0.1:1/a#b",
            "http://127.0.0.1:1?a",
            "http://127.0.0.1:1",
            "http://127.0.0.1:port/a",
            "http://me:secret@127.0.0.1:1/a",
            "http:///a",
            "ftp://127.0.0.1:1/a",
        ):
            with pytest.raises(ProviderUnavailable, match="an address that cannot be asked"):
                await lines.get(address)
