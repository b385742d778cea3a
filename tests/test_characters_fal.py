"""Characters at fal's emulator by the real worker; and what becomes of one that is removed or has no card."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot import catalogue, media
from bot.budgets import Budgets
from bot.clips.cards import Cards
from bot.clips.posting import Posting
from bot.domain import FaultKind, Job, JobId, JobState, Kind
from bot.ids import Ids
from bot.jobs.fetching import Fetching
from bot.operating.control import AdmitGuild, carry_out
from bot.ordering.asked import Asked
from bot.ordering.material import Material
from bot.ordering.pricing import Pricing
from bot.orders import Orders
from bot.providers.fal import FalQueue
from bot.screening.screening import Screening
from bot.worker import Worker
from storage import characters, jobs, ledger
from storage.database import Database, open_database
from tests.channel import Call, Channel, Mishap
from tests.emulators.fal import FalEmulator
from tests.films import film
from tests.inline import packing_of
from tests.props import ANN, PLENTY, asked, material_of
from tests.routes import routing

WITHIN_S = 60.0

MODELS = """
[[models]]
id = "sora"
name = "Sora"
about = "A model of the emulated provider."
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [4]

[[models]]
id = "face"
name = "Face"
about = "Makes characters."
kinds = ["character"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [1, 2, 3, 4]

[[offers]]
model = "sora"
provider = "fal"
protocol = "fal"
endpoint = "fal-ai/sora-2/text-to-video"
usd_per_second = { 720p = "0.10" }
price_read_on = 2026-11-21
price_from = "the emulator"
resolutions = { 720p = "720p" }
aspect_ratios = { "16:9" = "16:9" }
seconds_as = "integer"
fields = { characters = "character_ids" }

[[offers]]
model = "face"
provider = "fal"
protocol = "fal"
endpoint = "fal-ai/sora-2/characters"
kinds = ["character"]
usd_per_second = { 720p = "0" }
price_read_on = 2026-11-21
price_from = "the emulator"
resolutions = { 720p = "" }
aspect_ratios = { "16:9" = "" }
source = { media_types = ["video/mp4"], side_px_min = 64 }
"""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything but Discord, whose channel is in memory."""

    database: Database
    fal: FalEmulator
    channel: Channel
    material: Material
    orders: Orders
    start: Callable[[], None]
    stop: Callable[[], None]
    clip: Path

    async def place(self, wanted: Asked) -> Job:
        return await self.orders.order(wanted, await self.orders.propose(wanted))

    async def add(self) -> Job:
        """An order for a character of Ann's."""

        async def chunks() -> AsyncIterator[bytes]:
            yield await asyncio.to_thread(self.clip.read_bytes)

        kept = await self.material.characters.keep(chunks(), ANN, name="Ava", consents=True, shared=False)
        return await self.place(replace(asked(prompt="Ava"), kind=Kind.CHARACTER, character=kept))

    async def sail(self) -> Job:
        """An order with her in it."""
        one = await self.ava()
        return await self.place(replace(asked(prompt="Ava sails"), characters=[one.id]))

    async def until(self, job_id: JobId, *states: JobState) -> Job:
        async with asyncio.timeout(WITHIN_S):
            while True:
                job = await self.database.read(partial(jobs.get, job_id=job_id))
                if job is not None and job.state in states:
                    return job
                await asyncio.sleep(0.01)

    async def ava(self) -> characters.Character:
        (one,) = await self.material.characters.usable_by(ANN)
        return one


@asynccontextmanager
async def bench_of(folder: Path) -> AsyncIterator[Bench]:
    (folder / "models.toml").write_text(MODELS)
    models = catalogue.load(folder / "models.toml", providers=frozenset({"fal"}), now=now)
    clip = await asyncio.to_thread(partial(film, folder / "ava.mp4", [90] * 16, size=(320, 180)))
    database = await open_database(folder / "dailies.db")
    async with FalEmulator(now=now, asks_to_finish=1) as fal:
        provider = FalQueue("fal", api_key="id:key", wires=models.wires("fal"), now=now, hosts=fal.hosts)
        admitted = AdmitGuild(guild_id=ANN.guild_id, ceiling_monthly_micros=10**9)
        await carry_out(database, admitted, now=now)
        channel, ids = Channel(now=now), Ids(now, random.Random(1).getrandbits)
        material = material_of(database, now, ids, folder)
        cards = Cards(
            database, models, Budgets(database, PLENTY, now=now), channel, play_money=False, now=now
        )
        (folder / "clips").mkdir()
        worker = Worker(
            database,
            models,
            {"fal": provider},
            cards,
            Fetching(folder / "clips", check=media.check, now=now),
            Posting(database, cards, channel, packing_of(database, channel, folder, now), now=now),
            routing(models),
            folder=folder,
            now=now,
            dice=random.Random(1),
        )
        orders = Orders(
            database,
            Pricing(models, Screening(), material, now=now),
            limits=PLENTY,
            ids=ids,
            now=now,
            placed=worker.wake,
        )
        running: list[asyncio.Task[None]] = []

        def start() -> None:
            running.extend([asyncio.create_task(worker.run()), asyncio.create_task(cards.run())])

        def stop() -> None:
            for task in running:
                task.cancel()

        try:
            yield Bench(
                database=database,
                fal=fal,
                channel=channel,
                material=material,
                orders=orders,
                start=start,
                stop=stop,
                clip=clip,
            )
            assert await database.read(ledger.verify) == []
        finally:
            stop()
            await asyncio.gather(*running, return_exceptions=True)
            await provider.close()
            await database.close()


async def test_a_character_is_made_at_fal_and_ordered_with_there(tmp_path: Path) -> None:
    async with bench_of(tmp_path) as bench:
        bench.start()
        made = await bench.until((await bench.add()).id, JobState.POSTED)
        one = await bench.ava()
        sails = await bench.sail()
        await bench.until(sails.id, JobState.RENDERED, JobState.STORED, JobState.POSTED)

        at_fal = {job.endpoint: job for job in bench.fal.books.jobs.values()}
        assert at_fal["fal-ai/sora-2/characters"].input["name"] == "Ava"
        assert one.provider_id == made.rendered_id == at_fal["fal-ai/sora-2/characters"].made_id
        assert at_fal["fal-ai/sora-2/text-to-video"].input["character_ids"] == [one.provider_id]
        assert len(at_fal) == len(bench.fal.books.jobs) == 2
        assert made.clip_message_id == made.card_message_id
        assert bench.channel.clips(made.id) == []
        assert list((tmp_path / "characters").iterdir()) == []


async def test_who_was_removed_meanwhile_is_in_no_order_that_waits(tmp_path: Path) -> None:
    async with bench_of(tmp_path) as bench:
        bench.start()
        await bench.until((await bench.add()).id, JobState.POSTED)
        one = await bench.ava()
        bench.stop()
        sails = await bench.sail()
        await bench.material.characters.remove(one.id, by=ANN, moderator=False)
        bench.start()
        failed = await bench.until(sails.id, JobState.FAILED)

        assert failed.fault is not None
        assert (failed.fault.code, failed.charged_micros) == ("character_removed", 0)
        assert len(bench.fal.books.jobs) == 1


async def test_a_character_whose_card_nobody_takes_can_be_used_all_the_same(tmp_path: Path) -> None:
    async with bench_of(tmp_path) as bench:
        bench.channel.always(Mishap.REFUSED, Call.POST_CARD)
        bench.start()
        made = await bench.until((await bench.add()).id, JobState.UNDELIVERABLE)

        assert (await bench.ava()).provider_id == made.rendered_id
        assert made.fault is not None
        assert (made.fault.kind, made.fault.code) == (FaultKind.PERMISSIONS, "no_card")
