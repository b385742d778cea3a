"""Reactions under messages."""

import unicodedata

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.authority import Authority
from bot.sandbox.errors import DiscordRefusal, Json, archived, missing_access, unknown
from bot.sandbox.events import Events
from bot.sandbox.message import Message, Reaction
from bot.sandbox.messages import Messages
from bot.sandbox.permissions import Permission
from bot.sandbox.wire import user_wire
from bot.sandbox.world import Channel, User, World

# Different emojis under one message (Discord's code 30010).
EMOJIS_MAX = 20
_ALL = "/channels/{channel}/messages/{message}/reactions"
_ONE = _ALL + "/{emoji}"


class ReactionRoutes:
    def __init__(self, world: World, authority: Authority, messages: Messages, events: Events) -> None:
        self._world = world
        self._authority = authority
        self._messages = messages
        self._events = events

    def routes(self) -> list[Route]:
        return [
            Route("PUT", _ONE + "/@me", self.add, "reaction", "channel"),
            Route("DELETE", _ONE + "/@me", self.remove_own, "reaction", "channel"),
            Route("DELETE", _ONE + "/{user}", self.remove_other, "reaction", "channel"),
            Route("GET", _ONE, self.users, "reaction", "channel"),
            Route("DELETE", _ALL, self.clear, "reaction", "channel"),
        ]

    async def add(self, call: Call) -> Answer:
        user, channel, message = self._where(call)
        if channel.archived:
            raise archived()
        key, emoji = _emoji(call.text("emoji"))
        reaction = message.reactions.get(key)
        if reaction is None:
            # Only who brings a new emoji needs the right to; others join in.
            self._authority.require(user, channel, Permission.ADD_REACTIONS)
            if len(message.reactions) >= EMOJIS_MAX:
                raise DiscordRefusal(400, 30010, f"Maximum number of reactions reached ({EMOJIS_MAX})")
            reaction = message.reactions[key] = Reaction(emoji)
        if user.id not in reaction.users:
            reaction.users[user.id] = user
            self._events.reaction("MESSAGE_REACTION_ADD", message, user, emoji)
        return None

    async def remove_own(self, call: Call) -> Answer:
        user, _, message = self._where(call)
        return self._removed(message, call.text("emoji"), user)

    async def remove_other(self, call: Call) -> Answer:
        user, channel, message = self._where(call)
        self._authority.require(user, channel, Permission.MANAGE_MESSAGES)
        other = self._world.users.get(call.id("user"))
        if other is None:
            raise unknown("User")
        return self._removed(message, call.text("emoji"), other)

    def _removed(self, message: Message, text: str, user: User) -> Answer:
        key, emoji = _emoji(text)
        reaction = message.reactions.get(key)
        if reaction is not None and reaction.users.pop(user.id, None) is not None:
            if not reaction.users:
                del message.reactions[key]
            self._events.reaction("MESSAGE_REACTION_REMOVE", message, user, emoji)
        return None

    async def users(self, call: Call) -> Answer:
        _, _, message = self._where(call)
        key, _ = _emoji(call.text("emoji"))
        limit, after = call.number("limit", 25, 1, 100), call.number("after", 0, 0, 2**64)
        reaction = message.reactions.get(key)
        found = sorted(reaction.users) if reaction is not None else []
        listed = [user_id for user_id in found if user_id > after][:limit]
        return [user_wire(self._world.users[user_id]) for user_id in listed]

    async def clear(self, call: Call) -> Answer:
        user, channel, message = self._where(call)
        self._authority.require(user, channel, Permission.MANAGE_MESSAGES)
        message.reactions.clear()
        self._events.reactions_cleared(message)
        return None

    def _where(self, call: Call) -> tuple[User, Channel, Message]:
        user = call.actor
        channel = self._authority.channel(user, call.id("channel"))
        if not self._authority.bits(user, channel) & Permission.READ_MESSAGE_HISTORY:
            raise missing_access()
        message = self._messages.find(channel.id, call.id("message"), user)
        if message.reader is not None:
            raise unknown("Message")
        return user, channel, message


def _emoji(text: str) -> tuple[str, Json]:
    """The emoji of a path: a character; a sandbox has no custom ones.

    Raises:
        DiscordRefusal: 10014.
    """
    pictured = any(unicodedata.category(one) in ("So", "Sk", "Sm", "Me", "Po") for one in text)
    if not pictured or len(text) > 16 or (":" in text and text.isascii()):
        raise unknown("Emoji")
    return text, {"id": None, "name": text}
