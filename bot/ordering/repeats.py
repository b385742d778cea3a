"""An order once more: again with another seed, or the final of a draft."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from bot.catalogue import Catalogue
from bot.domain import Job, Kind, Order
from bot.errors import OrderRefused
from bot.language import _
from bot.offers import measures
from bot.ordering.asked import Asked
from bot.ordering.sources import Way

_OF_THE_PRESS = (
    "guild_id",
    "user_id",
    "channel_id",
    "parent_id",
    "timed_out_until",
    "age_restricted",
    "interaction_id",
    "role_ids",
    "joined_at",
    "prompt",
    "locale",
    "seen_in",
)

_TYPED = tuple(each.name for each in fields(Asked) if each.name not in _OF_THE_PRESS)


def typed(asked: Asked) -> dict[str, Any]:
    """What is kept of it beside an order's jobs: neither who and where, nor the prompt."""
    return {name: getattr(asked, name) for name in _TYPED}


def again(job: Job, options: Mapping[str, Any] | None, press: Asked) -> Asked:
    """The same order with a new seed.

    Args:
        job: what is to be made again.
        options: as `typed` made them; None where they were not kept.
        press: who asks for it now, and where.

    Raises:
        OrderRefused: nobody knows any more what it was made from.
    """
    once_more = _once_more(job, options, press)
    return replace(once_more, seed=None, way=None, shown_first=False)


def as_quoted(asked: Asked, order: Order, way: Way | None) -> Asked:
    """What was asked, with the values that its quote names."""
    return replace(
        asked,
        model=order.model,
        resolution=order.resolution,
        aspect_ratio=order.aspect_ratio,
        duration_s=order.duration_s,
        seed=order.seed,
        way=way,
    )


def reworded(asked: Asked, press: Asked) -> Asked:
    """The same order with the words of the press, to be shown with its price first."""
    here = {name: value for name, value in asdict(press).items() if name in _OF_THE_PRESS}
    return replace(asked, **here, way=None, shown_first=True)


def final(job: Job, options: Mapping[str, Any] | None, press: Asked, catalogue: Catalogue) -> Asked:
    """The same order as was wished, else as its model makes it at its best; shown with its price first.

    Raises:
        OrderRefused: it is no draft, or nobody knows any more what it was made from.
    """
    if not job.order.draft:
        raise OrderRefused(
            _("This is no draft: it was made as it was ordered."), _("Press Again for another one.")
        )
    once_more = _once_more(job, options, press)
    return replace(
        once_more,
        draft=False,
        resolution=wished(catalogue, once_more, job.order) or _sharpest(catalogue, job.order),
        duration_s=once_more.final_s or job.order.duration_s,
        final_s=None,
        final_resolution=None,
        seed=job.order.seed,
        takes=1,
        way=None,
        final_of=job.id,
        shown_first=True,
    )


def _once_more(job: Job, options: Mapping[str, Any] | None, press: Asked) -> Asked:
    order = job.order
    if options is None:
        if order.kind is not Kind.GENERATE:
            raise OrderRefused(
                _("What this was made from is not known any more."), _("Order it anew with a command.")
            )
        options = {
            "aspect_ratio": order.aspect_ratio,
            "resolution": order.resolution,
            "duration_s": order.duration_s,
            "takes": order.takes,
        }
    here = {name: value for name, value in asdict(press).items() if name in _OF_THE_PRESS}
    return Asked(**{**options, **here, "prompt": order.prompt, "model": order.model})


def wished(catalogue: Catalogue, asked: Asked, draft: Order) -> str | None:
    """The resolution that a draft's final is to have; None where none was named, or its model has it not."""
    return asked.final_resolution if asked.final_resolution in _resolutions(catalogue, draft) else None


def _sharpest(catalogue: Catalogue, draft: Order) -> str | None:
    """The highest resolution that the model is sold in; the last of equals, which is the dearer."""
    sold = _resolutions(catalogue, draft)
    return max(reversed(sold), key=lambda each: measures.shorter_side(each) or 0) if sold else None


def _resolutions(catalogue: Catalogue, order: Order) -> list[str]:
    return next((row.resolutions for row in catalogue.models(order.kind) if row.id == order.model), [])
