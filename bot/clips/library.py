"""The library: what members find again of all clips, each only what they may see.

A clip is seen by those who see the channel in which it was posted; one that nobody was shown (a private one,
one that no place took) by its own member alone; a hidden, taken down, deleted or expired one by nobody.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from bot.catalogue import Catalogue
from bot.clips.packing import Packed, Packing
from bot.clips.stills import Stills
from bot.clips.whispers import ANSWERS_HOLD
from bot.domain import (
    ChannelId,
    Clip,
    ClipState,
    FaultKind,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    Member,
    UserId,
)
from bot.errors import ClipTooLarge, ClipUnusable, NotYours, OrderRefused
from bot.ids import Ids
from bot.language import _
from bot.ordering.material import Shown
from storage import clips, copies, guilds, jobs, library, shelf, stars, wishes
from storage.database import Database
from storage.library import Aisle, Search
from storage.shelf import Found, Sieve
from storage.wishes import Wishes

# Cogs never see storage: what they show of it they know from here.
__all__ = ["Aisle", "Library", "Page", "Search", "Shelved", "Sight", "Wishes"]

log = logging.getLogger(__name__)

THUMBNAILS = "thumbnails"
"""The folder in the data folder for small pictures of clips."""

ON_A_PAGE = 4
WORDS_CHARS_MAX = 200
PROMPT_START_CHARS = 200

SCANNED_WHILE_TYPING = 300
"""Every key that is pressed looks through so many clips."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SEEN = frozenset({JobState.POSTED, JobState.UNDELIVERABLE})
_HAVE_PICTURES = frozenset({ClipState.SHOWN, ClipState.HIDDEN})


class Sight(Protocol):
    """What one member can see of a server now."""

    async def sees(self, channel_id: ChannelId) -> bool:
        """Whether they can read a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A clip as somebody finds it: how many people like it, and whether it is the finder's favourite."""

    job: Job
    clip: Clip
    stars: int
    favourite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of what was found: `number` counts from 1, `total` is all that the searcher may see."""

    search: Search
    number: int
    pages: int
    total: int
    shelved: tuple[Shelved, ...]


class Library:
    """The shelf of all clips, for one member at a time.

    Args:
        packing: of files that are sent again, with a folder of its own.
        folder: of the clips.
        thumbnails: the folder of their small pictures; it is there.
    """

    def __init__(
        self,
        database: Database,
        packing: Packing,
        stills: Stills,
        catalogue: Catalogue,
        *,
        folder: Path,
        thumbnails: Path,
        ids: Ids,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._packing = packing
        self._stills = stills
        self._catalogue = catalogue
        self._folder = folder
        self._thumbnails = thumbnails
        self._ids = ids
        self._now = now
        self._sending: WeakValueDictionary[JobId, asyncio.Lock] = WeakValueDictionary()

    async def search(
        self,
        aisle: Aisle,
        sight: Sight,
        *,
        by: Member,
        words: str = "",
        model: str | None = None,
        kind: Kind | None = None,
        member_id: UserId | None = None,
        month: date | None = None,
    ) -> Page:
        """The first page of what somebody looks for; its search is kept for the buttons to the others."""
        search = Search(
            id=self._ids.new(),
            member=by,
            aisle=aisle if by.in_server else _alone(aisle),
            words=words.strip()[:WORDS_CHARS_MAX],
            model=model,
            kind=kind,
            member_id=member_id,
            month=month,
            searched_at=self._now(),
        )
        await self._database.write(partial(library.insert, search=search))
        return await self._page(search, 1, sight)

    async def turn(self, search_id: str, number: int, sight: Sight, *, by: Member) -> Page:
        """Another page of a search, or the nearest that there is.

        Raises:
            NotYours: it is somebody else's, or forgotten.
        """
        search = await self._database.read(partial(library.get, search_id=search_id))
        if search is None or search.member != by:
            raise NotYours(_("This search is not known any more."), _("Search again with /clips."))
        return await self._page(search, number, sight)

    async def clip(self, job_id: JobId, sight: Sight, *, by: Member) -> Shelved:
        """One clip.

        Raises:
            NotYours: there is none of this id that they may see.
        """
        state, found = await self._database.read(partial(_shelved, job_id, self._folder, by))
        if found is None or state is not ClipState.SHOWN or not await self.may_see(found.job, sight, by=by):
            is_near = found is not None and found.job.order.member.guild_id == by.guild_id
            if found is not None and is_near and found.job.clip_is_direct:
                raise NotYours(
                    _("This clip was sent to its member by direct message."), _("Ask them to show it to you.")
                )
            raise NotYours(
                _("This clip is not known here."),
                _("Choose one from the list that opens as you type, or search with /clips."),
            )
        return found

    async def choices(self, typed: str, sight: Sight, *, by: Member, limit: int) -> list[Shown]:
        """The newest clips that have what was typed in their prompt, for a list to choose from."""
        sieve = self._sieve(
            Search(
                id="", member=by, aisle=Aisle.SERVER, words=typed[:WORDS_CHARS_MAX], searched_at=self._now()
            )
        )
        few = replace(sieve, scanned=SCANNED_WHILE_TYPING)
        if not by.in_server:
            few = replace(few, member_id=by.user_id)
        found = await self._database.read(partial(_aisle, Aisle.SERVER, few))
        chosen: list[Found] = []
        for one in found:
            if await _shown_to(one, sight, by):
                chosen.append(one)
            if len(chosen) == limit:
                break
        return await self._database.read(partial(_to_choose, chosen))

    async def models(self, by: Member) -> list[str]:
        """The models that there are clips of here."""
        return await self._database.read(partial(shelf.models_of, guild_id=by.guild_id))

    async def favourite(self, job_id: JobId, sight: Sight, *, by: Member) -> Shelved:
        """Make a clip somebody's favourite, or none any more; the clip as it is then.

        Raises:
            NotYours: as `clip`.
        """
        await self.clip(job_id, sight, by=by)
        await self._database.write(partial(shelf.keep, user_id=by.user_id, job_id=job_id, at=self._now()))
        return await self.clip(job_id, sight, by=by)

    async def may_see(self, job: Job, sight: Sight, *, by: Member) -> bool:
        """Whether a member may see the clip of a job, as long as it is shown to anybody."""
        if job.order.member.guild_id != by.guild_id or job.state not in _SEEN:
            return False
        if job.order.member == by:
            return True
        return (
            by.in_server
            and job.state is JobState.POSTED
            and job.clip_channel_id is not None
            and await sight.sees(job.clip_channel_id)
        )

    async def newest(self, *, limit: int) -> list[Clip]:
        """The latest clips that somebody may see, newest first."""
        return await self._database.read(partial(clips.newest, folder=self._folder, limit=limit))

    async def kept_thumbnail(self, clip: Clip) -> Path | None:
        """The small picture of a clip where it was made before."""
        path = self._thumbnails / f"{clip.job_id}.jpg"
        return path if await asyncio.to_thread(path.exists) else None

    async def thumbnail(self, clip: Clip) -> Path | None:
        """A small picture of a clip, made once; None where none can be had."""
        if (kept := await self.kept_thumbnail(clip)) is not None:
            return kept
        try:
            made = await self._stills.thumbnail(clip.path, self._thumbnails, clip.job_id)
        except (ClipUnusable, OSError):
            return None
        if await self._database.read(partial(clips.state_of, job_id=clip.job_id)) not in _HAVE_PICTURES:
            # Away since it was begun: the duty that removes it may have looked before.
            await asyncio.to_thread(made.path.unlink, missing_ok=True)
            return None
        return made.path

    async def bring(self, shelved: Shelved, show: Callable[[Packed | None], Awaitable[None]]) -> None:
        """Bring somebody a clip's file as its server takes that, or a link to it.

        Args:
            shelved: which clip.
            show: shows it once; raises `ClipTooLarge` where the size of a file is refused. It is given None
                where the clip goes in no way.

        Raises:
            OrderRefused: its file is gone.
        """
        job = shelved.job
        label = self._catalogue.describe(job.order.model).label
        async with self._sending.setdefault(job.id, asyncio.Lock()):
            try:
                await self._packing.send(shelved.clip, job.order.member.guild_id, show, label=label)
            except ClipTooLarge as fault:
                log.warning("shown without a file: %s", fault, extra={"job": job.id, "code": fault.code})
                await show(None)
            except (OSError, ClipUnusable) as fault:
                raise OrderRefused(
                    _("The file of this clip is not here any more."),
                    _("Order it again with Again."),
                    kind=FaultKind.OURS,
                ) from fault

    async def sent_alone(self, job_id: JobId, interaction_id: InteractionId, token: str) -> None:
        """Note that the answer to an interaction is about to hold a clip's file: a take-down empties it."""
        at = self._now()
        await self._database.write(
            partial(
                copies.sent,
                job_id=job_id,
                interaction_id=interaction_id,
                token=token,
                expires_at=at + ANSWERS_HOLD,
                at=at,
            )
        )

    async def wishes(self, user_id: UserId, wanted: Wishes | None = None) -> Wishes:
        """What a person has asked for everywhere; with `wanted`, from now on."""
        if wanted is not None:
            await self._database.write(partial(wishes.put, user_id=user_id, wishes=wanted))
        return await self._database.read(partial(wishes.get, user_id=user_id))

    async def _page(self, search: Search, number: int, sight: Sight) -> Page:
        by = search.member
        zone = "UTC"
        if search.month is not None:
            rules = await self._database.read(partial(guilds.rules, guild_id=by.guild_id))
            zone = rules.time_zone
        found = await self._database.read(partial(_aisle, search.aisle, self._sieve(search, zone)))
        seen = [one for one in found if await _shown_to(one, sight, by)]
        pages = max(1, -(-len(seen) // ON_A_PAGE))
        number = min(max(1, number), pages)
        here = seen[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
        shelved = await self._database.read(partial(_all_shelved, here, self._folder, by))
        return Page(search=search, number=number, pages=pages, total=len(seen), shelved=tuple(shelved))

    def _sieve(self, search: Search, time_zone: str = "UTC") -> Sieve:
        since, until = _BEGINNING, search.searched_at
        if search.month is not None:
            since = guilds.midnight(search.month, time_zone)
            end = guilds.midnight(_next_month(search.month), time_zone)
            until = min(until, end - timedelta(microseconds=1))
        return Sieve(
            viewer=search.member,
            words=shelf.fold(search.words).split(),
            model=search.model,
            kind=search.kind,
            member_id=search.member.user_id if search.aisle is Aisle.MINE else search.member_id,
            since=since,
            until=until,
        )


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _alone(aisle: Aisle) -> Aisle:
    """Outside servers there is nobody's library but one's own."""
    return Aisle.MINE if aisle in {Aisle.SERVER, Aisle.BEST} else aisle


async def _shown_to(found: Found, sight: Sight, by: Member) -> bool:
    if found.user_id == by.user_id:
        return True
    return found.channel_id is not None and await sight.sees(found.channel_id)


def _aisle(aisle: Aisle, sieve: Sieve, connection: sqlite3.Connection) -> list[Found]:
    match aisle:
        case Aisle.MINE:
            return shelf.of_member(connection, sieve)
        case Aisle.SERVER if sieve.member_id is not None:
            return shelf.of_member(connection, sieve)
        case Aisle.SERVER:
            return shelf.of_guild(connection, sieve)
        case Aisle.FAVOURITES:
            return shelf.favourites(connection, sieve)
        case Aisle.BEST:
            return shelf.best(connection, sieve)


def _to_choose(found: Sequence[Found], connection: sqlite3.Connection) -> list[Shown]:
    kept = (jobs.get(connection, one.job_id) for one in found)
    return [
        Shown(
            job_id=job.id,
            prompt_start=job.order.prompt[:PROMPT_START_CHARS],
            model=job.order.model,
            created_at=job.created_at,
            take=job.take if job.order.takes > 1 else None,
        )
        for job in kept
        if job is not None
    ]


def _shelved(
    job_id: JobId, folder: Path, by: Member, connection: sqlite3.Connection
) -> tuple[ClipState | None, Shelved | None]:
    job = jobs.get(connection, job_id)
    clip = clips.get(connection, job_id, folder=folder)
    if job is None or clip is None:
        return None, None
    shelved = Shelved(
        job=job,
        clip=clip,
        stars=stars.of(connection, job_id),
        favourite=shelf.is_favourite(connection, by.user_id, job_id),
    )
    return clips.state_of(connection, job_id), shelved


def _all_shelved(
    found: Sequence[Found], folder: Path, by: Member, connection: sqlite3.Connection
) -> list[Shelved]:
    """Each as it is now: what was deleted since it was found is left out."""
    kept = (_shelved(one.job_id, folder, by, connection) for one in found)
    return [shelved for state, shelved in kept if state is ClipState.SHOWN and shelved is not None]
