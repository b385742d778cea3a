from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.domain import Limits, MessageId, Ticket
from storage import jobs, ledger, states
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
    assert len(shown) < 2_000
    commands = {one["name"] for one in await stage.ada.commands()}
    assert commands >= {"generate", "animate", "remix", "quota", "help"}
