"""The data folder's own key: links to clips are signed with it, and it names no installation but this one."""

import os
from contextlib import suppress
from pathlib import Path

_KEY_BYTES = 32


def key_in(folder: Path) -> bytes:
    """The key of this data folder's links, made at the first start; read by us alone.

    Raises:
        OSError: the folder cannot be written to.
    """
    path = folder / "links.key"
    with suppress(FileExistsError):
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
            file.flush()
            os.fsync(made)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:  # a crash while it was written: no link was made with it
        path.unlink()
        return key_in(folder)
    return key
