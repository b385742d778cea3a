"""Reviews into the moderators' channel, each one message; see `bot.reviewing.Desk`."""

import asyncio
from datetime import timedelta

import discord

from bot.domain import ChannelId, GuildId, MessageId
from bot.errors import DeliveryRefused, DeliveryUnavailable
from bot.reviewing import Exhibit, Reminder, reminder_nonce, review_nonce
from bot.reviews import Review
from cogs import readers
from cogs.buttons import custom_ids
from cogs.delivery import HISTORY_MAX, _prove_readable
from cogs.faults import faults
from cogs.review_card import reminder_view, review_files, review_mark, review_view

_CLOCKS_APART = timedelta(minutes=10)
"""Ours may be so much ahead of Discord's when it says since when to look."""

_NOBODY = discord.AllowedMentions.none()


class ReviewDesk:
    """`bot.reviewing.Desk` through a signed-in client.

    Args:
        history_max: how many messages are read when looking for one of ours.
    """

    def __init__(self, client: discord.Client, *, history_max: int = HISTORY_MAX) -> None:
        self._client = client
        self._history_max = history_max

    async def post_review(self, channel_id: ChannelId, exhibit: Exhibit) -> MessageId:
        """See `Desk.post_review`."""
        review = exhibit.case.review
        with readers.of_server(self._client, review.member.guild_id):
            view, files = review_view(exhibit), await opened_files(exhibit)
        with faults(self._client):
            message = await self._channel(channel_id).send(
                view=view, files=files, nonce=review_nonce(review.id), allowed_mentions=_NOBODY
            )
        return MessageId(message.id)

    async def edit_review(self, channel_id: ChannelId, message_id: MessageId, exhibit: Exhibit) -> None:
        """See `Desk.edit_review`."""
        with readers.of_server(self._client, exhibit.case.review.member.guild_id):
            view, files = review_view(exhibit), await opened_files(exhibit)
        message = self._channel(channel_id).get_partial_message(message_id)
        with faults(self._client):  # what was decided is looked at no more: its files go with the edit
            await message.edit(view=view, attachments=files, allowed_mentions=_NOBODY)

    async def find_review(self, channel_id: ChannelId, review: Review) -> MessageId | None:
        """See `Desk.find_review`."""
        channel = self._channel(channel_id)
        us, mark = self._client.user, review_mark(review.id)
        since = discord.Object(discord.utils.time_snowflake(review.asked_at - _CLOCKS_APART))
        seen = 0
        with faults(self._client):
            async for message in channel.history(after=since, limit=self._history_max, oldest_first=True):
                seen += 1
                if message.author == us and mark in custom_ids(message.components):
                    return MessageId(message.id)
            if seen == self._history_max:
                raise DeliveryRefused(f"{self._history_max} messages and more since then; nobody can look")
            if seen == 0:
                await _prove_readable(channel, since)
        return None

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
            await self._channel(channel_id).send(
                view=view, nonce=reminder_nonce(first.id), allowed_mentions=pinged
            )

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """See `Desk.managers_channel`."""
        guild = self._client.get_guild(guild_id)
        channel = None if guild is None else guild.safety_alerts_channel or guild.public_updates_channel
        return None if channel is None else ChannelId(channel.id)

    def _channel(self, channel_id: ChannelId) -> discord.PartialMessageable:
        if self._client.user is None or self._client.is_closed():
            raise DeliveryUnavailable("not signed in to Discord")
        return self._client.get_partial_messageable(channel_id)


async def opened_files(exhibit: Exhibit) -> list[discord.File]:
    """The files of a review, opened off the loop; each is behind a spoiler in its view."""
    return [
        await asyncio.to_thread(discord.File, path, name, description=alt)
        for path, name, alt in review_files(exhibit)
    ]
