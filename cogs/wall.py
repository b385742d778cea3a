"""The galleries of servers, in Discord."""

from datetime import timedelta
from typing import Any

import discord

from bot.delivery import Post
from bot.domain import ChannelId, Job, MessageId
from bot.errors import DeliveryRefused, DeliveryUnavailable
from bot.gallery import GalleryPost
from cogs.buttons import custom_ids
from cogs.delivery import DiscordDelivery, opened
from cogs.faults import faults
from cogs.library_buttons import hung_mark
from cogs.library_views import hung_view

HISTORY_MAX = 2_000

_EARLIER = timedelta(minutes=5)
"""Our clock may be ahead of Discord's by so much."""


class DiscordWall:
    """`bot.gallery.Wall` through a signed-in client."""

    def __init__(self, client: discord.Client, delivery: DiscordDelivery) -> None:
        self._client = client
        self._delivery = delivery

    async def may_hang(self, job: Job, channel_id: ChannelId) -> bool:
        """See `Wall.may_hang`: every role that sees the gallery has to see the clip's own channel."""
        guild = self._client.get_guild(job.order.member.guild_id)
        if guild is None or job.clip_channel_id is None:
            raise DeliveryUnavailable("the server is not known yet")
        gallery = guild.get_channel(channel_id)
        place: Any = guild.get_channel_or_thread(job.clip_channel_id)
        if gallery is None:
            return False
        if place is None:
            with faults(self._client):
                try:
                    place = await guild.fetch_channel(job.clip_channel_id)
                except (discord.NotFound, discord.Forbidden, discord.InvalidData):
                    return False
        if isinstance(place, discord.Thread):
            if place.is_private() or place.parent is None:
                return False
            place = place.parent
        if place.is_nsfw() and not getattr(gallery, "is_nsfw", lambda: False)():
            return False
        return all(
            place.permissions_for(role).view_channel
            for role in guild.roles
            if gallery.permissions_for(role).view_channel
        )

    async def hang(self, post: Post, stars: int) -> MessageId:
        """See `Wall.hang`."""
        with self._delivery.language_of(post.job):
            view = hung_view(post, stars, shown=True)
            files = [] if post.path is None else [await opened(post.path, post.job, post.label)]
        channel = self._client.get_partial_messageable(post.channel_id)
        with faults(self._client):
            message = await channel.send(view=view, files=files, nonce=f"g{post.job.id}")
        return MessageId(message.id)

    async def find_hung(self, post: GalleryPost) -> MessageId | None:
        """See `Wall.find_hung`."""
        channel = self._client.get_partial_messageable(post.channel_id)
        mark, us = hung_mark(post.job_id), self._client.user
        seen = 0
        with faults(self._client):
            async for message in channel.history(
                after=post.due_at - _EARLIER, limit=HISTORY_MAX, oldest_first=True
            ):
                seen += 1
                if message.author == us and mark in custom_ids(message.components):
                    return MessageId(message.id)
        if seen == HISTORY_MAX:
            raise DeliveryRefused(f"{HISTORY_MAX} messages and more since then; nobody can look")
        if seen == 0 and not self._may_look(post.channel_id):
            raise DeliveryRefused("the history may not be read")
        return None

    async def rehang(self, post: Post, message_id: MessageId, stars: int, *, shown: bool) -> None:
        """See `Wall.rehang`."""
        message = self._client.get_partial_messageable(post.channel_id).get_partial_message(message_id)
        with self._delivery.language_of(post.job):
            view = hung_view(post, stars, shown=shown)
            files = [] if post.path is None else [await opened(post.path, post.job, post.label)]
        with faults(self._client):
            await message.edit(view=view, attachments=files, allowed_mentions=discord.AllowedMentions.none())

    async def delete_message(self, channel_id: ChannelId, message_id: MessageId) -> bool:
        """See `Screen.delete_message`."""
        return await self._delivery.delete_message(channel_id, message_id)

    def _may_look(self, channel_id: ChannelId) -> bool:
        """Without Read Message History Discord shows an empty list, which is not "not there"."""
        channel: Any = self._client.get_channel(channel_id)
        me = None if channel is None else channel.guild.me
        return me is not None and bool(channel.permissions_for(me).read_message_history)
