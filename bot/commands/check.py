"""`dailies check`: what is wrong with the settings, the models and the book, and what to do about each."""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from bot import catalogue, reachable, reports, settings
from bot.domain import STUDIO
from bot.errors import SettingsError
from bot.rows import Offer
from bot.settings import Settings

PRICE_AGE_MAX = timedelta(days=30)
RETIRES_WITHIN = timedelta(days=30)


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Look at all that can be looked at without calling anybody; the exit code is 1 where something is wrong.

    Raises:
        SettingsError: a setting is wrong: it ends this at once, as it ends `run`.
    """
    config = settings.load(env_file=chosen.env_file)
    found = list(findings(config, today=datetime.now(UTC).date()))
    for finding in found:
        say(finding)
    say("nothing to mend" if not found else f"{len(found)} things to mend")
    return 1 if found else 0


def findings(config: Settings, *, today: date) -> Iterator[str]:
    """What is to be mended, a line each, with what to do."""
    if config.discord_token is None:
        yield "DAILIES_DISCORD_TOKEN is not set: copy the bot's token from the Discord developer portal"
    names = reachable.names(config)
    try:
        rows = catalogue.all_rows(config.models_file)
    except SettingsError as wrong:
        yield str(wrong)
    else:
        yield from map(str, rows.faults)  # each names file, line, key and what is allowed
        for offer in rows.offers:
            if offer.row.provider in names and offer.per_second_micros:
                yield from _of_offer(offer, today)
    if names != {STUDIO} and config.installation_monthly_usd is None:
        yield (
            "DAILIES_INSTALLATION_MONTHLY_USD is not set: nothing that costs money is sold until it says "
            "how much may be spent in a month"
        )
    if (config.data_dir / "dailies.db").is_file():
        for difference in reports.ledger_differences(config):
            yield f"the ledger: {difference}; restore a backup, or ask for help with this line"


def _of_offer(offer: Offer, today: date) -> Iterator[str]:
    read_on, ends_on = offer.row.price_read_on, offer.row.retires_on
    if ends_on is not None and ends_on <= today:
        return  # is not sold, and `dailies models show` says so
    if ends_on is not None and ends_on - today <= RETIRES_WITHIN:
        yield f"{offer.id} ends on {ends_on}: tell your members what replaces it"
    if read_on is not None and today - read_on > PRICE_AGE_MAX:
        yield (
            f"{offer.id}: its price was read on {read_on}; look at it with `dailies models --online`, and "
            "write price and day into your models file"
        )
