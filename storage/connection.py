"""The writing connection, what is known of its rows between batches, and rows that are written together."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from storage.charters import Charter
    from storage.purses import Key
    from storage.tallies import Tallies, Tally

PURSES_KEPT_MAX = 20_000
"""Some 500 bytes each."""

REMEMBERED_MAX = 20_000
"""Answers of one question: a few words each."""

T = TypeVar("T")
Ks = TypeVarTuple("Ks")

Row = tuple[str | int | None, ...]


class GatherFault(BaseException):
    """Rows that were gathered could not be written. No `except` of a transaction's own is to catch it."""


class BookConnection(sqlite3.Connection):
    """A connection that keeps the totals of the batch that is going in (None between two batches).

    `purses` is what is known of them beyond that, and `charters` what `storage.charters` has read of each
    guild, both as of `version`. Whoever changes a budget, and whoever takes changes back, has them read anew.

    `gathered` are rows of the batch that are not written yet, by their statement (None: none are gathered).
    They are written before anything else is asked or told here, so that nobody can see that they were not.
    """

    tallies: Tallies | None = None
    version: int | None = None
    gathered: dict[str, list[Row]] | None = None
    rows_gathered = 0
    rows_written = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.charters: dict[int, Charter] = {}
        self.purses: dict[Key, Tally | None] = {}
        self.remembered: dict[Callable[..., Any], dict[tuple[Any, ...], Any]] = {}
        self.remembered_at = 0

    # A simulation puts others in the place of these.

    def begin(self) -> None:
        self.execute("BEGIN IMMEDIATE")

    def commit_batch(self) -> None:
        self.execute("COMMIT")

    def roll_back(self) -> None:
        self.execute("ROLLBACK")

    def gather(self, sql: str, row: Row) -> bool:
        """Keep a row to be written with the batch's others of its kind; False where none are gathered."""
        gathered = self.gathered
        if gathered is None:
            return False
        if not gathered:
            # Only now: every other statement goes straight to the library's own methods.
            self.execute = self._execute_after  # type: ignore[method-assign]
            self.executemany = self._executemany_after  # type: ignore[method-assign]
        rows = gathered.get(sql)
        if rows is None:
            gathered[sql] = [row]
        else:
            rows.append(row)
        self.rows_gathered += 1
        return True

    def _execute_after(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.write_gathered()
        return super().execute(sql, parameters)

    def _executemany_after(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        self.write_gathered()
        return super().executemany(sql, parameters)

    def gather_no_more(self) -> None:
        """What was gathered and is not written is forgotten."""
        if self.gathered:
            del self.execute, self.executemany
        self.gathered = None

    def own_changes(self) -> int:
        """Grows with every row that is written or gathered, and not when gathered ones are written."""
        return self.total_changes - self.rows_written + self.rows_gathered

    def write_gathered(self) -> None:
        """Write what was gathered, a statement for all rows of a kind.

        Raises:
            GatherFault: some row was refused, or was there already.
        """
        if not self.gathered:
            return
        gathered = self.gathered
        self.gather_no_more()
        self.gathered = {}
        before = self.total_changes
        for sql, rows in gathered.items():
            try:
                written = super().executemany(sql, rows).rowcount
            except sqlite3.Error as fault:
                raise GatherFault from fault
            if written != len(rows):
                raise GatherFault
        self.rows_written += self.total_changes - before


def write_row(tx: sqlite3.Connection, sql: str, row: Row) -> bool:
    """Insert a row now, or with the batch's others of its kind; False where the schema has it already.

    One that is gathered is taken to be new: if it is not, all of the batch is done again, one by one.
    """
    if isinstance(tx, BookConnection) and tx.gather(sql, row):
        return True
    return tx.execute(sql, row).rowcount == 1


class Gathering:
    """Gathers rows inside its `with`, and writes them at its end; it says how many changes a batch made."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Callable[[], int]:
        connection = self._connection
        if not isinstance(connection, BookConnection):
            return lambda: connection.total_changes
        connection.gathered = {}
        return connection.own_changes

    def __exit__(self, kind: type[BaseException] | None, *of_it: object) -> None:
        connection = self._connection
        if not isinstance(connection, BookConnection):
            return
        try:
            if kind is None:
                connection.write_gathered()
        finally:
            connection.gather_no_more()


def begin(connection: sqlite3.Connection) -> None:
    """Begin a batch."""
    if isinstance(connection, BookConnection):
        connection.begin()
    else:
        connection.execute("BEGIN IMMEDIATE")


def commit(connection: sqlite3.Connection) -> None:
    """Commit it: all of it is on the disk when this returns."""
    if isinstance(connection, BookConnection):
        connection.commit_batch()
    else:
        connection.execute("COMMIT")


def take_back(connection: sqlite3.Connection) -> None:
    """Roll it back."""
    if isinstance(connection, BookConnection):
        connection.roll_back()
    else:
        connection.execute("ROLLBACK")


def ask_beside(tx: sqlite3.Connection, sql: str, parameters: tuple[str | int, ...]) -> sqlite3.Cursor:
    """Ask what no gathered row can answer, and leave them gathered: not of jobs or of the book."""
    return sqlite3.Connection.execute(tx, sql, parameters)


def remember(tx: sqlite3.Connection, read: Callable[[sqlite3.Connection, *Ks], T], *key: *Ks) -> T:
    """What `read(tx, *key)` says of what is set, read again only when anything was written since.

    Orders alone do not count: it must not be read from jobs, from the book or from the totals, and not by
    the clock. `read` is one function of a module, and asks with `ask_beside`.
    """
    if not isinstance(tx, BookConnection) or tx.tallies is None:
        return read(tx, *key)
    written = tx.total_changes - tx.rows_written
    if written != tx.remembered_at:
        tx.remembered.clear()
        tx.remembered_at = written
    answers = tx.remembered.get(read)
    if answers is None or len(answers) > REMEMBERED_MAX:
        answers = tx.remembered[read] = {}
    try:
        answer: T = answers[key]
    except KeyError:
        answer = answers[key] = read(tx, *key)
    return answer


def forget_charters(connection: sqlite3.Connection) -> None:
    """What was set for guilds may have changed."""
    if isinstance(connection, BookConnection):
        connection.charters.clear()


def forget(connection: sqlite3.Connection) -> None:
    """What is known may not be what stands in the rows: something was taken back, or written beside it."""
    if isinstance(connection, BookConnection):
        connection.charters.clear()
        connection.purses.clear()
        connection.remembered.clear()
        connection.gather_no_more()


def check_known(connection: sqlite3.Connection) -> None:
    """Forget all if another connection has written since: no other should, and a stranger's tool may."""
    if not isinstance(connection, BookConnection):
        return
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    if version != connection.version or len(connection.purses) > PURSES_KEPT_MAX:
        forget(connection)
        connection.version = version
