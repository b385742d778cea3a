"""One life of the bot's process: the real engine over the world's rows, files, providers and Discord."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine, Generator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from bot import catalogue
from bot.budgets import Budgets
from bot.catalogue import Catalogue
from bot.clips.cards import Cards
from bot.clips.packing import Packing
from bot.clips.posting import Posting
from bot.clips.removal import Removals
from bot.clips.removal_steps import RemovalSteps
from bot.clock import Clock
from bot.delivery import Delivery, HeldBack
from bot.domain import Job, JobId, Limits, Micros
from bot.errors import ClipUnusable, StorageError
from bot.ids import Ids
from bot.jobs.fetching import Fetching
from bot.media import Probe
from bot.moderation.fingerprints import Fingerprints
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.hashes import Hashes
from bot.moderation.reviewing import Desk, Reviewing
from bot.offers.health import Health
from bot.offers.throttle import Throttle
from bot.operating.control import ResumeSpending, SettleJob, carry_out
from bot.ordering.pricing import Pricing
from bot.orders import Orders
from bot.providers.protocol import Provider
from bot.reviews import Reviews
from bot.routing import Routing
from bot.screening.screening import Screening
from bot.spend.surge import Surge, SurgeBounds
from bot.web import Webhooks
from bot.worker import Worker
from storage.database import Database
from tests.inline import as_it_is
from tests.props import material_of
from tests.routes import Remembering
from tests.simulation.clock import SimulatedLoop
from tests.simulation.discord_side import SimulatedDiscord
from tests.simulation.files import body_of

T = TypeVar("T")

NAMES = ("keyed", "listed", "plain")

_MODEL = """
[[models]]
id = "{model}"
name = "{model}"
about = "For the simulator."
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [4]
"""

_OFFER = """
[[offers]]
model = "{model}"
provider = "{provider}"
protocol = "openai"
endpoint = "{model}"
usd_per_second = {{ 720p = "{usd}" }}
price_read_on = 2026-11-21
price_from = "the simulator"
sizes = {{ "720p 16:9" = "128x72" }}
can_cancel = {can_cancel}
"""

MODELS = (
    "".join(_MODEL.format(model=model) for model in (*NAMES, "either"))
    + "".join(
        _OFFER.format(model=model, provider=provider, usd=usd, can_cancel=can_cancel)
        for model, provider, usd, can_cancel in (
            ("keyed", "keyed", "0.10", "true"),
            ("listed", "listed", "0.11", "true"),
            ("plain", "plain", "0.07", "false"),
            ("either", "keyed", "0.12", "true"),
            ("either", "listed", "0.12", "true"),
            ("either", "plain", "0.12", "false"),
        )
    )
    + '\n[[providers]]\nid = "listed"\njobs_at_once = 3\n'
)

BOUNDS = SurgeBounds(floor_micros=Micros(2_500_000), times=3)
"""Six of the orders within an hour."""

LIMITS = Limits(member_monthly_micros=Micros(30_000_000), installation_monthly_micros=Micros(10**10))


@cache
def rows(folder: Path) -> Any:
    """The models file, read once."""
    overlay = folder / "models.toml"
    overlay.write_text(MODELS)
    every = catalogue.all_rows(overlay)
    ours = {*NAMES, "either"}
    return replace(
        every,
        models=[model for model in every.models if model.id in ours],
        offers=[offer for offer in every.offers if offer.row.model in ours],
    )


Beside = Callable[[Any], Coroutine[Any, Any, None] | None]
"""What a hop does beside its work, where somebody counts them."""


class _Turn:
    """Awaited, it lets everybody else take a step."""

    def __await__(self) -> Generator[None, None, None]:
        yield


_TURN = _Turn()


class Hop:
    """The way to the rows. Others take their steps before the caller has what was read or written.

    So a process can die after the work; before it is where the caller waited last.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, before: Beside | None = None, after: Beside | None = None
    ) -> None:
        self._connection = connection
        self._before = before
        self._after = after

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        if self._before is not None and (waiting := self._before(work)) is not None:
            await waiting
        done = work(self._connection)
        if self._after is not None and (waiting := self._after(work)) is not None:
            await waiting
        await _TURN
        return done

    async def close(self) -> None:
        """The connection is the world's."""


async def looked_into(path: Path) -> Probe:
    """As `media.check`, without its child: our clips say so themselves."""
    body = body_of(path)
    if not body.startswith(b"clip of ") or len(body) < 20:
        raise ClipUnusable("no clip")
    return Probe(
        width=128,
        height=72,
        duration_ms=4_000,
        has_sound=True,
        video_codec="h264",
        pix_fmt="yuv420p",
        faststart=True,
    )


class Process:
    """Made, and all of it is lost when its loop is cut."""

    def __init__(
        self,
        loop: SimulatedLoop,
        hop: Hop,
        providers: Mapping[str, Provider],
        discord: SimulatedDiscord,
        desk: Desk,
        *,
        folder: Path,
        now: Clock,
        seed: int,
        with_surge: bool,
    ) -> None:
        self.loop = loop
        self.database = database = Database(hop)
        self.operator = Remembering()
        self.is_stopping = False
        self._now = now
        health = Health(self.operator, clock=loop.time)
        read = rows(folder)
        self.models = models = Catalogue(
            read.models,
            read.offers,
            providers=frozenset(NAMES),
            now=now,
            routes=read.routes,
            limits=read.providers,
            fitness=health.fitness,
        )
        self.surge = Surge(database, self.operator, BOUNDS, now=now) if with_surge else None
        chance = random.Random(seed)
        ids = Ids(now, chance.getrandbits)
        self.orders = Orders(
            database,
            Pricing(models, Screening(), material_of(database, now, ids, folder), now=now),
            limits=LIMITS,
            ids=ids,
            now=now,
            placed=lambda job_id: self.worker.wake(job_id),  # noqa: PLW0108 - made below
            surge=self.surge,
            asked=lambda: self.reviewing.wake(),  # noqa: PLW0108 - likewise
        )
        delivery: Delivery = discord
        packing = Packing(database, as_it_is, folder=folder, level=delivery.upload_limit, link=None, now=now)
        self.cards = cards = Cards(
            database,
            models,
            Budgets(database, LIMITS, now=now),
            delivery,
            play_money=False,
            now=now,
            held_back=self._held_back,
        )
        steps = RemovalSteps(
            database,
            cards,
            discord,
            providers,
            Hashes(database, Fingerprints(), folder=folder, data=folder, now=now),
            reviews=None,
            folder=folder,
            thumbnails=folder / "thumbnails",
            frames=folder / "pictures",
            now=now,
        )
        self.removals = Removals(database, steps, now=now)
        self.worker = Worker(
            database,
            models,
            providers,
            cards,
            Fetching(folder, check=looked_into, now=now),
            Posting(database, cards, delivery, packing, now=now),
            Routing(models, health, Throttle(models.limits, clock=loop.time), self.operator),
            folder=folder,
            now=now,
            dice=chance,
            surge=self.surge,
            gatehouse=Gatehouse(database, ids=ids, now=now, asked=lambda: self.reviewing.wake()),  # noqa: PLW0108
        )
        self.reviewing = Reviewing(
            database,
            models,
            desk,
            packing,
            folder=folder,
            clips_folder=folder,
            play_money=False,
            now=now,
            moved=self.worker.wake,
        )
        self.reviews = Reviews(
            database,
            models,
            ids=ids,
            now=now,
            moved=self.worker.wake,
            changed=self.reviewing.wake,
        )
        self.webhooks = Webhooks(database, {}, wake=self.worker.wake, found=self.worker.found)
        self.main = loop.create_task(self._run())

    async def _run(self) -> None:
        if self.surge is not None:
            await self.surge.begin()
        await asyncio.gather(self.worker.run(), self.cards.run(), self.removals.run(), self.reviewing.run())

    def _held_back(self, job: Job) -> HeldBack | None:
        return HeldBack.SPENDING if self.surge is not None and self.surge.holds_back(job) else None

    async def stop(self, *, died: Callable[[], None]) -> None:
        """As SIGTERM does."""
        self.is_stopping = True
        await self.worker.stop(within_s=7.0, uploading_s=20.0)
        await self.cards.stop(within_s=2.0)
        await self.removals.stop(within_s=2.0)
        await self.database.close()
        died()

    async def settle(self, *, case: SettleJob) -> None:
        """A person decides about an uncertain job."""
        try:
            await carry_out(self.database, case, now=self._now)
        except StorageError:
            return  # it was settled by itself meanwhile, and that is what the person reads
        self.worker.wake(JobId(case.job_id))

    async def resume(self) -> None:
        """A person lets spending go on."""
        if self.surge is not None:
            await carry_out(self.database, ResumeSpending(by="operator"), now=self._now)
            self.surge.resumed()
