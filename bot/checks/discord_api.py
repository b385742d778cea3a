"""The few questions that `dailies check` has for Discord, over plain REST, without signing in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp
from pydantic import BaseModel, ConfigDict
from yarl import URL

from bot.providers import http

WAIT_MAX_S = 5.0
"""A rate limit that asks for more is an answer in itself."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True)


class Permitted(_Wire):
    """An overwrite of a channel, as Discord writes it: numbers as text."""

    id: int
    allow: int
    deny: int


class Channel(_Wire):
    """A channel, or a thread, which has its parent's overwrites."""

    id: int
    type: int
    guild_id: int | None = None
    parent_id: int | None = None
    permission_overwrites: list[Permitted] = []


class Role(_Wire):
    """A role of a server."""

    id: int
    permissions: int


class Guild(_Wire):
    """A server, as far as it decides what the bot may."""

    id: int
    name: str
    owner_id: int
    premium_tier: int = 0
    roles: list[Role]


class Member(_Wire):
    """The bot, as a member of a server."""

    roles: list[int]


class User(_Wire):
    """The bot's own account."""

    id: int
    username: str


class InstallParams(_Wire):
    """What an invite link of Discord's own making asks for."""

    scopes: list[str] = []


class Way(_Wire):
    """One way to install an application."""

    oauth2_install_params: InstallParams | None = None


class Application(_Wire):
    """The bot as its owner has set it up in the developer portal."""

    id: int
    flags: int = 0
    bot_require_code_grant: bool = False
    interactions_endpoint_url: str | None = None
    integration_types_config: dict[str, Way] | None = None


class Starts(_Wire):
    """How many sessions may still be started at the gateway (docs: events/gateway)."""

    total: int
    remaining: int
    reset_after: int


class Gateway(_Wire):
    """Where the gateway is, and what Discord would have of us there."""

    url: str
    shards: int
    session_start_limit: Starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A refusal: Discord's own code, 0 where it has none, and the seconds that it asks us to wait."""

    code: int = 0
    retry_after: float | None = None


class Discord:
    """Asks with the bot's token. Close the session when done.

    Args:
        api_url: up to and with its version.
    """

    def __init__(self, session: aiohttp.ClientSession, api_url: str, token: str) -> None:
        self._session = session
        self._base = URL(api_url.rstrip("/"))
        self._headers: Mapping[str, str] = {
            "Authorization": f"Bot {token}",
            # Discord turns away what does not name itself so (docs: reference, "User Agent").
            "User-Agent": "DiscordBot (https://github.com/dailies, 1)",
        }

    async def get(self, path: str) -> http.Answered:
        """One question; a short rate limit is waited for, once.

        Raises:
            ProviderUnavailable: no answer.
        """
        answered = await self._get(path)
        if answered.status == 429:
            wait_s = refusal(answered).retry_after
            if wait_s is not None and wait_s <= WAIT_MAX_S:
                await asyncio.sleep(wait_s)
                answered = await self._get(path)
        return answered

    async def _get(self, path: str) -> http.Answered:
        url = self._base.joinpath(*path.split("/"))
        return await http.call(self._session, "GET", url, headers=self._headers, bytes_max=8 << 20)

    async def greets(self, gateway_url: str, *, within_s: float = 10.0) -> bool:
        """Whether the gateway says hello (op 10). Nothing is sent, so no session is started or counted."""
        url = URL(gateway_url).with_query(v="10", encoding="json")
        try:
            async with asyncio.timeout(within_s), self._session.ws_connect(url) as socket:
                hello = await socket.receive_json()
        except (aiohttp.ClientError, OSError, ValueError, TypeError):  # a timeout is an OSError
            return False
        return isinstance(hello, dict) and hello.get("op") == 10


def refusal(answered: http.Answered) -> Told:
    """What a refusal says of itself."""
    match answered.body:
        case {"code": int(code), **rest}:
            return Told(code=code, retry_after=_wait_s(rest))
        case dict(body):
            return Told(retry_after=_wait_s(body))
        case _:
            return Told()


def _wait_s(body: Mapping[Any, object]) -> float | None:
    wait = body.get("retry_after")
    if isinstance(wait, bool) or not isinstance(wait, int | Decimal) or wait < 0:
        return None
    return float(wait)
