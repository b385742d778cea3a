"""`POST /interactions`: the one route by which a person's client uses the bot."""

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.errors import unauthorized
from bot.sandbox.presses import Presses
from bot.sandbox.world import World


class PressRoutes:
    def __init__(self, world: World, presses: Presses) -> None:
        self._world = world
        self._presses = presses

    def routes(self) -> list[Route]:
        return [Route("POST", "/interactions", self.press)]

    async def press(self, call: Call) -> Answer:
        if call.actor.bot:
            raise unauthorized()
        # The place is in the body; the most that any of them takes is the bound while it is read.
        most = max(guild.upload_limit for guild in self._world.guilds.values())
        body = await call.form(file_bytes_max=most)
        await self._presses.take(call.actor, body, call.uploads, unchecked=call.unchecked)
        return None
