"""Posts a finished clip exactly once, whatever happened to the tries before (DESIGN section 5)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.cards import NONCE_HOLDS, Cards
from bot.delivery import Delivery, Post
from bot.domain import Clip, Job, MessageId
from bot.errors import DeliveryRefused
from storage import jobs
from storage.database import Database


class Posting:
    """The one way a clip gets into a channel."""

    def __init__(
        self, database: Database, cards: Cards, delivery: Delivery, *, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._cards = cards
        self._delivery = delivery
        self._now = now

    async def post(self, job: Job, clip: Clip) -> MessageId:
        """The message that shows the clip: posted now, or found where an earlier try had put it.

        Raises:
            DeliveryUnavailable: try again later.
            DeliveryRefused, ClipTooLarge, MessageGone: this place will not have it.
        """
        at = self._now()
        channel_id = job.order.channel_id
        if job.clip_tried_at is not None and not at - NONCE_HOLDS < job.clip_tried_at <= at:
            try:
                found = await self._delivery.find_clip(channel_id, job)
            except DeliveryRefused:
                # The history is closed to us, so nobody can tell whether the clip is there. The card can
                # carry it instead: an edit can be repeated for ever.
                return await self._on_the_card(job, clip)
            if found is not None:
                return found
        await self._database.write(partial(jobs.clip_tried, job_id=job.id, channel_id=channel_id, at=at))
        card = await self._cards.card(job)
        return await self._delivery.post_clip(
            Post(job=job, clip=clip, model_name=card.model_name, label=card.label, play_money=card.play_money)
        )

    async def _on_the_card(self, job: Job, clip: Clip) -> MessageId:
        if job.card_message_id is None:
            raise DeliveryRefused("the clip may be posted already, and nobody can look")
        await self._cards.carry(job, clip.path)
        return job.card_message_id
