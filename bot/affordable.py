"""What would fit where a budget said no: fewer takes, a shorter clip, a lower resolution, another model."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bot.catalogue import Catalogue
from bot.domain import Kind, Micros, Order, Quote
from bot.errors import BudgetExceeded
from bot.language import _, ngettext
from bot.money import format_usd

MODELS_TOLD = 2


@contextmanager
def told(catalogue: Catalogue, order: Order, quote: Quote) -> Iterator[None]:
    """Say with a refusal by a budget inside the `with` what of the same would fit into what it has left."""
    try:
        yield
    except BudgetExceeded as refused:
        fitting = what_fits(catalogue, order, quote, refused.left_micros)
        do = (
            _("This would fit: {choices}. {do}").format(choices="; ".join(fitting), do=refused.do)
            if fitting
            else refused.do
        )
        raise BudgetExceeded(
            refused.what,
            do,
            kind=refused.kind,
            short_micros=refused.short_micros,
            left_micros=refused.left_micros,
            scope=refused.scope,
            resets_at=refused.resets_at,
        ) from refused


def what_fits(catalogue: Catalogue, order: Order, quote: Quote, left: Micros) -> list[str]:
    """In a few words each, with its price: what comes nearest to an order and costs no more than is left.

    Everything that is named can be ordered as it is named, at an offer that is open now.
    """
    fitting = []
    price = quote.price_micros
    if order.takes > 1 and price and (takes := left // price):
        fitting.append(
            ngettext("{n} take for {price}", "{n} takes for {price}", takes).format(
                n=takes, price=format_usd(takes * price)
            )
        )
    only_at = quote.provider if order.characters else None
    row = next((row for row in catalogue.models(order.kind) if row.id == order.model), None)
    if row is not None:
        if order.kind is not Kind.REMIX:  # what is remixed keeps its length
            shorter = [seconds for seconds in row.durations_s if seconds < order.duration_s]
            for seconds in sorted(shorter, reverse=True):
                cost = _cost(catalogue, replace(order, duration_s=seconds), only_at)
                if cost is not None and cost <= left:
                    fitting.append(_("{n} s for {price}").format(n=seconds, price=_price(cost)))
                    break
        coarser = [
            (cost, resolution)
            for resolution in row.resolutions
            if resolution != order.resolution
            and (cost := _cost(catalogue, replace(order, resolution=resolution), only_at)) is not None
            and cost <= left
        ]
        if coarser:
            cost, resolution = max(coarser)
            fitting.append(_("{resolution} for {price}").format(resolution=resolution, price=_price(cost)))
    others = []
    for other in catalogue.models(order.kind):
        if other.id == order.model or only_at is not None:
            continue
        for resolution in other.resolutions:
            same = replace(order, model=other.id, resolution=resolution)
            cost = _cost(catalogue, same, only_at)
            if cost is not None and cost <= left:
                others.append((cost, resolution == order.resolution, resolution, other.name))
    named: set[str] = set()
    for cost, _same, resolution, name in sorted(others, reverse=True):
        if name not in named and len(named) < MODELS_TOLD:
            named.add(name)
            fitting.append(
                _("{model} at {resolution} for {price}").format(
                    model=name, resolution=resolution, price=_price(cost)
                )
            )
    return fitting


def _cost(catalogue: Catalogue, order: Order, only_at: str | None) -> Micros | None:
    """What all takes of it would cost; None where nobody takes it."""
    offers = catalogue.takers(order, only_at=only_at)
    if not offers:
        return None
    return Micros(offers[0].per_second_micros[order.resolution] * order.duration_s * order.takes)


def _price(micros: int) -> str:
    return format_usd(micros) if micros else _("free")
