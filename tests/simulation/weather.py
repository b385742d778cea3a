"""What goes wrong by a plan: calls by their time, fates of what is taken on."""

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.clock import Agenda
from tests.simulation.faults import Event, Kind, Plan
from tests.simulation.sky import Mishap


@dataclass(slots=True)
class _Window:
    """A mishap of one call: for once, or for a while."""

    event: Event
    mishap: Mishap
    used: bool = False


class Weather:
    """What goes wrong by a plan. It is `sky.Sky`.

    Args:
        die: ends the process.
        agenda: of the world.
        time: the true time, in seconds.
    """

    def __init__(
        self, plan: Plan, *, die: Callable[[], None], agenda: Agenda, time: Callable[[], float]
    ) -> None:
        self._die = die
        self._agenda = agenda
        self._time = time
        self._windows: dict[tuple[str, str], list[_Window]] = {}
        self._fates: dict[str, deque[Event]] = {}
        self.struck: Counter[tuple[str, str, Mishap]] = Counter()
        self.fates: Counter[str] = Counter()
        self._chance = random.Random(f"weather {plan.seed}")
        for event in plan.events:
            if event.kind is Kind.CALL:
                window = _Window(event, Mishap(event.what))
                self._windows.setdefault((event.where, event.call), []).append(window)
            elif event.kind is Kind.FATE:
                self._fates.setdefault(event.where, deque()).append(event)

    def mishap(self, actor: str, call: str) -> Mishap | None:
        struck = self._strikes(actor, call)
        if struck is not None:
            self.struck[actor, call, struck] += 1
        return struck

    def _strikes(self, actor: str, call: str) -> Mishap | None:
        at = self._time()
        for window in self._windows.get((actor, call), ()):
            since_s = at - window.event.at_s
            if since_s < 0:
                continue
            if not window.used:
                window.used = True
                return window.mishap
            if since_s < window.event.lasts_s and self._chance.random() < 0.7:
                return window.mishap
        return None

    def fate(self, actor: str) -> str | None:
        fates = self._fates.get(actor)
        if not fates or fates[0].at_s > self._time():
            return None
        fate = fates.popleft().what
        self.fates[fate] += 1
        return fate

    def die(self) -> None:
        self._die()

    def later(self, after_s: float, happening: Callable[[], object]) -> None:
        self._agenda.at(self._time() + after_s, happening)
