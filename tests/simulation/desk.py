"""The moderators' channel, which may be as hard to reach as any. It is `bot.moderation.reviewing.Desk`."""

from collections.abc import Callable
from typing import TypeVar

from bot.domain import ChannelId, GuildId, MessageId
from bot.errors import DeliveryUnavailable
from bot.moderation.reviewing import Exhibit, Reminder
from storage.reviews import Review
from tests.simulation.sky import Sky, WentWrong, across

T = TypeVar("T")

MODERATORS = ChannelId(40)


class SimulatedDesk:
    """Keeps the messages of reviews, each once."""

    def __init__(self, sky: Sky) -> None:
        self.messages: dict[str, MessageId] = {}
        self.reminders = 0
        self._sky = sky

    async def post_review(self, channel_id: ChannelId, exhibit: Exhibit) -> MessageId:
        del channel_id
        return await self._call("post review", lambda: self._post(exhibit.case.review.id))

    async def edit_review(self, channel_id: ChannelId, message_id: MessageId, exhibit: Exhibit) -> None:
        del channel_id, message_id
        await self._call("edit review", lambda: self._post(exhibit.case.review.id))

    async def find_review(self, channel_id: ChannelId, review: Review) -> MessageId | None:
        del channel_id
        return await self._call("find review", lambda: self.messages.get(review.id))

    async def remind(self, channel_id: ChannelId, reminder: Reminder) -> None:
        del channel_id

        def reminded() -> None:
            self.reminders += len(reminder.reviews)

        await self._call("remind", reminded)

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        del guild_id
        return MODERATORS

    def _post(self, review_id: str) -> MessageId:
        return self.messages.setdefault(review_id, MessageId(700_000 + len(self.messages)))

    async def _call(self, call: str, work: Callable[[], T]) -> T:
        try:
            return await across(self._sky, "moderators", call, work)
        except WentWrong as wrong:
            raise DeliveryUnavailable(str(wrong)) from wrong
