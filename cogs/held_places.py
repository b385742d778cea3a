"""A place for which something is set: a channel, and all threads and posts in it."""

from typing import Any

import discord
from discord import app_commands

from bot.domain import ChannelId
from bot.errors import ChangeRefused
from bot.language import _
from cogs.answers import Interaction


class Held(app_commands.Transformer):
    """A channel that can have a limit, rules, gates, a pause: its threads and posts have the same."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.voice, kinds.stage_voice, kinds.forum]

    async def transform(self, interaction: Interaction, value: Any, /) -> Any:
        del interaction
        return value


def held_place(interaction: Interaction, chosen: Any | None) -> ChannelId:
    """The place that is meant: what was chosen, or where this is asked; of a thread or a post its channel.

    Raises:
        ChangeRefused: what was chosen is no channel of this server.
    """
    if chosen is not None:
        # A raw interaction may name what Discord has resolved to nothing.
        known = isinstance(chosen, app_commands.AppCommandChannel)
        if not known or chosen.guild_id != interaction.guild_id:
            raise ChangeRefused(_("There is no such channel here."), _("Choose one of this server."))
        return ChannelId(chosen.id)
    here = interaction.channel
    parent = here.parent_id if isinstance(here, discord.Thread) else interaction.channel_id
    return ChannelId(parent or 0)
