"""A process that dies at its commits, again and again on one file: before one, in the midst of one, after it.

`python -m tests.dying dailies.db 7 200` dies 200 times with the chance of seed 7, and says as JSON what came
of what was acknowledged. Each life is a fork: it goes on with what the last one left, by the real code over
real fsyncs, without the connection's thread (a thread does not survive a fork).
"""

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot import catalogue
from bot.domain import GuildId, JobId, Limits, Member, Micros, Period, UserId
from bot.errors import BudgetExceeded
from bot.jobs import moves
from storage import ledger
from storage.connection import BookConnection
from storage.database import Database, prepare
from storage.migrate import migrate
from storage.purses import to_day
from tests import bookkeeping
from tests.bookkeeping import FAULT
from tests.props import SHORTEST_MICROS, Desk, asked

T = TypeVar("T")

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT_ONCE, COMMITS_MAX = 4, 6
AMID_S_MAX = 0.0006
"""About what a commit takes to write and to sync: the alarm comes anywhere in it, or just after."""

COMMITS_OF_ITS_OWN = 500
"""A life that has not died by then never will."""

LOOK_EVERY = 10


@dataclass(frozen=True, slots=True)
class Scene:
    """Who orders, and what they have: some of the orders of every life are refused, and most of the last."""

    deaths: int

    @property
    def limits(self) -> Limits:
        return Limits(
            member_monthly_micros=Micros(2 * SHORTEST_MICROS),
            installation_monthly_micros=Micros(5 * self.deaths * SHORTEST_MICROS),
        )

    def member(self, dice: random.Random) -> Member:
        return Member(guild_id=GuildId(7), user_id=UserId(1 + dice.randrange(4 * self.deaths)))


class Moment(StrEnum):
    """Where in a commit a process dies."""

    BEFORE = "before"
    AMID = "amid"
    AFTER = "after"


@dataclass(slots=True)
class Ends:
    """What was found after so many deaths."""

    deaths: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Deadly:
    """A hop that stays on the loop, and is the end of its process at one commit."""

    def __init__(self, path: Path, moment: Moment, nth: int, amid_s: float) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, factory=BookConnection)
        prepare(self.connection)
        self._moment = moment
        self._left = nth
        self._amid_s = amid_s
        self._dies_after = False
        self.connection.set_trace_callback(self._asked)

    def _asked(self, statement: str) -> None:
        if statement != "COMMIT":
            return
        self._left -= 1
        if self._left:
            return
        match self._moment:
            case Moment.BEFORE:
                os.kill(os.getpid(), signal.SIGKILL)
            case Moment.AMID:  # with no handler, the alarm ends the process wherever it is
                signal.setitimer(signal.ITIMER_REAL, self._amid_s)
            case Moment.AFTER:
                self._dies_after = True

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        await asyncio.sleep(0)  # so that others arrive meanwhile and go in with this commit
        done = work(self.connection)
        if self._dies_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    async def close(self) -> None:
        self.connection.close()


async def live(
    hop: Deadly, scene: Scene, dice: random.Random, say: Callable[[str], None], press: int
) -> None:
    """Order and move jobs until the end, and say what was acknowledged."""
    database = Database(hop)
    desk = Desk(database, lambda: NOW, limits=scene.limits, seed=press)

    async def one(number: int) -> None:
        who = scene.member(dice)
        try:
            job = await desk.place(asked(who, interaction_id=number))
        except BudgetExceeded:
            say("refused")
            return
        say(f"{job.id} 0")
        if dice.random() < 0.2:
            await desk.cancel(job.id, by=who, moderator=False)
            say(f"{job.id} 1")
            return
        job = await database.write(partial(bookkeeping.start, job=job, at=NOW))
        say(f"{job.id} {job.rev}")
        await database.write(partial(dice.choice(ENDS), job.id))
        say(f"{job.id} {job.rev + 1}")

    for batch in range(COMMITS_OF_ITS_OWN):
        await asyncio.gather(*(one(press + AT_ONCE * batch + each) for each in range(AT_ONCE)))


def _made(job_id: JobId, tx: sqlite3.Connection) -> None:
    moves.rendered(job_id, None, NOW, tx)


def _made_cheaper(job_id: JobId, tx: sqlite3.Connection) -> None:
    moves.rendered(job_id, Micros(7), NOW, tx)


def _failed(job_id: JobId, tx: sqlite3.Connection) -> None:
    moves.failed(job_id, FAULT, Micros(3), NOW, tx)


ENDS = (_made, _made_cheaper, _failed)


def die(path: Path, scene: Scene, dice: random.Random, press: int, moment: Moment) -> list[str]:
    """One life: what it said before it died."""
    nth, amid_s = dice.randrange(1, COMMITS_MAX), dice.uniform(0.000_001, AMID_S_MAX)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with suppress(BaseException):
            hop = Deadly(path, moment, nth, amid_s)
            asyncio.run(live(hop, scene, dice, partial(_say, writing), press))
        os._exit(1)  # it should be dead by now
    os.close(writing)
    with os.fdopen(reading) as said:
        lines = said.read().splitlines()
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"a life ended by itself: {status}")
    return lines


def _say(pipe: int, line: str) -> None:
    os.write(pipe, f"{line}\n".encode())


def look(path: Path, scene: Scene, said: dict[str, int], ends: Ends) -> None:
    """What of the acknowledged is lost, and what in the book is wrong or above its limit."""
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        book.row_factory = sqlite3.Row
        revs = {row[0]: row[1] for row in book.execute("SELECT id, rev FROM jobs")}
        ends.lost += [job for job, rev in said.items() if revs.get(job, -1) < rev]
        ends.wrong += [str(one) for one in ledger.verify(book)]
        ends.wrong += [str(row[0]) for row in book.execute("PRAGMA quick_check") if row[0] != "ok"]
        month = to_day(NOW.date().replace(day=1))
        for scope, most in (
            ("member", scene.limits.member_monthly_micros),
            ("installation", scene.limits.installation_monthly_micros),
        ):
            over = book.execute(
                """
                SELECT scope_id, user_id, spent_micros + held_micros FROM totals
                WHERE scope = ? AND period = ? AND starts_on = ? AND spent_micros + held_micros > ?
                """,
                (scope, Period.MONTH, month, most),
            )
            ends.wrong += [f"{scope} {row[0]}:{row[1]} has {row[2]} of {most}" for row in over]


def run(path: Path, seed: str, deaths: int) -> Ends:
    """So many lives, one after the other; the book is looked at every now and then, and at the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        prepare(book)
        migrate(book)
    catalogue.own_rows()  # read once, and known to every life
    dice = random.Random(seed)
    ends, scene = Ends(), Scene(deaths)
    said: dict[str, int] = {}
    for number in range(deaths):
        moment = list(Moment)[number % len(Moment)]
        dice.random()  # a fork takes the dice along: the next life is to throw others
        lines = die(path, scene, dice, 1 + number * AT_ONCE * COMMITS_OF_ITS_OWN, moment)
        ends.deaths[moment] += 1
        for line in lines:
            if line == "refused":
                ends.refused += 1
                continue
            job, _, rev = line.partition(" ")
            said[job] = max(int(rev), said.get(job, 0))
            ends.acknowledged += 1
        if number % LOOK_EVERY == 0 or number == deaths - 1:  # rows do not come back by themselves
            look(path, scene, said, ends)
    return ends


def main(path: Path, seed: str, deaths: int) -> None:
    """Say as JSON what was found."""
    ends = run(path, seed, deaths)
    print(
        json.dumps(
            {
                "deaths": dict(ends.deaths),
                "acknowledged": ends.acknowledged,
                "refused": ends.refused,
                "lost": ends.lost[:20],
                "wrong": ends.wrong[:20],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
