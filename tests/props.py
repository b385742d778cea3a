"""What tests are played with: a clock that is set by hand, a member, orders, and a desk that takes them."""

import itertools
import os
import random
import secrets
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot import catalogue
from bot.catalogue import Priced
from bot.clips.stills import Stills
from bot.domain import (
    ChannelId,
    GuildId,
    InteractionId,
    Job,
    JobId,
    JobState,
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
from bot.jobs.cancelling import Cancelled
from bot.ordering.asked import Asked
from bot.ordering.door import Door
from bot.ordering.material import Material
from bot.ordering.pictures import Pictures
from bot.ordering.pricing import Pricing
from bot.orders import Orders
from bot.screening.rulebook import Rulebook
from bot.screening.rules import read
from bot.screening.screening import Screening
from bot.screening.word_lists import WordLists
from storage.database import Database
from storage.purses import INSTALLATION, member_key
from tests.books import balance
from tests.new_books import new_book

T = TypeVar("T")

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

ANN = Member(guild_id=GuildId(7), user_id=UserId(1001))
BEN = Member(guild_id=GuildId(7), user_id=UserId(1002))
ANN_ELSEWHERE = Member(guild_id=GuildId(8), user_id=UserId(1001))

PLAY_PRICE = Micros(100_000)
"""Of a second of the studio's clip; the shortest order is 4 s."""
SHORTEST_MICROS = 4 * PLAY_PRICE

PLENTY = Limits(installation_monthly_micros=Micros(10**12))


class Clock:
    """A `now` that moves only when told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Let so much time pass."""
        self.at += by


class Inline:
    """A hop that stays on the loop: the whole of storage on a connection in memory, without its thread."""

    def __init__(self) -> None:
        self.connection = new_book()

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        return work(self.connection)

    async def close(self) -> None:
        self.connection.close()


NOWHERE = Path("/nowhere")
"""The data folder of those who start from no picture or clip."""


def material_of(
    database: Database, now: Callable[[], datetime], ids: Ids, folder: Path = NOWHERE
) -> Material:
    """What orders start from, in a data folder."""
    return Material(database, Pictures(), Stills(), folder=folder, ids=ids, now=now)


class Desk:
    """Takes orders as the bot does, with everything that a test may want to choose.

    `woken` lists the jobs that the worker was told of.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        limits: Limits = PLENTY,
        second_micros: Micros | None = PLAY_PRICE,
        screening: Screening | None = None,
        seed: int = 1,
        folder: Path = NOWHERE,
    ) -> None:
        self.woken: list[JobId] = []
        self.ids = ids = Ids(clock, random.Random(seed).getrandbits)
        models = catalogue.load(
            None, providers=frozenset({"studio"}), now=clock, studio_play_price=second_micros
        )
        self.orders = Orders(
            database,
            Pricing(models, screening or Screening(), material_of(database, clock, ids, folder), now=clock),
            limits=limits,
            ids=ids,
            now=clock,
            placed=self.woken.append,
            door=Door(database, models, ids=ids, now=clock),
        )

    async def price(self, asked: Asked) -> Priced:
        """What was asked, as it could be placed now."""
        return (await self.orders.propose(asked)).priced

    async def cancel(self, job_id: JobId, *, by: Member, moderator: bool) -> tuple[Job, Cancelled]:
        """Cancel an order of one take."""
        (done,) = await self.orders.cancel_order(job_id, by=by, moderator=moderator)
        return done

    async def place(self, asked: Asked) -> Job:
        """Price and place, as a command below the confirmation's threshold does."""
        order, quote, _ = await self.price(asked)
        return await self.orders.place(order, quote)


_presses = itertools.count(50_000)


def asked(
    member: Member = ANN, *, interaction_id: int | None = None, prompt: str = "a paper boat", seconds: int = 4
) -> Asked:
    """A `/generate`; a new press where none is given."""
    return Asked(
        guild_id=member.guild_id,
        user_id=member.user_id,
        channel_id=30,
        interaction_id=next(_presses) if interaction_id is None else interaction_id,
        prompt=prompt,
        duration_s=seconds,
    )


def order_of(member: Member = ANN, *, interaction_id: int | None = None, channel_id: int = 30) -> Order:
    """An order as the catalogue makes it."""
    return Order(
        kind=Kind.GENERATE,
        member=member,
        channel_id=ChannelId(channel_id),
        interaction_id=InteractionId(next(_presses) if interaction_id is None else interaction_id),
        prompt="a paper boat",
        model="studio",
        resolution="720p",
        aspect_ratio="16:9",
        duration_s=4,
    )


def job_of(
    number: int = 1,
    *,
    member: Member = ANN,
    at: datetime = NOON,
    price_micros: int = SHORTEST_MICROS,
    channel_id: int = 30,
) -> Job:
    """A queued job that is in no table yet."""
    return Job(
        id=JobId(f"job{number:013d}"),
        order_id=JobId(f"job{number:013d}"),
        take=1,
        order=order_of(member, channel_id=channel_id),
        quote=Quote(
            offer_id=OfferId("studio/studio"),
            price_micros=Micros(price_micros),
            per_second_micros=Micros(price_micros // 4),
        ),
        state=JobState.QUEUED,
        rev=0,
        created_at=at,
        state_at=at,
    )


def count(small: int, whole: int) -> int:
    """How often a long test goes round: a little everywhere, `whole` in `make soak`."""
    return whole if os.environ.get("DAILIES_SOAK") else small


def dice(subject: str) -> random.Random:
    """Chance for a test: the same every time, but in `make soak` anew, with its seed on the terminal."""
    seed = os.environ.get("DAILIES_SEED") or (
        secrets.token_hex(4) if os.environ.get("DAILIES_SOAK") else "first light"
    )
    print(f"{subject}: DAILIES_SEED={seed!r}")
    return random.Random(f"{subject} {seed}")


def limits(*, member: int | None = None, installation: int | None = None) -> Limits:
    return Limits(
        member_monthly_micros=None if member is None else Micros(member),
        installation_monthly_micros=None if installation is None else Micros(installation),
    )


def worded(words: Sequence[str]) -> WordLists:
    """Rules given as the lines of one list of the operator's."""
    return WordLists({"operator": Rulebook(read(words))})


async def used(database: Database, at: datetime, member: Member | None = None) -> int:
    """What is spent and held in the month of `at`: of a member, or of the installation."""
    key = INSTALLATION if member is None else member_key(member)
    return (await database.read(lambda tx: balance(tx, key, Period.MONTH, at.date()))).used_micros


async def rows(database: Database) -> dict[str, int]:
    """How many rows each table has."""

    def counted(connection: sqlite3.Connection) -> dict[str, int]:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("jobs", "holds", "entries", "totals", "quotes")
        }

    return await database.read(counted)


def kinds(answers: list[Any]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


def noting(made: list[T]) -> Callable[[T], Awaitable[None]]:
    """A listener that only remembers what it was told."""

    async def note(one: T) -> None:
        made.append(one)

    return note
