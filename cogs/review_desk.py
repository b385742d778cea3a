"""Reviews into the moderators' channel, each one message; see `bot.moderation.reviewing.Desk`."""

import asyncio

import discord

from bot.domain import ChannelId, GuildId, MessageId
from bot.moderation.reviewing import Exhibit, Reminder, reminder_nonce, review_nonce
from bot.reviews import Review
from cogs import readers
from cogs.channels import find_ours, from_about, managers_channel, marked, writable
from cogs.faults import faults
from cogs.review_card import reminder_view, review_files, review_mark, review_view

_NOBODY = discord.AllowedMentions.none()


class ReviewDesk:
    """`bot.moderation.reviewing.Desk` through a signed-in client."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def post_review(self, channel_id: ChannelId, exhibit: Exhibit) -> MessageId:
        """See `Desk.post_review`."""
        review = exhibit.case.review
        with readers.of_server(self._client, review.member.guild_id):
            view, files = review_view(exhibit), await opened_files(exhibit)
        with faults(self._client):
            message = await writable(self._client, channel_id).send(
                view=view, files=files, nonce=review_nonce(review.id), allowed_mentions=_NOBODY
            )
        return MessageId(message.id)

    async def edit_review(self, channel_id: ChannelId, message_id: MessageId, exhibit: Exhibit) -> None:
        """See `Desk.edit_review`."""
        with readers.of_server(self._client, exhibit.case.review.member.guild_id):
            view, files = review_view(exhibit), await opened_files(exhibit)
        message = writable(self._client, channel_id).get_partial_message(message_id)
        with faults(self._client):  # what was decided is looked at no more: its files go with the edit
            await message.edit(view=view, attachments=files, allowed_mentions=_NOBODY)

    async def find_review(self, channel_id: ChannelId, review: Review) -> MessageId | None:
        """See `Desk.find_review`."""
        since = from_about(review.asked_at)
        return await find_ours(self._client, channel_id, since, marked(review_mark(review.id)))

    async def remind(self, channel_id: ChannelId, reminder: Reminder) -> None:
        """See `Desk.remind`. Whoever has taken a review upon themselves is pinged, and nobody else."""
        first = reminder.reviews[0]
        assigned = {one.assigned_to for one in reminder.reviews if one.assigned_to is not None}
        pinged = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(one) for one in assigned]
        )
        with readers.of_server(self._client, first.member.guild_id):
            view = reminder_view(reminder)
        with faults(self._client):
            await writable(self._client, channel_id).send(
                view=view, nonce=reminder_nonce(first.id), allowed_mentions=pinged
            )

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """See `Desk.managers_channel`."""
        return managers_channel(self._client, guild_id)


async def opened_files(exhibit: Exhibit) -> list[discord.File]:
    """The files of a review, opened off the loop; each is behind a spoiler in its view."""
    return [
        await asyncio.to_thread(discord.File, path, name, description=alt)
        for path, name, alt in review_files(exhibit)
    ]
