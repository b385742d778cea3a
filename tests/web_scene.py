"""What the tests of webhooks share: each calling provider with its emulator, rows, and who was told."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from nacl.signing import SigningKey
from pydantic import SecretStr
from yarl import URL

from bot import web
from bot.domain import Attempt, InteractionId, Job, JobId, JobState, OfferId, Ticket
from bot.offers import reachable
from bot.providers import fal, lumenfall, replicate
from bot.providers.protocol import Provider, Submission, Taken, Unknown
from bot.settings import Settings
from storage import jobs, states
from storage.database import Database
from tests import bookkeeping, fal_scene, lumenfall_scene, replicate_scene
from tests.emulators import faults
from tests.emulators.fal import FalEmulator
from tests.emulators.fal_signing import deliver
from tests.emulators.faults import Faults
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.replicate_parts import Webhooks as StandardWebhooks
from tests.props import Clock, job_of

PUBLIC = "https://dailies.example:8443"
"""Lumenfall calls nobody at an IP address; its emulator knows where this is."""

Address = Callable[[Attempt], str]
Call = tuple[dict[str, str], bytes]


class Side(Protocol):
    """A provider that calls, and its emulator."""

    name: str
    keys: str
    """The emulator's route of what its webhooks are verified by."""
    faults: Faults

    async def open(self, stack: AsyncExitStack) -> None: ...
    def provider(self, offer_id: OfferId, address: Address) -> Provider: ...
    def public(self, url: str) -> str: ...
    def made(self) -> list[str]: ...
    def asked(self) -> list[str]: ...
    async def end(self, job_id: str) -> list[int]: ...
    async def again(self, job_id: str, times: int = 1) -> list[int]: ...
    def call(self, job_id: str) -> Call: ...
    def forged(self, job_id: str) -> Call: ...


class FalSide:
    name, keys = "fal", "jwks"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.emulator = FalEmulator(now=clock, api_key=fal_scene.KEY, asks_to_finish=None)
        self.faults = self.emulator.faults

    async def open(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self.emulator)

    def provider(self, offer_id: OfferId, address: Address) -> fal.FalQueue:
        return fal.FalQueue(
            self.name,
            api_key=fal_scene.KEY,
            wires={offer_id: fal_scene.SORA},
            now=self._clock,
            hosts=self.emulator.hosts,
            webhook_url=address,
        )

    def public(self, url: str) -> str:
        return url

    def made(self) -> list[str]:
        return list(self.emulator.books.jobs)

    def asked(self) -> list[str]:
        return self.emulator.routes_asked

    async def end(self, job_id: str) -> list[int]:
        self.emulator.finish(job_id)
        return await self.again(job_id)

    async def again(self, job_id: str, times: int = 1) -> list[int]:
        return await self.emulator.call_back(job_id, times=times)

    def call(self, job_id: str) -> Call:
        return self.emulator.signing.webhook(job_id, {"status": "OK"}, sent_at=self._clock())

    def forged(self, job_id: str) -> Call:
        key = SigningKey.generate()
        return self.emulator.signing.webhook(job_id, {"status": "OK"}, sent_at=self._clock(), key=key)


class _Standard:
    """What Replicate's side and Lumenfall's have in common: Standard Webhooks, sent when a job ends."""

    keys = "secret"

    def __init__(self, clock: Clock, emulator: ReplicateEmulator | LumenfallEmulator) -> None:
        self._clock = clock
        self._emulator = emulator
        self.faults = emulator.faults

    async def open(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self._emulator)

    def asked(self) -> list[str]:
        return [seen.route for seen in self._emulator.api.seen]

    async def end(self, job_id: str) -> list[int]:
        self._emulator.finish(job_id)
        return await self._answers()

    async def again(self, job_id: str, times: int = 1) -> list[int]:
        for _ in range(times):
            self._emulator.call_again(job_id)
        return await self._answers()

    async def _answers(self) -> list[int]:
        await self._emulator.webhooks.all_answered()
        answers = list(self._emulator.webhooks.answers)
        self._emulator.webhooks.answers.clear()
        return answers

    def _signed(self, said: object, webhooks: StandardWebhooks) -> Call:
        body = json.dumps(said).encode()
        return webhooks.signed(body), body


class ReplicateSide(_Standard):
    name = "replicate"

    def __init__(self, clock: Clock) -> None:
        self.emulator = ReplicateEmulator(now=clock, api_token=replicate_scene.TOKEN, asks_to_finish=None)
        super().__init__(clock, self.emulator)

    def provider(self, offer_id: OfferId, address: Address) -> replicate.ReplicatePredictions:
        return replicate.ReplicatePredictions(
            self.name,
            api_token=replicate_scene.TOKEN,
            wires={offer_id: replicate_scene.SORA},
            now=self._clock,
            base_url=self.emulator.url,
            webhook_url=address,
            file_hosts={"127.0.0.1"},
        )

    def public(self, url: str) -> str:
        return url

    def made(self) -> list[str]:
        return list(self.emulator.predictions)

    def call(self, job_id: str) -> Call:
        return self._signed({"id": job_id}, self.emulator.webhooks)

    def forged(self, job_id: str) -> Call:
        return self._signed({"id": job_id}, StandardWebhooks(self._clock))


class LumenfallSide(_Standard):
    name = "lumenfall"

    def __init__(self, clock: Clock) -> None:
        self.emulator = LumenfallEmulator(now=clock, api_key=lumenfall_scene.KEY, asks_to_finish=None)
        super().__init__(clock, self.emulator)

    def provider(self, offer_id: OfferId, address: Address) -> lumenfall.LumenfallVideos:
        return lumenfall.LumenfallVideos(
            self.name,
            api_key=lumenfall_scene.KEY,
            wires={offer_id: lumenfall_scene.PRO},
            now=self._clock,
            base_url=self.emulator.url,
            account_url=self.emulator.account_url,
            webhook_url=address,
            file_hosts={"127.0.0.1"},
        )

    def public(self, url: str) -> str:
        self.emulator.resolves = {PUBLIC: url}
        return PUBLIC

    def made(self) -> list[str]:
        return list(self.emulator.videos)

    def call(self, job_id: str) -> Call:
        return self._signed(_event(job_id), self.emulator.webhooks)

    def forged(self, job_id: str) -> Call:
        return self._signed(_event(job_id), StandardWebhooks(self._clock))


def _event(job_id: str) -> object:
    return {"type": "video.completed", "data": {"object": "video.generation", "id": job_id}}


SIDES: Mapping[str, Callable[[Clock], Side]] = {
    "fal": FalSide,
    "replicate": ReplicateSide,
    "lumenfall": LumenfallSide,
}

KEYS: Mapping[str, Any] = {
    "public_url": PUBLIC,
    "fal_key": SecretStr(fal_scene.KEY),
    "replicate_api_token": SecretStr(replicate_scene.TOKEN),
    "lumenfall_api_key": SecretStr(lumenfall_scene.KEY),
}


class Scene:
    """Our server, open to one provider; `woken` and `found` are what the worker was told."""

    def __init__(self, side: Side, database: Database, clock: Clock) -> None:
        self.side = side
        self.database = database
        self.url = ""
        self.woken: list[JobId] = []
        self.found: list[tuple[str, str]] = []
        self._clock = clock
        self.secret = ""
        self._public = ""

    async def open(self, stack: AsyncExitStack) -> None:
        await self.side.open(stack)
        self.provider = self.side.provider(self.offer_id, self.address)
        stack.push_async_callback(self.provider.close)
        callers = reachable.callers(Settings(**KEYS), {self.side.name: self.provider})
        self.secret = callers[self.side.name].secret
        server = web.Webhooks(
            self.database,
            callers,
            wake=self.woken.append,
            found=lambda attempt, ticket: self.found.append((attempt.key, ticket.provider_job_id)),
        )
        stack.push_async_callback(server.close)
        self.url = await server.start("127.0.0.1", 0)
        self._public = self.side.public(self.url)

    @property
    def offer_id(self) -> OfferId:
        return OfferId(f"{self.side.name}/sora")

    def address(self, attempt: Attempt) -> str:
        return web.address(self._public, self.side.name, self.secret, attempt)

    def here(self, attempt: Attempt) -> URL:
        """The address that the provider was told, as a proxy in front of us passes it on."""
        if isinstance(self.side, FalSide):
            told = [made.webhook for made in self.side.emulator.books.jobs.values()]
            for address in told:
                if address is not None and f"/{attempt.key}?" in address:
                    return URL(address)  # with fal's own proof in it
        return URL(self.address(attempt).replace(PUBLIC, self.url))

    async def ordered(self, number: int = 1) -> tuple[Job, Attempt, Ticket]:
        """A job that runs at the provider."""
        job, attempt, submission = await self._submitted(number)
        assert isinstance(submission, Taken), submission
        await self.database.write(
            partial(states.running, attempt=attempt, ticket=submission.ticket, at=self._clock())
        )
        return job, attempt, submission.ticket

    async def lost(self, number: int = 1) -> tuple[Job, Attempt, str]:
        """A job that runs at the provider, of which we do not know; and its id there."""
        before = set(self.side.made())
        for route in ("submit", "create"):
            self.side.faults.next(route, faults.LOST_ANSWER)
        job, attempt, submission = await self._submitted(number)
        assert isinstance(submission, Unknown), submission
        await self.database.write(partial(states.uncertain, attempt=attempt, detail="lost", at=self._clock()))
        (theirs,) = set(self.side.made()) - before
        return job, attempt, theirs

    async def submitting(self, number: int) -> tuple[Job, Attempt]:
        """A job whose attempt is written, and nothing is sent."""
        plain = job_of(number, at=self._clock())
        order = replace(plain.order, interaction_id=InteractionId(number), model="sora")
        job = replace(plain, order=order, quote=replace(plain.quote, offer_id=self.offer_id))
        await self.database.write(partial(bookkeeping.place, job=job))
        submitting = partial(states.submitting, job=job, provider=self.side.name, at=self._clock())
        return job, await self.database.write(submitting)

    async def _submitted(self, number: int) -> tuple[Job, Attempt, Submission]:
        job, attempt = await self.submitting(number)
        return job, attempt, await self.provider.submit(job, attempt)

    @property
    def keys_asked(self) -> int:
        """How often the provider was asked for what its webhooks are verified by."""
        return self.side.asked().count(self.side.keys)

    async def state(self, job: Job) -> tuple[JobState, int]:
        row = await self.database.read(partial(jobs.get, job_id=job.id))
        assert row is not None
        return row.state, row.rev

    async def send(self, address: URL, call: Call) -> int:
        """Send one call; how it was answered."""
        (status,) = await deliver(str(address), *call)
        return status


@asynccontextmanager
async def called_by(name: str, database: Database, clock: Clock) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        scene = Scene(SIDES[name](clock), database, clock)
        await scene.open(stack)
        yield scene
