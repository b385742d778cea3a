"""The memory of the whole bot while many large clips are delivered at once.

    python -m tests.bench.crowd [CLIPS]

All are rendered at the same moment: `delivery`'s house, with one film padded to its size.
"""

import asyncio
import contextlib
import sys
import time

from tests.bench.delivery import MB, WITHIN_S, House, open_house, padded
from tests.bench.resident import resident_mib
from tests.page_stage import write_clip

CLIPS = 8
EACH_MB = 50
LOOK_EVERY_S = 0.05


async def report(clips: int = CLIPS) -> None:
    """Print how long it takes, and the memory before and at most."""
    async with open_house() as house:
        film = await asyncio.to_thread(write_clip, house.folder / "film.mp4")
        house.provider.film = await asyncio.to_thread(padded, film, EACH_MB * MB)
        await _delivered(house, clips)


async def _delivered(house: House, clips: int) -> None:
    house.provider.asks_to_finish = None
    for number in range(clips):
        await house.order(number)
    async with asyncio.timeout(WITHIN_S):
        await house.provider.until(clips)
    idle = most = resident_mib(house.bot_pid)
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, resident_mib(house.bot_pid))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), timeout=LOOK_EVERY_S)

    watching = asyncio.create_task(watch())
    mark, began = house.ada.mark, time.perf_counter()
    for made in list(house.provider.jobs):
        house.provider.finish(made)
    await house.until_posted(clips, mark)
    took_s = time.perf_counter() - began
    done.set()
    await watching
    print(
        f"delivery, {clips} clips of {EACH_MB} MB rendered at once: all posted after {took_s:.1f} s  "
        f"{idle:.0f} MiB before  {most:.0f} MiB at most"
    )


if __name__ == "__main__":
    asyncio.run(report(int(sys.argv[1]) if len(sys.argv) > 1 else CLIPS))
