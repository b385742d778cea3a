"""What time it is: by this machine at first, by Discord where the two differ, carried on by a steady clock.

Limits in time decide about money and clips, and a machine's clock may be wrong, or jump by a day while jobs
run: a server of time that was found at last, a hand that slipped. No limit moves with it.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

log = logging.getLogger(__name__)

CLOSE = timedelta(seconds=30)
"""A time that is so near is as good as ours: Discord's has whole seconds, and its answer takes a while."""

_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def machine_time() -> datetime:
    """What this machine's clock says, right or wrong."""
    return datetime.now(UTC)


def steady_s() -> float:
    """Seconds that nobody can set; where the system counts them, also those in which the machine slept."""
    return time.clock_gettime(_STEADY)


class Clock:
    """Called, it says what time it is. Everything that writes or compares times has this as its `now`.

    Args:
        machine: this machine's clock, which is believed once, here, and where Discord's agrees.
        seconds: a steady clock.
    """

    def __init__(self, *, machine: Callable[[], datetime], seconds: Callable[[], float]) -> None:
        self.machine = machine
        self._seconds = seconds
        self._at, self._at_s = machine(), seconds()
        self._is_sure = False
        self._doubt: timedelta | None = None

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=self._seconds() - self._at_s)

    def heard(self, said: datetime) -> None:
        """Discord has just said what time it is.

        Its first word counts at once: nothing has been decided before we signed in. Later, one that differs
        counts with the next that differs by as much: a single answer may have lain somewhere.
        """
        off = said - self()
        doubt, self._doubt = self._doubt, None
        if abs(off) >= CLOSE:
            if self._is_sure and (doubt is None or abs(off - doubt) >= CLOSE):
                self._doubt = off
                return
            machine = self.machine()
            self._at = machine if abs(machine - said) < CLOSE else said
            self._at_s = self._seconds()
            log.warning("set by %.0f s to Discord's time", off.total_seconds(), extra={"code": "time_set"})
        self._is_sure = True
