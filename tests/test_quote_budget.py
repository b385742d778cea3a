"""What quotes and cards say of budgets: which has least, what the order leaves of it, when it comes back."""

import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.budgets import Budgets
from bot.domain import ChannelId, Limits, Micros, Period, UserId
from cogs import amounts
from storage import budgets as rows
from storage import guilds
from storage.budgets import BudgetScope
from storage.database import Database
from storage.guilds import SpendingRules
from tests.props import ANN, NOON, Clock, Inline
from tests.stage import Stage, open_stage, texts

DOLLAR = 1_000_000


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, confirm_above_micros=Micros(0)) as opened:
        yield opened


async def limit(stage: Stage, scope: BudgetScope, scope_id: int, period: Period, micros: int) -> None:
    guild_id = stage.member("Ada").guild_id
    how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": stage.clock()}
    await stage.database.write(
        lambda tx: rows.set_limit(tx, guild_id, scope, scope_id, period, Micros(micros), **how)
    )


async def budget_line(stage: Stage) -> str:
    quote = texts(await stage.ask(stage.ada, prompt="a paper boat"))
    assert "### This costs $0.40 in play money" in quote
    (line,) = [one for one in quote.splitlines() if " after this; " in one]
    return line


def next_day(at: datetime) -> int:
    return int((at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


async def test_a_quote_says_what_is_left_after_it_and_when_it_comes_back(stage: Stage) -> None:
    line = await budget_line(stage)

    found = re.fullmatch(r"Your budget: \$10\.00 left, \$9\.60 after this; it starts anew <t:(\d+):R>", line)
    assert found is not None, line
    allowance = await stage.budgets.allowance(stage.member("Ada"))
    assert int(found[1]) == int(allowance.resets_at.timestamp())


async def test_the_budget_that_has_least_is_the_one_that_is_named_with_its_own_day(stage: Stage) -> None:
    await limit(stage, BudgetScope.CHANNEL, int(stage.channel()), Period.DAY, 1_300_000)

    line = await budget_line(stage)

    assert line == (
        f"This channel's budget: $1.30 left, $0.90 after this; it starts anew <t:{next_day(stage.clock())}:R>"
    )


async def test_of_two_with_as_little_ones_own_is_named(stage: Stage) -> None:
    await limit(stage, BudgetScope.GUILD, 0, Period.TOTAL, 10 * DOLLAR)

    assert (await budget_line(stage)).startswith("Your budget: $10.00 left, $9.60 after this; it starts anew")


async def test_what_never_comes_back_is_said_so(stage: Stage) -> None:
    await limit(stage, BudgetScope.GUILD, 0, Period.TOTAL, 2 * DOLLAR)

    line = await budget_line(stage)

    assert line == "This server's budget: $2.00 left, $1.60 after this; it does not start anew"


async def test_the_bots_own_budget_is_named_where_it_has_least(tmp_path: Path) -> None:
    few = Limits(member_monthly_micros=Micros(9 * DOLLAR), installation_monthly_micros=Micros(DOLLAR))
    async with open_stage(tmp_path, limits=few, confirm_above_micros=Micros(0)) as stage:
        assert (await budget_line(stage)).startswith(
            "The bot's own budget: $1.00 left, $0.60 after this; it starts anew <t:"
        )


@pytest.fixture
async def book() -> AsyncIterator[Database]:
    database = Database(Inline())
    yield database
    await database.close()


WHOLE = Limits(installation_monthly_micros=Micros(100 * DOLLAR), member_monthly_micros=Micros(9 * DOLLAR))


def set_limit(scope: BudgetScope, scope_id: int, period: Period, micros: int, tx: sqlite3.Connection) -> None:
    how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": NOON}
    rows.set_limit(tx, ANN.guild_id, scope, scope_id, period, Micros(micros), **how)


async def test_the_operators_ceiling_counts_for_what_costs_money_alone(book: Database) -> None:
    budgets = Budgets(book, WHOLE, now=Clock())
    await book.write(partial(guilds.admit, guild_id=ANN.guild_id, ceiling_micros=Micros(2 * DOLLAR), at=NOON))

    paid = await budgets.allowance(ANN, role_ids=(), costs_money=True)
    free = await budgets.allowance(ANN, role_ids=())

    assert (paid.left_micros, paid.left_of) == (2 * DOLLAR, "ceiling")
    assert (free.left_micros, free.left_of) == (9 * DOLLAR, "default")


async def test_where_nothing_paid_is_let_in_the_rest_counts_all_the_same(book: Database) -> None:
    await book.write(partial(set_limit, BudgetScope.GUILD, 0, Period.MONTH, 5 * DOLLAR))

    allowance = await Budgets(book, WHOLE, now=Clock()).allowance(ANN, role_ids=(), costs_money=True)

    assert (allowance.left_micros, allowance.left_of) == (5 * DOLLAR, "guild")


async def test_a_week_ends_in_the_servers_own_zone(book: Database) -> None:
    rules = SpendingRules(time_zone="Asia/Tokyo")
    how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": NOON}
    await book.write(lambda tx: guilds.set_rules(tx, ANN.guild_id, rules, **how))
    await book.write(partial(set_limit, BudgetScope.CHANNEL, 30, Period.WEEK, DOLLAR))

    allowance = await Budgets(book, WHOLE, now=Clock()).allowance(ANN, channel_id=ChannelId(30), role_ids=())

    assert allowance.left_until == datetime.fromisoformat("2026-11-23T00:00:00+09:00")


async def test_a_card_says_nothing_of_a_budget_that_depends_on_roles_nobody_named(book: Database) -> None:
    budgets = Budgets(book, WHOLE, now=Clock())
    before = amounts.left(await budgets.allowance(ANN))
    await book.write(partial(set_limit, BudgetScope.ROLE, 901, Period.MONTH, 5 * DOLLAR))
    unknown = amounts.left(await budgets.allowance(ANN))
    named = amounts.left(await budgets.allowance(ANN, role_ids=(901,)))
    await book.write(partial(set_limit, BudgetScope.MEMBER, ANN.user_id, Period.TOTAL, 3 * DOLLAR))
    own = amounts.left(await budgets.allowance(ANN))

    assert before.startswith("$9.00 of the budget left until <t:")
    assert unknown == ""
    assert named.startswith("$5.00 of the budget left until <t:")
    assert own == "$3.00 of the budget left"


async def test_quota_counts_the_operators_ceiling_where_models_cost_money(tmp_path: Path) -> None:
    async with open_stage(tmp_path, second_micros=None) as stage:
        guild_id, at = stage.member("Ada").guild_id, stage.clock()
        await stage.database.write(lambda tx: guilds.admit(tx, guild_id, Micros(DOLLAR), at=at))

        shown = texts(await stage.ada.answer(await stage.ada.slash("quota", channel=stage.channel())))

        assert "**Left** $1.00, since that is all that is left of: This server's budget\n" in shown
        assert "**Limit** $10.00\n" in shown
