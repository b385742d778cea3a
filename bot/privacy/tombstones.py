"""Notes beside the backups of what was forgotten since: no backup that is put back brings it to light again.

A line of the file is a clip's job (an id that says nothing of anybody), or a person as a keyed hash of their
id, whose key is the data folder's: whoever has the file alone reads no id in it. Written a minute after the
wish at the latest, kept for as long as any backup from before it may be.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.clips.link_key import key_in
from bot.domain import ClipState, Fault, FaultKind, GuildId, Job, JobId, JobState, UserId
from bot.errors import StorageError
from bot.ids import Ids
from bot.jobs import moves
from bot.moderation.takedowns import begin
from storage import acts, clips, erasures, jobs, removals, reviews, states, tombstones
from storage.acts import Verb
from storage.cases import OPERATOR
from storage.database import Database
from storage.erasures import Erasure
from storage.takedowns import Cause

log = logging.getLogger(__name__)

NAME = "forgotten.jsonl"
LOOK_EVERY_S = 60.0
OVERLAP = timedelta(minutes=10)
"""A row's time is a little older than its commit: so far back is looked again."""
KEPT_LONGER = timedelta(days=2)
"""Than any backup: one that is being made counts from its beginning."""

FORGOTTEN = Fault(kind=FaultKind.OURS, code="forgotten", detail="deleted after the backup that was put back")

_DELETABLE = frozenset({ClipState.SHOWN, ClipState.HIDDEN, ClipState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stone:
    """One line: `who` is a person's hash, or `job` a clip's, which with a `cause` was taken down."""

    asked_at: datetime
    who: str = ""
    job: str = ""
    cause: str = ""
    blocked_in: int = 0

    @property
    def line(self) -> str:
        said = {"at": self.asked_at.isoformat(), "who": self.who, "job": self.job, "cause": self.cause}
        return json.dumps({**said, "in": self.blocked_in} if self.cause else said)


def pseudonym(key: bytes, user_id: UserId) -> str:
    """A person as the file names them."""
    return hmac.new(key, b"forgotten:%d" % user_id, hashlib.sha256).hexdigest()


def read(file: Path) -> list[Stone]:
    """Every line of a file; none where there is no file. A line that a crash has cut short is passed over.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        return _stones(_text(file))
    except OSError as fault:
        raise StorageError(f"{file} cannot be read: {fault.strerror}") from fault


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.is_file() else ""


def _stones(text: str) -> list[Stone]:
    stones = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError, KeyError):
            said = json.loads(line)
            at = datetime.fromisoformat(said["at"])
            blocked_in = int(said.get("in", 0))
            stones.append(
                Stone(
                    asked_at=at,
                    who=str(said["who"]),
                    job=str(said["job"]),
                    cause=str(said["cause"]),
                    blocked_in=blocked_in,
                )
            )
    return stones


class Tombstones:
    """The duty that notes.

    Args:
        folder: the data folder, whose key it is.
        into: the folder of the backups.
        kept_for: how long a backup is kept at most.
    """

    def __init__(
        self,
        database: Database,
        *,
        folder: Path,
        into: Path,
        kept_for: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._folder = folder
        self._into = into
        self._kept_for = kept_for + KEPT_LONGER
        self._now = now
        self._known: set[Stone] | None = None

    async def run(self) -> None:
        """Note what is new, until cancelled."""
        while True:
            try:
                await self.note()
            except OSError as fault:  # the disk of the backups is away: what is new is noted when it is back
                log.error("forgotten: not noted in %s: %s", self._into, fault, extra={"code": "tombstones"})  # noqa: TRY400
            await asyncio.sleep(LOOK_EVERY_S)

    async def note(self) -> int:
        """Write what was asked for since the last time; how many lines that were.

        Raises:
            OSError: the folder of the backups cannot be written to.
        """
        since = self._now() - self._kept_for
        if self._known is None:
            self._known = await asyncio.to_thread(_begun, self._into, since)
        elif self._known:
            since = max(since, max(stone.asked_at for stone in self._known) - OVERLAP)
        people, gone = await self._database.read(partial(_rows, since=since))
        key = await asyncio.to_thread(key_in, self._folder)
        stones = {Stone(asked_at=at, who=pseudonym(key, user_id)) for user_id, at in people}
        stones |= {
            Stone(
                asked_at=one.asked_at,
                job=one.job_id,
                cause=one.cause or "",
                blocked_in=one.blocked_in or 0,
            )
            for one in gone
        }
        new = sorted(stones - self._known, key=lambda stone: stone.asked_at)
        if new:
            await asyncio.to_thread(_appended, self._into / NAME, new)
            self._known |= set(new)
        return len(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reapplied:
    """How many people and clips were forgotten anew."""

    people: int = 0
    clips: int = 0


def reapply(
    tx: sqlite3.Connection, stones: Iterable[Stone], key: bytes, *, ids: Ids, at: datetime
) -> Reapplied:
    """Ask again for all that was asked for after a backup. The bot takes the steps when it runs.

    Args:
        tx: the transaction of the restore.
        stones: what was noted, of any time: what the backup knows is passed over.
        key: of the data folder.
        ids: for the erasures.
        at: now.
    """
    every = sorted(set(stones), key=lambda stone: stone.asked_at)
    names = {pseudonym(key, user_id): user_id for user_id in tombstones.people(tx)} if every else {}
    people = sum(_erased(tx, names[stone.who], stone, ids) for stone in every if stone.who in names)
    gone = sum(_removed(tx, stone, at) for stone in every if stone.job)
    return Reapplied(people=people, clips=gone)


def _erased(tx: sqlite3.Connection, user_id: UserId, stone: Stone, ids: Ids) -> bool:
    known = erasures.newest_of(tx, user_id)
    if known is not None and known.asked_at >= stone.asked_at:
        return False
    erasures.begin(tx, Erasure(id=ids.new(), user_id=user_id, asked_at=stone.asked_at))
    return True


def _removed(tx: sqlite3.Connection, stone: Stone, at: datetime) -> bool:
    job = jobs.get(tx, JobId(stone.job))
    if job is None or removals.of(tx, job.id):
        return False  # younger than the backup, or known to it
    job = _ended(tx, job, at)
    if clips.state_of(tx, job.id) is None:
        return True
    if stone.cause in set(Cause):
        begin(tx, job, Cause(stone.cause), by=OPERATOR, blocked_in=GuildId(stone.blocked_in), at=at)
        return True
    clips.change_state(tx, job.id, ClipState.DELETED, among=_DELETABLE)
    removals.begin(tx, job.id, by=OPERATOR, at=at)
    acts.on_job(tx, Verb.CLIP_DELETED, job.id, by=None, guild_id=job.order.member.guild_id, at=at)
    return True


def _ended(tx: sqlite3.Connection, job: Job, at: datetime) -> Job:
    """A job that was on its way when the backup was made is not to show its clip once more."""
    match job.state:
        case JobState.SUBMITTING:  # as a start would find it, and then find it at its provider
            attempt = jobs.attempt(tx, job.id, job.attempt)
            if attempt is not None:
                states.uncertain(tx, attempt, FORGOTTEN.code, at=at)
                moves.failed(job.id, FORGOTTEN, None, at, tx)
        case JobState.QUEUED | JobState.UNCERTAIN | JobState.RUNNING:
            moves.failed(job.id, FORGOTTEN, None, at, tx)
        case JobState.RENDERED:
            moves.asset_lost(job.id, FORGOTTEN, at, tx)
        case JobState.STORED:
            states.withheld(tx, job.id, at=at)
            states.withdrawn(tx, job.id, at=at)
        case JobState.WITHHELD:
            states.withdrawn(tx, job.id, at=at)
            reviews.withdraw(tx, job.id, at=at)
        case (
            JobState.REVIEW
            | JobState.POSTED
            | JobState.UNDELIVERABLE
            | JobState.FAILED
            | JobState.REJECTED
            | JobState.CANCELLED
        ):
            return job
    return jobs.get(tx, job.id) or job


def _rows(
    connection: sqlite3.Connection, *, since: datetime
) -> tuple[list[tuple[UserId, datetime]], list[tombstones.Gone]]:
    return tombstones.erased(connection, since=since), tombstones.gone(connection, since=since)


def _begun(into: Path, since: datetime) -> set[Stone]:
    """What is noted already; what no backup is old enough for is let go, by a file that replaces this one.

    So is a line that a crash has cut short: what is written behind it would be a part of it.
    """
    file = into / NAME
    text = _text(file)
    kept = [stone for stone in _stones(text) if stone.asked_at >= since]
    if text != "".join(f"{stone.line}\n" for stone in kept):
        fresh = into / f"{NAME}.part"
        fresh.unlink(missing_ok=True)
        _appended(fresh, kept)
        fresh.replace(file)
    return set(kept)


def _appended(file: Path, stones: Iterable[Stone]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as opened:
        opened.writelines(f"{stone.line}\n" for stone in stones)
        opened.flush()
        os.fsync(opened.fileno())
