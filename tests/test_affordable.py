"""What would fit where a budget says no: all that is named would be taken as it is named."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from discord import ui

from bot import catalogue
from bot.domain import STUDIO, ChannelId, FaultKind, Kind, Limits, Micros, OfferId, Period, UserId
from bot.errors import BudgetExceeded
from bot.money import format_usd
from bot.offers.health import Fitness
from bot.screening.classifier import Subject
from bot.screening.verdict import PASSED, Verdict
from storage import budgets as rows
from storage import channel_rules, guilds
from storage.budgets import BudgetScope
from storage.channel_rules import Layer
from storage.guilds import SpendingRules
from tests.props import ANN, NOON, Clock
from tests.shop_scene import CHANNEL, DOLLAR, PROVIDERS, Shop, all_are_taken, dear, shop_of
from tests.stage import Stage, open_stage, texts


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = shop_of()
    await made.admit(500)
    yield made
    await made.database.close()


async def test_a_shorter_clip_a_lower_resolution_and_another_model_are_named_and_would_be_taken(
    shop: Shop,
) -> None:
    wanted = dear(shop.models)
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, await shop.costs(wanted) - 1)

    named = await shop.named(wanted)

    assert re.fullmatch(r"\d+ s for \$[\d.]+", named[0])
    assert re.fullmatch(r"\d+p for \$[\d.]+", named[1])
    assert [" at " in one for one in named[2:]] == [True, True]
    await all_are_taken(shop, named, wanted)


@pytest.mark.parametrize(
    ("scope", "scope_id"),
    [(BudgetScope.MEMBER, ANN.user_id), (BudgetScope.CHANNEL, CHANNEL), (BudgetScope.CEILING, 0)],
)
async def test_all_that_is_named_is_taken_however_much_is_left(
    shop: Shop, scope: BudgetScope, scope_id: int
) -> None:
    wanted = dear(shop.models)
    whole = await shop.costs(wanted)
    for percent in (0, 1, 10, 30, 70, 99):
        await shop.limit(scope, scope_id, whole * percent // 100)

        named = await shop.named(wanted)

        assert named, percent
        await all_are_taken(shop, named, wanted)


async def test_fewer_takes_are_named_first_as_many_as_there_is_room_for(shop: Shop) -> None:
    wanted = dear(shop.models, takes=4)
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, await shop.costs(wanted) * 3 // 4 - 1)

    named = await shop.named(wanted)

    assert named[0].startswith("2 takes for $")
    await all_are_taken(shop, named, wanted)


async def test_under_the_most_that_an_order_may_cost_only_what_the_budget_has_too_is_named(
    shop: Shop,
) -> None:
    wanted = dear(shop.models)
    whole = await shop.costs(wanted)
    cap = SpendingRules(order_max_micros=Micros(whole - 1))
    how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": shop.clock()}
    await shop.set(lambda tx: guilds.set_rules(tx, ANN.guild_id, cap, **how))
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, whole // 3)

    named = await shop.named(wanted)

    assert named
    await all_are_taken(shop, named, wanted)


async def test_under_a_low_price_cap_what_is_far_above_it_is_not_even_tried(shop: Shop) -> None:
    wanted = dear(shop.models)
    cap = SpendingRules(order_max_micros=Micros(await shop.costs(wanted) // 200))
    how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": shop.clock()}
    await shop.set(lambda tx: guilds.set_rules(tx, ANN.guild_id, cap, **how))

    named = await shop.named(wanted)

    assert any(" at " in one for one in named)
    await all_are_taken(shop, named, wanted)


async def test_an_offer_that_rests_does_not_make_a_dearer_one_look_affordable() -> None:
    offers = catalogue.load(None, providers=PROVIDERS, now=Clock())
    cheapest = {
        min(two, key=lambda offer: min(offer.per_second_micros.values())).id
        for row in offers.models(Kind.GENERATE)
        if len(two := offers.open_offers(row.id)) > 1
    }
    shop = shop_of(lambda offer: Fitness.RESTING if offer in cheapest else Fitness.READY)
    await shop.admit(500)
    wanted = dear(shop.models)
    whole = await shop.costs(wanted)
    for percent in range(10, 100, 20):
        await shop.limit(BudgetScope.MEMBER, ANN.user_id, whole * percent // 100)
        await all_are_taken(shop, await shop.named(wanted), wanted)
    await shop.database.close()


async def test_a_shape_that_was_brought_to_the_nearest_hides_nothing_that_fits(shop: Shop) -> None:
    wanted = replace(dear(shop.models), aspect_ratio="2:1")
    assert (await shop.orders.propose(wanted)).priced.adjustments
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, await shop.costs(wanted) - 1)

    assert len(await shop.named(wanted)) == 4


async def test_a_quote_for_what_costs_money_counts_the_operators_ceiling(shop: Shop) -> None:
    wanted = replace(dear(shop.models), duration_s=4, resolution="480p")
    whole = await shop.costs(wanted)
    await shop.limit(BudgetScope.CEILING, 0, whole + 70_000)

    quote = await shop.ordering.ask(wanted, at=NOON)

    (told,) = [one.content for one in quote.walk_children() if isinstance(one, ui.TextDisplay)]
    assert f"This server's budget: {format_usd(whole + 70_000)} left, $0.07 after this; it starts" in told


async def test_what_the_channels_rules_refuse_is_not_named(shop: Shop) -> None:
    wanted = dear(shop.models)
    allowed = [wanted.model or "", shop.models.models(Kind.GENERATE)[-1].id]
    rules = Layer(models=tuple(allowed))
    await shop.set(lambda tx: channel_rules.put(tx, ANN.guild_id, ChannelId(CHANNEL), rules))
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, await shop.costs(wanted) - 1)

    named = await shop.named(wanted)

    (other,) = [one for one in named if " at " in one]
    assert f"{shop.models.describe(allowed[1]).name} at " in other
    await all_are_taken(shop, named, wanted)


async def test_where_nothing_that_costs_money_is_let_in_a_free_model_is_named(shop: Shop) -> None:
    await shop.set(lambda tx: guilds.dismiss(tx, ANN.guild_id, at=shop.clock()))
    wanted = dear(shop.models)

    named = await shop.named(wanted)

    assert named
    assert all(one.endswith(" for free") for one in named)
    await all_are_taken(shop, named, wanted)


async def test_a_model_whose_provider_takes_nothing_of_ours_is_not_named() -> None:
    def stopped(offer_id: OfferId) -> Fitness:
        return Fitness.READY if offer_id.startswith(("fal/", "studio/")) else Fitness.STOPPED

    shop = shop_of(stopped)
    await shop.admit(500)
    wanted = dear(shop.models)
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, await shop.costs(wanted) - 1)

    named = await shop.named(wanted)

    assert named
    await all_are_taken(shop, named, wanted)
    await shop.database.close()


async def test_a_draft_is_told_of_other_models_and_of_fewer_takes_alone(shop: Shop) -> None:
    wanted = replace(dear(shop.models), draft=True, takes=2, resolution=None, duration_s=None)
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, await shop.costs(wanted) - 1)

    named = await shop.named(wanted)

    assert named[0].startswith("1 take for ")
    assert all(" at " in one for one in named[1:])


async def test_the_refusal_keeps_all_that_it_said(shop: Shop) -> None:
    wanted = dear(shop.models)
    proposal = await shop.orders.propose(wanted)
    refused = BudgetExceeded(
        "Too dear.",
        "Wait.",
        kind=FaultKind.SERVER_BUDGET,
        short_micros=Micros(1),
        left_micros=Micros(DOLLAR),
        scope="guild",
        resets_at=NOON + timedelta(days=1),
    )

    with pytest.raises(BudgetExceeded) as raised:
        async with shop.affordable.told(wanted, proposal):
            raise refused

    again = raised.value
    assert (again.what, again.kind, again.scope) == ("Too dear.", FaultKind.SERVER_BUDGET, "guild")
    assert (again.short_micros, again.left_micros, again.resets_at) == (1, DOLLAR, NOON + timedelta(days=1))
    assert again.do.startswith("This would fit: ")
    assert again.do.endswith(" Wait.")
    assert again.__cause__ is refused


@pytest.mark.parametrize(
    ("period", "do"), [(Period.MONTH, "wait until then, or ask whoever"), (Period.TOTAL, "ask whoever")]
)
async def test_where_nothing_fits_nobody_is_told_to_choose_something_shorter(period: Period, do: str) -> None:
    shop = shop_of(providers=PROVIDERS - {STUDIO})
    await shop.admit(500)
    wanted = dear(shop.models)
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, 1, period)

    with pytest.raises(BudgetExceeded) as refused:
        await shop.order(wanted)

    assert refused.value.do == f"Nothing near it would fit: {do} sets this budget for more."
    await shop.database.close()


class SlowAfterTheFirst:
    """A classifier that has gone away: whoever asks a second time waits for ever."""

    name = "slow"
    sees_pictures = False

    def __init__(self) -> None:
        self.asked = 0

    async def look(self, subject: Subject) -> Verdict:
        del subject
        self.asked += 1
        if self.asked > 1:
            await asyncio.Event().wait()
        return PASSED


async def test_who_is_refused_does_not_wait_for_ever_to_hear_what_fits() -> None:
    slow = SlowAfterTheFirst()
    shop = shop_of(classifiers=[slow], patience_s=0.01)
    await shop.admit(1)

    named = await shop.named(dear(shop.models))

    assert (named, slow.asked) == ([], 2)
    await shop.database.close()


async def test_nothing_is_written_while_it_is_looked_for(shop: Shop) -> None:
    wanted = dear(shop.models)
    await shop.limit(BudgetScope.MEMBER, ANN.user_id, await shop.costs(wanted) - 1)
    before = await shop.database.read(lambda tx: tx.total_changes)

    await shop.named(wanted)

    assert await shop.database.read(lambda tx: tx.total_changes) == before


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


async def test_a_yes_for_which_there_is_no_room_any_more_says_what_would_fit(tmp_path: Path) -> None:
    async with open_stage(tmp_path, confirm_above_micros=Micros(0)) as stage:
        ada = stage.member("Ada")
        key = (ada.guild_id, BudgetScope.MEMBER, ada.user_id, Period.MONTH)
        how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": stage.clock()}
        quote = await stage.ask(stage.ada, prompt="a paper boat", duration=8)
        await stage.database.write(lambda tx: rows.set_limit(tx, *key, Micros(799_999), **how))

        told = texts(await stage.answer_quote(stage.ada, quote, "yes"))

        assert "This costs $0.80 and your budget has $0.799999 left until <t:" in told
        assert "$0.000001 too little. Nothing was charged. This would fit: 4 s for $0.40." in told
        assert await stage.rows() == []


async def test_a_yes_counts_the_roles_that_its_member_has_now(shop: Shop) -> None:
    wanted = replace(dear(shop.models), role_ids=(901,))
    whole = await shop.costs(wanted)
    await shop.limit(BudgetScope.ROLE, 901, whole)
    await shop.limit(BudgetScope.DEFAULT, 0, whole - 1)
    quote_id = await shop.orders.ask(wanted, (await shop.orders.propose(wanted)).priced)

    with pytest.raises(BudgetExceeded) as refused:
        await shop.orders.accept(quote_id, ANN.user_id, role_ids=())
    job = await shop.orders.accept(quote_id, ANN.user_id, role_ids=(901,))

    assert refused.value.scope == "default"
    assert job.order.member == ANN
