"""A disk on which every sync takes longer: SQLite's own file system, for all connections of this process."""

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_void_p
from typing import Any

from tests.powercut import _File, _Methods, _Open, _SyncNow, _Vfs, library


class _SlowDisk:
    """A VFS by the name of `slow`: the usual one, but that it sleeps (without the GIL) before each sync."""

    def __init__(self, sqlite: ctypes.CDLL, seconds: float) -> None:
        self._seconds = seconds
        self._tables: dict[int, _Methods] = {}
        self._usual = ctypes.cast(sqlite.sqlite3_vfs_find(None), POINTER(_Vfs)).contents
        self._calls: list[Any] = [_Open(self._opened)]
        self.vfs = _Vfs.from_buffer_copy(self._usual)
        self.vfs.name = b"slow"
        self.vfs.open = ctypes.cast(self._calls[0], c_void_p)

    def _opened(self, vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        del vfs
        result: int = _Open(self._usual.open)(ctypes.addressof(self._usual), name, file, flags, out)
        if result == 0:
            opened = ctypes.cast(file, POINTER(_File)).contents
            if opened.methods not in self._tables:
                self._tables[opened.methods] = self._slowed(opened.methods)
            opened.methods = ctypes.addressof(self._tables[opened.methods])
        return result

    def _slowed(self, table: int) -> _Methods:
        usual = ctypes.cast(table, POINTER(_Methods)).contents
        sync = _SyncNow(usual.sync)

        def synced(file: int, flags: int) -> int:
            time.sleep(self._seconds)
            return int(sync(file, flags))

        self._calls.append(_SyncNow(synced))
        ours = _Methods.from_buffer_copy(usual)
        ours.sync = ctypes.cast(self._calls[-1], c_void_p)
        return ours


@contextmanager
def slow_syncs(seconds: float) -> Iterator[bool]:
    """Let every sync of databases opened (and closed) inside take so much longer.

    False where that cannot be: SQLite has to be a library of its own, not a part of Python.
    """
    path = library()
    if path is None:
        yield False
        return
    sqlite = ctypes.CDLL(path)
    sqlite.sqlite3_vfs_find.restype = c_void_p
    disk = _SlowDisk(sqlite, seconds)
    assert sqlite.sqlite3_vfs_register(ctypes.byref(disk.vfs), 1) == 0
    try:
        yield True
    finally:
        assert sqlite.sqlite3_vfs_unregister(ctypes.byref(disk.vfs)) == 0
