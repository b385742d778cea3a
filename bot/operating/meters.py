"""What this process counts while it runs: providers' calls, deliveries, Discord's answers, the loop's lag."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace

import aiohttp

from bot.operating.exposition import Counter, Family, Histogram, gauge

LAG_EVERY_S = 0.5
LAG_BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

IDENTIFIES_FIRST_S = 30.0
IDENTIFIES_EVERY_S = 600.0

INVALID = {401, 403, 429}
"""Ten thousand of these within ten minutes shut the whole machine out (docs: topics/rate-limits)."""


class Meters:
    """The counters. They begin anew with the process, which Prometheus' `rate` knows how to read."""

    def __init__(self) -> None:
        self.calls = Counter(
            "dailies_provider_calls_total",
            "Calls of providers by what came of them; those of a job have its offer.",
            ("provider", "offer", "call", "outcome"),
        )
        self.call_seconds = Histogram(
            "dailies_provider_call_seconds",
            "How long calls of providers take.",
            ("provider", "offer", "call"),
        )
        self.deliveries = Counter(
            "dailies_deliveries_total",
            "Clips by the place that took them, and as what they went there.",
            ("route", "form"),
        )
        self.discord_answers = Counter(
            "dailies_discord_answers_total", "Answers of Discord's API by their status.", ("status",)
        )
        self.rate_limited = Counter(
            "dailies_discord_rate_limited_total", "429s of Discord's API by their scope.", ("scope",)
        )
        self.invalid_requests = Counter(
            "dailies_discord_invalid_requests_total",
            "Answers 401, 403 and 429 (but for shared limits), of which Discord allows 10,000 in 10 minutes.",
        )
        self.lag = Histogram(
            "dailies_event_loop_lag_seconds",
            "How much later than asked for the event loop came back.",
            bounds=LAG_BOUNDS,
        )
        self.identifies_left: int | None = None
        self.clock_off_s: float | None = None
        """By how much this machine's clock is ahead of Discord's, at its last answer."""
        self.lag_s = 0.0
        """The last that was measured."""

    def families(self) -> Iterator[Family]:
        """All that was counted."""
        for counted in (
            self.calls,
            self.call_seconds,
            self.deliveries,
            self.discord_answers,
            self.rate_limited,
            self.invalid_requests,
            self.lag,
        ):
            yield counted.family()
        if self.identifies_left is not None:
            yield gauge(
                "dailies_gateway_identifies_left",
                "Sessions that may still be started within the day.",
                [({}, self.identifies_left)],
            )
        if self.clock_off_s is not None:
            yield gauge(
                "dailies_clock_ahead_seconds",
                "By how much this machine's clock is ahead of Discord's; below zero where it is behind.",
                [({}, self.clock_off_s)],
            )

    def delivered(self, route: str, form: str) -> None:
        """A clip went somewhere."""
        self.deliveries.add(route, form)

    def discord_trace(self) -> aiohttp.TraceConfig:
        """Counts the answers of a session to Discord."""

        async def ended(
            _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
        ) -> None:
            self.discord_answered(end.response.status, end.response.headers.get("X-RateLimit-Scope", ""))

        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(ended)
        return trace

    def discord_answered(self, status: int, scope: str) -> None:
        """One answer. A shared limit is no fault of ours and does not count as invalid (docs, as above)."""
        self.discord_answers.add(str(status))
        if status == 429:
            self.rate_limited.add(scope if scope in ("user", "global", "shared") else "unknown")
        if status in INVALID and scope != "shared":
            self.invalid_requests.add()

    async def watch_identifies(
        self,
        sessions_left: Callable[[], Awaitable[int | None]],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask Discord from time to time how many sessions are left, until cancelled."""
        await pause(IDENTIFIES_FIRST_S)
        while True:
            left = await sessions_left()
            self.identifies_left = self.identifies_left if left is None else left
            await pause(IDENTIFIES_EVERY_S)

    async def watch_lag(self) -> None:
        """Measure the loop's lag until cancelled."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(LAG_EVERY_S)
            self.lag_s = max(0.0, time.monotonic() - began - LAG_EVERY_S)
            self.lag.observe(self.lag_s)
