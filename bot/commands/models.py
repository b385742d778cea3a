"""`dailies models`: what can be ordered, at what price; a file's faults; what providers say of it now."""

import argparse
import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import catalogue, settings
from bot.catalogue import Catalogue
from bot.counting import counted
from bot.domain import STUDIO, OfferId
from bot.errors import SettingsError
from bot.offers import keys, models_file, pricelist
from bot.operating import reports
from bot.settings import Settings
from storage import drifts
from storage.drifts import Drift


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Do what was chosen, and say it; the exit code is 1 where a file is wrong, or something differs."""
    config = settings.load(env_file=chosen.env_file)
    if chosen.what == "check":
        path = Path(chosen.name) if chosen.name else config.models_file or catalogue.OWN_FILE
        code = _check(path, say)
        return code or (_compare(config, path, chosen.provider, say) if chosen.online else 0)
    if chosen.online:
        return _compare(config, config.models_file, chosen.provider, say)
    rows = _loaded(config, config.models_file)
    if chosen.what == "list":
        models_file.check_provider(chosen.provider)
        lines = pricelist.listed(
            rows, kind=chosen.kind, provider=chosen.provider, also_closed=chosen.all, drifts=_drifts(config)
        )
    elif chosen.name:
        lines = pricelist.shown(rows, chosen.name, drifts=_drifts(config))
    else:
        raise SettingsError("name the model to show, such as sora-2-pro")
    listed = list(lines)
    for line in listed:
        say(line)
    if not listed:
        say("nothing of that kind is for sale" + ("" if chosen.all else "; --all lists what is not, and why"))
    return 0


def _drifts(config: Settings) -> dict[OfferId, Drift]:
    """What each offer billed lately; nothing where the bot was never started."""
    if not (config.data_dir / "dailies.db").is_file():
        return {}
    since = _now().date() - timedelta(days=pricelist.DRIFT_DAYS - 1)
    with reports.reading(config) as connection:
        return {row.offer_id: row for row in drifts.by_offer(connection, since=since)}


def _loaded(config: Settings, overlay: Path | None) -> Catalogue:
    own = overlay is None or overlay == catalogue.OWN_FILE
    return catalogue.load(None if own else overlay, providers=keys.names(config), now=_now)


def _check(path: Path, say: Callable[[str], None]) -> int:
    rows, today = catalogue.own_rows(), _now().date()
    try:
        if path != catalogue.OWN_FILE:
            rows = models_file.read(path, on=rows, known=models_file.SPOKEN, today=today)
    except SettingsError as wrong:
        say(str(wrong))
        return 1
    for fault in rows.faults:
        say(fault)
    if not rows.faults:
        say(
            f"{path} is right: with it there are {counted(len(rows.models), 'model')} "
            f"and {counted(len(rows.offers), 'offer')}"
        )
    return 1 if rows.faults else 0


def _compare(config: Settings, overlay: Path | None, provider: str | None, say: Callable[[str], None]) -> int:
    names = keys.names(config) - {STUDIO}
    if not names:
        raise SettingsError("no provider can be asked: set a key, such as DAILIES_FAL_KEY")
    if provider is not None and provider not in names:
        raise SettingsError(f"{provider} cannot be asked; there are: {', '.join(sorted(names))}")
    places: Mapping[OfferId, models_file.OfferPlace] = {}
    if overlay is not None and overlay != catalogue.OWN_FILE:
        places = models_file.read(overlay, on=catalogue.own_rows()).places
    return asyncio.run(_compared(config, _loaded(config, overlay), provider, places, say))


async def _compared(
    config: Settings,
    rows: Catalogue,
    only: str | None,
    places: Mapping[OfferId, models_file.OfferPlace],
    say: Callable[[str], None],
) -> int:
    from bot.offers import comparison, reachable  # noqa: PLC0415 - only who asks needs what asks

    looked_at = differences = 0
    async with AsyncExitStack() as stack:
        providers = await reachable.opened(config, rows, stack, now=_now)
        asked = {name: each for name, each in providers.items() if only in (None, name)}
        async for finding in comparison.compared(rows, asked, today=_now().date()):
            place = places.get(finding.offer.id)
            at = "" if place is None or not finding.key else f"{place(finding.key)}: "
            key = f"{finding.key}: " if at else ""
            say(f"{at}{finding.offer.id}: {key}{finding.words}")
            looked_at += 1
            differences += finding.differs
    say(f"{counted(looked_at, 'offer')} of {', '.join(sorted(asked))}; to be looked at: {differences}")
    return 1 if differences else 0


def _now() -> datetime:
    return datetime.now(UTC)
