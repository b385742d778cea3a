"""What everything stands on: the data folder, the database, the catalogue, the providers."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot import catalogue
from bot.assembly import screens
from bot.assembly.screens import Screens
from bot.catalogue import Catalogue
from bot.checks import book
from bot.clips.credentials import Credentials
from bot.clips.library import THUMBNAILS
from bot.clips.link_key import key_in
from bot.clips.links import Links
from bot.clock import Clock
from bot.domain import STUDIO, Limits
from bot.errors import StorageError
from bot.ids import Ids
from bot.moderation.pauses import Pauses
from bot.money import displayed
from bot.offers import keys, reachable
from bot.offers.health import Health
from bot.offers.retirements import Retirements
from bot.operating.backups import Backups
from bot.operating.halts import Halts
from bot.operating.meters import Meters
from bot.operating.notices import Notices
from bot.operating.room import Room
from bot.operating.timekeeping import Timekeeping
from bot.operating.traces import Traced, Traces, untraced
from bot.ordering.material import PICTURES
from bot.part_files import sweep
from bot.privacy.tombstones import Tombstones
from bot.providers.protocol import Provider
from bot.settings import Settings
from bot.spend.drift import Drift
from bot.spend.filling import Filling
from bot.spend.surge import Surge, SurgeBounds
from storage.database import Database, open_database
from storage.lock import FolderLock

Duties = dict[str, Callable[[], Coroutine[Any, Any, None]]]
"""What runs in the background until the process ends, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Made first, let go of last."""

    config: Settings
    now: Callable[[], datetime]
    stack: AsyncExitStack
    folder: Path
    clips_folder: Path
    copies_folder: Path
    database: Database
    models: Catalogue
    providers: Mapping[str, Provider]
    screens: Screens
    notices: Notices
    health: Health
    meters: Meters
    timekeeping: Timekeeping
    traced: Traced
    surge: Surge
    pauses: Pauses
    halts: Halts
    limits: Limits
    ids: Ids
    links: Links | None
    credentials: Credentials | None
    play_money: bool
    duties: Duties


async def laid(config: Settings, stack: AsyncExitStack, *, now: Clock) -> Ground:
    """Lock and sweep the folder, open the database, load the catalogue, open the providers.

    Raises:
        SettingsError, DataFolderInUse, NewerDatabase, StorageError: before anything outside was touched.
    """
    folder = config.data_dir
    clips_folder, copies_folder = _taken(folder, stack)
    if (why := book.lost(folder, config.backups_in)) is not None:
        raise StorageError(f"{why}: `dailies restore` puts one back; to begin anew, move those away")
    await asyncio.to_thread(sweep, [clips_folder, folder / PICTURES, folder / THUMBNAILS], started_at=now())
    lists = screens.lists(config)
    names = keys.names(config)
    play_price = config.studio_play_usd_per_second
    displayed.set(config.display)
    notices, meters = Notices(), Meters()
    halts = Halts()
    health = Health(notices, clock=asyncio.get_running_loop().time, halted=halts.stops_offer)
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
        notices,
        SurgeBounds(
            floor_micros=config.surge_floor_usd,
            times=config.surge_times,
            most_micros=config.surge_most_usd,
        ),
        now=now,
    )
    await surge.begin()
    pauses = Pauses(database, now=now)
    await pauses.begin()
    await halts.begin(database, at=now())
    providers = await reachable.opened(config, models, stack, now=now)
    limits = Limits(
        member_monthly_micros=config.member_monthly_usd,
        installation_monthly_micros=config.installation_monthly_usd,
    )
    duties: Duties = {
        "surge": surge.run,
        "drift": Drift(database, notices, now=now).run,
        "filling": Filling(database, notices, limits, now=now).run,
        "room": Room(folder, notices).run,
        "retirements": Retirements(models, providers, now=now).run,
        **_copying(config, database, notices, now=now),
    }
    return Ground(
        config=config,
        now=now,
        stack=stack,
        folder=folder,
        clips_folder=clips_folder,
        copies_folder=copies_folder,
        database=database,
        models=models,
        providers=providers,
        screens=screens.hung(
            config, lists, database, notices, stack, folder=folder, copies_folder=copies_folder, now=now
        ),
        notices=notices,
        health=health,
        meters=meters,
        timekeeping=Timekeeping(notices, meters, clock=now, seconds=time.monotonic),
        traced=_traced(config, stack),
        surge=surge,
        pauses=pauses,
        halts=halts,
        limits=limits,
        ids=Ids(now, secrets.randbits, drawn_at_once=64),
        links=_links(config, database, folder=folder, clips_folder=clips_folder, now=now),
        credentials=_credentials(config),
        play_money=play_price is not None and STUDIO in names,
        duties=duties,
    )


def _taken(folder: Path, stack: AsyncExitStack) -> tuple[Path, Path]:
    """Take the data folder for this process alone; its folders of clips, and of copies (none is left)."""
    clips, copies = folder / "clips", folder / "copies"
    os.umask(0o077)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(FolderLock(folder))  # what is below may be a running bot's until here
        clips.mkdir(exist_ok=True)
        shutil.rmtree(copies, ignore_errors=True)  # those that a past process had no time to remove
        copies.mkdir()
        (copies / "again").mkdir()
        (folder / PICTURES).mkdir(exist_ok=True)
        (folder / THUMBNAILS).mkdir(exist_ok=True)
    except OSError as fault:
        raise StorageError(f"DAILIES_DATA_DIR: {folder} cannot be written to ({fault.strerror})") from fault
    return clips, copies


def _copying(
    config: Settings, database: Database, notices: Notices, *, now: Callable[[], datetime]
) -> Duties:
    """Copies of the data folder, and what a restore of one must not bring back."""
    folder = config.data_dir
    stones = Tombstones(database, folder=folder, into=config.backups_in, kept_for=config.backups_for, now=now)
    if not config.backup_every_hours:
        return {"tombstones": stones.run}
    copies = Backups(
        folder,
        config.backups_in,
        notices,
        every=timedelta(hours=config.backup_every_hours),
        keep=config.backup_keep,
        days=config.backup_days,
        now=now,
    )
    return {"backups": copies.run, "tombstones": stones.run}


def _traced(config: Settings, stack: AsyncExitStack) -> Traced:
    """Traces of jobs, where they are sent somewhere."""
    if config.otlp_url is None:
        return untraced
    traces = Traces(config.otlp_url)
    stack.push_async_callback(asyncio.to_thread, traces.close)
    return traces.span


def _credentials(config: Settings) -> Credentials | None:
    """What copies of clips are signed with, where the operator has a certificate."""
    made = Credentials.named_by(config)
    if made is not None:
        made.check()
    return made


def _links(
    config: Settings, database: Database, *, folder: Path, clips_folder: Path, now: Callable[[], datetime]
) -> Links | None:
    """Signed links to clips, where there is an address of our own to link to."""
    if config.public_url is None:
        return None
    return Links(database, public_url=config.public_url, key=key_in(folder), folder=clips_folder, now=now)
