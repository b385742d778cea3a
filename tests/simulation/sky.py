"""What may go wrong between a process and the rest of the world, and the one way on which it does."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, TypeVar

from tests.simulation.clock import SimulatedLoop

T = TypeVar("T")

ROUND_TRIP_S = 0.02
PATIENCE_S = 60.0
"""After so long a caller takes silence for no answer."""
SLOW_S = 20.0
LATE_S = 240.0
"""A request that was given up may still be worked on so much later."""


class Mishap(StrEnum):
    """What goes wrong with one call. Only the first three say for certain that nothing was done."""

    UNREACHED = "unreached"  # no connection
    BUSY = "busy"  # 429
    REFUSED = "refused"  # the place, or the provider, does not take it
    REQUEST_LOST = "request lost"  # nothing is done, and nothing is heard
    ANSWER_LOST = "answer lost"  # it is done, and nothing is heard
    BROKEN = "5xx"  # nothing is done, and the answer proves nothing
    BROKEN_AFTER = "5xx after work"  # it is done, and the answer proves nothing
    LATE = "late"  # nothing is heard, and it is done some minutes later
    REPEATED = "repeated"  # something between repeats the request, and the second answer is heard
    SLOW = "slow"  # it is done, after a while
    LIE = "lie"  # an answer that no document describes, or a file that is no clip
    FULL = "disk full"
    TOO_LARGE = "too large"
    DIE_BEFORE = "killed before"
    DIE_AFTER = "killed after"


class WentWrong(Exception):
    """What the caller gets instead of an answer."""

    def __init__(self, mishap: Mishap) -> None:
        super().__init__(mishap)
        self.mishap = mishap


class Sky(Protocol):
    """Says what goes wrong, and ends the process where that is its end."""

    def mishap(self, actor: str, call: str) -> Mishap | None:
        """What goes wrong with this call, which is about to be made."""

    def fate(self, actor: str) -> str | None:
        """What becomes of what this actor has just taken on; None: all is well."""

    def die(self) -> None:
        """The process ends here."""

    def later(self, after_s: float, happening: Callable[[], object]) -> None:
        """Have this happen in the world, whoever is alive then."""


async def across(
    sky: Sky, actor: str, call: str, work: Callable[[], T], *, trip_s: float = ROUND_TRIP_S
) -> T:
    """Have an actor of the world do some work, and bring the answer back.

    Raises:
        WentWrong: what of it was done, nobody here knows.
    """
    mishap = sky.mishap(actor, call)
    await _pause(trip_s)
    match mishap:
        case None:
            done = work()
            await _pause(trip_s)
            return done
        case Mishap.DIE_BEFORE:
            await dead(sky)
        case Mishap.REQUEST_LOST:
            await _pause(PATIENCE_S)
        case Mishap.LATE:
            sky.later(LATE_S, work)
            await _pause(PATIENCE_S)
        case Mishap.REPEATED:
            work()
            done = work()
            await _pause(trip_s)
            return done
        case Mishap.SLOW:
            await _pause(SLOW_S)
            done = work()
            await _pause(SLOW_S)
            return done
        case Mishap.ANSWER_LOST:
            work()
            await _pause(PATIENCE_S)
        case Mishap.BROKEN_AFTER:
            work()
        case Mishap.DIE_AFTER:
            work()
            await dead(sky)
        case _:
            pass
    raise WentWrong(mishap)


def _pause(seconds: float) -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    return loop.pause(seconds)


async def dead(sky: Sky) -> None:
    """The process ends here: nothing of it runs on, not even what it would do at its end."""
    sky.die()
    await asyncio.get_running_loop().create_future()
