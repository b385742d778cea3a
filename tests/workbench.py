"""The worker on a bench: its real parts over a real database file, an emulated provider and a channel.

The bench outlives the process: `kill` and `start` again, and only rows, files, the provider's books and
the channel are left. It runs in virtual time (tests/virtual_time.py), so nothing here really waits.
"""

import asyncio
import contextlib
import itertools
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot import catalogue
from bot.budgets import Budgets
from bot.clips.cards import Cards
from bot.clips.posting import Posting
from bot.clips.whispers import Ear, Whispers
from bot.delivery import HeldBack
from bot.domain import (
    ChannelId,
    EntryKind,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    Limits,
    Member,
    Scope,
    Ticket,
)
from bot.ids import Ids
from bot.jobs import moves
from bot.jobs.cancelling import cancelled
from bot.jobs.fetching import Fetching
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.pauses import Pauses
from bot.offers.health import Health
from bot.operating.halts import Halts
from bot.operating.traces import Traced, untraced
from bot.orders import Cancelled
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import Provider, Taken
from bot.spend.surge import Surge, SurgeBounds
from bot.worker import Worker
from storage import jobs, ledger, states
from storage.database import Database, prepare
from tests import bookkeeping, invariants, routes
from tests.books import entries_of, every_job
from tests.channel import Channel
from tests.emulators.openai import EmulatedJob, OpenAIEmulator
from tests.inline import InlineHop, looked_into, packing_of
from tests.model_rows import model_row, offer_row
from tests.new_books import put_new
from tests.props import ANN, PLENTY, job_of
from tests.told_provider import ToldProvider
from tests.virtual_time import WallClock

T = TypeVar("T")

LOOK_EVERY_S = 10.0
"""For what happens without a row being read or written."""

KEYED, KEYLESS, ECHOED, RETIRING, TOLD = "keyed", "keyless", "echoed", "retiring", "told"

MODELS = "".join(
    model_row(model)
    + offer_row(model, provider, protocol="openai", endpoint=model, sizes={"720p 16:9": "128x72"}, **more)
    for model, provider, more in (
        (KEYED, "emulator", {"key_field": "idempotency_key", "can_cancel": True}),
        (KEYLESS, "emulator", {}),
        (ECHOED, "emulator", {"echo_field": "metadata"}),
        (RETIRING, "emulator", {"retires_on": date(2026, 11, 22)}),
        (TOLD, "told", {"can_cancel": True}),
    )
)

_presses = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What dies together."""

    database: Database
    providers: dict[str, Provider]
    cards: Cards
    worker: Worker
    surge: Surge | None
    pauses: Pauses
    duties: tuple[asyncio.Task[None], ...]


class Bench:
    """See the module.

    Args:
        folder: of the database and the clips.
    """

    def __init__(self, folder: Path, emulator: OpenAIEmulator, channel: Channel, clock: WallClock) -> None:
        self.folder = folder
        self.emulator = emulator
        self.channel = channel
        self.clock = clock
        self.true_clock = clock
        self.told = ToldProvider("told")
        self.others: dict[str, ToldProvider] = {}
        self.operator = routes.Remembering()
        self.halts = Halts()
        self.health = Health(self.operator, clock=routes.loop_time, halted=self.halts.stops_offer)
        self.limits: Limits = PLENTY
        self.models = MODELS
        self.reachable = frozenset({"emulator", "told"})
        self.absent_after = timedelta(hours=1)
        self.surge_bounds: SurgeBounds | None = None
        self.dry_run = False
        self.traced: Traced = untraced
        self.file_hosts: tuple[str, ...] = ()
        self.process: Process | None = None
        self.ear: Ear | None = None  # of those who have ordered privately
        self.expects_a_fault_of_ours = False
        self.hops = 0
        put_new(folder / "dailies.db")
        self.connection = sqlite3.connect(folder / "dailies.db", isolation_level=None)
        prepare(self.connection)
        self._stirred = asyncio.Event()
        self._catalogues: dict[tuple[str, frozenset[str]], catalogue.Catalogue] = {}
        self._ids = Ids(clock, random.Random(1).getrandbits)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator["Bench"]:
        """A bench without a process; at the end the process is killed and the books are checked."""
        # Discord and the provider do not go by our clock, which may be wrong.
        true_clock = WallClock()
        async with OpenAIEmulator(now=true_clock) as emulator:
            bench = cls(folder, emulator, Channel(now=true_clock), WallClock())
            bench.true_clock = true_clock
            try:
                yield bench
                await bench.kill()
                bench.check()
            finally:
                await bench.kill()
                bench.connection.close()

    # A process

    async def start(self) -> Process:
        """A new process on what the last one left."""
        assert self.process is None
        database = Database(InlineHop(self.connection, self._worked))
        models = self.catalogue()
        self.halts = Halts()
        await self.halts.begin(database, at=self.clock())
        self.health = Health(self.operator, clock=routes.loop_time, halted=self.halts.stops_offer)
        budgets = Budgets(database, self.limits, now=self.clock)
        surge = None
        if self.surge_bounds is not None:
            surge = Surge(database, self.operator, self.surge_bounds, now=self.clock)
            await surge.begin()
        pauses = Pauses(database, now=self.clock)
        await pauses.begin()
        cards = Cards(
            database,
            models,
            budgets,
            self.channel,
            play_money=True,
            now=self.clock,
            held_back=partial(_held_back, self.halts, surge, pauses),
        )
        every: dict[str, Provider] = {"emulator": self.provider(), "told": self.told, **self.others}
        providers = {name: provider for name, provider in every.items() if name in self.reachable}
        packing = packing_of(database, self.channel, self.folder, self.clock)
        posting = Posting(database, cards, self.channel, packing, now=self.clock)
        whispers = None
        if self.ear is not None:
            whispers = Whispers(
                database, cards, self.ear, packing, posting, folder=self.folder, now=self.clock
            )
        worker = Worker(
            database,
            models,
            providers,
            cards,
            self.fetching(),
            posting,
            routes.routing(models, operator=self.operator, health=self.health),
            folder=self.folder,
            now=self.clock,
            dice=random.Random(1),
            surge=surge,
            gatehouse=Gatehouse(database, ids=self._ids, now=self.clock),
            pauses=pauses,
            halts=self.halts,
            operator=self.operator,
            dry_run=self.dry_run,
            traced=self.traced,
            whispers=whispers,
        )
        pauses.touched, pauses.woken = cards.touch, worker.wake
        self.process = Process(
            database=database,
            providers=every,
            cards=cards,
            worker=worker,
            surge=surge,
            pauses=pauses,
            duties=(asyncio.create_task(worker.run()), asyncio.create_task(cards.run())),
        )
        return self.process

    async def kill(self) -> None:
        """End the process wherever it is; what was not committed is lost."""
        process, self.process = self.process, None
        if process is None:
            return
        schedules = (process.worker._schedule, process.cards._schedule)
        tasks = [*process.duties, *(task for schedule in schedules for task in schedule._busy.values())]
        if process.database._flusher is not None:
            tasks.append(process.database._flusher)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for provider in process.providers.values():
            await provider.close()

    async def stop(self, *, within_s: float = 7.0, uploading_s: float = 20.0) -> list[JobId]:
        """End the process as SIGTERM does; returns the jobs that were parked."""
        process = self.running
        parked = await process.worker.stop(within_s=within_s, uploading_s=uploading_s)
        await process.cards.stop(within_s=2.0)
        await asyncio.gather(*process.duties)
        await process.database.close()
        await self.kill()
        return parked

    @property
    def running(self) -> Process:
        assert self.process is not None
        return self.process

    # Its parts

    def catalogue(self) -> catalogue.Catalogue:
        key = (self.models, self.reachable)
        if key not in self._catalogues:
            overlay = self.folder / "models.toml"
            overlay.write_text(self.models)
            self._catalogues[key] = catalogue.load(
                overlay,
                providers=self.reachable,
                now=self.clock,
                fitness=lambda offer_id: self.health.fitness(offer_id),  # noqa: PLW0108 - of each new process
            )
        return self._catalogues[key]

    def provider(self) -> OpenAIVideos:
        return OpenAIVideos(
            "emulator",
            base_url=self.emulator.url,
            api_key=None,
            wires=self.catalogue().wires("emulator"),
            now=self.clock,
            can_cancel=True,
            bills_failures=False,
            absent_after=self.absent_after,
            file_hosts=self.file_hosts,
        )

    def fetching(self) -> Fetching:
        return Fetching(self.folder, check=looked_into, now=self.clock)

    def _worked(self) -> None:
        self.hops += 1
        self._stirred.set()

    # What members do

    async def place(
        self, model: str = KEYED, *, member: Member = ANN, channel_id: int = 30, private: bool = False
    ) -> Job:
        """A `/generate`, admitted. Each has a prompt of its own, by which two sets of books are compared."""
        press = next(_presses)
        order, quote, _ = self.catalogue().order(
            kind=Kind.GENERATE,
            member=member,
            channel_id=ChannelId(channel_id),
            interaction_id=InteractionId(press),
            prompt=f"boat number {press}",
            model=model,
        )
        order = replace(order, private=private)
        job_id = JobId(self._ids.new())
        job = replace(job_of(at=self.clock()), id=job_id, order_id=job_id, order=order, quote=quote)
        self.write(partial(bookkeeping.place, job=job))
        self._placed(job.id)
        return job

    async def cancel(self, job: Job) -> Cancelled:
        """The member presses Cancel."""
        by = job.order.member
        _, outcome = self.write(partial(cancelled, job.id, self.clock(), by=by, moderator=False))
        self._placed(job.id)
        return outcome

    def _placed(self, job_id: JobId) -> None:
        if self.process is not None:
            self.process.worker.wake(job_id)

    # What a dead process left

    async def leave(
        self, state: JobState, model: str = KEYED, *, sent: bool = True, ticket: bool = False
    ) -> Job:
        """A job as a process left it that died in this state.

        Args:
            state: one of those that the worker has to move.
            model: what was ordered.
            sent: whether the provider got the submission.
            ticket: whether an uncertain job has a ticket.
        """
        job = await self.place(model)
        await self._bring(job, state, sent=sent, ticket=ticket)
        return self.job(job.id)

    async def _bring(self, job: Job, state: JobState, *, sent: bool, ticket: bool) -> None:
        if state is JobState.QUEUED:
            return
        attempt = self.write(partial(states.submitting, job=job, provider="emulator", at=self.clock()))
        provider = self.provider()
        try:
            submission = await provider.submit(job, attempt) if sent else None
            if state is JobState.SUBMITTING:
                return
            if state is JobState.UNCERTAIN and not ticket:
                self.write(partial(states.uncertain, attempt=attempt, detail="lost", at=self.clock()))
                return
            assert isinstance(submission, Taken)
            self.write(partial(states.running, attempt=attempt, ticket=submission.ticket, at=self.clock()))
            if state is JobState.UNCERTAIN:
                self.write(partial(states.silent, job_id=job.id, at=self.clock()))
            if state in (JobState.UNCERTAIN, JobState.RUNNING):
                return
            self.emulator.finish(submission.ticket.provider_job_id)
            self.write(partial(moves.rendered, job.id, None, self.clock()))
            if state is JobState.STORED:
                clip = await self.fetching().fetch(job, provider, submission.ticket)
                self.write(partial(moves.stored, clip, self.clock()))
        finally:
            await provider.close()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction, beside any process."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(self.connection)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return done

    # Waiting

    async def until(self, true: Callable[[], bool], *, within_s: float = 3_600) -> None:
        """Let time pass until something is true: looked at whenever a row was, and now and then."""
        look_every_s = min(max(LOOK_EVERY_S, within_s / 1_000), within_s / 10)
        async with asyncio.timeout(within_s):
            while not true():
                self._stirred.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stirred.wait(), timeout=look_every_s)

    async def until_state(self, job: Job, *states: JobState, within_s: float = 3_600) -> Job:
        """Let time pass until a job is in one of these states."""
        await self.until(lambda: self.job(job.id).state in states, within_s=within_s)
        return self.job(job.id)

    async def until_shown(self, job: Job) -> Job:
        """Let time pass until the card shows the job as it is."""
        await self.until(lambda: self.job(job.id).card_rev == self.job(job.id).rev)
        return self.job(job.id)

    async def until_hop(self, number: int, *, within_s: float) -> None:
        """Let time pass until so many transactions and reads have been made, by all processes together."""
        await self.until(lambda: self.hops >= number, within_s=within_s)

    async def turn(self) -> None:
        """Let every task go on to where it next waits."""
        await asyncio.sleep(0)

    async def passing(self, **how_long: float) -> None:
        """Let so much time pass."""
        await asyncio.sleep(timedelta(**how_long).total_seconds())

    # Looking

    def job(self, job_id: JobId) -> Job:
        job = jobs.get(self.connection, job_id)
        assert job is not None
        return job

    def all_jobs(self) -> list[Job]:
        return every_job(self.connection)

    def entries(self, job: Job) -> list[tuple[EntryKind, Scope, int]]:
        """The ledger's lines about a job."""
        return [(e.kind, e.bearer, e.amount_micros) for e in entries_of(self.connection, job.id)]

    def holder(self, job: Job) -> Scope | None:
        """Who bears the open hold of a job."""
        held = ledger.open_hold(self.connection, job.id)
        return None if held is None else held.bearer

    def made(self, job: Job) -> list[EmulatedJob]:
        """What the provider's books say of a job."""
        return [made for made in self.emulator.jobs.values() if made.prompt == job.order.prompt]

    def attempts(self, job: Job) -> list[str | None]:
        """What each submission of a job proved."""
        rows = self.connection.execute(
            "SELECT outcome FROM attempts WHERE job_id = ? ORDER BY number", (job.id,)
        )
        return [row[0] for row in rows]

    def check(self) -> None:
        """What holds after every test, whatever happened in it."""
        invariants.check(self.connection, self.channel, self.emulator, folder=self.folder)


def _held_back(halts: Halts, surge: Surge | None, pauses: Pauses, job: Job) -> HeldBack | None:
    if halts.holds_back(job):
        return HeldBack.HALT
    if pauses.holds_back(job):
        return HeldBack.PAUSE
    return HeldBack.SPENDING if surge is not None and surge.holds_back(job) else None


def ticket_of(job: Job) -> Ticket:
    assert job.ticket is not None
    return job.ticket
