"""How often a classifier is asked: so many times a minute, and not at all for a while after it failed."""

from collections.abc import Callable

from bot.errors import ProviderBusy


class Pacing:
    """Turns, evenly spread, with a tenth of a minute's at once.

    Args:
        per_minute: so many turns.
        wait_s_max: nobody waits longer than that.
        clock: seconds that only grow.
    """

    def __init__(self, *, per_minute: int, wait_s_max: float, clock: Callable[[], float]) -> None:
        self._apart_s = 60 / per_minute
        self._at_once_s = self._apart_s * max(0, per_minute // 10 - 1)
        self._wait_s_max = wait_s_max
        self._clock = clock
        self._next = float("-inf")
        self._shut_until = float("-inf")

    def turn_s(self) -> float:
        """Take the next turn: in so many seconds it is ours.

        Raises:
            ProviderBusy: that would be too long.
        """
        now = self._clock()
        if self._shut_until - now > self._wait_s_max:
            raise ProviderBusy(f"not asked: it failed, and is asked again in {self._shut_until - now:.0f} s")
        at = max(self._next, now - self._at_once_s, self._shut_until)
        if at - now > self._wait_s_max:
            raise ProviderBusy(
                f"not asked: {1 / self._apart_s * 60:.0f} a minute are too few for what is ordered"
            )
        self._next = at + self._apart_s
        return max(0.0, at - now)

    def shut(self, for_s: float) -> None:
        """Let nobody ask for a while."""
        self._shut_until = max(self._shut_until, self._clock() + for_s)
