"""The rules of `orders.place` as most bots write them, an await a statement: with a lock, or with a pool.

The same reads, checks and rows as ours, in the same schema, with the same pragmas; the limits are asked for
with every order.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.domain import Order, Quote
from bot.ids import Ids
from storage.database import ThreadHop, prepare

MADE = "SELECT 1 FROM jobs WHERE interaction_id = ? AND take = 1"
LIMITS = """
    SELECT scope, scope_id, period, limit_micros FROM budgets WHERE guild_id = 0
    OR guild_id = ? AND (scope IN ('ceiling', 'guild', 'default')
                         OR scope = 'channel' AND scope_id = ?
                         OR scope = 'role' AND scope_id IN (?, ?, ?)
                         OR scope = 'member' AND scope_id = ?)
"""
USED = """
    SELECT month_spent_micros + month_held_micros FROM purses
    WHERE scope = ? AND scope_id = ? AND user_id = ?
"""
JOB = """
    INSERT INTO jobs (id, interaction_id, order_id, take, takes, guild_id, channel_id, user_id, kind, prompt,
                      model, resolution, aspect_ratio, duration_s, remixable, blocks_ip, draft, private,
                      spoiler, offer_id, price_micros, per_second_micros, state, created_at, state_at)
    VALUES (?, ?, ?, 1, 1, ?, ?, ?, 'generate', ?, 'model', '720p', '16:9', 4, 0, 0, 0, 0, 0,
            'elsewhere/model', 400000, 100000, 'queued', 0, 0)
"""
HOLD = """
    INSERT INTO holds (job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day, amount_micros,
                       opened_at)
    VALUES (?, 'member', ?, ?, ?, 1, 1, 400000, 0)
"""
COUNT = """
    INSERT INTO purses VALUES (?, ?, ?, 1, 0, 400000, 0, 400000, 0, 400000, 0, 400000, 1)
    ON CONFLICT DO UPDATE
    SET day_held_micros = day_held_micros + 400000, week_held_micros = week_held_micros + 400000,
        month_held_micros = month_held_micros + 400000, total_held_micros = total_held_micros + 400000,
        open_holds = open_holds + 1
"""

Do = Callable[[str, Sequence[Any]], Awaitable[list[Any]]]
"""Runs one statement, and gives back its rows."""


class Rival(Protocol):
    """A way to place an order."""

    async def place(self, order: Order, ids: Ids) -> None: ...


async def by_the_rules(do: Do, order: Order, quote: Quote, roles: tuple[int, ...], ids: Ids) -> None:
    """Place one order inside a transaction."""
    job_id, guild, user = ids.new(), order.member.guild_id, order.member.user_id
    if await do(MADE, (order.interaction_id,)):
        return
    limits = await do(LIMITS, (guild, order.channel_id, *roles, user))
    most = min(row[3] for row in limits)
    keys = (
        ("installation", 0, 0),
        ("guild", guild, 0),
        ("channel", order.channel_id, 0),
        ("member", guild, user),
    )
    for key in keys:
        used = await do(USED, key)
        if used and used[0][0] + quote.price_micros > most:
            raise ValueError("no room")
    await do(JOB, (job_id, order.interaction_id, job_id, guild, order.channel_id, user, order.prompt))
    await do(HOLD, (job_id, guild, order.channel_id, user))
    for key in keys:
        await do(COUNT, key)


class Locked:
    """One connection of aiosqlite, and a lock around each transaction."""

    def __init__(
        self, connection: aiosqlite.Connection, quote: Quote, roles: Callable[[Order], tuple[int, ...]]
    ) -> None:
        self._connection = connection
        self._quote = quote
        self._roles = roles
        self._lock = asyncio.Lock()

    async def place(self, order: Order, ids: Ids) -> None:
        """Place one order."""
        async with self._lock:
            await self._connection.execute("BEGIN IMMEDIATE")
            await by_the_rules(self._do, order, self._quote, self._roles(order), ids)
            await self._connection.execute("COMMIT")

    async def _do(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        cursor = await self._connection.execute(sql, parameters)
        return list(await cursor.fetchall()) if cursor.description else []


class Pooled:
    """SQLAlchemy's async engine on aiosqlite, with its usual pool."""

    def __init__(self, engine: AsyncEngine, quote: Quote, roles: Callable[[Order], tuple[int, ...]]) -> None:
        self._engine = engine
        self._quote = quote
        self._roles = roles

    async def place(self, order: Order, ids: Ids) -> None:
        """Place one order."""
        async with self._engine.begin() as connection:
            await by_the_rules(_doing(connection), order, self._quote, self._roles(order), ids)


def _doing(connection: AsyncConnection) -> Do:
    async def do(sql: str, parameters: Sequence[Any]) -> list[Any]:
        result = await connection.exec_driver_sql(sql, tuple(parameters))
        return list(result.fetchall()) if result.returns_rows else []

    return do


@asynccontextmanager
async def locked(path: Path, quote: Quote, roles: Callable[[Order], tuple[int, ...]]) -> AsyncIterator[Rival]:
    """aiosqlite with a lock."""
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await ThreadHop(connection)(prepare)
        yield Locked(connection, quote, roles)


@asynccontextmanager
async def pooled(path: Path, quote: Quote, roles: Callable[[Order], tuple[int, ...]]) -> AsyncIterator[Rival]:
    """SQLAlchemy on aiosqlite. Its callers wait for each other as long as it takes."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_timeout=600)

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, record: Any) -> None:
        del record
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute("PRAGMA busy_timeout = 600000")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        yield Pooled(engine, quote, roles)
    finally:
        await engine.dispose()
