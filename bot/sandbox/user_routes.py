"""Who one is, where one is, and where the gateway stands."""

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.authority import Authority
from bot.sandbox.errors import invalid, not_found, unknown
from bot.sandbox.events import Events
from bot.sandbox.gateway import Gateway
from bot.sandbox.wire import application_wire, channel_wire, features_wire, own_user_wire, user_wire
from bot.sandbox.world import User, World

# Sessions that a bot may start in a day (docs: events/gateway, "Session Start Limit Object").
STARTS_MAX = 1000


class UserRoutes:
    """`gateway_url` is known when the server listens, so it is asked for late."""

    def __init__(self, world: World, authority: Authority, gateway: Gateway, events: Events) -> None:
        self._world = world
        self._authority = authority
        self._gateway = gateway
        self._events = events
        self.gateway_url = ""

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/gateway", self.gateway, overall=False),
            Route("GET", "/gateway/bot", self.gateway_bot),
            Route("GET", "/users/@me", self.me),
            Route("GET", "/users/@me/guilds", self.my_guilds),
            Route("POST", "/users/@me/channels", self.open_direct),
            Route("GET", "/users/{user}", self.user),
            Route("GET", "/oauth2/applications/@me", self.application),
            Route("GET", "/applications/@me", self.application),
            Route("GET", "/applications/{application}/emojis", self.emojis),
            Route("GET", "/applications/{application}/entitlements", self.nothing_sold),
            Route("GET", "/applications/{application}/skus", self.nothing_sold),
        ]

    async def gateway(self, _: Call) -> Answer:
        return {"url": self.gateway_url}

    async def gateway_bot(self, call: Call) -> Answer:
        self._bot(call)
        left = max(0, STARTS_MAX - self._gateway.identifies)
        start = {"total": STARTS_MAX, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": start}

    async def me(self, call: Call) -> Answer:
        return own_user_wire(call.actor)

    async def my_guilds(self, call: Call) -> Answer:
        user = call.actor
        return [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": guild.owner_id == user.id,
                "permissions": str(self._authority.in_guild(guild, guild.members[user.id])),
                "features": features_wire(guild),
            }
            for guild in self._world.guilds_of(user)
        ]

    async def open_direct(self, call: Call) -> Answer:
        user = call.actor
        body = await call.form()
        number = str(body.get("recipient_id", ""))
        if not number.isdecimal():
            raise invalid(("recipient_id",), "BASE_TYPE_REQUIRED", "This field is required")
        other = self._known_user(int(number))
        if other is user:
            raise invalid(("recipient_id",), "INVALID_RECIPIENT", "Cannot message yourself")
        known = self._world.direct_channels(user)
        channel = self._world.direct_channel(user, other)
        if channel not in known:
            self._events.channel("CHANNEL_CREATE", channel)
        return channel_wire(channel) | {"recipients": [user_wire(other)]}

    async def user(self, call: Call) -> Answer:
        self._known(call)
        return user_wire(self._known_user(call.id("user")))

    async def application(self, call: Call) -> Answer:
        self._bot(call)
        owner = self._world.users[self._world.guild.owner_id]
        return application_wire(self._world.application, owner)

    async def emojis(self, call: Call) -> Answer:
        self._bot(call)
        return {"items": []}

    async def nothing_sold(self, call: Call) -> Answer:
        self._bot(call)
        return []

    def _known_user(self, user_id: int) -> User:
        user = self._world.users.get(user_id)
        if user is None:
            raise unknown("User")
        return user

    def _known(self, call: Call) -> User:
        """Hold that somebody asks, whoever it is."""
        return call.actor

    def _bot(self, call: Call) -> None:
        if not call.actor.bot:
            raise not_found()
