"""Cards that show an old state, since their place takes no edits of ours; and when to try once more.

A thread may be archived and locked, a channel closed to us. Nobody tells us for certain when such a place is
open again, and to ask by the clock would be worse than useless: Discord bans who is refused too often. So a
card is tried again when there is a reason to: at a start, when Discord says that the place has changed, and
when somebody uses it.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bot.domain import ChannelId, Job, JobId
from storage import closed_cards
from storage.closed_cards import ClosedCard
from storage.database import Database

TRIES_MAX = 12
"""Of one card. What it says stands in `/quota` and `/clips` all the same."""

TRIED_FOR = timedelta(days=90)
AGAIN_AFTER = timedelta(minutes=10)
"""Without a word of Discord's: somebody may press again and again in a place that stays closed to us."""

KNOWN_MAX = 5_000
AT_ONCE_MAX = 50
"""Of one place, the newest first; the next reason to look takes others."""


class ClosedCards:
    """Which they are. A start reads them; from then on they are known without a look into the rows."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._places: dict[ChannelId, dict[JobId, ClosedCard]] = {}
        self._place_of: dict[JobId, ChannelId] = {}

    def __contains__(self, order_id: JobId) -> bool:
        return order_id in self._place_of

    async def load(self) -> list[JobId]:
        """The orders whose cards may be tried now, after a start."""
        since = self._now() - TRIED_FOR
        for card in await self._database.read(partial(closed_cards.newest, since=since, limit=KNOWN_MAX)):
            self._put(card)
        return [order_id for channel_id in self._places for order_id in self.due_in(channel_id)]

    async def refused(self, job: Job) -> None:
        """The card of an order at rest could not be edited; `job` is its first take."""
        card = await self._database.write(partial(_refused, job, self._now()))
        if card.tries >= TRIES_MAX:
            await self.settled(job.id)
        elif job.id in self or len(self._place_of) < KNOWN_MAX:
            self._put(card)

    async def settled(self, order_id: JobId) -> None:
        """It is up to date, or gone: it is not looked at for this any more."""
        await self._database.write(partial(closed_cards.forget, order_id=order_id))
        channel_id = self._place_of.pop(order_id, None)
        if channel_id is not None:
            self._places[channel_id].pop(order_id, None)
            if not self._places[channel_id]:
                del self._places[channel_id]

    def due_in(self, channel_id: ChannelId, *, has_changed: bool = False) -> list[JobId]:
        """The orders whose cards may be tried in a place; `has_changed` where Discord has just said so."""
        latest = self._now() - AGAIN_AFTER
        cards = sorted(
            self._places.get(channel_id, {}).values(), key=lambda card: card.refused_at, reverse=True
        )
        return [card.order_id for card in cards if has_changed or card.refused_at <= latest][:AT_ONCE_MAX]

    def _put(self, card: ClosedCard) -> None:
        self._places.setdefault(card.channel_id, {})[card.order_id] = card
        self._place_of[card.order_id] = card.channel_id


def _refused(job: Job, at: datetime, tx: sqlite3.Connection) -> ClosedCard:
    closed_cards.forget_before(tx, at - TRIED_FOR)
    return closed_cards.refused(tx, job.id, job.order.channel_id, at=at)
