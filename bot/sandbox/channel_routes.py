"""Channels, threads and typing."""

from bot.sandbox.api import Answer, Call, Created, Route
from bot.sandbox.authority import Authority
from bot.sandbox.errors import DiscordRefusal, Form, Json, archived
from bot.sandbox.events import Events
from bot.sandbox.message import HAS_THREAD, Message
from bot.sandbox.messages import Messages
from bot.sandbox.permissions import Permission
from bot.sandbox.wire import channel_wire, stamp
from bot.sandbox.world import PRIVATE_THREAD, PUBLIC_THREAD, TEXT, Channel, User, World

_ARCHIVE_MINUTES = (60, 1440, 4320, 10080)


class ChannelRoutes:
    def __init__(self, world: World, authority: Authority, messages: Messages, events: Events) -> None:
        self._world = world
        self._authority = authority
        self._messages = messages
        self._events = events

    def routes(self) -> list[Route]:
        one = "/channels/{channel}"
        members = one + "/thread-members"
        return [
            Route("GET", one, self.read, place="channel"),
            Route("PATCH", one, self.edit, place="channel"),
            Route("DELETE", one, self.delete, place="channel"),
            Route("POST", one + "/typing", self.typing, "typing", "channel"),
            Route("POST", one + "/threads", self.start, "thread-create", "channel"),
            Route("POST", one + "/messages/{message}/threads", self.start_from, "thread-create", "channel"),
            Route("GET", members, self.members, place="channel"),
            Route("PUT", members + "/@me", self.join, place="channel"),
            Route("DELETE", members + "/@me", self.leave, place="channel"),
        ]

    async def read(self, call: Call) -> Answer:
        return channel_wire(self._channel(call))

    async def typing(self, call: Call) -> Answer:
        channel = self._channel(call)
        self._authority.require_to_send(call.actor, channel, files=False, embeds=False, tts=False)
        self._events.typing(channel, call.actor)
        return None

    async def start(self, call: Call) -> Answer:
        """A thread of its own."""
        parent = self._channel(call)
        body = await call.form()
        kind = body.get("type", PRIVATE_THREAD)
        form = Form()
        form.choice(("type",), kind, (PUBLIC_THREAD, PRIVATE_THREAD))
        _check_thread(form, body)
        private = kind == PRIVATE_THREAD
        needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
        self._authority.require(call.actor, parent, needed)
        thread_id = self._world.snowflakes.next()
        return Created(channel_wire(self._started(call.actor, parent, body, kind, thread_id)))

    async def start_from(self, call: Call) -> Answer:
        """A thread under a message, which gives it its id."""
        parent = self._channel(call)
        body = await call.form()
        message = self._messages.find(parent.id, call.id("message"), call.actor)
        _check_thread(Form(), body)
        self._authority.require(call.actor, parent, Permission.CREATE_PUBLIC_THREADS)
        if message.flags & HAS_THREAD:
            raise DiscordRefusal(400, 160004, "A thread has already been created for this message")
        thread = self._started(call.actor, parent, body, PUBLIC_THREAD, message.id, message)
        return Created(channel_wire(thread))

    def _started(
        self,
        user: User,
        parent: Channel,
        body: Json,
        kind: int,
        thread_id: int,
        message: Message | None = None,
    ) -> Channel:
        if parent.type != TEXT:
            raise DiscordRefusal(400, 50024, "Cannot execute action on this channel type")
        now = self._world.now()
        thread = Channel(
            id=thread_id,
            type=kind,
            guild_id=parent.guild_id,
            name=body["name"],
            nsfw=parent.nsfw,
            parent_id=parent.id,
            owner_id=user.id,
            archive_minutes=body.get("auto_archive_duration") or 1440,
            archived_at=now,
            joined={user.id: now},
        )
        self._world.add_channel(thread)
        self._events.channel("THREAD_CREATE", thread, {"newly_created": True})
        if message is not None:
            message.flags |= HAS_THREAD
            self._events.message("MESSAGE_UPDATE", message, lambda: self._messages.wire(message))
        return thread

    async def edit(self, call: Call) -> Answer:
        channel, user = self._channel(call), call.actor
        body = await call.form()
        form = Form()
        if body.get("name") is not None:
            form.length(("name",), body["name"], 1, 100)
        form.settle()
        if channel.thread:
            self._edit_thread(channel, user, body)
            self._events.channel("THREAD_UPDATE", channel)
        else:
            self._authority.require(user, channel, Permission.MANAGE_CHANNELS)
            channel.topic = body.get("topic", channel.topic)
            channel.nsfw = bool(body.get("nsfw", channel.nsfw))
            channel.name = body.get("name") or channel.name
            self._events.channel("CHANNEL_UPDATE", channel)
        return channel_wire(channel)

    def _edit_thread(self, thread: Channel, user: User, body: Json) -> None:
        manages = bool(self._authority.bits(user, thread) & Permission.MANAGE_THREADS)
        opening = body.get("archived") is False
        if not manages:
            if opening and not thread.locked:
                self._authority.require(user, thread, Permission.SEND_MESSAGES_IN_THREADS)
            elif thread.owner_id != user.id or thread.locked or body.get("locked") is not None:
                self._authority.require(user, thread, Permission.MANAGE_THREADS)
        if thread.archived and not opening:
            raise archived()
        thread.name = body.get("name") or thread.name
        thread.locked = bool(body.get("locked", thread.locked))
        if body.get("archived") is not None and thread.archived != body["archived"]:
            thread.archived = bool(body["archived"])
            thread.archived_at = self._world.now()

    async def delete(self, call: Call) -> Answer:
        channel = self._channel(call)
        needed = Permission.MANAGE_THREADS if channel.thread else Permission.MANAGE_CHANNELS
        if channel.guild_id is not None:
            self._authority.require(call.actor, channel, needed)
            self._events.channel("THREAD_DELETE" if channel.thread else "CHANNEL_DELETE", channel)
            self._world.remove_channel(channel)
            await self._messages.forget_channel(channel)
        return channel_wire(channel)

    async def members(self, call: Call) -> Answer:
        thread = self._thread(call)
        return [_thread_member(thread, user_id) for user_id in thread.joined]

    async def join(self, call: Call) -> Answer:
        thread = self._thread(call)
        if thread.archived:
            raise archived()
        thread.joined.setdefault(call.actor.id, self._world.now())
        return None

    async def leave(self, call: Call) -> Answer:
        self._thread(call).joined.pop(call.actor.id, None)
        return None

    def _channel(self, call: Call) -> Channel:
        return self._authority.channel(call.actor, call.id("channel"))

    def _thread(self, call: Call) -> Channel:
        channel = self._channel(call)
        if not channel.thread:
            raise DiscordRefusal(400, 50024, "Cannot execute action on this channel type")
        return channel


def _check_thread(form: Form, body: Json) -> None:
    if body.get("name") is None:
        form.required(("name",))
    else:
        form.length(("name",), body["name"], 1, 100)
    if body.get("auto_archive_duration") is not None:
        form.choice(("auto_archive_duration",), body["auto_archive_duration"], _ARCHIVE_MINUTES)
    form.settle()


def _thread_member(thread: Channel, user_id: int) -> Json:
    joined = stamp(thread.joined[user_id])
    return {"id": str(thread.id), "user_id": str(user_id), "join_timestamp": joined, "flags": 0}
