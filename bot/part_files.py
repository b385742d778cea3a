"""A file that appears under its name only when it is whole and on the disk."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SUFFIX = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was kept."""

    size_bytes: int
    sha256: str


@asynccontextmanager
async def part_of(into: Path) -> AsyncIterator[Path]:
    """An empty file beside `into`, readable by us alone, to be written and then given to `keep`.

    What was not kept is removed at the end; a killed process leaves it behind, as `*.part`. Each has a name
    of its own, so two that make the same file do not write into each other's.
    """
    part = into.with_name(f"{into.name}.{secrets.token_hex(4)}{SUFFIX}")
    await asyncio.to_thread(part.touch, mode=0o600)
    try:
        yield part
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)


async def keep(part: Path, into: Path) -> Kept:
    """Sync a part file, give it its name in place of what had it, and sync the folder.

    Raises:
        OSError: our own disk.
    """
    return await asyncio.to_thread(_keep, part, into)


def _keep(part: Path, into: Path) -> Kept:
    with part.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size_bytes = file.tell()
        os.fsync(file.fileno())
    part.replace(into)
    folder = os.open(into.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Kept(size_bytes=size_bytes, sha256=sha256)


def sweep(folders: Iterable[Path], *, started_at: datetime) -> int:
    """Remove the part files that a killed process left in these folders, and say how many.

    Those that were written to since `started_at`, when this process began, are its own.

    Raises:
        OSError: our own disk.
    """
    left = [
        part
        for folder in folders
        for part in folder.glob(f"*{SUFFIX}")
        if part.is_file() and part.stat().st_mtime < started_at.timestamp()
    ]
    for part in left:
        part.unlink(missing_ok=True)
    return len(left)
