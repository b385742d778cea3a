"""Addresses of the Unix sockets in a data folder, which its owner alone can open."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def address(folder: Path, name: str) -> Iterator[str]:
    """A socket's address. A path over some 100 bytes fits no address, so it leads through a descriptor."""
    if not Path("/proc/self/fd").is_dir():
        yield str(folder / name)
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
