"""The library over the sandbox: real commands and presses, real clips, real messages."""

import asyncio
import functools
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import discord
from discord.abc import _Overwrites

from bot.clips.family import Families
from bot.clips.gallery import Galleries
from bot.clips.library import Library
from bot.clips.packing import Fits, Packing
from bot.clips.stills import Stills
from bot.delivery import Link
from bot.domain import Clip, Fault, FaultKind, Job, JobId
from bot.ids import Ids
from bot.places import Places
from bot.sandbox.person import Person
from cogs.clips import clips as clips_command
from cogs.moderation_reports import add_reports, add_takedowns
from cogs.reactions import Reactions
from cogs.settings import settings
from cogs.shelves import Shelves
from cogs.wall import DiscordWall
from storage import clips, states
from tests.inline import as_it_is
from tests.page_stage import write_clip
from tests.showing_scene import Scene, open_scene, place
from tests.stage import Json, Stage, texts, walk

STEP = timedelta(seconds=1)
"""Between two clips, so that one is newer."""


class Heard(Reactions):
    """The listener, and how often it has heard something and done its work."""

    def __init__(self, client: discord.Client, galleries: Galleries) -> None:
        super().__init__(client, galleries)
        self.count = 0
        self._more = asyncio.Condition()

    async def added(self, payload: discord.RawReactionActionEvent) -> None:
        await super().added(payload)
        await self._done()

    async def removed(self, payload: discord.RawReactionActionEvent) -> None:
        await super().removed(payload)
        await self._done()

    async def after(self, count: int) -> None:
        """Wait until it has heard more than so often."""
        async with asyncio.timeout(60), self._more:
            await self._more.wait_for(lambda: self.count > count)

    async def _done(self) -> None:
        async with self._more:
            self.count += 1
            self._more.notify_all()


class AllSeen:
    """The eyes of one who sees every channel."""

    async def sees(self, channel_id: object) -> bool:
        del channel_id
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The scene of what shows clips, with the library; `film` is a real MP4."""

    scene: Scene
    library: Library
    families: Families
    wanted: list[Clip]
    galleries: Galleries
    wall: DiscordWall
    heard: Heard
    film: bytes
    another_galleries: Callable[[], Galleries]

    @property
    def stage(self) -> Stage:
        return self.scene.stage

    async def clip(
        self,
        prompt: str = "a paper boat crossing a rain puddle",
        *,
        member: str = "Ada",
        channel: str = "dailies",
        posted: bool = True,
        made_from: Job | None = None,
        weighs: int = 0,
        **changes: object,
    ) -> Job:
        """A clip of somebody's, made and (unless not `posted`) in its channel; of so many bytes at least."""
        film = self.film + bytes(max(0, weighs - len(self.film)))
        stage = self.stage
        job = stage.job(len(await stage.rows()) + 1, member=member, channel=channel, prompt=prompt)
        if made_from is not None:
            changes["source_job_id"] = made_from.id
        job = replace(job, order=replace(job.order, **changes))  # type: ignore[arg-type]  # the fields of an order
        await stage.database.write(partial(place, job))
        await self.scene.touched(job.id)
        stage.clock.advance(STEP)
        job = await self.scene.job(job.id)
        if posted:
            return await self.scene.post(job, film)
        job = await self.scene.make(job, film)
        if job.order.private:
            move = partial(states.kept, job_id=job.id, at=stage.clock())
        else:
            why = Fault(kind=FaultKind.PERMISSIONS, code="delivery_refused")
            move = partial(states.undeliverable, job_id=job.id, fault=why, at=stage.clock())
        await stage.database.write(move)
        return await self.scene.job(job.id)

    def close(self, channel: str, *, like: str) -> None:
        """Close a channel as another is closed, and let the bot know, as Discord does by an event."""
        world = self.stage.sandbox.world
        world.channel_named(channel).overwrites.update(world.channel_named(like).overwrites)
        self.tell_bot(channel)

    def tell_bot(self, channel: str) -> None:
        """Let the bot know what a channel's overwrites are now."""
        place = self.stage.sandbox.world.channel_named(channel)
        known = self.stage.client.get_channel(place.id)
        assert isinstance(known, discord.TextChannel)
        known._overwrites = [  # the event that would bring them is not the sandbox's to send
            _Overwrites(
                {
                    "id": one.id,
                    "type": 1 if one.is_member else 0,
                    "allow": str(int(one.allow)),
                    "deny": str(int(one.deny)),
                }
            )
            for one in place.overwrites.values()
        ]

    async def stored(self, job: Job) -> Clip:
        found = await self.stage.database.read(partial(clips.get, job_id=job.id, folder=self.scene.folder))
        assert found is not None
        return found

    async def brought(self, job: Job) -> None:
        """Wait until nobody is brought a clip any more: its answer is seen before its copy is removed."""
        sending = self.library._sending.get(job.id)
        if sending is not None:
            async with sending:
                pass

    async def ask(self, person: Person, name: str, *, place: str = "dailies", **options: object) -> Json:
        """`/clips …`, and the message that answers it."""
        press = await person.slash(f"clips {name}", options, channel=self.stage.channel(place))
        return await person.answer(press)

    async def turn(self, person: Person, message: Json, custom_id: str) -> Json:
        """A press whose answer takes the pressed message's place."""
        press = await person.press(message, custom_id)
        return await person.wait_for_message(lambda one: bool(one["id"] == message["id"]), since=press.mark)


@asynccontextmanager
async def open_shelf(
    stage: Stage,
    folder: Path,
    *,
    fit: Fits = as_it_is,
    link: Callable[[JobId, int], Link] | None = None,
) -> AsyncIterator[Shelf]:
    """Everything of the library, at work until the end of the block, but for the duty of the galleries."""
    async with open_scene(stage, folder, fit=fit, link=link) as scene:
        thumbnails, copies = folder / "thumbnails", folder / "again"
        await asyncio.to_thread(thumbnails.mkdir)
        await asyncio.to_thread(copies.mkdir)
        packing = Packing(
            stage.database,
            fit,
            folder=copies,
            level=stage.delivery.upload_limit,
            link=link,
            now=stage.clock,
        )
        bits = iter(range(1, 1_000))
        library = Library(
            stage.database,
            packing,
            Stills(),
            stage.catalogue,
            folder=scene.folder,
            thumbnails=thumbnails,
            ids=Ids(stage.clock, lambda _: next(bits)),
            now=stage.clock,
        )
        wanted: list[Clip] = []
        families = Families(
            stage.database, library, folder=folder, clips_folder=scene.folder, want=wanted.append
        )
        wall = DiscordWall(stage.client, stage.delivery)

        def make_galleries() -> Galleries:
            return Galleries(stage.database, scene.cards, wall, packing, folder=scene.folder, now=stage.clock)

        galleries = make_galleries()
        shelves = Shelves(stage.orders, library, families, galleries, stage.catalogue, play_money=True)
        stage.client.shelves = shelves
        heard = stage.client.reactions = Heard(stage.client, galleries)
        stage.client.tree.add_command(clips_command(shelves, stage.catalogue))
        stage.client.tree.add_command(settings(Places(stage.database, now=stage.clock), galleries))
        group = stage.client.tree.get_command("moderation")
        assert isinstance(group, discord.app_commands.Group)
        add_reports(group, scene.cases)
        add_takedowns(group, scene.takedowns, scene.removals, shelves)
        if stage.client.direct_messages:
            stage.client.tree.open_outside_servers()
        await stage.client.tree.sync()
        yield Shelf(
            scene=scene,
            library=library,
            families=families,
            wanted=wanted,
            galleries=galleries,
            wall=wall,
            heard=heard,
            film=film(),
            another_galleries=make_galleries,
        )


@functools.cache
def film() -> bytes:
    """A short clip, encoded once for all."""
    with tempfile.TemporaryDirectory() as folder:
        return write_clip(Path(folder) / "film.mp4").read_bytes()


def found(message: Json) -> list[str]:
    """The prompts on a page."""
    lines = texts(message).splitlines()
    return [line[2:] for line in lines if line.startswith("> ")]


def opens(message: Json) -> list[str]:
    """The jobs that a page can open."""
    accessories = [one.get("accessory", {}) for one in walk(message["components"])]
    return [str(one["custom_id"])[-16:] for one in accessories if "custom_id" in one]


def media(message: Json) -> list[Json]:
    return [item for one in walk(message["components"]) if one["type"] == 12 for item in one["items"]]
