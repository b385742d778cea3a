"""Starting the process that draws a clip, hearing of its progress, and ending it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

from bot.studio.spec import Spec

# Ten times what the slowest clip takes on the slowest machine that we know; a render that hangs is ended.
_DEADLINE_BASE_S, _DEADLINE_PER_SECOND_S = 120, 30
_STDERR_BYTES_KEPT = 4000
_ENVIRONMENT_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


class RenderRefused(Exception):
    """What was handed in cannot be drawn; asking again would not help."""


class RenderDied(Exception):
    """The process ended without a clip: killed, out of memory, out of disk, too slow, or a fault of ours."""


async def render(spec: Spec, folder: Path, on_frames: Callable[[int], None]) -> None:
    """Draw the spec's clip into the folder, in a process of its own.

    `on_frames` hears how many frames are done. RenderRefused and RenderDied say why there is no clip. When
    the caller is cancelled, the process is killed and gone before the cancellation goes on.
    """
    command = (sys.executable, "-m", "bot.studio.render", str(folder))
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=_environment()
        )
    except OSError as error:  # no memory, no processes left
        raise RenderDied(f"The render could not be started: {error}") from error
    try:
        async with asyncio.timeout(_DEADLINE_BASE_S + _DEADLINE_PER_SECOND_S * spec.seconds):
            refused, complaint = await _heard(process, spec, on_frames)
    except TimeoutError as error:
        raise RenderDied("The render took too long and was ended.") from error
    finally:
        await _ended(process)
    if refused is not None:
        raise RenderRefused(refused)
    if process.returncode != 0:
        raise RenderDied(f"The render ended with code {process.returncode}: {complaint}")


async def _heard(process: Process, spec: Spec, on_frames: Callable[[int], None]) -> tuple[str | None, str]:
    """Why it refused, if it did, and the end of what it wrote to its error output, once it has ended."""
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:
        raise RenderDied("The render was started without its pipes.")
    # The input stays open after its one line: that it ends tells the process that we are gone.
    stdin.write(json.dumps(spec.to_json()).encode() + b"\n")
    complaints = asyncio.create_task(_tail(stderr))
    refused: str | None = None
    try:
        while line := await stdout.readline():
            match json.loads(line):
                case {"frames": int(frames)}:
                    on_frames(frames)
                case {"refused": str(reason)}:
                    refused = reason
        complaint = await complaints
    finally:
        complaints.cancel()
    await process.wait()
    return refused, complaint


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while chunk := await stream.read(8192):
        kept = (kept + chunk)[-_STDERR_BYTES_KEPT:]
    return kept.decode(errors="replace").strip()


async def _ended(process: Process) -> None:
    """Make sure that it is gone and its pipes are closed."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        process.kill()
    await process.communicate()


def _environment() -> dict[str, str]:
    """What the process needs to find its modules, and none of the secrets that may be in our environment."""
    home = str(Path(__file__).resolve().parents[2])
    paths = [home, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    kept = {name: os.environ[name] for name in _ENVIRONMENT_KEPT if name in os.environ}
    # numpy's algebra would start a thread for each core, and none is needed.
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OPENBLAS_NUM_THREADS": "1"}
