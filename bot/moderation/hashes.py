"""What may not come back: files whose clip was taken down, and what looks like them.

The very file is known by its SHA-256, at the cost of one read. What it looks like is compared only where a
server has something to compare with.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.domain import Clip, FaultKind, GuildId, Job, JobId, Member
from bot.errors import ClipUnusable, OrderRefused
from bot.language import _
from bot.moderation.fingerprints import Fingerprints, Looks, likest
from bot.moderation.takedowns import picture_id_of
from bot.ordering.pictures import Picture
from storage import acts, clip_looks, hashes, pictures
from storage.acts import Verb
from storage.database import Database
from storage.hashes import Kind, Look

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Something that was blocked has come: the very file, or only the like of it."""

    hash_id: int
    exact: bool


class Hashes:
    """Compares what comes in, and what was made, with what may not come back.

    Args:
        folder: of the clips.
        data: the data folder, in which the pictures of orders are.
    """

    def __init__(
        self,
        database: Database,
        fingerprints: Fingerprints,
        *,
        folder: Path,
        data: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._fingerprints = fingerprints
        self._folder = folder
        self._data = data
        self._now = now

    async def admit_picture(self, picture: Picture, member: Member) -> None:
        """Let a member's picture be used.

        Raises:
            OrderRefused: it is blocked, or looks like one that is; nothing was charged.
        """
        match = await self._match(member.guild_id, picture.sha256, picture.path, is_clip=False)
        if match is not None:
            await self._refused(match, member)
            raise OrderRefused(
                _("This picture, or one that looks like it, was taken down here and may not be used."),
                _("Choose another one. If this is a mistake, tell a moderator."),
                kind=FaultKind.PICTURE,
            )

    async def admit_clip(self, sha256: str, member: Member) -> None:
        """Let a clip of ours be gone on from: its own state says whether it is shown, its file this.

        Raises:
            OrderRefused: its file is blocked; nothing was charged.
        """
        blocked = await self._database.read(
            partial(hashes.is_blocked, guild_id=member.guild_id, sha256=sha256)
        )
        if blocked is not None:
            await self._refused(Match(hash_id=blocked.id, exact=True), member)
            raise OrderRefused(
                _("This clip was taken down here and may not be used."), _("Choose another clip.")
            )

    async def match_of(self, job: Job, clip: Clip) -> Match | None:
        """Whether a finished clip is blocked where it would be shown, or looks like one that is."""
        guild_id = job.order.member.guild_id
        return await self._match(guild_id, clip.sha256, clip.path, is_clip=True, of=job.id)

    async def blocks_source(self, job: Job) -> bool:
        """Whether the picture that an order starts from was blocked since, or looks like one that was."""
        picture_id = picture_id_of(job.order.source)
        if picture_id is None:
            return False
        kept = await self._database.read(partial(pictures.get, picture_id=picture_id))
        if kept is None:
            return False
        guild_id = job.order.member.guild_id
        return await self._match(guild_id, kept.sha256, self._data / kept.path, is_clip=False) is not None

    async def describe(self, job: Job) -> str:
        """Say of what a take-down blocks what it looks like; what came of it, as a code."""
        described, bare = 0, 0
        for blocked in await self._database.read(partial(hashes.of_clip, job_id=job.id)):
            is_clip = blocked.kind is Kind.CLIP
            path = self._folder / f"{job.id}.mp4" if is_clip else await self._picture(job)
            looks = None if path is None else await self._looks(path, is_clip=is_clip)
            if looks is None or not looks.seen:
                bare += 1
                continue
            described += 1
            await self._database.write(
                partial(hashes.describe, job_id=job.id, sha256=blocked.sha256, looks=looks.seen)
            )
        return f"blocked: {described} by looks, {bare} by file alone"

    async def _match(
        self, guild_id: GuildId, sha256: str, path: Path, *, is_clip: bool, of: JobId | None = None
    ) -> Match | None:
        blocked, compares = await self._database.read(partial(_known, guild_id, sha256))
        if blocked is not None:
            return Match(hash_id=blocked, exact=True)
        if not compares:
            return None
        looks = await self._looks(path, is_clip=is_clip)
        if looks is not None and of is not None:  # taken once, kept for the next take-down
            keep = partial(clip_looks.keep, job_id=of, seen=looks.seen, mirrored=looks.mirrored)
            await self._database.write(keep)
        if looks is None or not looks.seen:
            return None
        known = await self._database.read(partial(hashes.looks, guild_id=guild_id))
        found = await asyncio.to_thread(_likest, looks, known, is_clip=is_clip)
        return None if found is None else Match(hash_id=found, exact=False)

    async def _picture(self, job: Job) -> Path | None:
        """The picture that the order starts from, as it was kept and not as it was fitted."""
        picture_id = picture_id_of(job.order.source)
        if picture_id is None:
            return None
        kept = await self._database.read(partial(pictures.get, picture_id=picture_id))
        return None if kept is None else self._data / kept.path

    async def _looks(self, path: Path, *, is_clip: bool) -> Looks | None:
        take = self._fingerprints.of_clip if is_clip else self._fingerprints.of_picture
        try:
            return await take(path)
        except (ClipUnusable, FileNotFoundError) as fault:
            log.warning("no looks of %s: %s", path.name, fault, extra={"code": "no_looks"})
            return None

    async def _refused(self, match: Match, member: Member) -> None:
        await self._database.write(
            partial(
                acts.record,
                verb=Verb.INPUT_BLOCKED,
                actor_id=None,
                guild_id=member.guild_id,
                subject=f"member:{member.user_id}",
                detail={"hash": match.hash_id, "exact": match.exact},
                at=self._now(),
            )
        )


def _known(guild_id: GuildId, sha256: str, connection: sqlite3.Connection) -> tuple[int | None, bool]:
    blocked = hashes.is_blocked(connection, guild_id, sha256)
    return None if blocked is None else blocked.id, hashes.any_look(connection, guild_id)


def _likest(looks: Looks, known: Sequence[Look], *, is_clip: bool) -> int | None:
    plain = [(one.hash_id, one.look, one.kind is Kind.CLIP) for one in known]
    return likest(looks, plain, is_clip=is_clip)
