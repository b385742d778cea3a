"""What a card in the channel says is left, of a budget that its member's roles may decide about."""

from typing import Any

from bot.domain import Allowance, JobState, Micros, Period
from storage import budgets
from storage.budgets import BudgetScope
from tests.workbench import KEYLESS, Bench


async def test_a_card_says_what_is_left_where_it_was_ordered_and_nothing_where_roles_decide(
    bench: Bench,
) -> None:
    bench.emulator.asks_to_finish = None
    await bench.start()
    job = await bench.until_shown(await bench.until_state(await bench.place(KEYLESS), JobState.RUNNING))
    member, channel_id = job.order.member, job.order.channel_id

    async def shown_with(scope: BudgetScope, scope_id: int, micros: int, percent: int) -> Allowance:
        key = (member.guild_id, scope, scope_id, Period.TOTAL, Micros(micros))
        how: dict[str, Any] = {"by": member.user_id, "reason": "", "at": bench.clock()}
        await bench.running.database.write(lambda tx: budgets.set_limit(tx, *key, **how))
        made = bench.made(job)[0]
        made.status, made.progress = "in_progress", percent
        await bench.passing(minutes=1)
        return bench.channel.cards(job.id)[0].edits[-1].allowance

    of_channel = await shown_with(BudgetScope.CHANNEL, channel_id, 1_000_000, 40)
    of_roles = await shown_with(BudgetScope.ROLE, 901, 2_000_000, 60)

    assert (of_channel.left_of, of_channel.left_micros) == ("channel", 1_000_000 - job.quote.price_micros)
    assert of_channel.is_known
    assert not of_roles.is_known
