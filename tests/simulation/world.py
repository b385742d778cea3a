"""A world: rows, files, providers and Discord, which outlive the bot's processes."""

from asyncio import events as asyncio_events
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.domain import ChannelId, JobId, OfferId, Ticket
from bot.errors import DiskFull, Refusal
from storage.connection import forget
from tests.props import NOON
from tests.simulation.clock import Agenda, SimulatedLoop
from tests.simulation.desk import SimulatedDesk
from tests.simulation.discord_side import SimulatedDiscord
from tests.simulation.faults import CHANNELS
from tests.simulation.process import NAMES, Beside, Hop, Process
from tests.simulation.providers import Books, Made, SimulatedProvider, Way
from tests.simulation.scene import Scene
from tests.simulation.sky import Sky

THREAD, ITS_PARENT = CHANNELS[2], CHANNELS[1]

WAYS = {"keyed": Way.KEY, "listed": Way.LIST, "plain": Way.NONE}

PRICES = {
    OfferId("keyed/keyed"): 100_000,
    OfferId("listed/listed"): 110_000,
    OfferId("plain/plain"): 70_000,
    OfferId("keyed/either"): 120_000,
    OfferId("listed/either"): 120_000,
    OfferId("plain/either"): 120_000,
}

AT_REST = """
SELECT (SELECT count(*) FROM jobs WHERE card_rev < rev OR state NOT IN (
            'posted', 'undeliverable', 'failed', 'rejected', 'cancelled'))
     + (SELECT count(*) FROM removals WHERE done_at IS NULL)
"""


class World:
    """Everything outside the process, and the process's lives.

    Args:
        scene: what it is played with; it is cleared first.
        sky: says what goes wrong; it is made with the world.
        seed: of what a process draws by itself.
        with_surge: whether the breaker on the rate of spending is there.
        staged: see `scene`.
    """

    def __init__(
        self,
        scene: Scene,
        sky: Callable[["World"], Sky],
        *,
        seed: int,
        with_surge: bool = False,
        staged: bool = True,
    ) -> None:
        scene.anew(staged=staged)
        self.seed = seed
        self.folder = scene.folder
        self.connection = scene.connection
        self.agenda = Agenda()
        self.at_s = 0.0
        self.clock_set_by = timedelta()
        self.process: Process | None = None
        self.lives = 0
        self.acknowledged: dict[JobId, int] = {}  # orders that a member was told of, and of how many takes
        self.refusals: list[str] = []
        self.faults_of_ours: list[str] = []
        self.books = {name: Books(name, way, says_bill=way is not Way.NONE) for name, way in WAYS.items()}
        self.promised: Callable[[Books, Made], None] = lambda books, made: None  # noqa: ARG005 - nobody calls back
        self.before_work: Beside | None = None
        self.after_work: Beside | None = None
        self.passed: Callable[[JobId], bool] = bool
        self.may_be_made: Callable[[JobId], bool] = bool
        self._with_surge = with_surge
        self._graves: list[Process] = []
        self.sky = sky(self)
        self.discord = SimulatedDiscord(
            self.sky,
            time=self.time,
            now=self.now,
            may_be_seen=lambda job_id: self.passed(job_id),  # noqa: PLW0108 - set later
        )
        self.desk = SimulatedDesk(self.sky)
        self.discord.parents[ChannelId(THREAD)] = ChannelId(ITS_PARENT)

    # Time

    def time(self) -> float:
        return self.at_s if self.process is None else self.process.loop.at_s

    def now(self) -> datetime:
        """What time it is."""
        return NOON + timedelta(seconds=self.time())

    def set_clock(self, by: timedelta) -> None:
        """Our machine's clock jumps."""
        self.clock_set_by += by

    def machine_time(self) -> datetime:
        """Our machine's clock, which may be wrong."""
        return self.now() + self.clock_set_by

    def pass_until(self, until_s: float) -> None:
        while True:
            if self.process is not None:
                self.process.loop.drive(until_s)
                self.at_s = self.process.loop.at_s
                if self.process.loop.was_cut:
                    self._buried()
                    continue
            else:
                self.at_s = min(until_s, max(self.at_s, self.agenda.next_s))
            if self.agenda.next_s > until_s:
                break
            if self.agenda.next_s <= self.at_s:
                self.do(self.agenda.take())
        self.at_s = max(self.at_s, until_s)

    def do(self, happening: Callable[[], object]) -> None:
        """Something of the world, which may touch the process between two of its steps."""
        loop = None if self.process is None else self.process.loop
        asyncio_events._set_running_loop(loop)
        try:
            happening()
        finally:
            asyncio_events._set_running_loop(None)

    # Lives

    def start(self) -> None:
        """A new process on what the last one left, if there is none."""
        if self.process is not None:
            return
        self.lives += 1
        forget(self.connection)
        loop = SimulatedLoop(self.at_s, self.agenda)
        clock = Clock(machine=self.machine_time, seconds=loop.time)
        self.discord.signed_in(clock)
        self.process = Process(
            loop,
            Hop(self.connection, before=self.before_work, after=self.after_work),
            {name: self._provider(name, clock) for name in NAMES},
            self.discord,
            self.desk,
            folder=self.folder,
            now=clock,
            seed=self.seed * 1_000 + self.lives,
            with_surge=self._with_surge,
        )

    def die(self) -> None:
        """The process ends with the step that it is taking."""
        if self.process is not None:
            self.process.loop.cut()

    def press(self, pressed: Callable[[Process], Coroutine[Any, Any, object]]) -> None:
        """What somebody starts in the process, if there is one: an interaction, or a command of its shell."""
        if self.process is not None and not self.process.is_stopping:
            self.process.loop.create_task(self._answered(pressed, self.process))

    def is_at_rest(self) -> bool:
        """Whether every job has ended, every card says so, and everything is deleted that should be."""
        if self.process is None:
            return False
        (left,) = self.connection.execute(AT_REST).fetchone()
        return bool(left == 0)

    def called_back(self, name: str, made: Made) -> bool:
        """A genuine webhook about a job; whether anybody was there to hear it."""
        if self.process is None or self.process.is_stopping:
            return False
        job_id, _, number = made.key.rpartition("-")
        ticket = Ticket(provider_job_id=made.id)
        self.press(lambda process: process.webhooks._believed(name, JobId(job_id), int(number), ticket))
        return True

    def end(self) -> None:
        """Let go of everything. Nobody looks at this world any more.

        What holds one another is taken apart, or there would be much for the garbage collector to find.
        """
        self._buried()
        for process in self._graves:
            process.loop.bury()
            _taken_apart(process)
        _taken_apart(self)

    def _provider(self, name: str, now: Callable[[], datetime]) -> SimulatedProvider:
        return SimulatedProvider(
            self.books[name],
            self.sky,
            prices=PRICES,
            time=self.time,
            now=now,
            epoch=NOON,
            finished=self._taken,
            can_cancel=name != "plain",
        )

    def _taken(self, books: Books, made: Made) -> None:
        """A provider has taken a job."""
        if not self.may_be_made(made.job_id):
            self.discord.wrongs.append(f"{made.job_id} was made, and nobody had let it pass")
        self.promised(books, made)

    def _buried(self) -> None:
        """The process is gone; what it would still do is never done."""
        if self.process is not None:
            self.faults_of_ours += [str(fault) for fault in self.process.loop.faults]
            self._graves.append(self.process)
            self.process = None

    async def _answered(
        self, pressed: Callable[[Process], Coroutine[Any, Any, object]], process: Process
    ) -> None:
        try:
            await pressed(process)
        except Refusal as refusal:
            self.refusals.append(refusal.code)
        except DiskFull as full:
            self.refusals.append(full.code)
        except Exception as fault:  # noqa: BLE001 - whatever it is, somebody pressed and got no answer
            self.faults_of_ours.append(f"{type(fault).__name__}: {fault}")


def _taken_apart(whole: object) -> None:
    for part in vars(whole).values():
        if type(part).__module__.startswith("bot.") and hasattr(part, "__dict__"):
            vars(part).clear()
    vars(whole).clear()
