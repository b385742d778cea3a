"""From the start of the process to commands that answer: ours, and a bare discord.py bot, at one sandbox."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from bot import rehearsal
from bot.sandbox.server import Sandbox

TIMES = 2


async def _ours(sandbox: Sandbox, folder: Path) -> Process:
    return await rehearsal.start_bot(sandbox, folder / "data", more={}, log=folder / "bot.log")


async def _bare(sandbox: Sandbox, folder: Path) -> Process:
    del folder
    environment = {**os.environ, **rehearsal.settings_for(sandbox, Path("none"))}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bare", env=environment, stderr=asyncio.subprocess.DEVNULL
    )


async def _once(start: Callable[[Sandbox, Path], Awaitable[Process]]) -> tuple[float, float]:
    """Seconds until it is connected with its commands there, and until SIGTERM has ended it."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as kept:
        sandbox = Sandbox(Path(kept) / "discord")
        await sandbox.start()
        try:
            began = loop.time()
            bot = await start(sandbox, Path(kept))
            try:
                await rehearsal.connected(sandbox, bot)
                ready_s = loop.time() - began
            finally:
                stopping = loop.time()
                await rehearsal.stop_bot(bot)
            return ready_s, loop.time() - stopping
        finally:
            await sandbox.close()


async def report() -> None:
    """Print both, the middle of a few starts each."""
    for name, start in (("ours", _ours), ("bare discord.py", _bare)):
        took = [await _once(start) for _ in range(TIMES)]
        ready_s, stopped_s = median(one[0] for one in took), median(one[1] for one in took)
        print(f"start-up, {name:<16}: ready after {ready_s:.2f} s  stopped after {stopped_s:.2f} s")
