"""What is sold: rows that are wrong, models that are about to end, prices that nobody has looked at."""

from collections.abc import Iterator
from datetime import date, timedelta

from bot import catalogue
from bot.checks.finding import Finding, error, note, warning
from bot.errors import SettingsError
from bot.offers import reachable
from bot.offers.models_file import SPOKEN
from bot.offers.rows import Offer
from bot.settings import Settings

PRICE_AGE_MAX = timedelta(days=30)
RETIRES_WITHIN = timedelta(days=30)


def offers(config: Settings, *, today: date) -> Iterator[Finding]:
    """Of the models file, and of what the providers with a key sell."""
    try:
        rows = catalogue.all_rows(config.models_file, known=SPOKEN)
    except SettingsError as wrong:
        yield error("models_file_wrong", str(wrong), f"python -m bot models check {config.models_file}")
        return
    for fault in rows.faults:  # each names file, line, key and what is allowed
        yield error("model_row_wrong", str(fault), "python -m bot models check, after mending that line")
    names = reachable.names(config)
    sold = [offer for offer in rows.offers if offer.row.provider in names]
    for offer in sold:
        if offer.per_second_micros:
            yield from _of(offer, today)
    if sold and all(_has_ended(offer, today) for offer in sold):
        yield error(
            "nothing_sold",
            "every model of your providers has ended",
            "update Dailies, or lay a models file of your own on top (DAILIES_MODELS_FILE)",
        )


def _has_ended(offer: Offer, today: date) -> bool:
    return offer.row.retires_on is not None and offer.row.retires_on <= today


def _of(offer: Offer, today: date) -> Iterator[Finding]:
    read_on, ends_on = offer.row.price_read_on, offer.row.retires_on
    show = f"python -m bot models show {offer.row.model}"
    if ends_on is not None and ends_on <= today:
        yield note("model_retired", f"{offer.id} ended on {ends_on} and is not sold", show)
        return
    if ends_on is not None and ends_on - today <= RETIRES_WITHIN:
        yield warning(
            "model_retires_soon",
            f"{offer.id} ends on {ends_on}: tell your members what replaces it",
            show,
        )
    if read_on is not None and today - read_on > PRICE_AGE_MAX:
        yield warning(
            "price_old",
            f"{offer.id}: its price was read on {read_on}, over {PRICE_AGE_MAX.days} days ago",
            "python -m bot models --online; then price and day into your models file",
        )
