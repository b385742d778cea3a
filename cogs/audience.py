"""Who sees a channel: does anybody see one who does not see another?"""

from typing import Any

import discord

from bot.domain import ChannelId, Job
from cogs.faults import faults


def is_wider(guild: discord.Guild, there: Any, here: Any) -> bool:
    """Whether a role sees the channel `there` that may not see the channel or thread `here`.

    A private thread is narrower than anything, and a channel for adults than one that is not.
    """
    if isinstance(here, discord.Thread):
        if here.is_private() or here.parent is None:
            return True
        here = here.parent
    if here.is_nsfw() and not getattr(there, "is_nsfw", lambda: False)():
        return True
    return not all(
        here.permissions_for(role).view_channel
        for role in guild.roles
        if there.permissions_for(role).view_channel
    )


async def leads_wider(client: discord.Client, job: Job, channel_id: ChannelId) -> bool:
    """Whether more people see a channel of its server than the one in which a job was ordered.

    Of a place that is gone nobody can say who saw it: then the next one is as good as any.

    Raises:
        DeliveryUnavailable: Discord cannot be asked now.
    """
    guild = client.get_guild(job.order.member.guild_id)
    if guild is None or channel_id == job.order.channel_id:
        return False
    with faults(client):
        try:
            there = await _found(guild, channel_id)
            here = await _found(guild, job.order.channel_id)
            if isinstance(here, discord.Thread) and not here.is_private() and here.parent is None:
                here = await _found(guild, here.parent_id)
        except discord.NotFound:
            return False
        except (discord.Forbidden, discord.InvalidData):
            return True
    return is_wider(guild, there, here)


async def _found(guild: discord.Guild, channel_id: int) -> Any:
    """A channel or thread; an archived thread is in no cache."""
    return guild.get_channel_or_thread(channel_id) or await guild.fetch_channel(channel_id)
