"""A server's best by reactions: who likes a clip is counted, and what many like goes to the gallery, once.

The message in the gallery follows the clip: what is hidden is hidden there, what is taken down, deleted or
expired goes. Rows say what is to be done; a process that died on the way goes on from them.
"""

import asyncio
import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from bot.clips.cards import Cards
from bot.clips.packing import Packing
from bot.delivery import Post
from bot.domain import ChannelId, Clip, ClipState, GuildId, Job, JobId, JobState, Member, MessageId, UserId
from bot.errors import (
    ClipTooLarge,
    ClipUnusable,
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    StorageError,
)
from bot.jobs.nonces import Nonces
from storage import acts, clips, jobs, stars
from storage.acts import Verb
from storage.database import Database
from storage.stars import Gallery, GalleryPost, Hanging

# Cogs never see storage: what they show of it they know from here.
__all__ = ["Galleries", "Gallery", "GalleryPost", "Wall"]

log = logging.getLogger(__name__)

LOOK_EVERY_S = 20.0
RETRY_S = 20.0
RETRY_MAX_S = 3_600.0
TRIES_MAX = 48
"""Two days at an hour each."""

READ_MAX = 1_000
"""Messages whose reactions were read, of which it is known what was read."""

_DISLIKE = "\N{THUMBS DOWN SIGN}"

T = TypeVar("T")


class Wall(Protocol):
    """The way to the channels of galleries. Each method raises `DeliveryUnavailable` when later may do."""

    async def may_hang(self, job: Job, channel_id: ChannelId) -> bool:
        """Whether nobody sees a clip in this channel who may not see it where it was posted."""

    async def hang(self, post: Post, stars: int) -> MessageId:
        """Post a clip in its `channel_id`, with a nonce.

        Raises:
            DeliveryRefused, ClipTooLarge, MessageGone: as `Delivery.post_clip`.
        """

    async def find_hung(self, post: GalleryPost) -> MessageId | None:
        """The message that an earlier try may have posted.

        Raises:
            DeliveryRefused: nobody can look.
        """

    async def rehang(self, post: Post, message_id: MessageId, stars: int, *, shown: bool) -> None:
        """Show the clip in its message again, or say there that it is hidden.

        Raises:
            DeliveryRefused, ClipTooLarge, MessageGone: as `Delivery.post_clip`.
        """

    async def delete_message(self, channel_id: ChannelId, message_id: MessageId) -> bool:
        """See `Screen.delete_message`."""


class Galleries:
    """Counts, and the duty that keeps every gallery as the rows say.

    Args:
        packing: of the files that are posted, with a folder of its own.
        folder: of the clips.
    """

    def __init__(
        self,
        database: Database,
        cards: Cards,
        wall: Wall,
        packing: Packing,
        *,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._cards = cards
        self._wall = wall
        self._packing = packing
        self._folder = folder
        self._nonces = Nonces(now=now)
        self._now = now
        self._changed = asyncio.Event()
        self._not_before: dict[JobId, datetime] = {}
        self._read: OrderedDict[MessageId, Mapping[str, int]] = OrderedDict()

    def wake(self) -> None:
        """Some clip is shown to others than before: look now, not only at the next look by the clock."""
        self._changed.set()

    async def run(self) -> None:
        """Keep every gallery up to date, until cancelled."""
        while True:
            self._changed.clear()
            await self.look()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                pass  # deletions and reports do not call us: they are looked for

    async def look(self) -> None:
        """Bring what is out of date up to date, as far as it can be now."""
        for job_id in await self._database.read(stars.out_of_date):
            if self._not_before.get(job_id, self._now()) > self._now():
                continue
            try:
                await self._step(job_id)
                self._not_before.pop(job_id, None)
            except (DeliveryUnavailable, OSError) as fault:
                log.warning("gallery: %s", fault, extra={"job": job_id, "code": "gallery_later"})
                await self._later(job_id)
            except Exception:  # one clip's fault, whatever it is, stops no other
                log.exception("gallery failed", extra={"job": job_id, "code": "gallery_failed"})
                await self._later(job_id)

    async def react(self, message_id: MessageId, user_id: UserId, emoji: str, *, on: bool) -> None:
        """Somebody has reacted to a message, perhaps one that shows a clip, or has taken it back."""
        if emoji.startswith(_DISLIKE):
            return
        job_id = await self._database.read(partial(stars.shown_by, message_id=message_id))
        if job_id is None:
            return
        change = partial(
            stars.react, job_id=job_id, message_id=message_id, user_id=user_id, emoji=emoji, on=on
        )
        await self._count(job_id, change)

    async def cleared(self, message_id: MessageId, emoji: str | None) -> None:
        """The reactions to a message were taken away; with an `emoji`, those with it."""
        job_id = await self._database.read(partial(stars.shown_by, message_id=message_id))
        if job_id is not None:
            await self._count(job_id, partial(stars.cleared, message_id=message_id, emoji=emoji))

    async def recount(
        self,
        job_id: JobId,
        message_id: MessageId,
        counts: Mapping[str, int],
        read: Callable[[], Awaitable[Iterable[tuple[UserId, str]]]],
    ) -> int:
        """How many people like a clip, after its message was read: `counts` of each emoji below it.

        Where they are not those that we know, as after a time in which we were away, `read` says who they
        are. Robots are in the counts and not among people, so what was read once is remembered.
        """
        liked = {emoji: count for emoji, count in counts.items() if not emoji.startswith(_DISLIKE)}
        known = await self._database.read(partial(stars.counted, message_id=message_id))
        if known == liked or self._read.get(message_id) == liked:
            return await self._database.read(partial(stars.of, job_id=job_id))
        seen = [(user_id, emoji) for user_id, emoji in await read() if not emoji.startswith(_DISLIKE)]
        self._read[message_id] = liked
        if len(self._read) > READ_MAX:
            self._read.popitem(last=False)
        return await self._count(
            job_id, partial(stars.replace, job_id=job_id, message_id=message_id, seen=seen)
        )

    async def name(self, gallery: Gallery | None, *, by: Member) -> None:
        """Name the gallery of a server; None has none from now on."""
        await self._database.write(partial(_named, gallery, by, self._now()))

    async def of(self, guild_id: GuildId) -> Gallery | None:
        """The gallery of a server."""
        return await self._database.read(partial(stars.gallery_of, guild_id=guild_id))

    async def _count(self, job_id: JobId, change: Callable[[sqlite3.Connection], None]) -> int:
        count, due = await self._database.write(partial(_counted, job_id, change, self._now()))
        if due:
            self._changed.set()
        return count

    async def _later(self, job_id: JobId) -> None:
        post = await self._database.read(partial(stars.post, job_id=job_id))
        tries = 0 if post is None else post.tries
        self._not_before[job_id] = self._now() + timedelta(
            seconds=min(RETRY_MAX_S, RETRY_S * float(1 << min(tries, 10)))
        )
        await self._database.write(partial(stars.missed, job_id=job_id))

    async def _step(self, job_id: JobId) -> None:
        """One clip's message: to what it has to be from what it is."""
        post = await self._database.read(partial(stars.post, job_id=job_id))
        job, clip, state = await self._database.read(partial(_clip, job_id, self._folder))
        if post is None:
            return
        if post.tries >= TRIES_MAX:
            log.error("gallery given up", extra={"job": job_id, "code": "gallery_given_up"})
            await self._became(post, Hanging.REFUSED)
        elif post.state is Hanging.DUE:
            await self._hang(post, job, clip, state)
        elif post.message_id is not None:
            await self._follow(post, post.message_id, job, clip, state)

    async def _hang(self, post: GalleryPost, job: Job, clip: Clip, state: ClipState) -> None:
        if state is ClipState.HIDDEN:
            self._not_before[job.id] = self._now() + timedelta(seconds=RETRY_MAX_S)
            return
        tried = post.tried_at is not None
        if tried and not self._nonces.holds(post.job_id, post.tried_at):
            try:
                found = await self._wall.find_hung(post)
            except DeliveryRefused:
                await self._became(post, Hanging.REFUSED)  # it may be there, and nobody can look
                return
            if found is not None:
                await self._became(post, Hanging.SHOWN, found)
                return
            tried = False
        if state is not ClipState.SHOWN:
            if not tried:
                await self._became(post, Hanging.GONE)
            return
        if not await self._wall.may_hang(job, post.channel_id):
            await self._became(post, Hanging.REFUSED)
            return
        await self._send(post, job, clip, tried=tried)

    async def _send(self, post: GalleryPost, job: Job, clip: Clip, *, tried: bool) -> None:
        async def hang(path: Path) -> MessageId:
            await self._database.write(partial(stars.tried, job_id=job.id, at=self._now()))
            self._nonces.tried(job.id)
            count = await self._database.read(partial(stars.of, job_id=job.id))
            return await self._wall.hang(await self._post(job, clip, post.channel_id, path), count)

        try:
            await self._became(post, Hanging.SHOWN, await self._sent(job, clip, hang))
        except MessageGone:
            await self._became(post, Hanging.GONE)
        except (ClipTooLarge, ClipUnusable, FileNotFoundError):
            await self._became(post, Hanging.REFUSED)
        except DeliveryRefused as refused:
            if tried:  # an earlier try may have got through: look once the nonce no longer answers
                raise DeliveryUnavailable(
                    f"refused after a try of which nobody knows: {refused}"
                ) from refused
            log.info("the gallery refuses: %s", refused, extra={"job": job.id, "code": refused.code})
            await self._became(post, Hanging.REFUSED)

    async def _sent(self, job: Job, clip: Clip, send: Callable[[Path], Awaitable[T]]) -> T:
        """As a file: a gallery is for what plays, and a link would be dead in a week."""
        label = self._cards.model_of(job).label
        return await self._packing.send_file(clip, job.order.member.guild_id, send, label=label)

    async def _follow(
        self, post: GalleryPost, message_id: MessageId, job: Job, clip: Clip, state: ClipState
    ) -> None:
        try:
            match state:
                case ClipState.SHOWN | ClipState.HIDDEN:
                    await self._rehang(post, message_id, job, clip, shown=state is ClipState.SHOWN)
                case ClipState.TAKEN_DOWN | ClipState.DELETED | ClipState.EXPIRED:
                    await self._wall.delete_message(post.channel_id, message_id)
                    await self._became(post, Hanging.GONE)
        except MessageGone:
            await self._became(post, Hanging.GONE)
        except (DeliveryRefused, ClipTooLarge, FileNotFoundError) as refused:
            log.warning("left in the gallery: %s", refused, extra={"job": job.id, "code": "gallery_closed"})
            await self._became(post, Hanging.REFUSED)

    async def _rehang(
        self, post: GalleryPost, message_id: MessageId, job: Job, clip: Clip, *, shown: bool
    ) -> None:
        count = await self._database.read(partial(stars.of, job_id=job.id))
        if not shown:
            hidden = await self._post(job, clip, post.channel_id, None)
            await self._wall.rehang(hidden, message_id, count, shown=False)
            await self._became(post, Hanging.HIDDEN, message_id)
            return

        async def rehang(path: Path) -> None:
            full = await self._post(job, clip, post.channel_id, path)
            await self._wall.rehang(full, message_id, count, shown=True)

        await self._sent(job, clip, rehang)
        await self._became(post, Hanging.SHOWN, message_id)

    async def _post(self, job: Job, clip: Clip, channel_id: ChannelId, path: Path | None) -> Post:
        card = await self._cards.card(job.id)
        if card is None:
            raise StorageError(f"job {job.id} is gone")
        return Post(
            job=job,
            clip=clip,
            channel_id=channel_id,
            path=path,
            model_name=card.model_name,
            label=card.label,
            play_money=card.play_money,
        )

    async def _became(self, post: GalleryPost, new: Hanging, message_id: MessageId | None = None) -> None:
        await self._database.write(
            partial(
                stars.became,
                job_id=post.job_id,
                old=post.state,
                new=new,
                message_id=message_id or post.message_id,
            )
        )


def _named(gallery: Gallery | None, by: Member, at: datetime, tx: sqlite3.Connection) -> None:
    was = stars.gallery_of(tx, by.guild_id)
    stars.set_gallery(tx, by.guild_id, gallery)
    acts.on_guild(
        tx,
        Verb.SETTINGS_CHANGED,
        by.guild_id,
        by=by.user_id,
        at=at,
        what="gallery",
        was=0 if was is None else was.channel_id,
        now=0 if gallery is None else gallery.channel_id,
        stars_min=0 if gallery is None else gallery.stars_min,
    )


def _counted(
    job_id: JobId, change: Callable[[sqlite3.Connection], None], at: datetime, tx: sqlite3.Connection
) -> tuple[int, bool]:
    """Make a change to the reactions, count anew, and send to the gallery what is due there."""
    change(tx)
    count = stars.count(tx, job_id)
    job = jobs.get(tx, job_id)
    if job is None or job.state is not JobState.POSTED or clips.state_of(tx, job_id) is not ClipState.SHOWN:
        return count, False
    gallery = stars.gallery_of(tx, job.order.member.guild_id)
    if gallery is None or count < gallery.stars_min:
        return count, False
    return count, stars.due(tx, job_id, gallery.channel_id, at=at)


def _clip(job_id: JobId, folder: Path, connection: sqlite3.Connection) -> tuple[Job, Clip, ClipState]:
    job = jobs.get(connection, job_id)
    clip = clips.get(connection, job_id, folder=folder)
    state = clips.state_of(connection, job_id)
    if job is None or clip is None or state is None:
        raise StorageError(f"job {job_id} has no clip")
    return job, clip, state
