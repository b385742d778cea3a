"""Takes clips down: for good, everywhere that we can reach, with a block of what they were.

A take-down is written in one transaction, from which nobody sees the clip any more; its steps are then taken
by the duty that deletes (`bot/clips/removal.py`), row by row, over any crash. What others have forwarded or
saved nobody can call back, and whoever looks at its steps reads that.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.domain import RESTING, ClipState, GuildId, Job, JobId, JobState, Member, Source, UserId
from bot.errors import NotYours, StorageError
from bot.language import _
from storage import acts, cases, clip_looks, clips, hashes, jobs, pictures, removals, takedowns
from storage.acts import Verb
from storage.cases import Outcome
from storage.database import Database
from storage.hashes import Kind
from storage.removals import Removal, Step
from storage.takedowns import EVERYWHERE, Cause, Takedown

# Cogs never see storage: what they show of it they know from here.
__all__ = ["EVERYWHERE", "PICTURED", "Cause", "Progress", "Step", "Takedown", "Takedowns", "begin"]

PICTURED = frozenset({Cause.MINOR, Cause.INTIMATE, Cause.LIKENESS})
"""Where it is about who can be seen, the picture that the clip began with is the same wrong, and goes too."""

IDENTICAL_MAX = 100
NEWEST = 20

_GONE_FROM_SIGHT = frozenset({ClipState.SHOWN, ClipState.HIDDEN, ClipState.DELETED, ClipState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a take-down is; how many clips that can be seen were made from it, and which look `alike`."""

    steps: Sequence[Removal]
    made_from: int
    alike: Sequence[JobId] = ()


class Takedowns:
    """The moderators' way to a take-down.

    Args:
        wake: told whose steps are to be taken now.
        gone: told when clips are to be seen nowhere any more.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        wake: Callable[[JobId], None],
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._now = now
        self._wake = wake
        self._gone = gone

    async def ask(self, job_id: JobId, cause: Cause, *, by: Member) -> list[JobId]:
        """Take a clip of this server down, and those whose file is the same; which they are.

        Raises:
            NotYours: there is no such clip here, or it is down already.
        """
        taken = await self._database.write(partial(_asked, job_id, cause, by, self._now()))
        self.go(taken)
        return taken

    def go(self, job_ids: Sequence[JobId]) -> None:
        """Their steps are written: take them now."""
        for job_id in job_ids:
            self._wake(job_id)
        self._gone()

    async def go_on(self) -> None:
        """Somebody else has written steps: take all that are to do."""
        self.go(await self._database.read(removals.to_do))

    async def of(self, job_id: JobId, *, seen_in: GuildId) -> Progress:
        """How far a take-down of this server is.

        Raises:
            NotYours: there is none of this clip here.
        """
        found = await self._database.read(partial(progress, job_id))
        job = await self._database.read(partial(jobs.get, job_id=job_id))
        if found is None or job is None or job.order.member.guild_id != seen_in:
            raise NotYours(
                _("No clip of this server with this id was taken down."), _("Choose one from the list.")
            )
        return found

    async def newest(self, guild_id: GuildId) -> list[Takedown]:
        """A server's latest."""
        return await self._database.read(partial(takedowns.newest, guild_id=guild_id, limit=NEWEST))


def begin(
    tx: sqlite3.Connection, job: Job, cause: Cause, *, by: UserId, blocked_in: GuildId, at: datetime
) -> list[JobId]:
    """Take a clip down in the rows, with all whose file is the same; those of which that is new.

    Args:
        tx: the transaction.
        job: whose clip; it has one.
        cause: why.
        by: who; 0 is the operator.
        blocked_in: the server in which its hashes are blocked, or `EVERYWHERE`.
        at: when.
    """
    sha256 = clips.sha256_of(tx, job.id)
    if sha256 is None:
        raise StorageError(f"job {job.id} has no clip")
    taken = [job]
    same_files = takedowns.identical(tx, sha256, blocked_in, but=job.id, limit=IDENTICAL_MAX)
    for same in same_files if cause is not Cause.HASH else ():
        other = jobs.get(tx, same)
        if other is not None and _is_at_rest(other):
            taken.append(other)
    return [
        one.id for one in taken if _begin_one(tx, one, cause, by=by, blocked_in=blocked_in, at=at, of=sha256)
    ]


def progress(job_id: JobId, connection: sqlite3.Connection) -> Progress | None:
    """How far a take-down is; None where there is none of this clip."""
    if takedowns.of(connection, job_id) is None:
        return None
    return Progress(
        steps=removals.of(connection, job_id),
        made_from=takedowns.made_from(connection, job_id),
        alike=clip_looks.alike(connection, job_id),
    )


def picture_id_of(source: Source | None) -> str | None:
    """The id of the picture that a member gave for an order; None where it began with none."""
    if source is None or not source.media_type.startswith("image/") or source.path.stem.startswith("last-"):
        return None
    return source.path.stem.partition("-")[0]  # what was made of it for a shape is named after it


def _asked(job_id: JobId, cause: Cause, by: Member, at: datetime, tx: sqlite3.Connection) -> list[JobId]:
    job = jobs.get(tx, job_id)
    state = clips.state_of(tx, job_id)
    if job is None or state is None or job.order.member.guild_id != by.guild_id or not by.in_server:
        raise NotYours(
            _("This clip is not known here."), _("Choose one from the list that opens as you type.")
        )
    return begin_at_rest(tx, job, cause, by=by.user_id, blocked_in=by.guild_id, at=at)


def begin_at_rest(
    tx: sqlite3.Connection, job: Job, cause: Cause, *, by: UserId, blocked_in: GuildId, at: datetime
) -> list[JobId]:
    """As `begin`, of a clip that nobody works on; its open case, where it has one, is decided by it.

    Raises:
        NotYours: it is on its way, has no clip, or is down already.
    """
    if not _is_at_rest(job):
        raise NotYours(
            _("This order is still on its way, or waits for a moderator."),
            _("Decide about it with /review, or wait until its clip is there."),
        )
    if clips.state_of(tx, job.id) is None:
        raise NotYours(
            _("This clip is not known here."), _("Choose one from the list that opens as you type.")
        )
    taken = begin(tx, job, cause, by=by, blocked_in=blocked_in, at=at)
    if job.id not in taken:
        raise NotYours(
            _("This clip has been taken down already."), _("Look at its steps; they go on by themselves.")
        )
    case = cases.newest_of(tx, job.id)
    if case is not None:
        cases.decide(tx, case.id, Outcome.TAKEN_DOWN, by=by, at=at, instead_of_hidden=True)
    return taken


def _is_at_rest(job: Job) -> bool:
    return job.state in RESTING - {JobState.REVIEW, JobState.WITHHELD}


def _begin_one(
    tx: sqlite3.Connection,
    job: Job,
    cause: Cause,
    *,
    by: UserId,
    blocked_in: GuildId,
    at: datetime,
    of: str,
) -> bool:
    if not takedowns.begin(tx, job.id, blocked_in, cause, by=by, at=at):
        return False
    clips.change_state(tx, job.id, ClipState.TAKEN_DOWN, among=_GONE_FROM_SIGHT)
    if cause is Cause.HASH:  # what only looks alike may be a stranger, and blocks nothing in its turn
        removals.begin(tx, job.id, by=by, at=at)
    else:
        removals.begin(tx, job.id, by=by, at=at, steps=Step)
    blocked = [] if cause is Cause.HASH else [hashes.block(tx, blocked_in, of, Kind.CLIP, job.id, at=at)]
    picture_id = picture_id_of(job.order.source) if cause in PICTURED else None
    kept = None if picture_id is None else pictures.get(tx, picture_id)
    if kept is not None:
        blocked.append(hashes.block(tx, blocked_in, kept.sha256, Kind.PICTURE, job.id, at=at))
    record = partial(acts.on_job, tx, job_id=job.id, by=by or None, guild_id=job.order.member.guild_id, at=at)
    record(Verb.TAKEDOWN_BEGUN, cause=cause.value, everywhere=blocked_in == EVERYWHERE)
    for hash_id in blocked:
        if hash_id is not None:
            record(Verb.HASH_BLOCKED, hash=hash_id)
    return True
