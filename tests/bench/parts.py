"""What the measurements of questions and submissions share: the load's process, and the real worker on it."""

import asyncio
import contextlib
import random
import resource
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot import catalogue, media
from bot.budgets import Budgets
from bot.clips.cards import Cards
from bot.clips.posting import Posting
from bot.delivery import Card
from bot.domain import Job, OfferId
from bot.jobs.fetching import Fetching
from bot.jobs.pace import Pace
from bot.providers.fal_addresses import Hosts
from bot.providers.protocol import Provider
from bot.worker import Worker
from storage.database import Database, prepare
from storage.migrate import migrate
from tests.channel import Channel
from tests.inline import packing_of
from tests.props import PLENTY, job_of
from tests.routes import routing

EVERY_S = 10.0
STOP_WITHIN_S = 5.0

MODELS = """
[[models]]
id = "paper"
name = "Paper"
about = "For load."
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [4]

[[offers]]
model = "paper"
provider = "fal"
protocol = "fal"
endpoint = "fal-ai/sora-2/text-to-video"
usd_per_second = { 720p = "0.10" }
price_read_on = 2026-11-21
price_from = "the bench"
resolutions = { 720p = "720p" }
aspect_ratios = { "16:9" = "16:9" }
seconds_as = "integer"
can_cancel = true

[[models]]
id = "keyed"
name = "Keyed"
about = "For load."
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [4]

[[offers]]
model = "keyed"
provider = "openai"
protocol = "openai"
endpoint = "keyed"
usd_per_second = { 720p = "0.10" }
price_read_on = 2026-11-21
price_from = "the bench"
sizes = { "720p 16:9" = "1280x720" }
key_field = "idempotency_key"

[[models]]
id = "keyless"
name = "Keyless"
about = "For load."
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [4]

[[offers]]
model = "keyless"
provider = "openai"
protocol = "openai"
endpoint = "keyless"
usd_per_second = { 720p = "0.10" }
price_read_on = 2026-11-21
price_from = "the bench"
sizes = { "720p 16:9" = "1280x720" }
"""


def now() -> datetime:
    return datetime.now(UTC)


def hurried() -> float:
    """The clock of the breakers: where a fifth is lost on purpose, they would take ten seconds each time."""
    return 1_000 * time.monotonic()


def cpu_s() -> float:
    """Of this process until now, in all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@asynccontextmanager
async def wire(*options: str) -> AsyncIterator[str]:
    """The provider for load; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.wire", *options, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def counted(url: str) -> dict[str, Any]:
    """What the provider for load was asked and made."""
    # Its certificate was made for this run, and nobody else is at its address.
    async with aiohttp.ClientSession() as session, session.get(f"{url}/counted", ssl=False) as answer:
        told: dict[str, Any] = await answer.json()
        return told


def a_job(number: int, offer_id: str) -> Job:
    """A queued one, whose number stands in its id and its prompt."""
    job = job_of(number, at=now())
    order = replace(job.order, prompt=f"boat number {number}", model=offer_id.partition("/")[2])
    return replace(job, order=order, quote=replace(job.quote, offer_id=OfferId(offer_id)))


def new_book(path: Path) -> sqlite3.Connection:
    """A database file, to be filled and closed before the worker opens it."""
    connection = sqlite3.connect(path, isolation_level=None)
    prepare(connection)
    migrate(connection)
    return connection


class Uncritical(Channel):
    """A channel that takes an edit of whatever card: those of the bench were never posted."""

    async def edit_card(self, card: Card) -> None:
        del card


class Even(random.Random):
    """No chance: the middle, always, so that what is owed can be told."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def models_in(folder: Path) -> catalogue.Catalogue:
    """The catalogue of the bench."""
    overlay = folder / "models.toml"
    overlay.write_text(MODELS)
    return catalogue.load(overlay, providers=frozenset({"fal", "openai"}), now=now)


def fal_hosts(url: str) -> Hosts:
    return Hosts(queue=url, rest=url, cdn=url, platform=f"{url}/v1", files=("127.0.0.1",))


@asynccontextmanager
async def following(
    database: Database,
    models: catalogue.Catalogue,
    providers: Mapping[str, Provider],
    folder: Path,
    *,
    pace: Pace,
) -> AsyncIterator[Worker]:
    """The real worker with the real cards, at work until the end of the block."""
    channel = Uncritical(now=now)
    cards = Cards(database, models, Budgets(database, PLENTY, now=now), channel, play_money=False, now=now)
    worker = Worker(
        database,
        models,
        providers,
        cards,
        Fetching(folder, check=media.check, now=now),
        Posting(database, cards, channel, packing_of(database, channel, folder, now), now=now),
        routing(models, clock=hurried),
        folder=folder,
        now=now,
        dice=Even(),
        paces=dict.fromkeys(providers, pace),
    )
    duties = [asyncio.create_task(worker.run()), asyncio.create_task(cards.run())]
    try:
        yield worker
    finally:
        await worker.stop(within_s=STOP_WITHIN_S, uploading_s=STOP_WITHIN_S)
        await cards.stop(within_s=STOP_WITHIN_S)
        await asyncio.gather(*duties)
