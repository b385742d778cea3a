"""Whose budget a thread has, and two time zones named at once."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain import ChannelId, InteractionId, Micros, OfferId, Period, Quote, UserId
from bot.errors import BudgetExceeded, ChangeRefused
from bot.spend.distributing import Distributing
from storage import budgets, guilds, ledger
from storage.budgets import BudgetScope
from storage.database import Database
from storage.purses import channel_key
from tests.books import balance
from tests.props import ANN, NOON, Clock, Desk, order_of

FORUM, POST, OTHER_POST = ChannelId(30), ChannelId(77), ChannelId(78)
QUOTE = Quote(
    offer_id=OfferId("studio/studio"), price_micros=Micros(400_000), per_second_micros=Micros(100_000)
)
MIKA, LEE = UserId(5), UserId(6)


async def test_all_threads_of_a_channel_share_its_budget(database: Database) -> None:
    desk = Desk(database, Clock())
    limit = partial(
        budgets.set_limit,
        guild_id=ANN.guild_id,
        scope=BudgetScope.CHANNEL,
        scope_id=FORUM,
        period=Period.DAY,
        limit_micros=Micros(500_000),
        by=MIKA,
        reason="",
        at=NOON,
    )
    await database.write(limit)
    first = replace(order_of(), channel_id=POST, parent_id=FORUM)
    second = replace(order_of(), channel_id=OTHER_POST, parent_id=FORUM, interaction_id=InteractionId(2))

    job = await desk.orders.place(first, QUOTE)
    with pytest.raises(BudgetExceeded) as refused:
        await desk.orders.place(second, QUOTE)

    assert refused.value.scope == BudgetScope.CHANNEL
    assert job.order.channel_id == POST
    held = await database.read(lambda tx: balance(tx, channel_key(FORUM), Period.DAY, NOON.date()))
    assert held.held_micros == 400_000
    assert await database.read(ledger.verify) == []


async def test_of_two_time_zones_at_once_the_second_manager_reads_what_the_first_did(
    database: Database,
) -> None:
    clock = Clock()
    distributing = Distributing(database, now=clock)
    asked_at = clock.at
    clock.advance(timedelta(milliseconds=300))

    was = await distributing.set_time_zone(
        ANN.guild_id, "Europe/Berlin", by=MIKA, reason="", asked_at=asked_at
    )
    with pytest.raises(ChangeRefused, match=r"has changed this meanwhile.*it is Europe/Berlin now"):
        await distributing.set_time_zone(ANN.guild_id, "Asia/Tokyo", by=LEE, reason="", asked_at=asked_at)

    assert was == "UTC"
    rules = await database.read(partial(guilds.rules, guild_id=ANN.guild_id))
    assert rules.time_zone == "Europe/Berlin"


async def test_a_time_zone_is_changed_again_by_who_has_seen_the_change(database: Database) -> None:
    clock = Clock()
    distributing = Distributing(database, now=clock)
    await distributing.set_time_zone(ANN.guild_id, "Europe/Berlin", by=MIKA, reason="", asked_at=clock.at)
    clock.advance(timedelta(seconds=5))

    was = await distributing.set_time_zone(ANN.guild_id, "Asia/Tokyo", by=LEE, reason="", asked_at=clock.at)

    assert was == "Europe/Berlin"
