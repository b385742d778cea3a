import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.domain import Limits, MessageId, Micros, Period, Ticket
from storage import budgets, grants, guilds, jobs, ledger, states
from storage.budgets import BudgetScope
from storage.guilds import SpendingRules
from tests.stage import Json, Stage, card_of, open_stage, texts, walk

EPHEMERAL = 64


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def use(stage: Stage, command: str) -> Json:
    return await stage.ada.answer(await stage.ada.slash(command, channel=stage.channel()))


async def test_quota_shows_limit_spent_held_left_and_when_it_starts_anew(stage: Stage) -> None:
    for _ in range(2):
        await stage.ask(stage.ada, prompt="a paper boat")
    at = stage.clock()
    job = (await stage.rows())[0]
    attempt = await stage.database.write(partial(states.submitting, job=job, provider="studio", at=at))
    ticket = Ticket(provider_job_id="video_1")
    await stage.database.write(partial(states.running, attempt=attempt, ticket=ticket, at=at))
    await stage.database.write(partial(states.rendered, job_id=job.id, at=at))
    await stage.database.write(partial(ledger.capture, job_id=job.id, billed_micros=None, at=at))

    answer = await use(stage, "quota")

    shown = texts(answer)
    resets_at = int((await stage.budgets.allowance(stage.member("Ada"))).resets_at.timestamp())
    assert answer["flags"] & EPHEMERAL
    assert "### Your budget this month, in play money" in shown
    assert "**Left** $9.20\n**Spent** $0.40\n**Set aside** for orders in hand: $0.40" in shown
    assert "**Limit** $10.00" in shown
    assert f"<t:{resets_at}:R>" in shown


async def test_quota_lists_the_latest_orders_with_their_place_state_and_price(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a [paper] boat")
    (job,) = await stage.rows()
    card = await stage.delivery.post_card(card_of(job))
    await stage.database.write(
        partial(jobs.card_posted, job_id=job.id, message_id=MessageId(card), rev=job.rev)
    )

    shown = texts(await use(stage, "quota"))

    guild, channel = job.order.member.guild_id, job.order.channel_id
    assert f"[a \\[paper\\] boat](https://discord.com/channels/{guild}/{channel}/{card})" in shown
    assert "In line · $0.40 · " in shown


async def test_quota_shows_nobody_elses_orders(stage: Stage) -> None:
    await stage.ask(stage.bruno, prompt="a secret lighthouse")

    shown = texts(await use(stage, "quota"))

    assert "lighthouse" not in shown
    assert "No orders yet." in shown
    assert "**Left** $10.00" in shown


async def test_quota_fits_a_message_whatever_the_prompts(stage: Stage) -> None:
    for number in range(40):
        await stage.database.write(partial(jobs.insert, job=stage.job(number, prompt="*" * 4_000)))

    answer = await use(stage, "quota")

    text = [one["content"] for one in walk(answer["components"]) if one["type"] == 10]
    assert sum(map(len, text)) <= 4_000


async def test_no_limit_is_called_no_limit(tmp_path: Path) -> None:
    async with open_stage(tmp_path, limits=Limits(), second_micros=None) as stage:
        shown = texts(await use(stage, "quota"))

        assert "**Left** no limit" in shown
        assert "**Limit** no limit" in shown
        assert "play money" not in shown


async def test_quota_names_every_limit_that_holds_here_with_what_is_left_of_it(stage: Stage) -> None:
    ada = stage.member("Ada")
    boss = stage.member("Mika").user_id
    channel = int(stage.channel())

    def set_up(tx: sqlite3.Connection) -> None:
        for scope, scope_id, period, dollars in (
            (BudgetScope.MEMBER, ada.user_id, Period.DAY, 2),
            (BudgetScope.MEMBER, ada.user_id, Period.MONTH, 9),
            (BudgetScope.CHANNEL, channel, Period.WEEK, 5),
            (BudgetScope.CHANNEL, channel + 1, Period.WEEK, 1),
            (BudgetScope.GUILD, 0, Period.TOTAL, 20),
        ):
            limit = Micros(dollars * 1_000_000)
            at = stage.clock()
            budgets.set_limit(tx, ada.guild_id, scope, scope_id, period, limit, by=boss, reason="", at=at)
        rules = SpendingRules(order_max_micros=Micros(1_500_000), member_in_flight_max=3)
        guilds.set_rules(tx, ada.guild_id, rules, by=boss, reason="", at=stage.clock())
        grants.give(tx, ada, Micros(3_000_000), by=boss, reason="a *prize*", at=stage.clock())

    await stage.database.write(set_up)
    await stage.ask(stage.ada, prompt="a paper boat")

    shown = texts(await use(stage, "quota"))

    assert "### Your budget today, in play money" in shown
    assert "**Left** $4.60" in shown  # of the channel's week, which has least
    assert f"**<@{ada.user_id}>** $2.00 a day: $1.60 left, $0.40 used; it starts anew <t:" in shown
    assert f"**<@{ada.user_id}>** $9.00 a month: $8.60 left, $0.40 used" in shown
    assert f"**<#{channel}>** $5.00 a week: $4.60 left, $0.40 used" in shown
    assert "**This server** $20.00 in total: $19.60 left, $0.40 used\n" in shown
    assert "One order may cost at most $1.50" in shown
    assert "On their way at once: 1 of at most 3" in shown
    assert "$3.00 of $3.00 left · a \\*prize\\*" in shown
    assert "The whole bot" not in shown
    assert "$1.00 a week" not in shown


async def test_the_bots_own_limit_is_named_where_it_has_least(tmp_path: Path) -> None:
    few = Limits(member_monthly_micros=Micros(10_000_000), installation_monthly_micros=Micros(600_000))
    async with open_stage(tmp_path, limits=few) as stage:
        shown = texts(await use(stage, "quota"))

        assert "**The whole bot** $0.60 a month: $0.60 left, $0.00 used" in shown
        assert "**Left** $0.60" in shown


async def test_the_role_that_leaves_most_is_the_one_that_is_named(stage: Stage) -> None:
    mika = stage.member("Mika")
    roles = {one.name: one.id for one in stage.sandbox.world.guild.roles.values()}

    def set_up(tx: sqlite3.Connection) -> None:
        for name, dollars in (("@everyone", 1), ("managers", 7)):
            limit, at = Micros(dollars * 1_000_000), stage.clock()
            budgets.set_limit(
                tx,
                mika.guild_id,
                BudgetScope.ROLE,
                roles[name],
                Period.MONTH,
                limit,
                by=mika.user_id,
                reason="",
                at=at,
            )

    await stage.database.write(set_up)
    shown = texts(await stage.mika.answer(await stage.mika.slash("quota", channel=stage.channel())))

    assert f"**Each member with <@&{roles['managers']}>** $7.00 a month: $7.00 left" in shown
    assert "$1.00" not in shown


async def test_help_explains_commands_money_models_and_labels_on_one_screen(stage: Stage) -> None:
    answer = await use(stage, "help")

    shown = texts(answer)
    assert answer["flags"] & EPHEMERAL
    for said in (
        "/generate",
        "/quota",
        "play money",
        "AI-generated",
        "storyboard, not AI",
        "more than $1.00",
    ):
        assert said in shown
    assert len(shown) < 4_000
    commands = {one["name"] for one in await stage.ada.commands()}
    assert commands >= {"generate", "animate", "remix", "quota", "help"}
