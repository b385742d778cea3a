"""How long a clip takes from rendered to posted, beside the same bytes without us; and the memory it takes.

The clips are real: a short film and an MP4 box of padding. Everything goes over real sockets on one machine,
and Discord's side (the sandbox) is in the same process: the memory is that of both together.
"""

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
from aiohttp import web

from bot import media, moves
from bot.domain import GuildId, Job, Ticket
from bot.fetching import Fetching
from bot.fitting import Fitting
from bot.providers import http
from bot.providers.protocol import Fetched
from storage import states
from tests.bench.memory import resident_mib
from tests.page_stage import write_clip
from tests.showing_scene import Scene, open_scene, place
from tests.stage import Stage, open_stage
from tests.told_provider import ToldProvider

SIZES_MB = (5, 20, 60)
REPEATS = 3
CROWD = 50
CROWD_MB = 50
AT_ONCE = 8
"""As many posts as the worker makes together."""

LEVEL_BYTES = 100 << 20
MB = 1_000_000


class Warehouse(ToldProvider):
    """A provider whose file comes over a real socket."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        super().__init__("studio")
        self._session = session
        self.url = url

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        del ticket
        async with self._session.get(self.url) as response:
            return await http.save(response, into, bytes_max=bytes_max)


async def report() -> None:
    """Print the times and the memory."""
    async with _bench() as (scene, warehouse, files):
        for size_mb in SIZES_MB:
            warehouse.url = await files(size_mb)
            ours = min([await _ours(scene, warehouse) for _ in range(REPEATS)])
            bare = min([await _bare(scene, warehouse.url) for _ in range(REPEATS)])
            print(f"a clip of {size_mb} MB: rendered to posted {ours:.2f} s, bare {bare:.2f} s")
        warehouse.url = await files(CROWD_MB)
        await _crowd(scene, warehouse)


async def _crowd(scene: Scene, warehouse: Warehouse) -> None:
    before = resident_mib(os.getpid())
    most = before
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, resident_mib(os.getpid()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), timeout=0.05)

    watching = asyncio.create_task(watch())
    lanes = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with lanes:
            await _ours(scene, warehouse)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CROWD)))
    took_s = time.perf_counter() - began
    done.set()
    await watching
    print(
        f"{CROWD} clips of {CROWD_MB} MB, {AT_ONCE} at once, in {took_s:.0f} s: "
        f"{before:.0f} MiB before, {most:.0f} MiB at most"
    )


async def _ours(scene: Scene, warehouse: Warehouse) -> float:
    """Seconds from the provider's word that it is rendered until the message is there."""
    job = await _rendered(scene.stage)
    fetching = Fetching(scene.folder, check=media.check, now=scene.stage.clock)
    assert job.ticket is not None
    began = time.perf_counter()
    clip = await fetching.fetch(job, warehouse, job.ticket)
    await scene.stage.database.write(partial(moves.stored, clip, scene.stage.clock()))
    posted = await scene.posting.post(job, clip)
    took_s = time.perf_counter() - began
    await _gone(scene, int(posted.message_id))
    await asyncio.to_thread(clip.path.unlink)
    return took_s


async def _bare(scene: Scene, url: str) -> float:
    """The same bytes to a file and from there to Discord, with nothing looked at."""
    path = scene.folder / "bare.mp4"
    channel = scene.stage.channel()
    headers = {"Authorization": f"Bot {scene.stage.sandbox.bot_token}"}
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with session.get(url) as response:
            with path.open("wb") as file:
                async for chunk in response.content.iter_chunked(1 << 16):
                    file.write(chunk)
        with path.open("rb") as file:
            form = aiohttp.FormData()
            form.add_field("payload_json", '{"content": "clip"}', content_type="application/json")
            form.add_field("files[0]", file, filename="clip.mp4", content_type="application/octet-stream")
            address = f"{scene.stage.sandbox.api_url}/channels/{channel}/messages"
            async with session.post(address, data=form, headers=headers) as answer:
                posted = await answer.json()
                answer.raise_for_status()
        took_s = time.perf_counter() - began
    await _gone(scene, int(posted["id"]))
    return took_s


async def _gone(scene: Scene, message_id: int) -> None:
    channel = scene.stage.client.get_partial_messageable(int(scene.stage.channel()))
    await channel.get_partial_message(message_id).delete()


async def _rendered(stage: Stage) -> Job:
    job = stage.job(stage.sandbox.world.snowflakes.next() % 10**15)
    at, write = stage.clock(), stage.database.write
    await write(partial(place, job))
    attempt = await write(partial(states.submitting, job=job, provider="studio", at=at))
    ticket = Ticket(provider_job_id=f"theirs-{job.id}")
    await write(partial(states.running, attempt=attempt, ticket=ticket, at=at))
    await write(partial(moves.rendered, job.id, None, at))
    (found,) = [one for one in await stage.rows() if one.id == job.id]
    return found


@asynccontextmanager
async def _bench() -> AsyncIterator[tuple[Scene, Warehouse, Callable[[int], "asyncio.Future[str]"]]]:
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        await asyncio.to_thread((folder / "stage").mkdir)
        film = await asyncio.to_thread(write_clip, folder / "film.mp4")
        app = web.Application()
        app.router.add_static("/films", folder)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        origin = f"http://127.0.0.1:{runner.addresses[0][1]}"

        def files(size_mb: int) -> "asyncio.Future[str]":
            async def written() -> str:
                await asyncio.to_thread(_padded, film, folder / f"{size_mb}.mp4", size_mb * MB)
                return f"{origin}/films/{size_mb}.mp4"

            return asyncio.ensure_future(written())

        async def level(guild_id: GuildId) -> int:
            del guild_id
            return LEVEL_BYTES

        try:
            async with (
                aiohttp.ClientSession() as session,
                open_stage(folder / "stage", upload_limit=LEVEL_BYTES) as stage,
                open_scene(stage, folder / "stage", fit=Fitting().fit, level=level) as scene,
            ):
                yield scene, Warehouse(session, origin), files
        finally:
            await runner.cleanup()


def _padded(film: Path, into: Path, size_bytes: int) -> None:
    """The film and an MP4 box that players skip (ISO/IEC 14496-12, 8.1.2), together of this size."""
    body = film.read_bytes()
    padding = size_bytes - len(body)
    with into.open("wb") as file:
        file.write(body)
        file.write(padding.to_bytes(4, "big") + b"free")
        file.truncate(size_bytes)


if __name__ == "__main__":
    asyncio.run(report())
