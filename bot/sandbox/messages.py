"""All messages: posted, edited, deleted, found, and as their readers get them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.sandbox.attachments import Attachment, Attachments
from bot.sandbox.component_trees import with_ids, with_media
from bot.sandbox.components import walk
from bot.sandbox.errors import Json, unknown
from bot.sandbox.events import Events
from bot.sandbox.mentions import displayed_text, mentioned
from bot.sandbox.message import (
    COMPONENTS_V2,
    DEFAULT,
    LOADING,
    REPLY,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Message,
    Reaction,
)
from bot.sandbox.uploads import Upload
from bot.sandbox.wire import stamp, user_wire
from bot.sandbox.world import Channel, User, World

# A channel forgets its oldest messages beyond this.
KEPT_MAX = 20_000
NONCES_MAX = 10_000
SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2


class Messages:
    """The store. Bodies that come here have been found right by `message_body`.

    `nonce_s` is how long a nonce is remembered, in seconds ("a few minutes" in the documentation).
    """

    def __init__(self, world: World, attachments: Attachments, events: Events, *, nonce_s: float) -> None:
        self._world = world
        self._attachments = attachments
        self._events = events
        self._nonce_life = timedelta(seconds=nonce_s)
        self._by_channel: dict[int, dict[int, Message]] = {}
        self._nonces: dict[tuple[int, int, str], tuple[int, datetime]] = {}

    async def post(
        self,
        *,
        channel: Channel,
        author: User,
        body: Json,
        uploads: list[Upload],
        may_mention_everyone: bool,
        kind: int = DEFAULT,
        flags: int = 0,
        reader: int | None = None,
        reply_to: Message | None = None,
        interaction: Json | None = None,
        nonce: str | int | None = None,
        unique: bool = False,
    ) -> Message:
        """Post a message and tell its readers.

        With `unique`, a message of this author with the same nonce in this channel is given back instead.

        Raises:
            DiscordRefusal: 10008, the message of that nonce was deleted; 10003, the channel was,
                while the files arrived.
        """
        kept = await self._keep(uploads, channel.id, body.get("attachments"), ephemeral=reader is not None)
        if channel.id not in self._world.channels:
            await self._attachments.remove(kept)
            raise unknown("Channel")
        # From here to the end nothing waits: two posts with one nonce cannot both pass.
        if unique and nonce is not None:
            earlier = self._with_nonce(channel, author, nonce)
            if earlier is not None:
                await self._attachments.remove(kept)
                return earlier
        message = Message(
            id=self._world.snowflakes.next(),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author=author,
            content="",
            created_at=self._world.now(),
            kind=REPLY if reply_to is not None and kind == DEFAULT else kind,
            flags=flags | (body.get("flags") or 0) & SETTABLE,
            tts=bool(body.get("tts")),
            attachments=kept,
            reply_to=None if reply_to is None else reply_to.id,
            interaction=interaction,
            reader=reader,
            nonce=nonce,
        )
        self._fill(message, body, may_mention_everyone=may_mention_everyone)
        stored = self._by_channel.setdefault(channel.id, {})
        stored[message.id] = message
        if reader is None:
            channel.last_message_id = message.id
            channel.message_count += 1
        if nonce is not None:
            self._remember_nonce(channel, author, nonce, message)
        self._events.message("MESSAGE_CREATE", message, lambda: self.wire(message))
        if len(stored) > KEPT_MAX:
            oldest = stored.pop(next(iter(stored)))
            await self._attachments.remove(oldest.attachments)
        return message

    async def edit(
        self, message: Message, body: Json, uploads: list[Upload], *, may_mention_everyone: bool
    ) -> Message:
        """Change what the body names, and tell the readers; a loading message is complete with it.

        Raises:
            DiscordRefusal: 10008, it was deleted while its new files arrived.
        """
        # What completes "thinking…" is the first that a reader sees of the message: no edit to them.
        first = message.loading
        message.flags &= ~LOADING
        entries = body.get("attachments")
        new = await self._keep(uploads, message.channel_id, entries, ephemeral=message.reader is not None)
        if not self.alive(message):
            await self._attachments.remove(new)
            raise unknown("Message")
        dropped: list[Attachment] = []
        if "attachments" in body:
            by_id = {str(entry["id"]): entry for entry in entries or []}
            had = message.attachments
            dropped = [one for one in had if str(one.id) not in by_id]
            message.attachments = [
                self._attachments.revise(one, by_id[str(one.id)]) for one in had if str(one.id) in by_id
            ]
        message.attachments = [*message.attachments, *new]
        if body.get("flags") is not None:
            message.flags = message.flags & ~SETTABLE | body["flags"] & SETTABLE
        message.edited_at = None if first else self._world.now()
        self._fill(message, body, may_mention_everyone=may_mention_everyone)
        self._events.message("MESSAGE_UPDATE", message, lambda: self.wire(message))
        await self._attachments.remove(dropped)
        return message

    async def delete(self, message: Message) -> None:
        """Remove a message; its files' links are dead from now on."""
        del self._by_channel[message.channel_id][message.id]
        wire: Json = {"id": str(message.id), "channel_id": str(message.channel_id)}
        self._events.message("MESSAGE_DELETE", message, lambda: wire)
        await self._attachments.remove(message.attachments)

    def find(self, channel_id: int, message_id: int, reader: User) -> Message:
        """A message that is before this reader's eyes: of the ephemeral ones only their own.

        Raises:
            DiscordRefusal: 10008.
        """
        message = self._by_channel.get(channel_id, {}).get(message_id)
        if message is None or message.reader not in (None, reader.id):
            raise unknown("Message")
        return message

    async def forget_channel(self, channel: Channel) -> None:
        """The channel is gone, and all that was said in it."""
        for message in self._by_channel.pop(channel.id, {}).values():
            await self._attachments.remove(message.attachments)

    def alive(self, message: Message) -> bool:
        return message.id in self._by_channel.get(message.channel_id, {})

    def latest_first(self, channel_id: int) -> Iterator[Message]:
        """What everybody who reads the channel sees."""
        for message in reversed(self._by_channel.get(channel_id, {}).values()):
            if message.reader is None:
                yield message

    def wire(self, message: Message, reader: User | None = None) -> Json:
        """The message with fresh links, as `reader` (else the bot) gets it."""
        attachments = [self._attachments.wire(one) for one in message.attachments]
        components, embeds = message.components, message.embeds
        if message.layout:
            components = with_media(components, {one["filename"]: one for one in attachments})
        elif embeds and attachments:
            embeds = [_embed_with_files(embed, attachments) for embed in embeds]
        wire: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "author": user_wire(message.author),
            "type": message.kind,
            "content": message.content,
            "timestamp": stamp(message.created_at),
            "edited_timestamp": stamp(message.edited_at),
            "tts": message.tts,
            "mention_everyone": message.mention_everyone,
            "mentions": [user_wire(user) for user in message.mentions],
            "mention_roles": [str(role_id) for role_id in message.mention_roles],
            "attachments": attachments,
            "embeds": embeds,
            "components": components,
            "pinned": False,
            "flags": message.flags,
        }
        if message.nonce is not None:
            wire["nonce"] = message.nonce
        if message.reactions:
            me = reader or self._world.bot
            wire["reactions"] = [_reaction_wire(one, me) for one in message.reactions.values()]
        if message.author.bot:
            wire["application_id"] = str(self._world.application.id)
        if message.interaction is not None:
            wire["webhook_id"] = str(self._world.application.id)
            wire["interaction_metadata"] = message.interaction
        if message.reply_to is not None:
            wire |= self._reference(message, message.reply_to)
        return wire

    def _reference(self, message: Message, reply_to: int) -> Json:
        reference: Json = {
            "type": 0,
            "channel_id": str(message.channel_id),
            "message_id": str(reply_to),
        }
        if message.guild_id is not None:
            reference["guild_id"] = str(message.guild_id)
        original = self._by_channel.get(message.channel_id, {}).get(reply_to)
        if original is None or original.reader is not None:
            return {"message_reference": reference, "referenced_message": None}
        shown = self.wire(original)
        # One level deep, as Discord gives it.
        shown.pop("referenced_message", None)
        return {"message_reference": reference, "referenced_message": shown}

    async def _keep(
        self, uploads: list[Upload], channel_id: int, entries: list[Json] | None, *, ephemeral: bool
    ) -> list[Attachment]:
        by_index = {str(entry["id"]): entry for entry in entries or []}
        return [
            await self._attachments.keep(
                upload,
                channel_id=channel_id,
                entry=by_index.get(str(upload.index), {}),
                ephemeral=ephemeral,
            )
            for upload in uploads
        ]

    def _fill(self, message: Message, body: Json, *, may_mention_everyone: bool) -> None:
        if "content" in body:
            message.content = (body["content"] or "").strip()
        if "embeds" in body:
            message.embeds = [_rich(embed) for embed in body["embeds"] or []]
        if "components" in body:
            message.components = with_ids(body["components"] or [])
        if "content" in body or "components" in body or message.reply_to is not None:
            replied_to = None
            if message.reply_to is not None:
                original = self._by_channel.get(message.channel_id, {}).get(message.reply_to)
                # An interaction's answer does not call the one whose message it sits on.
                if original is not None and message.interaction is None:
                    replied_to = original.author
            found = mentioned(
                self._world,
                None if message.guild_id is None else self._world.guilds[message.guild_id],
                text=displayed_text(message.content, message.components),
                allowed=body.get("allowed_mentions"),
                replied_to=replied_to,
                may_mention_everyone=may_mention_everyone,
            )
            message.mentions = found.users
            message.mention_roles = found.roles
            message.mention_everyone = found.everyone

    def _with_nonce(self, channel: Channel, author: User, nonce: str | int) -> Message | None:
        known = self._nonces.get((channel.id, author.id, str(nonce)))
        if known is None or known[1] <= self._world.now():
            return None
        return self.find(channel.id, known[0], author)

    def _remember_nonce(self, channel: Channel, author: User, nonce: str | int, message: Message) -> None:
        now = self._world.now()
        while len(self._nonces) >= NONCES_MAX:
            del self._nonces[next(iter(self._nonces))]
        self._nonces[channel.id, author.id, str(nonce)] = (message.id, now + self._nonce_life)

    def controls(self, message: Message) -> dict[str, Json]:
        """What can be pressed on a message, by custom id."""
        return {one["custom_id"]: one for one in walk(message.components) if one.get("custom_id")}


def _reaction_wire(reaction: Reaction, me: User) -> Json:
    count = len(reaction.users)
    return {
        "emoji": reaction.emoji,
        "count": count,
        "count_details": {"burst": 0, "normal": count},
        "me": me.id in reaction.users,
        "me_burst": False,
        "burst_colors": [],
    }


def _rich(embed: Json) -> Json:
    """What a bot may say of an embed: films and providers come from links alone."""
    return {key: value for key, value in embed.items() if key not in ("video", "provider", "type")} | {
        "type": "rich"
    }


def _embed_with_files(embed: Json, attachments: list[Json]) -> Json:
    shown = dict(embed)
    for key in ("image", "thumbnail"):
        url = (embed.get(key) or {}).get("url", "")
        for attachment in attachments:
            if url == f"attachment://{attachment['filename']}":
                shown[key] = {"url": attachment["url"], "proxy_url": attachment["proxy_url"]}
    return shown
