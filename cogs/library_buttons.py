"""The buttons of the library: they outlive us, as those in `buttons` do."""

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.domain import JobId
from bot.ids import ID
from bot.language import _
from cogs.answers import answered

PAGE = re.compile(rf"lib:page:(?P<search>{ID}):(?P<number>[1-9][0-9]{{0,3}})")
SHELF = re.compile(rf"lib:(?P<act>show|hung|heart|get):(?P<job>{ID})")


class ShelfAct(StrEnum):
    """What is done with a clip of the library. `HUNG` is the `SHOW` that marks a message of the gallery."""

    SHOW = "show"
    HUNG = "hung"
    HEART = "heart"
    GET = "get"


class PageButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=PAGE):
    """Goes to a page of a search."""

    def __init__(self, search_id: str, number: int, *, label: str = "", disabled: bool = False) -> None:
        self.search_id = search_id
        self.number = number
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or str(number),
                disabled=disabled,
                custom_id=f"lib:page:{search_id}:{number}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(match["search"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        shelves = interaction.client.shelves
        await answered(interaction, shelves.turn(interaction, self.search_id, self.number))


class ShelfButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=SHELF):
    """Shows a clip with its family, keeps it, or sends it again. `on` is whether it is a favourite now."""

    def __init__(self, act: ShelfAct, job_id: JobId, *, on: bool = False, label: str = "") -> None:
        self.act = act
        self.job_id = job_id
        style = discord.ButtonStyle.primary if act is ShelfAct.GET else discord.ButtonStyle.secondary
        super().__init__(
            ui.Button(style=style, label=label or _label(act, on=on), custom_id=f"lib:{act}:{job_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(ShelfAct(match["act"]), JobId(match["job"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.shelves.press(interaction, self.act, self.job_id))


def _label(act: ShelfAct, *, on: bool) -> str:
    match act:
        case ShelfAct.SHOW:
            return _("Open")
        case ShelfAct.HUNG:
            return _("Family")
        case ShelfAct.HEART:
            return _("No favourite any more") if on else _("Favourite")
        case ShelfAct.GET:
            return _("Send it to me")


def hung_mark(job_id: str) -> str:
    """The `custom_id` that only the message of this clip in a gallery has."""
    return f"lib:{ShelfAct.HUNG}:{job_id}"
