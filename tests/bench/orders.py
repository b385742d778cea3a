"""Orders placed in a second with `synchronous=FULL`: the whole rule, the hold, the entries, the job row."""

import asyncio
import secrets
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot import catalogue
from bot.asked import Asked
from bot.domain import Limits, Micros
from bot.ids import Ids
from bot.orders import Orders
from bot.pricing import Pricing
from bot.screening import WordList
from storage.database import open_database
from tests.props import material_of


def _now() -> datetime:
    return datetime.now(UTC)


async def measure(callers: int, seconds: float) -> tuple[float, float, float]:
    """Orders a second, and the p50 and p99 of one order in milliseconds, at so many callers."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(Path(folder, "dailies.db"))
        models = catalogue.load(
            None, providers=frozenset({"studio"}), now=_now, studio_play_price=Micros(100_000)
        )
        ids = Ids(_now, secrets.randbits)
        orders = Orders(
            database,
            Pricing(models, WordList([]), material_of(database, _now, ids), now=_now),
            limits=Limits(member_monthly_micros=Micros(10**15), installation_monthly_micros=Micros(10**18)),
            ids=ids,
            now=_now,
            placed=lambda _: None,
        )
        took: list[float] = []
        end = time.perf_counter() + seconds
        numbers = iter(range(1, 10**9))

        async def caller(user: int) -> None:
            while (began := time.perf_counter()) < end:
                asked = Asked(
                    guild_id=user % 10,
                    user_id=user,
                    channel_id=user % 30,
                    interaction_id=next(numbers),
                    prompt="a paper boat crossing a rain puddle, soft rain, no music",
                )
                order, quote, _ = await orders.price(asked)
                await orders.place(order, quote)
                took.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(caller(user) for user in range(callers)))
        rate = len(took) / (time.perf_counter() - began)
        await database.close()
        took.sort()
        return rate, took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000


async def report(seconds: float = 3.0) -> None:
    """Print a line for each number of callers."""
    for callers in (1, 10, 100, 1000):
        rate, p50, p99 = await measure(callers, seconds)
        print(f"orders, {callers:>4} callers: {rate:>7,.0f}/s  p50 {p50:.2f} ms  p99 {p99:.2f} ms")


if __name__ == "__main__":
    asyncio.run(report())
