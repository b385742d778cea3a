"""How much each provider's key may do: jobs at once, and submissions a minute. Whoever must wait, waits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from bot.domain import JobId
from bot.offers.rows import ProviderRow

FOR_A_PLACE_S = 30.0
"""Who waits for a place is woken when one is free; it looks by itself only in case that was missed."""

SOON_S = 0.02
"""A turn so near has come: the worker looks at what is due a little early, and would look again at once."""

LATE_S = 1.0
"""A turn that was missed by more than this is gone: else all that were missed would be taken at once."""


@dataclass(slots=True)
class _Key:
    limits: ProviderRow
    inside: set[JobId] = field(default_factory=set)
    waiting: dict[JobId, None] = field(default_factory=dict)
    turns: dict[JobId, float] = field(default_factory=dict)
    next_turn: float = 0.0


class Throttle:
    """Who is inside and who waits, by provider, in memory; a new process is told by `inside` who was.

    Args:
        limits: the providers that have some; all others have none.
        clock: seconds of a steady clock.
    """

    def __init__(self, limits: Iterable[ProviderRow], *, clock: Callable[[], float]) -> None:
        self._keys = {row.id: _Key(row) for row in limits}
        self._clock = clock

    def inside(self, provider: str, job_id: JobId) -> None:
        """A job that the provider has, from before."""
        if (key := self._keys.get(provider)) is not None:
            key.inside.add(job_id)

    def enter(self, provider: str, job_id: JobId) -> float:
        """Zero where the job may be submitted now (and has its place), else the seconds to the next try.

        Who comes first is let in first.
        """
        key = self._keys.get(provider)
        if key is None:
            return 0.0
        at_once, a_minute = key.limits.jobs_at_once, key.limits.submissions_per_minute
        if at_once is not None and job_id not in key.inside:
            key.waiting.setdefault(job_id)
            if job_id not in islice(key.waiting, max(0, at_once - len(key.inside))):
                return FOR_A_PLACE_S
            del key.waiting[job_id]
            key.inside.add(job_id)
        return 0.0 if a_minute is None else self._turn(key, job_id, 60.0 / a_minute)

    def leave(self, job_id: JobId, *, but: str = "") -> list[JobId]:
        """The job gives up its places and turns, `but` for those at one provider; returns whom to wake."""
        woken: list[JobId] = []
        for provider, key in self._keys.items():
            if provider == but:
                continue
            key.turns.pop(job_id, None)
            key.waiting.pop(job_id, None)
            key.inside.discard(job_id)
            if key.limits.jobs_at_once is not None and key.waiting:
                woken += islice(key.waiting, max(0, key.limits.jobs_at_once - len(key.inside)))
        return woken

    def _turn(self, key: _Key, job_id: JobId, apart_s: float) -> float:
        now = self._clock()
        turn = key.turns.get(job_id)
        if turn is None or now - turn > LATE_S:
            turn = key.turns[job_id] = max(now, key.next_turn)
            key.next_turn = turn + apart_s
        if turn - now > SOON_S:
            return turn - now
        del key.turns[job_id]
        return 0.0
