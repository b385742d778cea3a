"""The checks that call somebody: Discord, the providers, and our own public address from outside."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial

from bot import catalogue, settings
from bot.checks import account, channels, keys, reach
from bot.checks.discord_api import Discord
from bot.checks.finding import Finding
from bot.checks.moderation import moderation
from bot.domain import GuildId
from bot.errors import DailiesError, SettingsError
from bot.offers.keys import FAL, names
from bot.providers import http
from bot.settings import Settings
from storage import appointed, upload_limits
from storage.appointed import Appointed
from storage.database import open_for_reading
from storage.lock import holder
from storage.soundness import DatabaseFault

LIMITS_LEARNED_WITHIN = timedelta(days=1)


async def online(
    config: Settings, *, now: Callable[[], datetime], addresses: Mapping[str, str] = keys.ADDRESSES
) -> list[Finding]:
    """Ask them all at once; nothing is ordered, signed in or posted."""
    parts = await asyncio.gather(
        _at_discord(config, now),
        keys.keys(keys.probes(config, fal_endpoint=_endpoint(config), addresses=addresses)),
        moderation(config),
        reach.reached(config, runs=holder(config.data_dir) is not None),
    )
    return [finding for part in parts for finding in part]


async def _at_discord(config: Settings, now: Callable[[], datetime]) -> list[Finding]:
    try:
        token = settings.token(config)
    except SettingsError:
        return []  # said without asking anybody
    async with http.pooled_session(http.Timeouts(ask_s=10)) as session:
        discord = Discord(session, config.discord_api_url, token)
        bot, found = await account.account(discord, gateway_url=config.discord_gateway_url, now=now)
        if bot is None:
            return found
        named, limits = await asyncio.to_thread(
            partial(_written, config, since=now() - LIMITS_LEARNED_WITHIN)
        )
        if config.operator_channel_id is not None:
            own, more = await channels.operators(discord, config.operator_channel_id)
            found += more
            named += [] if own is None else [own]
        return [*found, *await channels.channels(discord, bot, named, limits=limits)]


def _written(config: Settings, *, since: datetime) -> tuple[list[Appointed], Mapping[GuildId, int]]:
    """What the database says; nothing where there is none that can be read, which is another check's."""
    path = config.data_dir / "dailies.db"
    if not path.is_file():
        return [], {}
    try:
        with closing(open_for_reading(path)) as connection:
            return appointed.channels(connection), upload_limits.every(connection, since=since)
    except (DatabaseFault, DailiesError):
        return [], {}


def _endpoint(config: Settings) -> str | None:
    """An endpoint of fal's whose price can be asked for."""
    if FAL not in names(config):
        return None
    try:
        rows = catalogue.all_rows(config.models_file)
    except SettingsError:
        rows = catalogue.own_rows()
    priced = (offer for offer in rows.offers if offer.row.provider == FAL and offer.per_second_micros)
    return next((offer.row.endpoint for offer in priced), None)
