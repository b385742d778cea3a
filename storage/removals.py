"""The deleting of clips, a row for each step, so that every process knows what is still to be done."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import JobId, UserId
from storage import reviews, states
from storage.times import maybe_from_us, to_us


class Step(StrEnum):
    """What is removed, in this order. `HASHES` and `ALIKE` remove nothing.

    They say what may not come back, and what looks like it and is there.
    """

    LINKS = "links"
    CLIP_MESSAGE = "clip_message"
    CARD = "card"
    GALLERY = "gallery"
    REVIEWS = "reviews"
    COPIES = "copies"
    PROVIDER = "provider"
    HASHES = "hashes"
    PICTURE = "picture"
    FILE = "file"
    THUMBNAIL = "thumbnail"
    ALIKE = "alike"


OF_A_TAKEDOWN = frozenset({Step.HASHES, Step.PICTURE, Step.ALIKE})
"""Who deletes a clip of their own may well make another from the same picture."""

OF_A_DELETION = tuple(step for step in Step if step not in OF_A_TAKEDOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One step of the deleting of one clip. `result` is a code; it is None while there is more to do."""

    job_id: JobId
    step: Step
    done_at: datetime | None
    result: str | None
    tries: int


def begin(
    tx: sqlite3.Connection, job_id: JobId, *, by: UserId, at: datetime, steps: Iterable[Step] = OF_A_DELETION
) -> None:
    """Write the steps of a deletion, all or those named; what was begun before goes on as it was.

    What is deleted waits for no moderator any more: a job that was withheld has ended.
    """
    reviews.withdraw(tx, job_id, at=at)
    states.withdrawn_if_withheld(tx, job_id, at=at)
    tx.executemany(
        """
        INSERT INTO removals (job_id, step, asked_by, asked_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (job_id, step) DO NOTHING
        """,
        [(job_id, step, by, to_us(at)) for step in steps],
    )


def to_do(tx: sqlite3.Connection) -> list[JobId]:
    """The clips of which something is still to be removed."""
    return [JobId(row[0]) for row in tx.execute("SELECT DISTINCT job_id FROM removals WHERE done_at IS NULL")]


def of(tx: sqlite3.Connection, job_id: JobId) -> list[Removal]:
    """Every step of the deletion of a clip, in order; none where nobody deletes it."""
    rows = {
        Step(row["step"]): Removal(
            job_id=job_id,
            step=Step(row["step"]),
            done_at=maybe_from_us(row["done_at"]),
            result=row["result"],
            tries=row["tries"],
        )
        for row in tx.execute("SELECT * FROM removals WHERE job_id = ?", (job_id,))
    }
    return [rows[step] for step in _in_order(rows)]


def done(tx: sqlite3.Connection, removal: Removal, result: str, *, at: datetime) -> None:
    """A step was taken, or can never be."""
    tx.execute(
        """
        UPDATE removals SET done_at = ?, result = ?, tries = tries + 1
        WHERE job_id = ? AND step = ? AND done_at IS NULL
        """,
        (to_us(at), result, removal.job_id, removal.step),
    )


def failed(tx: sqlite3.Connection, removal: Removal) -> None:
    """A step could not be taken now."""
    tx.execute(
        "UPDATE removals SET tries = tries + 1 WHERE job_id = ? AND step = ? AND done_at IS NULL",
        (removal.job_id, removal.step),
    )


def posted_since(tx: sqlite3.Connection, job_id: JobId) -> bool:
    """A clip has a message now: it goes like the rest. False where nobody deletes the clip."""
    cursor = tx.execute(
        """
        UPDATE removals SET done_at = NULL, result = NULL, tries = 0
        WHERE job_id = ? AND step = 'clip_message'
        """,
        (job_id,),
    )
    return cursor.rowcount == 1


def reopen(tx: sqlite3.Connection, job_id: JobId) -> int:
    """Take again the steps that were given up or that a place refused; how many those are."""
    cursor = tx.execute(
        """
        UPDATE removals SET done_at = NULL, result = NULL, tries = 0
        WHERE job_id = ? AND done_at IS NOT NULL AND (result LIKE 'given up%' OR result LIKE 'refused%')
        """,
        (job_id,),
    )
    return cursor.rowcount


def _in_order(known: Iterable[Step]) -> list[Step]:
    have = set(known)
    return [step for step in Step if step in have]
