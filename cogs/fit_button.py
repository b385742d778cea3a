"""The button on a quote that brings its picture to the clip's shape the other way. It outlives us."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.ids import ID
from bot.language import _
from bot.ordering.framing import Fit, Framing
from cogs.answers import answered

FIT = re.compile(rf"fit:(?P<framing>crop|pad):(?P<quote>{ID})")


class FitButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=FIT):
    """Quotes the same order anew with its picture cropped, or with bars, in the same message."""

    def __init__(self, framing: Framing, quote_id: str) -> None:
        self.framing = framing
        self.quote_id = quote_id
        label = _("Add bars instead") if framing is Framing.PAD else _("Crop it instead")
        super().__init__(
            ui.Button(style=discord.ButtonStyle.secondary, label=label, custom_id=f"fit:{framing}:{quote_id}")
        )

    @classmethod
    def other(cls, fit: Fit | None, quote_id: str) -> Self | None:
        """The other way than a quote's; None where nobody would see a difference."""
        if fit is None or fit.changes_nothing_seen:
            return None
        return cls(Framing.PAD if fit.framing is Framing.CROP else Framing.CROP, quote_id)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Framing(match["framing"]), match["quote"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        fitting = interaction.client.refitting
        await answered(interaction, fitting.press(interaction, self.framing, self.quote_id))
