"""What `dailies models` says: what is for sale, what is not and why, and all of one model."""

from collections.abc import Iterator, Mapping, Sequence

from bot.catalogue import Catalogue
from bot.domain import Kind, OfferId
from bot.errors import SettingsError
from bot.money import format_usd
from bot.offers.rows import ModelRow, Offer
from bot.spend import drift

DRIFT_DAYS = 30
"""Of so many days is what offers billed beside what was expected."""

_SOUND = {
    "always": "always",
    "never": "never",
    "flag": "asked for; the price is with it",
    None: "not known",
}


def listed(
    catalogue: Catalogue,
    *,
    kind: Kind | None,
    provider: str | None,
    also_closed: bool,
    drifts: Mapping[OfferId, drift.Row],
) -> Iterator[str]:
    """Every model that is for sale, one line an offer; with `also_closed` the others too, and why not.

    An offer that bills otherwise than expected is marked, by its row in `drifts`.
    """
    for row in catalogue.all_models():
        offers = [
            (offer, closed)
            for offer in catalogue.offers_of(row.id)
            if kind in (None, *offer.row.kinds)
            and provider in (None, offer.row.provider)
            and ((closed := catalogue.closed_because(offer)) is None or also_closed)
        ]
        if not offers:
            continue
        yield f"{row.id}: {row.name}. {row.about}"
        yield f"  {_what(row)}"
        for offer, closed in offers:
            kinds = ", ".join(offer.row.kinds)
            price = [_prices(offer)] if offer.per_second_micros else []
            why = [f"not for sale: {closed}"] if closed else []
            billed = drifts.get(offer.id)
            off = [f"bills {drift.percent(billed)}"] if billed is not None and drift.is_off(billed) else []
            yield f"  {offer.id}: {kinds}: {'; '.join(price + off + why)}"


def shown(catalogue: Catalogue, model_id: str, *, drifts: Mapping[OfferId, drift.Row]) -> Iterator[str]:
    """All that the catalogue knows of one model, and what its offers have billed lately, by `drifts`.

    Raises:
        SettingsError: there is none of this id.
    """
    rows = {row.id: row for row in catalogue.all_models()}
    if model_id not in rows:
        raise SettingsError(f"there is no model {model_id!r}; there are: {', '.join(rows)}")
    row = rows[model_id]
    yield f"{row.id}: {row.name}. {row.about}"
    yield f"  {_what(row)}"
    yield f"  makes: {', '.join(row.kinds)}; marked: {row.label}"
    if row.replaced_by:
        yield f"  replaced by: {', '.join(row.replaced_by)}"
    for offer in catalogue.offers_of(model_id):
        yield ""
        yield f"{offer.id}: {offer.row.endpoint} ({offer.row.protocol})"
        closed = catalogue.closed_because(offer)
        yield f"  {'for sale' if closed is None else f'not for sale: {closed}'}"
        yield from (f"  {name}: {said}" for name, said in _facts(offer, row) if said)
        if offer.id in drifts:
            yield f"  billed in {DRIFT_DAYS} days: {drift.words(drifts[offer.id])}"


def _facts(offer: Offer, model: ModelRow) -> Iterator[tuple[str, str | None]]:
    row = offer.row
    words = {**row.resolutions, **dict.fromkeys(size.rpartition(" ")[0] for size in row.sizes)}
    unpriced = [each for each in model.resolutions if each in words and each not in offer.per_second_micros]
    shapes = {*row.aspect_ratios, *(size.rpartition(" ")[2] for size in row.sizes)}
    yield "makes", ", ".join(row.kinds)
    yield "price", _prices(offer)
    yield "from", row.price_from
    yield "not sold for want of a price", ", ".join(unpriced)
    yield "lengths", _seconds(row.durations_s or model.durations_s)
    yield "shapes", ", ".join(each for each in model.aspect_ratios if each in shapes)
    yield "sound", _SOUND[row.audio]
    yield "seed", f"from {row.seed_min}" if row.seed_field else "none"
    yield "prompt", _limits(row.prompt_chars_min, row.prompt_chars_max, row.prompt_bytes_max)
    if row.source is not None:
        facts = row.source.model_dump(exclude_none=True)
        yield "starts from", "; ".join(f"{key} {_plain(value)}" for key, value in facts.items())
    yield "can be cancelled", "yes" if row.can_cancel else "no"
    yield "retires", f"{row.retires_on:%Y-%m-%d}" if row.retires_on else None
    yield "note", row.note


def _what(row: ModelRow) -> str:
    return f"{', '.join(row.resolutions)}; {', '.join(row.aspect_ratios)}; {_seconds(row.durations_s)}"


def _prices(offer: Offer) -> str:
    prices = ", ".join(f"{r} {format_usd(p)}/s" for r, p in offer.per_second_micros.items())
    return f"{prices} (read {offer.row.price_read_on:%Y-%m-%d})" if prices else "price not known"


def _seconds(lengths: Sequence[int]) -> str:
    """`4, 8, 12 s`; every second of a longer span as `3 to 15 s`."""
    if len(lengths) > 3 and list(lengths) == list(range(lengths[0], lengths[-1] + 1)):
        return f"{lengths[0]} to {lengths[-1]} s"
    return f"{', '.join(map(str, lengths))} s"


def _limits(chars_min: int, chars_max: int | None, bytes_max: int | None) -> str:
    said = [f"at least {chars_min} characters"] if chars_min > 1 else []
    said += [f"at most {chars_max:,} characters"] if chars_max is not None else []
    said += [f"at most {bytes_max:,} bytes"] if bytes_max is not None else []
    return ", ".join(said)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else f"{value:,}"
