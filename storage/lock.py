"""One process works on a data folder; its lock goes when the process does, however it goes."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import DataFolderInUse, StorageError
from storage.disk import failure


class FolderLock:
    """Holds the data folder for this process. The kernel lets it go at the process's end, even by SIGKILL."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "dailies.lock"
        self._fd: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            DataFolderInUse: another process has it; the message says which.
            StorageError: the folder cannot be written, or its file system has no locks; DiskFull: no room.
        """
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise StorageError(
                f"the data folder {self._path.parent} cannot be written ({fault.strerror}): "
                "give it to this user, or choose another DAILIES_DATA_DIR"
            ) from fault
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
            os.close(fd)
            raise DataFolderInUse(
                f"{self._path.parent} is in use by process {holder or 'unknown'}: "
                "stop it first, or choose another DAILIES_DATA_DIR"
            ) from taken
        except OSError as fault:
            os.close(fd)
            raise StorageError(f"{self._path} cannot be locked: {fault.strerror}") from fault
        try:
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except OSError as fault:
            os.close(fd)
            raise failure(fault) or StorageError(f"{self._path}: {fault.strerror}") from fault
        self._fd = fd
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def holder(folder: Path) -> str | None:
    """The id of the process that works on the folder, or None where nobody does. Nothing is locked by it.

    The lock file is opened as it is: where there is none, nobody ever worked there.
    """
    try:
        fd = os.open(folder / "dailies.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
    except OSError:
        return None  # a file system without locks, which `run` says
    finally:
        os.close(fd)  # and with it the shared lock, within microseconds
    return None
