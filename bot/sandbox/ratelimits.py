"""Rate limits by route and place, told in Discord's headers (docs: topics/rate-limits)."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.errors import Json

# Windows that are kept before those that have ended are swept out.
WINDOWS_MAX = 4096
INVALID = (401, 403, 429)


@dataclass(frozen=True, slots=True)
class Rate:
    """`limit` requests in every `seconds`."""

    limit: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What is allowed: by bucket, for buckets not named, and for all of a bot's requests together."""

    default: Rate
    overall: Rate
    # Answers of 401, 403 and 429, after which the proxy in front of Discord shuts a bot out.
    invalid: Rate = Rate(10_000, 600.0)
    buckets: dict[str, Rate] = field(default_factory=dict)

    def of(self, bucket: str) -> Rate:
        return self.buckets.get(bucket, self.default)


# Discord keeps its numbers to itself and says to read the headers. These are the global limit that it
# documents (50 a second), the example of its documentation (5 in 5 s for messages), and values that
# people have read from the headers.
DOCUMENTED = Rates(
    default=Rate(50, 10.0),
    overall=Rate(50, 1.0),
    buckets={
        "message-create": Rate(5, 5.0),
        "message-edit": Rate(5, 5.0),
        "message-delete": Rate(5, 1.0),
        "reaction": Rate(1, 0.25),
        "typing": Rate(5, 5.0),
        "webhook": Rate(5, 2.0),
        "commands": Rate(5, 20.0),
        "old-edit": Rate(30, 60.0),
    },
)
# For load and demos: the headers are there, the limits are out of the way.
GENEROUS = Rates(default=Rate(2000, 1.0), overall=Rate(100_000, 1.0))


class RateLimits:
    """Counts requests in fixed windows; `clock` gives seconds that only rise."""

    def __init__(self, rates: Rates, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rates = rates
        self._clock = clock
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._names: dict[str, str] = {}

    def count(self, bucket: str, place: str, *, overall: bool) -> "Verdict":
        """Count a request against its bucket at `place` (the major parameter), and against the overall limit.

        Interactions and webhooks are outside the overall limit (docs: topics/rate-limits).
        """
        now = self._clock()
        if overall:
            verdict = self._take("", "", self.rates.overall, now)
            if verdict.refused:
                verdict.is_global = True
                return verdict
        return self._take(bucket, place, self.rates.of(bucket), now)

    def note_answer(self, status: int) -> None:
        """Count an answer that a bot should not have provoked."""
        if status in INVALID:
            self._take("invalid", "", self.rates.invalid, self._clock())

    def shut_out(self) -> float:
        """For how many seconds more the bot is banned for its invalid requests; 0 when it is not."""
        ends, used = self._windows.get(("invalid", ""), (0.0, 0))
        return max(0.0, ends - self._clock()) if used >= self.rates.invalid.limit else 0.0

    def _take(self, bucket: str, place: str, rate: Rate, now: float) -> "Verdict":
        key = (bucket, place)
        ends, used = self._windows.get(key, (0.0, 0))
        if now >= ends:
            ends, used = now + rate.seconds, 0
            if len(self._windows) >= WINDOWS_MAX:
                self._windows = {one: window for one, window in self._windows.items() if window[0] > now}
        refused = used >= rate.limit
        if not refused:
            used += 1
            self._windows[key] = (ends, used)
        return Verdict(self._name(bucket), rate.limit, rate.limit - used, ends - now, refused)

    def _name(self, bucket: str) -> str:
        name = self._names.get(bucket)
        if name is None:
            name = self._names[bucket] = hashlib.blake2s(bucket.encode(), digest_size=16).hexdigest()
        return name


@dataclass(slots=True)
class Verdict:
    """Where a bucket stands after a request; times in seconds."""

    bucket: str
    limit: int
    remaining: int
    reset_after: float
    refused: bool
    is_global: bool = False

    def headers(self) -> dict[str, str]:
        after = f"{self.reset_after:.3f}"
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": f"{time.time() + self.reset_after:.3f}",
            "X-RateLimit-Reset-After": after,
            "X-RateLimit-Bucket": self.bucket,
        }


def refusal_body(retry_after: float, *, is_global: bool) -> Json:
    return {
        "message": "You are being rate limited.",
        "retry_after": round(retry_after, 3),
        "global": is_global,
    }


def refusal_headers(retry_after: float, *, is_global: bool) -> dict[str, str]:
    """What a 429 carries. Without `Via` a client takes it for a ban by the proxy in front of Discord."""
    headers = {
        "Via": "1.1 sandbox",
        "Retry-After": str(max(1, round(retry_after))),
        "X-RateLimit-Scope": "global" if is_global else "user",
    }
    if is_global:
        headers["X-RateLimit-Global"] = "true"
    return headers
