"""How often each provider is asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Job
from bot.reach import provider_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a provider is asked: after `first_s`, then `factor` times as long each time, to `cap_s`."""

    first_s: float = 2.0
    factor: float = 1.5
    cap_s: float = 15.0

    def after(self, asks: int) -> float:
        """Seconds to wait after so many questions about one job."""
        return min(self.cap_s, self.first_s * self.factor ** min(asks, 50))


def pace_for(job: Job, paces: Mapping[str, Pace]) -> Pace:
    """The pace of the job's provider; the default one where none is set for it."""
    return paces.get(provider_of(job), Pace())
