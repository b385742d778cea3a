"""Runs one of our own modules in a child process that reads a stranger's file, and takes its one answer.

Decoders are millions of lines of C: what they do wrong, they do in a process that has no token, little
memory and little time, and that nobody misses. A child costs 0.1 to 0.2 s.
"""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

ANSWER_BYTES_MAX = 64 * 1024
"""Ours say a few hundred bytes. Who says more is no longer ours, and fills the bot's memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A child that gave no answer: it was `late`, or it died with this exit code (a signal's is negative).

    A child that went well by its code and said what is no answer has been taken over by the file.
    """

    late: bool = False
    code: int = 0

    def __str__(self) -> str:
        if self.late:
            return "it was not done in time"
        return f"it ended the reader (exit {self.code})" if self.code else "its reader gave no answer"


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
            said = await _said_by(child)
            if said is not None:
                await child.wait()
    except TimeoutError:
        return Ended(late=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        code = await child.wait()
    return Ended(code=code) if code != 0 or said is None else _read(said)


async def _said_by(child: Process) -> bytes | None:
    """All that a child prints until it closes its output; None as soon as that is more than an answer."""
    said = b""
    while child.stdout is not None and (chunk := await child.stdout.read(ANSWER_BYTES_MAX)):
        said += chunk
        if len(said) > ANSWER_BYTES_MAX:
            return None
    return said


def _read(said: bytes) -> dict[str, Any] | Ended:
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        return Ended()
    return answer if isinstance(answer, dict) else Ended()


def _as_text(argument: str | Path) -> str:
    return str(argument.absolute()) if isinstance(argument, Path) else argument


def _environment() -> dict[str, str]:
    """Where to import from, and nothing else: no token goes to the process that reads foreign bytes."""
    return {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}
