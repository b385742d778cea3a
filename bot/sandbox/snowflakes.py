"""Discord's ids: a time in milliseconds, and a count so that no two are the same."""

from collections.abc import Callable
from datetime import datetime

# The first millisecond of 2015 (docs: reference, "Snowflakes").
EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Hands out ids that rise, even when the clock stands still or falls back."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        at = (int(self._now().timestamp() * 1000) - EPOCH_MS) << 22
        self._last = max(at, self._last + 1)
        return self._last
