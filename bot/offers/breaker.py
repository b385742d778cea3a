"""A circuit breaker: after repeated failures it lets nothing through for a while, then one probe. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Circuit(StrEnum):
    """What a breaker lets through: all, nothing, or one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """How soon a breaker opens, and for how long: twice as long each time that a probe fails, to `most_s`."""

    failures_max: int
    first_s: float
    most_s: float


class Breaker:
    """Counts failures in a row. Every method is told the time, in seconds of one steady clock.

    Whoever is let through by `admits` says so with `begin`, and how it ended with `worked` or `failed`.
    """

    def __init__(self, temper: Temper) -> None:
        self._temper = temper
        self._failures = 0
        self._opened = 0
        self._until: float | None = None
        self._probing = False

    def circuit(self, now: float) -> Circuit:
        if self._until is None:
            return Circuit.CLOSED
        return Circuit.OPEN if now < self._until else Circuit.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Whether another may go through now."""
        match self.circuit(now):
            case Circuit.CLOSED:
                return True
            case Circuit.OPEN:
                return False
            case Circuit.HALF_OPEN:
                return not self._probing

    def again_s(self, now: float) -> float:
        """How long it stays open, so far as is known; zero while it is closed or a probe may go."""
        return 0.0 if self._until is None else max(0.0, self._until - now)

    def begin(self, now: float) -> None:
        """One goes through: the probe, where the circuit is half open."""
        self._probing = self.circuit(now) is Circuit.HALF_OPEN

    def worked(self, now: float) -> bool:
        """It went well: all is forgotten. Returns whether this closed the circuit.

        What was on its way when the circuit opened proves nothing about what comes after it.
        """
        before = self.circuit(now)
        if before is Circuit.OPEN:
            return False
        self._failures = self._opened = 0
        self._until = None
        self._probing = False
        return before is Circuit.HALF_OPEN

    def failed(self, now: float, *, wait_s: float = 0.0) -> bool:
        """It failed, and is to be left alone for at least `wait_s`. Returns whether this opened the circuit.

        Those that were on their way when it opened fail without opening it for longer.
        """
        before = self.circuit(now)
        self._failures += 1
        if before is Circuit.OPEN:
            self._until = max(self._until or 0.0, now + wait_s)
            return False
        if before is Circuit.HALF_OPEN or self._failures >= self._temper.failures_max:
            self._open(now, wait_s)
            return before is Circuit.CLOSED
        if wait_s > 0:
            self._until = now + wait_s
            return True
        return False

    def trip(self, now: float) -> bool:
        """Open at once, whatever was before. Returns whether this opened it."""
        opened = self.circuit(now) is Circuit.CLOSED
        if self.circuit(now) is not Circuit.OPEN:
            self._open(now, 0.0)
        return opened

    def abandoned(self) -> None:
        """A probe came back with no word about what this breaker guards: another may go."""
        self._probing = False

    def suspect(self, now: float) -> None:
        """What an earlier process left failing: one probe may go, and nothing else before it came back."""
        self._until = now
        self._probing = False

    def _open(self, now: float, wait_s: float) -> None:
        lasts_s = min(self._temper.most_s, self._temper.first_s * 2.0 ** min(self._opened, 30))
        self._until = now + max(lasts_s, wait_s)
        self._opened += 1
        self._probing = False
