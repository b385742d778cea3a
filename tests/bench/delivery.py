"""How long a clip takes from rendered to posted through the whole bot.

The bot is a process of its own, as it ships: it fetches the clip, looks into it, hashes it, compares what it
looks like with what was taken down, has frames of it judged (an emulated endpoint), and posts it. Beside it
the same bytes without any of that, chunk by chunk (the floor), and as bots usually send them: read whole,
then handed to discord.py. The clips are a short film and an MP4 box of padding; all goes over real sockets.
"""

import asyncio
import io
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import discord

from bot import rehearsal
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from cogs.client import use_endpoints
from tests.bench.acknowledge import admit
from tests.emulators.moderation import ModerationEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.household import MODELS
from tests.page_stage import write_clip

SIZES_MB = (5, 20, 60)
REPEATS = 2
WITHIN_S = 120.0
WITHIN_S_EACH = 15.0

LEVEL_BYTES = 100 << 20
MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The sandbox, the provider, a member, and the bot's process."""

    folder: Path
    sandbox: Sandbox
    provider: OpenAIEmulator
    ada: Person
    bot_pid: int

    @property
    def channel(self) -> str:
        return self.ada.channel("dailies")

    async def order(self, number: int) -> None:
        press = await self.ada.slash("generate", {"prompt": f"boat {number}"}, channel=self.channel)
        await self.ada.answer(press, timeout_s=WITHIN_S)

    async def until_posted(self, count: int, since: int) -> list[dict[str, Any]]:
        """So many more messages with a file."""
        found: dict[str, dict[str, Any]] = {}

        def counted(message: dict[str, Any]) -> bool:
            if message.get("attachments"):
                found[message["id"]] = message
            return len(found) >= count

        await self.ada.wait_for_message(counted, since=since, timeout_s=WITHIN_S + WITHIN_S_EACH * count)
        return list(found.values())


async def report() -> None:
    """Print the times."""
    async with open_house() as house:
        film = await asyncio.to_thread(write_clip, house.folder / "film.mp4")
        number = 0
        for size_mb in SIZES_MB:
            house.provider.film = await asyncio.to_thread(padded, film, size_mb * MB)
            ours = []
            for _ in range(REPEATS):
                number += 1
                ours.append(await _ours(house, number))
            bare = min([await _bare(house) for _ in range(REPEATS)])
            whole = min([await _whole(house) for _ in range(REPEATS)])
            print(
                f"delivery, {size_mb} MB, rendered to posted: Dailies {min(ours):.2f} s  "
                f"a bare copy {bare:.2f} s  read whole and sent by discord.py {whole:.2f} s"
            )


async def _ours(house: House, number: int) -> float:
    """Seconds from the answer that says it is rendered until the message is there."""
    mark = house.ada.mark
    house.provider.seen.clear()
    await house.order(number)
    await house.until_posted(1, mark)
    posted = time.monotonic()
    fetched = next(seen.at for seen in house.provider.seen if seen.route == "content")
    rendered = max(seen.at for seen in house.provider.seen if seen.route == "ask" and seen.at <= fetched)
    return posted - rendered


async def _bare(house: House) -> float:
    """The same bytes to a file and from there to Discord, with nothing looked at."""
    path = house.folder / "bare.mp4"
    headers = {"Authorization": f"Bot {house.sandbox.bot_token}"}
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with session.get(_content(house)) as response:
            with path.open("wb") as file:
                async for chunk in response.content.iter_chunked(1 << 16):
                    file.write(chunk)
        with path.open("rb") as file:
            form = aiohttp.FormData()
            form.add_field("payload_json", '{"content": "clip"}', content_type="application/json")
            form.add_field("files[0]", file, filename="clip.mp4", content_type="application/octet-stream")
            address = f"{house.sandbox.api_url}/channels/{house.channel}/messages"
            async with session.post(address, data=form, headers=headers) as answer:
                answer.raise_for_status()
        return time.perf_counter() - began


async def _whole(house: House) -> float:
    """As bots usually do it: the answer's body in memory, from there into discord.py."""
    client = discord.Client(intents=discord.Intents.none())
    async with aiohttp.ClientSession() as session, client:
        await client.login(house.sandbox.bot_token)
        channel = client.get_partial_messageable(int(house.channel))
        began = time.perf_counter()
        async with session.get(_content(house)) as response:
            body = await response.read()
        await channel.send("clip", file=discord.File(io.BytesIO(body), filename="clip.mp4"))
        return time.perf_counter() - began


def _content(house: House) -> str:
    made = next(iter(house.provider.jobs))
    return f"{house.provider.url}/videos/{made}/content"


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        await asyncio.to_thread((folder / "models.toml").write_text, MODELS)
        sandbox = Sandbox(folder / "discord", upload_limit=LEVEL_BYTES)
        await sandbox.start()
        before = discord.http.Route.BASE, str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY)
        use_endpoints(sandbox.api_url, sandbox.gateway_url)
        token = sandbox.world.user_named("ada").token
        try:
            async with (
                OpenAIEmulator(now=lambda: datetime.now(UTC), asks_to_finish=1) as provider,
                ModerationEmulator() as judge,
                Person.open(sandbox.api_url, sandbox.gateway_url, token) as ada,
            ):
                more = {
                    "DAILIES_OPENAI_BASE_URL": provider.url,
                    "DAILIES_MODELS_FILE": str(folder / "models.toml"),
                    "DAILIES_MEMBER_MONTHLY_USD": "100000",
                    "DAILIES_INSTALLATION_MONTHLY_USD": "100000",
                    "DAILIES_SURGE_FLOOR_USD": "100000",
                    "DAILIES_MODERATION_API_KEY": "sk-test",
                    "DAILIES_MODERATION_BASE_URL": judge.url,
                }
                await admit(sandbox, folder / "data")
                bot = await rehearsal.start_bot(sandbox, folder / "data", more=more, log=folder / "bot.log")
                try:
                    await rehearsal.connected(sandbox, bot)
                    yield House(folder=folder, sandbox=sandbox, provider=provider, ada=ada, bot_pid=bot.pid)
                finally:
                    bot.kill()
                    await bot.wait()
        finally:
            use_endpoints(*before)
            await sandbox.close()


def padded(film: Path, size_bytes: int) -> Path:
    """The film and an MP4 box that players skip (ISO/IEC 14496-12, 8.1.2), together of this size."""
    body = film.read_bytes()
    padding = size_bytes - len(body)
    into = film.with_name(f"{size_bytes}.mp4")
    with into.open("wb") as file:
        file.write(body)
        file.write(padding.to_bytes(4, "big") + b"free")
        file.truncate(size_bytes)
    return into


if __name__ == "__main__":
    asyncio.run(report())
