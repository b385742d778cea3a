"""Shows moderators what waits, reminds them of it, and ends what nobody looked at in time.

It works from the rows: a review whose message shows an older `rev` is stale. A message is posted once, with a
nonce, and looked for in the channel beyond the minutes for which Discord knows that; an edit can be repeated.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar
from weakref import WeakValueDictionary

from bot.catalogue import Catalogue
from bot.clips.packing import Packed, Packing
from bot.delivery import Link
from bot.domain import ChannelId, Clip, GuildId, JobId, MessageId
from bot.errors import ClipTooLarge, ClipUnusable, DeliveryRefused, DeliveryUnavailable, MessageGone
from bot.jobs.nonces import Nonces
from bot.moderation import deciding
from bot.moderation.deciding import Case
from bot.moderation.gates import Gate
from storage import clips, places, review_cards, review_queue
from storage.database import Database
from storage.places import Purpose
from storage.reviews import Review

log = logging.getLogger(__name__)

RETRY_S = 30.0
LOOK_AT_LEAST_EVERY = timedelta(hours=1)
"""The clock may be set, and a wait is not to outlive what was known when it began."""

AT_ONCE = 100

T = TypeVar("T")


class Picture(NamedTuple):
    """A member's picture as it lies in the data folder."""

    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What moderators are shown of a review; it has files for as long as nobody has decided.

    `clip` is the file to send, or else there may be a `link`; `picture` is what the order starts from.
    `is_too_large` is set where some of it goes in no way.
    """

    case: Case
    model_name: str
    label: str
    play_money: bool
    clip: Path | None = None
    link: Link | None = None
    picture: Path | None = None
    is_too_large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """That reviews of a server wait, the oldest first."""

    reviews: tuple[Review, ...]


def review_nonce(review_id: str) -> str:
    """The nonce of a review's message."""
    return f"v{review_id}"


def reminder_nonce(review_id: str) -> str:
    """The nonce of the reminder of which this review is the oldest."""
    return f"w{review_id}"


class Desk(Protocol):
    """The way into the moderators' channel. Each raises `DeliveryUnavailable` where trying later may help."""

    async def post_review(self, channel_id: ChannelId, exhibit: Exhibit) -> MessageId:
        """Post a review with its nonce.

        Raises:
            DeliveryRefused: the place takes no messages of ours.
            ClipTooLarge: its files are over the place's limit.
            MessageGone: this nonce's message was posted and has been deleted.
        """

    async def edit_review(self, channel_id: ChannelId, message_id: MessageId, exhibit: Exhibit) -> None:
        """Bring a review's message up to date, files and all.

        Raises:
            DeliveryRefused, ClipTooLarge, MessageGone: as above.
        """

    async def find_review(self, channel_id: ChannelId, review: Review) -> MessageId | None:
        """The message that an earlier try may have posted.

        Raises:
            DeliveryRefused: the history may not be read.
        """

    async def remind(self, channel_id: ChannelId, reminder: Reminder) -> None:
        """Say that something waits.

        Raises:
            DeliveryRefused: the place takes no messages of ours.
        """

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """The channel that a server has named to Discord for warnings; None where it has none."""


class Reviewing:
    """The duty.

    Args:
        folder: the data folder, in which clips and pictures are.
        moved: told of every job that was moved because nobody looked in time.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        desk: Desk,
        packing: Packing,
        *,
        folder: Path,
        clips_folder: Path,
        play_money: bool,
        now: Callable[[], datetime],
        moved: Callable[[JobId], None],
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._desk = desk
        self._packing = packing
        self._folder = folder
        self._clips_folder = clips_folder
        self._play_money = play_money
        self._now = now
        self._moved = moved
        self._nonces = Nonces(now=now)
        self._woken = asyncio.Event()
        self._next_at: datetime | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def wake(self) -> None:
        """Something waits that did not, or was decided."""
        self._woken.set()

    async def show_again(self, guild_id: GuildId) -> None:
        """A server has named its moderators' channel: what waits already is shown there."""
        await self._database.write(partial(review_cards.unshown, guild_id=guild_id))
        self.wake()

    async def run(self) -> None:
        """Do all of it until cancelled; begins with what a past process left."""
        while True:
            self._woken.clear()
            left = await self.look()
            wait_s = RETRY_S if left else self._until_due_s()
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def look(self) -> bool:
        """End, show and remind now; True where something is to be tried again."""
        left = False
        due = await self._database.read(partial(_due, self._now()))
        if due.too_old:
            for review in due.too_old:
                left |= not await self._tried(self._end(review), review)
            due = await self._database.read(partial(_due, self._now()))
        for review in due.stale:
            left |= not await self._tried(self._show(review), review)
        left |= await self._remind(due.to_remind)
        did_something = due.stale or due.to_remind
        self._next_at = await self._database.read(review_queue.next_due) if did_something else due.next_at
        return left

    async def show(self, case: Case, show: Callable[[Exhibit], Awaitable[T]]) -> T:
        """Show a review with its clip and picture as its server takes them. A file that is gone is not shown.

        One at a time of each review: a copy of its clip that fits the server has one name.

        Args:
            case: of which review.
            show: shows it once; raises `ClipTooLarge` where the size of its files is refused.
        """
        job, guild_id = case.job, case.job.order.member.guild_id
        model = self._catalogue.describe(job.order.model)
        bare = Exhibit(case=case, model_name=model.name, label=model.label, play_money=self._play_money)
        if case.review.decision is not None:
            return await show(bare)

        async def with_files(packed: Packed | None) -> T:
            picture = await self._picture(case)
            fits = picture is None or picture.size_bytes <= await self._packing.limit(guild_id)
            return await show(
                replace(
                    bare,
                    picture=picture.path if picture is not None and fits else None,
                    clip=None if packed is None else packed.path,
                    link=None if packed is None else packed.link,
                    is_too_large=not fits,
                )
            )

        async with self._turns.setdefault(case.review.id, asyncio.Lock()):
            clip = await self._clip(case)
            try:
                if clip is None:
                    return await with_files(None)
                return await self._packing.send(clip, guild_id, with_files, label=model.label)
            except ClipTooLarge as fault:
                log.warning("shown without files: %s", fault, extra={"job": job.id, "code": fault.code})
                return await show(replace(bare, is_too_large=True))
            except (OSError, ClipUnusable) as fault:
                log.warning("clip not shown: %s", fault, extra={"job": job.id, "code": "review_clip"})
                return await with_files(None)

    async def _picture(self, case: Case) -> Picture | None:
        """What its order starts from, where that is a picture and is there."""
        source = case.job.order.source
        if source is None or not source.media_type.startswith("image/"):
            return None
        path = self._folder / source.path
        try:
            return Picture(path, (await asyncio.to_thread(path.stat)).st_size)
        except OSError:
            return None

    async def _clip(self, case: Case) -> Clip | None:
        if case.review.gate is not Gate.SHOWING:
            return None
        return await self._database.read(
            partial(clips.get, job_id=case.review.job_id, folder=self._clips_folder)
        )

    async def _end(self, review: Review) -> None:
        log.warning("nobody looked in time", extra={"job": review.job_id, "code": "review_expired"})
        for job_id in await self._database.write(partial(deciding.expire, review, self._now())):
            self._moved(job_id)

    async def _show(self, review: Review) -> None:
        case = await self._database.read(partial(deciding.case_of, review, self._now()))
        try:
            if review.card_message_id is None or review.card_channel_id is None:
                await self.show(case, partial(self._post, review))
            else:
                edit = partial(self._desk.edit_review, review.card_channel_id, review.card_message_id)
                await self.show(case, edit)
        except (DeliveryRefused, MessageGone) as fault:
            log.warning("review not shown: %s", fault, extra={"job": review.job_id, "code": fault.code})
        await self._database.write(partial(review_cards.shown, review_id=review.id, rev=review.rev))

    async def _post(self, review: Review, exhibit: Exhibit) -> None:
        """Post it, where there is a place for it."""
        if review.decision is not None and review.card_tried_at is None:
            return  # decided before anybody was shown it
        channel_id = review.card_channel_id or await self._channel(review.member.guild_id)
        if channel_id is None:
            log.warning("no channel for reviews", extra={"job": review.job_id, "code": "no_review_channel"})
            return
        at, found, nonce = self._now(), None, review_nonce(review.id)
        if review.card_tried_at is not None and not self._nonces.holds(nonce, review.card_tried_at):
            found = await self._desk.find_review(channel_id, review)
            if found is None and review.decision is not None:
                return  # likewise
        if found is None:
            await self._database.write(
                partial(review_cards.tried, review_id=review.id, channel_id=channel_id, at=at)
            )
            self._nonces.tried(nonce)
            message_id = await self._desk.post_review(channel_id, exhibit)
            self._nonces.forget(nonce)
        else:
            message_id = found
        await self._database.write(partial(review_cards.posted, review_id=review.id, message_id=message_id))
        if review.card_tried_at is not None:
            # What was found, or given again for its nonce, shows the review as it was at an earlier try.
            await self._desk.edit_review(channel_id, message_id, exhibit)

    async def _remind(self, due: Sequence[Review]) -> bool:
        waiting: dict[GuildId, list[Review]] = {}
        for review in due:
            waiting.setdefault(review.member.guild_id, []).append(review)
        left = False
        for reviews in waiting.values():
            left |= not await self._tried(self._remind_of(reviews), reviews[0])
        return left

    async def _remind_of(self, reviews: Sequence[Review]) -> None:
        channel_id = await self._channel(reviews[0].member.guild_id)
        if channel_id is not None:
            try:
                await self._desk.remind(channel_id, Reminder(reviews=tuple(reviews)))
            except DeliveryRefused as refused:
                log.warning(
                    "nobody reminded: %s", refused, extra={"job": reviews[0].job_id, "code": refused.code}
                )
        for review in reviews:
            await self._database.write(partial(review_queue.reminded, review_id=review.id, at=self._now()))

    async def _tried(self, work: Awaitable[None], review: Review) -> bool:
        """Whether it was done; one review's fault, whatever it is, stops no other."""
        extra = {"job": review.job_id, "code": "review"}
        try:
            await work
        except DeliveryUnavailable as later:
            log.warning("review not shown yet: %s", later, extra=extra)
            return False
        except Exception:  # as above
            log.exception("review failed", extra=extra)
            return False
        return True

    async def _channel(self, guild_id: GuildId) -> ChannelId | None:
        named = await self._database.read(partial(places.get, guild_id=guild_id, purpose=Purpose.REVIEWS))
        return named or await self._desk.managers_channel(guild_id)

    def _until_due_s(self) -> float:
        most_s = LOOK_AT_LEAST_EVERY.total_seconds()
        due = self._next_at
        return most_s if due is None else min(most_s, max(0.0, (due - self._now()).total_seconds()))


class _Due(NamedTuple):
    """What is to be done now, and when something is due next if nothing is."""

    too_old: list[Review]
    stale: list[Review]
    to_remind: list[Review]
    next_at: datetime | None


def _due(at: datetime, tx: sqlite3.Connection) -> _Due:
    stale, next_at = review_cards.stale(tx, limit=AT_ONCE), review_queue.next_due(tx)
    if next_at is None or next_at > at:
        return _Due([], stale, [], next_at)
    return _Due(
        review_queue.too_old(tx, at=at, limit=AT_ONCE),
        stale,
        review_queue.to_remind(tx, at=at, limit=AT_ONCE),
        next_at,
    )
