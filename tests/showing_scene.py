"""What people see, whole: real cards, posts and duties over the sandbox; the worker's part is played here."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bot.clips.cards import Cards
from bot.clips.endings import Endings
from bot.clips.packing import Fits, Packing
from bot.clips.posting import Posting
from bot.clips.removal import Removals
from bot.clips.removal_steps import RemovalSteps
from bot.clips.showing import Shown
from bot.clips.whispers import Whispers
from bot.delivery import Link
from bot.domain import Clip, GuildId, Job, JobId, Micros, Scope, Ticket
from bot.ids import Ids
from bot.jobs import moves
from bot.moderation.cases import Cases
from bot.moderation.fingerprints import Fingerprints
from bot.moderation.hashes import Hashes
from bot.moderation.lookalikes import Lookalikes
from bot.moderation.reporting import Reporting
from bot.moderation.takedowns import Takedowns
from bot.ordering.material import PICTURES
from cogs.clip_presses import ClipPresses
from cogs.take_choice import TakeChoice
from storage import clips, jobs, ledger, states
from tests.inline import as_it_is
from tests.stage import Json, Stage
from tests.told_provider import ToldProvider

FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The stage with what shows clips."""

    stage: Stage
    folder: Path
    cards: Cards
    packing: Packing
    posting: Posting
    shown: Shown
    removals: Removals
    reporting: Reporting
    cases: Cases
    takedowns: Takedowns
    hashes: Hashes
    whispers: Whispers
    provider: ToldProvider
    another_removals: Callable[[], Removals]

    async def order(self, *, takes: int = 1, **changes: object) -> list[Job]:
        """An order of Ada's with its card in the channel, nothing of it made."""
        first = self.stage.job(len(await self.stage.rows()) + 1)
        order = replace(first.order, takes=takes, **changes)  # type: ignore[arg-type]  # the fields of an order
        order_id = JobId(f"{first.id[:-1]}0")
        placed = [
            replace(first, id=JobId(f"{order_id[:-1]}{take - 1}"), order_id=order_id, take=take, order=order)
            for take in range(1, takes + 1)
        ]
        for job in placed:
            await self.stage.database.write(partial(place, job))
        await self.touched(order_id)
        return [await self.job(job.id) for job in placed]

    async def make(self, job: Job, film: bytes = FILM) -> Job:
        """Bring a job to its clip, stored and not posted."""
        at = self.stage.clock()
        write = self.stage.database.write
        attempt = await write(partial(states.submitting, job=job, provider="studio", at=at))
        ticket = Ticket(provider_job_id=f"theirs-{job.id}")
        await write(partial(states.running, attempt=attempt, ticket=ticket, at=at))
        await write(partial(moves.rendered, job.id, None, at))
        path = self.folder / f"{job.id}.mp4"
        await asyncio.to_thread(path.write_bytes, film)
        clip = Clip(
            job_id=job.id,
            path=path,
            sha256=hashlib.sha256(film).hexdigest(),
            size_bytes=len(film),
            width=1280,
            height=720,
            duration_ms=4_000,
            has_sound=True,
            stored_at=at,
        )
        await write(partial(moves.stored, clip, at))
        return await self.job(job.id)

    async def whisper(self, job: Job, film: bytes = FILM) -> Job:
        """Bring a private job to its clip, as the worker does."""
        job = await self.make(job, film)
        await self.whispers.show(job)
        await self.stage.database.write(partial(states.kept, job_id=job.id, at=self.stage.clock()))
        await self.touched(job.id)
        return await self.job(job.id)

    async def post(self, job: Job, film: bytes = FILM) -> Job:
        """Bring a job to its clip in the channel."""
        job = await self.make(job, film)
        clip = await self.stage.database.read(partial(clips.get, job_id=job.id, folder=self.folder))
        assert clip is not None
        posted = await self.posting.post(job, clip)
        await self.stage.database.write(
            partial(
                states.posted,
                job_id=job.id,
                channel_id=posted.channel_id,
                message_id=posted.message_id,
                at=self.stage.clock(),
            )
        )
        await self.touched(job.id)
        return await self.job(job.id)

    async def job(self, job_id: JobId) -> Job:
        found = await self.stage.database.read(partial(jobs.get, job_id=job_id))
        assert found is not None
        return found

    async def touched(self, job_id: JobId) -> None:
        """Have the card show what has changed."""
        self.cards.touch(job_id)
        schedule = self.cards._schedule
        while len(schedule):
            await asyncio.wait(list(schedule._busy.values()) or [asyncio.create_task(asyncio.sleep(0))])

    async def message(self, job: Job) -> Json:
        """The clip's message, as Ada sees it."""
        return await self.stage.ada.message(str(job.clip_channel_id), str(job.clip_message_id))

    async def card(self, job: Job) -> Json:
        """The card, as Ada sees it."""
        return await self.stage.ada.message(str(job.order.channel_id), str(job.card_message_id))


def place(job: Job, tx: sqlite3.Connection) -> None:
    jobs.insert(tx, job)
    ledger.hold(
        tx,
        job_id=job.id,
        bearer=Scope.MEMBER,
        member=job.order.member,
        channel_id=job.order.channel_id,
        guild_day=job.created_at.date(),
        amount_micros=Micros(job.quote.price_micros),
        at=job.created_at,
    )


@asynccontextmanager
async def open_scene(
    stage: Stage,
    folder: Path,
    *,
    fit: Fits = as_it_is,
    link: Callable[[JobId, int], Link] | None = None,
    level: Callable[[GuildId], Awaitable[int]] | None = None,
) -> AsyncIterator[Scene]:
    """Everything that shows clips, at work until the end of the block."""
    clips_folder = folder / "clips"
    await asyncio.to_thread(clips_folder.mkdir)
    delivery, now = stage.delivery, stage.clock
    cards = Cards(stage.database, stage.catalogue, stage.budgets, delivery, play_money=True, now=now)
    packing = Packing(
        stage.database, fit, folder=clips_folder, level=level or delivery.upload_limit, link=link, now=now
    )
    shown = Shown(stage.database, cards, delivery, packing, folder=clips_folder, now=now)
    provider = ToldProvider("studio")

    hashes = Hashes(stage.database, Fingerprints(), folder=clips_folder, data=folder, now=now)

    def make_removals() -> Removals:
        steps = RemovalSteps(
            stage.database,
            cards,
            delivery,
            {"studio": provider},
            hashes,
            lookalikes=Lookalikes(stage.database, Fingerprints(), folder=clips_folder, now=now),
            reviews=None,
            folder=clips_folder,
            thumbnails=folder / "thumbnails",
            frames=folder / PICTURES,
            now=now,
        )
        return Removals(stage.database, steps, now=now)

    removals = make_removals()
    takedowns = Takedowns(stage.database, now=now, wake=removals.wake)
    cases = Cases(stage.database, shown, takedowns, now=now)
    bits = iter(range(1, 1_000))
    reporting = Reporting(stage.database, shown, delivery, ids=Ids(now, lambda _: next(bits)), now=now)
    posting = Posting(stage.database, cards, delivery, packing, now=now)
    whispers = Whispers(
        stage.database,
        cards,
        delivery,
        packing,
        posting,
        folder=clips_folder,
        now=now,
        removed=removals.wake,
    )
    cards.untold = Endings(stage.database, delivery, token_of=whispers.token_of).tell
    choice = TakeChoice(stage.orders, stage.material)
    stage.client.clip_presses = ClipPresses(stage.orders, shown, removals, reporting, cases, whispers, choice)
    stage.client.place_used, stage.client.place_changed = cards.place_used, cards.place_changed
    duties = [asyncio.create_task(duty.run()) for duty in (cards, removals, reporting)]
    try:
        yield Scene(
            stage=stage,
            folder=clips_folder,
            cards=cards,
            packing=packing,
            posting=posting,
            whispers=whispers,
            shown=shown,
            removals=removals,
            reporting=reporting,
            cases=cases,
            takedowns=takedowns,
            hashes=hashes,
            provider=provider,
            another_removals=make_removals,
        )
    finally:
        await removals.stop(within_s=2)
        await cards.stop(within_s=2)
        for duty in duties:
            duty.cancel()
        await asyncio.gather(*duties, return_exceptions=True)
