"""The power is cut at any write: what was acknowledged is there, and every rule of the ledger holds."""

import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from bot import budgets
from bot.domain import Job, JobId, Limits, Micros
from bot.errors import BudgetExceeded
from bot.jobs import moves
from storage import jobs, ledger
from storage.database import Database, prepare
from storage.migrate import migrate
from tests import bookkeeping, powercut
from tests.props import NOON, SHORTEST_MICROS, job_of

T = TypeVar("T")

IMAGES = 6_000 if os.environ.get("DAILIES_SOAK") else 250
SEED = int(os.environ.get("DAILIES_SEED", "1"))
ROUNDS = 40
ORDERS_AT_ONCE = 8
PAGES_TO_CHECKPOINT = 60
"""So few that the log is moved into the database, and begun anew, many times in a short run."""

LIMITS = Limits(installation_monthly_micros=Micros(40 * SHORTEST_MICROS))
"""So little that many an order is refused: more than that stands in no image."""

LIBRARY = powercut.library()
pytestmark = pytest.mark.skipif(
    LIBRARY is None, reason="this Python has its SQLite built in: its file system cannot be played with"
)


@pytest.fixture(scope="module")
def disk() -> powercut.Disk:
    assert LIBRARY is not None
    return powercut.Disk(LIBRARY)


class OnDisk:
    """The way to a connection on the loop itself: the writer's real code without its thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        await asyncio.sleep(0)  # so that others arrive meanwhile and go in with the next commit
        return work(self.connection)

    async def close(self) -> None:
        self.connection.close()


def _placed(job: Job, tx: sqlite3.Connection) -> Job:
    at, channel_id = job.created_at, job.order.channel_id
    admitted = budgets.admit(tx, job.order.member, job.quote, LIMITS, at, channel_id=channel_id)
    return bookkeeping.place(tx, job, guild_day=admitted.guild_day)


def _made(job_id: JobId, tx: sqlite3.Connection) -> None:
    moves.rendered(job_id, None, NOON, tx)


def _made_cheaper(job_id: JobId, tx: sqlite3.Connection) -> None:
    moves.rendered(job_id, Micros(7), NOON, tx)


def _stopped(job_id: JobId, tx: sqlite3.Connection) -> None:
    moves.stopped(job_id, Micros(0), NOON, tx)


def _failed_and_billed(job_id: JobId, tx: sqlite3.Connection) -> None:
    moves.failed(job_id, bookkeeping.FAULT, Micros(3), NOON, tx)


ENDS = (_made, _made_cheaper, _stopped, _failed_and_billed)


async def acknowledged(
    database: Database, disk: powercut.Disk, dice: random.Random
) -> list[tuple[int, JobId, int]]:
    """Orders placed, made, refunded and cancelled; what was acknowledged: after how many deeds, job, rev."""
    said: list[tuple[int, JobId, int]] = []
    open_jobs: list[Job] = []
    number = 0

    async def written(work: Callable[[sqlite3.Connection], object], job_id: JobId) -> Job:
        await database.write(work)
        deeds = len(disk.deeds)
        job = await database.read(partial(jobs.get, job_id=job_id))
        assert job is not None
        said.append((deeds, job_id, job.rev))
        return job

    for _ in range(ROUNDS):
        fresh = [job_of(number + each, at=NOON + timedelta(hours=number)) for each in range(ORDERS_AT_ONCE)]
        number += ORDERS_AT_ONCE
        placed = await asyncio.gather(
            *(written(partial(_placed, job), job.id) for job in fresh), return_exceptions=True
        )
        assert {type(answer) for answer in placed} <= {Job, BudgetExceeded}
        open_jobs += [answer for answer in placed if isinstance(answer, Job)]
        started = await asyncio.gather(
            *(written(partial(bookkeeping.start, job=job), job.id) for job in open_jobs[:5])
        )
        del open_jobs[:5]
        await asyncio.gather(*(written(partial(dice.choice(ENDS), job.id), job.id) for job in started))
    return said


def found_wrong(folder: Path, content: dict[str, bytes], expected: dict[JobId, int]) -> tuple[int, list[str]]:
    """Start from an image: how many acknowledged moves are lost, and what is broken."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    with closing(sqlite3.connect(folder / "dailies.db", isolation_level=None)) as book:
        book.row_factory = sqlite3.Row
        whole = [row[0] for row in book.execute("PRAGMA quick_check")]
        broken = [] if whole == ["ok"] else whole
        broken += [str(difference) for difference in ledger.verify(book)]
        over = book.execute(
            """
            SELECT starts_on, spent_micros + held_micros FROM totals
            WHERE scope = 'installation' AND period = 'month' AND spent_micros + held_micros > ?
            """,
            (LIMITS.installation_monthly_micros,),
        )
        broken += [f"{row[1]} of {LIMITS.installation_monthly_micros} since {row[0]}" for row in over]
        revs = {JobId(row[0]): row[1] for row in book.execute("SELECT id, rev FROM jobs")}
    lost = sum(revs.get(job_id, -1) < rev for job_id, rev in expected.items())
    return lost, broken


async def cut(tmp_path: Path, disk: powercut.Disk, *, durability: str, images: int) -> tuple[int, list[str]]:
    """Work, and cut the power so many times: acknowledged moves lost in all, and what was found broken."""
    dice = random.Random(SEED)
    path = tmp_path / "dailies.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        prepare(book)
        migrate(book)
    base = {path.name: path.read_bytes()}
    disk.deeds.clear()
    connection = disk.connect(path)
    prepare(connection)
    connection.execute(f"PRAGMA synchronous = {durability}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_TO_CHECKPOINT}")
    database = Database(OnDisk(connection))
    said = await acknowledged(database, disk, dice)
    deeds = list(disk.deeds)
    await database.close()

    assert sum(isinstance(deed, powercut.Sync) and deed.file == path.name for deed in deeds) > 3
    cuts = sorted(dice.randrange(1, len(deeds) + 1) for _ in range(images))
    lost, broken = 0, []
    expected: dict[JobId, int] = {}
    coming = iter(said)
    next_said = next(coming, None)
    for done, content in powercut.images(base, deeds, cuts, dice):
        while next_said is not None and next_said[0] <= done:
            expected[next_said[1]] = max(next_said[2], expected.get(next_said[1], 0))
            next_said = next(coming, None)
        missing, wrong = found_wrong(tmp_path / "image", content, expected)
        lost += missing
        broken += wrong
    assert ROUNDS < len(expected) < ROUNDS * ORDERS_AT_ONCE  # and some were refused
    return lost, broken


async def test_nothing_acknowledged_is_lost_and_nothing_is_broken(
    tmp_path: Path, disk: powercut.Disk
) -> None:
    lost, broken = await cut(tmp_path, disk, durability="FULL", images=IMAGES)

    assert (lost, broken) == (0, []), f"seed {SEED}"


async def test_the_disk_would_show_it(tmp_path: Path, disk: powercut.Disk) -> None:
    lost, broken = await cut(tmp_path, disk, durability="NORMAL", images=60)

    assert lost > 0
    assert broken == []


async def test_a_disk_that_never_syncs_is_found_broken(tmp_path: Path, disk: powercut.Disk) -> None:
    with pytest.raises((sqlite3.DatabaseError, AssertionError)):
        await cut(tmp_path, disk, durability="OFF", images=60)
