"""One move of a job: its row is written, then its card is told."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.clips.cards import Cards
from bot.domain import NOTHING_MICROS, Fault, FaultKind, Job, JobId
from bot.errors import StorageError
from bot.jobs import moves
from storage import jobs
from storage.database import Database

log = logging.getLogger(__name__)

T = TypeVar("T")


class Movement:
    """What the steps of a job's life share."""

    def __init__(self, database: Database, cards: Cards, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._cards = cards
        self._now = now

    async def write(self, job_id: JobId, move: Callable[[sqlite3.Connection], T]) -> T:
        """Write one move of a job, and have its card show it.

        Raises:
            StaleJob: somebody else moved it first.
        """
        done = await self._database.write(move)
        self._cards.touch(job_id)
        return done

    async def go_on(self, job_id: JobId, move: Callable[[sqlite3.Connection], T]) -> tuple[Job, T]:
        """The same, for a step that goes on: with the job as it stands then, read in the same transaction.

        Its card is told of where it only comes by if it stays there: an edit is a request, and soon another.
        """
        done = await self._database.write(partial(_moved, job_id, move))
        self._cards.passes(job_id)
        return done

    def show(self, job_id: JobId) -> None:
        """Have the card of a job look at it again."""
        self._cards.touch(job_id)

    async def fail(self, job_id: JobId, code: str, kind: FaultKind = FaultKind.PROVIDER) -> None:
        """Queued → failed, before anybody was asked."""
        log.warning("failed before it was taken", extra={"job": job_id, "code": code})
        fault = Fault(kind=kind, code=code)
        await self.write(job_id, partial(moves.failed, job_id, fault, NOTHING_MICROS, self._now()))

    async def vanished(self, job_id: JobId) -> None:
        """Running or uncertain → failed: the provider of our ticket knows it no longer."""
        fault = Fault(kind=FaultKind.PROVIDER, code="vanished")
        log.error("the provider no longer knows it", extra={"job": job_id, "code": fault.code})
        await self.write(job_id, partial(moves.failed, job_id, fault, None, self._now()))


def _moved(job_id: JobId, move: Callable[[sqlite3.Connection], T], tx: sqlite3.Connection) -> tuple[Job, T]:
    done = move(tx)
    job = jobs.get(tx, job_id)
    if job is None:
        raise StorageError(f"job {job_id} is gone")
    return job, done
