"""An order costs the same however long the book is: what SQLite does to place one is counted, not timed."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot import catalogue
from bot.domain import ChannelId, GuildId, Member, Micros, OfferId, Period, Quote, UserId
from bot.ids import Ids
from bot.ordering.door import Door
from bot.ordering.pricing import Pricing
from bot.orders import Orders
from bot.screening.screening import Screening
from storage import budgets, channel_rules
from storage.budgets import EVERYWHERE, BudgetScope
from storage.channel_rules import Layer
from storage.connection import BookConnection
from storage.database import Database, prepare
from tests.bench.verify import GUILDS, book
from tests.props import PLENTY, Clock, material_of, order_of

T = TypeVar("T")

SHORT, LONG = 1_000, 10_000
"""Entries, of one member in each of 200 servers: whatever looked at each would do so ten times as often."""

MEMBER = Member(guild_id=GuildId(7), user_id=UserId(7))
CHANNEL, ROLE = ChannelId(7), 901
QUOTE = Quote(
    offer_id=OfferId("somebody/reel"), price_micros=Micros(400_000), per_second_micros=Micros(100_000)
)
ORDERS = 5


class Counting:
    """A hop that stays on the loop, and counts the steps of SQLite's machine."""

    def __init__(self, path: Path) -> None:
        self.steps = 0
        self.connection = sqlite3.connect(path, isolation_level=None, factory=BookConnection)
        prepare(self.connection)
        self.connection.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.steps += 1
        return 0

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        return work(self.connection)

    async def close(self) -> None:
        self.connection.close()


def set_all(tx: sqlite3.Connection) -> None:
    """Limits in all scopes and all periods, and a rule that looks for the member's last order."""
    at = Clock()()
    scopes = [
        (EVERYWHERE, BudgetScope.INSTALLATION, 0),
        *((MEMBER.guild_id, scope, 0) for scope in (BudgetScope.CEILING, BudgetScope.GUILD)),
        (MEMBER.guild_id, BudgetScope.CHANNEL, CHANNEL),
        (MEMBER.guild_id, BudgetScope.ROLE, ROLE),
    ]
    for guild_id, scope, scope_id in scopes:
        for period in Period:
            key = (GuildId(guild_id), scope, scope_id, period)
            budgets.set_limit(tx, *key, Micros(10**15), by=UserId(5), reason="", at=at)
    channel_rules.put(tx, MEMBER.guild_id, CHANNEL, Layer(slow_s=5))


async def steps(path: Path) -> list[int]:
    """What each of some orders took, in steps: the first with nothing of the book in memory."""
    clock = Clock()
    hop = Counting(path)
    database = Database(hop)
    await database.write(set_all)
    ids = Ids(clock, random.Random(1).getrandbits)
    models = catalogue.load(None, providers=frozenset({"studio"}), now=clock)
    orders = Orders(
        database,
        Pricing(models, Screening(), material_of(database, clock, ids), now=clock),
        limits=PLENTY,
        ids=ids,
        now=clock,
        placed=lambda _job_id: None,
        door=Door(database, models, ids=ids, now=clock),
    )
    taken = []
    for press in range(ORDERS):
        clock.advance(timedelta(seconds=10))
        order = order_of(MEMBER, interaction_id=10**9 + press, channel_id=CHANNEL)
        before = hop.steps
        await orders.place(order, QUOTE, role_ids=(ROLE,))
        taken.append(hop.steps - before)
    await database.close()
    return taken


async def test_an_order_takes_as_many_steps_beside_a_long_book_as_beside_a_short_one(tmp_path: Path) -> None:
    short, long = tmp_path / "short.db", tmp_path / "long.db"
    await asyncio.to_thread(partial(book, short, SHORT, members=GUILDS))
    await asyncio.to_thread(partial(book, long, LONG, members=GUILDS))

    beside_short, beside_long = await steps(short), await steps(long)

    assert min(beside_short) > 100
    # The first may also have to close the periods of days that are over, at most once for each purse.
    assert beside_long[0] <= beside_short[0] + 150
    assert beside_long[1:] == beside_short[1:]
