"""A disk whose power can be cut: SQLite's own file system, with a journal of every write and every sync.

The journal says what certainly reached the plate (all before a file's last sync) and what may have: each
sector of each later write, in any order. An image is one outcome of a cut.
"""

import ctypes
import random
import sqlite3
from collections.abc import Iterator, Sequence
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

SECTOR = 512

MAIN_DB = 0x00000100
WAL = 0x00080000
"""Of the flags of `xOpen` (sqlite3.h): the files whose bytes have to last."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes handed to the disk, which may not have reached it yet."""

    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file cut to a size, which may not have happened yet."""

    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """All that was done to a file before has reached the plate."""

    file: str


Deed = Write | Truncate | Sync


class _File(ctypes.Structure):
    """`struct sqlite3_file`, as far as it is public."""

    _fields_: ClassVar = [("methods", c_void_p)]


class _Methods(ctypes.Structure):
    """`struct sqlite3_io_methods`; a copy of a version below 3 has junk behind its end, never called."""

    _fields_: ClassVar = [("version", c_int)] + [
        (name, c_void_p)
        for name in (
            *("close", "read", "write", "truncate", "sync", "size", "lock", "unlock", "reserved"),
            *("control", "sector", "characteristics", "map", "shm_lock", "barrier", "unmap", "fetch"),
            "unfetch",
        )
    ]


class _Vfs(ctypes.Structure):
    """`struct sqlite3_vfs`, version 3."""

    _fields_: ClassVar = [
        ("version", c_int),
        ("file_size", c_int),
        ("path_max", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        *((f"method{number}", c_void_p) for number in range(14)),
    ]


_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_WriteTo = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TruncateTo = CFUNCTYPE(c_int, c_void_p, c_int64)
_SyncNow = CFUNCTYPE(c_int, c_void_p, c_int)


def library() -> str | None:
    """The SQLite that Python itself uses, where it is a library of its own and so can be spoken to."""
    sqlite3.connect(":memory:").close()
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return None
    found = {line.split()[-1] for line in maps.read_text().splitlines() if "/libsqlite3" in line}
    return min(found, default=None)


class Disk:
    """A VFS by the name of `powercut`: the usual one with a journal. SQLite keeps it: one a process."""

    def __init__(self, path: str) -> None:
        self.deeds: list[Deed] = []
        self._names: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        sqlite = ctypes.CDLL(path)
        sqlite.sqlite3_vfs_find.restype = c_void_p
        usual = sqlite.sqlite3_vfs_find(None)
        self._usual = ctypes.cast(usual, POINTER(_Vfs)).contents
        self._open = _Open(self._opened)
        self._calls: list[Any] = [self._open]
        self._vfs = _Vfs.from_buffer_copy(self._usual)
        self._vfs.name = b"powercut"
        self._vfs.open = ctypes.cast(self._open, c_void_p)
        assert sqlite.sqlite3_vfs_register(ctypes.byref(self._vfs), 0) == 0

    def connect(self, path: Path) -> sqlite3.Connection:
        """A connection whose writes are in the journal."""
        return sqlite3.connect(f"{path.as_uri()}?vfs=powercut", uri=True, isolation_level=None)

    def _opened(self, vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        del vfs
        usual = ctypes.addressof(self._usual)
        result: int = _Open(self._usual.open)(usual, name, file, flags, out)
        if result == 0 and name and flags & (MAIN_DB | WAL):
            self._names[file] = Path(ctypes.string_at(name).decode()).name
            opened = ctypes.cast(file, POINTER(_File)).contents
            table = opened.methods
            if table not in self._tables:
                self._tables[table] = self._journaling(table)
            opened.methods = ctypes.addressof(self._tables[table])
        return result

    def _journaling(self, table: int) -> _Methods:
        usual = ctypes.cast(table, POINTER(_Methods)).contents
        write, truncate, sync = _WriteTo(usual.write), _TruncateTo(usual.truncate), _SyncNow(usual.sync)

        def written(file: int, data: int, size: int, offset: int) -> int:
            self.deeds.append(Write(self._names[file], offset, ctypes.string_at(data, size)))
            return int(write(file, data, size, offset))

        def truncated(file: int, size: int) -> int:
            self.deeds.append(Truncate(self._names[file], size))
            return int(truncate(file, size))

        def synced(file: int, flags: int) -> int:
            result = int(sync(file, flags))
            self.deeds.append(Sync(self._names[file]))
            return result

        calls = (_WriteTo(written), _TruncateTo(truncated), _SyncNow(synced))
        self._calls.extend(calls)
        ours = _Methods.from_buffer_copy(usual)
        ours.write, ours.truncate, ours.sync = (ctypes.cast(call, c_void_p) for call in calls)
        return ours


def images(
    base: dict[str, bytes], deeds: Sequence[Deed], cuts: Sequence[int], dice: random.Random
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """For each cut (so many deeds were done, in rising order) what a machine finds when power is back.

    Every sector that was not synced is there or not, by the dice; of a sector that was written more than
    once each version is as likely.
    """
    plate = {name: bytearray(data) for name, data in base.items()}
    open_deeds: list[Write | Truncate] = []
    done = 0
    for cut in cuts:
        for deed in deeds[done:cut]:
            match deed:
                case Sync(file):
                    for each in open_deeds:
                        if each.file == file:
                            _do(plate, each)
                    open_deeds = [each for each in open_deeds if each.file != file]
                case Write() | Truncate():
                    open_deeds.append(deed)
        done = cut
        found = {name: bytearray(data) for name, data in plate.items()}
        chance: Literal[0, 1, 2] = dice.choice((0, 1, 2))
        for each in open_deeds:
            _do_in_part(found, each, dice, (0.1, 0.5, 0.9)[chance])
        yield cut, {name: bytes(data) for name, data in found.items()}


def _do(plate: dict[str, bytearray], deed: Write | Truncate) -> None:
    content = plate.setdefault(deed.file, bytearray())
    match deed:
        case Write(_, offset, data):
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        case Truncate(_, size):
            del content[size:]


def _do_in_part(
    plate: dict[str, bytearray], deed: Write | Truncate, dice: random.Random, chance: float
) -> None:
    match deed:
        case Write(file, offset, data):
            begin = 0
            while begin < len(data):
                end = min(len(data), begin + SECTOR - (offset + begin) % SECTOR)
                if dice.random() < chance:
                    _do(plate, Write(file, offset + begin, data[begin:end]))
                begin = end
        case Truncate():
            if dice.random() < chance:
                _do(plate, deed)
