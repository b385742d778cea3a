"""A process that writes until it is killed, and says of every transaction when it was told that it is done.

`python -m tests.acknowledging dailies.db 7` moves jobs with the chance of seed 7. A line of its output is a
job's id and the `rev` that was acknowledged.
"""

import asyncio
import itertools
import os
import random
import sqlite3
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.domain import NOTHING_MICROS, Fault, FaultKind, Job, JobId, Micros, Ticket
from bot.jobs import moves
from storage import states
from storage.database import Database, open_database
from tests.props import ANN, Desk, asked

CALLERS = 40
EACH = 10**6
"""More presses than a caller makes before it is killed."""
FAULT = Fault(kind=FaultKind.PROVIDER, code="made_up")


def say(job_id: JobId, rev: int) -> None:
    os.write(1, f"{job_id} {rev}\n".encode())  # one write, so that no line is cut by the kill


def now() -> datetime:
    return datetime.now(UTC)


async def follow(database: Database, desk: Desk, chance: random.Random, *, first: int) -> None:
    """Place and move jobs, acknowledging each transaction as it is answered."""
    for press in itertools.count(first):
        at = now()
        job = await desk.place(asked(ANN, interaction_id=press))
        say(job.id, 0)
        if chance.random() < 0.2:
            await desk.cancel(job.id, by=ANN, moderator=False)
            say(job.id, 1)
            continue
        attempt = await database.write(partial(states.submitting, job=job, provider="studio", at=at))
        say(job.id, 1)
        ticket = Ticket(provider_job_id=f"theirs-{press}")
        await database.write(partial(states.running, attempt=attempt, ticket=ticket, at=at))
        say(job.id, 2)
        await database.write(partial(_end, chance.choice(["rendered", "dearer", "failed", "vanished"]), job))
        say(job.id, 3)


def _end(how: str, job: Job, tx: sqlite3.Connection) -> None:
    at = now()
    match how:
        case "rendered":
            moves.rendered(job.id, None, at, tx)
        case "dearer":
            moves.rendered(job.id, Micros(job.quote.price_micros + 7), at, tx)
        case "failed":
            moves.failed(job.id, FAULT, NOTHING_MICROS, at, tx)
        case "vanished":
            moves.failed(job.id, FAULT, None, at, tx)


async def main(path: Path, seed: int) -> None:
    """Write for ever."""
    database = await open_database(path)
    desk = Desk(database, now, seed=seed)
    try:
        await asyncio.gather(
            *(
                follow(database, desk, random.Random(f"{seed} {n}"), first=(seed * CALLERS + n) * EACH)
                for n in range(CALLERS)
            )
        )
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
