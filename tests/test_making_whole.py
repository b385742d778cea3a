"""From a picture to its family, with nothing left out: the real process, its worker, and its studio."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest

from bot.domain import Job, JobState, Kind
from bot.rehearsal import connected, start_bot, started, stop_bot
from bot.sandbox.person import Person, Press
from bot.sandbox.server import Sandbox
from storage import ledger
from storage.database import open_for_reading
from tests.books import every_job
from tests.picture_files import drawing, encoded
from tests.stage import Json, button, custom_ids, texts

WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Home:
    """Ada at her channel, and where the bot keeps its rows."""

    ada: Person
    folder: Path

    @property
    def channel(self) -> str:
        return self.ada.channel("dailies")

    async def slash(self, name: str, **options: Any) -> Json:
        """A command, and the quote that answers it."""
        files = options.pop("files", ())
        press = await self.ada.slash(name, options, channel=self.channel, files=files)
        return await self.ada.answer(press, timeout_s=WITHIN_S)

    async def form(self, clip: Json, start: str, **values: Any) -> tuple[Json, Press]:
        """The form of a button under a clip, sent in; what answers it."""
        press = await self.ada.press(clip, button(clip, start)["custom_id"])
        submitted = await self.ada.submit(await self.ada.modal(press), values)
        return await self.ada.answer(submitted, timeout_s=WITHIN_S), submitted

    async def clip_of(self, quote: Json) -> Json:
        """Say yes, and wait for the clip."""
        (yes,) = [one for one in custom_ids(quote) if one.endswith(":yes")]
        return await self.clip_after(await self.ada.press(quote, yes))

    async def clip_after(self, press: Press) -> Json:
        return await self.ada.wait_for_message(
            lambda message: bool(message["attachments"]), timeout_s=WITHIN_S, since=press.mark
        )

    async def seconds_of(self, clip: Json, to: Path) -> float:
        """How long a posted clip plays."""
        await self.ada.download(clip["attachments"][0]["url"], to)
        with av.open(to) as film:
            assert film.duration is not None
            return film.duration / 1_000_000

    def rows(self) -> list[Job]:
        """Every job, as committed, the first one first."""
        connection = open_for_reading(self.folder / "data" / "dailies.db")
        try:
            assert ledger.verify(connection) == []
            return every_job(connection)[::-1]
        finally:
            connection.close()


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with started(tmp_path, log=tmp_path / "bot.log") as (sandbox, _):
        token = sandbox.world.user_named("ada").token
        async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as ada:
            yield Home(ada, tmp_path)


async def test_a_picture_becomes_a_clip_and_the_clip_a_family(home: Home, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(encoded(drawing(900, 900), "PNG"))

    animated = await home.clip_of(
        await home.slash("animate", image="0", prompt="the cat purrs", files=[picture])
    )
    (choice,) = await home.ada.autocomplete("remix", "clip", "purr", channel=home.channel)
    remixed = await home.clip_of(await home.slash("remix", clip=choice["value"], prompt="the cat sings"))
    quote, _ = await home.form(remixed, "make:extend", prompt="and it leaves")
    longer = await home.clip_of(quote)
    ordered, press = await home.form(longer, "make:frame", prompt="it comes back")
    last = await home.clip_after(press)

    assert "Ordered." in texts(ordered)
    assert ">" in texts(last)
    rows = home.rows()
    assert [row.order.kind for row in rows] == [Kind.ANIMATE, Kind.REMIX, Kind.EXTEND, Kind.ANIMATE]
    assert {row.state for row in rows} <= {JobState.STORED, JobState.POSTED}  # the last is just being noted
    assert [row.order.source_job_id for row in rows] == [None, *(row.id for row in rows[:3])]
    lengths = [
        round(await home.seconds_of(one, tmp_path / "seen.mp4")) for one in (animated, remixed, longer)
    ]
    assert lengths == [4, 4, 8]


async def test_after_a_restart_and_some_days_a_clip_is_edited_from_our_own_file(tmp_path: Path) -> None:
    async with away(tmp_path) as (sandbox, data_dir):
        token = sandbox.world.user_named("ada").token
        async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as ada:
            home = Home(ada, tmp_path)
            async with at_work(sandbox, data_dir):
                clip = await home.clip_after(
                    await ada.slash("generate", {"prompt": "a tin robot"}, channel=home.channel)
                )
            await asyncio.to_thread(some_days_later, data_dir)
            async with at_work(sandbox, data_dir):
                quote, _ = await home.form(clip, "make:remix", prompt="at night")
                remixed = await home.clip_of(quote)

                assert "Studio edits the stored clip" in texts(quote)
                assert round(await home.seconds_of(remixed, tmp_path / "seen.mp4")) == 4
                assert [row.order.kind for row in home.rows()] == [Kind.GENERATE, Kind.REMIX]


@asynccontextmanager
async def away(folder: Path) -> AsyncIterator[tuple[Sandbox, Path]]:
    """A sandbox whose bot is not there."""
    sandbox = Sandbox(folder / "discord")
    await sandbox.start()
    try:
        yield sandbox, folder / "data"
    finally:
        await sandbox.close()


@asynccontextmanager
async def at_work(sandbox: Sandbox, data_dir: Path) -> AsyncIterator[None]:
    """The bot, for a while."""
    bot = await start_bot(sandbox, data_dir, more={}, log=data_dir.with_suffix(".log"))
    try:
        await connected(sandbox, bot)
        yield
    finally:
        await stop_bot(bot)


def some_days_later(data_dir: Path) -> None:
    """The clip gets old, and the studio forgets it."""
    with contextlib.closing(sqlite3.connect(data_dir / "dailies.db")) as connection, connection:
        connection.execute("UPDATE jobs SET created_at = created_at - 3 * 86400 * 1000000")
    shutil.rmtree(data_dir / "studio" / "jobs")
