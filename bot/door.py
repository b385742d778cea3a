"""Whether an order may come in: asked before it is priced, and again in the transaction that places it."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot import pauses
from bot.asked import Asked
from bot.barred import check_standing, check_time_out
from bot.domain import ChannelId, GuildId, Member, Order, Quote, UserId
from storage.database import Database


class Door:
    """What stands between a member and an order, whatever its price: Discord's time-out, blocks, pauses."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def enter(self, asked: Asked) -> Asked:
        """Let an order in to be priced.

        Raises:
            Refusal: it may not come in; nothing was charged.
        """
        at = self._now()
        check_time_out(_time(asked.timed_out_until), at)
        member = Member(guild_id=GuildId(asked.guild_id), user_id=UserId(asked.user_id))
        channels = [ChannelId(one) for one in (asked.channel_id, asked.parent_id) if one]

        def look(tx: sqlite3.Connection) -> None:
            check_standing(tx, member, at, orders=True)
            pauses.check(tx, member.guild_id, channels)

        await self._database.read(look)
        return asked

    async def check_person(self, member: Member, *, timed_out_until: datetime | None) -> None:
        """Let somebody press what costs or shows something. A cool-down keeps from new orders alone.

        Raises:
            Barred: Discord has them in time-out, or they are blocked.
        """
        at = self._now()
        check_time_out(timed_out_until, at)
        await self._database.read(partial(check_standing, member=member, at=at, orders=False))

    def admit(self, tx: sqlite3.Connection, order: Order, quote: Quote) -> None:
        """Return if an order may be placed, in the transaction that holds its money.

        Raises:
            Refusal: it may not; nothing was written.
        """
        del quote
        channels = [one for one in (order.channel_id, order.parent_id) if one is not None]
        check_standing(tx, order.member, self._now(), orders=True)
        pauses.check(tx, order.member.guild_id, channels)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
