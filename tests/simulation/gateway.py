"""The way of presses to the bot, which is broken off now and then."""

from collections import deque
from collections.abc import Callable
from functools import partial

from tests.simulation.clock import Agenda
from tests.simulation.faults import Event, Kind

PRESSES = frozenset({Kind.ORDER, Kind.CANCEL, Kind.DELETE, Kind.DECISION})

ACKNOWLEDGED_WITHIN_S = 3.0
"""An interaction that is older cannot be acknowledged any more, and does nothing."""

UNHEARD_S = 1.0
"""What Discord sent so shortly before it lost us it sends again when the session is resumed."""


class Gateway:
    """Lets presses through, but not while it is down.

    A session that is resumed brings what was missed, and the last press before that once more; a new one does
    not. Orders know a press that comes twice by its id; other presses are done twice.

    Args:
        agenda: of the world.
        time: the true time, in seconds.
        bring: lets a press happen.
    """

    def __init__(self, agenda: Agenda, time: Callable[[], float], bring: Callable[[Event], None]) -> None:
        self._agenda = agenda
        self._time = time
        self._bring = bring
        self._up_s = 0.0
        self._resumes = False
        self._last: deque[tuple[float, Event]] = deque(maxlen=1)

    def drop(self, event: Event) -> None:
        """It breaks off for as long as the event lasts."""
        at = self._time()
        if at < self._up_s:
            return
        self._up_s, self._resumes = at + event.lasts_s, event.what == "resumed"
        if self._resumes and self._last and at - self._last[0][0] < UNHEARD_S:
            self._agenda.at(self._up_s, partial(self._bring, self._last.pop()[1]))

    def brings(self, event: Event) -> bool:
        """Whether a press arrives now; if not it may later."""
        at = self._time()
        if at >= self._up_s:
            self._last.append((at, event))
            return True
        if self._resumes and self._up_s - at < ACKNOWLEDGED_WITHIN_S:
            self._agenda.at(self._up_s, partial(self._bring, event))
        return False
