"""Every schedule of up to so many faults of one job: at each call, and on both sides of each commit.

A fault is a kill (and the process away for seconds, or for an hour), a request that is lost, or an answer
that is. A schedule is the places of its faults among all the points that the job comes by, and what happens
there. Each is played once, by the real code; those with one fault more strike where it came by later.
"""

from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from bot.ordering.asked import Asked
from storage import verdicts
from storage.database import _run_batch
from tests.simulation.checks import wrongs
from tests.simulation.drama import judged
from tests.simulation.process import Process
from tests.simulation.runs import swept_now_and_then
from tests.simulation.scene import GUILD, Scene
from tests.simulation.sky import Mishap, dead
from tests.simulation.world import World

AWAY_S = (5.0, 3_600.0)
PATIENCE_S = 600.0
"""After which a person looks into what is uncertain."""

ALIKE_MAX = 3
"""The same call is offered so many faults; further calls of a job that waits are like those before."""

ENDS_WITHIN_S = 4 * 86_400.0

_JOB = "SELECT coalesce(sum(rev), 0), count(*), coalesce(sum(clip_tried_at), 0) FROM jobs"


class Fault(NamedTuple):
    """What happens at a point."""

    mishap: Mishap
    away_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.mishap}" + (f", away for {self.away_s:.0f} s" if self.away_s else "")


Schedule = tuple[tuple[int, Fault], ...]

_KILLS = tuple(Fault(Mishap.DIE_AFTER, away_s) for away_s in AWAY_S)
_LOST = (Fault(Mishap.REQUEST_LOST), Fault(Mishap.ANSWER_LOST))
_SIDES = tuple(Fault(Mishap.DIE_BEFORE, away_s) for away_s in AWAY_S)


@dataclass(slots=True)
class Point:
    """One place at which something may go wrong. `of_job` says that it is on the job's own way, no card's."""

    name: str
    faults: tuple[Fault, ...]
    of_job: bool


class Script:
    """What goes wrong by a schedule, and a list of the points that were passed. It is `sky.Sky`."""

    def __init__(self, world: World, schedule: Schedule) -> None:
        self.points: list[Point] = []
        self._world = world
        self._faults = dict(schedule)
        self._seen: Counter[str] = Counter()
        self._before: Point | None = None
        self._rows = (0, 0, 0)
        world.before_work = self._before_work
        world.after_work = self._after_work

    def mishap(self, actor: str, call: str) -> Mishap | None:
        name = f"{actor}: {call}"
        self._seen[name] += 1
        if self._seen[name] > ALIKE_MAX:
            return None
        point = Point(name, (*_LOST, *_KILLS), of_job="card" not in call)
        fault = self._at(point)
        return None if fault is None else fault.mishap

    def fate(self, actor: str) -> str | None:
        del actor
        return None

    def die(self) -> None:
        self._world.die()

    def later(self, after_s: float, happening: Any) -> None:
        self._world.agenda.at(self._world.time() + after_s, happening)

    def _at(self, point: Point) -> Fault | None:
        fault = self._faults.get(len(self.points))
        self.points.append(point)
        if fault is not None and fault.away_s:
            self._world.agenda.at(self._world.time() + fault.away_s, self._world.start)
        return fault

    def _before_work(self, work: Any) -> Coroutine[Any, Any, None] | None:
        if getattr(work, "func", None) is not _run_batch:
            return None
        self._before = Point("before a commit", _SIDES, of_job=False)
        return None if self._at(self._before) is None else dead(self)

    def _after_work(self, work: Any) -> Coroutine[Any, Any, None] | None:
        if self._before is None or getattr(work, "func", None) is not _run_batch:
            return None
        rows = tuple(self._world.connection.execute(_JOB).fetchone())
        self._before.of_job = rows != self._rows
        self._rows = rows
        return (
            None
            if self._at(Point("after a commit", _SIDES, of_job=self._before.of_job)) is None
            else dead(self)
        )


@dataclass(slots=True)
class Walked:
    """What came of the schedules of one kind of provider."""

    schedules: Counter[int] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    bad: list[tuple[Schedule, list[str]]] = field(default_factory=list)


def played(scene: Scene, model: str, schedule: Schedule) -> tuple[list[Point], list[str], list[str], int]:
    """One schedule: the points it came by, what is wrong, how the job ended, how many processes."""
    scripts: list[Script] = []

    def sky(world: World) -> Script:
        scripts.append(Script(world, schedule))
        return scripts[0]

    world = World(scene, sky, seed=1)
    found, ended = _to_its_end(world, model)
    lives = world.lives
    world.end()
    return scripts[0].points, found, ended, lives


def cut_at(scene: Scene, model: str, step: int) -> tuple[bool, list[str], list[str]]:
    """The process dies after so many of its steps, wherever that is, and comes back some seconds later.

    Returns whether it died before the job had ended, what is wrong, and how the job ended.
    """
    world = World(scene, lambda world: Script(world, ()), seed=1)
    world.start()
    assert world.process is not None
    world.process.loop.cut_at_step = step
    for at_s in range(5, 60, 5):
        world.agenda.at(at_s, world.start)
    found, ended = _to_its_end(world, model)
    lives = world.lives
    world.end()
    return lives > 1, found, ended


def _to_its_end(world: World, model: str) -> tuple[list[str], list[str]]:
    """Order one job and let it come to rest: what is wrong then, and how it ended."""
    try:
        world.start()
        world.agenda.at(1.0, lambda: world.press(partial(_order, model)))
        world.pass_until(20.0)
        wait_s = 30.0
        while not world.is_at_rest() and world.time() < ENDS_WITHIN_S:
            for case in verdicts.uncertain(world.connection):
                if (world.now() - case.since).total_seconds() > PATIENCE_S:
                    world.press(
                        partial(Process.settle, case=judged(world, case.job_id, has_ticket=case.has_ticket))
                    )
            world.pass_until(world.time() + wait_s)
            wait_s = min(wait_s * 2, 1_800.0)
        found = wrongs(world)
    except Exception as fault:  # noqa: BLE001 - whatever it is, this schedule found it
        found = [f"{type(fault).__name__}: {fault}"]
    return found, [row[0] for row in world.connection.execute("SELECT state FROM jobs")]


async def _order(model: str, process: Process) -> None:
    asked = Asked(guild_id=GUILD, user_id=1002, channel_id=30, interaction_id=1, prompt="a boat", model=model)
    await process.orders.order(asked, await process.orders.propose(asked))


def every(
    scene: Scene, model: str, *, deep: int, with_cards: bool, away_s: Sequence[float] = AWAY_S
) -> Walked:
    """Play every schedule of up to `deep` faults.

    Args:
        scene: where.
        model: the model, which is its provider's kind.
        deep: how many faults, at most.
        with_cards: whether faults also strike what belongs to the order's card alone.
        away_s: for how long a process that was killed may be away.
    """
    walked = Walked()
    left: list[Schedule] = [()]
    with swept_now_and_then() as sweep:
        while left:
            schedule = left.pop()
            points, found, ended, lives = played(scene, model, schedule)
            sweep()
            walked.schedules[len(schedule)] += 1
            walked.states.update(ended or ["nothing was ordered"])
            walked.lives += lives
            if found:
                walked.bad.append((schedule, found))
            if len(schedule) == deep:
                continue
            first = schedule[-1][0] + 1 if schedule else 0
            left += [
                (*schedule, (place, fault))
                for place, point in enumerate(points)
                if place >= first and (with_cards or point.of_job)
                for fault in point.faults
                if not fault.away_s or fault.away_s in away_s
            ]
    return walked


def told(scene: Scene, model: str, schedule: Schedule, found: list[str]) -> str:
    """A schedule that went wrong, in words."""
    points, *_ = played(scene, model, schedule)
    happened = "\n".join(f"  at point {place} ({points[place].name}): {fault}" for place, fault in schedule)
    return f"{model}: {'; '.join(found)}\n{happened}"
