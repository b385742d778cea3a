"""The buttons of `/privacy erase`: they outlive us, and only the person whose data it is may press them."""

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.language import _
from cogs.answers import answered


class Sure(StrEnum):
    """The first yes, and the second."""

    ERASE = "erase"
    FOR_GOOD = "forgood"


PRIVACY = re.compile(rf"privacy:(?P<act>{'|'.join(Sure)}):(?P<user>[0-9]{{1,19}})")


class PrivacyButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=PRIVACY):
    """One of them."""

    def __init__(self, act: Sure, user_id: int) -> None:
        self.act = act
        self.user_id = user_id
        style = discord.ButtonStyle.danger if act is Sure.FOR_GOOD else discord.ButtonStyle.secondary
        super().__init__(ui.Button(style=style, label=_label(act), custom_id=f"privacy:{act}:{user_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Sure(match["act"]), int(match["user"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.privacy.press(interaction, self.act, self.user_id))


def _label(act: Sure) -> str:
    match act:
        case Sure.ERASE:
            return _("Erase my data")
        case Sure.FOR_GOOD:
            return _("Yes, erase all of it for good")
