"""The whole of Dailies on one machine: the sandbox here, the unmodified bot in a process of its own."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.errors import DailiesError
from bot.sandbox.server import Sandbox
from bot.settings import PREFIX

PLAY_MONEY = {
    f"{PREFIX}STUDIO_PLAY_USD_PER_SECOND": "0.10",
    f"{PREFIX}MEMBER_MONTHLY_USD": "10",
    f"{PREFIX}INSTALLATION_MONTHLY_USD": "100",
}
"""Prices that nobody pays, so that quotes, holds and refusals can be tried."""

STOP_WITHIN_S = 28.0


class BotEnded(DailiesError):
    """The bot's process ended by itself; its own words are in its log."""

    code = "bot_ended"


async def serve(folder: Path, *, port: int, say: Callable[[str], None]) -> None:
    """Run the sandbox and the bot until SIGINT or SIGTERM, or until the bot ends."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with started(folder, port=port) as (sandbox, bot):
        say(f"\n  Dailies is at  {sandbox.page_url}\n")
        say("  Choose who you are, type / and pick /generate. Stop with Ctrl+C.\n")
        ended = asyncio.create_task(bot.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if ended.done():
            raise BotEnded(f"the bot ended with code {ended.result()}")
        ended.cancel()


@asynccontextmanager
async def started(
    folder: Path, *, port: int = 0, more: Mapping[str, str] | None = None, log: Path | None = None
) -> AsyncIterator[tuple[Sandbox, Process]]:
    """The sandbox, and the bot connected to it. Both are stopped at the end.

    Args:
        folder: what both keep, in two folders of it.
        port: of the sandbox; 0 takes any that is free.
        more: further settings for the bot.
        log: where the bot's log goes; None lets it through to standard error.

    Raises:
        BotEnded: the bot did not come up.
    """
    sandbox = Sandbox(folder / "discord")
    await sandbox.start("127.0.0.1", port)
    try:
        bot = await start_bot(sandbox, folder / "data", more=more or {}, log=log)
        try:
            await connected(sandbox, bot)
            yield sandbox, bot
        finally:
            await stop_bot(bot)
    finally:
        await sandbox.close()


def settings_for(sandbox: Sandbox, data_dir: Path) -> dict[str, str]:
    """What the bot is told so that it is at a sandbox, with play money."""
    return {
        f"{PREFIX}DISCORD_TOKEN": sandbox.bot_token,
        f"{PREFIX}DISCORD_API_URL": sandbox.api_url,
        f"{PREFIX}DISCORD_GATEWAY_URL": sandbox.gateway_url,
        f"{PREFIX}DATA_DIR": str(data_dir),
        **PLAY_MONEY,
    }


async def start_bot(
    sandbox: Sandbox, data_dir: Path, *, more: Mapping[str, str], log: Path | None = None
) -> Process:
    """Start `dailies run` against a sandbox, with no setting of the surroundings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {**settings_for(sandbox, data_dir), **more}
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("ab")) if log else None
        # /dev/null for a settings file: the operator's own must not reach into the sandbox.
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--env-file", os.devnull, env=environment, stderr=errors
        )


async def connected(sandbox: Sandbox, bot: Process, *, within_s: float = 30.0) -> None:
    """Return when the bot has signed in and its commands are there.

    Raises:
        BotEnded: it ended instead, or did not get there in time.
    """
    try:
        async with asyncio.timeout(within_s):
            while not (sandbox.gateway.bot_connected and sandbox.commands.listed(None)):
                if bot.returncode is not None:
                    raise BotEnded(f"the bot ended with code {bot.returncode}")
                await asyncio.sleep(0.05)
    except TimeoutError as late:
        raise BotEnded(f"the bot was not ready within {within_s:.0f} s") from late


async def stop_bot(bot: Process) -> int:
    """SIGTERM, and SIGKILL when that is not enough; returns the exit code."""
    if bot.returncode is None:
        bot.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await bot.wait()
        except TimeoutError:
            bot.kill()
    return await bot.wait()
