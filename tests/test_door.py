"""The door: what keeps an order out before it is priced, and again in the transaction that places it."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import Job
from bot.errors import Barred, Refusal
from bot.moderation.people import Measure, People
from storage import channel_rules
from storage import pauses as pause_rows
from storage import people as people_rows
from storage.channel_rules import WHOLE_SERVER, Layer
from storage.database import Database
from storage.pauses import Pause
from storage.people import Sanction
from tests.props import ANN, BEN, NOON, Clock, Desk, asked, rows

SECOND = timedelta(seconds=1)


@pytest.fixture
def desk(database: Database, clock: Clock) -> Desk:
    return Desk(database, clock)


async def test_discords_own_time_out_keeps_an_order_out_to_the_second(desk: Desk, clock: Clock) -> None:
    until = NOON + timedelta(hours=1)
    order = replace(asked(), timed_out_until=until.isoformat())

    with pytest.raises(Barred) as refused:
        await desk.orders.propose(order)
    with pytest.raises(Barred):
        await desk.orders.check_person(ANN, timed_out_until=until)
    clock.at = until

    assert refused.value.sentence == (
        f"This server's moderators have you in time-out until <t:{int(until.timestamp()) + 1}:f>. "
        "Nothing was charged. Come back after it."
    )
    assert (await desk.orders.propose(order)).priced.order.prompt == order.prompt
    await desk.orders.check_person(ANN, timed_out_until=until)


async def test_a_cool_down_keeps_from_orders_and_not_from_buttons(
    desk: Desk, database: Database, clock: Clock
) -> None:
    people = People(database, ids=desk.ids, now=clock)
    await people.sanction(
        ANN, Measure.COOLDOWN, by=BEN.user_id, reason="calm down", holds_for=timedelta(hours=1)
    )

    with pytest.raises(Barred):
        await desk.orders.propose(asked())
    await desk.orders.check_person(ANN, timed_out_until=None)
    await desk.orders.propose(asked(BEN))
    await people.sanction(ANN, Measure.BLOCK, by=BEN.user_id, reason="spam")
    with pytest.raises(Barred):
        await desk.orders.check_person(ANN, timed_out_until=None)


async def test_a_block_between_price_and_yes_holds_no_money(
    desk: Desk, database: Database, clock: Clock
) -> None:
    people = People(database, ids=desk.ids, now=clock)
    proposal = await desk.orders.propose(asked())

    await people.sanction(ANN, Measure.BLOCK, by=BEN.user_id, reason="spam")

    with pytest.raises(Barred):
        await desk.orders.order(asked(), proposal)
    assert (await rows(database))["holds"] == 0


def blocks(tx: sqlite3.Connection) -> None:
    people_rows.insert(
        tx,
        Sanction(
            id="s",
            guild_id=ANN.guild_id,
            user_id=ANN.user_id,
            measure=Measure.BLOCK,
            reason="spam",
            by_id=BEN.user_id,
            at=NOON,
        ),
    )


def pauses(tx: sqlite3.Connection) -> None:
    pause_rows.pause(
        tx, Pause(guild_id=ANN.guild_id, channel_id=WHOLE_SERVER, paused_by=BEN.user_id, paused_at=NOON)
    )


def rules(tx: sqlite3.Connection) -> None:
    channel_rules.put(tx, ANN.guild_id, WHOLE_SERVER, Layer(kinds=("animate",)))


@pytest.mark.parametrize("shuts", [blocks, pauses, rules])
async def test_a_door_that_shuts_between_two_orders_of_a_batch_is_shut_to_the_second(
    desk: Desk, database: Database, shuts: Callable[[sqlite3.Connection], None]
) -> None:
    one, other = (replace(asked(), interaction_id=number) for number in (1, 2))
    before = desk.orders.order(one, await desk.orders.propose(one))
    after = desk.orders.order(other, await desk.orders.propose(other))

    first, _, second = await asyncio.gather(before, database.write(shuts), after, return_exceptions=True)

    assert isinstance(first, Job)
    assert isinstance(second, Refusal)
    assert (await rows(database))["holds"] == 1
