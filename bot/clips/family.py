"""The family of a clip: what it was made from, and all that was made of that, each clip once.

A member sees of a family what they may see of its clips; of the others only that they are there.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.clips.family_picture import Portrait, drawn
from bot.clips.library import Library, Sight
from bot.domain import Clip, ClipState, Job, JobId, Member
from storage import clips, jobs, library
from storage.database import Database

NODES_MAX = 25
GENERATIONS_MAX = 12
"""So far it is climbed; what is further up is left out."""

DRAWN_WITHIN_S = 2.0
"""For so long small pictures are made, which is seldom: they are made when clips are stored. Those that are
not there by then are grey, and wanted for the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """One in a family: a clip (`job`), or the picture that all began with (`picture`).

    `number` is its own in the picture, `parent` that of what it was made from, `depth` how far it is from
    the root. One that may not be seen has neither job nor picture.
    """

    number: int
    parent: int | None
    depth: int
    job: Job | None = None
    picture: Path | None = None
    present: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The relatives, each followed by what was made of it; `more` is whether some were left out."""

    relatives: tuple[Relative, ...]
    more: bool

    @property
    def spoiler(self) -> bool:
        """Whether something in it is to be hidden until it is clicked."""
        return any(one.job is not None and one.job.order.spoiler for one in self.relatives)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    job: Job
    parent: JobId | None
    depth: int


class Families:
    """Finds families and draws them.

    Args:
        folder: the data folder, to which the paths of sources are relative.
        clips_folder: of the clips.
        want: told of each clip whose small picture is made too late.
    """

    def __init__(
        self,
        database: Database,
        shelves: Library,
        *,
        folder: Path,
        clips_folder: Path,
        want: Callable[[Clip], None],
        drawn_within_s: float = DRAWN_WITHIN_S,
    ) -> None:
        self._database = database
        self._library = shelves
        self._folder = folder
        self._clips_folder = clips_folder
        self._want = want
        self._drawn_within_s = drawn_within_s

    async def of(self, job: Job, sight: Sight, *, by: Member) -> Family:
        """The family of a clip, as a member may see it."""
        branches, more = await self._database.read(partial(_branches, job))
        states = await self._database.read(partial(_states, [branch.job.id for branch in branches]))
        relatives = []
        root = branches[0].job
        source = root.order.source
        shift = 0
        if root.order.source_job_id is None and source is not None and source.media_type.startswith("image/"):
            root_seen = states[root.id] is ClipState.SHOWN and await self._library.may_see(root, sight, by=by)
            picture = self._folder / source.path if root_seen else None
            relatives.append(Relative(number=1, parent=None, depth=0, picture=picture))
            shift = 1
        numbers = {branch.job.id: place + shift for place, branch in enumerate(branches, start=1)}
        for branch in branches:
            shown = states[branch.job.id] is ClipState.SHOWN
            seen = shown and await self._library.may_see(branch.job, sight, by=by)
            up = numbers[branch.parent] if branch.parent is not None else (1 if shift else None)
            relatives.append(
                Relative(
                    number=numbers[branch.job.id],
                    parent=up,
                    depth=branch.depth + shift,
                    job=branch.job if seen else None,
                    present=branch.job.id == job.id,
                )
            )
        return Family(relatives=tuple(relatives), more=more)

    async def picture(self, family: Family) -> bytes:
        """The family as a PNG: small pictures with their numbers, joined by lines."""
        faces, missing = await self._faces(family)
        try:
            async with asyncio.timeout(self._drawn_within_s):
                for number, clip in missing.items():
                    if (face := await self._library.thumbnail(clip)) is not None:
                        faces[number] = face
        except TimeoutError:
            late = [clip for number, clip in missing.items() if number not in faces]
            for clip in reversed(late):  # what is wanted last is made first
                self._want(clip)
        portraits = [
            Portrait(
                number=one.number,
                parent=one.parent,
                depth=one.depth,
                face=faces.get(one.number),
                present=one.present,
                known=one.job is not None or one.picture is not None,
            )
            for one in family.relatives
        ]
        return await asyncio.to_thread(drawn, portraits)

    async def _faces(self, family: Family) -> tuple[dict[int, Path], dict[int, Clip]]:
        """The small pictures that are there, and the clips that have none yet, the present one first."""
        faces: dict[int, Path] = {}
        missing: dict[int, Clip] = {}
        for one in sorted(family.relatives, key=lambda each: (not each.present, each.number)):
            if one.job is None:
                if one.picture is not None:
                    faces[one.number] = one.picture
                continue
            clip = await self._database.read(partial(clips.get, job_id=one.job.id, folder=self._clips_folder))
            if clip is None:
                continue
            if (face := await self._library.kept_thumbnail(clip)) is not None:
                faces[one.number] = face
            else:
                missing[one.number] = clip
        return faces, missing


def _branches(job: Job, connection: sqlite3.Connection) -> tuple[list[_Branch], bool]:
    """The root and what was made of it, breadth first, with the way to the present one for certain."""
    way = [job]
    while len(way) < GENERATIONS_MAX and way[0].order.source_job_id is not None:
        parent = jobs.get(connection, way[0].order.source_job_id)
        if parent is None:
            break
        way.insert(0, parent)
    more = way[0].order.source_job_id is not None
    reserved = {one.id for one in way}
    branches = [_Branch(job=way[0], parent=None, depth=0)]
    room = NODES_MAX - len(way)
    at = 0
    while at < len(branches):
        branch = branches[at]
        at += 1
        children = library.made_from(connection, branch.job.id, limit=NODES_MAX + 1)
        for child in children:
            if child.id not in reserved:
                if room == 0:
                    more = True
                    continue
                room -= 1
            branches.append(_Branch(job=child, parent=branch.job.id, depth=branch.depth + 1))
        missing = [
            one
            for one in way
            if one.order.source_job_id == branch.job.id
            and one.id != branch.job.id
            and all(child.id != one.id for child in children)
        ]
        branches += [_Branch(job=one, parent=branch.job.id, depth=branch.depth + 1) for one in missing]
    return _in_order(branches), more


def _in_order(branches: list[_Branch]) -> list[_Branch]:
    """Each followed by what was made of it, as it is drawn from the top down."""
    ordered: list[_Branch] = []
    waiting = branches[:1]
    while waiting:
        branch = waiting.pop()
        ordered.append(branch)
        waiting += [child for child in reversed(branches) if child.parent == branch.job.id]
    return ordered


def _states(job_ids: list[JobId], connection: sqlite3.Connection) -> dict[JobId, ClipState | None]:
    return {job_id: clips.state_of(connection, job_id) for job_id in job_ids}
