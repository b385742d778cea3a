"""`/channels/{channel}/messages`: posting, reading, editing, deleting, by the bot and by people."""

from datetime import timedelta
from itertools import islice
from typing import Any

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.authority import Authority
from bot.sandbox.errors import DiscordRefusal, Form, Json, archived, invalid, missing_access, unknown
from bot.sandbox.events import Events, without_content
from bot.sandbox.message import SUPPRESS_EMBEDS, Message
from bot.sandbox.message_body import check_edit, check_new
from bot.sandbox.messages import Messages
from bot.sandbox.permissions import Permission
from bot.sandbox.ratelimits import RateLimits
from bot.sandbox.world import Channel, User, World

MESSAGES = "/channels/{channel}/messages"
ONE = MESSAGES + "/{message}"
# Bulk deletion leaves what is older alone (docs: resources/message, "Bulk Delete Messages").
BULK_AGE_MAX_S = 14 * 24 * 3600
# Edits of messages older than this are counted apart (code 30046).
OLD = timedelta(hours=1)


class MessageRoutes:
    def __init__(
        self, world: World, authority: Authority, messages: Messages, events: Events, limits: RateLimits
    ) -> None:
        self._world = world
        self._authority = authority
        self._messages = messages
        self._events = events
        self._limits = limits

    def routes(self) -> list[Route]:
        return [
            Route("POST", MESSAGES, self.post, "message-create", "channel"),
            Route("GET", MESSAGES, self.history, "message-list", "channel"),
            Route("POST", MESSAGES + "/bulk-delete", self.bulk_delete, "message-bulk-delete", "channel"),
            Route("GET", ONE, self.read, "message-read", "channel"),
            Route("PATCH", ONE, self.edit, "message-edit", "channel"),
            Route("DELETE", ONE, self.delete, "message-delete", "channel"),
        ]

    async def post(self, call: Call) -> Answer:
        user = call.actor
        channel = self._authority.channel(user, call.id("channel"))
        body = await call.form(file_bytes_max=self._world.upload_limit(channel))
        check_new(body, call.uploads)
        embeds, tts = bool(body.get("embeds")), bool(body.get("tts"))
        self._authority.require_to_send(user, channel, files=bool(call.uploads), embeds=embeds, tts=tts)
        if channel.guild_id is None:
            self._require_to_reach(user, channel)
        reply_to = self._reply_to(user, channel, body.get("message_reference"))
        message = await self._messages.post(
            channel=channel,
            author=user,
            body=body,
            uploads=call.take_uploads(),
            may_mention_everyone=self._authority.may_call_everyone(user, channel),
            reply_to=reply_to,
            nonce=body.get("nonce"),
            unique=bool(body.get("enforce_nonce")),
        )
        if channel.archived:
            # A message wakes a thread that nobody has locked (docs: topics/threads).
            channel.archived = False
            self._events.channel("THREAD_UPDATE", channel)
        return self._messages.wire(message)

    def _require_to_reach(self, user: User, channel: Channel) -> None:
        """Hold that the other side of a direct channel can be written to."""
        other = next(one for one in channel.recipients if one is not user)
        if not any(other.id in guild.members for guild in self._world.guilds_of(user)):
            text = "Cannot send messages to this user due to having no mutual guilds"
            raise DiscordRefusal(403, 50278, text)
        if not other.takes_direct:
            raise DiscordRefusal(403, 50007, "Cannot send messages to this user")

    def _reply_to(self, user: User, channel: Channel, reference: Any) -> Message | None:
        if reference is None:
            return None
        if not isinstance(reference, dict):
            raise invalid(("message_reference",), "MODEL_TYPE_CONVERT", "Only dictionaries may be used here")
        form = Form(("message_reference",))
        number = str(reference.get("message_id", ""))
        if not number.isdecimal():
            form.required(("message_id",))
        form.choice(("type",), reference.get("type") or 0, (0,))
        form.settle()
        if not self._authority.bits(user, channel) & Permission.READ_MESSAGE_HISTORY:
            raise DiscordRefusal(400, 160002, "Cannot reply without permission to read message history")
        elsewhere = str(reference.get("channel_id") or channel.id) != str(channel.id)
        try:
            return self._messages.find(0 if elsewhere else channel.id, int(number), user)
        except DiscordRefusal:
            if reference.get("fail_if_not_exists", True):
                raise invalid(
                    ("message_reference",), "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message"
                ) from None
            return None

    async def history(self, call: Call) -> Answer:
        user = call.actor
        channel = self._authority.channel(user, call.id("channel"))
        limit = call.number("limit", 50, 1, 100)
        ids = {
            key: call.number(key, 0, 0, 2**64) for key in ("before", "after", "around") if key in call.query
        }
        if len(ids) > 1:
            raise invalid(("before",), "MUTUALLY_EXCLUSIVE", "before, after and around exclude each other")
        if not self._authority.bits(user, channel) & Permission.READ_MESSAGE_HISTORY:
            return []
        latest = self._messages.latest_first(channel.id)
        if "after" in ids:
            found = [one for one in latest if one.id > ids["after"]][-limit:]
        elif "around" in ids:
            every = list(latest)
            newer = [one for one in every if one.id >= ids["around"]][-((limit + 1) // 2) :]
            found = newer + [one for one in every if one.id < ids["around"]][: limit - len(newer)]
        else:
            before = ids.get("before", 2**64)
            found = list(islice((one for one in latest if one.id < before), limit))
        return [self._for(user, message) for message in found]

    async def read(self, call: Call) -> Answer:
        user = call.actor
        channel = self._authority.channel(user, call.id("channel"))
        if not self._authority.bits(user, channel) & Permission.READ_MESSAGE_HISTORY:
            raise missing_access()
        return self._for(user, self._found(user, channel, call.id("message")))

    async def edit(self, call: Call) -> Answer:
        user = call.actor
        channel = self._authority.channel(user, call.id("channel"))
        body = await call.form(file_bytes_max=self._world.upload_limit(channel))
        message = self._found(user, channel, call.id("message"))
        if message.author is not user:
            self._only_suppresses(user, channel, body)
        if channel.archived:
            raise archived()
        if call.uploads:
            self._authority.require(user, channel, Permission.ATTACH_FILES)
        check_edit(body, message, call.uploads)
        if self._world.now() - message.created_at >= OLD:
            verdict = self._limits.count("old-edit", str(channel.id), overall=False)
            if verdict.refused:
                text = "Maximum number of edits to messages older than 1 hour reached. Try again later"
                raise DiscordRefusal(429, 30046, text, retry_after=verdict.reset_after)
        edited = await self._messages.edit(
            message,
            body,
            call.take_uploads(),
            may_mention_everyone=self._authority.may_call_everyone(user, channel),
        )
        return self._for(user, edited)

    def _only_suppresses(self, user: User, channel: Channel, body: Json) -> None:
        """Others' messages: their embeds may be hidden by who manages messages, nothing else."""
        if set(body) - {"flags", "tts"} or (body.get("flags") or 0) & ~SUPPRESS_EMBEDS:
            raise DiscordRefusal(403, 50005, "Cannot edit a message authored by another user")
        self._authority.require(user, channel, Permission.MANAGE_MESSAGES)

    async def delete(self, call: Call) -> Answer:
        user = call.actor
        channel = self._authority.channel(user, call.id("channel"))
        message = self._found(user, channel, call.id("message"))
        if message.author is not user:
            self._authority.require(user, channel, Permission.MANAGE_MESSAGES)
        if channel.archived:
            raise archived()
        await self._messages.delete(message)
        return None

    async def bulk_delete(self, call: Call) -> Answer:
        user = call.actor
        channel = self._authority.channel(user, call.id("channel"))
        body = await call.form()
        self._authority.require(user, channel, Permission.MANAGE_MESSAGES)
        form = Form()
        ids = body.get("messages")
        form.count(("messages",), ids, 2, 100)
        form.settle()
        now = self._world.now()
        found = []
        for number in ids or []:
            try:
                message = self._found(user, channel, int(number))
            except DiscordRefusal:
                continue
            if (now - message.created_at).total_seconds() > BULK_AGE_MAX_S:
                raise DiscordRefusal(400, 50034, "A message provided was too old to bulk delete")
            found.append(message)
        for message in found:
            await self._messages.delete(message)
        return None

    def _found(self, user: User, channel: Channel, message_id: int) -> Message:
        """A message of this channel; ephemeral ones are found by nobody this way, not even by their reader.

        Raises:
            DiscordRefusal: 10008.
        """
        message = self._messages.find(channel.id, message_id, user)
        if message.reader is not None:
            raise unknown("Message")
        return message

    def _for(self, user: User, message: Message) -> Json:
        wire = self._messages.wire(message, user)
        return without_content(wire) if user.bot and not self._events.readable_by_bot(message) else wire
