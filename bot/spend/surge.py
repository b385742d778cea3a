"""The breaker on the rate of spending: far more money within an hour than is usual stops paid submissions.

What counts is what the book says of paid providers: holds that are open, and what was billed for those that
were captured, by the hour in which they were placed. Studio and free offers are neither counted nor stopped.
A stop is a row, so it outlives the process; a person ends it.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median_low

from bot.domain import NOTHING_MICROS, FaultKind, Job, JobState, Micros, Quote
from bot.errors import SpendingStopped
from bot.language import _
from bot.money import format_usd
from bot.operating.notices import Operator
from storage import stops
from storage.database import Database
from storage.stops import Paid, Stop

HOUR = timedelta(hours=1)
LEARNED_FROM = timedelta(days=28)
"""Four of every weekday."""

LOOK_EVERY_S = 20.0
HOW_TO_GO_ON = "If that is right, go on with `dailies resume spending`, or with /operator resume."


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeBounds:
    """How much within an hour is too much: `times` what is usual, never below `floor`, never above `most`."""

    floor_micros: Micros
    times: int
    most_micros: Micros | None = None

    def limit(self, usual: Micros) -> Micros:
        """The most that may be spent within an hour."""
        limit = max(self.floor_micros, usual * self.times)
        return Micros(limit if self.most_micros is None else min(limit, self.most_micros))


def usual_of(hours: Mapping[datetime, Micros]) -> Micros:
    """The busiest hour of a usual day: the middle one of the busiest hours of all days with any spending.

    One wild day moves it by no more than one place, and a night without orders not at all.
    """
    busiest: dict[date, int] = {}
    for hour, spent in hours.items():
        if spent:
            busiest[hour.date()] = max(spent, busiest.get(hour.date(), 0))
    return Micros(median_low(busiest.values())) if busiest else NOTHING_MICROS


def _nobody_waits() -> None:
    """Before there is a worker."""


class Surge:
    """Whether what costs money may be submitted. Asked before every paid submission; tells the operator once.

    Args:
        database: the book, and the stops.
        operator: is told of a stop.
        bounds: how much is too much.
        now: the clock.
    """

    def __init__(
        self, database: Database, operator: Operator, bounds: SurgeBounds, *, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._operator = operator
        self._bounds = bounds
        self._now = now
        self._hours: dict[datetime, Micros] = {}
        self._learned_to: datetime | None = None
        self._window: deque[Paid] | None = None
        self._newest = 0
        self._stop: Stop | None = None
        self._turn = asyncio.Lock()
        self.resumed_at: datetime | None = None
        self.woken: Callable[[], None] = _nobody_waits

    async def begin(self) -> None:
        """Find out at start-up whether a past process stopped; the operator is reminded of it."""
        self._stop = await self._database.read(stops.current)
        if self._stop is not None:
            since = f"{self._stop.stopped_at:%Y-%m-%d %H:%M} UTC"
            self._operator.tell(
                "spending_still_stopped", f"Paid orders are still stopped, since {since}. {HOW_TO_GO_ON}"
            )

    async def run(self) -> None:
        """Look now and then, also while nothing is submitted, until cancelled."""
        while True:
            await self._may_spend()
            await asyncio.sleep(LOOK_EVERY_S)

    async def admits(self, job: Job) -> bool:
        """Whether a job may be submitted now. Of one that costs money the book is asked, each time."""
        return await self._may_spend() if job.quote.costs_money else True

    def holds_back(self, job: Job) -> bool:
        """Whether a job waits for nothing but the end of the stop; its card says so."""
        return self._stop is not None and job.state is JobState.QUEUED and job.quote.costs_money

    def check(self, quote: Quote) -> None:
        """Take no new order that costs money while submissions are stopped.

        Raises:
            SpendingStopped: they are.
        """
        if self._stop is not None and quote.costs_money:
            raise SpendingStopped(
                _("Whoever runs this bot has stopped paid orders for now."),
                _("Choose a free model, or order again later."),
                kind=FaultKind.SERVER_BUDGET,
            )

    def resumed(self) -> None:
        """Somebody has just ended the stop; what waited is looked at at once."""
        self._stop = None
        self.woken()

    async def _may_spend(self) -> bool:
        async with self._turn:
            await self._learn()
            await self._database.read(self._read)
            limit = self._bounds.limit(usual_of(self._hours))
            if self._stop is None and self._spent() > limit:
                self._window = None  # what was released meanwhile is still in it
                await self._database.read(self._read)
                if self._stop is None and (spent := self._spent()) > limit:
                    await self._trip(spent, limit)
            return self._stop is None

    async def _trip(self, spent: Micros, limit: Micros) -> None:
        usual = usual_of(self._hours)
        wanted = Stop(stopped_at=self._now(), spent_micros=spent, limit_micros=limit, usual_micros=usual)
        is_new = await self._database.write(partial(stops.stop, wanted=wanted))
        self._stop = wanted
        if is_new:
            self._operator.tell(
                "spending_stopped",
                f"Paid orders are stopped: {format_usd(spent)} within an hour, where {format_usd(usual)} is "
                f"usual and {format_usd(limit)} the limit. What is being made goes on; everything else "
                f"waits, and no new paid order is taken. {HOW_TO_GO_ON}",
            )

    def _spent(self) -> Micros:
        return Micros(sum(paid.amount_micros for paid in self._window or ()))

    def _read(self, tx: sqlite3.Connection) -> None:
        """What is new in the book; all of the last hour where nothing of it is known."""
        self._stop = stops.current(tx)
        self.resumed_at = stops.resumed_at(tx)
        since = self._now() - HOUR
        if self.resumed_at is not None:  # what was spent before somebody said that it is right
            since = max(since, self.resumed_at)
        if self._window is None:
            self._newest = stops.newest_hold(tx)
            self._window = deque(stops.paid_since(tx, since))
        else:
            fresh = stops.paid_after(tx, self._newest)
            self._newest = stops.newest_hold(tx)
            self._window.extend(paid for paid in fresh if paid.opened_at >= since)
        while self._window and self._window[0].opened_at < since:
            self._window.popleft()

    async def _learn(self) -> None:
        """What was spent in each hour that is over. An hour a read, so that no order waits for long."""
        this_hour = _hour_of(self._now())
        first = this_hour - LEARNED_FROM
        if self._learned_to == this_hour:
            return
        oldest_at = await self._database.read(stops.oldest_hold_at)
        if oldest_at is not None:
            hour = max(first, self._learned_to or _hour_of(oldest_at))
            while hour < this_hour:
                self._hours[hour] = await self._database.read(
                    partial(stops.spent_between, since=hour, until=hour + HOUR)
                )
                hour += HOUR
        self._hours = {hour: spent for hour, spent in self._hours.items() if hour >= first}
        self._learned_to = this_hour


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
