"""Orders placed in a second with `synchronous=FULL`: every budget, the hold, its entry, the totals, the job.

Beside it, in the same run: the same rules on aiosqlite with a lock, a statement an await; and what the disk
alone can append and sync. Everything is written to a folder of `DAILIES_BENCH_DIR` (or the system's own).
"""

import asyncio
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiosqlite

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
from bot.door import Door
from bot.ids import Ids
from bot.orders import Orders
from bot.pricing import Pricing
from bot.screening.screening import Screening
from storage import budgets as rows
from storage import ledger
from storage.budgets import EVERYWHERE, OPERATOR, BudgetScope
from storage.database import Database, ThreadHop, open_database, prepare
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

Place = Callable[[Order], Awaitable[object]]


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
        door=Door(database, models, now=_now),
    )


class Statements:
    """The rules of `orders.place` as most bots write them: aiosqlite, a lock, an await for each statement."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()

    async def place(self, order: Order, ids: Ids) -> None:
        """The same reads, checks and rows as ours; the limits are asked for with every order."""
        do = self._connection.execute
        job_id, guild, user = ids.new(), order.member.guild_id, order.member.user_id
        async with self._lock:
            await do("BEGIN IMMEDIATE")
            made = await do(
                "SELECT 1 FROM jobs WHERE interaction_id = ? AND take = 1", (order.interaction_id,)
            )
            if await made.fetchone() is None:
                limits = await do(
                    """
                    SELECT scope, scope_id, period, limit_micros FROM budgets WHERE guild_id = 0
                    OR guild_id = ?1 AND (scope IN ('ceiling', 'guild', 'default')
                                          OR scope = 'channel' AND scope_id = ?2
                                          OR scope = 'role' AND scope_id IN (?3, ?4, ?5)
                                          OR scope = 'member' AND scope_id = ?6)
                    """,
                    (guild, order.channel_id, *roles_of(order), user),
                )
                most = min(row[3] for row in await limits.fetchall())
                for key in self._keys(order):
                    used = await do(
                        "SELECT month_spent_micros + month_held_micros FROM purses"
                        " WHERE scope = ? AND scope_id = ? AND user_id = ?",
                        key,
                    )
                    row = await used.fetchone()
                    if row is not None and row[0] + QUOTE.price_micros > most:
                        raise ValueError("no room")
                await do(
                    """
                    INSERT INTO jobs (id, interaction_id, order_id, take, takes, guild_id, channel_id,
                                      user_id, kind, prompt, model, resolution, aspect_ratio, duration_s,
                                      remixable, blocks_ip, draft, private, spoiler, offer_id, price_micros,
                                      per_second_micros, state, created_at, state_at)
                    VALUES (?, ?, ?, 1, 1, ?, ?, ?, 'generate', ?, 'model', '720p', '16:9', 4, 0, 0, 0, 0, 0,
                            'elsewhere/model', 400000, 100000, 'queued', 0, 0)
                    """,
                    (job_id, order.interaction_id, job_id, guild, order.channel_id, user, order.prompt),
                )
                await do(
                    """
                    INSERT INTO holds (job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day,
                                       amount_micros, opened_at)
                    VALUES (?, 'member', ?, ?, ?, 1, 1, 400000, 0)
                    """,
                    (job_id, guild, order.channel_id, user),
                )
                for key in self._keys(order):
                    await do(
                        """
                        INSERT INTO purses VALUES (?, ?, ?, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1)
                        ON CONFLICT DO UPDATE
                        SET day_held_micros = day_held_micros + 400000,
                            week_held_micros = week_held_micros + 400000,
                            month_held_micros = month_held_micros + 400000,
                            total_held_micros = total_held_micros + 400000, open_holds = open_holds + 1
                        """,
                        key,
                    )
            await do("COMMIT")

    @staticmethod
    def _keys(order: Order) -> tuple[tuple[str, int, int], ...]:
        guild = order.member.guild_id
        return (
            ("installation", 0, 0),
            ("guild", guild, 0),
            ("channel", order.channel_id, 0),
            ("member", guild, order.member.user_id),
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


async def measure(put: Place, callers: int, seconds: float) -> tuple[float, float, float]:
    """Orders a second, and the p50 and p99 of one order in milliseconds, at so many callers."""
    # Made before: the price of an order is named before it is placed.
    first = secrets.randbits(40) << 20
    orders = iter([order_of(number, first + number) for number in range(int(seconds * ORDERS_MAX))])
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while (began := time.perf_counter()) < end and (order := next(orders, None)) is not None:
            await put(order)
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    rate = len(took) / (time.perf_counter() - began)
    took.sort()
    return rate, took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000


def appends(folder: Path, seconds: float) -> float:
    """How often a second the disk takes 4 KiB and says that it has them."""
    descriptor = os.open(folder / "append", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    block, count, end = bytes(4096), 0, time.perf_counter() + seconds
    try:
        while time.perf_counter() < end:
            os.write(descriptor, block)
            os.fdatasync(descriptor)
            count += 1
    finally:
        os.close(descriptor)
    return count / seconds


def _say(name: str, callers: int, measured: tuple[float, float, float]) -> None:
    rate, p50, p99 = measured
    print(f"orders, {name:<22} {callers:>4} callers: {rate:>7,.0f}/s  p50 {p50:8.2f} ms  p99 {p99:8.2f} ms")


async def report(seconds: float = 3.0) -> None:
    """Print a line for each way and number of callers, and what the disk alone does."""
    ids = Ids(_now, secrets.randbits)
    with tempfile.TemporaryDirectory(dir=os.environ.get("DAILIES_BENCH_DIR")) as kept:
        folder = Path(kept)
        print(
            f"orders, the disk alone: {await asyncio.to_thread(appends, folder, 1.0):,.0f} synced appends/s"
        )
        for callers in CALLERS:
            database = await open_database(folder / f"ours-{callers}.db")
            await database.write(set_budgets)

            desk = desk_of(database, ids)

            async def ours(order: Order) -> object:
                return await desk.place(order, QUOTE, role_ids=roles_of(order))  # noqa: B023 - of this round

            _say("Dailies", callers, await measure(ours, callers, seconds))
            assert await database.read(ledger.verify) == []
            await database.close()
        for callers in CALLERS:
            path = folder / f"lock-{callers}.db"
            database = await open_database(path)
            await database.write(set_budgets)
            await database.close()
            async with aiosqlite.connect(path, isolation_level=None) as connection:
                await ThreadHop(connection)(prepare)
                statements = Statements(connection)
                _say(
                    "aiosqlite and a lock",
                    callers,
                    await measure(partial(statements.place, ids=ids), callers, seconds),
                )


if __name__ == "__main__":
    asyncio.run(report())
