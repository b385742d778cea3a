"""What each step of the deleting of a clip does. Every one is safe to take twice; its answer is a code."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.clips.cards import Cards
from bot.clips.showing import Screen, own_post_taken_away
from bot.domain import RESTING, ChannelId, ClipState, Job, JobId, MessageId
from bot.errors import ClipTooLarge, DeliveryRefused, DeliveryUnavailable, MessageGone
from bot.moderation.hashes import Hashes
from bot.moderation.lookalikes import Lookalikes
from bot.moderation.takedowns import PICTURED, picture_id_of
from bot.offers.reach import reached
from bot.ordering.material import last_frame_id, unlink_picture
from bot.providers.protocol import Provider
from storage import answers, clip_looks, clips, copies, jobs, pictures, stars, takedowns
from storage.database import Database
from storage.removals import Step
from storage.stars import Hanging

_SEEN_OR_KEPT = frozenset({ClipState.SHOWN, ClipState.HIDDEN, ClipState.EXPIRED})


class RemovalSteps:
    """Takes steps.

    Args:
        hashes: says what may not come back.
        reviews: removes what moderators were shown of a clip.
        lookalikes: names clips that look like one that is taken down; without it nobody looks.
        folder: of the clips.
        thumbnails: the folder of their small pictures.
        frames: the folder of the pictures that orders start from: a clip's last frame is one.
    """

    def __init__(
        self,
        database: Database,
        cards: Cards,
        screen: Screen,
        providers: Mapping[str, Provider],
        hashes: Hashes,
        *,
        reviews: Callable[[Job], Awaitable[str]] | None,
        lookalikes: Lookalikes | None = None,
        folder: Path,
        thumbnails: Path,
        frames: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._cards = cards
        self._screen = screen
        self._providers = providers
        self._hashes = hashes
        self._reviews = reviews
        self._lookalikes = lookalikes
        self._folder = folder
        self._thumbnails = thumbnails
        self._frames = frames
        self._now = now

    async def take(self, job: Job, step: Step) -> str:
        """Take one step; what came of it.

        Raises:
            DeliveryUnavailable, ProviderError, OSError: it is to be tried again.
        """
        match step:
            case Step.LINKS:
                return "dead"  # they look at the clip's state, which was written with these rows
            case Step.CLIP_MESSAGE:
                return await self._clip_message(job)
            case Step.CARD:
                return await self._card(job)
            case Step.GALLERY:
                return await self._gallery(job)
            case Step.REVIEWS:
                return "never posted" if self._reviews is None else await self._reviews(job)
            case Step.COPIES:
                return await self._copies(job)
            case Step.PROVIDER:
                if job.ticket is None:
                    return "never there"
                await reached(self._providers, job).delete(job.ticket)
                return "deleted"
            case Step.HASHES:
                return await self._hashes.describe(job)
            case Step.PICTURE:
                return await self._picture(job)
            case Step.FILE:
                await self._last_frame(job)
                await self._database.write(partial(clip_looks.forget, job_id=job.id))
                return await asyncio.to_thread(_unlinked, self._folder, job.id)
            case Step.THUMBNAIL:
                return await asyncio.to_thread(_unlinked, self._thumbnails, job.id)
            case Step.ALIKE:
                return "looked" if self._lookalikes is None else await self._lookalikes.name(job)

    async def _last_frame(self, job: Job) -> None:
        """What an animation of the clip's end started from, in every shape that was made of it."""
        frame = last_frame_id(job.id)
        await asyncio.to_thread(unlink_picture, self._frames, frame)
        await self._database.write(partial(pictures.forget, picture_id=frame))

    async def _picture(self, job: Job) -> str:
        """What a member gave for the order, in every shape, where the take-down is about who is in it."""
        found = await self._database.read(partial(takedowns.of, job_id=job.id))
        picture_id = picture_id_of(job.order.source)
        if picture_id is None:
            return "never there"
        if found is None or found.cause not in PICTURED:
            return "kept"
        await asyncio.to_thread(unlink_picture, self._frames, picture_id)
        await self._database.write(partial(pictures.forget, picture_id=picture_id))
        return "deleted"

    async def _clip_message(self, job: Job) -> str:
        if job.clip_message_id is None or job.is_on_card:
            return await own_post_taken_away(self._screen, job)
        if job.clip_channel_id is None or job.clip_message_id == job.card_message_id:
            return "on the card"
        return await self._deleted(job.clip_channel_id, job.clip_message_id)

    async def _card(self, job: Job) -> str:
        """The card goes when no take of its order is left to be seen; else it says what was deleted."""
        if job.card_message_id is None:
            if 0 <= job.card_rev < job.rev:  # given up; it ended with this
                self._cards.touch(job.id)
            return "never posted"
        states = await self._database.read(partial(clips.states_of, order_id=job.order_id))
        takes = await self._database.read(partial(jobs.of_order, order_id=job.order_id))
        left = [take for take in takes if take.state not in RESTING or states.get(take.id) in _SEEN_OR_KEPT]
        if not left or job.clip_message_id == job.card_message_id:
            result = await self._deleted(job.order.channel_id, job.card_message_id)
            if job.card_rev < job.rev:  # it was withheld, and ended with this
                self._cards.touch(job.id)
            return result
        try:
            await self._cards.refresh(job.id)
        except (DeliveryRefused, MessageGone, ClipTooLarge) as fault:
            self._cards.touch(job.id)  # given up there; it would be looked at by every start else
            return f"refused: {fault.code}"
        return "edited"

    async def _gallery(self, job: Job) -> str:
        """The gallery's own duty deletes there, as it is the one that posts; this waits for it."""
        post = await self._database.read(partial(stars.post, job_id=job.id))
        match None if post is None else post.state:
            case None:
                return "never posted"
            case Hanging.GONE:
                return "deleted"
            case Hanging.REFUSED:
                return "refused: gallery"
            case Hanging.DUE | Hanging.SHOWN | Hanging.HIDDEN:
                raise DeliveryUnavailable("the gallery still has it")

    async def _copies(self, job: Job) -> str:
        """Empty the answers that show it to one person alone, as long as Discord lets us edit them."""
        at = self._now()
        tokens = await self._database.read(partial(copies.of, job_id=job.id, at=at))
        own = partial(answers.get, interaction_id=job.order.interaction_id, at=at)
        token = await self._database.read(own) if job.order.private else None
        if token is not None:
            tokens.append((job.order.interaction_id, token))
        gone = 0
        for interaction_id, one in tokens:
            gone += await self._screen.take_back(job, one)
            await self._database.write(partial(copies.taken_back, interaction_id=interaction_id))
        return f"deleted: {gone}" if tokens else "never posted"

    async def _deleted(self, channel_id: ChannelId, message_id: MessageId) -> str:
        try:
            there = await self._screen.delete_message(channel_id, message_id)
        except DeliveryRefused as refused:
            return f"refused: {refused.code}"  # the channel is closed to us: a moderator can still delete it
        return "deleted" if there else "gone before"


def _unlinked(folder: Path, job_id: JobId) -> str:
    found = [path for path in folder.glob(f"{job_id}.*") if path.is_file()]
    for path in found:
        path.unlink(missing_ok=True)
    return "deleted" if found else "not there"
