"""Small pictures made ahead of whoever looks for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.clips.stills import Stills
from bot.clips.thumbnails import WAITING_MAX, Thumbnails
from bot.domain import Clip, ClipState, JobId
from bot.ordering.pictures import Picture
from storage import clips
from tests.library_scene import Shelf, open_shelf
from tests.stage import open_stage


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def at_work(thumbnails: Thumbnails) -> AsyncIterator[None]:
    duty = asyncio.create_task(thumbnails.run())
    try:
        yield
    finally:
        duty.cancel()
        await asyncio.gather(duty, return_exceptions=True)


async def made(shelf: Shelf, clip: Clip) -> Path:
    """The small picture of a clip, waited for as its file appears."""
    path = shelf.scene.folder.parent / "thumbnails" / f"{clip.job_id}.jpg"
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(path.exists):
            await asyncio.to_thread(path.parent.stat)
    return path


async def test_a_stored_clip_has_its_small_picture_before_anybody_looks(shelf: Shelf) -> None:
    thumbnails = Thumbnails(shelf.library)
    before = await shelf.stored(await shelf.clip())

    async with at_work(thumbnails):
        await made(shelf, before)  # what a past process has left undrawn
        clip = await shelf.stored(await shelf.clip())
        thumbnails.want(clip)
        path = await made(shelf, clip)

    shelf.library._stills = Stills(python="/nowhere")  # nothing more has to be drawn
    assert await shelf.library.thumbnail(clip) == path


@pytest.mark.parametrize("state", ClipState)
async def test_a_clip_that_goes_while_its_picture_is_made_leaves_none(shelf: Shelf, state: ClipState) -> None:
    clip = await shelf.stored(await shelf.clip())
    change = partial(clips.change_state, job_id=clip.job_id, to=state, among=frozenset(ClipState))

    class Slow(Stills):
        async def thumbnail(self, clip: Path, folder: Path, name: str) -> Picture:
            made = await super().thumbnail(clip, folder, name)
            await shelf.stage.database.write(change)
            return made

    shelf.library._stills = Slow()
    made = await shelf.library.thumbnail(clip)

    kept = state in {ClipState.SHOWN, ClipState.HIDDEN}
    assert (made is not None) == kept
    assert len(list((shelf.scene.folder.parent / "thumbnails").iterdir())) == kept


async def test_the_newest_clips_that_may_be_seen_are_looked_at_when_a_process_begins(shelf: Shelf) -> None:
    old, deleted, new = [await shelf.stored(await shelf.clip()) for _ in range(3)]
    to = ClipState.DELETED
    gone = partial(clips.change_state, job_id=deleted.job_id, to=to, among=frozenset(ClipState))
    await shelf.stage.database.write(gone)

    assert await shelf.library.newest(limit=5) == [new, old]
    assert await shelf.library.newest(limit=1) == [new]


async def test_a_clip_that_has_none_keeps_nobody_waiting(shelf: Shelf) -> None:
    clip = await shelf.stored(await shelf.clip())
    gone = replace(clip, job_id=JobId("0000000000000gone"[:16]), path=shelf.scene.folder / "gone.mp4")
    thumbnails = Thumbnails(shelf.library)

    thumbnails.want(clip)
    thumbnails.want(gone)  # the newest is first
    async with at_work(thumbnails):
        await made(shelf, clip)


async def test_where_more_are_stored_than_can_be_drawn_the_oldest_are_left_out(shelf: Shelf) -> None:
    clip = await shelf.stored(await shelf.clip())
    thumbnails = Thumbnails(shelf.library)

    for number in range(WAITING_MAX + 3):
        thumbnails.want(replace(clip, job_id=JobId(f"{number:016d}")))

    assert list(thumbnails._waiting) == [f"{number:016d}" for number in range(3, WAITING_MAX + 3)]
