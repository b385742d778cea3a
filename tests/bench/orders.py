"""Orders placed in a second with `synchronous=FULL`: every budget, the hold, its entry, the totals, the job.

Beside it, in the same run: the same rules on aiosqlite with a lock and on SQLAlchemy, what the disk alone can
append and sync, and a disk whose syncs take 10 ms more. Everything is written to a folder of
`DAILIES_BENCH_DIR` (or the system's own).
"""

import asyncio
import gc
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot import catalogue
from bot.domain import (
    ChannelId,
    GuildId,
    InteractionId,
    Kind,
    Limits,
    Member,
    Micros,
    OfferId,
    Order,
    Period,
    Quote,
    UserId,
)
from bot.ids import Ids
from bot.ordering.door import Door
from bot.ordering.pricing import Pricing
from bot.orders import Orders
from bot.screening.screening import Screening
from storage import budgets as rows
from storage import ledger
from storage.budgets import EVERYWHERE, OPERATOR, BudgetScope
from storage.database import Database, open_database
from tests.bench.rivals import Rival, locked, pooled
from tests.bench.slow_disk import slow_syncs
from tests.props import material_of

CALLERS = (1, 10, 100, 1000)
GUILDS, CHANNELS, ROLES, MEMBERS = 10, 3, 5, 1_000
ORDERS_MAX = 25_000
"""Of a second; as many are made before it begins."""
LIMITS = Limits(member_monthly_micros=Micros(10**15), installation_monthly_micros=Micros(10**18))
QUOTE = Quote(
    offer_id=OfferId("elsewhere/model"), price_micros=Micros(400_000), per_second_micros=Micros(100_000)
)
PROMPT = "a paper boat crossing a rain puddle, soft rain, no music"

PACES = (5_000, 10_000, 15_000)
"""Orders that come in a second, whether those before them are answered or not."""

SLOWER_S = 0.010
"""What is added to each sync for a slow disk."""

Place = Callable[[Order], Awaitable[object]]
Measured = tuple[float, float, float]
"""Orders a second; the p50 and the p99 of one, in milliseconds."""

Way = Callable[[Path, Quote, Callable[[Order], tuple[int, ...]]], AbstractAsyncContextManager[Rival]]
RIVALS: Mapping[str, Way] = {"aiosqlite and a lock": locked, "SQLAlchemy": pooled}


def _now() -> datetime:
    return datetime.now(UTC)


def set_budgets(tx: sqlite3.Connection) -> None:
    """Limits in all five scopes, in two periods where one would do."""
    at = _now()
    wanted: list[tuple[int, BudgetScope, int, Period]] = [
        (EVERYWHERE, BudgetScope.INSTALLATION, 0, period) for period in Period
    ]
    for guild in range(1, GUILDS + 1):
        for scope in (BudgetScope.CEILING, BudgetScope.GUILD, BudgetScope.DEFAULT):
            wanted += [(guild, scope, 0, period) for period in (Period.DAY, Period.MONTH)]
        wanted += [(guild, BudgetScope.CHANNEL, 100 * guild + n, Period.DAY) for n in range(CHANNELS)]
        wanted += [(guild, BudgetScope.ROLE, 1_000 * guild + n, Period.WEEK) for n in range(1, ROLES)]
    for guild, scope, scope_id, period in wanted:
        rows.set_limit(
            tx,
            GuildId(guild),
            scope,
            scope_id,
            period,
            Micros(10**17),
            by=OPERATOR,
            reason="bench",
            at=at,
        )


def roles_of(order: Order) -> tuple[int, ...]:
    """Three roles, of which one has a budget."""
    return (1_000 * order.member.guild_id + 1, 5, 6)


def desk_of(database: Database, ids: Ids) -> Orders:
    """What takes orders in the bot, with who may order at all; what is measured is its own `place`."""
    models = catalogue.load(None, providers=frozenset({"studio"}), now=_now)
    return Orders(
        database,
        Pricing(
            models,
            Screening(),
            material_of(database, _now, ids),
            now=_now,
        ),
        limits=LIMITS,
        ids=ids,
        now=_now,
        placed=lambda _: None,
        door=Door(database, models, ids=ids, now=_now),
    )


def order_of(number: int, press: int) -> Order:
    """One order of a member of ten servers."""
    who = number * 7 % MEMBERS
    guild = who % GUILDS + 1
    return Order(
        kind=Kind.GENERATE,
        member=Member(guild_id=GuildId(guild), user_id=UserId(10**6 + who)),
        channel_id=ChannelId(100 * guild + who % CHANNELS),
        interaction_id=InteractionId(press),
        prompt=PROMPT,
        model="model",
        resolution="720p",
        aspect_ratio="16:9",
        duration_s=4,
    )


def _orders(many: int) -> list[Order]:
    """Made before they are placed, as the price of an order is named before."""
    first = secrets.randbits(40) << 20
    made = [order_of(number, first + number) for number in range(many)]
    gc.freeze()  # as `dailies run` does with what it has imported; these are no load of its either
    return made


def _measured(took: list[float], seconds: float) -> Measured:
    took.sort()
    return len(took) / seconds, took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000


async def measure(put: Place, callers: int, seconds: float) -> Measured:
    """Orders a second, and the p50 and p99 of one, at so many callers of whom each waits for its answer.

    Of so many none can be answered sooner than their number by the rate: 100 at 15,000 a second in 6.7 ms.
    """
    orders = iter(_orders(int(seconds * ORDERS_MAX)))
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while (began := time.perf_counter()) < end and (order := next(orders, None)) is not None:
            await put(order)
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return _measured(took, time.perf_counter() - began)


async def measure_paced(put: Place, callers: int, seconds: float, *, rate: int) -> Measured:
    """The same of callers who have an order each time that one is due, `rate` a second of all of them.

    What one takes is counted from when it was due, also where its caller still waited for the one before. To
    wake the callers costs the same loop some microseconds an order, and up to a millisecond of each.
    """
    orders = _orders(int(rate * seconds))
    took: list[float] = []
    began = time.perf_counter()

    async def caller(first: int) -> None:
        for number in range(first, len(orders), callers):
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            await put(orders[number])
            took.append(time.perf_counter() - due)

    await asyncio.gather(*(caller(first) for first in range(callers)))
    return _measured(took, time.perf_counter() - began)


def appends(folder: Path, seconds: float, together: int = 1) -> float:
    """How many appends of 4 KiB a second the disk takes, so many to a sync: the limit of any ledger."""
    descriptor = os.open(folder / "append", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    block, count, end = bytes(4096), 0, time.perf_counter() + seconds
    try:
        while time.perf_counter() < end:
            for _ in range(together):
                os.write(descriptor, block)
            os.fdatasync(descriptor)
            count += together
    finally:
        os.close(descriptor)
    return count / seconds


def _say(name: str, callers: int, measured: Measured) -> None:
    rate, p50, p99 = measured
    print(f"orders, {name:<22} {callers:>4} callers: {rate:>7,.0f}/s  p50 {p50:8.2f} ms  p99 {p99:8.2f} ms")


async def ours(path: Path, callers: int, seconds: float, *, rate: int | None = None) -> Measured:
    """Measure the bot's own way: at a pace, or as fast as it answers."""
    ids = Ids(_now, secrets.randbits, drawn_at_once=64)
    database = await open_database(path)
    await database.write(set_budgets)
    desk = desk_of(database, ids)

    async def put(order: Order) -> object:
        return await desk.place(order, QUOTE, role_ids=roles_of(order))

    if rate is None:
        measured = await measure(put, callers, seconds)
    else:
        measured = await measure_paced(put, callers, seconds, rate=rate)
    assert await database.read(ledger.verify) == []
    await database.close()
    return measured


async def theirs(way: Way, path: Path, callers: int, seconds: float) -> Measured:
    """Measure another way, on a file of the same schema."""
    database = await open_database(path)
    await database.write(set_budgets)
    await database.close()
    async with way(path, QUOTE, roles_of) as rival:
        return await measure(partial(rival.place, ids=Ids(_now, secrets.randbits)), callers, seconds)


async def report(seconds: float = 3.0) -> None:
    """Print a line for each way and number of callers, what the disk alone does, and how ways compare."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("DAILIES_BENCH_DIR")) as kept:
        folder = Path(kept)
        print(f"orders, bare appends: {await asyncio.to_thread(appends, folder, 1.0):,.0f}/s, one at a time")
        for callers in CALLERS:
            mine = await ours(folder / f"ours-{callers}.db", callers, seconds)
            _say("Dailies", callers, mine)
            floor = await asyncio.to_thread(appends, folder, 1.0, callers)
            print(f"orders, bare appends, {callers} to a sync: {floor:,.0f}/s, ours is {mine[0] / floor:.0%}")
            for name, way in RIVALS.items():
                other = await theirs(way, folder / f"{name}-{callers}.db", callers, seconds)
                _say(name, callers, other)
                print(f"orders, ours is {mine[0] / other[0]:.0f} times {name} at {callers}")
        for rate in PACES:
            measured = await ours(folder / f"paced-{rate}.db", 100, seconds, rate=rate)
            _say(f"Dailies, {rate:,} due a s", 100, measured)
        with slow_syncs(SLOWER_S) as is_slow:
            for callers in CALLERS if is_slow else ():
                measured = await ours(folder / f"slow-{callers}.db", callers, seconds)
                _say(f"Dailies, +{SLOWER_S * 1000:.0f} ms a sync", callers, measured)


if __name__ == "__main__":
    asyncio.run(report())
