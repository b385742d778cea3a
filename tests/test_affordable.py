"""What would fit where a budget says no: everything that is named can be ordered as it is named."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import catalogue
from bot.affordable import told, what_fits
from bot.catalogue import Catalogue
from bot.domain import FaultKind, Kind, Limits, Micros, Order, Quote
from bot.errors import BudgetExceeded
from tests.props import Clock, order_of
from tests.stage import Stage, open_stage, texts

DOLLAR = 1_000_000
PROVIDERS = frozenset({"fal", "openai", "replicate", "lumenfall", "prodia", "studio"})


def sold(providers: frozenset[str] = PROVIDERS) -> Catalogue:
    return catalogue.load(None, providers=providers, now=Clock(datetime(2026, 9, 1, tzinfo=UTC)))


def priced(models: Catalogue, order: Order) -> Quote:
    offer = models.takers(order, only_at=None)[0]
    each = offer.per_second_micros[order.resolution]
    return Quote(offer_id=offer.id, price_micros=Micros(each * order.duration_s), per_second_micros=each)


def dear(models: Catalogue) -> Order:
    """The longest clip at the highest resolution of a model that has several of both."""
    for row in models.models(Kind.GENERATE):
        if len(row.durations_s) > 1 and len(row.resolutions) > 1:
            for resolution in reversed(row.resolutions):
                for shape in row.aspect_ratios:
                    order = replace(
                        order_of(),
                        model=row.id,
                        resolution=resolution,
                        aspect_ratio=shape,
                        duration_s=max(row.durations_s),
                    )
                    if models.takers(order, only_at=None) and priced(models, order).costs_money:
                        return order
    raise AssertionError("no model has several lengths and resolutions")


def test_a_shorter_clip_a_lower_resolution_and_another_model_are_named() -> None:
    models = sold()
    order = dear(models)
    quote = priced(models, order)

    fitting = what_fits(models, order, quote, Micros(quote.price_micros - 1))

    assert re.fullmatch(r"\d+ s for \$[\d.]+", fitting[0])
    assert any(re.fullmatch(r"\d+p for \$[\d.]+", one) for one in fitting)
    assert any(" at " in one for one in fitting)


@pytest.mark.parametrize("percent", [1, 10, 30, 50, 70, 90, 99])
def test_nothing_is_named_that_costs_more_than_is_left(percent: int) -> None:
    models = sold()
    order = dear(models)
    quote = priced(models, order)
    left = quote.price_micros * percent // 100

    for one in what_fits(models, order, quote, Micros(left)):
        price = one.rpartition(" for ")[2]
        if price != "free":
            whole, _, rest = price.removeprefix("$").partition(".")
            assert int(whole) * DOLLAR + int(rest.ljust(6, "0")) <= left


def test_where_nothing_is_left_only_what_is_free_is_named() -> None:
    models = sold()
    order = dear(models)

    fitting = what_fits(models, order, priced(models, order), Micros(0))

    assert fitting
    assert all(one.endswith(" for free") for one in fitting)


def test_fewer_takes_are_named_first() -> None:
    models = sold()
    order = replace(dear(models), takes=4)
    quote = priced(models, order)

    fitting = what_fits(models, order, quote, Micros(quote.price_micros * 3 - 1))

    assert fitting[0].startswith("2 takes for $")


def test_a_character_stays_with_its_provider() -> None:
    models = sold()
    order = dear(models)
    quote = priced(models, order)
    with_them = replace(order, characters=("theirs",))

    assert any(" at " in one for one in what_fits(models, order, quote, Micros(DOLLAR)))
    assert not any(" at " in one for one in what_fits(models, with_them, quote, Micros(DOLLAR)))


def test_the_refusal_keeps_all_that_it_said() -> None:
    models = sold()
    order = dear(models)
    refused = BudgetExceeded(
        "Too dear.",
        "Wait.",
        kind=FaultKind.SERVER_BUDGET,
        short_micros=Micros(1),
        left_micros=Micros(7),
        scope="guild",
    )

    with pytest.raises(BudgetExceeded) as raised, told(models, order, priced(models, order)):
        raise refused

    again = raised.value
    assert (again.what, again.kind, again.scope) == ("Too dear.", FaultKind.SERVER_BUDGET, "guild")
    assert (again.short_micros, again.left_micros, again.__cause__) == (1, 7, refused)
    assert again.do.startswith("This would fit: ")
    assert again.do.endswith(" Wait.")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    few = Limits(member_monthly_micros=Micros(650_000), installation_monthly_micros=Micros(100 * DOLLAR))
    async with open_stage(tmp_path, limits=few) as opened:
        yield opened


async def test_a_member_reads_which_budget_by_how_much_and_what_would_fit(stage: Stage) -> None:
    told = texts(await stage.ask(stage.ada, prompt="a paper boat", duration=8))

    assert "This costs $0.80 and your budget has $0.65 left until <t:" in told
    assert "$0.15 too little. Nothing was charged. This would fit: " in told
    assert re.search(r"This would fit: [4-7] s for \$0\.[4-6]0", told)


async def test_a_quote_too_says_what_would_fit(stage: Stage) -> None:
    told = texts(await stage.ask(stage.ada, prompt="a paper boat", takes=4))

    assert "This would fit: 1 take for $0.40" in told
