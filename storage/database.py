"""The one writing connection, and the group commit that makes durable transactions cheap.

A transaction is one synchronous function of a connection. It awaits nothing. All those that arrived while
the last fsync ran go in together: one hop to the connection's thread, one `BEGIN IMMEDIATE`, one `COMMIT`. A
caller gets its answer only after that commit is on the disk. One that fails leaves nothing behind; it may be
run more than once until it is known which one failed.
"""

import asyncio
import contextvars
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import aiosqlite

from bot.errors import DiskFailure, StorageError
from storage import snapshots
from storage.connection import (
    BookConnection,
    GatherFault,
    Gathering,
    begin,
    check_known,
    commit,
    forget,
    take_back,
)
from storage.disk import as_ours
from storage.migrate import check, check_schema, latest, migrate
from storage.tallies import Counting

T = TypeVar("T")

log = logging.getLogger(__name__)

Transaction = sqlite3.Connection
"""What a transaction's function is given: the connection, inside the transaction."""

BATCH_MAX = 1024
"""Transactions in one commit: enough to fill a slow fsync (with one of 10 ms more, 256 were half as fast)."""

ALONG_S = 15.0
"""A note waits so long for a batch to go along with before it has one of its own."""

CACHED_STATEMENTS = 512
"""More than all statements of ours, so that none is parsed twice (sqlite3's default is 128)."""

_Work = Callable[[sqlite3.Connection], Any]
_Asked = tuple[_Work, asyncio.Future[Any] | None]
"""A transaction, and who waits for it; nobody for a note that goes along."""

_Outcome = tuple[bool, Any]


class Hop(Protocol):
    """The way to the connection's thread. A simulation puts one in its place that stays on the loop."""

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T: ...

    async def close(self) -> None: ...


class ThreadHop:
    """Runs work on the thread that aiosqlite keeps for its connection."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        # aiosqlite offers no public way to run a function on its thread, only one statement at a time:
        # that would be a hop for each (measured: 30 times fewer transactions a second).
        connection = self._connection
        run = cast("Callable[[Callable[[], T]], Awaitable[T]]", connection._execute)  # noqa: SLF001
        return await run(partial(_run, work, connection._conn))  # noqa: SLF001

    async def close(self) -> None:
        await self._connection.close()


class Database:
    """All reads and writes of a data folder. Give it its hop; close it before the loop ends."""

    def __init__(self, hop: Hop) -> None:
        self._hop = hop
        self._pending: list[_Asked] = []
        self._along: list[_Asked] = []
        self._along_timer: asyncio.TimerHandle | None = None
        self._flusher: asyncio.Task[None] | None = None
        self._closed = False

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one durable transaction; when this returns it is on the disk.

        If `work` raises, it alone is rolled back and the error is raised here. A caller that is cancelled
        loses the answer, never half a transaction.

        Raises:
            DiskFull, DiskFailure: the disk did not take it.
        """
        if self._closed:
            raise sqlite3.ProgrammingError("the database is closed")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append((_as_asked(work), answer))
        self._flush_now()
        return await answer

    def write_along(self, work: Callable[[Transaction], object]) -> None:
        """Have `work` go in with the next transactions, or in `ALONG_S` seconds if there are none.

        For a note that may be lost, and is made anew then: nobody waits for it, and a crash may come first.
        While the disk takes nothing it is tried again.
        """
        if self._closed:
            raise sqlite3.ProgrammingError("the database is closed")
        self._note((_as_asked(work), None))

    def _note(self, note: _Asked) -> None:
        self._along.append(note)
        if self._along_timer is None:
            self._along_timer = asyncio.get_running_loop().call_later(ALONG_S, self._flush_along)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> Coroutine[Any, Any, T]:
        """Run a short reading function; it sees every committed transaction and nothing else."""
        return self._hop(_as_asked(work))

    async def close(self) -> None:
        """Commit what is pending, then close."""
        self._closed = True
        if self._along:
            self._flush_along()
        try:
            while self._flusher is not None:
                await asyncio.wait({self._flusher})  # a closer that is cancelled does not cancel the commit
        finally:
            await self._hop.close()

    def _flush_now(self) -> None:
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush(), name="storage flush")

    def _flush_along(self) -> None:
        self._go_along()
        self._flush_now()

    def _go_along(self) -> None:
        """The notes are part of what is pending from here on, and come first: what is read later has them."""
        if self._along_timer is not None:
            self._along_timer.cancel()
            self._along_timer = None
        self._pending[:0] = self._along
        self._along.clear()

    async def _flush(self) -> None:
        try:
            while self._pending:
                if self._along:
                    self._go_along()
                batch = self._pending[:BATCH_MAX]
                del self._pending[:BATCH_MAX]
                await self._commit(batch)
        finally:
            self._flusher = None
            for _, answer in self._pending:  # only when this task was cancelled: nobody would come for them
                if answer is not None:
                    answer.cancel()
            self._pending.clear()

    async def _commit(self, batch: list[_Asked]) -> None:
        try:
            outcomes = await self._hop(partial(_run_batch, [work for work, _ in batch]))
        except BaseException as fault:  # whatever sank the hop itself, every caller must hear of it
            for asked in batch:
                self._failed(asked, as_ours(fault))
            if not isinstance(fault, Exception):
                raise
            return
        for asked, (ok, value) in zip(batch, outcomes, strict=True):
            answer = asked[1]
            if not ok:
                self._failed(asked, as_ours(value))
            elif answer is not None and not answer.done():  # its caller was cancelled
                answer.set_result(value)

    def _failed(self, asked: _Asked, fault: BaseException) -> None:
        """Tell whoever waits; a note waits for the disk, and else the log is told of it."""
        answer = asked[1]
        if answer is not None:
            if not answer.done():
                answer.set_exception(fault)
        elif isinstance(fault, DiskFailure) and not self._closed:
            self._note(asked)
        else:
            log.warning("a note was not written: %s", fault, extra={"code": "note_not_written"})


def _as_asked(work: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
    """The work in its caller's context: what it raises is a sentence in the language of who asked."""
    context = contextvars.copy_context()
    return lambda connection: context.run(work, connection)


class _TornError(Exception):
    """A transaction failed after it had written something, which is in the batch now."""


def _run_batch(works: list[_Work], connection: sqlite3.Connection) -> list[_Outcome]:
    """Commit all together. Where one tears the batch, again with a savepoint for each; else each alone.

    A savepoint copies each page that is written in it (measured: a third of an order's time), and hardly any
    transaction fails after it has written: refusals come before. So the first try has none.
    """
    begin(connection)  # what fails here fails for all, and would for each alone
    try:
        check_known(connection)
        return _commit_together(works, connection)
    except (_TornError, GatherFault):
        _roll_back(connection)
    except sqlite3.Error:
        _roll_back(connection)
        return [_commit_alone(work, connection) for work in works]
    except BaseException:
        _roll_back(connection)
        raise
    begin(connection)
    try:
        return _commit_in_savepoints(works, connection)
    except sqlite3.Error:
        _roll_back(connection)
        return [_commit_alone(work, connection) for work in works]
    except BaseException:
        _roll_back(connection)
        raise


def _commit_together(works: list[_Work], connection: sqlite3.Connection) -> list[_Outcome]:
    outcomes: list[_Outcome] = []
    with Counting(connection) as tallies, Gathering(connection) as changes:
        for work in works:
            before, counted = changes(), tallies.changes
            try:
                outcomes.append((True, _run(work, connection)))
            except Exception as fault:
                if changes() != before or tallies.changes != counted or not connection.in_transaction:
                    raise _TornError from fault
                outcomes.append((False, fault))
    commit(connection)
    return outcomes


def _commit_in_savepoints(works: list[_Work], connection: sqlite3.Connection) -> list[_Outcome]:
    outcomes: list[_Outcome] = []
    for work in works:
        connection.execute("SAVEPOINT one")
        try:
            with Counting(connection):
                value = _run(work, connection)
            outcomes.append((True, value))
        except Exception as fault:  # noqa: BLE001 - handed to the caller who asked, never swallowed
            connection.execute("ROLLBACK TO one")
            forget(connection)
            outcomes.append((False, fault))
        connection.execute("RELEASE one")
    commit(connection)
    return outcomes


def _commit_alone(work: _Work, connection: sqlite3.Connection) -> _Outcome:
    try:
        begin(connection)
        with Counting(connection):
            value = _run(work, connection)
        commit(connection)
    except Exception as fault:  # noqa: BLE001 - handed to the caller who asked, never swallowed
        _roll_back(connection)
        return False, fault
    return True, value


def _roll_back(connection: sqlite3.Connection) -> None:
    forget(connection)
    if connection.in_transaction:  # SQLite itself may have, when the disk was full
        take_back(connection)


def _run(work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    try:
        return work(connection)
    except StopIteration as fault:  # no future takes one: its caller, and all behind it, would wait for ever
        raise RuntimeError("a transaction raised StopIteration") from fault


def prepare(connection: sqlite3.Connection) -> None:
    """Set what a connection of ours must have before anything is read or written.

    FULL, since in WAL mode NORMAL loses acknowledged transactions at a power cut (81 % of 3,000 simulated
    ones did). `secure_delete`, since erasing a person must erase the bytes. `recursive_triggers`, since
    `INSERT OR REPLACE` would else delete a row of the ledger without asking its triggers. `temp_store`, since
    what a statement or savepoint may have to undo would else be written to a file beyond 64 KiB. A checkpoint
    after 16,000 pages (64 MB), since it stops all that waits: fewer and larger ones write a page that changed
    often only once; SQLite's default is 1,000. A cache of 32 MB, since SQLite's default of 2
    holds a second of orders, and a page that fell out of it is read and copied anew.
    """
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA wal_autocheckpoint = 16000")
    connection.execute("PRAGMA cache_size = -32768")


async def open_database(path: Path) -> Database:
    """Open (or make) the database file and bring its schema up to date.

    Raises:
        NewerDatabase: the file was written by a later release; it was not touched.
        StorageError: the file cannot be written, or is no database of ours (and was not touched).
    """
    try:
        # Made here, since SQLite would let all read it; its -wal and -shm take the mode of the file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as fault:
        raise StorageError(f"{path} cannot be written: {fault.strerror}") from fault
    connection = await aiosqlite.connect(
        path, isolation_level=None, cached_statements=CACHED_STATEMENTS, factory=BookConnection
    )
    hop = ThreadHop(connection)
    try:
        have = await hop(check)
        if 0 < have < latest():
            await asyncio.to_thread(_keep_former, path, have)
        await hop(prepare)
        await hop(migrate)
    except sqlite3.Error as fault:
        await hop.close()
        raise StorageError(f"{path} cannot be opened: {fault}; `dailies check` says why") from fault
    except BaseException:
        await hop.close()
        raise
    return Database(hop)


def _keep_former(path: Path, version: int) -> None:
    """A copy from before the schema changes: the way back to the former release."""
    kept = path.with_name(f"before-schema-{latest()}-{path.name}")
    kept.unlink(missing_ok=True)  # of a start that was stopped before it had changed anything
    snapshots.copy(path, kept)
    log.info(
        "schema %d becomes %d; the former database is kept in %s",
        version,
        latest(),
        kept,
        extra={"code": "schema_changes"},
    )


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A second connection for the command line: it reads, and never writes or checkpoints.

    SQLite before 3.51.3 can corrupt a WAL that two connections reset; a read-only one never does.

    Raises:
        sqlite3.DatabaseError: it is no database, or one of which not even the schema can be read.
    """
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA query_only = ON")
        check_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The same for as long as it is wanted.

    Raises:
        StorageError: it is no database, or a broken one.
    """
    try:
        with closing(open_for_reading(path)) as connection:
            yield connection
    except sqlite3.DatabaseError as fault:
        raise StorageError(
            f"{path} cannot be read: {fault}. `dailies check` says why, and what to do"
        ) from fault
