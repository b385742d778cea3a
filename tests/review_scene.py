"""A server with gates: orders that wait, moderators who decide, and the books beside them."""

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot import catalogue
from bot.domain import ChannelId, Clip, EntryKind, GuildId, Job, JobId, JobState, Member, UserId
from bot.ids import Ids
from bot.moderation.deciding import Moderator
from bot.moderation.gatehouse import Gatehouse, Look, nobody_looks
from bot.moderation.gates import ANYWHERE, NOTHING_FOUND, Found, Gate, Mode, ReviewRules, Setting
from bot.moderation.rechecking import Rechecking
from bot.reviews import Review, Reviews
from storage import acts, gates, jobs, reviews
from storage.acts import Wanted
from storage.database import Database
from tests.bookkeeping import drive
from tests.books import entries_of
from tests.props import ANN, PLAY_PRICE, Clock, Desk, asked, job_of

CHANNEL = ChannelId(30)


def moderator(user_id: int, *, guild_id: int = ANN.guild_id, is_moderator: bool = True) -> Moderator:
    member = Member(guild_id=GuildId(guild_id), user_id=UserId(user_id))
    return Moderator(member=member, is_moderator=is_moderator)


OLGA, PER = moderator(2001), moderator(2002)
ANN_MODERATING = moderator(ANN.user_id)
STRANGER = moderator(2003, guild_id=8)
MERE_MEMBER = moderator(2004, is_moderator=False)


class Bench:
    """Orders, gates and moderators over one database.

    `moved` lists the jobs that a decision moved. Without `sold` nothing can be ordered any more when a
    moderator decides.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        sold: bool = True,
        rechecking: Rechecking | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.desk = Desk(database, clock)
        self.moved: list[JobId] = []
        self.changes = 0
        self.ids = Ids(clock, random.Random(2).getrandbits)
        models = catalogue.load(
            None,
            providers=frozenset({"studio"} if sold else ()),
            now=clock,
            studio_play_price=PLAY_PRICE,
        )
        self.reviews = Reviews(
            database,
            models,
            ids=self.ids,
            now=clock,
            moved=self.moved.append,
            changed=self._changed,
            rechecking=rechecking,
        )

    def _changed(self) -> None:
        self.changes += 1

    async def gate(self, gate: Gate, mode: Mode, *, first_n: int = 0, channel: int = ANYWHERE) -> None:
        wanted = Setting(mode=mode, first_n=first_n)
        put = partial(
            gates.put, guild_id=ANN.guild_id, channel_id=ChannelId(channel), gate=gate, wanted=wanted
        )
        await self.database.write(put)

    async def rules(self, wanted: ReviewRules) -> None:
        await self.database.write(partial(gates.set_rules, guild_id=ANN.guild_id, wanted=wanted))

    async def place(
        self, *, takes: int = 1, found: Found = NOTHING_FOUND, member: Member = ANN, gated_by: int = CHANNEL
    ) -> Job:
        """An order as the bot places it, with what its gates go by."""
        order, quote, _ = await self.desk.price(asked(member))
        parent_id = None if gated_by == CHANNEL else ChannelId(gated_by)
        order = replace(order, takes=takes, parent_id=parent_id)
        return await self.desk.orders.place(order, quote, found=found)

    async def stored(self, number: int = 1, *, gated_by: int = CHANNEL) -> Job:
        """A job of Ann's whose clip is made and paid for, and shown to nobody yet."""
        job = job_of(number, at=self.clock())
        parent_id = None if gated_by == CHANNEL else ChannelId(gated_by)
        job = replace(job, order=replace(job.order, parent_id=parent_id))
        await self.database.write(partial(drive, job, JobState.STORED, self.clock()))
        return await self.job(job.id)

    async def withheld(self, number: int = 1, *, look: Look = nobody_looks) -> Job:
        """The same, stopped at the gate."""
        job = await self.stored(number)
        assert await self.holds(job, look=look)
        return await self.job(job.id)

    async def holds(self, job: Job, *, look: Look = nobody_looks) -> bool:
        """Whether the gate stops the clip of a job now."""
        gatehouse = Gatehouse(self.database, ids=self.ids, now=self.clock, look=look)
        return await gatehouse.withholds(job, clip_of(job))

    async def review(self, job: Job, gate: Gate = Gate.RENDERING) -> Review:
        found = await self.database.read(partial(reviews.of_job, job_id=job.id, gate=gate))
        assert found is not None
        return found

    async def job(self, job_id: JobId) -> Job:
        found = await self.database.read(partial(jobs.get, job_id=job_id))
        assert found is not None
        return found

    async def takes(self, job: Job) -> list[Job]:
        return await self.database.read(partial(jobs.of_order, order_id=job.order_id))

    async def entries(self, job: Job) -> list[EntryKind]:
        """What the book says of a job, in order."""
        lines = await self.database.read(partial(entries_of, job_id=job.id))
        return [line.kind for line in lines]

    async def recorded(self, subject: str) -> list[tuple[str, int | None]]:
        """The acts on record about this, oldest first: what, and who."""
        found = await self.database.read(partial(acts.newest, wanted=Wanted(subject=subject), limit=100))
        return [(act.verb, act.actor_id) for act in reversed(found)]


def clip_of(job: Job) -> Clip:
    """The clip of a job, of which nobody reads a byte."""
    return Clip(
        job_id=job.id,
        path=Path(f"{job.id}.mp4"),
        sha256="0" * 64,
        size_bytes=9,
        width=1280,
        height=720,
        duration_ms=4_000,
        has_sound=True,
        stored_at=job.state_at,
    )
