"""A models file: read, its rows checked against each other, priced.

A row that is wrong is left out, and so is what it would have replaced: neither is sold on a guess. Faults
name file, line, row, key and what is allowed. That a line is no TOML is a fault of its row alone, as long as
it can be told which row that is.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pydantic import ValidationError

from bot.domain import OfferId
from bot.errors import SettingsError
from bot.money import MICROS_PER_USD, format_usd, parse_usd
from bot.offers.row_file import TABLES, RowFile, Torn, Wrong, offer_id
from bot.offers.rows import ModelRow, Offer, OfferRow, ProviderRow, RouteRow, wire_of
from bot.providers.fal_addresses import is_endpoint

SPOKEN = {
    "fal": "fal",
    "openai": "openai",
    "replicate": "replicate",
    "lumenfall": "lumenfall",
    "prodia": "prodia",
    "studio": "openai",
}
"""The providers that there are, with the protocol that each of them speaks."""

PER_SECOND_MAX = 3 * MICROS_PER_USD
"""Four times what the dearest of all costs, and below the cheapest (five cents) where that is written in
cents: so much is another unit, or the price of a whole clip."""

ZONES_APART = timedelta(days=1)
"""A day may have begun where a price was read, and not yet in UTC."""

_REPLICATE_MODEL = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+(?::[A-Za-z0-9]+)?")


OfferPlace = Callable[[str], str]


def check_provider(name: str | None) -> None:
    """Return where there is such a provider, whether or not it can be asked; also where none is named.

    Raises:
        SettingsError: there is none.
    """
    if name is not None and name not in SPOKEN:
        raise SettingsError(f"there is no provider {name!r}; there are: {', '.join(SPOKEN)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What the files say, and what is wrong with them: one line a fault.

    `places` says of each offer of the last file where a key of it stands, as `path:line`.
    """

    models: Sequence[ModelRow]
    offers: Sequence[Offer]
    faults: Sequence[str]
    routes: Sequence[RouteRow] = ()
    providers: Sequence[ProviderRow] = ()
    places: Mapping[OfferId, OfferPlace] = field(default_factory=dict)


def read(
    path: Path, on: Rows | None = None, *, known: Collection[str] | None = None, today: date | None = None
) -> Rows:
    """The rows of a file, laid on top of others: its row replaces one of the same id.

    `known` are the names that a provider can have; without them it is enough that nobody has a key for it.
    `today` is the day in UTC, after which no price can have been read; without it that is not looked at.

    Raises:
        SettingsError: the file cannot be read, or is no TOML where that cannot be laid to its rows.
    """
    models = {row.id: row for row in on.models} if on else {}
    offers = {offer.id: offer for offer in on.offers} if on else {}
    routes = {row.model: row for row in on.routes} if on else {}
    limits = {row.id: row for row in on.providers} if on else {}
    file = RowFile(path)
    faults = [*(on.faults if on else ()), *file.place.unknown_tables(file.tables, TABLES)]
    faults += _models(file, models)
    places, wrong_offers = _offers(file, offers, models, known=known, today=today)
    faults += [*wrong_offers, *_replacements(file, models)]
    # Where a model's row was wrong, what an earlier file offers of it is not for sale either.
    kept = [offer for offer in offers.values() if offer.row.model in models]
    # A pin or a limit that cannot be read is no leave to go without one: what it is about is not for sale.
    unpinned, wrong_routes = _routes(file, kept, routes)
    unlimited, wrong_limits = _limits(file, limits, known)
    return Rows(
        models=list(models.values()),
        offers=[each for each in kept if not (each.row.model in unpinned or each.row.provider in unlimited)],
        faults=[*faults, *wrong_routes, *wrong_limits],
        routes=list(routes.values()),
        providers=list(limits.values()),
        places=places,
    )


def _models(file: RowFile, models: dict[str, ModelRow]) -> list[str]:
    """Lay the file's models on; returns what is wrong."""
    faults: list[str] = []
    seen: set[str] = set()
    for raw in file.rows("models"):
        models.pop(raw.name, None)
        try:
            row = raw.read(ModelRow)
            _once(seen, row.id, "id")
            models[row.id] = row
        except (ValidationError, Wrong, Torn) as wrong:
            faults += raw.faults(wrong, ModelRow)
    for raw in file.torn("models"):
        for name in raw.names():
            models.pop(name, None)
    return faults


def _offers(
    file: RowFile,
    offers: dict[OfferId, Offer],
    models: Mapping[str, ModelRow],
    *,
    known: Collection[str] | None,
    today: date | None,
) -> tuple[dict[OfferId, OfferPlace], list[str]]:
    """Lay the file's offers on; returns where each of them stands, and what is wrong."""
    faults: list[str] = []
    places: dict[OfferId, OfferPlace] = {}
    seen: set[str] = set()
    for raw in file.rows("offers"):
        offers.pop(OfferId(raw.name), None)
        try:
            row = raw.read(OfferRow)
            _addressed(row, known)
            _priced(row, today)
            offer = _offer(row, models)
            _once(seen, offer.id, "route")
            offers[offer.id] = offer
            places[offer.id] = raw.place_of
        except (ValidationError, Wrong, Torn) as wrong:
            faults += raw.faults(wrong, OfferRow)
    for raw in file.torn("offers"):
        for meant in [each for each in offers.values() if raw.may_mean(each)]:
            del offers[meant.id]
    return places, faults


def _replacements(file: RowFile, models: Mapping[str, ModelRow]) -> Iterator[str]:
    """What is wrong with the models that the file's models name in their place."""
    for raw in file.rows("models"):
        row = models.get(raw.name)
        for name in row.replaced_by if row else ():
            if name not in models:
                yield raw.fault("replaced_by", f"no row describes the model {name!r}")


def _routes(
    file: RowFile, offers: Sequence[Offer], routes: dict[str, RouteRow]
) -> tuple[set[str], list[str]]:
    """Lay the file's routes on; returns the models whose row is wrong, and what is wrong."""
    faults: list[str] = []
    seen: set[str] = set()
    unpinned: set[str] = set()
    for raw in file.rows("routes"):
        routes.pop(raw.name, None)
        try:
            row = raw.read(RouteRow)
            _once(seen, row.model, "model")
            _offered(row, offers)
            routes[row.model] = row
        except (ValidationError, Wrong, Torn) as wrong:
            unpinned |= raw.names()
            faults += raw.faults(wrong, RouteRow)
    return unpinned, faults


def _offered(row: RouteRow, offers: Sequence[Offer]) -> None:
    there = {offer.row.provider for offer in offers if offer.row.model == row.model}
    if strange := [each for each in row.providers if each not in there]:
        allowed = ", ".join(sorted(there)) or "nobody: there is no offer of this model"
        raise Wrong("providers", f"{strange[0]!r} does not offer it; allowed: {allowed}")


def _limits(
    file: RowFile, limits: dict[str, ProviderRow], known: Collection[str] | None
) -> tuple[set[str], list[str]]:
    """Lay the file's limits on; returns the providers whose row is wrong, and what is wrong."""
    faults: list[str] = []
    seen: set[str] = set()
    unlimited: set[str] = set()
    for raw in file.rows("providers"):
        limits.pop(raw.name, None)
        try:
            row = raw.read(ProviderRow)
            _known("id", row.id, known)
            _once(seen, row.id, "id")
            limits[row.id] = row
        except (ValidationError, Wrong, Torn) as wrong:
            unlimited |= raw.names()
            faults += raw.faults(wrong, ProviderRow)
    return unlimited, faults


def _once(seen: set[str], name: str, key: str) -> None:
    if name in seen:
        raise Wrong(key, "this id was used before in the same file; `route` tells offers apart")
    seen.add(name)


def _known(key: str, provider: str, known: Collection[str] | None) -> None:
    if known is not None and provider not in known:
        near = difflib.get_close_matches(provider, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"
        raise Wrong(key, f"there is no provider {provider!r}; {hint}")


def _addressed(row: OfferRow, known: Collection[str] | None) -> None:
    """Return if there is such a provider, which speaks so and can have an endpoint of such a name."""
    _known("provider", row.provider, known)
    if row.protocol != (spoken := SPOKEN.get(row.provider, row.protocol)):
        raise Wrong("protocol", f"{row.provider} does not speak {row.protocol}; allowed: {spoken}")
    if row.protocol == "fal" and not is_endpoint(row.endpoint):
        raise Wrong("endpoint", "write it as fal does, such as fal-ai/wan/v2.7/text-to-video")
    if row.protocol == "replicate" and not _REPLICATE_MODEL.fullmatch(row.endpoint):
        raise Wrong("endpoint", "write owner/name, or owner/name:version")


def _priced(row: OfferRow, today: date | None) -> None:
    """Return if it is said whence its price is, and that day can have been."""
    read_on = row.price_read_on
    if row.usd_per_second and (read_on is None or row.price_from is None):
        raise Wrong("usd_per_second", "a price needs price_read_on and price_from")
    if today is not None and read_on is not None and read_on > today + ZONES_APART:
        raise Wrong("price_read_on", f"{read_on} is yet to come; write the day on which the price was read")


def _offer(row: OfferRow, models: Mapping[str, ModelRow]) -> Offer:
    model = models.get(row.model)
    if model is None:
        raise Wrong("model", f"no row that is right describes the model {row.model!r}")
    for key, claimed, able in (
        ("kinds", [kind.value for kind in row.kinds], [kind.value for kind in model.kinds]),
        ("sizes", row.sizes, [f"{r} {a}" for r in model.resolutions for a in model.aspect_ratios]),
        ("usd_per_second", row.usd_per_second, model.resolutions),
        ("resolutions", row.resolutions, model.resolutions),
        ("aspect_ratios", row.aspect_ratios, model.aspect_ratios),
        ("durations_s", row.durations_s or [], model.durations_s),
    ):
        if strange := [each for each in claimed if each not in able]:
            allowed = ", ".join(map(str, able))
            raise Wrong(key, f"{strange[0]!r} is nothing that the model can do; allowed: {allowed}")
    for key, words in (("resolutions", row.resolutions), ("aspect_ratios", row.aspect_ratios)):
        if "" in words.values() and any(words.values()):
            raise Wrong(key, 'either every word is "" (nothing is sent), or none is')
    try:
        prices = {resolution: parse_usd(usd) for resolution, usd in row.usd_per_second.items()}
    except ValueError as wrong:
        raise Wrong("usd_per_second", str(wrong)) from wrong
    for resolution, price in prices.items():
        if price > PER_SECOND_MAX:
            said = f"{format_usd(price)} a second is more than {format_usd(PER_SECOND_MAX)}"
            raise Wrong(f"usd_per_second.{resolution}", f"{said}: write dollars, for one second of clip")
    return Offer(id=offer_id(row.model_dump()), row=row, per_second_micros=prices, wire=wire_of(row))
