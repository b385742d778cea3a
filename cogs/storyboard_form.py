"""The storyboard's form, in the five parts of a prompt, and what was sent in with it."""

import re
from dataclasses import fields

import discord
from discord import ui

from bot.errors import NotYours
from bot.ids import ID
from bot.language import _
from bot.prompts import Parts
from bot.quoting import shortened
from cogs.answers import Interaction
from cogs.forms import LABEL_UNITS_MAX, TITLE_UNITS_MAX
from cogs.sent import sent_id, sent_values

PREFIX = "storyboard:"
PART_CHARS_MAX = 1_500
"""Of one part in the form. Together they may be too long for a prompt, which is said when they are sent."""

PLACEHOLDER_UNITS_MAX = 100

_CUSTOM_ID = re.compile(rf"{PREFIX}(?P<sheet>{ID})")


def storyboard_form(sheet_id: str, parts: Parts) -> ui.Modal:
    """The form with what stands on the sheet."""
    modal = ui.Modal(
        title=shortened(_("Storyboard"), TITLE_UNITS_MAX),
        custom_id=f"{PREFIX}{sheet_id}",
    )
    for name, label, hint in _fields():
        text: str = getattr(parts, name)
        modal.add_item(
            ui.Label(
                text=shortened(label, LABEL_UNITS_MAX),
                component=ui.TextInput[ui.Modal](
                    custom_id=name,
                    style=discord.TextStyle.paragraph,
                    placeholder=shortened(hint, PLACEHOLDER_UNITS_MAX),
                    default=text[:PART_CHARS_MAX] or None,
                    max_length=PART_CHARS_MAX,
                    required=name == "action",
                ),
            )
        )
    return modal


def sent_parts(interaction: Interaction) -> tuple[str, Parts]:
    """The sheet's id and what was written; nothing of it is believed yet.

    Raises:
        NotYours: it is no form of ours.
    """
    known = _CUSTOM_ID.fullmatch(sent_id(interaction))
    if known is None:
        raise NotYours(_("This form is not known any more."), _("Start one with /storyboard."))
    values = sent_values(interaction)
    return known["sheet"], Parts(**{each.name: values.get(each.name, "") for each in fields(Parts)})


def _fields() -> list[tuple[str, str, str]]:
    """The name of each part, its label, and an example that stands in the empty field."""
    return [
        (
            "camera",
            _("Camera and framing"),
            _("Handheld close-up, steam on the lens"),
        ),
        (
            "action",
            _("Subject and action"),
            _("A baker breaks the first loaf of the night and smiles"),
        ),
        (
            "dialogue",
            _("Dialogue, and how it is spoken"),
            _("She says softly: “The first one is never pretty.”"),
        ),
        (
            "sound",
            _("Sound"),
            _("Crackling crust, an oven fan, no music"),
        ),
        (
            "place",
            _("Place, light, style and mood"),
            _("Small bakery at four in the morning, one warm lamp, documentary"),
        ),
    ]
