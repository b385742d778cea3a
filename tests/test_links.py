"""Links to clips at our own address: what each address is answered with, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
import yarl

from bot import web
from bot.clips.link_key import key_in
from bot.clips.links import Links
from bot.domain import Clip, ClipState, JobId, JobState
from storage import clips
from storage.database import Database
from tests.bookkeeping import in_state
from tests.props import Clock

FILM = bytes(range(256)) * 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One clip behind a link."""

    job_id: JobId
    url: str
    clock: Clock
    database: Database
    http: aiohttp.ClientSession

    async def get(
        self, url: str | None = None, *, method: str = "GET", **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        address = yarl.URL(url or self.url, encoded=True)
        async with self.http.request(method, address, headers=headers) as answer:
            return answer.status, await answer.read(), dict(answer.headers)


@pytest.fixture
async def shelf(tmp_path: Path, database: Database, clock: Clock) -> AsyncIterator[Shelf]:
    async with open_shelf(tmp_path, database, clock) as opened:
        yield opened


@asynccontextmanager
async def open_shelf(
    folder: Path, database: Database, clock: Clock, *, state: JobState = JobState.UNDELIVERABLE
) -> AsyncIterator[Shelf]:
    job = await in_state(database, clock, state)
    path = folder / f"{job.id}.mp4"
    await asyncio.to_thread(path.write_bytes, FILM)
    clip = Clip(
        job_id=job.id,
        path=path,
        sha256="0" * 64,
        size_bytes=len(FILM),
        width=128,
        height=72,
        duration_ms=4_000,
        has_sound=True,
        stored_at=clock(),
    )
    await database.write(partial(clips.insert, clip=clip))
    key = await asyncio.to_thread(key_in, folder)
    links = Links(database, public_url="https://dailies.example", key=key, folder=folder, now=clock)
    server = web.Webhooks(database, {}, wake=lambda _: None, found=lambda *_: None, routes=links.routes())
    try:
        origin = await server.start("127.0.0.1", 0)
        async with aiohttp.ClientSession() as http:
            url = links.make(job.id, len(FILM)).url.replace("https://dailies.example", origin)
            yield Shelf(job_id=job.id, url=url, clock=clock, database=database, http=http)
    finally:
        await server.close()


async def test_a_link_brings_the_clip_as_a_film_that_plays_in_the_browser(shelf: Shelf) -> None:
    status, body, headers = await shelf.get()

    assert (status, body) == (200, FILM)
    assert headers["Content-Type"] == "video/mp4"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == f'inline; filename="dailies-{shelf.job_id}.mp4"'


async def test_a_player_may_ask_for_a_part(shelf: Shelf) -> None:
    status, body, headers = await shelf.get(Range="bytes=1000-1099")
    beyond, _, _ = await shelf.get(Range="bytes=99999999-")
    asked, nothing, _ = await shelf.get(method="HEAD")

    assert (status, body) == (206, FILM[1000:1100])
    assert headers["Content-Range"] == f"bytes 1000-1099/{len(FILM)}"
    assert beyond == 416
    assert (asked, nothing) == (200, b"")


async def test_a_link_ends_at_its_time(shelf: Shelf) -> None:
    shelf.clock.advance(timedelta(days=7, seconds=-1))
    before, _, _ = await shelf.get()
    shelf.clock.advance(timedelta(seconds=1))
    after, _, _ = await shelf.get()

    assert (before, after) == (200, 410)


@pytest.mark.parametrize("state", [state for state in ClipState if state is not ClipState.SHOWN])
async def test_what_nobody_is_to_see_is_not_there(shelf: Shelf, state: ClipState) -> None:
    change = partial(clips.change_state, job_id=shelf.job_id, to=state, among=frozenset({ClipState.SHOWN}))
    assert await shelf.database.write(change)

    assert (await shelf.get())[0] == 404


@pytest.mark.parametrize(("state", "answered"), [(JobState.WITHHELD, 200), (JobState.REJECTED, 404)])
async def test_a_link_to_a_clip_that_moderators_look_at_ends_when_they_deny_it(
    tmp_path: Path, database: Database, clock: Clock, state: JobState, answered: int
) -> None:
    async with open_shelf(tmp_path, database, clock, state=state) as shelf:
        status, _, _ = await shelf.get()

    assert status == answered


async def test_nothing_of_a_link_can_be_changed(shelf: Shelf) -> None:
    head, job_id, until, signature = shelf.url.rsplit("/", 3)
    name = signature.removesuffix(".mp4")
    flipped = ("0" if name[0] != "0" else "1") + name[1:]
    changed = [
        f"{head}/{job_id}/{until}/{flipped}.mp4",
        f"{head}/{job_id}/{int(until) + 1}/{signature}",
        f"{head}/{job_id[:-1]}{'0' if job_id[-1] != '0' else '1'}/{until}/{signature}",
        f"{head}/{job_id}/{until}/{name.upper()}.mp4",
        f"{head}/{job_id}/{until}/.mp4",
        f"{head}/../clips/{job_id}/{until}/{signature}",
        f"{head}/..%2f..%2fdailies.db",
        f"{head}/%2e%2e/%2e%2e/dailies.db",
        f"{head}/{job_id}/{until}/{signature}%00",
        f"{head}/",
    ]

    assert [(await shelf.get(url))[0] for url in changed] == [404] * len(changed)


async def test_the_key_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    first = key_in(tmp_path)

    assert key_in(tmp_path) == first
    assert len(first) == 32
    assert (tmp_path / "links.key").stat().st_mode & 0o077 == 0


async def test_a_key_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "links.key").write_bytes(b"short")

    assert len(key_in(tmp_path)) == 32
