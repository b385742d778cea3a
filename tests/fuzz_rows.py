"""What there is in the fuzzer's world: clips, jobs, a review, and a row of whatever else has an id."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from bot.app import App
from bot.clips.posting import Posting
from bot.domain import ChannelId, Clip, GuildId, InteractionId, Job, JobId, Member, Ticket, UserId
from bot.ids import Ids
from bot.jobs import moves
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.gates import ANYWHERE, Gate, Mode, Setting
from cogs.delivery import DiscordDelivery
from storage import gates, jobs, places, reviews, states
from storage.places import Purpose
from tests.inline import packing_of
from tests.page_stage import write_clip
from tests.privacy_scene import belongings_of
from tests.props import Clock
from tests.showing_scene import place
from tests.stage import job_of

ELSEWHERE = GuildId(999_999_999_999)
"""A server in which nobody here is."""


@dataclass(frozen=True, slots=True)
class Furnished:
    """The ids of all that was made, the job that waits for moderators, and one that waits to be rendered."""

    ids: tuple[str, ...]
    withheld: JobId
    waiting: JobId


class Rows:
    """Makes them, by the bot's own database and its own way of posting."""

    def __init__(self, app: App, folder: Path, ada: Member, channel_id: ChannelId) -> None:
        self.app = app
        self.folder = folder
        self.ada = ada
        self.abroad = replace(ada, guild_id=ELSEWHERE)
        self.channel_id = channel_id
        self.clock = Clock(datetime.now(UTC))
        bits = count(1)
        self.ids = Ids(self.clock, lambda _: next(bits))
        self._numbers = count(1)

    async def placed(self, member: Member) -> Job:
        """A job with its money held."""
        number = next(self._numbers)
        job = job_of(
            number,
            member=member,
            channel_id=self.channel_id,
            interaction_id=InteractionId(number),
            at=self.clock(),
        )
        await self.app.database.write(partial(place, job))
        return job

    async def stored(self, member: Member, film: Path) -> tuple[Job, Clip]:
        """A job that has become a clip on our disk, and is paid."""
        job, at, write = await self.placed(member), self.clock(), self.app.database.write
        attempt = await write(partial(states.submitting, job=job, provider="studio", at=at))
        ticket = Ticket(provider_job_id=f"theirs-{job.id}")
        await write(partial(states.running, attempt=attempt, ticket=ticket, at=at))
        await write(partial(moves.rendered, job.id, None, at))
        data = await asyncio.to_thread(film.read_bytes)
        path = self.folder / "clips" / f"{job.id}.mp4"
        await asyncio.to_thread(path.write_bytes, data)
        clip = Clip(
            job_id=job.id,
            path=path,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            width=320,
            height=180,
            duration_ms=4_000,
            has_sound=True,
            stored_at=at,
        )
        await write(partial(moves.stored, clip, at))
        return await self._job(job.id), clip

    async def posted(self, member: Member, film: Path) -> Job:
        """A clip in its channel."""
        job, clip = await self.stored(member, film)
        delivery = DiscordDelivery(self.app.client)
        packing = packing_of(self.app.database, delivery, self.folder / "clips", self.clock)
        posting = Posting(self.app.database, self.app.cards, delivery, packing, now=self.clock)
        shown = await posting.post(job, clip)
        await self.app.database.write(
            partial(
                states.posted,
                job_id=job.id,
                channel_id=shown.channel_id,
                message_id=shown.message_id,
                at=self.clock(),
            )
        )
        return job

    async def withheld(self, film: Path) -> tuple[Job, str]:
        """A clip of Ada's that waits for moderators, and the review that it waits in."""
        write, guild_id = self.app.database.write, self.ada.guild_id
        for gate in Gate:
            wanted = Setting(mode=Mode.ALL, first_n=0)
            await write(partial(gates.put, guild_id=guild_id, channel_id=ANYWHERE, gate=gate, wanted=wanted))
        job, clip = await self.stored(self.ada, film)
        gatehouse = Gatehouse(self.app.database, ids=self.ids, now=self.clock)
        assert await gatehouse.withholds(job, clip)
        found = await self.app.database.read(partial(reviews.of_job, job_id=job.id, gate=Gate.SHOWING))
        assert found is not None
        return job, found.id

    async def belongings(self, member: Member, clip_id: JobId) -> list[str]:
        """A quote, a storyboard, a search, a sanction with an appeal, a report and more; their ids."""
        made: list[str] = []

        def new() -> str:
            made.append(self.ids.new())
            return made[-1]

        await self.app.database.write(
            partial(belongings_of, member, "a paper boat", clip_id, self.clock, new)
        )
        return made

    async def _job(self, job_id: JobId) -> Job:
        found = await self.app.database.read(partial(jobs.get, job_id=job_id))
        assert found is not None
        return found


async def furnish(rows: Rows, mods: ChannelId) -> Furnished:
    """Some of everything. Nobody of those who forge may move the money of the jobs that wait."""
    film = await asyncio.to_thread(write_clip, rows.folder / "film.mp4")
    stranger = replace(rows.ada, user_id=UserId(4_242))
    mine = [await rows.posted(rows.ada, film), await rows.posted(stranger, film)]
    # Ada's own abroad is paid: what she has on its way anywhere ends where she erases herself.
    abroad, _clip = await rows.stored(rows.abroad, film)
    waiting = await rows.placed(stranger)
    theirs = [abroad, waiting, await rows.placed(replace(stranger, guild_id=ELSEWHERE))]
    put = partial(places.put, guild_id=rows.ada.guild_id, purpose=Purpose.REVIEWS, channel_id=mods)
    await rows.app.database.write(put)
    withheld, review_id = await rows.withheld(film)
    more = await rows.belongings(rows.ada, mine[1].id)
    ids = (*(one.id for one in (*mine, *theirs, withheld)), review_id, *more)
    return Furnished(ids, withheld.id, waiting.id)
