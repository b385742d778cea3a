"""The galleries of servers, in Discord."""

from typing import Any

import discord

from bot.clips.gallery import GalleryPost
from bot.delivery import Post
from bot.domain import ChannelId, Job, MessageId
from bot.errors import DeliveryUnavailable
from cogs.audience import is_wider
from cogs.channels import find_ours, from_about, marked, writable
from cogs.delivery import DiscordDelivery, opened
from cogs.faults import faults
from cogs.library_buttons import hung_mark
from cogs.library_views import hung_view


class DiscordWall:
    """`bot.clips.gallery.Wall` through a signed-in client."""

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
        return not is_wider(guild, gallery, place)

    async def hang(self, post: Post, stars: int) -> MessageId:
        """See `Wall.hang`."""
        with self._delivery.language_of(post.job):
            view = hung_view(post, stars, shown=True)
            files = [] if post.path is None else [await opened(post.path, post.job, post.label)]
        channel = writable(self._client, post.channel_id)
        with faults(self._client):
            message = await channel.send(view=view, files=files, nonce=f"g{post.job.id}")
        return MessageId(message.id)

    async def find_hung(self, post: GalleryPost) -> MessageId | None:
        """See `Wall.find_hung`."""
        since = from_about(post.due_at)
        return await find_ours(self._client, post.channel_id, since, marked(hung_mark(post.job_id)))

    async def rehang(self, post: Post, message_id: MessageId, stars: int, *, shown: bool) -> None:
        """See `Wall.rehang`."""
        message = writable(self._client, post.channel_id).get_partial_message(message_id)
        with self._delivery.language_of(post.job):
            view = hung_view(post, stars, shown=shown)
            files = [] if post.path is None else [await opened(post.path, post.job, post.label)]
        with faults(self._client):
            await message.edit(view=view, attachments=files, allowed_mentions=discord.AllowedMentions.none())

    async def delete_message(self, channel_id: ChannelId, message_id: MessageId) -> bool:
        """See `Screen.delete_message`."""
        return await self._delivery.delete_message(channel_id, message_id)
