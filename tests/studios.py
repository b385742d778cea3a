"""A studio over real HTTP, and what its clips are made of: for the tests of the studio."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
from numpy.typing import NDArray

from bot.studio.server import Studio

LOOK_EVERY_S = 0.03
WITHIN_S = 60.0
ENDED = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who speaks to a studio."""

    base: str
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **how: Any) -> tuple[int, Any]:
        async with self.http.request(method, self.base + path, **how) as answer:
            return answer.status, await answer.json()

    async def order(self, path: str = "/videos", **how: Any) -> dict[str, Any]:
        """A job that the studio takes."""
        status, body = await self.ask("POST", path, **how)
        assert status == 200, body
        return dict(body)

    async def refused(self, method: str, path: str, **how: Any) -> tuple[int, str | None, str | None]:
        """Status, param and code of a refusal in OpenAI's shape."""
        status, body = await self.ask(method, path, **how)
        error = body["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]
        return status, error["param"], error["code"]

    async def video(self, video_id: str) -> dict[str, Any]:
        status, body = await self.ask("GET", f"/videos/{video_id}")
        assert status == 200, body
        return dict(body)

    async def until(self, video_id: str, *statuses: str, frames: bool = False) -> dict[str, Any]:
        """The job once it has one of the statuses (and, with `frames`, some frames are done)."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                video = await self.video(video_id)
                if video["status"] in statuses and (video["progress"] > 0 or not frames):
                    return video
                await asyncio.sleep(LOOK_EVERY_S)

    async def clip(self, video_id: str, path: Path, variant: str = "video") -> Path:
        """Wait for a job's clip and save it."""
        video = await self.until(video_id, *ENDED)
        assert video["status"] == "completed", video
        url = f"{self.base}/videos/{video_id}/content"
        async with self.http.get(url, params={"variant": variant}) as answer:
            assert answer.status == 200
            content = await answer.read()
        await asyncio.to_thread(path.write_bytes, content)
        return path


@asynccontextmanager
async def opened(folder: Path, **how: Any) -> AsyncIterator[Visitor]:
    """A studio on this folder, with a visitor."""
    studio = Studio(folder, **how)
    base = await studio.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Visitor(base, http)
    finally:
        await studio.close()


def boxes(path: Path) -> list[str]:
    """The kinds of an MP4's outermost boxes, in order."""
    content, at, found = path.read_bytes(), 0, []
    while at < len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        found.append(kind.decode())
        at += size
    return found


def frame_of(path: Path, number: int) -> NDArray[np.uint8]:
    """One frame of a clip, height by width by 3."""
    with av.open(str(path)) as container:
        for at, frame in enumerate(container.decode(video=0)):
            if at == number:
                return frame.to_ndarray(format="rgb24").astype(np.uint8)
    raise AssertionError(f"the clip has no frame {number}")


def sound_of(path: Path) -> NDArray[np.float32]:
    """A clip's sound, channels by samples."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def loudness(sound: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))
