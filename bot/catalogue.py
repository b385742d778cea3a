"""What can be ordered, at what price, from whom, until when: the one place where options become an order."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path

from bot import options
from bot.alternatives import Wanted, nearest
from bot.domain import (
    ChannelId,
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
from bot.models_file import Rows, read
from bot.money import format_usd
from bot.providers.protocol import Wire
from bot.rows import ModelRow, Offer

log = logging.getLogger(__name__)

OWN_FILE = Path(__file__).with_name("models.toml")


@dataclass(frozen=True, slots=True)
class Described:
    """A model as people read of it; `label` says that no camera was there."""

    name: str
    label: str = "AI-generated"


class Catalogue:
    """Every model and offer, and the one place where raw options become an `Order` and a `Quote`.

    Args:
        models, offers: the rows, already checked against each other (`load`).
        providers: the names of the providers that this installation can reach.
        now: the clock; an offer past its date is refused.
    """

    def __init__(
        self,
        models: Sequence[ModelRow],
        offers: Sequence[Offer],
        *,
        providers: frozenset[str],
        now: Callable[[], datetime],
    ) -> None:
        self._models = {model.id: model for model in models}
        self._offers = {offer.id: offer for offer in offers}
        self._by_model: dict[str, list[Offer]] = {}
        for offer in offers:
            self._by_model.setdefault(offer.row.model, []).append(offer)
        self._providers = providers
        self._now = now
        self._learned: dict[OfferId, date] = {}
        self._for_sale: dict[Kind, tuple[date, tuple[ModelRow, ...]]] = {}

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

    def can_cancel(self, offer_id: OfferId) -> bool:
        """Whether a job at this offer can be stopped once it runs; decides what the button says."""
        offer = self._offers.get(offer_id)
        return offer is not None and offer.row.can_cancel

    def open_offers(self, model_id: str) -> list[Offer]:
        """Every offer at which a model can be ordered now."""
        return [offer for offer in self.offers_of(model_id) if self.closed_because(offer) is None]

    def closed_because(self, offer: Offer) -> str | None:
        """Why nothing can be ordered at an offer now, in a few words; None where it can."""
        if (ends_on := self._ends_on(offer)) is not None and self._now().date() >= ends_on:
            return f"retired on {ends_on:%Y-%m-%d}"
        if not offer.per_second_micros:
            return "its price is not known"
        if offer.row.provider not in self._providers:
            return f"no key for {offer.row.provider}"
        return None

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

    def _ends_on(self, offer: Offer) -> date | None:
        days = (offer.row.retires_on, self._learned.get(offer.id))
        return min((day for day in days if day is not None), default=None)

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
        seed: int | None = None,
        source: Source | None = None,
        source_bytes: int = 0,
    ) -> tuple[Order, Quote]:
        """Check raw options and price them. What is left out takes the model's first (cheapest) value.

        `source` is what kinds other than `generate` start from, a file of `source_bytes`; what is remixed
        has the source's own length, so `duration_s` is that.

        Raises:
            OrderRefused: with the sentence for the member; nothing was charged.
        """
        wanted = Wanted(
            kind=kind,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=duration_s,
            per_second_micros=None,
        )
        row = self._chosen(wanted, model)
        prompt = options.checked_prompt(prompt, row)
        options.check_seed(seed)
        resolution, aspect_ratio, seconds = self._settled(row, wanted)
        able = [
            offer
            for offer in self.open_offers(row.id)
            if offer.takes(kind, resolution, aspect_ratio, seconds)
        ]
        able = options.taking_prompt(able, prompt, row)
        if seed is not None:
            able = options.taking_seed(able, seed, row)
        if source is not None:
            able = options.taking_source(able, source, source_bytes)
        offer = min(able, key=lambda offer: offer.per_second_micros[resolution])
        per_second = offer.per_second_micros[resolution]
        order = Order(
            kind=kind,
            member=member,
            channel_id=channel_id,
            interaction_id=interaction_id,
            prompt=prompt,
            model=row.id,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=seconds,
            seed=seed,
            source=source,
        )
        quote = Quote(
            offer_id=offer.id,
            price_micros=Micros(per_second * seconds),
            per_second_micros=per_second,
        )
        return order, quote

    def _chosen(self, wanted: Wanted, model: str | None) -> ModelRow:
        choices = self.models(wanted.kind)
        if not choices:
            raise OrderRefused(
                "No model can be ordered here at the moment.", "Please tell whoever runs this bot."
            )
        if model is None:
            return self._models[choices[0].id]
        for row in self._models.values():
            if model in (row.id, row.name):
                break
        else:
            raise OrderRefused("There is no such model here.", f"Choose one of: {options.named(choices)}.")
        if any(row.id == choice.id for choice in choices):
            return row
        raise OrderRefused(self._why_not(row, wanted.kind), self._instead(row, wanted, choices))

    def _why_not(self, row: ModelRow, kind: Kind) -> str:
        if kind not in row.kinds:
            return f"{row.name} cannot {kind}."
        offers = [offer for offer in self.offers_of(row.id) if kind in offer.row.kinds]
        ends = [day for offer in offers if (day := self._ends_on(offer)) is not None]
        today = self._now().date()
        if offers and len(ends) == len(offers) and max(ends) <= today:
            return f"{row.name} cannot be ordered any more: it was retired on {max(ends):%Y-%m-%d}."
        return f"{row.name} cannot be ordered here."

    def _instead(self, row: ModelRow, wanted: Wanted, choices: Sequence[ModelRow]) -> str:
        wanted = replace(  # what was left open would have been the model's first values
            wanted,
            resolution=wanted.resolution or row.resolutions[0],
            aspect_ratio=wanted.aspect_ratio or row.aspect_ratios[0],
            duration_s=wanted.duration_s or row.durations_s[0],
        )
        prices = [
            price
            for offer in self.offers_of(row.id)
            for resolution, price in offer.per_second_micros.items()
            if resolution == wanted.resolution
        ]
        wanted = replace(wanted, per_second_micros=min(prices, default=None))
        named = [choice for choice in choices if choice.id in row.replaced_by]
        near = nearest(wanted, ((choice, self.open_offers(choice.id)) for choice in named or choices))
        hint = "" if near is None else f"Nearest to it is {near}. "
        return f"{hint}Choose one of: {options.named(choices)}."

    def _settled(self, row: ModelRow, wanted: Wanted) -> tuple[str, str, int]:
        """What was asked for, and for what was left open the first that some open offer takes."""
        resolution = options.one_of(wanted.resolution, row.resolutions, row, "resolution")
        aspect_ratio = options.one_of(wanted.aspect_ratio, row.aspect_ratios, row, "aspect ratio")
        seconds = options.one_of(wanted.duration_s, row.durations_s, row, "length in seconds")
        offers = self.open_offers(row.id)
        for each in options.ways(row, wanted):
            if any(offer.takes(wanted.kind, *each) for offer in offers):
                return each
        raise OrderRefused(
            f"{row.name} is not offered at {resolution} {aspect_ratio} for {seconds} s at the moment.",
            "Choose another resolution, aspect ratio, length or model.",
        )


def _laid_on(overlay: Path) -> Rows:
    try:
        return read(overlay, on=own_rows())
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
) -> Catalogue:
    """Read models.toml and the operator's file on top of it.

    Args:
        overlay: the operator's file, whose rows replace ours of the same id.
        providers: the names of the providers that can be reached.
        now: the clock.
        studio_play_price: what a second of the studio costs in play money; None leaves it free.

    Raises:
        SettingsError: a file cannot be read, or is no TOML. A row that is wrong is logged and not sold.
    """
    rows = own_rows() if overlay is None else _laid_on(overlay)
    for fault in rows.faults:
        log.error("not for sale: %s", fault)
    offers = list(rows.offers)
    if studio_play_price is not None:
        offers = [
            replace(offer, per_second_micros=dict.fromkeys(offer.per_second_micros, studio_play_price))
            if offer.row.provider == "studio"
            else offer
            for offer in offers
        ]
    return Catalogue(rows.models, offers, providers=providers, now=now)


def price_line(quote: Quote, duration_s: int) -> str:
    """`$0.40 (4 s at $0.10 a second)`, or `free`."""
    if not quote.price_micros:
        return "free"
    total, each = format_usd(quote.price_micros), format_usd(quote.per_second_micros)
    return f"{total} ({duration_s} s at {each} a second)"
