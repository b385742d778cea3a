"""From what was asked to what the member reads: a placed order's receipt, or a quote to confirm."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from discord import ui

from bot.budgets import Budgets
from bot.catalogue import Catalogue
from bot.domain import FaultKind, GuildId, Job, JobId, Member, Micros, Quote, UserId
from bot.errors import OrderRefused
from bot.language import _
from bot.operating import room
from bot.ordering import repeats
from bot.ordering.asked import Asked
from bot.ordering.presets import Presets
from bot.ordering.pricing import Proposal
from bot.ordering.shaping import Shaped
from bot.ordering.sources import Footage
from bot.orders import QUOTE_HOLDS, Orders
from bot.prompts import Advice, advise
from bot.spend.affordable import SAYS_NO, Affordable
from cogs.advice_button import AdviceButton
from cogs.answers import said
from cogs.fit_button import FitButton
from cogs.notes import Offered, quote_view, receipt, receipt_view


class Ordering:
    """Takes orders while it is open; a process that is being stopped closes it.

    Args:
        confirm_above_micros: an order that costs more is quoted first.
        play_money: whether prices are for trying out only.
    """

    def __init__(
        self,
        orders: Orders,
        budgets: Budgets,
        catalogue: Catalogue,
        presets: Presets,
        *,
        confirm_above_micros: Micros,
        play_money: bool,
    ) -> None:
        self._orders = orders
        self._budgets = budgets
        self._catalogue = catalogue
        self._affordable = Affordable(orders, budgets, catalogue)
        self._presets = presets
        self._confirm_above_micros = confirm_above_micros
        self._play_money = play_money
        self._open = True

    def close(self) -> None:
        """Take no more orders."""
        self._open = False

    async def ask(self, asked: Asked, *, at: datetime) -> ui.LayoutView:
        """Place an order at once, or quote it where it is dear, or not quite what was typed.

        Args:
            asked: as it came over the wire.
            at: when it was asked, by Discord's clock.

        Raises:
            Refusal: with the sentence for the member; nothing was charged.
        """
        self._check_open()
        given = await self._presets.shape(asked)
        with room.needed():
            proposal = await self._orders.propose(given.asked)
        order, quote, _adjustments = proposal.priced
        advice = self._advice(proposal)
        dear = quote.price_micros * order.takes > self._confirm_above_micros
        if not (dear or proposal.has_to_be_shown or given.notes or asked.shown_first):
            async with self._affordable.told(given.asked, proposal):
                with room.needed():
                    job = await self._orders.order(given.asked, proposal)
            text = receipt(job, play_money=self._play_money, style=given.asked.style)
            return receipt_view(text, AdviceButton.of_job(job.id, len(advice)) if advice else None)
        offered = await self._offered(given, proposal, at=at)
        return quote_view(
            offered,
            FitButton.other(proposal.fit, offered.quote_id),
            AdviceButton.of_quote(offered.quote_id, len(advice)) if advice else None,
        )

    async def offer(self, asked: Asked, *, at: datetime) -> tuple[Offered, list[Advice]]:
        """A quote in any case, and what would make the clip better.

        Raises:
            Refusal: with the sentence for the member; nothing was charged.
        """
        self._check_open()
        given = await self._presets.shape(asked)
        with room.needed():
            proposal = await self._orders.propose(given.asked)
        return await self._offered(given, proposal, at=at), self._advice(proposal)

    async def ask_free(self, asked: Asked) -> Job | Quote:
        """Place an order if it costs no real money; else return what it would cost, with nothing placed.

        Raises:
            Refusal: with the sentence for the member; nothing was charged.
        """
        self._check_open()
        with room.needed():
            proposal = await self._orders.propose(asked)
        if proposal.priced.quote.costs_money:
            return proposal.priced.quote
        async with self._affordable.told(asked, proposal):
            with room.needed():
                return await self._orders.order(asked, proposal)

    async def accept(self, quote_id: str, member: Member, *, role_ids: Sequence[int]) -> ui.LayoutView:
        """Place the order of a quote; `role_ids` are the presser's.

        Raises:
            Refusal: with the sentence for the member; nothing was charged.
        """
        self._check_open()
        try:
            with room.needed():
                job = await self._orders.accept(quote_id, member.user_id, role_ids=role_ids)
        except SAYS_NO as refused:
            asked = replace(await self._orders.quoted(quote_id, member.user_id), role_ids=role_ids)
            proposal = await self._orders.propose(asked)
            raise await self._affordable.with_what_fits(refused, asked, proposal) from refused
        typed = await self._orders.typed_for(job) or {}
        return said(receipt(job, play_money=self._play_money, style=typed.get("style")))

    async def decline(self, quote_id: str, user_id: UserId) -> ui.LayoutView:
        """Be done with a quote."""
        if await self._orders.decline(quote_id, user_id):
            return said(_("Declined. Nothing was charged."))
        return said(_("This quote was answered before, or has expired. An order that you confirmed stands."))

    async def _offered(self, given: Shaped, proposal: Proposal, *, at: datetime) -> Offered:
        order, quote, adjustments = proposal.priced
        async with self._affordable.told(given.asked, proposal):
            with room.needed():
                quote_id = await self._orders.ask(given.asked, proposal.priced, way=proposal.way)
        return Offered(
            quote_id=quote_id,
            order=order,
            quote=quote,
            adjustments=adjustments,
            notes=(*given.notes, *proposal.notes, *given.asides, *proposal.asides),
            model=self._catalogue.describe(order.model),
            allowance=await self._budgets.allowance(
                order.member,
                channel_id=order.counted_in,
                role_ids=given.asked.role_ids,
                costs_money=quote.costs_money,
            ),
            play_money=self._play_money,
            expires_at=at + QUOTE_HOLDS,
            final_s=given.asked.final_s,
            final_resolution=repeats.wished(self._catalogue, given.asked, order),
            source=self._source(proposal.footage),
            final_of=await self._draft(given.asked),
        )

    def _source(self, footage: Footage | None) -> tuple[Job, str] | None:
        if footage is None:
            return None
        return footage.job, self._catalogue.describe(footage.job.order.model).name

    async def _draft(self, asked: Asked) -> Job | None:
        if asked.final_of is None:
            return None
        return await self._orders.job(JobId(asked.final_of), seen_in=GuildId(asked.guild_id))

    def _advice(self, proposal: Proposal) -> list[Advice]:
        order = proposal.priced.order
        return advise(
            order.prompt,
            kind=order.kind,
            duration_s=order.duration_s,
            has_sound=self._catalogue.has_sound(order.model),
        )

    def _check_open(self) -> None:
        if not self._open:
            raise OrderRefused(
                _("The bot is restarting."), _("Order again in a minute."), kind=FaultKind.OURS
            )
