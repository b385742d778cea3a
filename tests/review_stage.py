"""The moderators' side over the sandbox: real messages in their channel, real presses and forms."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.clips.packing import Fits, Packing
from bot.delivery import Link
from bot.domain import ChannelId, GuildId, Job, JobId
from bot.ids import Ids
from bot.moderation.gate_settings import GateSettings
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.gates import ANYWHERE, Gate, Mode, Setting
from bot.moderation.reviewing import Reviewing
from bot.places import Places
from bot.reviews import Review, Reviews
from bot.sandbox.person import Person
from cogs.gates import add_gates
from cogs.review import review as review_command
from cogs.review_desk import ReviewDesk
from cogs.review_presses import ReviewPresses
from storage import acts, gates, places, reviews
from storage.acts import Wanted
from storage.places import Purpose
from tests.inline import as_it_is
from tests.library_scene import STEP, Shelf, open_shelf
from tests.stage import Json, Stage, button, custom_ids, open_stage, texts

MODS = "mods"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where reviews are shown and decided. `reviewing` looks when it is told to."""

    shelf: Shelf
    reviews: Reviews
    reviewing: Reviewing
    desk: ReviewDesk
    gatehouse: Gatehouse
    moved: list[JobId]

    @property
    def stage(self) -> Stage:
        return self.shelf.stage

    async def gate(self, gate: Gate, mode: Mode, *, first_n: int = 0) -> None:
        wanted = Setting(mode=mode, first_n=first_n)
        guild_id = GuildId(self.stage.sandbox.world.guild.id)
        put = partial(gates.put, guild_id=guild_id, channel_id=ANYWHERE, gate=gate, wanted=wanted)
        await self.stage.database.write(put)

    async def order(self, person: Person, prompt: str = "a paper boat", **options: object) -> Job:
        """An order that waits, with its card in the channel and its review before the moderators."""
        self.stage.clock.advance(STEP)
        press = await person.slash("generate", {"prompt": prompt, **options}, channel=self.stage.channel())
        answer = await person.answer(press)
        if any(one.endswith(":yes") for one in custom_ids(answer)):
            await self.stage.answer_quote(person, answer, "yes")
        job = (await self.stage.rows())[0]
        return await self.shown(job)

    async def withheld(self, *, weighs: int = 0, **changes: object) -> Job:
        """A clip of Ada's (of so many bytes at least) that waits, with its review before the moderators."""
        self.stage.clock.advance(STEP)
        (job,) = await self.shelf.scene.order(takes=1, **changes)
        film = self.shelf.film
        job = await self.shelf.scene.make(job, film + bytes(max(0, weighs - len(film))))
        assert await self.gatehouse.withholds(job, await self.shelf.stored(job))
        return await self.shown(job)

    async def shown(self, job: Job) -> Job:
        """Have both messages show what the rows say."""
        await self.reviewing.look()
        await self.shelf.scene.touched(job.order_id)
        return await self.shelf.scene.job(job.id)

    async def review(self, job: Job, gate: Gate = Gate.RENDERING) -> Review:
        found = await self.stage.database.read(partial(reviews.of_job, job_id=job.id, gate=gate))
        assert found is not None
        return found

    async def message(self, job: Job, gate: Gate = Gate.RENDERING) -> Json:
        """The message of a review, as Mika sees it."""
        review = await self.review(job, gate)
        return await self.stage.mika.message(str(review.card_channel_id), str(review.card_message_id))

    async def in_mods(self) -> list[Json]:
        """Every message of the moderators' channel, the newest first."""
        return await self.stage.mika.messages(self.stage.channel(MODS))

    async def press(self, person: Person, message: Json, verdict: str) -> str:
        """A press of a decision that needs no form, and what it is answered."""
        custom_id = button(message, f"review:{verdict}:")["custom_id"]
        return texts(await person.answer(await person.press(message, custom_id)))

    async def send(self, person: Person, message: Json, verdict: str, **values: str) -> str:
        """A press that opens a form, the form sent in, and what that is answered."""
        modal = await self.form(person, message, verdict)
        return texts(await person.answer(await person.submit(modal, dict(values))))

    async def form(self, person: Person, message: Json, verdict: str) -> Json:
        custom_id = button(message, f"review:{verdict}:")["custom_id"]
        return await person.modal(await person.press(message, custom_id))

    async def listed(self, person: Person, **options: object) -> Json:
        """`/review`, and what it shows."""
        press = await person.slash("review", options, channel=self.stage.channel())
        return await person.answer(press)

    async def turn(self, person: Person, message: Json, verdict: str) -> Json:
        """A press in the list, and what takes the message's place."""
        return await self.shelf.turn(person, message, button(message, f"review:{verdict}:")["custom_id"])

    async def press_in_list(self, person: Person, verdict: str) -> Json:
        """The same on the first that is listed."""
        return await self.turn(person, await self.listed(person), verdict)

    async def recorded(self, *verbs: str) -> list[tuple[str, str]]:
        """The acts of these kinds, oldest first, with what they hold."""
        found = await self.stage.database.read(partial(acts.newest, wanted=Wanted(), limit=100))
        return [(act.verb, act.detail) for act in reversed(found) if act.verb in verbs]

    def promote(self, name: str) -> None:
        """Make somebody a manager, who may manage messages and sees the moderators' channel."""
        guild = self.stage.sandbox.world.guild
        managers = next(role.id for role in guild.roles.values() if role.name == "managers")
        guild.members[self.stage.sandbox.world.user_named(name).id].roles.append(managers)


@asynccontextmanager
async def open_office(
    stage: Stage,
    shelf: Shelf,
    folder: Path,
    *,
    fit: Fits = as_it_is,
    link: Callable[[JobId, int], Link] | None = None,
) -> AsyncIterator[Office]:
    """The moderators' commands and buttons, and a channel for them."""
    database, now = stage.database, stage.clock
    desk = ReviewDesk(stage.client)
    moved: list[JobId] = []
    packing = Packing(database, fit, folder=folder, level=stage.delivery.upload_limit, link=link, now=now)
    reviewing = Reviewing(
        database,
        stage.catalogue,
        desk,
        packing,
        folder=folder,
        clips_folder=shelf.scene.folder,
        play_money=True,
        now=now,
        moved=moved.append,
    )
    bits = iter(range(1, 1_000))
    ids = Ids(now, lambda _: next(bits))
    made = Reviews(database, stage.catalogue, ids=ids, now=now, moved=moved.append, changed=reviewing.wake)
    stage.client.review_presses = ReviewPresses(made, reviewing)
    stage.client.tree.add_command(review_command(stage.client.review_presses))
    add_gates(stage.client.tree, GateSettings(database, now=now), Places(database, now=now), reviewing)
    await stage.client.tree.sync()
    put = partial(
        places.put,
        guild_id=GuildId(stage.sandbox.world.guild.id),
        purpose=Purpose.REVIEWS,
        channel_id=ChannelId(int(stage.channel(MODS))),
    )
    await database.write(put)
    yield Office(
        shelf=shelf,
        reviews=made,
        reviewing=reviewing,
        desk=desk,
        gatehouse=Gatehouse(database, ids=ids, now=now),
        moved=moved,
    )


@asynccontextmanager
async def open_closed(folder: Path) -> AsyncIterator[Office]:
    """A stage with an office, where everything waits at both gates."""
    async with (
        open_stage(folder) as stage,
        open_shelf(stage, folder) as shelf,
        open_office(stage, shelf, folder) as office,
    ):
        for gate in Gate:
            await office.gate(gate, Mode.ALL)
        yield office
