"""A clip that was made smaller to fit its place says so, and where the whole of it is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from discord import ui

from bot import language
from bot.clips.fitting import Fitted, Touch
from bot.clips.packing import Fits, Packing
from bot.delivery import Copy, Link
from bot.domain import GuildId, JobId
from cogs.cards import whisper_view
from cogs.copies import smaller
from storage import clips
from tests.inline import as_it_is
from tests.showing_scene import FILM, open_scene
from tests.stage import Stage, open_stage, post_of, texts

UNTIL = datetime.fromisoformat("2026-12-01T12:00:00Z")
STAMP = f"<t:{int(UNTIL.timestamp())}:f>"
SIZES = "a smaller copy: 9.8 of 41.0 MB; "
COPY = Copy(size_bytes=9_800_000, whole_bytes=41_000_000)


async def halved(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    """A fit that leaves half of the bytes."""
    del limit_bytes, comment
    whole = await asyncio.to_thread(clip.read_bytes)
    into = into.with_name(f"copy-{into.name}")
    size = await asyncio.to_thread(into.write_bytes, whole[: len(whole) // 2])
    return Fitted(path=into, size_bytes=size, touch=Touch.ENCODED)


async def remuxed(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    """A copy that has its index elsewhere, which may come out a little smaller."""
    del limit_bytes, comment
    into = into.with_name(f"copy-{into.name}")
    size = await asyncio.to_thread(into.write_bytes, (await asyncio.to_thread(clip.read_bytes))[:-9])
    return Fitted(path=into, size_bytes=size, touch=Touch.REMUXED)


async def grown(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    """A copy of a coding that players do not know, which is none the smaller."""
    del limit_bytes, comment
    into = into.with_name(f"copy-{into.name}")
    size = await asyncio.to_thread(into.write_bytes, await asyncio.to_thread(clip.read_bytes))
    return Fitted(path=into, size_bytes=size, touch=Touch.ENCODED)


def link(job_id: JobId, size_bytes: int) -> Link:
    return Link(url=f"https://clips.example/clips/{job_id}", expires_at=UNTIL, size_bytes=size_bytes)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def level(guild_id: GuildId) -> int:
    del guild_id
    return 20 << 20


def test_the_phrase_says_how_much_of_what_and_where_the_whole_is() -> None:
    original = link(JobId("j"), 41_000_000)
    linked = Copy(size_bytes=9_800_000, whole_bytes=41_000_000, original=original, kept_until=UNTIL)
    kept = Copy(size_bytes=9_800_000, whole_bytes=41_000_000, kept_until=UNTIL)

    assert smaller(linked) == SIZES + f"[the original](https://clips.example/clips/j) until {STAMP}"
    assert smaller(kept) == SIZES + f"whoever runs this bot has the original until {STAMP}"
    assert smaller(COPY) == SIZES + "whoever runs this bot has the original"
    with language.use("de"):
        assert smaller(COPY).startswith("eine kleinere Kopie: 9,8 von 41,0 MB; ")


async def test_a_smaller_copy_says_so_on_its_message_also_after_an_edit(stage: Stage, tmp_path: Path) -> None:
    async with open_scene(stage, tmp_path, fit=halved, link=link) as scene:
        (job,) = await scene.order()
        job = await scene.post(job, FILM * 20)
        first = texts(await scene.message(job))
        await scene.shown.refresh(job.id)
        again = texts(await scene.message(job))

    said = f"-# a smaller copy: 0.5 of 1.0 MB; [the original]({link(job.id, 0).url}) until {STAMP}"
    assert said in first.splitlines()
    assert said in again.splitlines()


async def test_a_private_copy_says_so_to_its_member(stage: Stage) -> None:
    view = whisper_view([post_of(stage.job(), Path("clip.mp4"), copy=COPY)])

    said = [one.content for one in view.walk_children() if isinstance(one, ui.TextDisplay)]

    assert f"-# {smaller(COPY)}" in said


@pytest.mark.parametrize("fit", [as_it_is, remuxed, grown])
async def test_what_is_not_smaller_is_not_said_to_be(stage: Stage, tmp_path: Path, fit: Fits) -> None:
    async with open_scene(stage, tmp_path, fit=fit, link=link) as scene:
        (job,) = await scene.order()
        job = await scene.post(job)

        assert "smaller" not in texts(await scene.message(job))


async def test_the_original_is_kept_as_long_as_clips_are(stage: Stage, tmp_path: Path) -> None:
    async with open_scene(stage, tmp_path) as scene:
        (job,) = await scene.order()
        await scene.make(job)
        clip = await stage.database.read(partial(clips.get, job_id=job.id, folder=scene.folder))
        assert clip is not None
    packed = [
        await Packing(
            stage.database,
            halved,
            folder=tmp_path,
            level=level,
            link=None,
            now=stage.clock,
            keep_for=keep_for,
        ).pack(clip, job.order.member.guild_id, label="")
        for keep_for in (timedelta(days=30), None)
    ]

    assert [one.smaller for one in packed] == [
        Copy(
            size_bytes=clip.size_bytes // 2,
            whole_bytes=clip.size_bytes,
            kept_until=clip.stored_at + timedelta(days=30),
        ),
        Copy(size_bytes=clip.size_bytes // 2, whole_bytes=clip.size_bytes),
    ]
