"""The button under an alert, which outlives us and marks the alert's message for ever."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.language import _
from cogs.answers import answered

ALERT = re.compile(r"alert:(?P<alert>[0-9]{1,19})")


class AlertButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=ALERT):
    """Shows the budgets to those who may manage the server; and marks the message of its alert for ever."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(
            ui.Button(style=discord.ButtonStyle.secondary, label=_("Budgets"), custom_id=f"alert:{alert_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(int(match["alert"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.managing.show_pressed(interaction))
