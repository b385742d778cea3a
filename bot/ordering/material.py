"""What orders start from, as files of ours: kept pictures, clips, and the last frames of clips."""

import asyncio
import sqlite3
from collections.abc import AsyncIterable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.clips.stills import Stills
from bot.domain import ChannelId, Clip, ClipState, FaultKind, Job, JobId, JobState, Member, Source, UserId
from bot.errors import ClipUnusable, NotYours, OrderRefused
from bot.ids import Ids
from bot.language import _
from bot.moderation.hashes import Hashes
from bot.ordering.characters import Characters
from bot.ordering.framing import Fit
from bot.ordering.pictures import SUFFIXES, Picture, Pictures
from bot.ordering.sources import Footage
from storage import clips, jobs, pictures
from storage import footage as footages
from storage.database import Database
from storage.footage import Shown
from storage.pictures import KeptPicture

__all__ = (
    "CLIPS",
    "PICTURES",
    "UNUSED_FOR",
    "Material",
    "Shown",
    "last_frame_id",
    "source_of",
    "unlink_picture",
)

PICTURES = "pictures"
CLIPS = "clips"
"""Folders in the data folder, to which the paths of sources are relative."""

FORM_HOLDS = timedelta(days=1)

UNUSED_FOR = timedelta(days=1)
"""Longer than any quote holds, so what is unused then stays so."""

FORGOTTEN_AT_ONCE = 4

CHOICES_READ_MAX = 100
"""So many of the newest clips, one's own and the channel's, are looked through for what was typed."""

_SEEN = frozenset({JobState.POSTED, JobState.UNDELIVERABLE})


class Material:
    """Everything that an order can start from, checked against who asks and where.

    `characters` are those who can be in it.

    Args:
        pictures, stills: make the files.
        folder: the data folder; its folder for pictures is there already.
        hashes: knows what was taken down and may not come back; without one anything may.
    """

    def __init__(
        self,
        database: Database,
        pictures: Pictures,
        stills: Stills,
        *,
        folder: Path,
        ids: Ids,
        now: Callable[[], datetime],
        hashes: Hashes | None = None,
    ) -> None:
        self._database = database
        self._hashes = hashes
        self._pictures = pictures
        self._stills = stills
        self._folder = folder
        self._ids = ids
        self._now = now
        self.characters = Characters(database, folder=folder, ids=ids, now=now)

    async def keep(self, chunks: AsyncIterable[bytes], member: Member) -> str:
        """Copy a member's picture to our disk, clean, and return its id.

        Raises:
            OrderRefused: no picture that can be used, or that may be; or what reading `chunks` raises.
        """
        picture_id = self._ids.new()
        picture = await self._pictures.take(chunks, self._folder / PICTURES, picture_id)
        try:
            if self._hashes is not None:
                await self._hashes.admit_picture(picture, member)
            kept = self._kept(picture_id, picture, member)
            await self._database.write(partial(pictures.insert, picture=kept))
        except BaseException:  # without a row nobody would know whose it is, and nothing would take it away
            await asyncio.to_thread(picture.path.unlink, missing_ok=True)
            raise
        await self._forget_unused()
        return picture_id

    async def picture(self, picture_id: str, *, of: Member) -> KeptPicture:
        """A picture that this member gave here.

        Raises:
            NotYours: it is another's.
            OrderRefused: it is not kept any more.
        """
        kept = await self._database.read(partial(pictures.get, picture_id=picture_id))
        if kept is None:
            raise _picture_gone()
        if kept.member != of:
            raise NotYours(
                _("That order starts from another member's picture."),
                _("Attach a picture of your own with /animate."),
            )
        return kept

    async def footage(self, clip_id: str, *, seen_by: Member, seen_in: ChannelId) -> Footage:
        """A clip that this member may see: their own, or one that the channel `seen_in` shows.

        Raises:
            NotYours: there is none of this id for them.
            OrderRefused: there was one, and it is hidden or gone.
        """
        job, clip = await self._database.read(partial(_job_and_clip, JobId(clip_id)))
        if job is None or not _may_see(job, seen_by, seen_in):
            raise NotYours(
                _("This clip is not known here."),
                _("Choose one from the list that opens as you type, or press Remix under a clip."),
            )
        if job.state not in _SEEN:
            raise OrderRefused(_("This order has no clip to go on from."), _("Choose another clip."))
        if clip is None:
            raise OrderRefused(_("This clip has been deleted or hidden."), _("Choose another clip."))
        if self._hashes is not None:
            await self._hashes.admit_clip(clip.sha256, seen_by)
        return Footage(job=job, clip=clip)

    async def clip_state(self, job_id: JobId) -> ClipState:
        """Who may see a job's clip; one that is not there yet is kept from nobody."""
        return await self._database.read(partial(clips.state_of, job_id=job_id)) or ClipState.SHOWN

    async def clip_states(self, order_id: JobId) -> Mapping[JobId, ClipState]:
        """The same of the clips of an order's takes, as far as they are there."""
        return await self._database.read(partial(clips.states_of, order_id=order_id))

    async def sent_directly(self, job_id: JobId, *, to: UserId, channel_id: int | None) -> Job | None:
        """The job of a clip that was sent to its own member in these direct messages; else None."""
        job = await self._database.read(partial(jobs.get, job_id=job_id))
        if job is None or not job.clip_is_direct or job.clip_channel_id != channel_id:
            return None
        return job if job.order.member.user_id == to else None

    async def shown_in(self, clip_id: str) -> ChannelId | None:
        """The channel in which a clip was posted; None where nobody was shown it."""
        job = await self._database.read(partial(jobs.get, job_id=JobId(clip_id)))
        return None if job is None or job.state is not JobState.POSTED else job.clip_channel_id

    async def last_frame(self, footage: Footage) -> KeptPicture:
        """The last frame of a clip, as a kept picture; made once.

        Raises:
            OrderRefused: no picture can be had from it.
        """
        job = footage.job
        picture_id = last_frame_id(job.id)
        kept = await self._database.read(partial(pictures.get, picture_id=picture_id))
        if kept is not None and await asyncio.to_thread((self._folder / kept.path).exists):
            return kept
        clip = self._folder / footage.clip.path
        try:
            picture = await self._stills.last(clip, self._folder / PICTURES, picture_id)
        except (ClipUnusable, FileNotFoundError) as fault:
            raise OrderRefused(
                _("No picture can be taken from the end of this clip."),
                _("Choose another clip."),
                kind=FaultKind.OURS,
            ) from fault
        made = self._kept(picture_id, picture, job.order.member)
        await self._database.write(partial(pictures.insert, picture=made))
        return made

    async def fitted(self, picture: Source, fit: Fit) -> Source:
        """A kept picture brought to a shape, as another kept file; made once.

        Raises:
            OrderRefused: the picture is gone, or too heavy.
        """
        name = f"{picture.path.stem}-{fit.width}x{fit.height}-{fit.framing}"
        path = Path(PICTURES) / f"{name}{SUFFIXES[picture.media_type]}"
        source = Source(path=path, media_type=picture.media_type, width=fit.width, height=fit.height)
        if await asyncio.to_thread((self._folder / path).exists):
            return source
        kept = Picture(
            path=self._folder / picture.path,
            media_type=picture.media_type,
            sha256="",
            size_bytes=0,
            width=picture.width,
            height=picture.height,
        )
        try:
            made = await self._pictures.fit(kept, fit, self._folder / PICTURES, name)
        except FileNotFoundError as gone:
            raise _picture_gone() from gone
        return Source(
            path=Path(PICTURES) / made.path.name,
            media_type=made.media_type,
            width=made.width,
            height=made.height,
        )

    async def open_form(self, member: Member, addresses: list[str]) -> str:
        """Note which pictures a form is about, and return the form's id."""
        form_id, at = self._ids.new(), self._now()

        def note(tx: sqlite3.Connection) -> None:
            pictures.forget_forms(tx, before=at - FORM_HOLDS)
            pictures.open_form(tx, form_id, member, addresses, at=at)

        await self._database.write(note)
        return form_id

    async def of_form(self, form_id: str, member: Member, number: int) -> str:
        """The address of one of the pictures that a form of this member's is about.

        Raises:
            NotYours: there is no such form or picture.
        """
        addresses = await self._database.read(partial(pictures.opened_form, form_id=form_id, member=member))
        if not 0 <= number < len(addresses):
            raise NotYours(
                _("This form has expired or is not yours."), _("Open it again from the picture's menu.")
            )
        return addresses[number]

    async def choices(self, typed: str, *, member: Member, channel_id: ChannelId, limit: int) -> list[Shown]:
        """The newest clips that can be chosen here and have what was typed in their words or model."""
        found = await self._database.read(partial(_choices, member, channel_id))
        wanted = typed.casefold()
        matching = [one for one in found if wanted in f"{one.prompt_start} {one.model}".casefold()]
        return matching[:limit]

    async def _forget_unused(self) -> None:
        """Some of the pictures of orders that never came to be. Whoever brings one takes others away."""
        before = self._now() - UNUSED_FOR
        for picture_id in await self._database.read(
            partial(pictures.unused, before=before, limit=FORGOTTEN_AT_ONCE)
        ):
            await asyncio.to_thread(unlink_picture, self._folder / PICTURES, picture_id)
            await self._database.write(partial(pictures.forget, picture_id=picture_id))

    def _kept(self, picture_id: str, picture: Picture, member: Member) -> KeptPicture:
        return KeptPicture(
            id=picture_id,
            member=member,
            path=Path(PICTURES) / picture.path.name,
            media_type=picture.media_type,
            sha256=picture.sha256,
            size_bytes=picture.size_bytes,
            width=picture.width,
            height=picture.height,
            was_animated=picture.was_animated,
            kept_at=self._now(),
        )


def last_frame_id(job_id: JobId) -> str:
    """The id of the picture that is the last frame of this job's clip."""
    return f"last-{job_id}"


def unlink_picture(folder: Path, picture_id: str) -> None:
    """Remove a picture and what was made of it for a shape: all their names begin with its id."""
    for path in folder.glob(f"{picture_id}*"):
        path.unlink(missing_ok=True)


def source_of(picture: KeptPicture) -> Source:
    """A kept picture as what an order starts from."""
    return Source(
        path=picture.path, media_type=picture.media_type, width=picture.width, height=picture.height
    )


def _may_see(job: Job, member: Member, channel_id: ChannelId) -> bool:
    order = job.order
    if order.member == member:
        return True
    shown_here = job.clip_channel_id == channel_id and job.state is JobState.POSTED
    return order.member.guild_id == member.guild_id and shown_here


def _job_and_clip(job_id: JobId, connection: sqlite3.Connection) -> tuple[Job | None, Clip | None]:
    return jobs.get(connection, job_id), footages.shown(connection, job_id, folder=Path(CLIPS))


def _choices(member: Member, channel_id: ChannelId, connection: sqlite3.Connection) -> list[Shown]:
    own = footages.newest_of(connection, member, limit=CHOICES_READ_MAX)
    here = footages.newest_in(connection, member.guild_id, channel_id, limit=CHOICES_READ_MAX)
    distinct = {one.job_id: one for one in (*own, *here)}
    return sorted(distinct.values(), key=lambda one: one.created_at, reverse=True)


def _picture_gone() -> OrderRefused:
    return OrderRefused(
        _("The picture is not kept here any more."),
        _("Attach it again and order again."),
        kind=FaultKind.PICTURE,
    )
