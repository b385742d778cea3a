"""All that is set for a guild's spending, read together and kept until something of it is changed."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import ChannelId, GuildId, Period
from storage import guilds
from storage.budgets import BudgetScope
from storage.connection import BookConnection
from storage.guilds import SpendingRules
from storage.purses import Key, channel_key, guild_key
from storage.tallies import PERIODS, Bounds

GUILDS_KEPT_MAX = 10_000

Pools = tuple[tuple[Key, Bounds], ...]

GUILD, CEILING = (BudgetScope.GUILD.value, 0), (BudgetScope.CEILING.value, 0)


@dataclass(frozen=True, slots=True)
class Charter:
    """The limits of a guild (or of everywhere) by scope and by whose they are, and its rules."""

    bounds: Mapping[tuple[str, int], Bounds]
    rules: SpendingRules
    _monthly: dict[tuple[str, int], tuple[int | None, Bounds]] = field(default_factory=dict)
    _pools: dict[tuple[int | None, bool], Pools | None] = field(default_factory=dict)

    def monthly(self, whose: tuple[str, int], limit_micros: int | None) -> Bounds:
        """What is set for `whose`, with a setting's limit for a month where nothing is set for the month."""
        made = self._monthly.get(whose)  # the setting never changes, and every order asks for two
        if made is None or made[0] != limit_micros:
            bounds, month = self.bounds.get(whose, ()), PERIODS.index(Period.MONTH)
            if limit_micros is not None and all(place != month for place, _ in bounds):
                bounds = ((month, limit_micros), *bounds)
            made = self._monthly[whose] = limit_micros, bounds
        return made[1]

    def pools(self, guild_id: GuildId, channel_id: ChannelId | None, *, paid: bool) -> Pools | None:
        """The guild's and the channel's purses with all their limits, where they have any.

        None where what is ordered costs money, and the operator has not admitted the guild.
        """
        try:
            return self._pools[channel_id, paid]
        except KeyError:
            pass
        guild, ceiling = self.bounds.get(GUILD, ()), self.bounds.get(CEILING, ())
        pools: list[tuple[Key, Bounds]] = [(guild_key(guild_id), (*guild, *ceiling) if paid else guild)]
        if channel_id is not None:
            channel = self.bounds.get((BudgetScope.CHANNEL.value, channel_id), ())
            pools.append((channel_key(channel_id), channel))
        found = None if paid and not ceiling else tuple(pool for pool in pools if pool[1])
        self._pools[channel_id, paid] = found
        return found


def of(tx: sqlite3.Connection, guild_id: GuildId) -> Charter:
    """What is set for a guild."""
    kept = tx.charters if isinstance(tx, BookConnection) else None
    if kept is None:
        return _read(tx, guild_id)
    charter = kept.get(guild_id)
    if charter is None:
        if len(kept) >= GUILDS_KEPT_MAX:
            kept.clear()
        charter = kept[guild_id] = _read(tx, guild_id)
    return charter


def _read(tx: sqlite3.Connection, guild_id: GuildId) -> Charter:
    places = {period.value: place for place, period in enumerate(PERIODS)}
    bounds: dict[tuple[str, int], Bounds] = {}
    for row in tx.execute(
        "SELECT scope, scope_id, period, limit_micros FROM budgets WHERE guild_id = ?", (guild_id,)
    ):
        whose = (row[0], row[1])
        bounds[whose] = (*bounds.get(whose, ()), (places[row[2]], row[3]))
    return Charter(bounds, guilds.rules(tx, guild_id))
