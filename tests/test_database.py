"""The one writing connection: group commit, and what each caller may rely on."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain import JobId
from bot.errors import StorageError
from storage import ledger
from storage.database import BATCH_MAX, Database, Hop, open_database, open_for_reading
from tests.books import every_job
from tests.props import count, dice

T = TypeVar("T")

ROOT = Path(__file__).parent.parent

PATIENCE_S = 10
"""What is asked with it would otherwise wait for ever if it broke."""


@pytest.fixture
async def notes(database: Database) -> Database:
    """The database with a table to write numbers in; no number twice."""
    await database.write(lambda tx: tx.execute("CREATE TABLE notes (n INTEGER PRIMARY KEY) STRICT"))
    return database


def note(n: int, tx: sqlite3.Connection) -> int:
    tx.execute("INSERT INTO notes (n) VALUES (?)", (n,))
    return n


def noted(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT n FROM notes ORDER BY n")]


def note_and_fail(n: int, tx: sqlite3.Connection) -> None:
    note(n, tx)
    raise ValueError("on purpose")


class Gate:
    """A hop that lets nothing through until `opened` is set; `reached` says that something waits."""

    def __init__(self, inner: Hop) -> None:
        self._inner = inner
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        self.reached.set()
        await self.opened.wait()
        return await self._inner(work)

    async def close(self) -> None:
        await self._inner.close()


class Broken:
    """A hop that fails as long as `fault` is set."""

    def __init__(self, inner: Hop, fault: BaseException | None) -> None:
        self._inner = inner
        self.fault = fault

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        if self.fault is not None:
            raise self.fault
        return await self._inner(work)

    async def close(self) -> None:
        await self._inner.close()


class Slow:
    """A transaction that notes 1 and then stays in the connection's thread until `go_on` is set."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.go_on = threading.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self, tx: sqlite3.Connection) -> None:
        note(1, tx)
        self._loop.call_soon_threadsafe(self.entered.set)
        self.go_on.wait(10)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("secure_delete", 1),
        ("busy_timeout", 5000),
    ],
)
async def test_the_connection_keeps_what_it_was_given(database: Database, pragma: str, value: object) -> None:
    assert await database.read(lambda c: c.execute(f"PRAGMA {pragma}").fetchone()[0]) == value


async def test_nobody_else_on_the_machine_can_read_the_files(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        database = await open_database(tmp_path / "dailies.db")
        await database.write(lambda tx: tx.execute("CREATE TABLE t (n INTEGER) STRICT"))
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in os.scandir(tmp_path)}
        await database.close()
    finally:
        os.umask(old)

    assert modes == {"dailies.db": 0o600, "dailies.db-wal": 0o600, "dailies.db-shm": 0o600}


async def test_opening_leaves_the_process_its_own_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        database = await open_database(tmp_path / "dailies.db")
        await database.close()
        seen = os.umask(0o027)
    finally:
        os.umask(old)

    assert seen == 0o027


async def test_many_writers_share_few_commits(notes: Database) -> None:
    said: list[str] = []
    await notes.read(lambda c: c.set_trace_callback(said.append))

    answers = await asyncio.gather(*(notes.write(partial(note, n)) for n in range(2 * BATCH_MAX)))
    await notes.read(lambda c: c.set_trace_callback(None))

    assert answers == list(range(2 * BATCH_MAX))
    assert said.count("COMMIT") == 2
    assert await notes.read(noted) == answers


async def test_what_arrives_during_a_commit_goes_into_the_next(notes: Database) -> None:
    gate = Gate(notes._hop)
    gated = Database(gate)
    said: list[str] = []
    await notes.read(lambda c: c.set_trace_callback(said.append))

    first = asyncio.create_task(gated.write(partial(note, 0)))
    await gate.reached.wait()
    later = [asyncio.create_task(gated.write(partial(note, n))) for n in range(1, 20)]
    gate.opened.set()
    await asyncio.gather(first, *later)
    await notes.read(lambda c: c.set_trace_callback(None))

    assert said.count("COMMIT") == 2


async def test_a_failing_transaction_is_rolled_back_alone(notes: Database) -> None:
    answers = await asyncio.gather(
        notes.write(partial(note, 1)),
        notes.write(partial(note_and_fail, 2)),
        notes.write(partial(note, 1)),
        notes.write(partial(note, 3)),
        return_exceptions=True,
    )

    assert answers[0] == 1
    assert isinstance(answers[1], ValueError)
    assert isinstance(answers[2], sqlite3.IntegrityError)
    assert answers[3] == 3
    assert await notes.read(noted) == [1, 3]


async def test_when_the_commit_itself_fails_each_runs_again_alone(notes: Database) -> None:
    await notes.write(
        lambda tx: tx.execute(
            "CREATE TABLE promises (n INTEGER REFERENCES notes (n) DEFERRABLE INITIALLY DEFERRED) STRICT"
        )
    )
    ran: list[int] = []

    def counted(n: int, tx: sqlite3.Connection) -> int:
        ran.append(n)
        return note(n, tx)

    answers = await asyncio.gather(
        notes.write(partial(counted, 1)),
        notes.write(lambda tx: tx.execute("INSERT INTO promises VALUES (404)").rowcount),
        notes.write(partial(counted, 2)),
        return_exceptions=True,
    )

    assert isinstance(answers[1], sqlite3.IntegrityError)
    assert [answers[0], answers[2]] == [1, 2]
    assert ran == [1, 2, 1, 2]
    assert await notes.read(noted) == [1, 2]
    assert await notes.read(lambda c: c.execute("SELECT count(*) FROM promises").fetchone()[0]) == 0


async def test_a_transaction_that_sinks_the_whole_batch_sinks_only_itself(notes: Database) -> None:
    # What SQLite does by itself when the disk is full: the transaction is gone, savepoints and all.
    answers = await asyncio.gather(
        notes.write(partial(note, 1)),
        notes.write(lambda tx: tx.execute("INSERT OR ROLLBACK INTO notes VALUES (1)").rowcount),
        notes.write(partial(note, 2)),
        return_exceptions=True,
    )

    assert isinstance(answers[1], sqlite3.IntegrityError)
    assert [answers[0], answers[2]] == [1, 2]
    assert await notes.read(noted) == [1, 2]


async def test_when_nothing_can_begin_every_caller_hears_it_once(notes: Database, tmp_path: Path) -> None:
    await notes.read(lambda c: c.execute("PRAGMA busy_timeout = 0").fetchone())
    ran: list[int] = []

    def counted(n: int, tx: sqlite3.Connection) -> int:
        ran.append(n)
        return note(n, tx)

    with closing(sqlite3.connect(tmp_path / "dailies.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(
            *(notes.write(partial(counted, n)) for n in range(3)), return_exceptions=True
        )

    assert [str(answer) for answer in answers] == ["database is locked"] * 3
    assert ran == []
    assert await notes.write(partial(note, 9)) == 9


async def test_when_the_hop_fails_every_caller_hears_it(notes: Database) -> None:
    hop = Broken(notes._hop, OSError("the thread is gone"))
    broken = Database(hop)

    answers = await asyncio.gather(
        *(broken.write(partial(note, n)) for n in range(BATCH_MAX + 3)), return_exceptions=True
    )
    hop.fault = None

    assert {type(answer) for answer in answers} == {OSError}
    assert await broken.write(partial(note, 7)) == 7
    assert await notes.read(noted) == [7]


async def test_when_the_flush_is_cancelled_nobody_waits_for_ever(notes: Database) -> None:
    gate = Gate(notes._hop)
    gated = Database(gate)
    writers = [asyncio.create_task(gated.write(partial(note, n))) for n in range(BATCH_MAX + 3)]
    await gate.reached.wait()

    assert gated._flusher is not None
    gated._flusher.cancel()
    answers = await asyncio.wait_for(asyncio.gather(*writers, return_exceptions=True), PATIENCE_S)

    assert {type(answer) for answer in answers} == {asyncio.CancelledError}
    gate.opened.set()
    assert await gated.write(partial(note, 7)) == 7


async def test_an_error_that_no_future_takes_reaches_its_caller_alone(notes: Database) -> None:
    def stops(tx: sqlite3.Connection) -> None:
        next(iter(noted(tx)))

    answers = await asyncio.wait_for(
        asyncio.gather(notes.write(stops), notes.write(partial(note, 1)), return_exceptions=True), PATIENCE_S
    )
    await notes.write(lambda tx: tx.execute("DELETE FROM notes").rowcount)

    assert isinstance(answers[0], RuntimeError)
    assert answers[1] == 1
    with pytest.raises(RuntimeError, match="StopIteration"):
        await notes.read(stops)


async def test_a_caller_cancelled_before_the_commit_loses_only_the_answer(notes: Database) -> None:
    writer = asyncio.create_task(notes.write(partial(note, 1)))
    other = asyncio.create_task(notes.write(partial(note, 2)))
    await asyncio.sleep(0)  # each task runs to its first wait
    writer.cancel()

    assert await asyncio.wait_for(other, PATIENCE_S) == 2
    assert writer.cancelled()
    assert await notes.read(noted) == [1, 2]


async def test_a_caller_cancelled_during_the_commit_loses_only_the_answer(notes: Database) -> None:
    gate = Gate(notes._hop)
    gated = Database(gate)
    writer = asyncio.create_task(gated.write(partial(note, 1)))
    other = asyncio.create_task(gated.write(partial(note, 2)))
    await gate.reached.wait()
    writer.cancel()
    gate.opened.set()

    assert await asyncio.wait_for(other, PATIENCE_S) == 2
    with pytest.raises(asyncio.CancelledError):
        await writer
    assert await notes.read(noted) == [1, 2]


async def test_nobody_sees_what_is_not_committed(notes: Database, tmp_path: Path) -> None:
    seen: list[list[int]] = []

    def write_and_look_from_outside(tx: sqlite3.Connection) -> None:
        note(1, tx)
        with closing(open_for_reading(tmp_path / "dailies.db")) as other:
            seen.append(noted(other))

    inside, read = await asyncio.gather(notes.write(write_and_look_from_outside), notes.read(noted))
    await asyncio.gather(notes.write(partial(note_and_fail, 2)), return_exceptions=True)

    assert inside is None
    assert seen == [[]]
    assert read in ([], [1])
    assert await notes.read(noted) == [1]


async def test_a_read_waits_for_the_commit_before_it(notes: Database) -> None:
    slow = Slow()
    writer = asyncio.create_task(notes.write(slow))
    await slow.entered.wait()
    reader = asyncio.create_task(notes.read(noted))
    slow.go_on.set()

    assert await reader == [1]
    await writer


async def test_closing_commits_what_is_pending(tmp_path: Path) -> None:
    path = tmp_path / "dailies.db"
    database = await open_database(path)
    await database.write(lambda tx: tx.execute("CREATE TABLE notes (n INTEGER) STRICT"))
    writers = [asyncio.create_task(database.write(partial(note, n))) for n in range(BATCH_MAX + 50)]
    await asyncio.sleep(0)  # each task runs to its first wait
    await database.close()

    assert await asyncio.gather(*writers) == list(range(BATCH_MAX + 50))
    with closing(open_for_reading(path)) as connection:
        assert noted(connection) == list(range(BATCH_MAX + 50))
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await database.write(partial(note, 1000))


async def test_a_closer_that_is_cancelled_does_not_cancel_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "dailies.db"
    database = await open_database(path)
    await database.write(lambda tx: tx.execute("CREATE TABLE notes (n INTEGER) STRICT"))
    slow = Slow()
    writer = asyncio.create_task(database.write(slow))
    await slow.entered.wait()
    closer = asyncio.create_task(database.close())
    await asyncio.sleep(0)  # each task runs to its first wait
    closer.cancel()
    slow.go_on.set()
    await asyncio.wait({closer})

    assert closer.cancelled()
    await writer
    with closing(open_for_reading(path)) as connection:
        assert noted(connection) == [1]


async def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "dailies.db")
    await database.close()
    await database.close()


async def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"missing/dailies\.db cannot be written: No such file"):
        await open_database(tmp_path / "missing" / "dailies.db")
    with pytest.raises(StorageError, match="cannot be written"):
        await open_database(Path("/sys/dailies.db"))  # read-only even to root


async def test_a_file_that_is_no_database_is_said_so_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "dailies.db"
    path.write_bytes(b"a diary, not a database. " * 200)

    with pytest.raises(StorageError, match="not a database"):
        await open_database(path)

    assert path.read_bytes() == b"a diary, not a database. " * 200


async def test_a_reading_connection_sees_commits_and_cannot_write(notes: Database, tmp_path: Path) -> None:
    await notes.write(partial(note, 1))
    wal = tmp_path / "dailies.db-wal"
    before = wal.read_bytes()

    with closing(open_for_reading(tmp_path / "dailies.db")) as connection:
        assert noted(connection) == [1]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("INSERT INTO notes VALUES (2)")
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert wal.read_bytes() == before


async def test_a_reading_connection_works_when_no_bot_runs(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "dailies.db")
    await database.close()

    with closing(open_for_reading(tmp_path / "dailies.db")) as connection:
        assert ledger.verify(connection) == []


async def test_erased_words_are_erased_from_the_file(notes: Database, tmp_path: Path) -> None:
    await notes.write(lambda tx: tx.execute("CREATE TABLE words (w TEXT) STRICT"))
    await notes.write(lambda tx: tx.execute("INSERT INTO words VALUES ('a very private prompt')"))
    await notes.read(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())
    path = tmp_path / "dailies.db"
    assert b"a very private prompt" in path.read_bytes()

    await notes.write(lambda tx: tx.execute("DELETE FROM words"))
    await notes.read(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())

    assert b"a very private prompt" not in path.read_bytes()


@pytest.fixture
async def killed(tmp_path: Path) -> list[tuple[JobId, int]]:
    """What a process acknowledged until it was killed, again and again on the same file."""
    chance = dice("kills while writing")
    acknowledged: list[tuple[JobId, int]] = []
    for _ in range(count(2, 300)):
        seed = chance.getrandbits(32)
        command = [sys.executable, "-m", "tests.acknowledging", str(tmp_path / "dailies.db"), str(seed)]
        writer = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        lines = [await writer.stdout.readline() for _ in range(chance.randrange(1, 1500))]
        writer.kill()
        lines += (await writer.stdout.read()).splitlines(keepends=True)
        await writer.wait()
        for line in lines:
            job_id, rev = line.decode().split()
            acknowledged.append((JobId(job_id), int(rev)))
    return acknowledged


@pytest.mark.soak
async def test_a_killed_process_loses_nothing_that_it_acknowledged(
    killed: list[tuple[JobId, int]], tmp_path: Path
) -> None:
    database = await open_database(tmp_path / "dailies.db")

    have = {job.id: job.rev for job in await database.read(every_job)}
    differences = await database.read(ledger.verify)
    sound = await database.read(lambda c: c.execute("PRAGMA integrity_check").fetchone()[0])
    await database.close()

    assert [(job_id, rev) for job_id, rev in killed if have.get(job_id, -1) < rev] == []
    assert differences == []
    assert sound == "ok"
    print(f"kills while writing: {len(killed)} acknowledged transactions, none lost")
