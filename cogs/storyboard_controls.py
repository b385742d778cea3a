"""What can be pressed and chosen on a storyboard's quote. All of it outlives us and names the sheet."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.domain import Order
from bot.ids import ID
from bot.language import _
from bot.offers.rows import ModelRow
from bot.quoting import shortened
from cogs.answers import answered
from cogs.forms import OPTION_UNITS_MAX, OPTIONS_MAX

EDIT = re.compile(rf"parts:(?P<sheet>{ID})")
CHOICE = re.compile(rf"sheet:(?P<field>model|length|shape|resolution|quality):(?P<sheet>{ID})")


class Field(StrEnum):
    """What is chosen."""

    MODEL = "model"
    LENGTH = "length"
    SHAPE = "shape"
    RESOLUTION = "resolution"
    QUALITY = "quality"


FULL, DRAFT = "full", "draft"
"""What quality there is to choose from."""


class PartsButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=EDIT):
    """Opens the form again with what stands on the sheet."""

    def __init__(self, sheet_id: str) -> None:
        self.sheet_id = sheet_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=_("Edit the parts"),
                custom_id=f"parts:{sheet_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(match["sheet"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.storyboards.edit(interaction, self.sheet_id))


class ChoiceSelect(ui.DynamicItem[ui.Select[ui.LayoutView]], template=CHOICE):
    """One setting of the order; choosing it quotes anew in the same message."""

    def __init__(self, field: Field, sheet_id: str, options: Sequence[discord.SelectOption]) -> None:
        self.field = field
        self.sheet_id = sheet_id
        super().__init__(
            ui.Select(custom_id=f"sheet:{field}:{sheet_id}", options=list(options), placeholder=_name(field))
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        # Discord wants an option in every select that is sent; this one is only pressed.
        return cls(Field(match["field"]), match["sheet"], [discord.SelectOption(label="-")])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        chosen = interaction.client.storyboards.choose(interaction, self.field, self.sheet_id)
        await answered(interaction, chosen)


def choices(
    sheet_id: str, order: Order, models: Sequence[ModelRow], *, final_s: int | None = None
) -> list[ui.ActionRow[Any]]:
    """A row for every setting in which there is a choice, with what the order has now chosen in it.

    A draft has its model's lowest price whatever is chosen, so that its length is that of its final,
    `final_s` now, and its resolution is no choice.
    """
    row = next((each for each in models if each.id == order.model), None)
    settings: list[tuple[Field, list[tuple[str, str, str | None]], str]] = [
        (Field.MODEL, [(each.id, each.name, _(each.about) or None) for each in models], order.model)
    ]
    if row is not None:
        lengths: list[tuple[str, str, str | None]] = [
            (str(n), _("{n} s").format(n=n), None) for n in sorted(row.durations_s)
        ]
        settings += [
            (Field.LENGTH, lengths, str((order.draft and final_s) or order.duration_s)),
            (Field.SHAPE, [(each, each, None) for each in row.aspect_ratios], order.aspect_ratio),
        ]
        if not order.draft:
            resolutions: list[tuple[str, str, str | None]] = [(each, each, None) for each in row.resolutions]
            settings.append((Field.RESOLUTION, resolutions, order.resolution))
    settings.append(
        (
            Field.QUALITY,
            [
                (FULL, _("as chosen here"), None),
                (
                    DRAFT,
                    _("draft"),
                    _("The model's lowest price first; Make final orders it at its best later"),
                ),
            ],
            DRAFT if order.draft else FULL,
        )
    )
    return list(_rows(sheet_id, settings, of_draft=order.draft))


def _rows(
    sheet_id: str,
    settings: Sequence[tuple[Field, list[tuple[str, str, str | None]], str]],
    *,
    of_draft: bool,
) -> Iterator[ui.ActionRow[Any]]:
    for field, values, now in settings:
        if len(values) < 2:
            continue
        # What is chosen now stands in the list, however long that is.
        late = [one for one in values[OPTIONS_MAX:] if one[0] == now]
        shown = values[: OPTIONS_MAX - len(late)] + late
        title = _("Length of the final") if of_draft and field is Field.LENGTH else _name(field)
        options = [
            discord.SelectOption(
                label=shortened(f"{title}: {name}", OPTION_UNITS_MAX),
                value=value,
                description=None if about is None else shortened(about, OPTION_UNITS_MAX),
                default=value == now,
            )
            for value, name, about in shown
        ]
        yield ui.ActionRow(ChoiceSelect(field, sheet_id, options))


def _name(field: Field) -> str:
    match field:
        case Field.MODEL:
            return _("Model")
        case Field.LENGTH:
            return _("Length")
        case Field.SHAPE:
            return _("Shape")
        case Field.RESOLUTION:
            return _("Resolution")
        case Field.QUALITY:
            return _("Quality")
