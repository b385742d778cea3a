"""The channels that we write to, and our own messages looked for in them: did an earlier try get through?"""

from collections.abc import Callable
from datetime import datetime, timedelta

import discord

from bot.domain import ChannelId, GuildId, MessageId
from bot.errors import DeliveryRefused, DeliveryUnavailable
from cogs.buttons import custom_ids
from cogs.faults import UNKNOWN_MESSAGE, faults

HISTORY_MAX = 2_000
"""20 requests, and hours of a busy channel."""

CLOCKS_APART = timedelta(minutes=10)
"""Ours may be so much ahead of Discord's, where only ours says since when a message may stand."""

Wanted = Callable[[discord.Message], bool]


def signed_in(client: discord.Client) -> discord.Client:
    """The client, which can be asked something now.

    Raises:
        DeliveryUnavailable: it cannot.
    """
    if client.user is None or client.is_closed():
        raise DeliveryUnavailable("not signed in to Discord")
    return client


def writable(client: discord.Client, channel_id: ChannelId) -> discord.PartialMessageable:
    """A channel to write to and to look into, which nobody has to have seen before.

    Raises:
        DeliveryUnavailable: we are not signed in.
    """
    return signed_in(client).get_partial_messageable(channel_id)


def managers_channel(client: discord.Client, guild_id: GuildId) -> ChannelId | None:
    """The channel that a server has named to Discord for warnings, or for its updates."""
    guild = client.get_guild(guild_id)
    channel = None if guild is None else guild.safety_alerts_channel or guild.public_updates_channel
    return None if channel is None else ChannelId(channel.id)


def from_about(at: datetime) -> discord.Object:
    """A little before a moment of our clock, as the id that a message of then would have."""
    return discord.Object(discord.utils.time_snowflake(at - CLOCKS_APART))


def marked(mark: str) -> Wanted:
    """Whether a message has this `custom_id`."""
    return lambda message: mark in custom_ids(message.components)


async def find_ours(
    client: discord.Client,
    channel_id: ChannelId,
    since: discord.Object,
    wanted: Wanted,
    *,
    messages_max: int = HISTORY_MAX,
) -> MessageId | None:
    """The first message of ours after `since` that is the wanted one; None where it certainly is not there.

    For an order `since` is its command's own id: by Discord's clock, however wrong ours may be.

    Raises:
        DeliveryRefused: nobody can say: the history is closed to us, or there are `messages_max` and more.
        DeliveryUnavailable: ask again later.
    """
    channel, us = writable(client, channel_id), client.user
    seen = 0
    with faults(client):
        async for message in channel.history(after=since, limit=messages_max, oldest_first=True):
            seen += 1
            if message.author == us and wanted(message):
                return MessageId(message.id)
        if seen == messages_max:
            raise DeliveryRefused(f"{messages_max} messages and more since then; nobody can look")
        if seen == 0:
            await _prove_readable(channel, since)
    return None


async def _prove_readable(channel: discord.PartialMessageable, since: discord.Object) -> None:
    """Without Read Message History Discord shows an empty list, which must not be taken for "not there".

    Asking for one message is refused without that permission; with it, there is just no such message.
    """
    try:
        await channel.fetch_message(since.id)
    except discord.NotFound as gone:
        if gone.code != UNKNOWN_MESSAGE:
            raise
