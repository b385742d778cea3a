"""The buttons of moderation that concern people: they outlive us, as those in `buttons` do."""

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.language import _
from cogs.answers import answered


class DeskAct(StrEnum):
    """What is pressed: an appeal, its decision, a word about a remix, the forms of rules."""

    APPEAL = "appeal"
    GRANT = "grant"
    REFUSE = "refuse"
    ALLOW_REMIX = "allow"
    REFUSE_REMIX = "forbid"
    RULES_WHAT = "what"
    RULES_WHEN = "when"


DESK = re.compile(rf"desk:(?P<act>{'|'.join(DeskAct)}):(?P<about>[0-9a-hjkmnp-tv-z]{{1,20}})")

_GREEN = frozenset({DeskAct.GRANT, DeskAct.ALLOW_REMIX})


class DeskButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=DESK):
    """One of them. `about` is a sanction's id, a channel's, or that of a question."""

    def __init__(self, act: DeskAct, about: str) -> None:
        self.act = act
        self.about = about
        style = discord.ButtonStyle.success if act in _GREEN else discord.ButtonStyle.secondary
        super().__init__(ui.Button(style=style, label=_label(act), custom_id=f"desk:{act}:{about}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(DeskAct(match["act"]), match["about"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.desk.press(interaction, self.act, self.about))


def _label(act: DeskAct) -> str:
    match act:
        case DeskAct.APPEAL:
            return _("Appeal")
        case DeskAct.GRANT:
            return _("Grant: lift it")
        case DeskAct.REFUSE:
            return _("Refuse: it stays")
        case DeskAct.ALLOW_REMIX:
            return _("Allow")
        case DeskAct.REFUSE_REMIX:
            return _("Refuse")
        case DeskAct.RULES_WHAT:
            return _("Who and what")
        case DeskAct.RULES_WHEN:
            return _("People and times")
