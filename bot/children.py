"""Runs one of our own modules in a child process that reads a stranger's file, and takes its one answer.

Decoders are millions of lines of C: what they do wrong, they do in a process that has no token, little
memory and little time, and that nobody misses. A child costs 0.1 to 0.2 s.
"""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A child that gave no answer: it was `late`, or it died with this exit code (a signal's is negative)."""

    late: bool = False
    code: int = 0

    def __str__(self) -> str:
        return "it was not done in time" if self.late else f"it ended the reader (exit {self.code})"


async def ask(
    module: str, *arguments: str | Path, timeout_s: float, python: str, stdin: BinaryIO | None = None
) -> dict[str, Any] | Ended:
    """Run `python -m module arguments…` (paths are made absolute) and read the JSON object that it prints.

    The child is gone when this returns or is cancelled. It limits itself (`confinement.py`); `timeout_s` is
    for one that sleeps. It gets our import path for an environment, and nothing of ours else.
    """
    child = await asyncio.create_subprocess_exec(
        python,
        "-P",
        "-m",
        module,
        *map(_as_text, arguments),
        env=_environment(),
        stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(timeout_s):
            said, _ = await child.communicate()
    except TimeoutError:
        return Ended(late=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        code = await child.wait()
    if code != 0:
        return Ended(code=code)
    answer: dict[str, Any] = json.loads(said)
    return answer


def _as_text(argument: str | Path) -> str:
    return str(argument.absolute()) if isinstance(argument, Path) else argument


def _environment() -> dict[str, str]:
    """Where to import from, and nothing else: no token goes to the process that reads foreign bytes."""
    return {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}
