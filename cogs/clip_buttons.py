"""The buttons that change how a clip is shown, or take it back: they outlive us, as those in `buttons` do."""

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.domain import JobId
from bot.ids import ID
from bot.language import _
from cogs.answers import answered


class Act(StrEnum):
    """What is done with a clip that is there. `ERASE` or `KEEP` is the answer to whether `DELETE` is meant.

    `DELETE_ORDER` and `ERASE_ORDER` are about the clips of all takes, from their card.
    """

    SPOILER = "spoiler"
    DELETE = "delete"
    DELETE_ORDER = "delorder"
    ERASE = "erase"
    ERASE_ORDER = "eraorder"
    KEEP = "keep"
    REPORT = "report"
    LINK = "link"
    PUBLISH = "publish"
    RESTORE = "restore"
    HIDE = "hide"
    TAKE_DOWN = "down"


CLIP = re.compile(rf"clip:(?P<act>{'|'.join(Act)}):(?P<job>{ID})")

_RED = frozenset({Act.ERASE, Act.ERASE_ORDER, Act.TAKE_DOWN})


class ClipButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=CLIP):
    """One of them. `spoiler` is whether the clip is behind one now, which Spoiler says."""

    def __init__(self, act: Act, job_id: JobId, *, spoiler: bool = False, label: str = "") -> None:
        self.act = act
        self.job_id = job_id
        style = discord.ButtonStyle.danger if act in _RED else discord.ButtonStyle.secondary
        if act is Act.PUBLISH:
            style = discord.ButtonStyle.primary
        super().__init__(
            ui.Button(
                style=style,
                label=label or _label(act, spoiler=spoiler),
                custom_id=f"clip:{act}:{job_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Act(match["act"]), JobId(match["job"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.clip_presses.press(interaction, self.act, self.job_id))


def _label(act: Act, *, spoiler: bool) -> str:
    match act:
        case Act.SPOILER:
            return _("Show openly") if spoiler else _("Spoiler")
        case Act.DELETE:
            return _("Delete")
        case Act.DELETE_ORDER:
            return _("Delete")
        case Act.ERASE | Act.ERASE_ORDER:
            return _("Delete for good")
        case Act.KEEP:
            return _("Keep it")
        case Act.REPORT:
            return _("Report")
        case Act.LINK:
            return _("New link")
        case Act.PUBLISH:
            return _("Publish")
        case Act.RESTORE:
            return _("Dismiss")
        case Act.HIDE:
            return _("Keep it hidden")
        case Act.TAKE_DOWN:
            return _("Take down")
