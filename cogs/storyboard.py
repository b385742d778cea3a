"""`/storyboard`: the parts of a prompt in a form, then the quote, on which everything else is chosen."""

from collections.abc import Mapping
from typing import Any

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.catalogue import Catalogue
from bot.domain import InteractionId, Kind
from bot.errors import NotYours, Refusal
from bot.language import _
from bot.ordering import repeats
from bot.ordering.sheets import Sheet, Sheets
from bot.orders import Orders
from bot.prompts import advise_on_parts, compose
from cogs import making_options as options
from cogs.answers import (
    Interaction,
    acknowledge,
    acknowledge_press,
    answer,
    mark_ordering,
    said,
)
from cogs.asking import asked_by
from cogs.choices import PRESET_OPTION, Autocompletion, matching_models
from cogs.forms import show
from cogs.notes import quote_view, receipt_view
from cogs.ordering import Ordering
from cogs.posting_place import check_place
from cogs.presses import member_of
from cogs.sent import chosen
from cogs.storyboard_controls import DRAFT, FULL, Field, PartsButton, choices
from cogs.storyboard_form import sent_parts, storyboard_form

ADVICE_SHOWN = 5
LENGTH_DIGITS_MAX = 3

VALUE_CHARS_MAX = 120
"""Of a model's id, the longest value that can be chosen."""


class Storyboards:
    """The form, its quote, and the way back. Person and place are checked at every press."""

    def __init__(self, orders: Orders, ordering: Ordering, sheets: Sheets, catalogue: Catalogue) -> None:
        self._orders = orders
        self._ordering = ordering
        self._sheets = sheets
        self._catalogue = catalogue

    async def begin(self, interaction: Interaction, **options: Any) -> None:
        """`/storyboard`: a form is the first answer, so what was typed is kept in one short write before."""
        member = member_of(interaction)
        check_place(interaction)
        sheet_id = await self._sheets.begin(asked_by(interaction, "", **options), member)
        sheet = await self._sheets.get(sheet_id, member)
        await show(interaction, storyboard_form(sheet.id, sheet.parts))

    async def edit(self, interaction: Interaction, sheet_id: str) -> None:
        """Edit the parts: the form with what stands on the sheet."""
        sheet = await self._sheets.get(sheet_id, member_of(interaction))
        check_place(interaction)
        await show(interaction, storyboard_form(sheet.id, sheet.parts))

    async def submitted(self, interaction: Interaction) -> None:
        """The form was sent in: from a message, its answer takes that message's place."""
        await (acknowledge(interaction) if interaction.message is None else acknowledge_press(interaction))
        sheet_id, parts = sent_parts(interaction)
        sheet = await self._sheets.fill(sheet_id, member_of(interaction), parts)
        await self._quote(interaction, sheet)

    async def choose(self, interaction: Interaction, field: Field, sheet_id: str) -> None:
        """Something was chosen on the quote: it is quoted anew in its place."""
        await acknowledge_press(interaction)
        changes = _change(field, chosen(interaction))
        sheet = await self._sheets.choose(sheet_id, member_of(interaction), changes)
        await self._quote(interaction, sheet)

    async def _quote(self, interaction: Interaction, sheet: Sheet) -> None:
        """Show the price, the advice and the choices; what is refused keeps the way back to the form."""
        check_place(interaction)
        mark_ordering(interaction)
        if not await self._is_open(interaction, sheet):
            told = _(
                "This storyboard is an order already, which stands. Nothing more was charged. Start another "
                "with /storyboard."
            )
            await answer(interaction, said(told))
            return
        try:
            press = asked_by(interaction, compose(sheet.parts))
            asked = repeats.reworded(sheet.asked, press)
            offered, advice = await self._ordering.offer(asked, at=interaction.created_at)
        except Refusal as refused:
            await answer(interaction, receipt_view(refused.sentence, PartsButton(sheet.id)))
            return
        has_sound = self._catalogue.has_sound(offered.order.model)
        advice = advise_on_parts(sheet.parts, advice, has_sound=has_sound)
        await self._sheets.quoted(sheet.id, offered.quote_id, InteractionId(interaction.id))
        models = self._catalogue.models(offered.order.kind)
        view = quote_view(
            offered,
            PartsButton(sheet.id),
            rows=choices(sheet.id, offered.order, models, final_s=offered.final_s),
            advice=[one.text for one in advice][:ADVICE_SHOWN],
        )
        await answer(interaction, view)

    async def _is_open(self, interaction: Interaction, sheet: Sheet) -> bool:
        """Take back the quote that the sheet has; False where an order was made of it."""
        if sheet.quote_id is None or sheet.answers is None:
            return True
        if await self._orders.decline(sheet.quote_id, member_of(interaction).user_id):
            return True
        return await self._orders.ordered_by(sheet.answers) is None


def storyboard(
    storyboards: Storyboards, preset_choices: Autocompletion, cast: Autocompletion, catalogue: Catalogue
) -> app_commands.Command[Any, ..., None]:
    """The command. `cast` are the characters to choose from."""

    async def callback(
        interaction: Interaction,
        model: str | None = None,
        preset: str | None = None,
        takes: options.Takes = 1,
        character1: str | None = None,
        character2: str | None = None,
        draft: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
        private: bool = False,  # noqa: FBT001, FBT002
        spoiler: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        await storyboards.begin(
            interaction,
            model=model,
            preset=preset,
            takes=takes,
            characters=[one for one in (character1, character2) if one is not None],
            draft=draft,
            private=private,
            spoiler=spoiler,
        )

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        return matching_models(catalogue, Kind.GENERATE, typed)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="storyboard",
        description="Write a prompt in its parts; length, model and price come next",
        callback=callback,
    )
    app_commands.describe(
        **options.OF_A_CAST,
        **options.OF_A_DRAFT,
        model=locale_str("Which model makes it; it can be changed on the quote"),
        preset=PRESET_OPTION,
        takes=locale_str("How many clips of it, each at the same price"),
        private=locale_str(
            "Only you see the clip: here for 15 minutes, then in /clips, where you can publish it"
        ),
        spoiler=locale_str("Hide the clip until it is clicked"),
    )(command)
    app_commands.autocomplete(model=models, preset=preset_choices, character1=cast, character2=cast)(command)
    return command


def _change(field: Field, value: str) -> Mapping[str, str | int | bool]:
    if not 1 <= len(value) <= VALUE_CHARS_MAX:
        raise NotYours(_("This choice is not known."), _("Choose again from the list."))
    match field:
        case Field.MODEL:
            return {"model": value}
        case Field.SHAPE:
            return {"aspect_ratio": value}
        case Field.RESOLUTION:
            return {"resolution": value}
        case Field.LENGTH if value.isascii() and value.isdecimal() and len(value) <= LENGTH_DIGITS_MAX:
            return {"duration_s": int(value), "final_s": int(value)}
        case Field.QUALITY if value in (FULL, DRAFT):
            return {"draft": value == DRAFT}
        case Field.LENGTH | Field.QUALITY:
            raise NotYours(_("This choice is not known."), _("Choose again from the list."))
