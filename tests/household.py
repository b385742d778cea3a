"""The whole household: the sandbox and a provider here, the real bot in a process that can be killed."""

import asyncio
import contextlib
import signal
import sqlite3
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import rehearsal
from bot.domain import Job, JobState
from bot.operating import control
from bot.sandbox.person import Person, Press
from bot.sandbox.server import Sandbox
from storage import ledger
from storage.database import open_for_reading
from tests.books import every_job
from tests.emulators.openai import OpenAIEmulator
from tests.model_rows import model_row, offer_row

LOOK_EVERY_S = 0.005
"""Another process's rows and posts can only be looked at; nothing tells us of them."""

_GALLERY = 12

MODELS = model_row("emulated", about="A model of the emulated provider.") + offer_row(
    "emulated", "openai", key_field="idempotency_key", can_cancel=True
)


@dataclass(slots=True, kw_only=True)
class Household:
    """Sandbox, provider, one member, and the bot's process (which may be dead)."""

    folder: Path
    sandbox: Sandbox
    emulator: OpenAIEmulator
    ada: Person
    more: dict[str, str] = field(default_factory=dict)
    bot: Process | None = None

    @property
    def channel(self) -> str:
        return self.ada.channel("dailies")

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    async def admit(self) -> None:
        """Let the server spend at the emulated provider, as its operator does."""
        wanted = control.AdmitGuild(
            guild_id=self.sandbox.world.guild.id, ceiling_monthly_micros=100_000_000_000
        )
        await control.change(self.data_dir, wanted, now=lambda: datetime.now(UTC))

    async def start(self) -> None:
        """Start the bot and wait until it is connected."""
        self.bot = await rehearsal.start_bot(
            self.sandbox, self.data_dir, more=self.more, log=self.folder / "bot.log"
        )
        await rehearsal.connected(self.sandbox, self.bot)

    async def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        assert self.bot is not None
        self.bot.kill()
        await self.bot.wait()

    async def terminate(self) -> tuple[int, float]:
        """SIGTERM; the exit code and the seconds that it took."""
        assert self.bot is not None
        began = asyncio.get_running_loop().time()
        self.bot.send_signal(signal.SIGTERM)
        code = await self.bot.wait()
        return code, asyncio.get_running_loop().time() - began

    async def generate(self, prompt: str = "a paper boat") -> Press:
        return await self.ada.slash("generate", {"prompt": prompt}, channel=self.channel)

    def jobs(self) -> list[Job]:
        """Every job, newest first, as committed."""
        if not (self.data_dir / "dailies.db").exists():
            return []
        with contextlib.closing(open_for_reading(self.data_dir / "dailies.db")) as connection:
            try:
                return every_job(connection)
            except sqlite3.OperationalError:  # not migrated yet
                return []

    async def until_state(self, *states: JobState, within_s: float = 60.0) -> Job:
        """The newest job, once it is in one of these states."""
        async with asyncio.timeout(within_s):
            while True:
                found = self.jobs()
                if found and found[0].state in states:
                    return found[0]
                await asyncio.sleep(LOOK_EVERY_S)

    async def until_all(self, *states: JobState, count: int, within_s: float = 60.0) -> None:
        """Return when there are so many jobs and all are in one of these states."""
        async with asyncio.timeout(within_s):
            while True:
                found = self.jobs()
                if len(found) == count and all(job.state in states for job in found):
                    return
                await asyncio.sleep(LOOK_EVERY_S)

    async def until_card_says(self, words: str, *, within_s: float = 60.0) -> None:
        """Return when a message of the channel has these words in its components."""
        async with asyncio.timeout(within_s):
            while True:
                if any(words in str(m["components"]) for m in await self.ada.messages(self.channel)):
                    return
                await asyncio.sleep(0.02)

    async def until_asked(self, route: str, *, within_s: float = 60.0) -> None:
        """Return when the bot has made a request of this route at the provider."""
        async with asyncio.timeout(within_s):
            while True:
                if any(seen.route == route for seen in self.emulator.seen):
                    return
                await asyncio.sleep(LOOK_EVERY_S)

    async def clips(self) -> list[dict[str, Any]]:
        """The messages of the channel that show a clip."""
        return [m for m in await self.ada.messages(self.channel, limit=100) if m["attachments"]]

    async def cards(self) -> list[dict[str, Any]]:
        """The messages of the bot in the channel that are no clips."""
        return [
            m
            for m in await self.ada.messages(self.channel, limit=100)
            if not m["attachments"] and m["author"].get("bot")
        ]

    def ledger_differences(self) -> list[ledger.Difference]:
        with contextlib.closing(open_for_reading(self.data_dir / "dailies.db")) as connection:
            return ledger.verify(connection)

    def held_micros(self) -> int:
        with contextlib.closing(open_for_reading(self.data_dir / "dailies.db")) as connection:
            row = connection.execute("SELECT coalesce(sum(held_micros), 0) FROM totals").fetchone()
            return int(row[0])

    def log_text(self) -> str:
        return (self.folder / "bot.log").read_text()


@asynccontextmanager
async def household(folder: Path, *, heartbeat_s: float = 41.25, **emulator: Any) -> AsyncIterator[Household]:
    """Everything but the bot, which the test starts; `heartbeat_s` is what Discord asks of it."""
    models = folder / "models.toml"
    await asyncio.to_thread(models.write_text, MODELS)
    sandbox = Sandbox(folder / "discord", heartbeat_s=heartbeat_s)
    await sandbox.start()
    async with OpenAIEmulator(now=lambda: datetime.now(UTC), **emulator) as provider:
        token = sandbox.world.user_named("ada").token
        async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as ada:
            made = Household(
                folder=folder,
                sandbox=sandbox,
                emulator=provider,
                ada=ada,
                more={
                    "DAILIES_OPENAI_BASE_URL": provider.url,
                    "DAILIES_MODELS_FILE": str(models),
                    "DAILIES_SURGE_FLOOR_USD": "100000",
                },
            )
            await made.admit()
            try:
                yield made
            finally:
                if made.bot is not None and made.bot.returncode is None:
                    made.bot.kill()
                    await made.bot.wait()
                await sandbox.close()
