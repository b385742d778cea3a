"""Notes that go along with other commits: nobody waits for one, and each is written once."""

import logging
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest

from storage.database import ALONG_S, Database
from tests.new_books import new_book
from tests.simulation.clock import Agenda, SimulatedLoop
from tests.simulation.process import Hop


class Scribe:
    """A database on virtual time, which counts its hops."""

    def __init__(self) -> None:
        self.book = new_book()
        self.book.execute("CREATE TABLE notes (n INTEGER UNIQUE)")
        self.hops = 0
        self.loop = SimulatedLoop(0.0, Agenda())
        self.database = Database(Hop(self.book, before=self._counted))

    def noted(self) -> list[int]:
        return [row[0] for row in self.book.execute("SELECT n FROM notes ORDER BY rowid")]

    def plays(self, work: Callable[[], Coroutine[Any, Any, None]], *, until_s: float) -> None:
        """Do this, and let time pass until then."""
        self.loop.create_task(work())
        self.loop.drive(until_s)
        assert not self.loop.faults

    def _counted(self, work: object) -> None:
        del work
        self.hops += 1


@pytest.fixture
def scribe() -> Iterator[Scribe]:
    made = Scribe()
    yield made
    made.book.close()


def note(n: int, tx: sqlite3.Connection) -> None:
    tx.execute("INSERT INTO notes VALUES (?)", (n,))


def test_a_note_goes_in_with_the_next_transaction_and_before_it(scribe: Scribe) -> None:
    async def work() -> None:
        scribe.database.write_along(partial(note, 1))
        await scribe.database.write(partial(note, 2))

    scribe.plays(work, until_s=1.0)

    assert scribe.noted() == [1, 2]
    assert scribe.hops == 1
    scribe.loop.drive(3 * ALONG_S)
    assert scribe.hops == 1


def test_where_nothing_else_is_written_notes_go_together_after_a_while(scribe: Scribe) -> None:
    async def work() -> None:
        scribe.database.write_along(partial(note, 1))
        scribe.database.write_along(partial(note, 2))

    scribe.plays(work, until_s=ALONG_S - 0.1)
    assert scribe.noted() == []

    scribe.loop.drive(ALONG_S + 0.1)

    assert scribe.noted() == [1, 2]
    assert scribe.hops == 1


def test_a_note_that_fails_is_logged_and_takes_nothing_with_it(
    scribe: Scribe, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        await scribe.database.write(partial(note, 1))
        scribe.database.write_along(partial(note, 1))
        await scribe.database.write(partial(note, 2))

    with caplog.at_level(logging.WARNING):
        scribe.plays(work, until_s=1.0)

    assert scribe.noted() == [1, 2]
    assert [record.__dict__["code"] for record in caplog.records] == ["note_not_written"]


def test_closing_writes_the_notes_and_takes_no_more(scribe: Scribe) -> None:
    async def work() -> None:
        scribe.database.write_along(partial(note, 1))
        await scribe.database.close()
        with pytest.raises(sqlite3.ProgrammingError):
            scribe.database.write_along(partial(note, 2))

    scribe.plays(work, until_s=3 * ALONG_S)

    assert scribe.noted() == [1]


def test_a_note_is_written_when_the_disk_has_room_again(scribe: Scribe) -> None:
    def grow_to(pages: int) -> None:
        scribe.book.execute(f"PRAGMA max_page_count = {pages}")

    async def work() -> None:
        grow_to(scribe.book.execute("PRAGMA page_count").fetchone()[0])
        scribe.database.write_along(lambda tx: tx.execute("CREATE TABLE more (n INTEGER)"))

    scribe.plays(work, until_s=3 * ALONG_S)
    tries = scribe.hops
    grow_to(1_000_000)
    scribe.loop.drive(5 * ALONG_S)

    assert tries > 1
    assert scribe.book.execute("SELECT count(*) FROM more").fetchone()[0] == 0
    assert scribe.hops == tries + 1
