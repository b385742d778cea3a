"""Which language those read who see a message of ours that nobody has asked for by a press."""

from contextlib import AbstractContextManager

import discord

from bot import language
from bot.domain import ChannelId, GuildId, Job


def of_server(client: discord.Client, guild_id: GuildId) -> AbstractContextManager[None]:
    """Speak the language that a server has chosen."""
    guild = client.get_guild(guild_id)
    return language.use(None if guild is None else guild.preferred_locale.value)


def of_job(
    client: discord.Client, job: Job, channel_id: ChannelId | None = None
) -> AbstractContextManager[None]:
    """Speak as those read who see an order in its channel, or in `channel_id`.

    All read a card: it speaks the server's language, and its orderer's only in direct messages and where a
    server cannot choose. Discord lets communities choose alone, and calls every other server American.
    """
    guild = client.get_guild(job.order.member.guild_id)
    if guild is None or "COMMUNITY" not in guild.features:
        return of_orderer(job)
    elsewhere = channel_id not in {None, job.order.channel_id}
    if elsewhere and guild.get_channel_or_thread(channel_id or 0) is None:
        return of_orderer(job)  # the ladder has led out of the server
    return language.use(guild.preferred_locale.value)


def of_orderer(job: Job) -> AbstractContextManager[None]:
    """Speak the language of the member who ordered, as Discord named it with the order."""
    return language.use(job.order.locale)
