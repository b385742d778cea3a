"""What would fit where a budget said no: fewer takes, a shorter clip, a lower resolution, another model.

Only what would be taken is named: each is priced, screened and held against every rule and budget as if it
were asked for now, by this member and in this place. Nothing is written.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from bot.budgets import Budgets
from bot.catalogue import Catalogue, Priced
from bot.domain import FaultKind, Kind, Micros, Order, Quote
from bot.errors import BudgetExceeded, PaidNotEnabled, Refusal
from bot.language import _, ngettext
from bot.money import format_usd
from bot.offers.rows import ModelRow
from bot.ordering.asked import Asked
from bot.ordering.pricing import Proposal
from bot.ordering.repeats import as_quoted
from bot.orders import Orders

SAYS_NO = (BudgetExceeded, PaidNotEnabled)
"""What budgets say where something cheaper may still be had."""

MODELS_TOLD = 2
TRIES_MAX = 20
"""Of each kind, the nearest to what was asked first: what lies beyond these is not told."""

Choice = tuple[int, Asked]
"""What it would cost at the least, and how it would be asked for."""


class Affordable:
    """Says with the refusals of budgets what would fit.

    Args:
        patience_s: a member who is refused does not wait longer to hear what else there is.
    """

    def __init__(
        self, orders: Orders, budgets: Budgets, catalogue: Catalogue, *, patience_s: float = 3.0
    ) -> None:
        self._patience_s = patience_s
        self._orders = orders
        self._budgets = budgets
        self._catalogue = catalogue

    @asynccontextmanager
    async def told(self, asked: Asked, proposal: Proposal) -> AsyncIterator[None]:
        """Say with a refusal by a budget inside the `with` what of the same would fit."""
        try:
            yield
        except SAYS_NO as refused:
            raise await self.with_what_fits(refused, asked, proposal) from refused

    async def with_what_fits(
        self, refused: BudgetExceeded | PaidNotEnabled, asked: Asked, proposal: Proposal
    ) -> Refusal:
        """The same refusal, with what would fit."""
        fitting: list[str] | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                fitting = await self.what_fits(refused, asked, proposal)
        do = refused.do
        if fitting == [] and isinstance(refused, BudgetExceeded):
            do = _none(refused) or do
        if fitting:
            do = _("This would fit: {choices}. {do}").format(choices="; ".join(fitting), do=do)
        if isinstance(refused, PaidNotEnabled):
            return PaidNotEnabled(refused.what, do, kind=refused.kind)
        return BudgetExceeded(
            refused.what,
            do,
            kind=refused.kind,
            short_micros=refused.short_micros,
            left_micros=refused.left_micros,
            scope=refused.scope,
            resets_at=refused.resets_at,
        )

    async def what_fits(
        self, refused: BudgetExceeded | PaidNotEnabled, asked: Asked, proposal: Proposal
    ) -> list[str]:
        """In a few words each, with its price: what comes nearest to an order and would be taken now."""
        order, quote = proposal.priced.order, proposal.priced.quote
        paid = isinstance(refused, BudgetExceeded) and quote.costs_money
        allowance = await self._budgets.allowance(
            order.member,
            channel_id=order.counted_in,
            role_ids=asked.role_ids,
            costs_money=paid,
        )
        left = order.takes * quote.price_micros if allowance.left_micros is None else allowance.left_micros
        if isinstance(refused, BudgetExceeded):
            left = min(left, refused.left_micros)
        same = replace(asked, takes=order.takes) if order.draft else as_quoted(asked, order, proposal.way)
        others = self._others(order, same, paid=paid)
        if isinstance(refused, PaidNotEnabled):
            return [self._other(found, order) for found in await self._taken(others, left, most=MODELS_TOLD)]
        fewer = [(n * quote.price_micros, replace(same, takes=n)) for n in range(order.takes - 1, 0, -1)]
        return [
            *(_takes(found) for found in await self._taken(fewer, left, most=1)),
            *(
                _("{n} s for {price}").format(n=found.order.duration_s, price=_price(found))
                for found in await self._taken(self._shorter(order, same), left, most=1)
            ),
            *(
                _("{resolution} for {price}").format(resolution=found.order.resolution, price=_price(found))
                for found in await self._taken(self._coarser(order, same), left, most=1)
            ),
            *(self._other(found, order) for found in await self._taken(others, left, most=MODELS_TOLD)),
        ]

    def _shorter(self, order: Order, same: Asked) -> Iterator[Choice]:
        """The longest first; what is remixed keeps its length."""
        row = self._row(order)
        if row is None or order.draft or order.kind in (Kind.REMIX, Kind.CHARACTER):
            return
        for seconds in sorted((one for one in row.durations_s if one < order.duration_s), reverse=True):
            cost = self._cost(replace(order, duration_s=seconds))
            if cost is not None:
                yield cost, replace(same, duration_s=seconds)

    def _coarser(self, order: Order, same: Asked) -> list[Choice]:
        """The dearest first, which is the sharpest."""
        row = self._row(order)
        if row is None or order.draft or order.kind is Kind.CHARACTER:
            return []
        choices = [
            (cost, replace(same, resolution=resolution))
            for resolution in row.resolutions
            if resolution != order.resolution
            and (cost := self._cost(replace(order, resolution=resolution))) is not None
        ]
        return sorted(choices, key=lambda choice: choice[0], reverse=True)

    def _others(self, order: Order, same: Asked, *, paid: bool) -> list[Choice]:
        """Every other model at every resolution, the dearest first; those that bill us only if `paid`.

        One that makes no clip of this length makes one as much shorter as need be.
        """
        if order.characters:  # who is in it is known to one provider alone
            return []
        choices: list[tuple[int, bool, str, Asked]] = []
        for row in self._catalogue.models(order.kind):
            lengths = [one for one in row.durations_s if one <= order.duration_s]
            if row.id == order.model or not (lengths or order.kind is Kind.REMIX):
                continue
            seconds = order.duration_s if order.kind is Kind.REMIX else max(lengths)
            for resolution in row.resolutions:
                like = replace(order, model=row.id, resolution=resolution, duration_s=seconds)
                cost = self._cost(like, paid=paid)
                if cost is not None:
                    other = replace(same, model=row.id, way=None)
                    if not order.draft:
                        other = replace(other, resolution=resolution, duration_s=seconds)
                    choices.append((cost, resolution == order.resolution, resolution, other))
        choices.sort(key=lambda choice: choice[:3], reverse=True)
        return [(cost, other) for cost, _same, _resolution, other in choices]

    async def _taken(self, choices: Iterable[Choice], left: int, *, most: int) -> list[Priced]:
        """Of choices that cost no more than is left, those that would be taken now; each model once."""
        taken: dict[str, Priced] = {}
        tries = 0
        for cost, asked in choices:
            if tries == TRIES_MAX or len(taken) == most:
                break
            if cost <= left and asked.model not in taken:
                tries += 1
                if (priced := await self._priced(asked)) is not None:
                    taken[priced.order.model] = priced
        return [*taken.values()]

    async def _priced(self, asked: Asked) -> Priced | None:
        """What it would be if it were asked for now; None where it would be refused."""
        try:
            priced = (await self._orders.propose(asked)).priced
            await self._orders.check(asked, priced)
        except Refusal:
            return None
        return priced

    def _other(self, found: Priced, order: Order) -> str:
        told = _("{model} at {resolution} for {price}")
        if found.order.duration_s != order.duration_s:
            told = _("{n} s of {model} at {resolution} for {price}")
        return told.format(
            n=found.order.duration_s,
            model=self._catalogue.describe(found.order.model).name,
            resolution=found.order.resolution,
            price=_price(found),
        )

    def _row(self, order: Order) -> ModelRow | None:
        return next((row for row in self._catalogue.models(order.kind) if row.id == order.model), None)

    def _cost(self, order: Order, *, paid: bool = True) -> int | None:
        """The least that all takes of it would cost; None where nobody takes it."""
        quotes = [
            Quote(offer_id=offer.id, price_micros=Micros(each * order.duration_s), per_second_micros=each)
            for offer in self._catalogue.takers(order, only_at=None)
            for each in (offer.per_second_micros[order.resolution],)
        ]
        prices = [quote.price_micros for quote in quotes if paid or not quote.costs_money]
        return min(prices) * order.takes if prices else None


def _takes(found: Priced) -> str:
    n = found.order.takes
    return ngettext("{n} take for {price}", "{n} takes for {price}", n).format(n=n, price=_price(found))


def _price(priced: Priced) -> str:
    whole = Micros(priced.quote.price_micros * priced.order.takes)
    return format_usd(whole) if whole else _("free")


def _none(refused: BudgetExceeded) -> str:
    """What to do where nothing fits a member's own budget: what is shorter would be refused, too."""
    if refused.kind is not FaultKind.MEMBER_BUDGET:
        return ""
    if refused.resets_at is None:
        return _("Nothing near it would fit: ask whoever sets this budget for more.")
    return _("Nothing near it would fit: wait until then, or ask whoever sets this budget for more.")
