"""Price drift: what providers say that they billed beside what was expected, and alarms where it differs."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from bot.counting import counted
from bot.money import format_usd
from bot.operating.notices import Operator
from storage import drifts
from storage.database import Database
from storage.drifts import Drift as Row

__all__ = ["Drift", "Row", "is_off", "line", "percent", "words"]

LOOK_EVERY_S = 60.0

OFF_BY = 100
"""A hundredth of what was expected: less may be a provider's rounding."""


def is_off(row: Row) -> bool:
    """Whether more or less was billed than was expected, by more than one in a hundred."""
    return abs(row.billed_micros - row.expected_micros) * OFF_BY > row.expected_micros


def line(row: Row) -> str:
    """What an offer billed, for the shell."""
    return f"{row.offer_id}: {words(row)}"


def words(row: Row) -> str:
    """The same without the offer's name."""
    said = (
        f"{counted(row.jobs, 'clip')}, expected {format_usd(row.expected_micros)}, "
        f"billed {format_usd(row.billed_micros)} ({percent(row)})"
    )
    return f"{said}, {format_usd(row.overrun_micros)} above holds" if row.overrun_micros else said


def percent(row: Row) -> str:
    """How far off, in tenths of a percent, without a float."""
    off = row.billed_micros - row.expected_micros
    if not row.expected_micros:
        return "nothing was expected" if off else "+0.0 %"
    tenths = (abs(off) * 1_000 + row.expected_micros // 2) // row.expected_micros
    return f"{'-' if off < 0 else '+'}{tenths // 10}.{tenths % 10} %"


class Drift:
    """The duty that tells the operator: once for an offer and day, but always of what is above a hold."""

    def __init__(self, database: Database, operator: Operator, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._operator = operator
        self._now = now

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Tell what is new of today and yesterday, which may have ended since the last look."""
        at = self._now()
        yesterday = at.date() - timedelta(days=1)
        rows = await self._database.read(partial(drifts.since, day=yesterday))
        if not any(_news(row) for row in rows):
            return
        for code, sentence in await self._database.write(partial(_told, yesterday, at)):
            self._operator.tell(code, sentence)


def _told(since: date, at: datetime, tx: sqlite3.Connection) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    for row in drifts.since(tx, since):
        if is_off(row) and not row.is_told:
            drifts.told(tx, row, at=at)
            said.append(
                (
                    "price_drift",
                    (
                        f"{row.offer_id} bills {percent(row)} against the catalogue: on {row.day} "
                        f"{format_usd(row.billed_micros)} for {counted(row.jobs, 'clip')}, expected "
                        f"{format_usd(row.expected_micros)}. See `dailies ledger drift`, and correct "
                        "its price in the models file."
                    ),
                )
            )
        if row.unheard_micros:
            drifts.overruns_told(tx, row)
            said.append(
                (
                    "overrun",
                    (
                        f"{row.offer_id} billed {format_usd(row.unheard_micros)} above the holds "
                        f"of its jobs on {row.day}. No member pays that: the house does."
                    ),
                )
            )
    return said


def _news(row: Row) -> bool:
    return bool(row.unheard_micros) or (is_off(row) and not row.is_told)
