"""What can be ordered, at what price, from whom, until when: the one place where options become an order."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bot.domain import (
    ChannelId,
    FaultKind,
    InteractionId,
    Kind,
    Member,
    Micros,
    OfferId,
    Order,
    Quote,
    Source,
)
from bot.errors import OrderRefused, SettingsError
from bot.language import _
from bot.money import format_usd
from bot.offers import normalising, options
from bot.offers.alternatives import Wanted
from bot.offers.choosing import chosen
from bot.offers.health import Fitness
from bot.offers.models_file import Rows, read
from bot.offers.normalising import Adjustment, Settled
from bot.offers.rows import ModelRow, Offer, ProviderRow, RouteRow
from bot.providers.protocol import Wire

log = logging.getLogger(__name__)

OWN_FILE = Path(__file__).with_name("models.toml")

SETTLED_KEPT_MAX = 1_024
"""Ways of ordering: some 500 bytes each."""


@dataclass(frozen=True, slots=True)
class Described:
    """A model as people read of it; `label` says that no camera was there."""

    name: str
    label: str = "AI-generated"


class Priced(NamedTuple):
    """What raw options have become. With adjustments it is not what was typed: it is quoted, never placed."""

    order: Order
    quote: Quote
    adjustments: tuple[Adjustment, ...]


def always_ready(offer_id: OfferId) -> Fitness:
    """Where nobody submits anything, nothing is known against any offer."""
    del offer_id
    return Fitness.READY


class Catalogue:
    """Every model and offer, and the one place where raw options become an `Order` and a `Quote`.

    Args:
        models, offers: the rows, already checked against each other (`load`).
        providers: the names of the providers that this installation can reach.
        now: the clock; an offer past its date is refused.
        routes: the operator's order of providers, model by model.
        limits: what each provider's key may do.
        provider_order: the same for every other model.
        fitness: how an offer is doing; one that is ready comes before one that rests.
    """

    def __init__(
        self,
        models: Sequence[ModelRow],
        offers: Sequence[Offer],
        *,
        providers: frozenset[str],
        now: Callable[[], datetime],
        routes: Iterable[RouteRow] = (),
        limits: Sequence[ProviderRow] = (),
        provider_order: Sequence[str] = (),
        fitness: Callable[[OfferId], Fitness] = always_ready,
    ) -> None:
        self._models = {model.id: model for model in models}
        self._offers = {offer.id: offer for offer in offers}
        self._by_model: dict[str, list[Offer]] = {}
        for offer in offers:
            self._by_model.setdefault(offer.row.model, []).append(offer)
        self._providers = providers
        self._now = now
        self._routes = {route.model: route for route in routes}
        self._provider_order = provider_order
        self.limits = limits
        self._fitness = fitness
        self._learned: dict[OfferId, date] = {}
        self._for_sale: dict[Kind, tuple[date, tuple[ModelRow, ...]]] = {}
        self._settled: dict[tuple[object, ...], Settled] = {}

    def models(self, kind: Kind) -> list[ModelRow]:
        """The models that can be ordered now, in the file's order (the first is the default).

        Each says of itself only what some open offer of it does at a known price, for this kind.
        """
        today = self._now().date()
        day, rows = self._for_sale.get(kind, (None, ()))
        if day != today:  # made once a day, and anew when something was learned: every order asks
            rows = tuple(
                options.narrowed(row, offers)
                for row in self._models.values()
                if (offers := [offer for offer in self.open_offers(row.id) if kind in offer.row.kinds])
            )
            self._for_sale[kind] = (today, rows)
        return list(rows)

    def all_models(self) -> list[ModelRow]:
        """Every model, also those that cannot be ordered."""
        return list(self._models.values())

    def offers_of(self, model_id: str) -> list[Offer]:
        """Every offer of a model, also the closed ones."""
        return list(self._by_model.get(model_id, ()))

    def describe(self, model_id: str) -> Described:
        """How a model is named to people; history outlives the catalogue's rows."""
        row = self._models.get(model_id)
        return Described(model_id) if row is None else Described(row.name, row.label)

    def offer(self, offer_id: OfferId) -> Offer | None:
        """The offer that a job was placed at, if the catalogue still has it."""
        return self._offers.get(offer_id)

    def has_sound(self, model_id: str) -> bool:
        """Whether some offer of a model makes sound, or nobody says that it does not."""
        offers = self.offers_of(model_id)
        return not offers or any(offer.row.audio != "never" for offer in offers)

    def can_cancel(self, offer_id: OfferId) -> bool:
        """Whether a job at this offer can be stopped once it runs; decides what the button says."""
        offer = self._offers.get(offer_id)
        return offer is not None and offer.row.can_cancel

    def open_offers(self, model_id: str) -> list[Offer]:
        """Every offer at which a model can be ordered now."""
        return [offer for offer in self.offers_of(model_id) if self.closed_because(offer) is None]

    def closed_because(self, offer: Offer) -> str | None:
        """Why nothing can be ordered at an offer now, in a few words; None where it can."""
        if (ends_on := self.ends_on(offer)) is not None and self.has_ended(ends_on):
            return f"retired on {ends_on:%Y-%m-%d}"
        if not offer.per_second_micros:
            return "its price is not known"
        if offer.row.provider not in self._providers:
            return f"no key for {offer.row.provider}"
        route = self._routes.get(offer.row.model)
        if route is not None and route.only and offer.row.provider not in route.providers:
            return f"pinned to {', '.join(route.providers)}"
        return None

    def takers(self, order: Order, *, only_at: str | None, source_bytes: int = 0) -> list[Offer]:
        """The open offers that can be asked for exactly this: by the operator's order, then by price.

        `only_at` names the one provider that can have it, `source_bytes` the size of its source's file.
        """
        way = (order.resolution, order.aspect_ratio, order.duration_s)
        able = [
            offer
            for offer in self.open_offers(order.model)
            if only_at in (None, offer.row.provider)
            and normalising.takes(offer, order.kind, way, order.source)
            and options.has_place_for(offer, order)
            and (order.source is None or offer.source_fault(order.source, source_bytes) is None)
        ]
        return sorted(able, key=lambda offer: self._rank(offer, order.resolution))

    def _rank(self, offer: Offer, resolution: str) -> tuple[int, Micros]:
        route = self._routes.get(offer.row.model)
        first = self._provider_order if route is None else route.providers
        place = first.index(offer.row.provider) if offer.row.provider in first else len(first)
        return place, offer.per_second_micros[resolution]

    def gone(self, offer_id: OfferId) -> None:
        """A provider says that it no longer has this: from now on it is not sold. Forgotten at a restart."""
        self._learned[offer_id] = self._now().date()
        self._for_sale.clear()

    def retires(self, provider: str, endpoint: str, on: date) -> None:
        """A provider names the day (UTC) on which an endpoint ends; an earlier day that we know stays."""
        for offer in self._offers.values():
            if (offer.row.provider, offer.row.endpoint) == (provider, endpoint):
                self._learned[offer.id] = min(on, self._learned.get(offer.id, on))
        self._for_sale.clear()

    def ends_on(self, offer: Offer) -> date | None:
        """The first day (UTC) on which it is not sold, where one is known."""
        days = (offer.row.retires_on, self._learned.get(offer.id))
        return min((day for day in days if day is not None), default=None)

    def has_ended(self, day: date) -> bool:
        """Whether this is the day (UTC) or past it."""
        return self._now().date() >= day

    def wires(self, provider: str) -> dict[OfferId, Wire]:
        """How this provider's offers are asked for."""
        return {o.id: o.wire for o in self._offers.values() if o.row.provider == provider}

    def order(
        self,
        *,
        kind: Kind,
        member: Member,
        channel_id: ChannelId,
        interaction_id: InteractionId,
        prompt: str,
        model: str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration_s: int | None = None,
        size: str | None = None,
        seed: int | None = None,
        source: Source | None = None,
        source_bytes: int = 0,
        characters: tuple[str, ...] = (),
        only_at: str | None = None,
        remixable: bool = False,
        blocks_ip: bool = False,
        draft: bool = False,
    ) -> Priced:
        """Check raw options, take the nearest to them that can be had, and price that.

        What is left out takes the model's first (cheapest) value, and a picture's or clip's own shape. A
        `size` decides over `resolution` and `aspect_ratio`. `source` is what kinds other than `generate`
        start from, a file of `source_bytes`; what is remixed has the source's own length, so `duration_s` is
        that. `only_at` names the provider that alone has the source or the characters. A `draft` is as short
        and coarse as the model makes it, whatever was asked for.

        Raises:
            OrderRefused: with the sentence for the member; nothing was charged.
        """
        wanted = Wanted(
            kind=kind,
            resolution=None if draft else resolution,
            aspect_ratio=aspect_ratio,
            duration_s=None if draft and kind is not Kind.REMIX else duration_s,
            per_second_micros=None,
        )
        wanted, sized = normalising.sized(wanted, size)
        row = chosen(self, wanted, model)
        prompt = options.checked_prompt(prompt, row)
        options.check_seed(seed)
        offers = [offer for offer in self.open_offers(row.id) if kind in offer.row.kinds]
        offers = options.taking_prompt(options.of_provider(offers, only_at, row), prompt, row)
        offers = options.taking_extras(offers, row, characters=characters, blocks_ip=blocks_ip)
        if source is not None:
            offers = options.taking_source(offers, source, source_bytes)
        offers = self._going(offers, row)
        way = self._way(row, offers, wanted, source)
        able = [offer for offer in offers if normalising.takes(offer, kind, way.way, source)]
        able, seed, unseeded = options.taking_seed(able, seed)
        # `ready` comes before `resting` also as a word.
        offer = min(able, key=lambda each: (self._fitness(each.id), self._rank(each, way.resolution)))
        per_second = offer.per_second_micros[way.resolution]
        order = Order(
            kind=kind,
            member=member,
            channel_id=channel_id,
            interaction_id=interaction_id,
            prompt=prompt,
            model=row.id,
            resolution=way.resolution,
            aspect_ratio=way.aspect_ratio,
            duration_s=way.duration_s,
            seed=seed,
            source=source,
            characters=characters,
            remixable=remixable,
            blocks_ip=blocks_ip,
            draft=draft,
        )
        quote = Quote(
            offer_id=offer.id,
            price_micros=Micros(per_second * way.duration_s),
            per_second_micros=per_second,
        )
        return Priced(order, quote, (*sized, *way.adjustments, *unseeded))

    def _way(self, row: ModelRow, offers: Sequence[Offer], wanted: Wanted, source: Source | None) -> Settled:
        """The nearest to what is wanted. Where that follows from the rows alone most orders are alike."""
        if source is not None:
            return normalising.settled(options.narrowed(row, offers), offers, wanted, source)
        key = (wanted, *(offer.id for offer in offers))
        way = self._settled.get(key)
        if way is None:
            way = normalising.settled(options.narrowed(row, offers), offers, wanted, None)
            if len(self._settled) >= SETTLED_KEPT_MAX:
                self._settled.clear()
            self._settled[key] = way
        return way

    def _going(self, offers: Sequence[Offer], row: ModelRow) -> list[Offer]:
        """Those whose provider takes orders of ours at all, so far as we know."""
        fitness = {offer.id: self._fitness(offer.id) for offer in offers}
        going = [offer for offer in offers if fitness[offer.id] in (Fitness.READY, Fitness.RESTING)]
        if not going:
            why = (
                _("{model} cannot be ordered at the moment: whoever runs this bot has paused it.")
                if set(fitness.values()) == {Fitness.HALTED}
                else _("{model} cannot be ordered at the moment: its provider takes no orders of ours.")
            )
            raise OrderRefused(
                why.format(model=row.name),
                _("Choose another model, or order again later."),
                kind=FaultKind.PROVIDER,
            )
        return going


def all_rows(
    overlay: Path | None, *, known: Collection[str] | None = None, today: date | None = None
) -> Rows:
    """The rows of models.toml, with the operator's file on top of them; the rest as in `models_file.read`.

    Raises:
        SettingsError: as `models_file.read`.
    """
    if overlay is None:
        return own_rows()
    try:
        return read(overlay, on=own_rows(), known=known, today=today)
    except SettingsError as wrong:
        raise SettingsError(f"DAILIES_MODELS_FILE: {wrong}") from wrong


@cache
def own_rows() -> Rows:
    """Our own file belongs to the program: it is the same for as long as the process runs."""
    return read(OWN_FILE)


def load(
    overlay: Path | None,
    *,
    providers: frozenset[str],
    now: Callable[[], datetime],
    studio_play_price: Micros | None = None,
    provider_order: Sequence[str] = (),
    fitness: Callable[[OfferId], Fitness] = always_ready,
) -> Catalogue:
    """Read models.toml and the operator's file on top of it.

    Args:
        overlay: the operator's file, whose rows replace ours of the same id.
        providers: the names of the providers that can be reached.
        now: the clock.
        studio_play_price: what a second of the studio costs in play money; None leaves it free.
        provider_order: the operator's order of providers.
        fitness: how an offer is doing.

    Raises:
        SettingsError: as `models_file.read`. A row that is wrong is logged and not sold.
    """
    rows = all_rows(overlay, today=now().date())
    for fault in rows.faults:
        log.error("not for sale: %s", fault, extra={"code": "model_row_wrong"})
    offers = list(rows.offers)
    if studio_play_price is not None:
        offers = [
            replace(offer, per_second_micros=dict.fromkeys(offer.per_second_micros, studio_play_price))
            if offer.row.provider == "studio"
            else offer
            for offer in offers
        ]
    return Catalogue(
        rows.models,
        offers,
        providers=providers,
        now=now,
        routes=rows.routes,
        limits=rows.providers,
        provider_order=provider_order,
        fitness=fitness,
    )


def price_line(quote: Quote, duration_s: int) -> str:
    """`$0.40 (4 s at $0.10 a second)`, or `free`."""
    if not quote.price_micros:
        return _("free")
    return _("{price} ({n} s at {each} a second)").format(
        price=format_usd(quote.price_micros), n=duration_s, each=format_usd(quote.per_second_micros)
    )
