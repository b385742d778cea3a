"""Paid jobs made by one submission when some answers are lost: ours beside fal's and OpenAI's clients.

    python -m tests.bench.lost_answers [COUNT]

Ours three times: at fal, whose webhook says what became of a lost one; at a server that takes idempotency
keys; and at one that gives nothing back. It is the real worker on real rows, over real sockets.
"""

import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot import web
from bot.domain import Attempt
from bot.jobs.pace import Pace
from bot.providers.fal import FalQueue
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import Provider
from bot.worker import Worker
from storage.database import Database, open_database, open_for_reading
from tests import bookkeeping
from tests.bench.parts import a_job, counted, fal_hosts, following, models_in, new_book, now, wire

FAL, KEYED, KEYLESS = "fal/paper", "openai/keyed", "openai/keyless"
LOST = 0.2
SECRET = "key-id:secret"
SDK_AT_ONCE = 50
LOOK_EVERY_S = 0.1
WITHIN_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many submissions made so many paid jobs, and in which states their rows are (ours alone)."""

    made: Counter[int]
    states: Counter[str]
    refused: int = 0

    def __str__(self) -> str:
        most = max(self.made, default=0)
        more = sum(count for jobs, count in self.made.items() if jobs > 1)
        paid = sum(jobs * count for jobs, count in self.made.items())
        rest = ", ".join(f"{count:,} {state}" for state, count in sorted(self.states.items()))
        rest = rest or f"{self.refused:,} given up with an error"
        return (
            f"{self.made[1]:>6,} made one job, {self.made[0]:,} none, {more:,} two or more (at most {most}); "
            f"{paid:,} paid; {rest}"
        )


async def made(url: str, count: int) -> Counter[int]:
    """How many of the submissions made no, one, two, … jobs, by the provider's books."""
    books = (await counted(url))["made"]
    return Counter(books.get(str(number), 0) for number in range(1, count + 1))


async def ours(offer_id: str, count: int) -> Outcome:
    """The real worker, until nothing is on its way any more but what nobody can tell."""
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        await asyncio.to_thread(_order, folder / "dailies.db", offer_id, count)
        database = await open_database(folder / "dailies.db")
        try:
            async with wire("--lose", str(LOST)) as url, _at_work(offer_id, url, database, folder):
                on_their_way = {"queued", "submitting"} | (set() if offer_id == KEYLESS else {"uncertain"})
                async with asyncio.timeout(WITHIN_S):
                    while on_their_way & (states := _states(folder / "dailies.db")).keys():  # noqa: ASYNC110
                        await asyncio.sleep(LOOK_EVERY_S)  # the rows are looked at from outside
                return Outcome(made=await made(url, count), states=states)
        finally:
            await database.close()


def _order(path: Path, offer_id: str, count: int) -> None:
    book = new_book(path)
    book.execute("BEGIN IMMEDIATE")
    for number in range(1, count + 1):
        bookkeeping.place(book, a_job(number, offer_id))
    book.execute("COMMIT")
    book.close()


def _states(path: Path) -> Counter[str]:
    book = open_for_reading(path)
    try:
        return Counter(dict(book.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall()))
    finally:
        book.close()


@asynccontextmanager
async def _at_work(offer_id: str, url: str, database: Database, folder: Path) -> AsyncIterator[None]:
    models, name = models_in(folder), offer_id.partition("/")[0]
    public: list[str] = []
    provider: Provider
    if offer_id == FAL:

        def address(attempt: Attempt) -> str:
            return web.address(public[0], name, SECRET, attempt)

        fal = provider = FalQueue(
            name,
            api_key=SECRET,
            wires=models.wires(name),
            now=now,
            hosts=fal_hosts(url),
            webhook_url=address,
        )
        callers = {name: web.Caller(received=fal.received, secret=SECRET)}
    else:
        provider = OpenAIVideos(name, base_url=f"{url}/v1", api_key=SECRET, wires=models.wires(name), now=now)
        callers = {}
    workers: list[Worker] = []  # made last, with what calls it: before it runs nothing was submitted
    webhooks = web.Webhooks(
        database,
        callers,
        wake=lambda job_id: workers[0].wake(job_id),  # noqa: PLW0108
        found=lambda attempt, ticket: workers[0].found(attempt, ticket),  # noqa: PLW0108
    )
    public.append(await webhooks.start("127.0.0.1", 0))
    try:
        pace = Pace(first_s=3_600, cap_s=3_600)
        async with following(database, models, {name: provider}, folder, pace=pace) as worker:
            workers.append(worker)
            yield
    finally:
        await webhooks.close()
        await provider.close()


async def sdk(submit_at: Callable[[str], Callable[[int], Awaitable[object]]], count: int) -> Outcome:
    """An official client, as its documents use it: each submission is one call."""
    numbers, refused = iter(range(1, count + 1)), 0
    async with wire("--lose", str(LOST)) as url:
        submit = submit_at(url)

        async def submitter() -> None:
            nonlocal refused
            for number in numbers:
                try:
                    await submit(number)
                except Exception:  # noqa: BLE001 - whatever an SDK raises when it gives up
                    refused += 1

        await asyncio.gather(*(submitter() for _ in range(SDK_AT_ONCE)))
        return Outcome(made=await made(url, count), states=Counter(), refused=refused)


def fal_client_at(url: str) -> Callable[[int], Awaitable[object]]:
    import fal_client
    import fal_client.client

    fal_client.client.QUEUE_URL_FORMAT = f"{url}/"
    client = fal_client.AsyncClient(key=SECRET)
    endpoint = "fal-ai/sora-2/text-to-video"
    return lambda number: client.submit(endpoint, {"prompt": f"boat number {number}"})


def openai_at(url: str) -> Callable[[int], Awaitable[object]]:
    import openai

    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=SECRET)
    return lambda number: client.videos.create(prompt=f"boat number {number}", model="sora-2")


async def report(count: int = 200) -> None:
    """Print a line for each way."""
    ways: dict[str, Callable[[int], Awaitable[Outcome]]] = {
        "ours, fal with webhooks": partial(ours, FAL),
        "ours, openai with keys": partial(ours, KEYED),
        "ours, nothing given back": partial(ours, KEYLESS),
        "fal_client 1.0.3": partial(sdk, fal_client_at),
        "openai 3.52.0": partial(sdk, openai_at),
    }
    logging.getLogger("bot").setLevel(logging.CRITICAL)  # every lost answer is an error there
    for name, way in ways.items():
        print(f"lost answers ({LOST:.0%}), {name:<24}: {await way(count)}", flush=True)


if __name__ == "__main__":
    asyncio.run(report(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
