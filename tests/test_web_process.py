"""Webhooks and the rest of the bot: the worker that they wake, the settings, the process that listens."""

import asyncio
import random
import socket
import sqlite3
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import catalogue, web
from bot.app import assembled
from bot.budgets import Budgets
from bot.clips.cards import Cards
from bot.clips.posting import Posting
from bot.domain import (
    Attempt,
    ChannelId,
    EntryKind,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    OfferId,
)
from bot.errors import SettingsError
from bot.jobs.fetching import Fetching
from bot.jobs.pace import Pace
from bot.offers import keys as given
from bot.offers import reachable
from bot.providers.fal import FalQueue
from bot.providers.lumenfall import LumenfallVideos
from bot.providers.protocol import Provider
from bot.providers.replicate import ReplicatePredictions
from bot.settings import Settings
from bot.worker import Worker
from storage import jobs, ledger
from storage.database import Database
from tests import bookkeeping, routes
from tests.books import entries_of
from tests.channel import Channel
from tests.emulators.fal_signing import deliver
from tests.emulators.faults import LOST_ANSWER
from tests.fal_scene import KEY
from tests.inline import InlineHop, looked_into, packing_of
from tests.model_rows import model_row, offer_row
from tests.new_books import new_book
from tests.props import ANN, NOON, PLENTY, Clock, job_of
from tests.web_scene import KEYS, PUBLIC, SIDES, FalSide

FAL_MODEL = model_row("paper") + offer_row("paper", "fal", can_cancel=True)


async def test_a_submission_lost_at_fal_is_found_by_its_webhook_and_is_posted_once(
    tmp_path: Path, clock: Clock
) -> None:
    overlay = tmp_path / "models.toml"
    overlay.write_text(FAL_MODEL)
    models = catalogue.load(overlay, providers=frozenset({"fal"}), now=clock)
    book, moved = new_book(), asyncio.Event()
    database = Database(InlineHop(book, moved.set))
    channel = Channel(now=clock)
    cards = Cards(
        database, models, Budgets(database, PLENTY, now=clock), channel, play_money=False, now=clock
    )
    job = _ordered(models)
    side, public = FalSide(clock), [""]

    async def until(*states: JobState) -> JobState:
        async with asyncio.timeout(60):
            while (state := bookkeeping.now(book, job).state) not in states:
                moved.clear()
                await moved.wait()
        return state

    async with AsyncExitStack() as stack:
        await side.open(stack)
        provider = side.provider(
            job.quote.offer_id, lambda attempt: web.address(public[0], "fal", KEY, attempt)
        )
        stack.push_async_callback(provider.close)
        worker = Worker(
            database,
            models,
            {"fal": provider},
            cards,
            Fetching(tmp_path, check=looked_into, now=clock),
            Posting(database, cards, channel, packing_of(database, channel, tmp_path, clock), now=clock),
            routes.routing(models),
            folder=tmp_path,
            now=clock,
            dice=random.Random(1),
            paces={"fal": Pace(first_s=3_600)},
        )
        callers = {"fal": web.Caller(received=provider.received, secret=KEY)}
        server = web.Webhooks(database, callers, wake=worker.wake, found=worker.found)
        stack.push_async_callback(server.close)
        public[0] = await server.start("127.0.0.1", 0)
        side.faults.next("submit", LOST_ANSWER)
        await database.write(partial(bookkeeping.place, job=job))
        duties = [asyncio.create_task(worker.run()), asyncio.create_task(cards.run())]
        await until(JobState.UNCERTAIN)
        (theirs,) = side.made()

        answers = await side.end(theirs)
        await until(JobState.POSTED)
        answers += await side.again(theirs, times=3)
        await worker.stop(within_s=5, uploading_s=5)
        await cards.stop(within_s=5)
        await asyncio.gather(*duties)
    await database.close()

    assert answers == [503, 204, 204, 204]
    assert len(channel.clips(job.id)) == 1
    assert len(side.made()) == 1
    assert [made.outcome for made in _attempts(book, job)] == ["taken"]
    assert ledger.verify(book) == []
    paid = [(entry.kind, entry.amount_micros) for entry in entries_of(book, job.id)]
    assert paid == [(EntryKind.HOLD, 400_000), (EntryKind.CAPTURE, 400_000)]


def _ordered(models: catalogue.Catalogue) -> Job:
    order, quote, _ = models.order(
        kind=Kind.GENERATE,
        member=ANN,
        channel_id=ChannelId(30),
        interaction_id=InteractionId(1),
        prompt="a paper boat",
        model="paper",
    )
    return replace(job_of(), order=order, quote=quote)


def _attempts(book: sqlite3.Connection, job: Job) -> list[Attempt]:
    found = (jobs.attempt(book, job.id, number) for number in range(1, 5))
    return [attempt for attempt in found if attempt is not None]


# The process


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as asked:
        port: int = asked.getsockname()[1]
        return port


async def test_without_a_public_address_no_port_is_opened(tmp_path: Path, clock: Clock) -> None:
    port = _free_port()
    config = Settings(data_dir=tmp_path, web_port=port, fal_key=SecretStr(KEY))

    async with assembled(config, now=clock):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_with_a_public_address_webhooks_are_taken_until_the_process_stops(
    tmp_path: Path, clock: Clock
) -> None:
    port = _free_port()
    config = Settings(
        data_dir=tmp_path, web_port=port, fal_key=SecretStr(KEY), public_url="https://dailies.example"
    )

    async with assembled(config, now=clock):
        unmarked = await deliver(f"http://127.0.0.1:{port}/webhooks/fal/job-1", {}, b"{}")
        elsewhere = await deliver(f"http://127.0.0.1:{port}/webhooks/replicate/job-1", {}, b"{}")

    assert (unmarked, elsewhere) == ([401], [404])
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_port_that_is_taken_is_said_so_by_its_settings_name(tmp_path: Path, clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = Settings(
            data_dir=tmp_path,
            web_port=taken.getsockname()[1],
            fal_key=SecretStr(KEY),
            public_url="https://dailies.example",
        )

        with pytest.raises(SettingsError, match=r"^DAILIES_WEB_HOST and DAILIES_WEB_PORT: .*in use"):
            async with assembled(config, now=clock):
                pass


@pytest.mark.parametrize("name", SIDES)
async def test_the_addresses_that_a_provider_is_told_are_those_that_it_may_call(
    name: str, tmp_path: Path, database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    keys = {key: said for key, said in KEYS.items() if key.startswith(("public", name))}
    config = Settings(data_dir=tmp_path, **keys)
    models = catalogue.load(None, providers=given.names(config), now=clock)
    attempt = Attempt(job_id=JobId("job"), number=1, offer_id=OfferId(f"{name}/x"), sent_at=NOON)

    async with AsyncExitStack() as stack:
        providers = await reachable.opened(config, models, stack, now=clock)
        callers = reachable.callers(config, providers)
        server = web.Webhooks(database, callers, wake=lambda _: None, found=lambda *_: None)
        stack.push_async_callback(server.close)
        url = await server.start("127.0.0.1", 0)
        told = _address(providers[name], attempt)
        answers = await deliver(told.replace(PUBLIC, url), {}, b"{}")

    assert told.startswith(f"{PUBLIC}/webhooks/{name}/job-1?")
    assert answers == [401]
    assert [vars(record)["code"] for record in caplog.records] == ["webhook_refused"]  # not its address


@pytest.mark.parametrize("name", SIDES)
async def test_without_a_public_address_no_webhook_is_asked_for(
    name: str, tmp_path: Path, clock: Clock
) -> None:
    config = Settings(data_dir=tmp_path, **{key: said for key, said in KEYS.items() if key.startswith(name)})
    models = catalogue.load(None, providers=given.names(config), now=clock)
    attempt = Attempt(job_id=JobId("job"), number=1, offer_id=OfferId(f"{name}/x"), sent_at=NOON)

    async with AsyncExitStack() as stack:
        providers = await reachable.opened(config, models, stack, now=clock)

        assert _address(providers[name], attempt) is None
        assert reachable.callers(config, providers) == {}


def _address(provider: Provider, attempt: Attempt) -> Any:
    """Where this provider is told to call; no other call of its has to be made for that."""
    match provider:
        case FalQueue():
            return provider._webhooks.address(attempt, "fal-ai/x")
        case ReplicatePredictions() | LumenfallVideos():
            return provider._webhook_url and provider._webhook_url(attempt)
        case _:
            raise AssertionError(f"{provider.name} calls nobody")
