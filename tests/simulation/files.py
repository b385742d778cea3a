"""Clips of worlds: files of a few bytes, in memory, read and written in the fewest calls."""

import os
from pathlib import Path

from bot.domain import JobId

MORE_THAN_ANY = 1 << 16


def clip_of(job_id: JobId) -> bytes:
    """What a provider gives for a job."""
    return f"clip of {job_id}".encode()


def body_of(path: Path) -> bytes:
    """What is in a file.

    Raises:
        OSError: it is not there.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, MORE_THAN_ANY)
    finally:
        os.close(file)


def put(path: Path, body: bytes) -> None:
    """Write a file anew."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, body)
    finally:
        os.close(file)


def rewrite(path: Path, body: bytes) -> None:
    """Write a file anew over what it is, whose pages are then used again."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(file, body)
        os.ftruncate(file, len(body))
    finally:
        os.close(file)


def clear(folder: Path) -> None:
    """Remove the clips of a world."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".mp4"):
                os.unlink(entry.path)  # noqa: PTH108 - a `Path` for each takes longer than its removal
