"""A quote anew with its picture brought to the clip's shape the other way."""

from dataclasses import replace

from bot.errors import NotYours, Refusal
from bot.language import _
from bot.ordering import repeats
from bot.ordering.framing import Framing
from bot.orders import Orders
from cogs.answers import Interaction, acknowledge_press, answer, mark_ordering
from cogs.asking import asked_by
from cogs.fit_button import FitButton
from cogs.notes import receipt_view
from cogs.ordering import Ordering
from cogs.posting_place import check_place
from cogs.presses import member_of


class Refitting:
    """What `FitButton` does. Person and place are checked at every press."""

    def __init__(self, orders: Orders, ordering: Ordering) -> None:
        self._orders = orders
        self._ordering = ordering

    async def press(self, interaction: Interaction, framing: Framing, quote_id: str) -> None:
        """Show the new quote in the place of the old one, which is done with.

        Raises:
            NotYours: it is another's or of another server, was answered before, or has expired.
        """
        await acknowledge_press(interaction)
        member = member_of(interaction)
        asked = await self._orders.quoted(quote_id, member.user_id)
        check_place(interaction)
        if asked.guild_id != member.guild_id:
            raise NotYours(_("This quote is of another server."), _("Order again here."))
        mark_ordering(interaction)
        press = asked_by(interaction, asked.prompt)
        anew = replace(repeats.reworded(asked, press), framing=framing, way=asked.way, seen_in=asked.seen_in)
        try:
            view = await self._ordering.ask(anew, at=interaction.created_at)
        except Refusal as refused:  # the way back: the quote holds on, and its picture is kept
            back = FitButton(Framing(asked.framing), quote_id)
            await answer(interaction, receipt_view(refused.sentence, back))
            return
        if not await self._orders.decline(quote_id, member.user_id):
            raise NotYours(
                _("This quote was answered before, or has expired."), _("An order that you confirmed stands.")
            )
        await answer(interaction, view)
