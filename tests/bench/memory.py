"""Resident memory of the bot's process, idle and with a thousand jobs, beside a bare discord.py bot's."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bot import rehearsal
from bot.sandbox.server import Sandbox
from tests.bench.acknowledge import admit, bare, presses
from tests.bench.resident import resident_mib
from tests.emulators.openai import OpenAIEmulator
from tests.household import MODELS

JOBS = 1_000
WITHIN_S = 300.0


async def _bare_mib(folder: Path) -> float:
    """The floor, at a sandbox of its own."""
    sandbox = Sandbox(folder / "bare")
    await sandbox.start()
    try:
        async with bare(sandbox) as bot:
            await rehearsal.connected(sandbox, bot)
            return resident_mib(bot.pid)
    finally:
        await sandbox.close()


async def report() -> None:
    """Print both numbers."""
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        models = folder / "models.toml"
        await asyncio.to_thread(models.write_text, MODELS)
        sandbox = Sandbox(folder / "discord")
        await sandbox.start()
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
                await rehearsal.connected(sandbox, bot)
                print(f"memory, idle: {resident_mib(bot.pid):.0f} MiB")
                print(f"memory, a bare discord.py bot, idle: {await _bare_mib(folder):.0f} MiB")
                await presses(sandbox, 100, JOBS)
                async with asyncio.timeout(WITHIN_S):
                    await provider.until(JOBS)
                print(f"memory, {JOBS} jobs in flight: {resident_mib(bot.pid):.0f} MiB")
            finally:
                bot.kill()
                await bot.wait()
        await sandbox.close()


if __name__ == "__main__":
    asyncio.run(report())
