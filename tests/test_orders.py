"""Orders: one press is one order, a quote is accepted once, and what is kept is what was said."""

import asyncio
import dataclasses
import sqlite3
from datetime import timedelta
from functools import partial

import pytest

from bot.budgets import Budgets
from bot.domain import (
    JobState,
    Member,
    Micros,
    UserId,
)
from bot.errors import BudgetExceeded, NotYours, OrderRefused, Refusal
from bot.orders import QUOTE_HOLDS
from storage import jobs, ledger
from storage.database import Database
from tests.bookkeeping import in_state
from tests.props import (
    ANN,
    ANN_ELSEWHERE,
    BEN,
    PLAY_PRICE,
    PLENTY,
    SHORTEST_MICROS,
    Clock,
    Desk,
    asked,
    kinds,
    limits,
    rows,
    used,
)


async def test_the_same_press_many_times_at_once_is_one_order(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    press = asked(interaction_id=4711)

    placed = await asyncio.gather(*(desk.place(press) for _ in range(20)))

    assert len({job.id for job in placed}) == 1
    assert (await rows(database))["holds"] == 1
    assert await used(database, clock()) == SHORTEST_MICROS


async def test_the_same_press_again_is_answered_even_without_budget(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(installation=SHORTEST_MICROS))
    first = await desk.place(asked(interaction_id=4711))

    assert (await desk.place(asked(interaction_id=4711))).id == first.id


async def test_a_quote_accepted_many_times_at_once_is_one_job(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)

    placed = await asyncio.gather(*(desk.orders.accept(quote_id, ANN.user_id) for _ in range(10)))

    assert len({job.id for job in placed}) == 1
    assert placed[0].quote.price_micros == SHORTEST_MICROS
    assert (await rows(database))["holds"] == 1


async def ask(desk: Desk, member: Member = ANN, interaction_id: int | None = None) -> str:
    press = asked(member, interaction_id=interaction_id)
    return await desk.orders.ask(press, await desk.price(press))


async def test_asking_holds_no_money(database: Database, clock: Clock) -> None:
    await ask(Desk(database, clock))

    assert await rows(database) == {"jobs": 0, "holds": 0, "entries": 0, "totals": 0, "quotes": 1}


async def test_a_repeated_ask_gets_the_quote_that_it_made(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)

    assert await ask(desk, interaction_id=4711) == await ask(desk, interaction_id=4711)
    assert (await rows(database))["quotes"] == 1


async def test_what_could_not_be_placed_is_not_asked_about(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(installation=1))

    with pytest.raises(BudgetExceeded):
        await ask(desk)

    assert (await rows(database))["quotes"] == 0


@pytest.mark.parametrize("who", [BEN.user_id, UserId(0)])
async def test_a_quote_is_its_members_alone(database: Database, clock: Clock, who: UserId) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)

    with pytest.raises(NotYours, match="not yours"):
        await desk.orders.accept(quote_id, who)
    await desk.orders.decline(quote_id, who)  # says nothing, and takes nothing

    assert (await desk.orders.accept(quote_id, ANN.user_id)).order.member == ANN


async def test_the_job_of_an_accepted_quote_is_its_members_alone(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    await desk.orders.accept(quote_id, ANN.user_id)

    with pytest.raises(NotYours):
        await desk.orders.accept(quote_id, BEN.user_id)


async def test_a_quote_that_nobody_made_is_refused(database: Database, clock: Clock) -> None:
    with pytest.raises(NotYours):
        await Desk(database, clock).orders.accept("00000000000000000000", ANN.user_id)


@pytest.mark.parametrize(
    ("after", "holds"), [(QUOTE_HOLDS - timedelta(microseconds=1), True), (QUOTE_HOLDS, False)]
)
async def test_a_quote_holds_for_its_minutes_and_no_longer(
    database: Database, clock: Clock, after: timedelta, *, holds: bool
) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    clock.advance(after)

    if holds:
        assert (await desk.orders.accept(quote_id, ANN.user_id)).state is JobState.QUEUED
    else:
        with pytest.raises(NotYours, match="expired"):
            await desk.orders.accept(quote_id, ANN.user_id)
        assert (await rows(database))["jobs"] == 0


async def test_quotes_that_nobody_can_answer_are_forgotten(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    await ask(desk)
    clock.advance(QUOTE_HOLDS + timedelta(microseconds=1))

    await ask(desk)

    assert (await rows(database))["quotes"] == 1


async def test_a_quote_that_was_declined_is_done_with(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    await desk.orders.decline(quote_id, ANN.user_id)

    with pytest.raises(NotYours):
        await desk.orders.accept(quote_id, ANN.user_id)


async def test_a_price_that_has_risen_is_said_and_nothing_is_ordered(
    database: Database, clock: Clock
) -> None:
    quote_id = await ask(Desk(database, clock))
    repriced = Desk(database, clock, second_micros=Micros(PLAY_PRICE + 1), seed=2)

    with pytest.raises(OrderRefused, match="The price has changed to"):
        await repriced.orders.accept(quote_id, ANN.user_id)

    assert (await rows(database))["jobs"] == 0


async def test_a_price_that_has_fallen_is_what_the_member_pays(database: Database, clock: Clock) -> None:
    quote_id = await ask(Desk(database, clock))
    repriced = Desk(database, clock, second_micros=Micros(PLAY_PRICE - 1), seed=2)

    job = await repriced.orders.accept(quote_id, ANN.user_id)

    assert job.quote.price_micros == (PLAY_PRICE - 1) * job.order.duration_s
    held = await database.read(partial(ledger.open_hold, job_id=job.id))
    assert held is not None
    assert held.amount_micros == job.quote.price_micros


async def test_a_second_yes_after_a_change_of_price_gets_the_job_of_the_first(
    database: Database, clock: Clock
) -> None:
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    job = await desk.orders.accept(quote_id, ANN.user_id)
    repriced = Desk(database, clock, second_micros=Micros(PLAY_PRICE + 1), seed=2)

    assert (await repriced.orders.accept(quote_id, ANN.user_id)).id == job.id


async def test_a_quote_without_room_stays_open(database: Database, clock: Clock) -> None:
    quote_id = await ask(Desk(database, clock))
    poor = Desk(database, clock, limits=limits(installation=1), seed=2)

    with pytest.raises(BudgetExceeded):
        await poor.orders.accept(quote_id, ANN.user_id)
    job = await Desk(database, clock, seed=3).orders.accept(quote_id, ANN.user_id)

    assert job.order.prompt == "a paper boat"


async def test_many_quotes_of_one_member_are_held_to_the_budget_when_accepted(
    database: Database, clock: Clock
) -> None:
    desk = Desk(database, clock, limits=limits(installation=2 * SHORTEST_MICROS))
    quote_ids = [await ask(desk) for _ in range(6)]

    answers = await asyncio.gather(
        *(desk.orders.accept(quote_id, ANN.user_id) for quote_id in quote_ids), return_exceptions=True
    )

    assert kinds(answers) == {"Job": 2, "BudgetExceeded": 4}


async def test_a_job_is_seen_in_its_own_server_alone(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    job = await desk.place(asked(ANN))

    assert await desk.orders.job(job.id, seen_in=ANN.guild_id) == job
    with pytest.raises(NotYours):
        await desk.orders.job(job.id, seen_in=ANN_ELSEWHERE.guild_id)


async def test_a_members_jobs_come_newest_first(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    placed = []
    for _ in range(4):
        placed.append((await desk.place(asked(ANN))).id)
        await desk.place(asked(BEN))
        clock.advance(timedelta(seconds=1))

    newest = await desk.orders.newest_of(ANN, limit=3)

    assert [job.id for job in newest] == placed[:0:-1]


async def test_a_job_is_kept_word_for_word(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    prompt = "Ein Boot, \U0001f6a4 'quoted' \"twice\"; -- \\n\nnew line"

    job = await desk.place(asked(prompt=prompt))

    kept = await database.read(partial(jobs.get, job_id=job.id))
    assert kept == job
    assert kept is not None
    assert kept.order.prompt == prompt


async def test_every_refusal_says_that_nothing_was_charged(database: Database, clock: Clock) -> None:
    refusals: list[Refusal] = []
    for limit in (limits(), limits(installation=1), limits(member=1, installation=10**12)):
        with pytest.raises(Refusal) as refused:
            await Desk(database, clock, limits=limit).place(asked())
        refusals.append(refused.value)
    for press in (asked(prompt=" "), asked(seconds=-5), dataclasses.replace(asked(), model="sora-9")):
        with pytest.raises(Refusal) as refused:
            await Desk(database, clock).place(press)
        refusals.append(refused.value)

    for refusal in refusals:
        assert refusal.sentence == f"{refusal.what} Nothing was charged. {refusal.do}"
        assert refusal.what.endswith(".")
        assert refusal.do.endswith(".")


async def test_no_statement_of_an_orders_life_reads_a_whole_table(database: Database, clock: Clock) -> None:
    said: list[str] = []
    await database.read(lambda c: c.set_trace_callback(said.append))
    desk = Desk(database, clock)
    quote_id = await ask(desk)
    job = await desk.orders.accept(quote_id, ANN.user_id)
    await desk.cancel(job.id, by=ANN, moderator=False)
    await in_state(database, clock, JobState.POSTED)
    await Budgets(database, PLENTY, now=clock).allowance(ANN)
    await desk.orders.newest_of(ANN, limit=3)
    await database.read(jobs.in_hand)
    await database.read(jobs.with_stale_card)
    await database.read(lambda c: c.set_trace_callback(None))

    def plans(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        return [
            (step[3], statement)
            for statement in said
            if statement.split()[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]

    steps = await database.read(plans)
    assert len(steps) > 20
    assert [step for step in steps if step[0].startswith("SCAN") and "USING" not in step[0]] == []


async def test_a_moderator_of_another_server_cancels_nothing(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock)
    job = await desk.place(asked())

    for who in (ANN_ELSEWHERE, dataclasses.replace(BEN, guild_id=ANN_ELSEWHERE.guild_id)):
        with pytest.raises(NotYours, match="not known here"):
            await desk.orders.cancel_order(job.id, by=who, moderator=True)

    assert await used(database, clock()) == SHORTEST_MICROS
