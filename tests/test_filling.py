"""What the operator hears of the installation's own limits."""

from datetime import timedelta
from functools import partial

import pytest

from bot.domain import Limits, Micros, Period, UserId
from bot.spend.filling import Filled, Filling
from storage import budgets
from storage.budgets import EVERYWHERE, BudgetScope
from storage.database import Database
from tests.bookkeeping import place
from tests.props import NOON, Clock, job_of

MONTH = 1_000_000


class Heard:
    """An operator who notes what is said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def tell(self, code: str, sentence: str) -> None:
        assert code == "installation_limit"
        self.sentences.append(sentence)

    def percents(self) -> list[str]:
        """How each begins; what was said before is forgotten."""
        said = [sentence.split(" limit of")[0] for sentence in self.sentences]
        self.sentences.clear()
        return said


def watching(database: Database, clock: Clock, limit: int | None = MONTH) -> tuple[Filling, Heard]:
    heard = Heard()
    limits = Limits(
        member_monthly_micros=None, installation_monthly_micros=None if limit is None else Micros(limit)
    )
    return Filling(database, heard, limits, now=clock), heard


async def hold(database: Database, number: int, micros: int, clock: Clock) -> None:
    await database.write(lambda tx: place(tx, job_of(number, price_micros=micros, at=clock.at)))


async def test_each_threshold_is_told_once_and_of_several_the_highest(database: Database) -> None:
    clock = Clock()
    filling, heard = watching(database, clock)

    said = []
    for number, micros in enumerate((499_999, 1, 100_000, 200_000, 199_999, 1, 50_000), start=1):
        await hold(database, number, micros, clock)
        await filling.look()
        await filling.look()
        said.append(heard.percents())

    fifty, eighty, full = ([f"{percent} % of this month's"] for percent in (50, 80, 100))
    assert said == [[], fifty, [], eighty, [], full, []]


async def test_a_jump_over_two_thresholds_is_one_sentence_that_says_what_happens_now(
    database: Database,
) -> None:
    clock = Clock()
    filling, heard = watching(database, clock)
    await hold(database, 1, 1_000_000, clock)

    await filling.look()

    (said,) = heard.sentences
    assert said == (
        "100 % of this month's limit of the installation are used: $1.00 of $1.00. "
        "Nothing more is sold until the period ends or the limit is raised."
    )


async def test_a_new_month_and_another_limit_are_told_anew(database: Database) -> None:
    clock = Clock()
    filling, heard = watching(database, clock)
    await hold(database, 1, 600_000, clock)
    await filling.look()
    assert heard.percents() == ["50 % of this month's"]

    await database.write(
        partial(
            budgets.set_limit,
            guild_id=EVERYWHERE,
            scope=BudgetScope.INSTALLATION,
            scope_id=0,
            period=Period.MONTH,
            limit_micros=Micros(700_000),
            by=UserId(0),
            reason="",
            at=NOON,
        )
    )
    await filling.look()
    assert heard.percents() == ["80 % of this month's"]

    clock.advance(timedelta(days=31))
    await filling.look()
    assert heard.percents() == []
    await hold(database, 2, 400_000, clock)
    await filling.look()
    assert heard.percents() == ["50 % of this month's"]


async def test_without_a_limit_or_with_one_of_nothing_there_is_nothing_to_tell(database: Database) -> None:
    clock = Clock()
    await hold(database, 1, 600_000, clock)
    for limit in (None, 0):
        filling, heard = watching(database, clock, limit)

        await filling.look()

        assert heard.sentences == []


@pytest.mark.parametrize(
    ("used", "percent"),
    [(0, None), (49, None), (50, 50), (79, 50), (80, 80), (99, 80), (100, 100), (101, 100)],
)
def test_a_threshold_is_passed_when_it_is_reached(used: int, percent: int | None) -> None:
    filled = Filled(
        period=Period.DAY, starts_on=NOON.date(), limit_micros=Micros(100), used_micros=Micros(used)
    )

    assert filled.percent == percent
