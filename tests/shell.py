"""Commands of the shell, typed where the data folder is that of `data` (conftest.py)."""

import asyncio

from bot.__main__ import main


async def typed(*words: str) -> int:
    """The exit code; in a thread, as a command has a loop of its own."""
    return await asyncio.to_thread(main, [*words, "--env-file", "none"])
