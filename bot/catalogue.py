"""What can be ordered, at what price, from whom, until when: models.toml, and the operator's file on top."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain import (
    PROMPT_CHARS_MAX,
    ChannelId,
    InteractionId,
    Kind,
    Member,
    Micros,
    OfferId,
    Order,
    Quote,
)
from bot.errors import OrderRefused, SettingsError
from bot.money import format_usd, parse_usd
from bot.providers.protocol import Wire

SEED_MAX = 2**31 - 1
"""The largest seed that every provider with seeds takes (Prodia's bound, the narrowest)."""

_OWN_FILE = Path(__file__).with_name("models.toml")

T = TypeVar("T", str, int)
Name = Annotated[str, Field(min_length=1, max_length=80)]
Words = Annotated[list[Name], Field(min_length=1)]


class ModelRow(BaseModel):
    """One `[[models]]` row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    name: Name
    about: Annotated[str, Field(max_length=200)]
    label: Name = "AI-generated"
    kinds: Annotated[list[Kind], Field(min_length=1)]
    prompt_chars_max: Annotated[int, Field(ge=1, le=PROMPT_CHARS_MAX)] = PROMPT_CHARS_MAX
    resolutions: Words
    aspect_ratios: Words
    durations_s: Annotated[list[Annotated[int, Field(ge=1, le=120)]], Field(min_length=1)]


class OfferRow(BaseModel):
    """One `[[offers]]` row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name
    provider: Name
    protocol: Literal["openai"]
    endpoint: Name
    usd_per_second: dict[str, str] = {}
    price_read_on: date
    price_from: Annotated[str, Field(min_length=1, max_length=200)]
    sizes: dict[str, Name]
    seconds_as: Literal["string", "integer"] = "string"
    seed_field: Name | None = None
    key_field: Name | None = None
    echo_field: Name | None = None
    can_cancel: bool = False
    retires_on: date | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    models: list[ModelRow] = []
    offers: list[OfferRow] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model at a provider, with its prices in micro-dollars a second by resolution."""

    id: OfferId
    row: OfferRow
    per_second_micros: Mapping[str, Micros]

    def sold_on(self, day: date) -> bool:
        return self.row.retires_on is None or day < self.row.retires_on


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
        return [m for m in self._models.values() if kind in m.kinds and self.open_offers(m.id)]

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
        return {o.id: _wire(o.row) for o in self._offers.values() if o.row.provider == provider}

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
        offer = self._cheapest(row, resolution, aspect_ratio)
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

    def _cheapest(self, row: ModelRow, resolution: str, aspect_ratio: str) -> Offer:
        able = [
            offer
            for offer in self.open_offers(row.id)
            if resolution in offer.per_second_micros and f"{resolution} {aspect_ratio}" in offer.row.sizes
        ]
        if not able:
            raise OrderRefused(
                f"{row.name} is not offered at {resolution} {aspect_ratio} at the moment.",
                "Choose another resolution, aspect ratio or model.",
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
    models: dict[str, ModelRow] = {}
    offers: dict[tuple[str, str], Offer] = {}
    for path in [_OWN_FILE, *([overlay] if overlay else [])]:
        rows = _read(path)
        models |= {row.id: row for row in rows.models}
        for row in rows.offers:
            if row.model not in models:
                raise SettingsError(f"{path}: an offer names the model {row.model!r}, which no row describes")
            offers[row.provider, row.model] = _offer(path, row, models[row.model], studio_play_price)
    return Catalogue(list(models.values()), list(offers.values()), providers=providers, now=now)


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text("utf-8-sig")))
    except OSError as gone:
        raise SettingsError(f"DAILIES_MODELS_FILE: {path} cannot be read ({gone.strerror})") from gone
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsError(f"{path}: not a TOML file: {broken}") from broken
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {where}: {first['msg']}") from wrong


def _offer(path: Path, row: OfferRow, model: ModelRow, studio_play_price: Micros | None) -> Offer:
    offer_id = OfferId(f"{row.provider}/{row.model}")
    sizes = {f"{r} {a}" for r in model.resolutions for a in model.aspect_ratios}
    if strange := sorted(set(row.sizes) - sizes) or sorted(set(row.usd_per_second) - set(model.resolutions)):
        raise SettingsError(f"{path}: offer {offer_id}: {strange[0]!r} is nothing that the model can do")
    try:
        prices = {resolution: parse_usd(usd) for resolution, usd in row.usd_per_second.items()}
    except ValueError as wrong:
        raise SettingsError(f"{path}: offer {offer_id}: usd_per_second: {wrong}") from wrong
    if row.provider == "studio" and studio_play_price is not None:
        prices = dict.fromkeys(prices, studio_play_price)
    return Offer(id=offer_id, row=row, per_second_micros=prices)


def _wire(row: OfferRow) -> Wire:
    return Wire(
        endpoint=row.endpoint,
        sizes={(key.rpartition(" ")[0], key.rpartition(" ")[2]): size for key, size in row.sizes.items()},
        seconds_as=row.seconds_as,
        seed_field=row.seed_field,
        key_field=row.key_field,
        echo_field=row.echo_field,
    )


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
