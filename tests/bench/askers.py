"""Three ways to ask thousands of times how jobs stand, each in a process of its own: ours, and two SDKs'.

    python -m tests.bench.askers fal|openai --url URL --jobs N --seconds S [--book N]
    python -m tests.bench.askers fal_client|openai_sdk --url URL --jobs N

Ours prints one line of JSON; the others go on until they are killed. Every job is asked every ten seconds.
What is measured begins after the first round: CPU of the whole process, how late each question goes out (ten
seconds after the last answer is in time), how late the loop itself is, and what is in memory. Ours has a book
of so many jobs (of those alone that are asked about, if none is said), all of which was read before, so that
SQLite's cache is full; and its cards say what was answered, at the pace that all cards together have
(bot/clips/cards.py).
"""

import argparse
import asyncio
import gc
import json
import os
import sqlite3
import tempfile
import time
from array import array
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.domain import Fault, FaultKind, Job, MessageId, Ticket
from bot.jobs.pace import Pace
from bot.providers.fal import FalQueue
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import Answer, Provider
from storage import jobs, states
from storage.database import open_database
from tests.bench.parts import (
    EVERY_S,
    a_job,
    counted,
    cpu_s,
    fal_hosts,
    following,
    models_in,
    new_book,
    now,
)
from tests.bench.resident import resident_mib

OURS, SDKS = ("fal", "openai"), ("fal_client", "openai_sdk")
FAL = "fal-ai/sora-2"
LOOK_S = 0.01
SETTLED_AFTER_S = EVERY_S + 3


class Watch:
    """When each job was last answered; how late each next question went out."""

    def __init__(self, count: int) -> None:
        self._answered_at = array("d", bytes(8 * (count + 1)))
        self.late_ms: array[float] | None = None

    def asking(self, number: int) -> None:
        if self.late_ms is not None and (last := self._answered_at[number]):
            self.late_ms.append(1_000 * (time.monotonic() - last - EVERY_S))

    def answered(self, number: int) -> None:
        self._answered_at[number] = time.monotonic()


def number_of(ticket: Ticket) -> int:
    return int(ticket.provider_job_id[-8:])


class WatchedFal(FalQueue):
    """Ours, watched from outside."""

    watch: Watch

    async def ask(self, ticket: Ticket) -> Answer:
        self.watch.asking(number_of(ticket))
        answer = await super().ask(ticket)
        self.watch.answered(number_of(ticket))
        return answer


class WatchedOpenAI(OpenAIVideos):
    """Ours, watched from outside."""

    watch: Watch

    async def ask(self, ticket: Ticket) -> Answer:
        self.watch.asking(number_of(ticket))
        answer = await super().ask(ticket)
        self.watch.answered(number_of(ticket))
        return answer


async def measure(url: str, seconds: float, watch: Watch) -> dict[str, float]:
    """What it costs to go on like this for so long."""
    await asyncio.sleep(SETTLED_AFTER_S)
    gc.collect()
    lags: list[float] = []

    async def look() -> None:
        while True:
            due = time.monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            lags.append(1_000 * (time.monotonic() - due))

    watch.late_ms = array("d")
    asked, used, began = (await counted(url))["asked"], cpu_s(), time.monotonic()
    looking = asyncio.create_task(look())
    await asyncio.sleep(seconds)
    took, used, late = time.monotonic() - began, cpu_s() - used, sorted(watch.late_ms)
    looking.cancel()
    asked = (await counted(url))["asked"] - asked
    lags.sort()
    return {
        "cpu_percent": 100 * used / took,
        "cpu_us": 1e6 * used / max(1, asked),
        "asked_a_second": asked / took,
        "late_p99_ms": late[int(0.99 * len(late))] if late else float("nan"),
        "lag_p99_ms": lags[int(0.99 * len(lags))],
        "resident_mib": resident_mib(os.getpid()),
    }


def fill(path: Path, count: int, way: str, url: str, *, running: int | None = None) -> None:
    """So many jobs, whose cards stand and are up to date; all run, or so many do and the rest have failed."""
    book = new_book(path)
    book.execute("BEGIN IMMEDIATE")
    for number in range(1, count + 1):
        job = a_job(number, "fal/paper" if way == "fal" else "openai/keyless")
        jobs.insert(book, job)
        attempt = states.submitting(book, job, provider=way, at=now())
        states.running(book, attempt, ticket_for(job, number, way, url), at=now())
        if running is not None and number > running:
            states.failed(book, job.id, Fault(kind=FaultKind.PROVIDER, code="bench"), at=now())
        jobs.card_posted(book, job.id, MessageId(number), rev=3)
    book.execute("COMMIT")
    book.close()


def ticket_for(job: Job, number: int, way: str, url: str) -> Ticket:
    if way == "openai":
        return Ticket(provider_job_id=f"video_68d7512d07848190b3e45da0ecbebcde{number:08d}")
    theirs = f"764cabcf-b745-4b3e-ae38-{number:012d}"
    base = f"{url}/{FAL}/requests/{theirs}"
    urls = {"status": f"{base}/status", "response": base, "cancel": f"{base}/cancel"}
    return Ticket(provider_job_id=theirs, urls={"endpoint": f"{FAL}/text-to-video", **urls})


def read_all(tx: sqlite3.Connection) -> None:
    """Have every row read once."""
    for statement in ("SELECT * FROM jobs", "SELECT * FROM attempts"):
        for _ in tx.execute(statement):
            pass


async def ours(way: str, url: str, count: int, seconds: float, *, rows: int) -> dict[str, float]:
    """The real worker, the real rows, the real provider module."""
    watch = Watch(count)
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        models = models_in(folder)
        await asyncio.to_thread(fill, folder / "dailies.db", rows, way, url, running=count)
        database = await open_database(folder / "dailies.db")
        await database.read(read_all)
        provider: Provider
        if way == "fal":
            provider = WatchedFal(way, api_key="k", wires=models.wires(way), now=now, hosts=fal_hosts(url))
        else:
            provider = WatchedOpenAI(way, base_url=f"{url}/v1", api_key="k", wires=models.wires(way), now=now)
        provider.watch = watch
        pace = Pace(first_s=EVERY_S, factor=1.0, cap_s=EVERY_S)
        async with following(database, models, {way: provider}, folder, pace=pace):
            measured = await measure(url, seconds, watch)
        await provider.close()
        await database.close()
    return measured


async def each(follow: Callable[[int], Awaitable[object]], count: int) -> None:
    """A task for each job, begun evenly over one round, as a program that uses an SDK has."""

    async def begun(number: int) -> None:
        await asyncio.sleep(EVERY_S * number / count)
        await follow(number)

    await asyncio.gather(*(begun(number) for number in range(1, count + 1)), return_exceptions=True)


async def fal_client_own(url: str, count: int) -> None:
    """fal's client, 1.0.3: `subscribe_async` for each job."""
    import fal_client
    import fal_client.client

    fal_client.client.QUEUE_URL_FORMAT = f"{url}/"
    client = fal_client.AsyncClient(key="k")

    async def follow(number: int) -> None:
        await client.subscribe(f"{FAL}/text-to-video", {"prompt": f"boat number {number}"}, interval=EVERY_S)

    await each(follow, count)


async def openai_own(url: str, count: int) -> None:
    """OpenAI's client, 3.52.0: `videos.poll` for each job."""
    import openai

    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k")

    async def follow(number: int) -> None:
        await client.videos.poll(f"video_{number:08d}", poll_interval_ms=int(1_000 * EVERY_S))

    await each(follow, count)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=[*OURS, *SDKS])
    parser.add_argument("--url", required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--book", type=int, default=0)
    options = parser.parse_args()
    if options.way in SDKS:
        await {"fal_client": fal_client_own, "openai_sdk": openai_own}[options.way](options.url, options.jobs)
        return
    rows = max(options.book, options.jobs)
    print(
        json.dumps(await ours(options.way, options.url, options.jobs, options.seconds, rows=rows)), flush=True
    )


if __name__ == "__main__":
    asyncio.run(main())
