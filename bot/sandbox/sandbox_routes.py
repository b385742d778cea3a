"""`/sandbox/…`: the world at a glance, the faults, the logs; what only a sandbox has."""

import asyncio
import json

from aiohttp import web

from bot.sandbox.authority import Authority
from bot.sandbox.errors import DiscordRefusal, Form, Json, invalid_json, unknown
from bot.sandbox.faults import Faults
from bot.sandbox.gateway import Gateway
from bot.sandbox.interactions import Interactions
from bot.sandbox.permissions import Permission
from bot.sandbox.requestlog import RequestLog
from bot.sandbox.wire import encode
from bot.sandbox.world import World

LOCALES = (
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no",
    "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th",
    "zh-CN", "ja", "zh-TW", "ko",
)  # fmt: skip
"""Of Discord (docs: reference, "Locales")."""


class SandboxRoutes:
    """The addresses are known when the server listens."""

    def __init__(
        self,
        world: World,
        authority: Authority,
        gateway: Gateway,
        faults: Faults,
        log: RequestLog,
        interactions: Interactions,
    ) -> None:
        self._world = world
        self._authority = authority
        self._gateway = gateway
        self._faults = faults
        self._log = log
        self._interactions = interactions
        self.addresses: Json = {}

    def add(self, app: web.Application) -> None:
        app.router.add_get("/sandbox/world", self.world)
        app.router.add_post("/sandbox/members/{user}", self.speak)
        app.router.add_get("/sandbox/faults", self.faults)
        app.router.add_post("/sandbox/faults", self.switch_on)
        app.router.add_delete("/sandbox/faults", self.switch_off)
        app.router.add_delete("/sandbox/faults/{name}", self.switch_off)
        app.router.add_get("/sandbox/requests", self.requests)
        app.router.add_get("/sandbox/interactions", self.interactions)

    async def world(self, _: web.Request) -> web.Response:
        world, guild = self._world, self._world.guild
        members = []
        for member in guild.members.values():
            user = member.user
            if user.bot or user.id == guild.owner_id:
                continue
            bits = self._authority.in_guild(guild, member)
            members.append(
                {
                    "id": str(user.id),
                    "username": user.username,
                    "global_name": user.global_name,
                    "token": user.token,
                    "locale": user.locale,
                    "roles": [str(role_id) for role_id in member.roles],
                    "permissions": str(bits),
                    "manager": bool(bits & Permission.MANAGE_GUILD),
                }
            )
        application = world.application
        connected = self._gateway.bot_connected
        return _json(
            {
                "application": {"id": str(application.id), "name": application.name, "connected": connected},
                "guild": {"id": str(guild.id), "name": guild.name, "upload_limit": guild.upload_limit},
                "channels": [
                    {"id": str(one.id), "name": one.name, "type": one.type, "nsfw": one.nsfw}
                    for one in guild.channels.values()
                ],
                "members": members,
                **self.addresses,
            }
        )

    async def speak(self, request: web.Request) -> web.Response:
        """Have a member's Discord speak another language; it tells the bot so with every interaction."""
        number = request.match_info["user"]
        user = self._world.users.get(int(number)) if number.isdecimal() and len(number) <= 20 else None
        try:
            locale = (await request.json())["locale"]
        except (json.JSONDecodeError, KeyError, TypeError):
            return _json(invalid_json().body, status=400)
        if user is None:
            return _json(unknown("User").body, status=404)
        form = Form()
        if not form.choice(("locale",), locale, LOCALES):
            return _json(form.refusal().body, status=400)
        user.locale = locale
        return web.Response(status=204)

    async def faults(self, _: web.Request) -> web.Response:
        return _json(self._faults.listed())

    async def switch_on(self, request: web.Request) -> web.Response:
        try:
            wish = await request.json()
            if not isinstance(wish, dict):
                raise invalid_json()
            return _json(self._faults.switch_on(wish))
        except json.JSONDecodeError:
            return _json(invalid_json().body, status=400)
        except DiscordRefusal as refusal:
            return _json(refusal.body, status=refusal.status)

    async def switch_off(self, request: web.Request) -> web.Response:
        self._faults.switch_off(request.match_info.get("name"))
        return web.Response(status=204)

    async def requests(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        listed = self._log.since(int(since) if since.isdecimal() else 0)
        # Two thousand bodies are a lot of text: written on another thread.
        text = await asyncio.to_thread(lambda: encode([one.wire() for one in listed]))
        return web.Response(text=text, content_type="application/json")

    async def interactions(self, _: web.Request) -> web.Response:
        return _json(self._interactions.logged())


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, text=encode(body), content_type="application/json")
