"""What a member sees of their server: asked of Discord's own permissions, anew at every interaction."""

from typing import Any

import discord

from bot.domain import ChannelId, Job, JobState
from cogs.answers import Interaction
from cogs.whereabouts import member_of

FETCHED_MAX = 5
"""Threads that are archived are in no cache. So many of them are asked for; the others count as not seen."""


class MemberSight:
    """`bot.clips.library.Sight` of the one who has pressed or typed.

    Args:
        fetches: whether threads that are not known may be asked for; an autocomplete has no time for it.
    """

    def __init__(self, interaction: Interaction, *, fetches: bool = True) -> None:
        self._interaction = interaction
        self._left = FETCHED_MAX if fetches else 0
        self._known: dict[ChannelId, bool] = {}

    async def sees(self, channel_id: ChannelId) -> bool:
        """See `Sight.sees`."""
        if channel_id not in self._known:
            self._known[channel_id] = await self._looked(channel_id)
        return self._known[channel_id]

    async def _looked(self, channel_id: ChannelId) -> bool:
        guild, user = self._interaction.guild, self._interaction.user
        if self._interaction.channel_id == channel_id:
            return True
        if guild is None or not isinstance(user, discord.Member):
            return False
        channel: Any = guild.get_channel_or_thread(channel_id)
        if channel is None and self._left > 0:
            self._left -= 1
            try:
                channel = await guild.fetch_channel(channel_id)
            except (discord.HTTPException, discord.InvalidData):
                return False
        return channel is not None and self._may_read(channel, user)

    def _may_read(self, channel: Any, user: discord.Member) -> bool:
        place = channel
        if isinstance(channel, discord.Thread):
            place = channel.parent
            if place is None:
                return False
            if channel.is_private() and not place.permissions_for(user).manage_threads:
                return False  # who is in it sees its clips there, and nowhere else
        if _restricted(channel) and not _restricted(self._interaction.channel):
            return False
        may = place.permissions_for(user)
        return bool(may.view_channel and may.read_message_history)


async def sees_clip(interaction: Interaction, job: Job) -> bool:
    """Whether a member may see the clip of a job of their own server, wherever they are in it now."""
    if job.order.member == member_of(interaction):
        return True
    if job.state is not JobState.POSTED or job.clip_channel_id is None:
        return False
    return await MemberSight(interaction).sees(job.clip_channel_id)


def _restricted(channel: Any) -> bool:
    """Whether a channel is for adults only."""
    asked = getattr(channel, "is_nsfw", None)
    return bool(asked()) if asked is not None else False
