"""A channel that a manager has chosen: can this bot post there, and is it hidden where it has to be?"""

import discord

from bot.domain import FaultKind
from bot.errors import ChangeRefused, OrderRefused
from bot.language import _
from cogs.answers import Interaction
from cogs.posting_place import missing

_POSTS_IN = (discord.ChannelType.text, discord.ChannelType.news)


def check_may_post(interaction: Interaction, channel: discord.TextChannel) -> None:
    """Return if we may post clips there.

    Raises:
        OrderRefused: names what is missing.
    """
    guild = interaction.guild
    here = None if guild is None else guild.get_channel(channel.id)
    if guild is None or here is None or here.type not in _POSTS_IN:
        raise OrderRefused(
            _("Nothing can be posted in that channel."),
            _("Choose a text channel that this bot can see."),
            kind=FaultKind.PERMISSIONS,
        )
    if lacks := missing(here, here.permissions_for(guild.me)):
        raise OrderRefused(
            _("This bot may not post there; it lacks: {names}.").format(names=", ".join(lacks)),
            _("Allow it in that channel's settings, or choose another channel."),
            kind=FaultKind.PERMISSIONS,
        )


def check_private(interaction: Interaction, channel: discord.TextChannel) -> None:
    """Return if we may post there, and not everybody would see what moderators are to see.

    Raises:
        OrderRefused, ChangeRefused: names what is wrong.
    """
    check_may_post(interaction, channel)
    guild = interaction.guild
    here = None if guild is None else guild.get_channel(channel.id)
    if guild is not None and here is not None and here.permissions_for(guild.default_role).view_channel:
        raise ChangeRefused(
            _("Everybody can see that channel, and would see what is not to be shown."),
            _("Hide it from @everyone in its settings, or choose another channel."),
            kind=FaultKind.PERMISSIONS,
        )
