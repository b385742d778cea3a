"""When the bot has identified itself at Discord. Every function is part of the transaction of its caller."""

import sqlite3
from datetime import datetime

from storage.times import to_us


def note(tx: sqlite3.Connection, *, at: datetime, forget_before: datetime) -> None:
    """One more; those of long ago are forgotten."""
    tx.execute("DELETE FROM identifies WHERE at < ?", (to_us(forget_before),))
    tx.execute("INSERT INTO identifies (at) VALUES (?)", (to_us(at),))


def since(tx: sqlite3.Connection, then: datetime) -> int:
    """How many since then."""
    return int(tx.execute("SELECT count(*) FROM identifies WHERE at >= ?", (to_us(then),)).fetchone()[0])
