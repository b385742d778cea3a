"""The composition root: every object is made in `bot/assembly`, in this order; and starting and stopping."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat

from bot import settings
from bot.assembly import buying, ground, moderating, privacy, reviewing, settingup, showing, watching, work
from bot.assembly.ground import Duties
from bot.clips.cards import Cards
from bot.clips.removal import Removals
from bot.clock import Clock, machine_time, steady_s
from bot.domain import JobId
from bot.errors import DeliveryUnavailable, DiskFailure
from bot.operating.room import kept
from bot.orders import Orders
from bot.settings import Settings
from bot.worker import Worker
from cogs.client import Client
from storage import gauges
from storage.database import Database
from storage.soundness import DatabaseFault

log = logging.getLogger(__name__)

STOP_WITHIN_S = 7.0
"""For steps in hand at SIGTERM; with the rest of stopping it stays under ten seconds."""

STOP_UPLOADING_WITHIN_S = 20.0
"""While a clip is being posted: stopping always ends within 25 seconds."""

CARDS_WITHIN_S = 2.0

SIGN_IN_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Between tries to sign in while Discord cannot be reached; the last one from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts that a process is started and stopped by, and that its tests look at."""

    client: Client
    worker: Worker
    cards: Cards
    removals: Removals
    orders: Orders
    database: Database
    duties: Duties


@asynccontextmanager
async def assembled(config: Settings, *, now: Callable[[], datetime] = machine_time) -> AsyncIterator[App]:
    """Make every object, in order; let go of them in reverse.

    Args:
        config: the installation's settings.
        now: this machine's clock; it may be wrong.

    Raises:
        SettingsError, DataFolderInUse, NewerDatabase: before anything outside was touched.
    """

    def placed(job_id: JobId) -> None:
        with base.traced(job_id, "placed"):
            worker.wake(job_id)  # made last: it delivers through the client, whose commands place orders

    def asked() -> None:
        gates.reviewing.wake()  # likewise

    async with contextlib.AsyncExitStack() as stack:
        base = await ground.laid(config, stack, now=Clock(machine=now, seconds=steady_s))
        till = buying.opened(base, placed=placed, asked=asked)
        shown = showing.opened(base, till)
        gates = reviewing.opened(base, till, shown, moved=placed)
        worker = work.made(base, till, shown, gates)
        moderating.opened(base, till, shown, worker)
        settingup.opened(base, till, gates.reviewing)
        work.asking_operator(base, till, worker)
        exports = privacy.opened(base, till, shown, worker)
        await work.listening(base, worker, shown.removing.takedowns, exports)
        await watching.listening(base, till, worker)
        yield App(
            client=till.client,
            worker=worker,
            cards=shown.cards,
            removals=shown.removals,
            orders=till.orders,
            database=base.database,
            duties=base.duties,
        )


async def run(config: Settings) -> None:
    """Sign in and work until SIGTERM or SIGINT; then stop within ten seconds (25 while a clip uploads).

    While Discord cannot be reached it is up and not ready.

    Raises:
        SettingsError: Discord refuses the token.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    token = settings.token(config)
    async with assembled(config) as app:
        # What the start has imported and made stays: 90,000 objects. Each look through them for cycles took
        # 55 ms, in which nobody was answered.
        gc.freeze()
        if not await _signed_in(app.client, token, stop):
            return
        log.info("invite the bot with: %s", app.client.invite_url, extra={"code": "invite"})
        duties = [asyncio.create_task(kept(name, duty), name=name) for name, duty in app.duties.items()]
        waiting = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({*duties, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            await _stop(app, duties)


async def _signed_in(client: Client, token: str, stop: asyncio.Event) -> bool:
    """Sign in, trying again for as long as Discord cannot be reached; False where it is told to stop first.

    A process that ended here would be started a few times and then be left down by what supervises it, though
    the network or Discord was away for a minute alone.
    """
    stopped = asyncio.create_task(stop.wait(), name="stop")
    try:
        pauses = chain(SIGN_IN_PAUSES_S, repeat(SIGN_IN_PAUSES_S[-1]))
        while not stopped.done():
            trying = asyncio.create_task(client.sign_in(token), name="sign in")
            await asyncio.wait({trying, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not trying.done():
                trying.cancel()
                await asyncio.gather(trying, return_exceptions=True)
                break
            try:
                trying.result()
            except DeliveryUnavailable as silence:
                pause_s, extra = next(pauses), {"code": "discord_unreachable"}
                log.warning("%s; trying again in %.0f s", silence, pause_s, extra=extra)
                await asyncio.wait({stopped}, timeout=pause_s)
            else:
                return True
        return False
    finally:
        stopped.cancel()


async def _stop(app: App, duties: list[asyncio.Task[None]]) -> None:
    app.client.stop_taking_orders()
    parked = await app.worker.stop(within_s=STOP_WITHIN_S, uploading_s=STOP_UPLOADING_WITHIN_S)
    await app.cards.stop(within_s=CARDS_WITHIN_S)
    await app.removals.stop(within_s=CARDS_WITHIN_S)
    log.info(
        "stopping; parked in the middle of a step: %s",
        ", ".join(parked) or "none",
        extra={"code": "stopping"},
    )
    with contextlib.suppress(DatabaseFault, DiskFailure):  # whatever the disk does, stopping goes on
        left = await app.database.read(gauges.in_hand)
        states = ", ".join(f"{waiting.jobs} {waiting.state}" for waiting in left)
        log.info("the next start goes on with: %s", states or "nothing", extra={"code": "stopped"})
    failed = [task for task in duties if task.done() and not task.cancelled() and task.exception()]
    for task in duties:
        task.cancel()
    await asyncio.gather(*duties, return_exceptions=True)
    for task in failed:
        task.result()  # a duty that ended by an error ends the process by it
