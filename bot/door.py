"""Whether an order may come in: asked before it is priced, and again in the transaction that places it."""

import sqlite3
from collections.abc import Callable
from datetime import datetime

from bot import pauses
from bot.asked import Asked
from bot.domain import ChannelId, GuildId, Order, Quote
from storage.database import Database


class Door:
    """What stands between a member and an order, whatever its price: pauses."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def enter(self, asked: Asked) -> Asked:
        """Let an order in to be priced.

        Raises:
            Refusal: it may not come in; nothing was charged.
        """
        guild_id = GuildId(asked.guild_id)
        channels = [ChannelId(one) for one in (asked.channel_id, asked.parent_id) if one]

        def look(tx: sqlite3.Connection) -> None:
            pauses.check(tx, guild_id, channels)

        await self._database.read(look)
        return asked

    def admit(self, tx: sqlite3.Connection, order: Order, quote: Quote) -> None:
        """Return if an order may be placed, in the transaction that holds its money.

        Raises:
            Refusal: it may not; nothing was written.
        """
        del quote
        channels = [one for one in (order.channel_id, order.parent_id) if one is not None]
        pauses.check(tx, order.member.guild_id, channels)
