"""All that is set for a guild's spending, read together and kept until something of it is changed."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import GuildId, Period
from storage import guilds
from storage.connection import BookConnection
from storage.guilds import SpendingRules
from storage.tallies import PERIODS

GUILDS_KEPT_MAX = 10_000

Bounds = tuple[tuple[int, int], ...]
"""The limits of one budget: the period's place in `PERIODS`, and how much."""


@dataclass(frozen=True, slots=True)
class Charter:
    """The limits of a guild (or of everywhere) by scope and by whose they are, and its rules."""

    bounds: Mapping[tuple[str, int], Bounds]
    rules: SpendingRules
    _monthly: dict[tuple[str, int], tuple[int | None, Bounds]] = field(default_factory=dict)

    def monthly(self, whose: tuple[str, int], limit_micros: int | None) -> Bounds:
        """What is set for `whose`, with a setting's limit for a month where nothing is set for the month."""
        made = self._monthly.get(whose)  # the setting never changes, and every order asks for two
        if made is None or made[0] != limit_micros:
            bounds, month = self.bounds.get(whose, ()), PERIODS.index(Period.MONTH)
            if limit_micros is not None and all(place != month for place, _ in bounds):
                bounds = ((month, limit_micros), *bounds)
            made = self._monthly[whose] = limit_micros, bounds
        return made[1]


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
