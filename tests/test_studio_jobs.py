"""What becomes of the studio's jobs when they are stopped, when a process dies, and when time passes."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.studio.jobs import KEPT_FOR, Job, Jobs, Status
from bot.studio.spec import Segment, Spec
from tests.studios import LOOK_EVERY_S, WITHIN_S, Visitor, opened

BOAT = {"prompt": "a paper boat crossing a rain puddle", "size": "1280x720", "seconds": "4"}
LONG = {**BOAT, "seconds": "20"}
SERVE = (
    "import asyncio, pathlib, sys; from bot.studio.server import serve; "
    "asyncio.run(serve(pathlib.Path(sys.argv[1])))"
)
ROOT = Path(__file__).parents[1]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

needs_proc = pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="finds processes in /proc, which is Linux's"
)


def drawers(video_id: str) -> Iterator[int]:
    """The processes that draw this job."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if video_id.encode() in command and state != "Z":
                yield int(entry.name)


async def until_drawers(video_id: str, wanted: Callable[[set[int]], bool]) -> set[int]:
    """The processes that draw this job, once they are as wanted."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            found = set(drawers(video_id))
            if wanted(found):
                return found
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Process, Visitor]]:
    """A studio in a process of its own, as `dailies studio` runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(folder), stdout=PIPE, env=environment
    )
    assert process.stdout is not None
    base = (await process.stdout.readline()).decode().strip()
    try:
        async with aiohttp.ClientSession() as http:
            yield process, Visitor(base, http)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@needs_proc
async def test_a_running_job_that_is_deleted_stops_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "studio") as visitor:
        job = await visitor.order(json=LONG)
        await visitor.until(job["id"], "in_progress", frames=True)

        status, _ = await visitor.ask("DELETE", f"/videos/{job['id']}")

        assert status == 200
        assert list(drawers(job["id"])) == []
        gone = await visitor.video(job["id"])
        assert (gone["status"], gone["completed_at"], gone["error"]) == ("cancelled", None, None)
        assert 0 < gone["progress"] < 100
        assert names(tmp_path / "studio" / "jobs" / job["id"]) == ["job.json"]


@needs_proc
async def test_a_job_goes_on_after_its_studio_was_killed(tmp_path: Path) -> None:
    """SIGKILL on the server: the drawing process goes with it, and the next start finishes the job."""
    folder = tmp_path / "studio"
    async with served(folder) as (process, visitor):
        first = await visitor.order(json={**BOAT, "idempotency_key": "k"})
        second = await visitor.order(json=LONG)
        third = await visitor.order(json=BOAT)
        await visitor.until(second["id"], "in_progress", frames=True)
        await visitor.ask("DELETE", f"/videos/{third['id']}")

        process.send_signal(signal.SIGKILL)
        await process.wait()

        for job in (first, second):
            await until_drawers(job["id"], lambda found: not found)
    async with opened(folder, renders_at_once=1) as visitor:
        again = await visitor.order(json={**BOAT, "idempotency_key": "k"})
        assert again["id"] == first["id"]
        assert (await visitor.video(third["id"]))["status"] == "cancelled"
        await visitor.clip(first["id"], tmp_path / "clip.mp4")
        assert (await visitor.video(second["id"]))["status"] in ("queued", "in_progress")
        assert names(folder / "jobs" / first["id"]) == [
            "clip.mp4",
            "job.json",
            "spritesheet.jpg",
            "thumbnail.webp",
        ]


@needs_proc
async def test_a_drawing_process_that_is_killed_once_is_started_again(tmp_path: Path) -> None:
    async with opened(tmp_path / "studio") as visitor:
        job = await visitor.order(json=BOAT)
        await visitor.until(job["id"], "in_progress", frames=True)
        (pid,) = drawers(job["id"])

        os.kill(pid, signal.SIGKILL)

        await visitor.clip(job["id"], tmp_path / "clip.mp4")


@needs_proc
async def test_a_drawing_process_that_is_killed_twice_fails_its_job_and_no_other(tmp_path: Path) -> None:
    async with opened(tmp_path / "studio") as visitor:
        job, other = await visitor.order(json=LONG), await visitor.order(json=BOAT)
        await visitor.until(job["id"], "in_progress", frames=True)
        (first,) = drawers(job["id"])
        os.kill(first, signal.SIGKILL)
        (second,) = await until_drawers(job["id"], lambda found: bool(found - {first}))
        os.kill(second, signal.SIGKILL)

        failed = await visitor.until(job["id"], "failed", "completed")

        assert failed["error"]["code"] == "render_failed"
        assert failed["completed_at"] is None
        assert (await visitor.until(other["id"], "failed", "completed"))["status"] == "completed"


@needs_proc
async def test_a_studio_that_closes_parks_its_renders_quickly(tmp_path: Path) -> None:
    folder = tmp_path / "studio"
    async with opened(folder) as visitor:
        job = await visitor.order(json=LONG)
        await visitor.until(job["id"], "in_progress", frames=True)
        started = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - started < 3
    assert list(drawers(job["id"])) == []
    async with opened(folder, renders_at_once=0) as visitor:
        assert (await visitor.video(job["id"]))["status"] == "queued"


async def test_a_render_keeps_our_secrets_out_of_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.studio import process

    monkeypatch.setenv("DAILIES_DISCORD_TOKEN", "secret")

    assert "secret" not in str(process._environment())


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


async def store(folder: Path, time: Time, **limits: int) -> Jobs:
    jobs = Jobs(folder, time, **limits)
    await jobs.load()
    return jobs


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def placed(jobs: Jobs, **more: Any) -> Job:
    spec = Spec(width=1280, height=720, seed=1, segments=(Segment(prompt="x", seconds=4),))
    job, _ = await jobs.place(model="storyboard", prompt="x", spec=spec, files={}, **more)
    return job


async def test_ended_jobs_are_forgotten_after_a_day_and_unfinished_ones_never(tmp_path: Path) -> None:
    time = Time()
    jobs = await store(tmp_path, time)
    ended, unfinished = await placed(jobs, idempotency_key="a"), await placed(jobs)
    await jobs.fail(ended, "render_failed", "no")

    time.now += KEPT_FOR - timedelta(seconds=1)
    await jobs.expire()
    assert jobs.get(ended.id) is ended

    time.now += timedelta(seconds=1)
    await jobs.expire()
    assert jobs.get(ended.id) is None
    assert jobs.by_key("a") is None
    assert jobs.get(unfinished.id) is unfinished
    assert names(tmp_path) == [unfinished.id]
    await jobs.close()


async def test_when_too_many_have_ended_the_oldest_go(tmp_path: Path) -> None:
    jobs = await store(tmp_path, Time(), kept_max=3)
    five = [await placed(jobs) for _ in range(5)]
    for job in five:
        await jobs.fail(job, "render_failed", "no")

    await jobs.expire()

    assert [jobs.get(job.id) is not None for job in five] == [False, False, True, True, True]
    await jobs.close()


async def test_what_a_crash_left_half_written_is_swept(tmp_path: Path) -> None:
    jobs = await store(tmp_path, Time())
    job, removed = await placed(jobs), await placed(jobs)
    await jobs.remove(removed)
    (tmp_path / ".new-video_x").mkdir()
    (tmp_path / ".new-video_x" / "picture.png").touch()
    for name in ("clip.mp4.part", "job.json.part", "clip.mp4", "picture.png"):
        (tmp_path / job.id / name).touch()
    (tmp_path / removed.id / "clip.mp4").touch()
    (tmp_path / "video_broken").mkdir()
    (tmp_path / "video_broken" / "job.json").write_text("{}")
    await jobs.close()

    after = await store(tmp_path, Time())

    assert names(tmp_path) == sorted([job.id, removed.id, "video_broken"])
    assert names(tmp_path / job.id) == ["job.json", "picture.png"]
    assert names(tmp_path / removed.id) == ["job.json"]
    known = after.get(removed.id)
    assert known is not None
    assert (known.status, known.removed) == (Status.CANCELLED, True)
    assert (await placed(after)).number == 3
    await after.close()
