"""One gateway connection's talk: HELLO, IDENTIFY or RESUME, heartbeats, and the codes it may end with."""

import asyncio
import json
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.errors import Json
from bot.sandbox.gateway import Connection, Gateway, Session
from bot.sandbox.gateway_codes import KNOWN_INTENTS, PRIVILEGED, Close, Intent, Op
from bot.sandbox.permissions import Permission, in_channel
from bot.sandbox.wire import channel_wire, encode, guild_create_wire, member_wire, own_user_wire
from bot.sandbox.world import Channel, Guild, User, World

# Messages that a client may send in a minute (docs: events/gateway, "Rate Limiting").
SENT_PER_MINUTE = 120
PAYLOAD_BYTES_MAX = 15_360
ACK_AFTER_S = 0.03
"""As long as a network takes: discord.py notes when it has sent a heartbeat on another thread, after sending
it, and where the answer was there before that it measures from the one before and warns of being behind."""


class _Closed(Exception):
    def __init__(self, code: Close) -> None:
        super().__init__(code.name)
        self.code = code


class GatewayRoute:
    """Serves `/gateway`. `heartbeat_s` is the interval asked for in HELLO, in seconds."""

    def __init__(self, world: World, gateway: Gateway, *, heartbeat_s: float) -> None:
        self._world = world
        self._gateway = gateway
        self._heartbeat_s = heartbeat_s

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        # A client that asks for a transport compression other than zlib-stream gets text, which the
        # protocol allows; per-message deflate is not Discord's way.
        socket = web.WebSocketResponse(compress=False, max_msg_size=PAYLOAD_BYTES_MAX)
        await socket.prepare(request)
        compressed = request.query.get("compress") == "zlib-stream"
        connection = Connection(socket, request.transport, compressed=compressed)
        resume_url = f"ws://{request.host}/gateway"
        talk = _Talk(self._world, self._gateway, connection, self._heartbeat_s, resume_url)
        try:
            await talk.listen(request.query.get("v"), request.query.get("encoding", "json"))
        except _Closed as closed:
            connection.close(closed.code)
            await asyncio.wait([connection.writer], timeout=5)
        finally:
            talk.leave()
            connection.writer.cancel()
        return socket


class _Talk:
    def __init__(
        self, world: World, gateway: Gateway, connection: Connection, heartbeat_s: float, resume_url: str
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._connection = connection
        self._heartbeat_s = heartbeat_s
        self._resume_url = resume_url
        self._session: Session | None = None
        self._client_said_goodbye = False

    async def listen(self, version: str | None, encoding: str) -> None:
        """Read until the connection ends.

        Raises:
            _Closed: the client broke a rule; the code says which.
        """
        if version not in ("9", "10") or encoding != "json":
            raise _Closed(Close.INVALID_VERSION)
        loop = asyncio.get_running_loop()
        self._send(Op.HELLO, {"heartbeat_interval": int(self._heartbeat_s * 1000)})
        beaten_at = loop.time()
        heard: deque[float] = deque(maxlen=SENT_PER_MINUTE)
        while True:
            # Half an interval of grace, for a clock or a network that is a little late.
            left = beaten_at + self._heartbeat_s * 1.5 - loop.time()
            try:
                message = await self._connection.socket.receive(timeout=max(0.001, left))
            except TimeoutError:
                raise _Closed(Close.SESSION_TIMED_OUT) from None
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                self._client_said_goodbye = message.type is WSMsgType.CLOSE and message.data in (1000, 1001)
                return
            if len(heard) == SENT_PER_MINUTE and heard[0] > loop.time() - 60:
                raise _Closed(Close.RATE_LIMITED)
            heard.append(loop.time())
            op, data = _decode(message.data)
            if op == Op.HEARTBEAT:
                beaten_at = loop.time()
                loop.call_later(ACK_AFTER_S, self._send, Op.HEARTBEAT_ACK, None)
            else:
                self._obey(op, data)

    def leave(self) -> None:
        """The connection ended: keep the session for a RESUME, unless the client said that it is done."""
        session = self._session
        if session is not None and session.connection is self._connection:
            session.connection = None
            if self._client_said_goodbye or not session.user.bot:
                self._gateway.forget(session)

    def _send(self, op: Op, data: object) -> None:
        self._connection.send(encode({"t": None, "s": None, "op": int(op), "d": data}))

    def _obey(self, op: int, data: Any) -> None:
        match op:
            case Op.IDENTIFY:
                self._identify(data)
            case Op.RESUME:
                self._resume(data)
            case Op.PRESENCE | Op.VOICE_STATE:
                self._known_session()  # nobody in a sandbox watches these
            case Op.REQUEST_MEMBERS:
                self._request_members(data)
            case _:
                raise _Closed(Close.UNKNOWN_OPCODE)

    def _known_session(self) -> Session:
        if self._session is None:
            raise _Closed(Close.NOT_AUTHENTICATED)
        return self._session

    def _identify(self, data: Any) -> None:
        if self._session is not None:
            raise _Closed(Close.ALREADY_AUTHENTICATED)
        if not isinstance(data, dict):
            raise _Closed(Close.DECODE_ERROR)
        user = self._who(data.get("token"))
        intents = _intents(data, self._world.application.flags) if user.bot else None
        session = Session(user, intents=intents, shard=_shard(data), token=user.token)
        session.connection = self._connection
        self._session = session
        self._gateway.open(session)
        self._greet(session)

    def _who(self, token: object) -> User:
        if isinstance(token, str):
            if token == self._world.bot.token:
                return self._world.bot
            person = self._world.person(token)
            if person is not None:
                return person
        raise _Closed(Close.AUTHENTICATION_FAILED)

    def _greet(self, session: Session) -> None:
        user, world = session.user, self._world
        guilds = [guild for guild in world.guilds_of(user) if session.serves(guild.id)]
        ready: Json = {
            "v": 10,
            "user": own_user_wire(user),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._resume_url,
            "private_channels": [channel_wire(one) for one in self._world.direct_channels(user)],
            "relationships": [],
            "presences": [],
            "user_settings": {},
            "_trace": ["sandbox"],
        }
        if user.bot:
            ready["shard"] = list(session.shard)
            ready["application"] = {"id": str(world.application.id), "flags": world.application.flags}
        session.dispatch("READY", encode(ready))
        for guild in guilds:
            if session.wants(Intent.GUILDS):
                channels = self._channels_for(user, guild)
                session.dispatch("GUILD_CREATE", encode(guild_create_wire(guild, world, user, channels)))

    def _channels_for(self, user: User, guild: Guild) -> list[Channel]:
        """A bot is told of every channel, as Discord does it; a person's client here of those they see."""
        channels = list(guild.channels.values())
        if user.bot:
            return channels
        member = guild.members[user.id]
        return [one for one in channels if in_channel(guild, one, member) & Permission.VIEW_CHANNEL]

    def _resume(self, data: Any) -> None:
        if self._session is not None:
            raise _Closed(Close.ALREADY_AUTHENTICATED)
        if not isinstance(data, dict) or not isinstance(data.get("seq"), int):
            raise _Closed(Close.DECODE_ERROR)
        self._who(data.get("token"))
        session = self._gateway.find(data.get("session_id"))
        seq: int = data["seq"]
        if session is None or session.token != data["token"]:
            self._send(Op.INVALID_SESSION, data=False)
            return
        if seq > session.seq:
            raise _Closed(Close.INVALID_SEQ)
        if not session.can_replay(seq):
            self._gateway.forget(session)
            self._send(Op.INVALID_SESSION, data=False)
            return
        old, session.connection = session.connection, self._connection
        if old is not None:
            old.close(Close.UNKNOWN_ERROR)
        self._session = session
        session.replay(seq)
        session.dispatch("RESUMED", encode({"_trace": ["sandbox"]}))

    def _request_members(self, data: Any) -> None:
        session = self._known_session()
        if not isinstance(data, dict):
            raise _Closed(Close.DECODE_ERROR)
        guild = self._world.guilds.get(_number(data.get("guild_id")))
        if guild is None or session.user.id not in guild.members:
            return
        wanted = data.get("user_ids")
        if wanted is None:
            # The whole list is for those with the privileged intent alone.
            if not data.get("query") and not session.wants(Intent.GUILD_MEMBERS):
                raise _Closed(Close.DISALLOWED_INTENTS)
            start = str(data.get("query", "")).casefold()
            found = [one for one in guild.members.values() if one.user.username.startswith(start)]
        else:
            ids = {_number(one) for one in (wanted if isinstance(wanted, list) else [wanted])}
            found = [one for one in guild.members.values() if one.user.id in ids]
        limit = _number(data.get("limit")) or len(found)
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [member_wire(member) for member in found[:limit]],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [],
        }
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", encode(chunk))


def _decode(raw: str | bytes) -> tuple[int, Any]:
    try:
        payload = json.loads(raw)
    except ValueError:
        raise _Closed(Close.DECODE_ERROR) from None
    if not isinstance(payload, dict) or not isinstance(payload.get("op"), int):
        raise _Closed(Close.DECODE_ERROR)
    return payload["op"], payload.get("d")


def _number(value: object) -> int:
    """A snowflake or count that may come as a number or as digits; 0 for anything else."""
    text = str(value)
    return int(text) if text.isdecimal() else 0


def _intents(data: Json, flags: int) -> int:
    intents = data.get("intents")
    if not isinstance(intents, int) or intents < 0 or intents & ~KNOWN_INTENTS:
        raise _Closed(Close.INVALID_INTENTS)
    for intent, granted in PRIVILEGED.items():
        # An application has either the limited flag (below 10,000 users) or the full one, a bit lower.
        if intents & intent and not flags & (granted | granted >> 1):
            raise _Closed(Close.DISALLOWED_INTENTS)
    return intents


def _shard(data: Json) -> tuple[int, int]:
    match data.get("shard", [0, 1]):
        case [int(number), int(count)] if 0 <= number < count:
            return number, count
        case _:
            raise _Closed(Close.INVALID_SHARD)
