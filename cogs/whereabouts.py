"""Where somebody asks: in a server of ours, in direct messages, or where the bot may answer and no more."""

from datetime import datetime
from enum import Enum, auto
from typing import Any

import discord

from bot.domain import NO_CHANNEL, NOWHERE, ChannelId, GuildId, Member, UserId
from bot.errors import NotYours
from bot.language import _

_MARKED = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
    discord.Thread,
)


class Where(Enum):
    """What the bot can do where somebody asks.

    A `SERVER` has it as a member. In `DIRECT` messages with it, it can post too. `ASIDE` is a server that it
    is no member of, or a conversation of others: whoever has installed it for themselves can use its commands
    there, and it can only answer them, for Discord's 15 minutes.
    """

    SERVER = auto()
    DIRECT = auto()
    ASIDE = auto()


def where(interaction: discord.Interaction[Any]) -> Where:
    """Where an interaction comes from, by whose installation of the bot it came."""
    if interaction.guild_id is not None:
        alone = interaction.is_user_integration() and not interaction.is_guild_integration()
        return Where.ASIDE if alone else Where.SERVER
    return Where.ASIDE if interaction.context.private_channel else Where.DIRECT


def member_of(interaction: discord.Interaction[Any]) -> Member:
    """Who did it, and in which server.

    Raises:
        NotYours: outside servers, where the operator does not allow that.
    """
    user_id = UserId(interaction.user.id)
    if interaction.guild_id is not None and where(interaction) is Where.SERVER:
        return Member(guild_id=GuildId(interaction.guild_id), user_id=user_id)
    client: Any = interaction.client
    if not client.direct_messages:
        raise NotYours(_("This works in servers only."), _("Use it in a channel of a server with this bot."))
    return Member(guild_id=NOWHERE, user_id=user_id)


def has_business(interaction: discord.Interaction[Any]) -> bool:
    """Whether anything can be ordered or found where they ask, as `member_of` says."""
    try:
        member_of(interaction)
    except NotYours:
        return False
    return True


def roles_of(interaction: discord.Interaction[Any]) -> list[int]:
    """Their roles, as Discord says with this interaction; none outside servers of ours."""
    user = interaction.user
    if not isinstance(user, discord.Member) or where(interaction) is not Where.SERVER:
        return []
    return [role.id for role in user.roles]


def channel_of(interaction: discord.Interaction[Any]) -> ChannelId:
    """The channel in which what comes of it can be posted."""
    if where(interaction) is Where.ASIDE or interaction.channel_id is None:
        return NO_CHANNEL
    return ChannelId(interaction.channel_id)


def timed_out_until(interaction: discord.Interaction[Any]) -> datetime | None:
    """Until when Discord has silenced the presser in this server, as it said with the press."""
    user = interaction.user
    return user.timed_out_until if isinstance(user, discord.Member) else None


def is_age_restricted(channel: object) -> bool:
    """Whether Discord marks a channel, or the one that a thread is of, as for adults."""
    return bool(channel.is_nsfw()) if isinstance(channel, _MARKED) else False
