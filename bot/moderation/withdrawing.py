"""A member takes back what they said of people in pictures: orders end by that, and clips are taken down.

What waits or is in line ends at once. What a provider has already ends on its word, and where a clip comes of
it all the same, nobody sees it (`comebacks`). What was charged stays charged: it was made.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.domain import RESTING, ClipState, Job, JobId, JobState, Member
from bot.jobs.cancelling import cancelled
from bot.moderation.takedowns import begin, picture_id_of
from bot.ordering.material import PICTURES, unlink_picture
from storage import acts, clips, jobs, pictures, removals, withdrawals
from storage.acts import Verb
from storage.database import Database
from storage.takedowns import Cause

_SEEN = frozenset({ClipState.SHOWN, ClipState.HIDDEN, ClipState.EXPIRED})
_WAITS = frozenset({JobState.REVIEW, JobState.WITHHELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """How many statements count no more, which orders end by that, and whose clips are taken down.

    `pictures` are those that nothing starts from any more.
    """

    statements: int
    ended: tuple[JobId, ...]
    taken_down: tuple[JobId, ...]
    pictures: tuple[str, ...]


class Withdrawing:
    """Takes statements back.

    Args:
        folder: the data folder, in which the pictures of orders are.
        moved: told of every order that ends, for its card and the worker.
        taken: told of the clips whose removal is written.
    """

    def __init__(
        self,
        database: Database,
        *,
        folder: Path,
        now: Callable[[], datetime],
        moved: Callable[[JobId], None],
        taken: Callable[[tuple[JobId, ...]], None],
    ) -> None:
        self._database = database
        self._folder = folder
        self._now = now
        self._moved = moved
        self._taken = taken

    async def withdraw(self, member: Member) -> Withdrawn:
        """Take back all that a member has said in this server; nothing where nothing counts."""
        done = await self._database.write(partial(_withdraw, member, self._now()))
        for job_id in done.ended:
            self._moved(job_id)
        if done.taken_down:
            self._taken(done.taken_down)
        for picture_id in done.pictures:
            await asyncio.to_thread(unlink_picture, self._folder / PICTURES, picture_id)
            await self._database.write(partial(pictures.forget, picture_id=picture_id))
        return done


def take_away(job: Job, at: datetime, tx: sqlite3.Connection) -> list[JobId]:
    """Take down a clip of which nobody has a word any more, in a server with a block of what it was."""
    member = job.order.member
    if not member.in_server:  # a block there would hold everywhere
        clips.change_state(tx, job.id, ClipState.DELETED, among=_SEEN)
        removals.begin(tx, job.id, by=member.user_id, at=at)
        return [job.id]
    return begin(tx, job, Cause.LIKENESS, by=member.user_id, blocked_in=member.guild_id, at=at)


def _withdraw(member: Member, at: datetime, tx: sqlite3.Connection) -> Withdrawn:
    statements = withdrawals.withdraw(tx, member, at=at)
    ended: list[JobId] = []
    taken: list[JobId] = []
    needed: set[str | None] = set()
    for job_id in withdrawals.resting_on_none(tx, member):
        job = jobs.get(tx, job_id)
        if job is None:
            continue
        if job.state not in RESTING or job.state in _WAITS:
            job, _ = cancelled(job_id, at, tx, by=member, moderator=False)
            ended.append(job_id)
        if job.state not in RESTING:
            needed.add(picture_id_of(job.order.source))
        if job.state in RESTING and clips.state_of(tx, job_id) in _SEEN:
            taken += take_away(job, at, tx)
            needed.add(
                picture_id_of(job.order.source)
            )  # its own removal says what it looks like, and deletes it
    if statements or ended or taken:
        acts.record(
            tx,
            verb=Verb.CONSENT_WITHDRAWN,
            actor_id=member.user_id,
            guild_id=member.guild_id,
            subject=f"member:{member.user_id}",
            detail={"statements": statements, "orders": len(ended), "clips": len(taken)},
            at=at,
        )
    return Withdrawn(
        statements=statements,
        ended=tuple(ended),
        taken_down=tuple(dict.fromkeys(taken)),
        pictures=tuple(one for one in withdrawals.pictures_of(tx, member) if one not in needed),
    )
