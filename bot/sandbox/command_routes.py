"""`/applications/{application}/…/commands`: what the bot syncs (docs: interactions/application-commands)."""

from bot.sandbox.api import Answer, Call, Created, Route
from bot.sandbox.commands import Commands
from bot.sandbox.errors import DiscordRefusal, missing_access, unauthorized, unknown
from bot.sandbox.world import World

_GLOBAL = "/applications/{application}/commands"
_GUILD = "/applications/{application}/guilds/{guild}/commands"


class CommandRoutes:
    def __init__(self, world: World, commands: Commands) -> None:
        self._world = world
        self._commands = commands

    def routes(self) -> list[Route]:
        routes = []
        for base in (_GLOBAL, _GUILD):
            one = base + "/{command}"
            routes += [
                Route("GET", base, self.listed, "commands"),
                Route("PUT", base, self.overwrite, "commands"),
                Route("POST", base, self.create, "commands"),
                Route("GET", one, self.read, "commands"),
                Route("PATCH", one, self.edit, "commands"),
                Route("DELETE", one, self.delete, "commands"),
            ]
        routes += [
            Route("GET", _GUILD + "/permissions", self.all_permissions, "commands"),
            Route("GET", _GUILD + "/{command}/permissions", self.permissions, "commands"),
        ]
        # The fixed word must be found before the part that stands for any id.
        return sorted(routes, key=lambda route: not route.path.endswith("/commands/permissions"))

    async def listed(self, call: Call) -> Answer:
        return self._commands.listed(self._scope(call))

    async def overwrite(self, call: Call) -> Answer:
        scope = self._scope(call)
        return self._commands.overwrite(scope, await call.read())

    async def create(self, call: Call) -> Answer:
        scope = self._scope(call)
        before = {one["id"] for one in self._commands.listed(scope)}
        made = self._commands.upsert(scope, await call.form())
        return made if made["id"] in before else Created(made)

    async def read(self, call: Call) -> Answer:
        return self._commands.one(self._scope(call), call.id("command"))

    async def edit(self, call: Call) -> Answer:
        scope = self._scope(call)
        return self._commands.edit(scope, call.id("command"), await call.form())

    async def delete(self, call: Call) -> Answer:
        self._commands.remove(self._scope(call), call.id("command"))
        return None

    async def all_permissions(self, call: Call) -> Answer:
        self._scope(call)
        return []

    async def permissions(self, call: Call) -> Answer:
        scope = self._scope(call)
        self._commands.one(scope, call.id("command"))
        # Nobody has overridden anything: Discord says so in this way.
        raise DiscordRefusal(404, 10066, "Unknown application command permissions")

    def _scope(self, call: Call) -> int | None:
        """The guild of the path, or None for the global commands; only the bot's own.

        Raises:
            DiscordRefusal: 401, 10002 or 50001.
        """
        if not call.actor.bot:
            raise unauthorized()
        if call.id("application") != self._world.application.id:
            raise unknown("Application")
        if not call.has("guild"):
            return None
        guild = self._world.guilds.get(call.id("guild"))
        if guild is None or self._world.bot.id not in guild.members:
            raise missing_access()
        return guild.id
