"""The moderators' channel as appeals are shown there."""

from typing import Any

import discord
from discord import ui

from bot import language
from bot.appeals import Appealed
from bot.domain import ChannelId, GuildId
from cogs.delivery import DiscordDelivery
from cogs.desk import appeal_card
from cogs.faults import faults


class DeskDelivery:
    """`bot.appeals.Board` through a signed-in client."""

    def __init__(self, client: discord.Client, delivery: DiscordDelivery) -> None:
        self._client = client
        self._delivery = delivery

    async def tell_appeal(self, channel_id: ChannelId, appealed: Appealed) -> None:
        """See `Board.tell_appeal`."""
        view = ui.LayoutView(timeout=None)
        with self._language_of(appealed.sanction.guild_id):
            view.add_item(appeal_card(appealed))
        with faults(self._client):
            await self._channel(channel_id).send(view=view, nonce=f"a{appealed.sanction.id}")

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """See `Board.managers_channel`."""
        return await self._delivery.managers_channel(guild_id)

    def _language_of(self, guild_id: GuildId) -> Any:
        guild = self._client.get_guild(guild_id)
        return language.use(None if guild is None else guild.preferred_locale.value)

    def _channel(self, channel_id: ChannelId) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id)
