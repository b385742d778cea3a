"""What the operator has stopped. Every function is part of the transaction of its caller."""

import sqlite3
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bot.domain import JobId
from storage.times import from_us, to_us


class HaltScope(StrEnum):
    """Of what."""

    EVERYTHING = "everything"
    PROVIDER = "provider"
    MODEL = "model"
    GUILD = "guild"


class Halted(NamedTuple):
    """One thing that is, or was, stopped; the name is empty for everything."""

    scope: HaltScope
    name: str


def halt(tx: sqlite3.Connection, what: Halted, *, by: str, at: datetime) -> bool:
    """Stop it; False where it is stopped already."""
    cursor = tx.execute(
        "INSERT INTO halts (scope, name, halted_by, halted_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (what.scope, what.name, by, to_us(at)),
    )
    return cursor.rowcount == 1


def resume(tx: sqlite3.Connection, what: Halted, *, by: str, at: datetime) -> bool:
    """Let it go on; False where it was not stopped."""
    cursor = tx.execute(
        """
        UPDATE halts SET resumed_by = ?, resumed_at = ?
        WHERE scope = ? AND name = ? AND resumed_at IS NULL
        """,
        (by, to_us(at), what.scope, what.name),
    )
    return cursor.rowcount == 1


def open_(tx: sqlite3.Connection) -> set[Halted]:
    """All that is stopped now."""
    rows = tx.execute("SELECT scope, name FROM halts WHERE resumed_at IS NULL")
    return {Halted(HaltScope(row[0]), row[1]) for row in rows}


def resumed_since(tx: sqlite3.Connection, since: datetime) -> dict[Halted, datetime]:
    """When things went on again, the latest time of each."""
    rows = tx.execute(
        "SELECT scope, name, max(resumed_at) FROM halts WHERE resumed_at >= ? GROUP BY scope, name",
        (to_us(since),),
    )
    return {Halted(HaltScope(row[0]), row[1]): from_us(row[2]) for row in rows}


def waiting_of(tx: sqlite3.Connection, what: Halted) -> list[JobId]:
    """The orders in line that what is stopped keeps there."""
    match what.scope:
        case HaltScope.EVERYTHING:
            rows = tx.execute("SELECT id FROM jobs WHERE state = 'queued'")
        case HaltScope.GUILD:
            rows = tx.execute(
                "SELECT id FROM jobs WHERE state = 'queued' AND guild_id = ?", (int(what.name),)
            )
        case HaltScope.MODEL:
            rows = tx.execute("SELECT id FROM jobs WHERE state = 'queued' AND model = ?", (what.name,))
        case HaltScope.PROVIDER:
            rows = tx.execute(
                "SELECT id FROM jobs WHERE state = 'queued' AND instr(offer_id, ?) = 1", (f"{what.name}/",)
            )
    return [JobId(row[0]) for row in rows]


def waiting(tx: sqlite3.Connection) -> int:
    """How many orders are in line."""
    return int(tx.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()[0])
