"""Who sees what in the library while something changes: closed histories, private threads, deletions."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.clips.fitting import Fitted, Touch
from bot.clips.library import Aisle
from bot.clips.packing import Packing
from bot.clips.stills import Stills
from bot.domain import ClipState, JobId
from bot.ordering.pictures import Picture
from bot.sandbox.permissions import Permission
from bot.sandbox.world import PRIVATE_THREAD, PUBLIC_THREAD, Channel, Overwrite
from storage import clips
from tests.library_scene import AllSeen, Shelf, open_shelf
from tests.stage import Json, open_stage, texts


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


def found(message: Json) -> list[str]:
    """The prompts on a page."""
    return [line[2:] for line in texts(message).splitlines() if line.startswith("> ")]


async def delete(shelf: Shelf, job_id: JobId) -> None:
    write = shelf.stage.database.write
    gone = partial(clips.change_state, job_id=job_id, to=ClipState.DELETED, among=frozenset(ClipState))
    assert await write(gone)


def thread(shelf: Shelf, kind: int) -> Channel:
    """A thread of Ada's in the channel that everybody sees; the bot is in it."""
    world = shelf.stage.sandbox.world
    ada = world.user_named("Ada").id
    return world.add_channel(
        Channel(
            id=world.snowflakes.next(),
            type=kind,
            guild_id=world.guild.id,
            name="takes",
            parent_id=world.channel_named("dailies").id,
            owner_id=ada,
            archived_at=world.now(),
            joined={ada: world.now(), world.bot.id: world.now()},
        )
    )


# What a channel's permissions leave of it


async def test_what_was_posted_where_one_reads_no_history_is_not_found(shelf: Shelf) -> None:
    job = await shelf.clip("a kite", channel="showcase")
    bruno = shelf.stage.sandbox.world.user_named("Bruno")
    place = shelf.stage.sandbox.world.channel_named("showcase")
    place.overwrites[bruno.id] = Overwrite(id=bruno.id, is_member=True, deny=Permission.READ_MESSAGE_HISTORY)
    shelf.tell_bot("showcase")

    assert found(await shelf.ask(shelf.stage.bruno, "server")) == []
    assert "not known here" in texts(await shelf.ask(shelf.stage.bruno, "show", clip=job.id))
    assert found(await shelf.ask(shelf.stage.mika, "server")) == ["a kite"]


@pytest.mark.parametrize(("kind", "seen"), [(PUBLIC_THREAD, ["a kite"]), (PRIVATE_THREAD, [])])
async def test_a_private_thread_shows_its_clips_to_those_who_manage_threads_alone(
    shelf: Shelf, kind: int, seen: list[str]
) -> None:
    mika = shelf.stage.sandbox.world.user_named("Mika")
    shelf.stage.sandbox.world.channel_named("dailies").overwrites[mika.id] = Overwrite(
        id=mika.id, is_member=True, allow=Permission.MANAGE_THREADS
    )
    shelf.tell_bot("dailies")
    await shelf.clip("a kite", channel=str(thread(shelf, kind).name))

    assert found(await shelf.ask(shelf.stage.bruno, "server")) == seen
    assert found(await shelf.ask(shelf.stage.mika, "server")) == ["a kite"]
    assert found(await shelf.ask(shelf.stage.ada, "mine")) == ["a kite"]


# What is deleted while somebody looks


class DeletesMeanwhile(AllSeen):
    """Eyes that see every channel, and while they look a clip is deleted."""

    def __init__(self, shelf: Shelf, job_id: JobId) -> None:
        self._shelf = shelf
        self._job_id = job_id

    async def sees(self, channel_id: object) -> bool:
        await delete(self._shelf, self._job_id)
        return await super().sees(channel_id)


async def test_a_clip_that_is_deleted_while_a_page_is_made_is_not_on_it(shelf: Shelf) -> None:
    await shelf.clip("a kite")
    gone = await shelf.clip("a paper boat")

    page = await shelf.library.search(
        Aisle.SERVER, DeletesMeanwhile(shelf, gone.id), by=shelf.stage.member("Bruno")
    )

    assert [one.job.order.prompt for one in page.shelved] == ["a kite"]


class DrawsSlowly(Stills):
    """Draws as ever; before it has told of it the clip is deleted."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf

    async def thumbnail(self, clip: Path, folder: Path, name: str) -> Picture:
        made = await super().thumbnail(clip, folder, name)
        await delete(self._shelf, JobId(name))
        return made


async def test_the_small_picture_of_a_clip_that_is_deleted_while_it_is_drawn_is_not_kept(
    shelf: Shelf, tmp_path: Path
) -> None:
    clip = await shelf.stored(await shelf.clip())
    shelf.library._stills = DrawsSlowly(shelf)

    assert await shelf.library.thumbnail(clip) is None
    assert await asyncio.to_thread(lambda: [*(tmp_path / "thumbnails").iterdir()]) == []


# What is made for one answer


async def a_copy(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    """As of a clip whose index stands at its end: it is copied behind its index."""
    del comment
    await asyncio.to_thread(shutil.copyfile, clip, into)
    return Fitted(path=into, size_bytes=limit_bytes, touch=Touch.REMUXED)


async def test_a_copy_that_was_made_for_an_answer_is_removed_when_it_was_sent(
    shelf: Shelf, tmp_path: Path
) -> None:
    stage = shelf.stage
    job = await shelf.clip()
    copies = tmp_path / "copies"
    await asyncio.to_thread(copies.mkdir)
    shelf.library._packing = Packing(
        stage.database, a_copy, folder=copies, level=stage.delivery.upload_limit, link=None, now=stage.clock
    )
    shown = await shelf.ask(stage.ada, "show", clip=job.id)

    sent = await stage.press(stage.ada, shown, "lib:get:")

    await shelf.brought(job)
    assert [one["filename"] for one in sent["attachments"]] == [f"dailies-{job.id}.mp4"]
    assert await asyncio.to_thread(lambda: [*copies.iterdir()]) == []
