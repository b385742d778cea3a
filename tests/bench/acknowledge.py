"""How long `/generate` takes to be acknowledged, at so many open at once, beside a bare `defer()` bot.

From the moment at which the sandbox has queued INTERACTION_CREATE to the moment at which it has read the
callback. After it, our bot goes on: it places the order, answers, submits the job and posts a card.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot import rehearsal
from bot.operating import control
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from tests.emulators.openai import OpenAIEmulator
from tests.household import MODELS

OPEN = (1, 100, 500)
PRESSES = 500


async def presses(sandbox: Sandbox, open_at_once: int, count: int) -> list[float]:
    """Milliseconds to the acknowledgement of each press."""
    token = sandbox.world.user_named("ada").token
    async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as ada:
        channel = ada.channel("dailies")
        numbers = iter(range(count))

        async def presser() -> None:
            for number in numbers:
                press = await ada.slash("generate", {"prompt": f"boat {number}"}, channel=channel)
                await ada.outcome(press, timeout_s=30)

        await asyncio.gather(*(presser() for _ in range(open_at_once)))
    logged = sandbox.interactions.logged()[-count:]
    return sorted(float(line["acknowledged_ms"] or "inf") for line in logged)


@asynccontextmanager
async def bare(sandbox: Sandbox) -> AsyncIterator[Process]:
    """The bare bot in a process of its own."""
    environment = os.environ | {
        "DAILIES_DISCORD_TOKEN": sandbox.bot_token,
        "DAILIES_DISCORD_API_URL": sandbox.api_url,
        "DAILIES_DISCORD_GATEWAY_URL": sandbox.gateway_url,
    }
    bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.bare", env=environment)
    try:
        yield bot
    finally:
        bot.kill()
        await bot.wait()


async def admit(sandbox: Sandbox, data_dir: Path) -> None:
    """Let the server spend at the emulated provider."""
    wanted = control.AdmitGuild(guild_id=sandbox.world.guild.id, ceiling_monthly_micros=10**12)
    await control.change(data_dir, wanted, now=lambda: datetime.now(UTC))


@asynccontextmanager
async def ours(sandbox: Sandbox, folder: Path) -> AsyncIterator[Process]:
    """Dailies, with an emulated provider that never finishes."""
    models = folder / "models.toml"
    await asyncio.to_thread(models.write_text, MODELS)
    async with OpenAIEmulator(now=lambda: datetime.now(UTC), asks_to_finish=None) as provider:
        more = {
            "DAILIES_OPENAI_BASE_URL": provider.url,
            "DAILIES_MODELS_FILE": str(models),
            "DAILIES_MEMBER_MONTHLY_USD": "100000",
            "DAILIES_INSTALLATION_MONTHLY_USD": "100000",
            "DAILIES_SURGE_FLOOR_USD": "100000",
        }
        await admit(sandbox, folder / "data")
        bot = await rehearsal.start_bot(sandbox, folder / "data", more=more, log=folder / "bot.log")
        try:
            yield bot
        finally:
            with contextlib.suppress(ProcessLookupError):
                bot.kill()
            await bot.wait()


async def report() -> None:
    """Print a line for each bot and number of open interactions."""
    for open_at_once in OPEN:
        for name in ("bare defer()", "Dailies"):
            with tempfile.TemporaryDirectory() as kept:
                folder = Path(kept)
                sandbox = Sandbox(folder / "discord")
                await sandbox.start()
                async with bare(sandbox) if name != "Dailies" else ours(sandbox, folder) as bot:
                    await rehearsal.connected(sandbox, bot)
                    took = await presses(sandbox, open_at_once, PRESSES)
                await sandbox.close()
            p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
            print(f"acknowledge, {open_at_once:>3} open, {name:<12}: p50 {p50:7.2f} ms  p99 {p99:7.2f} ms")


if __name__ == "__main__":
    asyncio.run(report())
