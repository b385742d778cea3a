"""The gateway's sessions: who is connected, what they are sent, and what a RESUME is given again."""

import asyncio
import secrets
import zlib
from collections import deque
from collections.abc import Callable

from aiohttp import web

from bot.sandbox.errors import Json
from bot.sandbox.gateway_codes import Close, Op
from bot.sandbox.wire import encode
from bot.sandbox.world import User

# How many events a session remembers for a RESUME; a client that missed more starts anew.
REPLAYED_MAX = 5000
# How many events may wait for a slow reader before its connection is cut.
WAITING_MAX = 50_000
# Sessions without a connection that are kept for a RESUME.
DETACHED_MAX = 8


class Connection:
    """One websocket's outgoing side: what is sent leaves in order, without anybody waiting for it."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None, *, compressed: bool
    ) -> None:
        self.socket = socket
        self._transport = transport
        self._zlib = zlib.compressobj(1) if compressed else None
        self._waiting: deque[str] = deque()
        self._filled = asyncio.Event()
        self._close_code: int | None = None
        self.writer = asyncio.get_running_loop().create_task(self._write())

    def send(self, text: str) -> None:
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(text)
        else:
            self.close(Close.UNKNOWN_ERROR)
        self._filled.set()

    def close(self, code: int) -> None:
        """Close after what is waiting has been sent."""
        if self._close_code is None:
            self._close_code = code
        self._filled.set()

    def abort(self) -> None:
        """Cut the line without a word, as a broken network does."""
        self.writer.cancel()
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()

    async def _write(self) -> None:
        socket = self.socket
        try:
            while True:
                while self._waiting:
                    text = self._waiting.popleft()
                    if self._zlib is None:
                        await socket.send_str(text)
                    else:
                        data = self._zlib.compress(text.encode())
                        await socket.send_bytes(data + self._zlib.flush(zlib.Z_SYNC_FLUSH))
                if self._close_code is not None:
                    await socket.close(code=self._close_code)
                    return
                self._filled.clear()
                await self._filled.wait()
        except ConnectionError:
            return  # the reader of this socket notices too, and detaches the session


class Session:
    """What one IDENTIFY began: it outlives its connection, so that a RESUME can go on with it."""

    def __init__(self, user: User, *, intents: int | None, shard: tuple[int, int], token: str) -> None:
        self.id = secrets.token_hex(16)
        self.user = user
        self.token = token
        self.intents = intents
        self.shard = shard
        self.seq = 0
        self.connection: Connection | None = None
        self._sent: deque[tuple[int, str]] = deque(maxlen=REPLAYED_MAX)

    def dispatch(self, name: str, encoded: str) -> None:
        self.seq += 1
        text = f'{{"t":"{name}","s":{self.seq},"op":0,"d":{encoded}}}'
        self._sent.append((self.seq, text))
        if self.connection is not None:
            self.connection.send(text)

    def can_replay(self, seq: int) -> bool:
        first = self._sent[0][0] if self._sent else self.seq + 1
        return seq >= first - 1

    def replay(self, seq: int) -> None:
        """Send everything after `seq` again, on the connection that the session now has."""
        if self.connection is not None:
            for number, text in self._sent:
                if number > seq:
                    self.connection.send(text)

    def wants(self, intent: int) -> bool:
        """People's clients have no intents: they are told everything that they may see."""
        return self.intents is None or bool(self.intents & intent)

    def serves(self, guild_id: int | None) -> bool:
        """Whether events of this guild belong to the session's shard; direct messages go to shard 0."""
        number, count = self.shard
        return number == (0 if guild_id is None else (guild_id >> 22) % count)


class Gateway:
    """All sessions. Events are encoded once, however many read them."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self.identifies = 0

    def open(self, session: Session) -> None:
        self.identifies += 1 if session.user.bot else 0
        self._sessions[session.id] = session
        detached = [one for one in self._sessions.values() if one.connection is None and one is not session]
        for old in detached[: max(0, len(detached) - DETACHED_MAX)]:
            del self._sessions[old.id]

    def find(self, session_id: object) -> Session | None:
        return self._sessions.get(session_id) if isinstance(session_id, str) else None

    def forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def dispatch(self, name: str, data: Json, to: Callable[[Session], bool]) -> int:
        """Send an event to every session that `to` lets through; how many these were."""
        readers = self.readers(to)
        self.send(name, data, readers)
        return len(readers)

    def readers(self, to: Callable[[Session], bool]) -> list[Session]:
        return [session for session in self._sessions.values() if to(session)]

    def send(self, name: str, data: Json, readers: list[Session]) -> None:
        if readers:
            encoded = encode(data)
            for session in readers:
                session.dispatch(name, encoded)

    def of_bot(self) -> list[Session]:
        return [session for session in self._sessions.values() if session.user.bot]

    @property
    def bot_connected(self) -> bool:
        return any(session.connection is not None for session in self.of_bot())

    def ask_to_reconnect(self) -> None:
        """Op 7 to the bot."""
        self._tell_bot({"op": int(Op.RECONNECT), "d": None})

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9 to the bot; what cannot be resumed is forgotten."""
        self._tell_bot({"op": int(Op.INVALID_SESSION), "d": resumable})
        if not resumable:
            for session in self.of_bot():
                self.forget(session)

    def drop(self, code: int | None) -> None:
        """Close the bot's connections with `code`, or cut them without one; its sessions can be resumed."""
        for session in self.of_bot():
            connection, session.connection = session.connection, None
            if connection is None:
                continue
            if code is None:
                connection.abort()
            else:
                connection.close(code)

    def _tell_bot(self, payload: Json) -> None:
        for session in self.of_bot():
            if session.connection is not None:
                session.connection.send(encode(payload))

    async def close(self) -> None:
        """Close every connection with 1001, the code of a server that goes away."""
        writers = []
        for session in self._sessions.values():
            if session.connection is not None:
                session.connection.close(1001)
                writers.append(session.connection.writer)
        self._sessions.clear()
        if writers:
            _, late = await asyncio.wait(writers, timeout=1)
            for writer in late:
                writer.cancel()
