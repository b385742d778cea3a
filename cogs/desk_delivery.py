"""The moderators' channel as appeals are shown there."""

import discord
from discord import ui

from bot.domain import ChannelId, GuildId
from bot.moderation.appeals import Appealed
from cogs import readers
from cogs.channels import writable
from cogs.delivery import DiscordDelivery
from cogs.desk import appeal_card
from cogs.faults import faults


class DeskDelivery:
    """`bot.moderation.appeals.Board` through a signed-in client."""

    def __init__(self, client: discord.Client, delivery: DiscordDelivery) -> None:
        self._client = client
        self._delivery = delivery

    async def tell_appeal(self, channel_id: ChannelId, appealed: Appealed) -> None:
        """See `Board.tell_appeal`."""
        view = ui.LayoutView(timeout=None)
        with readers.of_server(self._client, appealed.sanction.guild_id):
            view.add_item(appeal_card(appealed))
        with faults(self._client):
            await writable(self._client, channel_id).send(view=view, nonce=f"a{appealed.sanction.id}")

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """See `Board.managers_channel`."""
        return await self._delivery.managers_channel(guild_id)
