"""Webhooks: where a provider tells us that a job has ended. It is verified, then it wakes the worker.

Nothing here changes a row. What each call is answered with:

======================================================================  ======
its address was not made here for this attempt, or its signature,       401
its time or what it is about is wrong
no such provider, attempt or job; a ticket that another job has         404
another method; a body over 1 MB; one that comes too slowly             405; 413; 408
too many at once; what it is verified by is not to be had just now      503
the ticket of a lost submission: handed to the worker, and to be sent   503
again, so that a crash before it is written loses nothing
its job runs: the worker is woken, by the first such call               204
its job is past that, whatever the call says                            204
to the one address of a whole account: about a job that is none of ours 204
======================================================================  ======

A provider signs the body and not the address, so each address carries a mark, an HMAC under the key of our
account there, without which nothing is read, asked or looked up.

A provider that is told one address for its whole account (OpenAI's webhook endpoints) calls `/webhooks/NAME`,
which has no mark: there the signature alone decides, strangers have few places, and fill no log. Such a call
names a job by the provider's id, so it wakes a job whose ticket we have, and finds no lost submission.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from bot.clock import steady_s
from bot.domain import Attempt, Job, JobId, JobState, Ticket
from bot.errors import ProviderUnavailable, SettingsError, UnreadableAnswer
from bot.offers.reach import provider_of
from bot.providers.standard_webhooks import WebhookRefused
from storage import attempts, jobs
from storage.database import Database

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 1 << 20
READ_WITHIN_S = 10.0
AT_ONCE_MAX = 32
UNMARKED_AT_ONCE_MAX = 8
FULL_SAID_EVERY_S = 60.0
REMEMBERED_MAX = 4096
"""How many attempts are known to have woken the worker; the oldest is forgotten first."""

_CLOSE_S = 1.0
_IDLE_S = 15.0
_MARK_CHARS = 32
_KEY = re.compile(r"([A-Za-z0-9]{1,20})-([1-9][0-9]{0,5})", re.ASCII)

Received = Callable[[str, Mapping[str, str], Mapping[str, str], bytes], Awaitable[Ticket]]
"""Of an attempt's key, and a call's query, headers and raw body: the ticket of the job that it is about.

Raises `WebhookRefused`, or `ProviderUnavailable` or `UnreadableAnswer` where it cannot be verified now.
"""


Verified = Callable[[Mapping[str, str], bytes], Awaitable[str]]
"""Of a call's headers and raw body: the provider's id of the job that it is about. Raises as `Received`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A provider that calls us. `secret` is what its addresses are marked with: our key there."""

    received: Received
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the rows say to a call. `holder` is the job that has its ticket already."""

    job: Job
    attempt: Attempt
    holder: JobId | None


def address(public_url: str, provider: str, secret: str, attempt: Attempt) -> str:
    """Where this provider shall call about this attempt."""
    path = f"/webhooks/{provider}/{attempt.key}"
    return f"{public_url}{path}?mark={_mark(secret, provider, attempt.key)}"


class Webhooks:
    """The server of the webhooks.

    Args:
        callers: the providers that call, by name.
        accounts: those that call one address for all their jobs, by name.
        wake: has the worker look at a job.
        found: gives the worker the ticket of an attempt of which it does not know whether it arrived.
        routes: what else is answered at this address.
        read_within_s: how long a body may take to come.
        seconds: a steady clock.
    """

    def __init__(
        self,
        database: Database,
        callers: Mapping[str, Caller],
        *,
        wake: Callable[[JobId], None],
        found: Callable[[Attempt, Ticket], None],
        accounts: Mapping[str, Verified] | None = None,
        routes: Sequence[web.RouteDef] = (),
        read_within_s: float = READ_WITHIN_S,
        seconds: Callable[[], float] = steady_s,
    ) -> None:
        self._database = database
        self._callers = callers
        self._accounts = dict(accounts or {})
        self._routes = routes
        self._wake = wake
        self._found = found
        self._read_within_s = read_within_s
        self._seconds = seconds
        self._inside = 0
        self._sent_away = 0
        self._full_said_at: float | None = None
        self._unmarked_inside = 0
        self._refusal_said = False
        self._woken: dict[str, None] = {}
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen; returns the address with the port that it got. To be closed even where this raises.

        Raises:
            SettingsError: the address cannot be had.
        """
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.add_routes(
            [
                web.post("/webhooks/{provider}/{key}", self._take),
                web.post("/webhooks/{provider}", self._take_of_account),
                *self._routes,
            ]
        )
        # aiohttp's own lines would show what strangers send; our faults are logged in `_take`.
        wire = logging.getLogger(f"{__name__}.wire")
        wire.setLevel(logging.CRITICAL)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=wire,
            shutdown_timeout=_CLOSE_S,
            keepalive_timeout=_IDLE_S,
            auto_decompress=False,  # a signature is over the bytes as they came
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as fault:
            raise SettingsError(
                f"DAILIES_WEB_HOST and DAILIES_WEB_PORT: webhooks cannot be had there ({fault.strerror})"
            ) from fault
        bound = self._runner.addresses[0]
        name = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"http://{name}:{bound[1]}"

    async def close(self) -> None:
        """Stop listening; calls under way have a second."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        provider, key = request.match_info["provider"], request.match_info["key"]
        caller, named = self._callers.get(provider), _KEY.fullmatch(key)
        if caller is None or named is None:
            return web.Response(status=404)
        mark = request.query.get("mark", "").encode("utf-8", "replace")
        if not hmac.compare_digest(mark, _mark(caller.secret, provider, key).encode()):
            return web.Response(status=401)  # no line: anybody could fill the log with it
        about = {"job": named[1], "provider": provider}
        if self._inside >= AT_ONCE_MAX:
            self._say_full()
            return _again()

        async def answer() -> web.Response:
            body = await _body(request, within_s=self._read_within_s)
            ticket = await caller.received(key, request.query, request.headers, body)
            return await self._believed(provider, JobId(named[1]), int(named[2]), ticket)

        self._inside += 1
        try:
            return await self._answered(about, answer)
        finally:
            self._inside -= 1

    async def _take_of_account(self, request: web.Request) -> web.Response:
        provider = request.match_info["provider"]
        verify = self._accounts.get(provider)
        if verify is None:
            return web.Response(status=404)
        if self._unmarked_inside >= UNMARKED_AT_ONCE_MAX:
            return _again()  # no line: anybody could fill the log with it

        async def answer() -> web.Response:
            try:
                body = await _body(request, within_s=self._read_within_s)
            except web.HTTPException as refused:
                return web.Response(status=refused.status)  # no line, as above
            try:
                provider_job_id = await verify(request.headers, body)
            except WebhookRefused:
                if self._refusal_said:  # said once, since it may be a wrong secret of ours
                    return web.Response(status=401)
                self._refusal_said = True
                raise
            self._refusal_said = False
            return await self._about(provider, provider_job_id)

        self._unmarked_inside += 1
        try:
            return await self._answered({"provider": provider}, answer)
        finally:
            self._unmarked_inside -= 1

    def _say_full(self) -> None:
        """Once a minute at most, with how many were sent away since the last time."""
        self._sent_away += 1
        now = self._seconds()
        if self._full_said_at is None or now - self._full_said_at >= FULL_SAID_EVERY_S:
            extra = {"code": "webhooks_full"}
            log.warning("too many webhooks at once: %d to come again", self._sent_away, extra=extra)
            self._sent_away, self._full_said_at = 0, now

    async def _answered(
        self, about: Mapping[str, str], answer: Callable[[], Awaitable[web.Response]]
    ) -> web.Response:
        try:
            return await answer()
        except web.HTTPException as refused:
            log.warning("webhook not read: %d", refused.status, extra={**about, "code": "webhook_unread"})
            raise
        except WebhookRefused as refused:
            log.warning("webhook refused: %s", refused, extra={**about, "code": refused.code})
            return web.Response(status=401)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            log.warning("webhook not verified: %s", error, extra={**about, "code": error.code})
            return _again()
        except Exception:  # a fault of ours is answered, and sent again by them
            # Whatever it is, the provider may send it again, and the job is asked about all the same.
            log.exception("webhook failed", extra={**about, "code": "webhook_failed"})
            return _again()

    async def _about(self, provider: str, provider_job_id: str) -> web.Response:
        """A genuine call to an account's address: wake the job that has this ticket, if one of ours has."""
        held = await self._database.read(partial(_held, provider, provider_job_id))
        if held is None:
            return web.Response(status=204)  # the account may have other users than us
        return self._for_a_ticket_that_we_have(held.job, held.attempt)

    async def _believed(self, provider: str, job_id: JobId, number: int, ticket: Ticket) -> web.Response:
        about = {"job": job_id, "provider": provider}
        known = await self._database.read(partial(_known, provider, job_id, number, ticket))
        if known is None:
            log.warning("webhook of an unknown attempt", extra={**about, "code": "webhook_unknown"})
            return web.Response(status=404)
        if known.holder is not None and known.holder != job_id:
            log.warning("webhook with another job's ticket", extra={**about, "code": "webhook_of_another"})
            return web.Response(status=404)
        job, attempt = known.job, known.attempt
        if number == job.attempt and job.ticket is not None:
            if ticket.provider_job_id == job.ticket.provider_job_id:
                return self._for_a_ticket_that_we_have(job, attempt)
        elif number == job.attempt and job.state in (JobState.SUBMITTING, JobState.UNCERTAIN):
            log.info("a lost submission told of itself", extra={**about, "code": "webhook_found"})
            self._found(attempt, ticket)
            return _again()
        # Nothing of ours can be waiting for it, but the provider may bill it: a person should know.
        log.error(
            "the provider has a job that we did not count: %s",
            ticket.provider_job_id,
            extra={**about, "code": "webhook_of_a_stray"},
        )
        return web.Response(status=204)

    def _for_a_ticket_that_we_have(self, job: Job, attempt: Attempt) -> web.Response:
        if job.state in (JobState.RUNNING, JobState.UNCERTAIN) and attempt.key not in self._woken:
            self._woken[attempt.key] = None
            if len(self._woken) > REMEMBERED_MAX:
                del self._woken[next(iter(self._woken))]
            log.info("woken by a webhook", extra={"job": job.id, "code": "webhook"})
            self._wake(job.id)
        return web.Response(status=204)


def _known(
    provider: str, job_id: JobId, number: int, ticket: Ticket, connection: sqlite3.Connection
) -> _Known | None:
    job = jobs.get(connection, job_id)
    attempt = jobs.attempt(connection, job_id, number)
    if job is None or attempt is None or provider_of(attempt.offer_id) != provider:
        return None
    holder = attempts.holder(connection, provider, ticket.provider_job_id)
    return _Known(job=job, attempt=attempt, holder=holder)


def _held(provider: str, provider_job_id: str, connection: sqlite3.Connection) -> _Known | None:
    """The job whose ticket this is, and its present attempt."""
    job_id = attempts.holder(connection, provider, provider_job_id)
    job = None if job_id is None else jobs.get(connection, job_id)
    if job is None:
        return None
    attempt = jobs.attempt(connection, job.id, job.attempt)
    return None if attempt is None else _Known(job=job, attempt=attempt, holder=job.id)


async def _body(request: web.Request, *, within_s: float) -> bytes:
    """The raw body.

    Raises:
        web.HTTPException: it is too large, comes too slowly, or breaks off.
    """
    try:
        async with asyncio.timeout(within_s):
            return await request.read()
    except TimeoutError as slow:
        raise web.HTTPRequestTimeout from slow
    except (web.RequestPayloadError, ConnectionError) as broken:
        raise web.HTTPBadRequest from broken


def _again() -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "10"})


def _mark(secret: str, provider: str, attempt_key: str) -> str:
    text = f"dailies webhook address\n{provider}\n{attempt_key}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:_MARK_CHARS]
