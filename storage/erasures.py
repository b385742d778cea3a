"""The erasures that people asked for, a row for each step, so that every process knows what is to be done."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import UserId
from storage.times import from_us, maybe_from_us, to_us


class Step(StrEnum):
    """What is done, in this order. `BOOK` comes weeks later: until then limits count by the person's id."""

    ORDERS = "orders"
    WORDS = "words"
    CLIPS = "clips"
    CHARACTERS = "characters"
    PICTURES = "pictures"
    LOG = "log"
    BOOK = "book"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One wish; it means what was there at `asked_at`."""

    id: str
    user_id: UserId
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """How far a step is. `result` is a code and a count; `due_at` is when it is looked at next."""

    step: Step
    due_at: datetime
    tries: int
    result: str | None
    done_at: datetime | None


def begin(tx: sqlite3.Connection, erasure: Erasure) -> None:
    """Write a wish and its steps."""
    at = to_us(erasure.asked_at)
    tx.execute(
        "INSERT INTO erasures (id, user_id, asked_at) VALUES (?, ?, ?)", (erasure.id, erasure.user_id, at)
    )
    tx.executemany(
        "INSERT INTO erasure_steps (erasure_id, step, due_at) VALUES (?, ?, ?)",
        [(erasure.id, step, at) for step in Step],
    )


def newest_of(tx: sqlite3.Connection, user_id: UserId) -> Erasure | None:
    """The last wish of a person."""
    row = tx.execute(
        "SELECT * FROM erasures WHERE user_id = ? ORDER BY asked_at DESC, id DESC LIMIT 1", (user_id,)
    ).fetchone()
    return None if row is None else _erasure(row)


def due(tx: sqlite3.Connection, *, at: datetime, limit: int) -> list[Erasure]:
    """Wishes of which a step is due, the longest waiting first."""
    rows = tx.execute(
        """
        SELECT erasures.* FROM erasures
        JOIN (
            SELECT erasure_id, min(due_at) AS first_at FROM erasure_steps
            WHERE done_at IS NULL AND due_at <= ? GROUP BY erasure_id
        ) AS waiting ON waiting.erasure_id = erasures.id
        ORDER BY waiting.first_at, erasures.id LIMIT ?
        """,
        (to_us(at), limit),
    )
    return [_erasure(row) for row in rows]


def steps(tx: sqlite3.Connection, erasure_id: str) -> list[StepRow]:
    """Every step of a wish, in order."""
    rows = {
        Step(row["step"]): StepRow(
            step=Step(row["step"]),
            due_at=from_us(row["due_at"]),
            tries=row["tries"],
            result=row["result"],
            done_at=maybe_from_us(row["done_at"]),
        )
        for row in tx.execute("SELECT * FROM erasure_steps WHERE erasure_id = ?", (erasure_id,))
    }
    return [rows[step] for step in Step if step in rows]


def done(tx: sqlite3.Connection, erasure_id: str, step: Step, result: str, *, at: datetime) -> None:
    """A step has been taken."""
    tx.execute(
        """
        UPDATE erasure_steps SET done_at = ?, result = ?, tries = tries + 1
        WHERE erasure_id = ? AND step = ? AND done_at IS NULL
        """,
        (to_us(at), result, erasure_id, step),
    )


def later(tx: sqlite3.Connection, erasure_id: str, step: Step, result: str, *, due_at: datetime) -> None:
    """A step waits for something, or has failed; it is looked at again then."""
    tx.execute(
        """
        UPDATE erasure_steps SET due_at = ?, result = ?, tries = tries + 1
        WHERE erasure_id = ? AND step = ? AND done_at IS NULL
        """,
        (to_us(due_at), result, erasure_id, step),
    )


def _erasure(row: sqlite3.Row) -> Erasure:
    return Erasure(id=row["id"], user_id=UserId(row["user_id"]), asked_at=from_us(row["asked_at"]))
