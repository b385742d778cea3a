"""Finished clips that come back after a take-down: the very file is removed, the like of it is looked at.

Where the server has a gate before showing, a moderator decides about what only looks alike; where it has
none, that is not shown either. Its member pays for neither: the house does. A clip from a picture of which
its member has taken back what they said is removed too, and stays paid.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.domain import Clip, Job, JobId
from bot.jobs import moves
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.gates import Gate
from bot.moderation.hashes import Hashes, Match
from bot.moderation.takedowns import begin
from bot.moderation.withdrawing import take_away
from bot.screening.verdict import Outcome, Reason, Verdict
from storage import acts, reviews, states
from storage.acts import Verb
from storage.cases import OPERATOR
from storage.database import Database
from storage.reviews import Decision
from storage.takedowns import Cause
from storage.withdrawals import is_withdrawn

_LOOKS_ALIKE = Verdict(outcome=Outcome.QUEUE, reasons=(Reason(code="taken_down", source="hashes"),))


class Comebacks:
    """Looks at what is about to be shown.

    Args:
        wake: told whose steps of removal are to be taken now.
    """

    def __init__(
        self,
        database: Database,
        hashes: Hashes,
        gatehouse: Gatehouse | None,
        *,
        now: Callable[[], datetime],
        wake: Callable[[JobId], None],
    ) -> None:
        self._database = database
        self._hashes = hashes
        self._gatehouse = gatehouse
        self._now = now
        self._wake = wake

    async def turned_away(self, job: Job, clip: Clip) -> bool:
        """Whether a stored clip is not to be shown now; if so its job is moved on from here.

        Raises:
            StaleJob: somebody else moved it first.
        """
        if await self._database.read(partial(is_withdrawn, interaction_id=job.order.interaction_id)):
            await self._database.write(partial(_take_back, job, self._now()))
            self._wake(job.id)
            return True
        match = await self._hashes.match_of(job, clip)
        if match is None:
            return False
        if not match.exact:
            if await self._database.read(partial(_was_approved, job.id)):
                return False
            if self._gatehouse is not None and await self._gatehouse.withholds_for(job, _LOOKS_ALIKE):
                return True
        await self._database.write(partial(_remove, job, match, self._now()))
        self._wake(job.id)
        return True


def _take_back(job: Job, at: datetime, tx: sqlite3.Connection) -> None:
    """Its member has taken back what they said of its picture. It was made meanwhile, so it stays paid."""
    states.withheld(tx, job.id, at=at)
    states.withdrawn(tx, job.id, at=at)
    take_away(job, at, tx)


def _was_approved(job_id: JobId, connection: sqlite3.Connection) -> bool:
    review = reviews.of_job(connection, job_id, Gate.SHOWING)
    return review is not None and review.decision is Decision.APPROVED


def _remove(job: Job, match: Match, at: datetime, tx: sqlite3.Connection) -> None:
    states.withheld(tx, job.id, at=at)
    moves.rejected(job, at, tx, refund=True)
    guild_id = job.order.member.guild_id
    acts.on_job(
        tx,
        Verb.CLIP_WITHHELD,
        job.id,
        by=None,
        guild_id=guild_id,
        at=at,
        hash=match.hash_id,
        exact=match.exact,
    )
    begin(tx, job, Cause.HASH, by=OPERATOR, blocked_in=guild_id, at=at)
