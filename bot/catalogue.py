"""What can be ordered, at what price, from whom, until when: the one place where options become an order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.domain import ChannelId, InteractionId, Kind, Member, Micros, OfferId, Order, Quote
from bot.errors import OrderRefused
from bot.money import format_usd
from bot.providers.protocol import Wire
from bot.rows import ModelRow, Offer, read

SEED_MAX = 2**31 - 1
"""The largest seed that every provider with seeds takes (Prodia's bound, the narrowest)."""

_OWN_FILE = Path(__file__).with_name("models.toml")

T = TypeVar("T", str, int)


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
        self._providers = providers
        self._now = now

    def models(self, kind: Kind) -> list[ModelRow]:
        """The models that can be ordered now, in the file's order (the first is the default)."""
        return [
            row
            for row in self._models.values()
            if any(kind in offer.row.kinds for offer in self.open_offers(row.id))
        ]

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
        today = self._now().date()
        return [
            offer
            for offer in self._offers.values()
            if offer.row.model == model_id
            and offer.row.provider in self._providers
            and offer.per_second_micros
            and offer.sold_on(today)
        ]

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
    ) -> tuple[Order, Quote]:
        """Check raw options and price them. What is left out takes the model's first (cheapest) value.

        Raises:
            OrderRefused: with the sentence for the member; nothing was charged.
        """
        row = self._chosen(kind, model)
        prompt = _checked_prompt(prompt, row)
        resolution = _one_of(resolution, row.resolutions, row, "resolution")
        aspect_ratio = _one_of(aspect_ratio, row.aspect_ratios, row, "aspect ratio")
        seconds = _one_of(duration_s, row.durations_s, row, "length in seconds")
        offer = self._cheapest(row, kind, resolution, aspect_ratio, seconds)
        if seed is not None and offer.row.seed_field is None:
            raise OrderRefused(f"{row.name} takes no seed.", "Leave the seed out and order again.")
        if seed is not None and not 0 <= seed <= SEED_MAX:
            raise OrderRefused("That seed is out of range.", f"Choose one from 0 to {SEED_MAX}.")
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
        )
        quote = Quote(
            offer_id=offer.id,
            price_micros=Micros(per_second * seconds),
            per_second_micros=per_second,
        )
        return order, quote

    def _chosen(self, kind: Kind, model: str | None) -> ModelRow:
        choices = self.models(kind)
        if not choices:
            raise OrderRefused(
                "No model can be ordered here at the moment.", "Please tell whoever runs this bot."
            )
        if model is None:
            return choices[0]
        for row in choices:
            if model in (row.id, row.name):
                return row
        named = ", ".join(row.name for row in choices[:5])
        if (known := self._models.get(model)) is not None:
            raise OrderRefused(f"{known.name} cannot be ordered any more.", f"Choose one of: {named}.")
        raise OrderRefused("There is no such model here.", f"Choose one of: {named}.")

    def _cheapest(
        self, row: ModelRow, kind: Kind, resolution: str, aspect_ratio: str, duration_s: int
    ) -> Offer:
        able = [
            offer
            for offer in self.open_offers(row.id)
            if offer.takes(kind, resolution, aspect_ratio, duration_s)
        ]
        if not able:
            raise OrderRefused(
                f"{row.name} is not offered at {resolution} {aspect_ratio} for {duration_s} s at the moment.",
                "Choose another resolution, aspect ratio, length or model.",
            )
        return min(able, key=lambda offer: offer.per_second_micros[resolution])


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
        SettingsError: a row is wrong; names the file, the row, the key and what is allowed.
    """
    models, offers = read([_OWN_FILE, *([overlay] if overlay else [])])
    if studio_play_price is not None:
        offers = [
            replace(offer, per_second_micros=dict.fromkeys(offer.per_second_micros, studio_play_price))
            if offer.row.provider == "studio"
            else offer
            for offer in offers
        ]
    return Catalogue(models, offers, providers=providers, now=now)


def _checked_prompt(prompt: str, row: ModelRow) -> str:
    prompt = prompt.strip()
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in prompt):
        raise OrderRefused("The prompt has a character that is no text.", "Type it anew and order again.")
    if not any(char.isprintable() and not char.isspace() for char in prompt):
        raise OrderRefused("The prompt is empty.", "Describe what should be seen and heard, and order again.")
    if len(prompt) > row.prompt_chars_max:
        raise OrderRefused(
            f"The prompt has {len(prompt):,} characters; {row.name} takes {row.prompt_chars_max:,}.",
            "Shorten it and order again.",
        )
    return prompt


def _one_of(value: T | None, allowed: Sequence[T], row: ModelRow, what: str) -> T:
    if value is None:
        return allowed[0]
    if value not in allowed:
        choices = ", ".join(str(choice) for choice in allowed)
        raise OrderRefused(f"{row.name} has no {what} {str(value)[:40]}.", f"Choose one of: {choices}.")
    return allowed[allowed.index(value)]  # ours, not theirs: a raw 4.0 equals 4 and is no price's factor


def price_line(quote: Quote, duration_s: int) -> str:
    """`$0.40 (4 s at $0.10 a second)`, or `free`."""
    if not quote.price_micros:
        return "free"
    total, each = format_usd(quote.price_micros), format_usd(quote.per_second_micros)
    return f"{total} ({duration_s} s at {each} a second)"
