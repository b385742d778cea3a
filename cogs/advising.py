"""Advice on the prompt of a quote or an order, for the one who wrote it, and the form that changes it."""

import re
from dataclasses import replace

import discord
from discord import ui

from bot.catalogue import Catalogue
from bot.domain import PROMPT_CHARS_MAX, JobId, Kind
from bot.errors import NotYours
from bot.ids import ID
from bot.language import _
from bot.ordering import repeats
from bot.ordering.asked import Asked
from bot.orders import Orders
from bot.prompts import advise
from bot.quoting import escaped, quoted, shortened
from cogs.advice_button import AdviceButton, Of
from cogs.answers import Interaction, acknowledge, answer, mark_ordering, said
from cogs.asking import asked_by
from cogs.forms import LABEL_UNITS_MAX, TITLE_UNITS_MAX, show
from cogs.ordering import Ordering
from cogs.posting_place import check_place
from cogs.presses import member_of
from cogs.sent import sent_id, sent_values
from cogs.sight import sees_clip

PREFIX = "prompt:"
PROMPT_UNITS_SHOWN = 700

_CUSTOM_ID = re.compile(rf"{PREFIX}(?P<of>quote|job):(?P<id>{ID})")
_PROMPT = "prompt"


class Advising:
    """What the buttons for advice do. Person and place are checked at every press."""

    def __init__(self, orders: Orders, ordering: Ordering, catalogue: Catalogue) -> None:
        self._orders = orders
        self._ordering = ordering
        self._catalogue = catalogue

    async def show(self, interaction: Interaction, of: Of, about: str) -> None:
        """List what would make the clip better; it never stands in the way of anything."""
        await acknowledge(interaction)
        asked = await self._asked(interaction, of, about)
        found = advise(
            asked.prompt,
            kind=Kind(asked.kind),
            duration_s=asked.duration_s or 0,
            has_sound=asked.model is None or self._catalogue.has_sound(asked.model),
        )
        if not found:
            await answer(interaction, said(_("Nothing comes to mind: this prompt says what it should.")))
            return
        lines = [
            "### " + _("What would make it better"),
            quoted(asked.prompt, PROMPT_UNITS_SHOWN),
            *(f"- {escaped(one.text)}" for one in found),
            _("None of this has to be. `/help prompts` shows how prompts are written."),
        ]
        view = ui.LayoutView(timeout=None)
        view.add_item(
            ui.Container(
                ui.TextDisplay("\n".join(lines)),
                ui.ActionRow(AdviceButton(of, about, edits=True)),
            )
        )
        await answer(interaction, view)

    async def open(self, interaction: Interaction, of: Of, about: str) -> None:
        """The form with the prompt in it: built from one short read, which fits into the three seconds."""
        asked = await self._asked(interaction, of, about)
        check_place(interaction)
        modal = ui.Modal(
            title=shortened(_("Edit the prompt"), TITLE_UNITS_MAX), custom_id=f"{PREFIX}{of}:{about}"
        )
        modal.add_item(
            ui.Label(
                text=shortened(_("What is seen and heard"), LABEL_UNITS_MAX),
                component=ui.TextInput[ui.Modal](
                    custom_id=_PROMPT,
                    style=discord.TextStyle.paragraph,
                    default=asked.prompt[:PROMPT_CHARS_MAX] or None,
                    max_length=PROMPT_CHARS_MAX,
                ),
            )
        )
        await show(interaction, modal)

    async def submitted(self, interaction: Interaction) -> None:
        """The form was sent in: what was asked for with other words, as a new quote."""
        await acknowledge(interaction)
        known = _CUSTOM_ID.fullmatch(sent_id(interaction))
        if known is None:
            raise NotYours(_("This form is not known any more."), _("Order again with /generate."))
        prompt = sent_values(interaction).get(_PROMPT, "")
        of, about = Of(known["of"]), known["id"]
        before = await self._asked(interaction, of, about)
        check_place(interaction)
        mark_ordering(interaction)
        press = asked_by(interaction, prompt)
        asked = repeats.reworded(before, press)
        if asked.clip is not None:
            source = await self._orders.job(JobId(asked.clip), seen_in=member_of(interaction).guild_id)
            if await sees_clip(interaction, source):
                asked = replace(asked, seen_in=source.clip_channel_id)
        view = await self._ordering.ask(asked, at=interaction.created_at)
        if of is Of.QUOTE:  # the new one takes its place; where it is an order already, that stands
            await self._orders.decline(about, member_of(interaction).user_id)
        await answer(interaction, view)

    async def _asked(self, interaction: Interaction, of: Of, about: str) -> Asked:
        """What was asked for: the presser's own, in this server.

        Raises:
            NotYours: it is another's, or not known any more.
        """
        member = member_of(interaction)
        if of is Of.QUOTE:
            asked = await self._orders.quoted(about, member.user_id)
            if asked.guild_id != member.guild_id:
                raise NotYours(_("This quote is of another server."), _("Order again here."))
            return asked
        job = await self._orders.job(JobId(about), seen_in=member.guild_id)
        if job.order.member != member:
            raise NotYours(_("This order is another member's."), _("Order one of your own with /generate."))
        options = await self._orders.typed_for(job)
        once_more = repeats.again(job, options, asked_by(interaction, job.order.prompt))
        return replace(once_more, seed=job.order.seed, duration_s=job.order.duration_s)
