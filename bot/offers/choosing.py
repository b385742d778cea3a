"""Which model an order is for; where it cannot be had, why, and what is nearest to it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import Kind
from bot.errors import OrderRefused
from bot.language import _
from bot.offers import options
from bot.offers.alternatives import Wanted, nearest
from bot.offers.rows import ModelRow

if TYPE_CHECKING:  # the catalogue asks us about itself
    from bot.catalogue import Catalogue


def chosen(catalogue: "Catalogue", wanted: Wanted, model: str | None) -> ModelRow:
    """The model of this id or name; the first that can be ordered where none was named.

    Raises:
        OrderRefused: it cannot be had, with the nearest to it that can.
    """
    choices = catalogue.models(wanted.kind)
    if not choices:
        raise OrderRefused(
            _("No model can be ordered here at the moment."), _("Please tell whoever runs this bot.")
        )
    if model is None:
        return next(row for row in catalogue.all_models() if row.id == choices[0].id)
    for row in catalogue.all_models():
        if model in (row.id, row.name):
            break
    else:
        raise OrderRefused(_("There is no such model here."), options.choose_one_of(choices))
    if any(row.id == choice.id for choice in choices):
        return row
    raise OrderRefused(_why_not(catalogue, row, wanted.kind), _instead(catalogue, row, wanted, choices))


def _why_not(catalogue: "Catalogue", row: ModelRow, kind: Kind) -> str:
    if kind not in row.kinds:
        return options.cannot(row, kind)
    offers = [offer for offer in catalogue.offers_of(row.id) if kind in offer.row.kinds]
    ends = [day for offer in offers if (day := catalogue.ends_on(offer)) is not None]
    if offers and len(ends) == len(offers) and catalogue.has_ended(max(ends)):
        return _("{model} cannot be ordered any more: it was retired on {day}.").format(
            model=row.name, day=f"{max(ends):%Y-%m-%d}"
        )
    return _("{model} cannot be ordered here.").format(model=row.name)


def _instead(catalogue: "Catalogue", row: ModelRow, wanted: Wanted, choices: Sequence[ModelRow]) -> str:
    wanted = replace(  # what was left open would have been the model's first values
        wanted,
        resolution=wanted.resolution or row.resolutions[0],
        aspect_ratio=wanted.aspect_ratio or row.aspect_ratios[0],
        duration_s=wanted.duration_s or row.durations_s[0],
    )
    prices = [
        price
        for offer in catalogue.offers_of(row.id)
        for resolution, price in offer.per_second_micros.items()
        if resolution == wanted.resolution
    ]
    wanted = replace(wanted, per_second_micros=min(prices, default=None))
    named = [choice for choice in choices if choice.id in row.replaced_by]
    near = nearest(wanted, ((choice, catalogue.open_offers(choice.id)) for choice in named or choices))
    if near is None:
        return options.choose_one_of(choices)
    hint = _("Nearest to it is {alternative}.").format(alternative=near)
    return f"{hint} {options.choose_one_of(choices)}"
