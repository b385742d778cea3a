"""The world that a sandbox opens with: one server, five channels, three people and the bot."""

import secrets
from collections.abc import Callable
from datetime import datetime

from bot.sandbox.permissions import EVERYONE, Permission
from bot.sandbox.snowflakes import Snowflakes
from bot.sandbox.world import TEXT, Application, Channel, Guild, Member, Overwrite, Role, User, World

PEOPLE = ("Ada", "Bruno", "Mika")
MANAGER = "Mika"


def open_world(*, bot_name: str, upload_limit: int, now: Callable[[], datetime]) -> World:
    """A fresh world; every token in it is made up here and now."""
    snowflakes = Snowflakes(now)
    bot = User(
        id=snowflakes.next(),
        username=bot_name,
        global_name=None,
        token=f"sandbox.{secrets.token_urlsafe(24)}",
        bot=True,
    )
    application = Application(id=bot.id, name=bot_name, description="Video from words, in the sandbox.")
    world = World(application=application, bot=bot, snowflakes=snowflakes, now=now)
    for name in PEOPLE:
        token = f"person.{name.lower()}.{secrets.token_urlsafe(16)}"
        world.add_user(User(id=snowflakes.next(), username=name.lower(), global_name=name, token=token))
    add_guild(world, "The cutting room", upload_limit=upload_limit)
    return world


def add_guild(world: World, name: str, *, upload_limit: int) -> Guild:
    """A server with the usual channels and everybody in it; owned by nobody who plays."""
    snowflakes, now = world.snowflakes, world.now
    owner = world.add_user(
        User(id=snowflakes.next(), username="owner", global_name="Owner", token=secrets.token_urlsafe(16))
    )
    guild = Guild(id=snowflakes.next(), name=name, owner_id=owner.id, upload_limit=upload_limit)
    world.add_guild(guild)
    guild.roles[guild.id] = Role(id=guild.id, name="@everyone", permissions=EVERYONE, position=0)
    own = _role(guild, snowflakes.next(), world.bot.username, EVERYONE, managed=True)
    managing = Permission.MANAGE_GUILD | Permission.MANAGE_MESSAGES
    managers = _role(guild, snowflakes.next(), "managers", managing)
    guild.members[owner.id] = Member(user=owner, joined_at=now())
    guild.members[world.bot.id] = Member(user=world.bot, joined_at=now(), roles=[own.id])
    for person in PEOPLE:
        user = world.user_named(person)
        roles = [managers.id] if person == MANAGER else []
        guild.members[user.id] = Member(user=user, joined_at=now(), roles=roles)
    mute = Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS
    hide = Permission.VIEW_CHANNEL
    _channel(world, guild, "dailies", topic="Ask for a clip with /generate")
    _channel(world, guild, "showcase")
    _channel(world, guild, "read-only", overwrites=[Overwrite(id=guild.id, is_member=False, deny=mute)])
    _channel(
        world,
        guild,
        "mods",
        overwrites=[
            Overwrite(id=guild.id, is_member=False, deny=hide),
            Overwrite(id=managers.id, is_member=False, allow=hide),
            Overwrite(id=own.id, is_member=False, allow=hide),
        ],
    )
    _channel(world, guild, "after-dark", nsfw=True)
    return guild


def _role(guild: Guild, role_id: int, name: str, permissions: int, *, managed: bool = False) -> Role:
    role = Role(id=role_id, name=name, permissions=permissions, position=len(guild.roles), managed=managed)
    guild.roles[role.id] = role
    return role


def _channel(
    world: World,
    guild: Guild,
    name: str,
    *,
    nsfw: bool = False,
    topic: str | None = None,
    overwrites: list[Overwrite] | None = None,
) -> Channel:
    channel = Channel(
        id=world.snowflakes.next(),
        type=TEXT,
        guild_id=guild.id,
        name=name,
        position=len(guild.channels),
        nsfw=nsfw,
        topic=topic,
        overwrites={overwrite.id: overwrite for overwrite in overwrites or []},
    )
    return world.add_channel(channel)
