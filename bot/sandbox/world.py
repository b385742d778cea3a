"""The nouns of a Discord: users, guilds, roles, channels, members; and the world that holds them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.sandbox.snowflakes import Snowflakes

TEXT: Final = 0
DIRECT: Final = 1
VOICE: Final = 2
ANNOUNCEMENT: Final = 5
NEWS_THREAD: Final = 10
PUBLIC_THREAD: Final = 11
PRIVATE_THREAD: Final = 12
STAGE: Final = 13
FORUM: Final = 15

TALKING: Final = (VOICE, STAGE)
"""Channels for voices, each of which has a chat of its own."""


@dataclass(slots=True, kw_only=True)
class User:
    id: int
    username: str
    global_name: str | None
    token: str
    bot: bool = False
    locale: str = "en-US"
    # Whether they take direct messages from members of a shared server.
    takes_direct: bool = True


@dataclass(slots=True, kw_only=True)
class Role:
    id: int
    name: str
    permissions: int
    position: int
    managed: bool = False
    mentionable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwrite:
    """What a channel allows and denies to one role or one member."""

    id: int
    is_member: bool
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel of a server, a thread in one (what is posted in a forum is one), or a direct message."""

    id: int
    type: int
    guild_id: int | None
    name: str | None
    position: int = 0
    nsfw: bool = False
    topic: str | None = None
    slowmode_s: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    last_message_id: int | None = None
    recipients: tuple[User, ...] = ()
    # What only a thread has.
    parent_id: int | None = None
    owner_id: int | None = None
    archived: bool = False
    locked: bool = False
    archive_minutes: int = 1440
    archived_at: datetime | None = None
    joined: dict[int, datetime] = field(default_factory=dict)
    message_count: int = 0

    @property
    def thread(self) -> bool:
        return self.type in (NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)


@dataclass(slots=True, kw_only=True)
class Member:
    user: User
    joined_at: datetime
    roles: list[int] = field(default_factory=list)
    nick: str | None = None
    timeout_until: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Guild:
    """A server; `upload_limit` is in bytes. Threads stand among the channels.

    Its level by boosts is told as it is, whatever the limit. Only a community can choose its `locale`.
    `said_limit` is what interactions say of `upload_limit`, where that is something else.
    """

    id: int
    name: str
    owner_id: int
    upload_limit: int
    premium_tier: int = 0
    said_limit: int | None = None
    locale: str = "en-US"
    is_community: bool = False
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Application:
    """The bot as a product; its id is its user's, as for every application made since 2017."""

    id: int
    name: str
    description: str
    flags: int = 0


# Without a boost, and in direct messages: 20 MiB since 2026-08 (docs: reference, "Uploading Files").
UPLOAD_LIMIT: Final = 20 << 20


class World:
    """Everything that is there, found by id or by name."""

    def __init__(
        self, *, application: Application, bot: User, snowflakes: Snowflakes, now: Callable[[], datetime]
    ) -> None:
        self.application = application
        self.bot = bot
        self.snowflakes = snowflakes
        self.now = now
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self._people: dict[str, User] = {}
        self._direct: dict[frozenset[int], Channel] = {}
        self.add_user(bot)

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        if not user.bot:
            self._people[user.token] = user
        return user

    def add_guild(self, guild: Guild) -> Guild:
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild_id is not None:
            self.guilds[channel.guild_id].channels[channel.id] = channel
        return channel

    def remove_channel(self, channel: Channel) -> None:
        del self.channels[channel.id]
        if channel.guild_id is not None:
            self.guilds[channel.guild_id].channels.pop(channel.id, None)

    def person(self, token: str) -> User | None:
        """Whose token this is."""
        return self._people.get(token)

    def guild_of(self, channel: Channel) -> Guild | None:
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def guilds_of(self, user: User) -> list[Guild]:
        return [guild for guild in self.guilds.values() if user.id in guild.members]

    @property
    def guild(self) -> Guild:
        """The first guild: the one that a sandbox opens with."""
        return next(iter(self.guilds.values()))

    def channel_named(self, name: str) -> Channel:
        """The channel of the first guild with that name.

        Raises:
            KeyError: there is none.
        """
        for channel in self.guild.channels.values():
            if channel.name == name:
                return channel
        raise KeyError(name)

    def user_named(self, username: str) -> User:
        """The user with that name.

        Raises:
            KeyError: there is none.
        """
        for user in self.users.values():
            if username in (user.username, user.global_name):
                return user
        raise KeyError(username)

    def direct_channel(self, one: User, other: User) -> Channel:
        """The direct messages of two users, opened when they first talk."""
        pair = frozenset((one.id, other.id))
        channel = self._direct.get(pair)
        if channel is None:
            channel = Channel(
                id=self.snowflakes.next(), type=DIRECT, guild_id=None, name=None, recipients=(one, other)
            )
            self._direct[pair] = self.add_channel(channel)
        return channel

    def direct_channels(self, user: User) -> list[Channel]:
        return [channel for channel in self._direct.values() if user in channel.recipients]

    def upload_limit(self, channel: Channel) -> int:
        """Bytes that one file may have there."""
        guild = self.guild_of(channel)
        return UPLOAD_LIMIT if guild is None else guild.upload_limit

    def said_limit(self, channel: Channel) -> int:
        """What an interaction there says of that."""
        guild = self.guild_of(channel)
        said = None if guild is None else guild.said_limit
        return self.upload_limit(channel) if said is None else said

    def timed_out(self, member: Member) -> bool:
        return member.timeout_until is not None and member.timeout_until > self.now()
