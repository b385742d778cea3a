"""The frame of the REST API: who asks, what is limited or broken, what is answered, what is logged."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from aiohttp import web

from bot.sandbox.errors import DiscordRefusal, Json, invalid, invalid_json, not_found, unauthorized
from bot.sandbox.faults import Faults
from bot.sandbox.ratelimits import RateLimits, refusal_body, refusal_headers
from bot.sandbox.requestlog import Request, RequestLog
from bot.sandbox.uploads import Inbox, Upload, discard
from bot.sandbox.wire import encode
from bot.sandbox.world import User, World

PREFIX = "/api/v10"


class Call:
    """One request to the API, as a handler sees it."""

    def __init__(self, request: web.Request, actor: User | None, inbox: Inbox) -> None:
        self._request = request
        self._actor = actor
        self._inbox = inbox
        self.query = request.query
        self.body: Any = None
        self.uploads: list[Upload] = []
        self.names_of_files: tuple[str, ...] = ()

    @property
    def actor(self) -> User:
        """Who asks: the bot or a person.

        Raises:
            DiscordRefusal: 401, nobody that is known here.
        """
        if self._actor is None:
            raise unauthorized()
        return self._actor

    @property
    def unchecked(self) -> bool:
        """Whether a test asks that the values of an interaction be handed on as they are."""
        return self._request.headers.get("X-Sandbox-Unchecked") == "1"

    def id(self, name: str) -> int:
        """A snowflake of the path.

        Raises:
            DiscordRefusal: 50035, it is no number.
        """
        text = self._request.match_info[name]
        if not text.isdecimal() or len(text) > 20:
            raise invalid((f"{name}_id",), "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
        return int(text)

    def has(self, name: str) -> bool:
        """Whether the path has such a part."""
        return name in self._request.match_info

    def text(self, name: str) -> str:
        return self._request.match_info[name]

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number of the query.

        Raises:
            DiscordRefusal: 50035, it is none, or out of bounds.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isdecimal() or not low <= int(text) <= high:
            raise invalid(
                (name,), "NUMBER_TYPE_COERCE", f'Value "{text}" is not an int from {low} to {high}.'
            )
        return int(text)

    async def form(self, *, file_bytes_max: int = 0) -> Json:
        """The body as an object; its files are in `uploads` afterwards.

        Raises:
            DiscordRefusal: 50109 or 40005.
        """
        body = await self.read(file_bytes_max=file_bytes_max)
        if not isinstance(body, dict):
            raise invalid_json()
        return body

    async def read(self, *, file_bytes_max: int = 0) -> Any:
        """The body, of whatever kind it is."""
        self.body, self.uploads = await self._inbox.read(self._request, file_bytes_max=file_bytes_max)
        self.names_of_files = tuple(upload.filename for upload in self.uploads)
        return self.body

    def take_uploads(self) -> list[Upload]:
        """The files, which are the caller's from now on."""
        taken, self.uploads = self.uploads, []
        return taken

    async def tidy(self) -> None:
        await discard(self.take_uploads())


@dataclass(frozen=True, slots=True)
class Created:
    """An answer of status 201."""

    body: Json


Answer: TypeAlias = Json | list[Json] | Created | None
Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """`place` names the path's part that has a limit of its own; None stands for the whole bot.

    `overall` is false for interactions and webhooks, which the global limit leaves out.
    """

    method: str
    path: str
    handler: Handler
    bucket: str = "other"
    place: str | None = None
    overall: bool = True


class Api:
    """Wraps every route in what is the same for all: authority, limits, faults, errors, the log."""

    def __init__(
        self,
        world: World,
        *,
        inbox: Inbox,
        limits: RateLimits,
        faults: Faults,
        log: RequestLog,
        now: Callable[[], datetime],
    ) -> None:
        self._world = world
        self._inbox = inbox
        self._limits = limits
        self._faults = faults
        self._log = log
        self._now = now

    def add(self, app: web.Application, routes: list[Route]) -> None:
        for route in routes:
            app.router.add_route(route.method, PREFIX + route.path, self._wrapped(route))

    def add_fallback(self, app: web.Application) -> None:
        """Everything else below /api/v10: 404, in Discord's words."""

        async def nothing(_: Call) -> Answer:
            raise not_found()

        app.router.add_route("*", PREFIX + "/{rest:.*}", self._wrapped(Route("*", "", nothing)))

    def _wrapped(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            loop = asyncio.get_running_loop()
            began, at = loop.time(), self._now()
            authorization = request.headers.get("Authorization")
            call = Call(request, self._who(authorization), self._inbox)
            # Interactions and webhooks come without a name: they are the bot's.
            from_bot = authorization is None or authorization.startswith("Bot ")
            if from_bot:
                response = await self._answer_bot(route, request, call)
                self._note(route, request, call, response.status, at, began, loop.time() - began)
            else:
                response = await self._answer(route, call)
            return response

        return handle

    def _who(self, authorization: str | None) -> User | None:
        if authorization is None:
            return None
        if authorization.startswith("Bot "):
            same = secrets.compare_digest(authorization[4:].encode(), self._world.bot.token.encode())
            return self._world.bot if same else None
        return self._world.person(authorization)

    async def _answer_bot(self, route: Route, request: web.Request, call: Call) -> web.StreamResponse:
        named = f"{request.method} {request.path.removeprefix(PREFIX)}"
        if self._faults.active:
            struck = await self._struck(named)
            if struck is not None:
                return struck
        banned_s = self._limits.shut_out()
        if banned_s:
            # No JSON and no `Via`: this comes from the proxy, and discord.py gives up at once.
            return web.Response(
                status=429, text="error code: 1015", headers={"Retry-After": str(round(banned_s) + 1)}
            )
        place = "" if route.place is None else request.match_info.get(route.place, "")
        verdict = self._limits.count(route.bucket, place, overall=route.overall)
        if verdict.refused:
            after, everywhere = verdict.reset_after, verdict.is_global
            response = _json(429, refusal_body(after, is_global=everywhere))
            response.headers.update(refusal_headers(after, is_global=everywhere))
        else:
            response = await self._answer(route, call)
        response.headers.update(verdict.headers())
        self._limits.note_answer(response.status)
        if (
            self._faults.active
            and self._faults.strikes("lost_answer", named)
            and request.transport is not None
        ):
            request.transport.close()
        return response

    async def _struck(self, named: str) -> web.Response | None:
        slow = self._faults.strikes("slow", named)
        if slow is not None:
            await asyncio.sleep(slow.seconds)
        limited = self._faults.strikes("rate_limit", named)
        if limited is not None:
            after, everywhere = limited.retry_after, limited.is_global
            response = _json(429, refusal_body(after, is_global=everywhere))
            response.headers.update(refusal_headers(after, is_global=everywhere))
            return response
        broken = self._faults.strikes("server_error", named)
        if broken is not None:
            return _json(broken.status, {"message": f"{broken.status}: Internal Server Error", "code": 0})
        return None

    async def _answer(self, route: Route, call: Call) -> web.Response:
        try:
            answer = await route.handler(call)
        except DiscordRefusal as refusal:
            response = _json(refusal.status, refusal.body)
            if refusal.retry_after is not None:
                response.headers.update(refusal_headers(refusal.retry_after, is_global=False))
            return response
        finally:
            if call.uploads:
                await call.tidy()
        if answer is None:
            return web.Response(status=204)
        return _json(201, answer.body) if isinstance(answer, Created) else _json(200, answer)

    def _note(
        self,
        route: Route,
        request: web.Request,
        call: Call,
        status: int,
        at: datetime,
        began: float,
        seconds: float,
    ) -> None:
        self._log.add(
            Request(
                number=0,
                method=request.method,
                path=request.path.removeprefix(PREFIX),
                template=route.path,
                query=dict(request.query),
                body=call.body,
                files=call.names_of_files,
                status=status,
                at=at,
                began=began,
                seconds=seconds,
            )
        )


def _json(status: int, body: object) -> web.Response:
    # Exactly "application/json": discord.py reads nothing else as JSON.
    return web.Response(status=status, body=encode(body).encode(), content_type="application/json")
