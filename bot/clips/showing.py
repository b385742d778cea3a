"""What becomes of a clip after it was posted: hidden, shown again, behind a spoiler, with a new link.

Every change is written first and shown then; the edit of a message can be repeated for ever.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from bot.clips.cards import Cards
from bot.clips.packing import Packed, Packing
from bot.delivery import Post
from bot.domain import (
    ENDED,
    NOWHERE,
    ChannelId,
    Clip,
    ClipState,
    GuildId,
    Job,
    JobId,
    JobState,
    Member,
    MessageId,
)
from bot.errors import ClipTooLarge, DeliveryRefused, MessageGone, NotYours, PlaceGone, StorageError
from bot.language import _
from storage import acts, clips, jobs
from storage.acts import Verb
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What those who manage a server are told of a report; `id` makes it one message.

    `reports` is how many there are of this clip, `due_at` the end of the clock that the law sets.
    """

    id: str
    job: Job
    reason: str
    words: str
    hidden: bool
    at: datetime
    reports: int = 1
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What those who manage a server are told of a clock that runs out, so many hours before its end."""

    job: Job
    case_id: int
    reason: str
    due_at: datetime | None
    mark_hours: int


class Screen(Protocol):
    """The way to messages that were posted. Each method raises `DeliveryUnavailable` as in `Delivery`."""

    async def edit_clip(self, post: Post, message_id: MessageId, *, shown: bool, upload: bool) -> None:
        """Bring the post of a clip up to date: `upload` sends its file again, not `shown` takes it away.

        Raises:
            DeliveryRefused, MessageGone, ClipTooLarge: as `Delivery.edit_card` says.
        """

    async def delete_message(self, channel_id: ChannelId, message_id: MessageId) -> bool:
        """Delete a message of ours; False where it was gone already.

        Raises:
            DeliveryRefused: the place is closed to us.
        """

    async def find_clip(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """See `Delivery.find_clip`."""

    async def take_back(self, job: Job, token: str) -> bool:
        """Empty the answer that shows a job's clip to one person alone; False where it is gone."""

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """The channel that a server has named to Discord for warnings; None where it has none."""

    async def find_notice(self, channel_id: ChannelId, notice: Notice) -> bool:
        """Whether a notice of a report stands in the channel's history since then.

        Raises:
            DeliveryRefused: the history may not be read.
        """

    async def tell(self, channel_id: ChannelId, notice: Notice) -> None:
        """Post a notice of a report.

        Raises:
            DeliveryRefused: the place is closed to us.
        """

    async def remind(self, channel_id: ChannelId, reminder: Reminder) -> MessageId:
        """Post a reminder of a reported clip that nobody has decided about.

        Raises:
            DeliveryRefused: the place is closed to us.
        """


class Shown:
    """The clips that have been posted, and what may be done with them."""

    def __init__(
        self,
        database: Database,
        cards: Cards,
        screen: Screen,
        packing: Packing,
        *,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._cards = cards
        self._screen = screen
        self._packing = packing
        self._folder = folder
        self._now = now

    async def spoiler(self, job_id: JobId, *, by: Member, moderator: bool) -> bool:
        """Put a posted clip behind a spoiler, or take it out again; returns whether it is behind one now.

        Raises:
            NotYours: it is somebody else's (and the presser no moderator), or is not shown.
        """
        hidden = await self._database.write(
            partial(_spoiler, job_id, by=by, moderator=moderator, at=self._now())
        )
        await self._edited(job_id, upload=True)
        return hidden

    async def renew(self, job_id: JobId, *, seen_in: GuildId) -> None:
        """Give the post of a clip that is behind a link a new link, also where its file would fit by now.

        Raises:
            NotYours: it is not shown here, or we have no address for a link.
        """
        job, clip = await self._database.read(partial(_shown, job_id, self._folder))
        if job.order.member.guild_id != seen_in:
            raise _not_here()
        try:
            linked = self._packing.linked(clip)
        except ClipTooLarge:
            raise _not_here() from None
        await self._edited(job_id, upload=False, linked=linked)

    async def refresh(self, job_id: JobId) -> None:
        """Bring a clip's post and its card to what the rows say.

        Raises:
            DeliveryUnavailable: later.
        """
        await self._edited(job_id, upload=True)

    async def _edited(self, job_id: JobId, *, upload: bool, linked: Packed | None = None) -> None:
        job, clip, state = await self._database.read(partial(_with_clip, job_id, self._folder))
        if state is not ClipState.SHOWN and (job.clip_message_id is None or job.is_on_card):
            await own_post_taken_away(self._screen, job)
        card = await self._cards.card(job_id)
        if job.clip_message_id is None or job.clip_channel_id is None or card is None:
            return
        shown = state is ClipState.SHOWN
        post = Post(
            job=job,
            clip=clip,
            channel_id=job.clip_channel_id,
            path=None,
            model_name=card.model_name,
            label=card.label,
            play_money=card.play_money,
            can_extend=card.can_extend,
            direct=job.clip_is_direct,
        )
        edit = partial(self._screen.edit_clip, message_id=job.clip_message_id, shown=shown)
        server = NOWHERE if job.clip_is_direct else job.order.member.guild_id
        try:
            if job.is_on_card and shown and upload:
                # The card carries the clip itself: an edit without it, as when it was hidden, took it away.
                await self._packing.send_file(
                    clip, server, partial(self._cards.carry, job), label=card.label, keep=True
                )
                self._cards.touch(job.id)
                return
            if not job.is_on_card:
                if linked is not None:
                    await edit(_as_packed(post, linked), upload=upload)
                elif shown:
                    await self._packing.send(
                        clip,
                        server,
                        lambda packed: edit(_as_packed(post, packed), upload=upload),
                        label=card.label,
                    )
                else:
                    await edit(post, upload=False)
            await self._refresh_card(job)
        except ClipTooLarge as fault:
            raise NotYours(
                _("Discord takes no file of this clip's size there now."), _("Find the clip with /clips.")
            ) from fault
        except (MessageGone, DeliveryRefused) as fault:
            raise NotYours(
                _("Its message is gone, or this place is closed to the bot."),
                _("Find the clip with /clips."),
            ) from fault

    async def _refresh_card(self, job: Job) -> None:
        """Where the clip is another message, it is done with that, whatever becomes of its card."""
        try:
            await self._cards.refresh(job.id)
        except (MessageGone, DeliveryRefused, ClipTooLarge):
            if job.is_on_card:
                raise
            self._cards.touch(job.id)


def _as_packed(post: Post, packed: Packed) -> Post:
    return replace(post, path=packed.path, link=packed.link, copy=packed.smaller)


async def own_post_taken_away(screen: Screen, job: Job) -> str:
    """Delete a clip's own post of which the row knows nothing; returns what came of it.

    It was tried, its answer lost, and nobody could look: so the card carries the clip, or nothing does. What
    is to be seen no more has to go from there too, as soon as somebody can look.

    Raises:
        DeliveryUnavailable: it is to be tried again.
    """
    if job.clip_tried_at is None or job.clip_channel_id is None:
        return "never posted"
    try:
        message_id = await screen.find_clip(job.clip_channel_id, job)
        if message_id is None:
            return "on the card" if job.is_on_card else "never posted"
        await screen.delete_message(job.clip_channel_id, message_id)
    except PlaceGone:
        return "gone before"
    except DeliveryRefused as refused:
        return f"refused: {refused.code}"  # closed to us still: whoever sees it can delete it
    return "deleted"


def _spoiler(job_id: JobId, tx: sqlite3.Connection, *, by: Member, moderator: bool, at: datetime) -> bool:
    job = jobs.get(tx, job_id)
    if job is None or job.order.member.guild_id != by.guild_id or job.state is not JobState.POSTED:
        raise _not_here()
    if job.order.member != by and not (moderator and by.in_server):
        raise NotYours(_("This clip is somebody else's."), _("Ask its member, or a moderator."))
    if clips.state_of(tx, job_id) is not ClipState.SHOWN:
        raise _not_here()
    jobs.spoil(tx, job_id, spoiler=not job.order.spoiler)
    if job.order.member != by:  # what members do with their own is no act of moderation
        verb = Verb.CLIP_UNSPOILERED if job.order.spoiler else Verb.CLIP_SPOILERED
        acts.on_job(tx, verb, job_id, by=by.user_id, guild_id=by.guild_id, at=at)
    return not job.order.spoiler


def _shown(job_id: JobId, folder: Path, tx: sqlite3.Connection) -> tuple[Job, Clip]:
    if clips.state_of(tx, job_id) is not ClipState.SHOWN:  # nor is it where a job has no clip at all
        raise _not_here()
    job, clip, _state = _with_clip(job_id, folder, tx)
    if job.state not in ENDED:
        raise _not_here()
    return job, clip


def _with_clip(job_id: JobId, folder: Path, tx: sqlite3.Connection) -> tuple[Job, Clip, ClipState]:
    job = jobs.get(tx, job_id)
    clip = clips.get(tx, job_id, folder=folder)
    state = clips.state_of(tx, job_id)
    if job is None:
        raise _not_here()
    if clip is None or state is None:
        raise StorageError(f"job {job_id} has no clip")
    return job, clip, state


def _not_here() -> NotYours:
    return NotYours(_("This clip is not shown here."), _("Find yours with /clips."))
