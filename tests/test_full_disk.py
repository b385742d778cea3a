"""A disk that takes no more: what members and the operator are told, and that all goes on when there is room.

With real processes on a really full disk: `tests/test_real_processes.py`.
"""

import errno
import logging
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.domain import NOTHING_MICROS
from bot.errors import DiskFailure, DiskFull, NoRoom
from bot.operating import room
from bot.operating.room import FREE_BYTES_MIN, Room, failure, kept
from storage.database import Database, open_database
from tests.props import SHORTEST_MICROS
from tests.stage import Stage, open_stage, texts

NO_END = 2**30


async def bound(database: Database) -> None:
    """Let the file grow no further than it is."""

    def set_(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    await database.read(set_)


async def unbound(database: Database) -> None:
    await database.read(lambda connection: connection.execute(f"PRAGMA max_page_count = {NO_END}").fetchone())


@contextmanager
def files_end_at(size_bytes: int) -> Iterator[None]:
    """The kernel lets this process write no file beyond that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def grow(tx: sqlite3.Connection) -> None:
    """Write more than any page has room for."""
    tx.execute("CREATE TABLE IF NOT EXISTS ballast (bytes BLOB) STRICT")
    tx.execute("INSERT INTO ballast VALUES (zeroblob(100000))")


def codes_of(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [record.__dict__["code"] for record in caplog.records if words in record.message]


async def order_until_full(stage: Stage) -> str:
    """Orders of Ada's until one is refused, and what she reads then."""
    for _ in range(200):
        answer = texts(await stage.ask(stage.ada, prompt="a paper boat " + "and another " * 200))
        if "no room" in answer:
            return answer
    pytest.fail(f"no order was refused: {answer}")


async def change_until_full(stage: Stage) -> str:
    """Changes of a manager's until one is refused; the pages that are there have room for a few."""
    for zone in ["Europe/Berlin", "Asia/Tokyo"] * 50:
        press = await stage.mika.slash("budget zone", {"zone": zone}, channel=stage.channel())
        answer = texts(await stage.mika.answer(press))
        if "no room" in answer:
            return answer
    pytest.fail(f"no change was refused: {answer}")


async def test_an_order_on_a_full_disk_is_refused_with_a_sentence_and_costs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_stage(tmp_path) as stage:
        await bound(stage.database)
        answer = await order_until_full(stage)
        held = (await stage.money("Ada")).held_micros
        placed = await stage.rows()
        changed = await change_until_full(stage)
        await unbound(stage.database)
        after = texts(await stage.ask(stage.ada, prompt="a paper boat"))

    assert answer == (
        "The bot has no room left to write anything down. Nothing was charged. "
        "Try again later; whoever runs the bot has to make room."
    )
    assert held == len(placed) * SHORTEST_MICROS > NOTHING_MICROS
    assert codes_of(caplog, "an order was refused") == ["disk_full"]
    assert changed.startswith("The bot has no room left to write anything down. Nothing was charged.")
    assert "no room" not in after


async def test_a_disk_that_refuses_what_is_not_full_is_told_apart(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "dailies.db")
    size = (tmp_path / "dailies.db-wal").stat().st_size
    try:
        with files_end_at(size + 1), pytest.raises(DiskFailure) as refused:
            await database.write(grow)
        await database.write(grow)
    finally:
        await database.close()

    assert refused.value.code == "disk_failed"
    assert "SQLITE_IOERR_WRITE" in str(refused.value)


def test_what_the_system_says_of_a_disk_is_known() -> None:
    assert isinstance(failure(OSError(errno.ENOSPC, "No space left on device")), DiskFull)
    assert isinstance(failure(OSError(errno.EDQUOT, "Disk quota exceeded")), DiskFull)
    assert isinstance(failure(OSError(errno.EROFS, "Read-only file system")), DiskFailure)
    assert failure(OSError(errno.ECONNRESET, "Connection reset by peer")) is None
    assert failure(ValueError("banana")) is None


def test_only_a_full_disk_refuses_an_order() -> None:
    with pytest.raises(NoRoom), room.needed():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DiskFailure), room.needed():
        raise DiskFailure("SQLITE_IOERR_FSYNC")  # may have been written: nobody is told that it was not


async def test_a_duty_that_a_full_disk_ends_is_begun_anew_and_any_other_fault_ends_it(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "dailies.db")
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            await unbound(database)

    async def duty() -> None:
        await database.write(grow)
        raise ZeroDivisionError

    try:
        await bound(database)
        with pytest.raises(ZeroDivisionError):
            await kept("duty", duty, pause=pause)
    finally:
        await database.close()

    assert pauses == [room.AGAIN_S, room.AGAIN_S]


async def test_the_operator_is_told_once_that_room_is_little_and_once_that_there_is_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    free = [FREE_BYTES_MIN, FREE_BYTES_MIN - 1, 0, FREE_BYTES_MIN]

    class Told:
        def tell(self, code: str, sentence: str) -> None:
            told.append(code)
            logging.getLogger().warning(sentence)

    watch = Room(tmp_path, Told(), free_bytes=lambda _: free.pop(0))
    for _ in range(4):
        await watch.look()

    await Room(tmp_path / "gone", Told()).look()

    assert told == ["disk_full", "disk_has_room"]
    assert "room cannot be told" in caplog.text
    assert "199 MB left" in caplog.text
