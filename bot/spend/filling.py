"""A duty: tells the operator when half, four fifths and all of a limit of the installation are used.

What is used is spent and held, as admission counts it. Each threshold is told once for a limit and a period;
a process that starts tells the highest that is passed once more.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from bot import duty
from bot.domain import Limits, Micros, Period
from bot.money import format_usd
from bot.operating.notices import Operator
from storage import charters
from storage.budgets import EVERYWHERE, BudgetScope
from storage.database import Database
from storage.purses import INSTALLATION, starts_on
from storage.tallies import PERIODS, tallies_of

PERCENTS = (50, 80, 100)
LOOK_EVERY_S = 15.0

_EACH = {Period.DAY: "today's", Period.WEEK: "this week's", Period.MONTH: "this month's", Period.TOTAL: "the"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """How much of one limit of the installation is used, in the period that is on (of UTC)."""

    period: Period
    starts_on: date
    limit_micros: Micros
    used_micros: Micros

    @property
    def percent(self) -> int | None:
        """The highest threshold that is passed; None where none is (nothing can be used of a limit of 0)."""
        passed = [one for one in PERCENTS if self.limit_micros and self._is_past(one)]
        return max(passed, default=None)

    def _is_past(self, percent: int) -> bool:
        return self.used_micros * 100 >= self.limit_micros * percent


class Filling:
    """The duty.

    Args:
        operator: is told.
        limits: the operator's settings.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        database: Database,
        operator: Operator,
        limits: Limits,
        *,
        now: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._operator = operator
        self._limits = limits
        self._now = now
        self._pause = pause
        self._told: dict[Period, tuple[date, Micros, int]] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        await duty.repeated(self.look, every_s=LOOK_EVERY_S, pause=self._pause, code="filling_failed")

    async def look(self) -> None:
        """Tell what was passed since the last look, the highest threshold of each limit."""
        for each in await self._database.read(partial(_filled, self._limits, self._now())):
            percent = each.percent
            if percent is None:
                continue
            begun, limit, told = self._told.get(each.period, (each.starts_on, each.limit_micros, 0))
            if (begun, limit) == (each.starts_on, each.limit_micros) and told >= percent:
                continue
            self._told[each.period] = each.starts_on, each.limit_micros, percent
            self._operator.tell("installation_limit", _sentence(each, percent))


def _sentence(each: Filled, percent: int) -> str:
    used, limit = format_usd(each.used_micros), format_usd(each.limit_micros)
    rest = (
        "Nothing more is sold until the period ends or the limit is raised."
        if percent == max(PERCENTS)
        else "Nothing has to be done; at 100 % nothing more is sold."
    )
    whose = f"{_EACH[each.period]} limit of the installation"
    return f"{percent} % of {whose} are used: {used} of {limit}. {rest}"


def _filled(limits: Limits, at: datetime, tx: sqlite3.Connection) -> list[Filled]:
    whose = (BudgetScope.INSTALLATION.value, 0)
    bounds = charters.of(tx, EVERYWHERE).monthly(whose, limits.installation_monthly_micros)
    tallies, day = tallies_of(tx), at.date()
    return [
        Filled(
            period=PERIODS[place],
            starts_on=starts_on(PERIODS[place], day),
            limit_micros=Micros(limit),
            used_micros=Micros(sum(tallies.used(INSTALLATION, PERIODS[place], day))),
        )
        for place, limit in bounds
    ]
