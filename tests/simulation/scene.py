"""What worlds are played with, one after another: a connection, a folder, an empty database to begin with.

A backup of the empty database would have every statement parsed anew, which takes longer than a job. So a
world is one transaction that is rolled back in the end, and the process's transactions are savepoints in it.
Not so where disks are full (SQLite then rolls back by itself), and for some other worlds, to see that it is
all one: those have a connection of their own to a file, which is written anew under it. It takes that for
another process's work, and looks at the file again; its statements stay parsed, since the schema is the same.
"""

import sqlite3
from functools import cache
from pathlib import Path

from bot.domain import ChannelId, GuildId, Micros, UserId
from storage import gates, guilds, wishes
from storage.connection import BookConnection, forget
from storage.database import CACHED_STATEMENTS, prepare
from storage.gates import Gate, Mode, Setting
from storage.wishes import Wishes
from tests.new_books import new_book
from tests.props import NOON
from tests.simulation.faults import GATED, MEMBERS
from tests.simulation.files import clear, rewrite

GUILD = GuildId(7)

NO_END = 1_073_741_823
"""Pages of a database that may grow."""


@cache
def _template() -> sqlite3.Connection:
    """An empty database, with a server that may spend, a gated channel, a member with direct messages."""
    book = new_book()
    book.execute("BEGIN IMMEDIATE")
    guilds.admit(book, guild_id=GUILD, ceiling_micros=Micros(10**10), at=NOON)
    for gate in Gate:
        gates.put(book, GUILD, ChannelId(GATED), gate, Setting(mode=Mode.ALL))
    wishes.put(book, UserId(MEMBERS[0]), Wishes(direct_messages=True, mentions=False))
    book.execute("COMMIT")
    return book


@cache
def _empty() -> bytes:
    """The template as a file that was changed once (sqlite.org/fileformat.html, 1.3.7 and 1.3.18).

    Every commit raises that number, so who has written to the file sees that it is another than they left.
    """
    empty = bytearray(_template().serialize())
    empty[24:28] = empty[92:96] = (1).to_bytes(4, "big")
    return bytes(empty)


class StagedConnection(BookConnection):
    """Within a world that is to be rolled back a transaction is a savepoint."""

    is_staged = False
    is_in_batch = False

    @property
    def in_transaction(self) -> bool:
        """As the process sees it, which knows nothing of the world around it."""
        return self.is_in_batch if self.is_staged else super().in_transaction

    def begin(self) -> None:
        if not self.is_staged:
            super().begin()
            return
        self.execute("SAVEPOINT batch")
        self.is_in_batch = True

    def commit_batch(self) -> None:
        if not self.is_staged:
            super().commit_batch()
            return
        self.execute("RELEASE batch")
        self.is_in_batch = False

    def roll_back(self) -> None:
        if not self.is_staged:
            super().roll_back()
            return
        self.execute("ROLLBACK TO batch")
        self.execute("RELEASE batch")
        self.is_in_batch = False

    def raise_curtain(self) -> None:
        """A world begins, of which nothing will be left."""
        self.execute("BEGIN IMMEDIATE")
        self.is_staged = True

    def lower_curtain(self) -> None:
        if self.is_staged:
            self.is_staged = self.is_in_batch = False
            self.execute("ROLLBACK")


class Scene:
    """What worlds share, and none can tell from new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._staged = _opened(":memory:")
        _template().backup(self._staged)
        self._file = folder / "world.db"
        rewrite(self._file, _empty())
        self._unstaged = _opened(self._file)
        self._unstaged.execute("PRAGMA journal_mode = MEMORY")  # as that of a database in memory,
        self._unstaged.execute("PRAGMA synchronous = OFF")  # which has no disk to wait for either
        self.connection = self._staged
        (folder / "thumbnails").mkdir(exist_ok=True)
        (folder / "pictures").mkdir(exist_ok=True)

    def anew(self, *, staged: bool) -> None:
        """Begin a world."""
        self._staged.lower_curtain()
        if staged:
            self.connection = self._staged
            self.connection.raise_curtain()
        else:
            # Not `deserialize`: statements parsed before it would read freed memory.
            self.connection = self._unstaged
            rewrite(self._file, _empty())
            self.connection.execute(f"PRAGMA max_page_count = {NO_END}")
        forget(self.connection)
        clear(self.folder)

    def close(self) -> None:
        """Let go of both."""
        self._staged.close()
        self._unstaged.close()


def _opened(path: Path | str) -> StagedConnection:
    connection = sqlite3.connect(
        path, isolation_level=None, factory=StagedConnection, cached_statements=CACHED_STATEMENTS
    )
    prepare(connection)
    return connection
