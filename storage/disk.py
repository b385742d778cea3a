"""What a disk says that takes no more, in our own words: as SQLite says it, and as the system does."""

import errno
import sqlite3
from typing import TypeVar

from bot.errors import DiskFailure, DiskFull

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FAILS = frozenset({errno.EIO, errno.EROFS})

_IO_ERRORS = sqlite3.SQLITE_IOERR
_PRIMARY = 0xFF
"""An extended code has its primary one in its lowest byte (sqlite.org/rescode.html)."""

F = TypeVar("F", bound=BaseException)


def as_ours(fault: F) -> F | DiskFailure:
    """The fault itself, or, where the disk is at the bottom of it, that.

    Only what SQLite calls FULL was certainly not written: a frame that was refused ends a transaction, while
    one whose sync, or whose index, failed may lie whole in the log and be found there after a crash.
    """
    said = failure(fault)
    if said is not None and said is not fault:
        said.__cause__ = fault
    return fault if said is None else said


def failure(fault: BaseException) -> DiskFailure | None:
    """What the disk has to do with it; None where nothing."""
    match fault:
        case DiskFailure():
            return fault
        case sqlite3.OperationalError(sqlite_errorcode=int(code)) if code & _PRIMARY == sqlite3.SQLITE_FULL:
            return DiskFull(str(fault))
        case sqlite3.OperationalError(sqlite_errorcode=int(code)) if code & _PRIMARY == _IO_ERRORS:
            return DiskFailure(f"{fault} ({fault.sqlite_errorname})")
        case OSError(errno=int(number)) if number in _NO_ROOM:
            return DiskFull(str(fault))
        case OSError(errno=int(number)) if number in _FAILS:
            return DiskFailure(str(fault))
        case _:
            return None
