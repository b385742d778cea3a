"""One world from its plan to a verdict, many of them, and the fewest things that still go wrong."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.books import every_job
from tests.simulation.checks import wrongs
from tests.simulation.drama import Drama, world_of
from tests.simulation.faults import Plan, draw
from tests.simulation.scene import Scene
from tests.simulation.weather import Weather

IN_MEMORY = Path("/dev/shm")
"""Where there is such a folder its files are in memory, and clips cost no disk."""


COLLECT_EVERY = 25
"""Worlds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a world."""

    plan: Plan
    wrongs: tuple[str, ...]
    jobs: int
    lives: int
    states: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Tally:
    """What came of many."""

    worlds: int = 0
    jobs: int = 0
    lives: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    bad: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.worlds += 1
        self.jobs += outcome.jobs
        self.lives += outcome.lives
        self.faults += outcome.plan.faults
        self.states += outcome.states
        self.struck += outcome.struck
        if outcome.wrongs:
            self.bad.append(outcome)


@contextmanager
def uncounted_tasks() -> Iterator[None]:
    """asyncio keeps a list of all tasks, in Python, of which nobody asks here: a loop of ours has its own."""
    every: Any = asyncio.tasks._all_tasks  # type: ignore[attr-defined]
    every.add = id
    try:
        yield
    finally:
        del every.add


@contextmanager
def scene() -> Iterator[Scene]:
    """A place for worlds, with logs off: they are full of what went wrong."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    kept = TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
    with kept as folder, uncounted_tasks():
        made = Scene(Path(folder))
        try:
            yield made
        finally:
            made.close()
            logging.disable(level)


@contextmanager
def swept_now_and_then() -> Iterator[Callable[[], None]]:
    """Garbage is collected every so many worlds, of which each is told; else it is looked for always."""
    worlds = 0

    def sweep() -> None:
        nonlocal worlds
        worlds += 1
        if worlds % COLLECT_EVERY == 0:
            gc.collect()

    gc.freeze()
    gc.disable()
    try:
        yield sweep
    finally:
        gc.enable()
        gc.unfreeze()


def outcome(made: Scene, plan: Plan) -> Outcome:
    """Play a world to its end and look at it."""
    world = world_of(made, plan)
    try:
        Drama(world, plan).run()
        every = every_job(made.connection)
        found = wrongs(world, every)
    except Exception as fault:  # noqa: BLE001 - whatever it is, this seed found it
        found = [f"{type(fault).__name__}: {fault}"]
        every = every_job(made.connection)
    weather = world.sky
    assert isinstance(weather, Weather)
    struck = weather.fates + Counter(mishap.value for _, _, mishap in weather.struck.elements())
    done = Outcome(
        plan=plan,
        wrongs=tuple(found),
        jobs=len(every),
        lives=world.lives,
        states=Counter(job.state.value for job in every),
        struck=struck,
    )
    world.end()
    return done


def play(seeds: Iterable[int], *, until: Callable[[Tally], bool] | None = None) -> Tally:
    """The worlds of these seeds, until it is enough."""
    tally = Tally()
    with scene() as made, swept_now_and_then() as sweep:
        for seed in seeds:
            tally.add(outcome(made, draw(seed)))
            sweep()
            if until is not None and until(tally):
                break
    return tally


def shrunk(made: Scene, plan: Plan) -> tuple[list[int], Outcome]:
    """The places of the fewest events with which something still goes wrong, and what then does."""
    kept = list(range(len(plan.events)))
    last = outcome(made, plan)
    assert last.wrongs, "nothing is wrong with this world"
    size = max(1, len(kept) // 2)
    while size:
        smaller = False
        for start in range(0, len(kept), size):
            fewer = kept[:start] + kept[start + size :]
            tried = outcome(made, plan.only(fewer))
            if tried.wrongs:
                kept, last, smaller = fewer, tried, True
                break
        if not smaller:
            size //= 2
    return kept, last


def told(kept: list[int], whole: Plan, last: Outcome) -> str:
    """A failure in words, with the command that replays it."""
    command = f"make simulate SEED={whole.seed} KEEP={','.join(map(str, kept))}"
    happened = "\n".join(f"  {event}" for event in last.plan.events)
    return f"seed {whole.seed}: {'; '.join(last.wrongs)}\n{happened}\nreplay: {command}"
