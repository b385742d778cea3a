"""The composition root: every object is made here and handed down; and the order of starting and stopping."""

import asyncio
import contextlib
import logging
import os
import random
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bot import catalogue, media, reachable, settings
from bot.alerts import Alerts
from bot.attachments import Attachments
from bot.budgets import Budgets
from bot.cards import Cards
from bot.control import Change, Control, ResumeSpending, SettleJob, carry_out
from bot.distributing import Distributing
from bot.domain import STUDIO, JobId, Limits
from bot.drift import Drift
from bot.eligibility import MinimumAges
from bot.errors import StorageError
from bot.family import Families
from bot.fetching import Fetching
from bot.fitting import Fitting
from bot.gallery import Galleries
from bot.health import Health
from bot.ids import Ids
from bot.library import THUMBNAILS, Library
from bot.links import Links, key_in
from bot.material import PICTURES, Material
from bot.money import displayed
from bot.notices import Notices
from bot.orders import Orders
from bot.pace import Pace
from bot.packing import Packing
from bot.part_files import sweep
from bot.pictures import Pictures
from bot.places import Places
from bot.posting import Posting
from bot.presets import Presets
from bot.pricing import Pricing
from bot.removal import Removals
from bot.rendertimes import RenderTimes
from bot.reporting import Reporting
from bot.retirements import Retirements
from bot.routing import Routing
from bot.screening import WordList, read_words
from bot.settings import DISCORD_API_URL, Settings
from bot.sheets import Sheets
from bot.showing import Shown
from bot.spending import Spending
from bot.standings import Standings
from bot.stills import Stills
from bot.surge import Surge, SurgeBounds
from bot.throttle import Throttle
from bot.web import Webhooks
from bot.whispers import Whispers
from bot.worker import Worker
from cogs.alert_delivery import AlertDelivery
from cogs.budget import budget
from cogs.character import character
from cogs.client import Client, use_endpoints
from cogs.clip_presses import ClipPresses
from cogs.clips import clips as clips_command
from cogs.delivery import DiscordDelivery
from cogs.managing import Managing
from cogs.operator import operator as operator_command
from cogs.operator import post_notice
from cogs.quota import quota
from cogs.reactions import Reactions
from cogs.settings import settings as settings_command
from cogs.shelves import Shelves
from cogs.spend import spend
from cogs.wall import DiscordWall
from storage.database import Database, open_database
from storage.lock import FolderLock

log = logging.getLogger(__name__)

STOP_WITHIN_S = 7.0
"""For steps in hand at SIGTERM; with the rest of stopping it stays under ten seconds."""

STOP_UPLOADING_WITHIN_S = 20.0
"""While a clip is being posted: stopping always ends within 25 seconds."""

CARDS_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts that a process is started and stopped by, and that its tests look at."""

    client: Client
    worker: Worker
    cards: Cards
    removals: Removals
    orders: Orders
    database: Database
    duties: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]
    """What runs in the background until the process ends, by name."""


def utc_now() -> datetime:
    """The clock of everything that is not a test."""
    return datetime.now(UTC)


@asynccontextmanager
async def assembled(config: Settings, *, now: Callable[[], datetime] = utc_now) -> AsyncIterator[App]:
    """Make every object, in order; let go of them in reverse.

    Raises:
        SettingsError, DataFolderInUse, NewerDatabase: before anything outside was touched.
    """
    folder = config.data_dir
    clips_folder, copies_folder = folder / "clips", folder / "copies"
    os.umask(0o077)
    try:
        clips_folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(copies_folder, ignore_errors=True)  # those that a past process had no time to remove
        copies_folder.mkdir()
        (copies_folder / "again").mkdir()
        (folder / PICTURES).mkdir(exist_ok=True)
        (folder / THUMBNAILS).mkdir(exist_ok=True)
    except OSError as fault:
        raise StorageError(f"DAILIES_DATA_DIR: {folder} cannot be written to ({fault.strerror})") from fault
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(FolderLock(folder))
        swept = [clips_folder, folder / PICTURES, folder / "thumbnails"]
        await asyncio.to_thread(sweep, swept, started_at=now())
        words = WordList(read_words(config.blocked_words_file))
        names = reachable.names(config)
        play_price = config.studio_play_usd_per_second
        play_money = play_price is not None and STUDIO in names
        displayed.set(config.display)
        operator, clock = Notices(), asyncio.get_running_loop().time
        health = Health(operator, clock=clock)
        models = catalogue.load(
            config.models_file,
            providers=names,
            now=now,
            studio_play_price=play_price,
            provider_order=config.provider_order,
            fitness=health.fitness,
        )
        database = await open_database(folder / "dailies.db")
        stack.push_async_callback(database.close)
        surge = Surge(
            database,
            operator,
            SurgeBounds(
                floor_micros=config.surge_floor_usd,
                times=config.surge_times,
                most_micros=config.surge_most_usd,
            ),
            now=now,
        )
        await surge.begin()
        providers = await reachable.opened(config, models, stack, now=now)
        limits = Limits(
            member_monthly_micros=config.member_monthly_usd,
            installation_monthly_micros=config.installation_monthly_usd,
        )
        ids = Ids(now, secrets.randbits)
        budgets = Budgets(database, limits, now=now)
        attachments = Attachments(
            also_from=None if config.discord_api_url == DISCORD_API_URL else config.discord_api_url
        )
        stack.push_async_callback(attachments.close)
        material = Material(database, Pictures(), Stills(), folder=folder, ids=ids, now=now)
        ages = MinimumAges(
            account=timedelta(days=config.account_age_min_days),
            membership=timedelta(days=config.membership_age_min_days),
        )
        pricing = Pricing(
            models,
            words,
            material,
            now=now,
            ages=ages,
            keep_at_provider=config.keep_at_provider,
            block_ip=config.block_ip,
        )
        orders = Orders(
            database,
            pricing,
            limits=limits,
            ids=ids,
            now=now,
            # The worker is made last: it delivers through the client, whose commands place orders.
            placed=lambda job_id: worker.wake(job_id),  # noqa: PLW0108
            surge=surge,
        )
        use_endpoints(config.discord_api_url, config.discord_gateway_url)
        client = Client(
            orders=orders,
            budgets=budgets,
            catalogue=models,
            material=material,
            attachments=attachments,
            presets=Presets(database, models, words, ids=ids, now=now),
            sheets=Sheets(database, ids=ids, now=now),
            confirm_above_micros=config.confirm_above_usd,
            play_money=play_money,
        )
        stack.push_async_callback(client.close)
        if config.operator_ids:
            client.tree.add_command(
                operator_command(
                    config.operator_ids, partial(carry_out, database, now=now), resumed=surge.resumed
                )
            )
        spending = Spending(folder / "dailies.db", database, now=now)
        billboard = AlertDelivery(client, play_money=play_money)
        standings = Standings(database, limits, now=now)
        client.tree.add_command(quota(orders, budgets, standings, play_money=play_money))
        client.managing = Managing(budgets, Distributing(database, now=now), standings, billboard)
        client.tree.add_command(settings_command(Places(database)))
        client.tree.add_command(budget(client.managing))
        client.tree.add_command(spend(spending, operator_ids=config.operator_ids, play_money=play_money))
        alerts = Alerts(database, spending, billboard, now=now)
        delivery = DiscordDelivery(client)
        links = None
        if config.public_url is not None:
            links = Links(
                database, public_url=config.public_url, key=key_in(folder), folder=clips_folder, now=now
            )
        packing = Packing(
            database,
            Fitting().fit,
            folder=copies_folder,
            level=delivery.upload_limit,
            link=None if links is None else links.make,
            now=now,
        )
        times = RenderTimes()
        cards = Cards(
            database,
            models,
            budgets,
            delivery,
            play_money=play_money,
            now=now,
            expected_at=lambda job: times.expected_end_at(job, at=now()),
            held_back=surge.holds_back,
        )
        shown = Shown(database, cards, delivery, packing, folder=clips_folder, now=now)
        removals = Removals(
            database,
            cards,
            delivery,
            providers,
            folder=clips_folder,
            thumbnails=folder / THUMBNAILS,
            frames=folder / PICTURES,
            now=now,
            # The gallery is made below: it shows copies of what is deleted or hidden here.
            gone=lambda: galleries.wake(),  # noqa: PLW0108
        )
        client.tree.add_command(
            character(client.ordering, material.characters, attachments, models, removed=removals.wake)
        )
        reporting = Reporting(database, shown, delivery, ids=ids, now=now, hidden=lambda: galleries.wake())  # noqa: PLW0108
        posting = Posting(database, cards, delivery, packing, now=now)
        again = Packing(
            database,
            Fitting(at_once=1).fit,
            folder=copies_folder / "again",
            level=delivery.upload_limit,
            link=None if links is None else links.make,
            now=now,
        )
        library = Library(
            database,
            again,
            Stills(),
            models,
            folder=clips_folder,
            thumbnails=folder / THUMBNAILS,
            ids=ids,
            now=now,
        )
        families = Families(database, library, folder=folder, clips_folder=clips_folder)
        galleries = Galleries(
            database, cards, DiscordWall(client, delivery), again, folder=clips_folder, now=now
        )
        client.shelves = Shelves(library, families, galleries, models, play_money=play_money)
        client.reactions = Reactions(client, galleries)
        client.tree.add_command(clips_command(client.shelves, models))
        whispers = Whispers(database, cards, delivery, packing, posting, folder=clips_folder, now=now)
        client.clip_presses = ClipPresses(orders, shown, removals, reporting, whispers)
        worker = Worker(
            database,
            models,
            providers,
            cards,
            Fetching(clips_folder, check=media.check, now=now),
            posting,
            Routing(models, health, Throttle(models.limits, clock=clock), operator),
            folder=folder,
            now=now,
            dice=random.Random(),  # noqa: S311 - spreads questions in time, guards nothing
            times=times,
            whispers=whispers,
            paces={STUDIO: Pace(first_s=0.3, factor=1.1, cap_s=1.0)},
            surge=surge,
            dry_run=config.dry_run,
        )

        def changed(made: Change) -> None:
            match made:
                case ResumeSpending():
                    surge.resumed()
                case SettleJob(job_id=job_id):
                    worker.wake(JobId(job_id))

        control = Control(folder, database, now=now, changed=changed)
        await control.start()
        stack.push_async_callback(control.close)
        if config.public_url is not None:
            webhooks = Webhooks(
                database,
                reachable.callers(config, providers),
                accounts=reachable.accounts(config, providers),
                routes=[] if links is None else links.routes(),
                wake=worker.wake,
                found=worker.found,
            )
            stack.push_async_callback(webhooks.close)
            log.info("webhooks come to %s", await webhooks.start(config.web_host, config.web_port))
        duties: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "gateway": client.connect,
            "worker": worker.run,
            "cards": cards.run,
            "removals": removals.run,
            "surge": surge.run,
            "drift": Drift(database, operator, now=now).run,
            "reports": reporting.run,
            "alerts": alerts.run,
            "galleries": galleries.run,
            "retirements": Retirements(models, providers, now=now).run,
        }
        if config.operator_channel_id is not None:
            duties["notices"] = partial(
                operator.run, partial(post_notice, client, config.operator_channel_id)
            )
        yield App(
            client=client,
            worker=worker,
            cards=cards,
            removals=removals,
            orders=orders,
            database=database,
            duties=duties,
        )


async def run(config: Settings) -> None:
    """Sign in and work until SIGTERM or SIGINT; then stop within ten seconds (25 while a clip uploads).

    Raises:
        SettingsError: Discord refuses the token.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    token = settings.token(config)
    async with assembled(config) as app:
        await app.client.sign_in(token)
        log.info("invite the bot with: %s", app.client.invite_url)
        duties = [asyncio.create_task(duty(), name=name) for name, duty in app.duties.items()]
        waiting = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({*duties, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            await _stop(app, duties)


async def _stop(app: App, duties: list[asyncio.Task[None]]) -> None:
    app.client.stop_taking_orders()
    parked = await app.worker.stop(within_s=STOP_WITHIN_S, uploading_s=STOP_UPLOADING_WITHIN_S)
    await app.cards.stop(within_s=CARDS_WITHIN_S)
    await app.removals.stop(within_s=CARDS_WITHIN_S)
    log.info("stopping; parked in the middle of a step: %s", ", ".join(parked) or "none")
    failed = [task for task in duties if task.done() and not task.cancelled() and task.exception()]
    for task in duties:
        task.cancel()
    await asyncio.gather(*duties, return_exceptions=True)
    for task in failed:
        task.result()  # a duty that ended by an error ends the process by it
