"""How often each provider is asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a provider is asked about a job of whose kind nothing has been learned yet.

    After `first_s`, then `factor` times as long each time, to `cap_s`. `at_once` is how many questions it is
    asked together: of 5,000 a second, so many are under way where an answer takes 40 ms.
    """

    first_s: float = 2.0
    factor: float = 1.5
    cap_s: float = 15.0
    at_once: int = 192

    def after(self, age_s: float) -> float:
        """Seconds to wait when a job is so old.

        The waits that grow by `factor` add up to the age, so no count of questions is kept, and a job that
        is found at start-up is asked for as rarely as its age says.
        """
        return min(self.cap_s, self.first_s + max(0.0, age_s) * (self.factor - 1))
