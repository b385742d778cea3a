"""The forms that ask for a prompt: how they look, and what was sent in.

A form says in its own `custom_id` what it is for, so that it can be sent in after a restart; discord.py would
keep each one in memory for as long as nobody sends it in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import discord
from discord import ui

from bot.domain import PROMPT_CHARS_MAX
from bot.errors import NotYours
from bot.ids import ID
from bot.language import _
from bot.moderation.consent import STATEMENTS
from bot.offers.rows import ModelRow
from bot.ordering.framing import Framing
from bot.quoting import shortened
from cogs.answers import Interaction
from cogs.sent import sent_id, sent_values

TITLE_UNITS_MAX = 45
LABEL_UNITS_MAX = 45
OPTION_UNITS_MAX = 100
OPTIONS_MAX = 25
PICTURES_MAX = 10
"""What Discord's group of radio buttons can hold, which is also what a message can have attached."""

PREFIX = "form:"

_PROMPT, _MODEL, _PICTURE, _FRAMING, _PEOPLE = "prompt", "model", "picture", "framing", "people"


class Purpose(StrEnum):
    """What a form is for; the rest of its `custom_id` is a job's id, or that of a row about pictures."""

    REMIX = "remix"
    EXTEND = "extend"
    FRAME = "frame"
    PICTURE = "picture"
    CHANGE = "change"


_CUSTOM_ID = re.compile(rf"{PREFIX}(?P<purpose>{'|'.join(Purpose)}):(?P<about>{ID})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it was sent in: nothing of it is believed yet."""

    purpose: Purpose
    about: str
    prompt: str
    model: str | None
    picture: int
    framing: Framing
    people: str | None


def form(
    purpose: Purpose,
    about: str,
    *,
    prompt: str = "",
    models: Sequence[ModelRow] = (),
    pictures: Sequence[str] = (),
) -> ui.Modal:
    """A form for a prompt, with a choice of pictures and models where there are several.

    Args:
        purpose: what it is for.
        about: the id that goes into its `custom_id`.
        prompt: what stands in it.
        models: to choose from.
        pictures: the names of those to choose from; with any, the framing can be chosen too.
    """
    title, label = _words(purpose)
    modal = ui.Modal(title=shortened(title, TITLE_UNITS_MAX), custom_id=f"{PREFIX}{purpose}:{about}")
    if len(pictures) > 1:
        options = [
            discord.RadioGroupOption(
                label=shortened(f"{number}. {name}", OPTION_UNITS_MAX),
                value=str(number - 1),
                default=number == 1,
            )
            for number, name in enumerate(pictures[:PICTURES_MAX], start=1)
        ]
        modal.add_item(_labelled(_("Which picture"), ui.RadioGroup(custom_id=_PICTURE, options=options)))
    modal.add_item(
        _labelled(
            label,
            ui.TextInput(
                custom_id=_PROMPT,
                style=discord.TextStyle.paragraph,
                default=prompt[:PROMPT_CHARS_MAX] or None,
                max_length=PROMPT_CHARS_MAX,
            ),
        )
    )
    if len(models) > 1:
        choices = [
            discord.SelectOption(label=shortened(row.name, OPTION_UNITS_MAX), value=row.id)
            for row in models[:OPTIONS_MAX]
        ]
        modal.add_item(
            _labelled(
                _("Model"),
                ui.Select(
                    custom_id=_MODEL,
                    options=choices,
                    required=False,
                    placeholder=shortened(models[0].name, OPTION_UNITS_MAX),
                ),
            )
        )
    if pictures:
        modal.add_item(
            _labelled(
                _("If its shape does not fit"),
                ui.RadioGroup(
                    custom_id=_FRAMING,
                    required=False,
                    options=[
                        discord.RadioGroupOption(
                            label=_("Cut off what is too much"), value=Framing.CROP, default=True
                        ),
                        discord.RadioGroupOption(label=_("Add bars"), value=Framing.PAD),
                    ],
                ),
            )
        )
        told = [discord.RadioGroupOption(label=_(words), value=one) for one, words in STATEMENTS.items()]
        chooser = ui.RadioGroup[ui.Modal](custom_id=_PEOPLE, required=False, options=told)
        modal.add_item(_labelled(_("Who is in it"), chooser))
    return modal


async def show(interaction: Interaction, modal: ui.Modal) -> None:
    """Answer with a form. discord.py is to forget it at once: `filled` needs no more than comes back."""
    modal.stop()
    await interaction.response.send_modal(modal)


def filled(interaction: Interaction) -> Filled:
    """What was sent in.

    Raises:
        NotYours: it is no form of ours.
    """
    known = _CUSTOM_ID.fullmatch(sent_id(interaction))
    if known is None:
        raise NotYours(_("This form is not known any more."), _("Open it again, or order with a command."))
    values = sent_values(interaction)
    picture = values.get(_PICTURE, "0")
    return Filled(
        purpose=Purpose(known["purpose"]),
        about=known["about"],
        prompt=values.get(_PROMPT, ""),
        model=values.get(_MODEL) or None,
        picture=int(picture) if picture in map(str, range(PICTURES_MAX)) else -1,
        people=values.get(_PEOPLE),
        framing=Framing.PAD if values.get(_FRAMING) == Framing.PAD else Framing.CROP,
    )


def _words(purpose: Purpose) -> tuple[str, str]:
    match purpose:
        case Purpose.REMIX:
            return _("Remix this clip"), _("What is to be different")
        case Purpose.EXTEND:
            return _("Extend this clip"), _("What happens next")
        case Purpose.FRAME:
            return _("Animate the last frame"), _("What happens next")
        case Purpose.PICTURE:
            return _("Animate this picture"), _("What is to move, and what is heard")
        case Purpose.CHANGE:
            return _("Change and order again"), _("What is to be seen and heard")


def _labelled(text: str, component: ui.Item[Any]) -> ui.Label[Any]:
    return ui.Label(text=shortened(text, LABEL_UNITS_MAX), component=component)
