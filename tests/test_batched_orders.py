"""Orders that go in together come out as they would one after the other: the same answers, the same rows."""

import asyncio
import itertools
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import (
    ChannelId,
    GuildId,
    InteractionId,
    Job,
    Limits,
    Member,
    Micros,
    OfferId,
    Period,
    Quote,
    UserId,
)
from bot.errors import DailiesError
from bot.jobs.cancelling import Cancelled, cancelled
from storage import budgets, grants, jobs, ledger
from storage.budgets import EVERYWHERE, BudgetScope
from storage.database import Database
from tests.props import NOON, Clock, Desk, Inline, count, order_of

GUILD = GuildId(1)
NONE_SET = Limits(member_monthly_micros=None, installation_monthly_micros=None)
LIMITED = [
    (EVERYWHERE, BudgetScope.INSTALLATION, 0),
    (GUILD, BudgetScope.CEILING, 0),
    (GUILD, BudgetScope.GUILD, 0),
    (GUILD, BudgetScope.DEFAULT, 0),
    (GUILD, BudgetScope.CHANNEL, 30),
    (GUILD, BudgetScope.ROLE, 901),
    (GUILD, BudgetScope.MEMBER, 11),
]


@dataclass(frozen=True)
class Press:
    """Somebody orders; or the press that was so many steps `back` comes once more."""

    back: int
    user: int
    channel: int
    price: int
    takes: int
    paid: bool
    roles: tuple[int, ...]


@dataclass(frozen=True)
class Cancel:
    """What was ordered so many steps `back` is cancelled, where it was made: its hold is given back."""

    back: int


@dataclass(frozen=True)
class SetLimit:
    """A limit is set between two orders, and where it `fails` is taken back again by an error."""

    place: int
    period: Period
    micros: int
    fails: bool


Step = Press | Cancel | SetLimit

PRESSES = st.builds(
    Press,
    back=st.sampled_from([0] * 39 + [1]),  # seldom, since a batch that has one is done again, one by one
    user=st.integers(11, 13),
    channel=st.integers(30, 31),
    price=st.sampled_from([0, 1, 2, 3, 5, 9]),
    takes=st.sampled_from([1, 1, 1, 2, 4]),
    paid=st.booleans(),
    roles=st.sampled_from([(), (901,), (902, 901)]),
)
SETS = st.builds(
    SetLimit,
    place=st.integers(0, len(LIMITED) - 1),
    period=st.sampled_from(Period),
    micros=st.integers(0, 60),
    fails=st.sampled_from([False, False, True]),
)
CANCELS = st.builds(Cancel, back=st.integers(1, 9))
STEPS = st.sampled_from([PRESSES] * 17 + [CANCELS, SETS, SETS]).flatmap(lambda steps: steps)


def _begin(sets: Sequence[SetLimit], tx: sqlite3.Connection) -> None:
    for guild, scope in ((EVERYWHERE, BudgetScope.INSTALLATION), (GUILD, BudgetScope.CEILING)):
        budgets.set_limit(tx, guild, scope, 0, Period.TOTAL, Micros(80), by=UserId(0), reason="", at=NOON)
    for one in sets:
        _set(replace(one, fails=False), tx)
    ann = Member(guild_id=GUILD, user_id=UserId(11))
    grants.give(tx, ann, Micros(7), by=UserId(5), reason="a birthday", at=NOON, expires_at=None)


def _set(step: SetLimit, tx: sqlite3.Connection) -> None:
    whose = LIMITED[step.place]
    budgets.set_limit(tx, *whose, step.period, Micros(step.micros), by=UserId(5), reason="", at=NOON)
    if step.fails:
        raise ValueError("after it was written")


def _cancel(number: int, tx: sqlite3.Connection) -> Cancelled | None:
    made = jobs.by_interaction(tx, InteractionId(number))
    if made is None:
        return None
    return cancelled(made.id, NOON, tx, by=made.order.member, moderator=False)[1]


class Shop:
    """A database of its own, and all that may be done to it."""

    def __init__(self, sets: Sequence[SetLimit]) -> None:
        self.hop = Inline()
        self.database = Database(self.hop)
        self.desk = Desk(self.database, Clock(), limits=NONE_SET)
        self._sets = sets

    async def open(self) -> None:
        await self.database.write(partial(_begin, self._sets))

    async def do(self, number: int, step: Step) -> Any:
        """What came of a step: of an order its press and state, of what fails the error in its words."""
        try:
            match step:
                case Press():
                    job = await self._order(number - step.back, step)
                    return job.order.interaction_id, job.take, job.state
                case Cancel():
                    return await self.database.write(partial(_cancel, number - step.back))
                case SetLimit():
                    return await self.database.write(partial(_set, step))
        except (DailiesError, ValueError) as fault:
            return type(fault), str(fault)

    async def _order(self, number: int, press: Press) -> Job:
        member = Member(guild_id=GUILD, user_id=UserId(press.user))
        offer = OfferId("elsewhere/model" if press.paid else "studio/studio")
        order = order_of(member, interaction_id=number, channel_id=press.channel)
        quote = Quote(offer_id=offer, price_micros=Micros(press.price), per_second_micros=Micros(press.price))
        return await self.desk.orders.place(
            replace(order, takes=press.takes, channel_id=ChannelId(press.channel)),
            quote,
            role_ids=press.roles,
        )

    def rows(self) -> dict[str, list[Any]]:
        """All that was written, but for the ids that chance gave to jobs."""
        book = self.hop.connection

        def all_of(sql: str) -> list[Any]:
            return sorted(tuple(row) for row in book.execute(sql))

        return {
            "jobs": all_of(
                "SELECT interaction_id, take, takes, user_id, channel_id, price_micros, state FROM jobs"
            ),
            "holds": all_of(
                """
                SELECT j.interaction_id, j.take, h.bearer, h.user_id, h.channel_id, h.guild_day, h.utc_day,
                       h.amount_micros, h.granted_micros, coalesce(h.ended_as, '')
                FROM holds AS h JOIN jobs AS j ON j.id = h.job_id
                """
            ),
            "entries": all_of(
                """
                SELECT e.kind, coalesce(j.interaction_id, 0), coalesce(j.take, 0), e.bearer, e.amount_micros
                FROM entries AS e
                LEFT JOIN holds AS h ON h.id = e.hold_id LEFT JOIN jobs AS j ON j.id = h.job_id
                """
            ),
            "parts": all_of("SELECT grant_id, number, sum(amount_micros) FROM grant_parts GROUP BY 1, 2"),
            "purses": all_of("SELECT * FROM purses"),
            "budgets": all_of("SELECT guild_id, scope, scope_id, period, limit_micros FROM budgets"),
        }


async def _played(sets: Sequence[SetLimit], steps: Sequence[Step], sizes: Sequence[int]) -> tuple[Any, Any]:
    """The answers and the rows, where so many steps at a time come together (the sizes again and again)."""
    shop, answers, left = Shop(sets), list[Any](), list(enumerate(steps, start=10))
    await shop.open()
    for size in itertools.cycle(sizes):
        if not left:
            break
        together, left = left[:size], left[size:]
        answers += await asyncio.gather(*(shop.do(number, step) for number, step in together))
    rows = shop.rows()
    assert ledger.verify(shop.hop.connection) == []
    await shop.database.close()
    return answers, rows


@settings(max_examples=count(40, 3_000), deadline=None)
@given(
    sets=st.lists(SETS, max_size=3),
    steps=st.lists(STEPS, min_size=12, max_size=40),
    sizes=st.lists(st.integers(2, 30), min_size=1, max_size=3),
)
def test_a_batch_admits_what_would_be_admitted_one_after_the_other(
    sets: list[SetLimit], steps: list[Step], sizes: list[int]
) -> None:
    together = asyncio.run(_played(sets, steps, sizes))
    alone = asyncio.run(_played(sets, steps, [1]))

    assert together == alone
