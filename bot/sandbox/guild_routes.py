"""Guilds, their channels, roles and members, as far as a client reads them."""

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.authority import Authority
from bot.sandbox.commands import Commands
from bot.sandbox.errors import Json, unknown
from bot.sandbox.permissions import Permission
from bot.sandbox.wire import channel_wire, guild_wire, member_wire, role_wire
from bot.sandbox.world import Guild, World


class GuildRoutes:
    def __init__(self, world: World, authority: Authority, commands: Commands) -> None:
        self._world = world
        self._authority = authority
        self._commands = commands

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/guilds/{guild}", self.guild, place="guild"),
            Route("GET", "/guilds/{guild}/channels", self.channels, place="guild"),
            Route("GET", "/guilds/{guild}/threads/active", self.threads, place="guild"),
            Route("GET", "/guilds/{guild}/roles", self.roles, place="guild"),
            Route("GET", "/guilds/{guild}/members", self.members, place="guild"),
            Route("GET", "/guilds/{guild}/members/{user}", self.member, place="guild"),
            Route("GET", "/guilds/{guild}/emojis", self.none, place="guild"),
            Route("GET", "/guilds/{guild}/stickers", self.none, place="guild"),
            Route("GET", "/guilds/{guild}/application-command-index", self.index, place="guild"),
        ]

    async def guild(self, call: Call) -> Answer:
        guild = self._guild(call)
        wire = guild_wire(guild, self._world)
        if call.query.get("with_counts") in ("1", "true", "True"):
            wire |= {
                "approximate_member_count": len(guild.members),
                "approximate_presence_count": len(guild.members),
            }
        return wire

    async def channels(self, call: Call) -> Answer:
        guild, user = self._guild(call), call.actor
        return [
            channel_wire(channel)
            for channel in guild.channels.values()
            if not channel.thread and (user.bot or self._authority.sees(user, channel))
        ]

    async def threads(self, call: Call) -> Answer:
        guild, user = self._guild(call), call.actor
        found = [
            channel
            for channel in guild.channels.values()
            if channel.thread and not channel.archived and self._authority.sees(user, channel)
        ]
        return {"threads": [channel_wire(channel) for channel in found], "members": [], "has_more": False}

    async def roles(self, call: Call) -> Answer:
        return [role_wire(role, self._world) for role in self._guild(call).roles.values()]

    async def members(self, call: Call) -> Answer:
        guild = self._guild(call)
        limit, after = call.number("limit", 1, 1, 1000), call.number("after", 0, 0, 2**64)
        found = sorted(user_id for user_id in guild.members if user_id > after)
        return [member_wire(guild.members[user_id]) for user_id in found[:limit]]

    async def member(self, call: Call) -> Answer:
        member = self._guild(call).members.get(call.id("user"))
        if member is None:
            raise unknown("Member")
        return member_wire(member)

    async def none(self, call: Call) -> Answer:
        self._guild(call)
        return []

    async def index(self, call: Call) -> Answer:
        guild, user = self._guild(call), call.actor
        member = guild.members[user.id]
        usable: list[Json] = []
        if self._authority.in_guild(guild, member) & Permission.USE_APPLICATION_COMMANDS:
            usable = self._commands.usable(guild, member)
        application = self._world.application
        about = {
            "id": str(application.id),
            "name": application.name,
            "description": application.description,
            "icon": None,
            "bot_id": str(self._world.bot.id),
        }
        return {"application_commands": usable, "applications": [about], "version": str(guild.id)}

    def _guild(self, call: Call) -> Guild:
        return self._authority.guild(call.actor, call.id("guild"))
