"""No budget is ever passed by one micro, however many come at once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.budgets import Budgets
from bot.domain import (
    FaultKind,
    GuildId,
    Job,
    Limits,
    Member,
    Micros,
    OfferId,
    Quote,
    Scope,
    UserId,
)
from bot.errors import BudgetExceeded, PaidNotEnabled
from bot.orders import Cancelled
from storage import ledger
from storage.database import Database
from tests.props import (
    ANN,
    ANN_ELSEWHERE,
    BEN,
    SHORTEST_MICROS,
    Clock,
    Desk,
    Inline,
    asked,
    kinds,
    limits,
    order_of,
    rows,
    used,
)


@pytest.mark.parametrize("crumbs", [0, 1, SHORTEST_MICROS - 1])
async def test_two_hundred_at_once_get_exactly_what_the_budget_holds(
    database: Database, clock: Clock, crumbs: int
) -> None:
    desk = Desk(database, clock, limits=limits(installation=37 * SHORTEST_MICROS + crumbs))

    answers = await asyncio.gather(*(desk.place(asked()) for _ in range(200)), return_exceptions=True)

    assert kinds(answers) == {"Job": 37, "BudgetExceeded": 163}
    assert await used(database, clock()) == 37 * SHORTEST_MICROS
    assert len(desk.woken) == 37
    assert await database.read(ledger.verify) == []


async def test_two_desks_with_many_members_and_guilds_share_one_installation_limit(
    database: Database, clock: Clock
) -> None:
    limit = limits(installation=50 * SHORTEST_MICROS)
    desks = [Desk(database, clock, limits=limit, seed=seed) for seed in (1, 2)]
    members = [Member(guild_id=GuildId(n % 7), user_id=UserId(n)) for n in range(200)]

    answers = await asyncio.gather(
        *(desks[n % 2].place(asked(member)) for n, member in enumerate(members)), return_exceptions=True
    )

    assert kinds(answers) == {"Job": 50, "BudgetExceeded": 150}
    assert await used(database, clock()) == 50 * SHORTEST_MICROS


async def test_a_members_limit_is_that_members_in_that_guild(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(member=2 * SHORTEST_MICROS, installation=10**12))

    for who in (ANN, BEN, ANN_ELSEWHERE):
        answers = await asyncio.gather(*(desk.place(asked(who)) for _ in range(5)), return_exceptions=True)
        assert kinds(answers) == {"Job": 2, "BudgetExceeded": 3}


@pytest.mark.soak
@given(
    prices=st.lists(
        st.tuples(st.sampled_from([ANN, BEN, ANN_ELSEWHERE]), st.integers(0, 12)), min_size=1, max_size=40
    ),
    member=st.none() | st.integers(0, 60),
    installation=st.integers(0, 120),
)
def test_whoever_comes_first_is_admitted_as_long_as_every_budget_has_room(
    prices: list[tuple[Member, int]], member: int | None, installation: int
) -> None:
    async def at_once() -> list[Any]:
        database = Database(Inline())
        desk = Desk(database, Clock(), limits=limits(member=member, installation=installation))
        answers = await asyncio.gather(
            *(desk.orders.place(order_of(who), quote_of(price)) for who, price in prices),
            return_exceptions=True,
        )
        assert await database.read(ledger.verify) == []
        await database.close()
        return answers

    spent: Counter[Member] = Counter()
    room = []
    for who, price in prices:
        fits = price == 0 or (
            (member is None or spent[who] + price <= member) and spent.total() + price <= installation
        )
        spent[who] += price if fits else 0
        room.append(fits)

    assert [isinstance(answer, Job) for answer in asyncio.run(at_once())] == room


def quote_of(price: int) -> Quote:
    return Quote(
        offer_id=OfferId("studio/studio"), price_micros=Micros(price), per_second_micros=Micros(price)
    )


async def test_a_refused_order_leaves_nothing_behind(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(installation=SHORTEST_MICROS - 1))
    before = await rows(database)

    with pytest.raises(BudgetExceeded) as refused:
        await desk.place(asked())

    assert refused.value.short_micros == 1
    assert refused.value.kind is FaultKind.SERVER_BUDGET
    assert await rows(database) == before
    assert desk.woken == []


async def test_a_members_refusal_names_what_is_left_and_until_when(database: Database, clock: Clock) -> None:
    desk = Desk(database, clock, limits=limits(member=500_000, installation=10**12))
    await desk.place(asked())

    with pytest.raises(BudgetExceeded) as refused:
        await desk.place(asked())

    assert refused.value.sentence == (
        "This costs $0.40 and your budget has $0.10 left until <t:1796083200:f>: $0.30 too little. "
        "Nothing was charged. Choose a shorter clip, a lower resolution or a cheaper model."
    )
    assert refused.value.kind is FaultKind.MEMBER_BUDGET
    assert refused.value.short_micros == 300_000


@pytest.mark.parametrize("installation", [None, 0])
async def test_paid_is_refused_until_the_operator_has_set_a_limit(
    database: Database, clock: Clock, installation: int | None
) -> None:
    desk = Desk(database, clock, limits=limits(member=10**12, installation=installation))

    with pytest.raises(PaidNotEnabled if installation is None else BudgetExceeded) as refused:
        await desk.place(asked())

    assert "Nothing was charged." in refused.value.sentence
    assert await rows(database) == dict.fromkeys(("jobs", "holds", "entries", "totals", "quotes"), 0)


@pytest.mark.parametrize("limit", [limits(), limits(member=0, installation=0)])
async def test_a_free_order_needs_no_limit_and_writes_a_hold_of_nothing(
    database: Database, clock: Clock, limit: Limits
) -> None:
    desk = Desk(database, clock, limits=limit, second_micros=None)

    job = await desk.place(asked())

    held = await database.read(partial(ledger.open_hold, job_id=job.id))
    assert held is not None
    assert (held.amount_micros, held.bearer, held.member) == (0, Scope.MEMBER, ANN)


async def test_limits_lowered_below_what_is_spent_sell_nothing_and_break_nothing(
    database: Database, clock: Clock
) -> None:
    generous = Desk(database, clock, limits=limits(member=10**9, installation=10**9))
    placed = [await generous.place(asked()) for _ in range(3)]
    lowered = limits(member=1, installation=1)
    strict = Desk(database, clock, limits=lowered, seed=2)

    with pytest.raises(BudgetExceeded, match=r"your budget has \$0\.00 left"):
        await strict.place(asked())
    allowance = await Budgets(database, lowered, now=clock).allowance(ANN)
    _, outcome = await strict.cancel(placed[0].id, by=ANN, moderator=False)

    assert allowance.left_micros == 0
    assert outcome is Cancelled.DONE
    assert await used(database, clock()) == 2 * SHORTEST_MICROS


@pytest.mark.parametrize(
    "limit", [limits(member=0, installation=10**12), limits(member=10**12, installation=0)]
)
async def test_a_limit_of_nothing_is_a_limit(database: Database, clock: Clock, limit: Limits) -> None:
    with pytest.raises(BudgetExceeded):
        await Desk(database, clock, limits=limit).place(asked())


@pytest.mark.parametrize(
    "limit",
    [limits(member=SHORTEST_MICROS, installation=10**12), limits(installation=SHORTEST_MICROS)],
)
async def test_what_was_spent_on_the_first_day_counts_until_the_last(
    database: Database, limit: Limits
) -> None:
    clock = Clock(datetime(2027, 1, 1, tzinfo=UTC))
    desk = Desk(database, clock, limits=limit)
    await desk.place(asked())
    clock.at = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)

    with pytest.raises(BudgetExceeded):
        await desk.place(asked())


async def test_a_new_month_is_a_new_budget_from_its_first_microsecond(database: Database) -> None:
    clock = Clock(datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    desk = Desk(database, clock, limits=limits(member=SHORTEST_MICROS, installation=SHORTEST_MICROS))
    await desk.place(asked())

    with pytest.raises(BudgetExceeded, match="until <t:1798761600:f>"):
        await desk.place(asked())
    clock.advance(timedelta(microseconds=1))
    await desk.place(asked())

    assert await used(database, datetime(2026, 12, 1, tzinfo=UTC)) == SHORTEST_MICROS
    assert await used(database, datetime(2027, 1, 1, tzinfo=UTC)) == SHORTEST_MICROS


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (limits(), None),
        (limits(member=1_000_000), 600_000),
        (limits(installation=900_000), 100_000),
        (limits(member=1_000_000, installation=900_000), 100_000),
        (limits(member=450_000, installation=900_000), 50_000),
        (limits(member=100, installation=900_000), 0),
    ],
)
async def test_what_is_left_is_the_least_of_all_that_applies(
    database: Database, clock: Clock, limit: Limits, left: int | None
) -> None:
    desk = Desk(database, clock)
    await desk.place(asked(ANN))
    await desk.place(asked(BEN))

    allowance = await Budgets(database, limit, now=clock).allowance(ANN)

    assert allowance.left_micros == left
    assert allowance.balance.used_micros == SHORTEST_MICROS
    assert allowance.limit_micros == limit.member_monthly_micros
    assert allowance.resets_at == datetime(2026, 12, 1, tzinfo=UTC)
