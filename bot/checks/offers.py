"""What is sold: rows that are wrong, models that are about to end, prices that nobody has looked at."""

import shlex
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from bot import catalogue
from bot.checks.finding import Finding, error, note, warning
from bot.errors import SettingsError
from bot.offers import keys
from bot.offers.models_file import SPOKEN
from bot.offers.rows import Offer
from bot.settings import Settings

PRICE_AGE_MAX = timedelta(days=30)
RETIRES_WITHIN = timedelta(days=30)


def offers(config: Settings, *, today: date) -> Iterator[Finding]:
    """Of the models file, and of what the providers with a key sell."""
    try:
        rows = catalogue.all_rows(config.models_file, known=SPOKEN, today=today)
    except SettingsError as wrong:
        yield error(
            "models_file_wrong",
            str(wrong),
            f"python -m bot models check {shlex.quote(str(config.models_file))}",
        )
        return
    for fault in rows.faults:  # each names file, line, key and what is allowed
        yield error("model_row_wrong", str(fault), "python -m bot models check  # after mending that line")
    names = keys.names(config)
    sold = [offer for offer in rows.offers if offer.row.provider in names]
    priced = [offer for offer in sold if offer.per_second_micros]
    running = [offer for offer in priced if not _has_ended(offer, today)]
    yield from _ended([offer for offer in priced if _has_ended(offer, today)])
    for offer in running:
        yield from _ending(offer, today)
    yield from _old(running, today)
    if sold and all(_has_ended(offer, today) for offer in sold):
        yield error(
            "nothing_sold",
            "every model of your providers has ended",
            "update Dailies, or lay a models file of your own on top (DAILIES_MODELS_FILE)",
        )


def _has_ended(offer: Offer, today: date) -> bool:
    return offer.row.retires_on is not None and offer.row.retires_on <= today


def _ended(offers: Iterable[Offer]) -> Iterator[Finding]:
    """Of each provider in one: a list of twenty hides what is beside it."""
    for provider, those in _by_provider(offers).items():
        yield note(
            "model_retired",
            f"{provider} no longer has, and we do not sell: "
            + ", ".join(f"{offer.id} (ended on {offer.row.retires_on})" for offer in those),
            f"python -m bot models --all --provider {provider}",
        )


def _ending(offer: Offer, today: date) -> Iterator[Finding]:
    ends_on = offer.row.retires_on
    if ends_on is not None and ends_on - today <= RETIRES_WITHIN:
        yield warning(
            "model_retires_soon",
            f"{offer.id} ends on {ends_on}: tell your members what replaces it",
            f"python -m bot models show {offer.row.model}",
        )


def _old(offers: Iterable[Offer], today: date) -> Iterator[Finding]:
    for provider, those in _by_provider(offers).items():
        read = {offer.id: offer.row.price_read_on for offer in those}
        old = {name: day for name, day in read.items() if day is not None and today - day > PRICE_AGE_MAX}
        if old:
            yield warning(
                "price_old",
                f"{provider}: prices were read over {PRICE_AGE_MAX.days} days ago: "
                + ", ".join(f"{name} on {day}" for name, day in old.items()),
                "python -m bot models --online  # then price and day into your models file",
            )


def _by_provider(offers: Iterable[Offer]) -> dict[str, list[Offer]]:
    found: dict[str, list[Offer]] = {}
    for offer in offers:
        found.setdefault(offer.row.provider, []).append(offer)
    return found
