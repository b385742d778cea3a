"""Who is told of what over the gateway: by intents for the bot, by what they may see for people."""

from collections.abc import Callable

from bot.sandbox.authority import Authority
from bot.sandbox.errors import Json
from bot.sandbox.gateway import Gateway, Session
from bot.sandbox.gateway_codes import Intent
from bot.sandbox.message import Message
from bot.sandbox.wire import channel_wire, member_wire
from bot.sandbox.world import Channel, User, World


class Events:
    """Turns what happened into dispatches. Events of an ephemeral message reach its one reader alone."""

    def __init__(self, world: World, gateway: Gateway, authority: Authority) -> None:
        self._world = world
        self._gateway = gateway
        self._authority = authority

    def message(self, name: str, message: Message, wire: Callable[[], Json]) -> None:
        """MESSAGE_CREATE, MESSAGE_UPDATE or MESSAGE_DELETE; `wire` is asked for if anybody reads it."""
        channel = self._world.channels[message.channel_id]
        if message.reader is not None:
            reader = message.reader
            readers = self._gateway.readers(lambda session: session.user.id == reader)
        else:
            direct = channel.guild_id is None
            intent = Intent.DIRECT_MESSAGES if direct else Intent.GUILD_MESSAGES
            readers = self._gateway.readers(self._of(channel, intent))
        if not readers:
            return
        data = wire()
        guild = self._world.guild_of(channel)
        if guild is not None:
            data["guild_id"] = str(guild.id)
            author = guild.members.get(message.author.id)
            if name != "MESSAGE_DELETE" and author is not None:
                data["member"] = member_wire(author, with_user=False)
        if name == "MESSAGE_DELETE" or self.readable_by_bot(message):
            self._gateway.send(name, data, readers)
            return
        blind = [one for one in readers if not one.wants(Intent.MESSAGE_CONTENT)]
        self._gateway.send(name, data, [one for one in readers if one not in blind])
        self._gateway.send(name, without_content(data), blind)

    def readable_by_bot(self, message: Message) -> bool:
        """What a bot may read without the intent: its own, those to it, and direct messages."""
        bot = self._world.bot
        return message.author is bot or message.guild_id is None or bot in message.mentions

    def reaction(self, name: str, message: Message, user: User, emoji: Json) -> None:
        """MESSAGE_REACTION_ADD or MESSAGE_REACTION_REMOVE."""
        channel = self._world.channels[message.channel_id]
        data: Json = {
            "user_id": str(user.id),
            "channel_id": str(channel.id),
            "message_id": str(message.id),
            "emoji": emoji,
            "type": 0,
            "burst": False,
        }
        guild = self._world.guild_of(channel)
        if guild is not None:
            data["guild_id"] = str(guild.id)
        if name == "MESSAGE_REACTION_ADD":
            data["message_author_id"] = str(message.author.id)
            if guild is not None:
                data["member"] = member_wire(guild.members[user.id])
        self._gateway.dispatch(name, data, self._of(channel, self._reaction_intent(channel)))

    def reactions_cleared(self, message: Message) -> None:
        channel = self._world.channels[message.channel_id]
        data: Json = {"channel_id": str(channel.id), "message_id": str(message.id)}
        if channel.guild_id is not None:
            data["guild_id"] = str(channel.guild_id)
        intent = self._reaction_intent(channel)
        self._gateway.dispatch("MESSAGE_REACTION_REMOVE_ALL", data, self._of(channel, intent))

    def typing(self, channel: Channel, user: User) -> None:
        data: Json = {
            "channel_id": str(channel.id),
            "user_id": str(user.id),
            "timestamp": int(self._world.now().timestamp()),
        }
        if channel.guild_id is not None:
            data["guild_id"] = str(channel.guild_id)
        direct = channel.guild_id is None
        intent = Intent.DIRECT_MESSAGE_TYPING if direct else Intent.GUILD_MESSAGE_TYPING
        self._gateway.dispatch("TYPING_START", data, self._of(channel, intent))

    def channel(self, name: str, channel: Channel, extra: Json | None = None) -> None:
        """CHANNEL_CREATE, THREAD_CREATE and their like."""
        data = channel_wire(channel) | (extra or {})
        self._gateway.dispatch(name, data, self._of(channel, Intent.GUILDS, hidden_too=True))

    def to_bot(self, name: str, data: Json, guild_id: int | None) -> bool:
        """An event that needs no intent; whether the bot has a session that it was queued for."""
        return bool(self._gateway.dispatch(name, data, lambda one: one.user.bot and one.serves(guild_id)))

    def to_person(self, name: str, data: Json, user: User) -> None:
        self._gateway.dispatch(name, data, lambda session: session.user is user)

    def _reaction_intent(self, channel: Channel) -> int:
        direct = channel.guild_id is None
        return Intent.DIRECT_MESSAGE_REACTIONS if direct else Intent.GUILD_MESSAGE_REACTIONS

    def _of(self, channel: Channel, intent: int, *, hidden_too: bool = False) -> Callable[[Session], bool]:
        def reads(session: Session) -> bool:
            if not session.wants(intent):
                return False
            if session.user.bot:
                return session.serves(channel.guild_id) and (
                    hidden_too or self._authority.sees(session.user, channel)
                )
            return self._authority.sees(session.user, channel)

        return reads


def without_content(wire: Json) -> Json:
    """A message as a bot without the intent for content gets it."""
    return {**wire, "content": "", "embeds": [], "attachments": [], "components": []}
