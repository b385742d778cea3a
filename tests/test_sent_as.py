"""As what a clip goes out: a copy is removed once it is sent, and where no file is taken a link goes."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clips.fitting import Fitted, Touch
from bot.delivery import Link
from bot.domain import JobId
from bot.errors import ClipTooLarge
from tests.showing_scene import FILM, open_scene
from tests.stage import Stage, open_stage, texts


async def a_copy(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    """As of a clip whose index stands at its end: it is copied behind its index."""
    del comment
    copy = into.with_suffix(".copy")
    await asyncio.to_thread(shutil.copyfile, clip, copy)
    return Fitted(path=copy, size_bytes=limit_bytes, touch=Touch.REMUXED)


def takes_nothing_of(stage: Stage) -> None:
    """The server refuses files that are smaller than any limit that Discord has ever had."""
    stage.sandbox.world.guild.upload_limit = len(FILM) // 2


async def test_a_copy_is_removed_when_it_is_posted(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path, fit=a_copy) as scene:
        (job,) = await scene.order()

        message = await scene.message(await scene.post(job))

        (sent,) = message["attachments"]
        assert sent["size"] == len(FILM)
        assert await asyncio.to_thread(lambda: [*scene.folder.glob("*.copy")]) == []


async def test_a_place_that_takes_no_file_however_small_gets_a_link(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:

        def link(job_id: JobId, size_bytes: int) -> Link:
            ends = stage.clock() + timedelta(days=7)
            return Link(url=f"https://dailies.example/{job_id}", expires_at=ends, size_bytes=size_bytes)

        async with open_scene(stage, tmp_path, link=link) as scene:
            takes_nothing_of(stage)
            (job,) = await scene.order()

            message = await scene.message(await scene.post(job))

            assert message["attachments"] == []
            assert f"https://dailies.example/{job.id}" in str(message["components"])
            assert "more than this place takes" in texts(message)


async def test_without_an_address_of_our_own_it_is_too_large(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as scene:
        takes_nothing_of(stage)
        (job,) = await scene.order()

        with pytest.raises(ClipTooLarge):
            await scene.post(job)
