"""Clips that are kept already and look like one that is taken down: named to moderators, who decide.

What may come later is turned away by itself (`comebacks`). What is there may be a stranger that only looks
alike, so nothing is hidden by this. Bounded: the newest clips, and of those whose looks nobody has taken yet
the newest few, each a second or two of a child process; what was taken is kept for the next time.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.domain import Job, JobId
from bot.errors import ClipUnusable
from bot.moderation.fingerprints import Fingerprints, Looks, likest
from storage import acts, clip_looks, hashes, takedowns
from storage.acts import Verb
from storage.clip_looks import Kept
from storage.database import Database
from storage.hashes import Kind

log = logging.getLogger(__name__)

COMPARED_MAX = 2_000
"""Of the newest clips whose looks are known: some milliseconds each with 6 frames against 6."""

TAKEN_MAX = 50
"""So many more are looked at in one take-down: a minute or two, after all of the clip itself is gone."""


class Lookalikes:
    """Looks for them.

    Args:
        folder: of the clips.
    """

    def __init__(
        self, database: Database, fingerprints: Fingerprints, *, folder: Path, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._fingerprints = fingerprints
        self._folder = folder
        self._now = now

    async def name(self, job: Job) -> str:
        """Write which clips look like the one that is taken down; how many, as a code."""
        known, kept = await self._database.read(partial(_known, job.id))
        if not known:
            return "looked: nothing to compare with"
        found = await asyncio.to_thread(_alike, kept, known)  # some hundred thousand comparisons at most
        for one in [one for one in kept if one.seen is None][:TAKEN_MAX]:
            looks = await self._taken(one.job_id)
            if looks is not None and likest(looks, known, is_clip=True) is not None:
                found.append(one.job_id)
        await self._database.write(partial(_found, job, found, self._now()))
        return f"looked: {len(found)} alike"

    async def _taken(self, job_id: JobId) -> Looks | None:
        try:
            looks = await self._fingerprints.of_clip(self._folder / f"{job_id}.mp4")
        except (ClipUnusable, FileNotFoundError) as fault:
            log.info("no looks: %s", fault, extra={"job": job_id, "code": "no_looks"})
            return None
        await self._database.write(
            partial(clip_looks.keep, job_id=job_id, seen=looks.seen, mirrored=looks.mirrored)
        )
        return looks


def _known(job_id: JobId, connection: sqlite3.Connection) -> tuple[list[tuple[int, str, bool]], list[Kept]]:
    """What the clip that is taken down looks like, and what it is compared with."""
    takedown = takedowns.of(connection, job_id)
    known = [
        (look.hash_id, look.look, look.kind is Kind.CLIP) for look in hashes.looks_of(connection, job_id)
    ]
    if takedown is None or not known:
        return [], []
    return known, clip_looks.newest(connection, takedown.guild_id, but=job_id, limit=COMPARED_MAX)


def _alike(kept: Sequence[Kept], known: Sequence[tuple[int, str, bool]]) -> list[JobId]:
    """Those whose looks were taken before."""
    return [
        one.job_id
        for one in kept
        if one.seen is not None
        and one.mirrored is not None
        and likest(Looks(seen=one.seen, mirrored=one.mirrored), known, is_clip=True) is not None
    ]


def _found(job: Job, others: list[JobId], at: datetime, tx: sqlite3.Connection) -> None:
    clip_looks.found(tx, job.id, others)
    if others:
        guild_id = job.order.member.guild_id
        acts.on_job(tx, Verb.TAKEDOWN_STEP, job.id, by=None, guild_id=guild_id, at=at, alike=len(others))
