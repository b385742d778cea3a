"""A Discord for one's own machine: REST, gateway, CDN and page on one port of the loopback."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from aiohttp import web

from bot.sandbox.api import PREFIX, Api
from bot.sandbox.attachments import Attachments
from bot.sandbox.authority import Authority
from bot.sandbox.callback_routes import CallbackRoutes
from bot.sandbox.cdn import CdnRoute, Links
from bot.sandbox.channel_routes import ChannelRoutes
from bot.sandbox.command_routes import CommandRoutes
from bot.sandbox.commands import Commands
from bot.sandbox.errors import Json
from bot.sandbox.events import Events
from bot.sandbox.faults import Faults
from bot.sandbox.gateway import Gateway
from bot.sandbox.gateway_socket import GatewayRoute
from bot.sandbox.guild_routes import GuildRoutes
from bot.sandbox.interactions import Interactions
from bot.sandbox.message_routes import MessageRoutes
from bot.sandbox.messages import Messages
from bot.sandbox.page_route import PageRoute
from bot.sandbox.press_routes import PressRoutes
from bot.sandbox.presses import Presses
from bot.sandbox.ratelimits import GENEROUS, RateLimits, Rates
from bot.sandbox.reaction_routes import ReactionRoutes
from bot.sandbox.requestlog import Observer, RequestLog
from bot.sandbox.sandbox_routes import SandboxRoutes
from bot.sandbox.scenery import open_world
from bot.sandbox.uploads import JSON_BYTES_MAX, Inbox
from bot.sandbox.user_routes import UserRoutes
from bot.sandbox.webhook_routes import WebhookRoutes
from bot.sandbox.world import UPLOAD_LIMIT, User


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """The server and everything in it; one object is one world, empty at its start.

    Args:
        folder: where uploads are kept; made if it is not there, and rid of what an earlier world left.
        now: the time of day, for ids, deadlines, tokens and links.
        upload_limit: bytes of one file in the first guild (Discord's default since 2026-08: 20 MiB).
        acknowledge_s: seconds in which an interaction must be answered.
        token_s: seconds that an interaction's token lives.
        nonce_s: seconds in which a nonce gives the same message again.
        link_s: seconds that a link of the CDN lives.
        heartbeat_s: seconds between the heartbeats that clients are asked for.
        rates: the rate limits: GENEROUS, or DOCUMENTED for Discord's own.
        observer: called with every request of the bot after it was answered.
        bot_name: how the application and its bot are called.
        application_flags: privileged intents that the application was granted (docs: resources/application).
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime] = _utc_now,
        upload_limit: int = UPLOAD_LIMIT,
        acknowledge_s: float = 3.0,
        token_s: float = 900.0,
        nonce_s: float = 300.0,
        link_s: float = 86_400.0,
        heartbeat_s: float = 41.25,
        rates: Rates = GENEROUS,
        observer: Observer | None = None,
        bot_name: str = "Dailies",
        application_flags: int = 0,
    ) -> None:
        world = self.world = open_world(bot_name=bot_name, upload_limit=upload_limit, now=now)
        world.application.flags = application_flags
        self._now = now
        self.gateway = Gateway()
        self.faults = Faults(self.gateway)
        self.log = RequestLog(observer)
        self._links = Links(now=now, link_s=link_s)
        attachments = Attachments(world.snowflakes, self._links.sign)
        authority = Authority(world)
        events = Events(world, self.gateway, authority)
        self.commands = Commands(world, authority)
        self.messages = Messages(world, attachments, events, nonce_s=nonce_s)
        self.interactions = Interactions(world, events, now=now, acknowledge_s=acknowledge_s, token_s=token_s)
        self._presses = Presses(
            world, authority, self.commands, self.messages, attachments, self.interactions
        )
        self._inbox = Inbox(folder, self.faults)
        limits = RateLimits(rates)
        self._api = Api(world, inbox=self._inbox, limits=limits, faults=self.faults, log=self.log, now=now)
        self._users = UserRoutes(world, authority, self.gateway, events)
        self._own = SandboxRoutes(world, authority, self.gateway, self.faults, self.log, self.interactions)
        self._gateway_route = GatewayRoute(world, self.gateway, heartbeat_s=heartbeat_s)
        self._cdn = CdnRoute(attachments, self._links)
        self._routes = [
            *self._users.routes(),
            *GuildRoutes(world, authority, self.commands).routes(),
            *ChannelRoutes(world, authority, self.messages, events).routes(),
            *MessageRoutes(world, authority, self.messages, events, limits).routes(),
            *ReactionRoutes(world, authority, self.messages, events).routes(),
            *CommandRoutes(world, self.commands).routes(),
            *PressRoutes(world, self._presses).routes(),
            *CallbackRoutes(world, authority, self.messages, self.interactions).routes(),
            *WebhookRoutes(world, authority, self.messages, self.interactions).routes(),
        ]
        self._runner: web.AppRunner | None = None
        self.api_url = self.gateway_url = self.page_url = ""

    @property
    def bot_token(self) -> str:
        return self.world.bot.token

    async def press(self, user: User, body: Json, *, unchecked: bool = False) -> None:
        """An interaction as `POST /interactions` takes it, without the road there: for load.

        With `unchecked` its values go on to the bot as they are.

        Raises:
            DiscordRefusal: what that route would answer.
        """
        await self._presses.take(user, body, [], unchecked=unchecked)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port that it is. The addresses are set from here on."""
        await self._inbox.open()
        app = web.Application(client_max_size=JSON_BYTES_MAX)
        app.on_response_prepare.append(self._dated)
        self._api.add(app, self._routes)
        self._api.add_fallback(app)
        app.router.add_get("/gateway", self._gateway_route.handle)
        app.router.add_get(r"/cdn/attachments/{channel:\d+}/{attachment:\d+}/{filename}", self._cdn.handle)
        self._own.add(app)
        app.router.add_get("/{path:.*}", PageRoute().handle)
        # Longer than the 15 s for which aiohttp's clients keep a connection: a server that closes first
        # makes a client's next request fail.
        self._runner = web.AppRunner(app, keepalive_timeout=75, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound: int = self._runner.addresses[0][1]
        base = f"{host}:{bound}"
        self.page_url = f"http://{base}/"
        self.api_url = f"http://{base}{PREFIX}"
        self.gateway_url = f"ws://{base}/gateway"
        self._links.base_url = f"http://{base}"
        self._users.gateway_url = self.gateway_url
        self._own.addresses = {
            "api_url": self.api_url,
            "gateway_url": self.gateway_url,
            "page_url": self.page_url,
        }
        return bound

    async def _dated(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the time of day into an answer where it is to be wrong; else aiohttp does."""
        if not self.faults.active:
            return
        off = self.faults.strikes("clock_off", f"{request.method} {request.path.removeprefix(PREFIX)}")
        if off is not None:
            theirs = self._now() + timedelta(seconds=off.seconds)
            response.headers["Date"] = format_datetime(theirs, usegmt=True)

    async def close(self) -> None:
        """Close every connection and stop listening."""
        self.interactions.close()
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
