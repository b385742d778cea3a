"""How long each state of a job is waited for, and how the waits in between are spread."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

QUEUED_MAX = timedelta(hours=1)
HELD_BACK_MAX = timedelta(hours=24)
"""A queued job waits so long for whoever has stopped what it is of: the operator, or moderators."""
RUNNING_MAX = timedelta(minutes=60)
"""Past it we ask the provider to stop. It is no verdict: only the provider's word ends the job."""
OVERDUE_MAX = timedelta(hours=24)
"""A job that is said to be on its way so long after it was sent no longer binds its member's money."""
KNOWN_AFTER = timedelta(minutes=2)
"""A provider may need so long until its own answers know a job that it has just taken."""
SILENT_MAX = timedelta(hours=6)
FETCHING_MAX = timedelta(hours=24)
POSTING_MAX = timedelta(hours=24)
HOUSE_AFTER = timedelta(hours=24)
"""An uncertain job of this age no longer binds its member's money; the house carries it."""
CARD_FIRST = timedelta(seconds=30)
"""A clip waits so long for its card, to reply to it."""

TRIED_FOR = timedelta(minutes=10)
"""However old a row is: a process that was away gives nothing up before it has tried for so long itself."""


class Patience:
    """The limits in time by the process's own clock.

    Args:
        now: the clock; the process begins to try when this is made, or with `begin`.
        dice: spreads what would else come together.
    """

    def __init__(self, *, now: Callable[[], datetime], dice: random.Random) -> None:
        self._now = now
        self._dice = dice
        self._began_at = now()

    def begin(self) -> None:
        """Jobs are looked at from now on; by now Discord may have set the clock."""
        self._began_at = self._now()

    def is_over(self, since: datetime, limit: timedelta) -> bool:
        """Whether something has been tried for longer than `limit`, and for a while in this process."""
        at = self._now()
        return at - since > limit and at - self._began_at > TRIED_FOR

    def growing_s(self, since: datetime, *, most_s: float) -> float:
        """The wait before another try: a quarter of the time since it first went wrong, 2 s at least."""
        age_s = (self._now() - since).total_seconds()
        return self.about_s(min(most_s, max(2.0, age_s / 4)))

    def about_s(self, seconds: float) -> float:
        """Up to a tenth more or less."""
        return seconds * self._dice.uniform(0.9, 1.1)
