"""Whether an order may come in: asked before it is priced, and again in the transaction that places it."""

import sqlite3
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.catalogue import Catalogue
from bot.domain import ChannelId, GuildId, Kind, Member, Order, Quote, UserId
from bot.ids import Ids
from bot.moderation import channel_rules as rules_of
from bot.moderation import pauses
from bot.moderation.channel_rules import Scene
from bot.moderation.consent import Consents
from bot.operating.halts import Halts
from bot.ordering import remixing
from bot.ordering.asked import Asked
from bot.ordering.barred import check_standing, check_time_out
from bot.ordering.pricing import Proposal
from bot.ordering.remixing import RemixAsks
from storage import channel_rules, people
from storage import pauses as pauses_of
from storage.channel_rules import Rules
from storage.connection import remember
from storage.database import Database


class Door:
    """What stands between a member and an order, whatever is in their budget.

    Discord's time-out, blocks and cool-downs, pauses, the rules of the channel, and the consent of those who
    are seen. `remix_asks` are the questions to members whose clips are to be remixed.

    Args:
        halts: what the operator has stopped; without it nothing is.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        *,
        ids: Ids,
        now: Callable[[], datetime],
        halts: Halts | None = None,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._now = now
        self._halts = halts or Halts()
        self._consents = Consents(database, now=now)
        self.remix_asks = RemixAsks(database, ids=ids, now=now)

    async def through(self, asked: Asked, price: Callable[[Asked], Awaitable[Proposal]]) -> Proposal:
        """Let an order in, price it, and look at what it came to.

        Raises:
            Refusal: it may not come in; nothing was charged.
        """
        check_time_out(_time(asked.timed_out_until), self._now())
        scene, kind = _scene_of(asked), Kind(asked.kind)
        rules = await self._database.read(lambda tx: self._let_in(tx, scene, kind, self._now()))
        await self._consents.check(asked, rules.pictured)
        proposal = await price(self._shaped(asked, rules))
        order, quote = proposal.priced.order, proposal.priced.quote
        rules_of.check_order(rules, order, quote, self._names)
        mature = proposal.verdict.mature or self._is_mature(order.model)
        rules_of.check_age(mature=mature, age_restricted=asked.age_restricted)
        await self.remix_asks.check(rules, order)
        return proposal

    async def check_person(self, member: Member, *, timed_out_until: datetime | None) -> None:
        """Let somebody press what costs or shows something. A cool-down keeps from new orders alone.

        Raises:
            Barred: Discord has them in time-out, or they are blocked.
        """
        at = self._now()
        check_time_out(timed_out_until, at)
        await self._database.read(partial(check_standing, member=member, at=at, orders=False))

    def admit(
        self, tx: sqlite3.Connection, order: Order, quote: Quote, role_ids: Collection[int], at: datetime
    ) -> None:
        """Return if an order may be placed now, in the transaction that holds its money.

        Raises:
            Refusal: it may not; nothing was written.
        """
        member, channels = order.member, _channels(order.channel_id, order.parent_id)
        self._halts.check(member.guild_id)
        if order.source_job_id is None and remember(tx, _is_open, member.guild_id, channels, member.user_id):
            return  # as for nearly all: there is no rule, and no clip of another's
        rules = self._let_in(tx, Scene(member, channels, role_ids), order.kind, at)
        rules_of.check_order(rules, order, quote, self._names)
        remixing.check(tx, rules, order, at)

    def _let_in(self, tx: sqlite3.Connection, scene: Scene, kind: Kind, at: datetime) -> Rules:
        member = scene.member
        self._halts.check(member.guild_id)
        if remember(tx, _is_open, member.guild_id, scene.channels, member.user_id):  # as for nearly all
            return channel_rules.FREE
        check_standing(tx, member, at, orders=True)
        pauses.check(tx, member.guild_id, scene.channels)
        rules = channel_rules.of(tx, member.guild_id, scene.channels)
        rules_of.check_scene(tx, rules, scene, kind, at)
        return rules

    def _shaped(self, asked: Asked, rules: Rules) -> Asked:
        """Whoever names no model gets the first that this channel takes."""
        if not rules.models or asked.model is not None or asked.kind in (Kind.REMIX, Kind.EXTEND):
            return asked
        known = [row.id for row in self._catalogue.models(Kind(asked.kind)) if row.id in rules.models]
        return replace(asked, model=known[0]) if known else asked

    def _names(self) -> dict[str, str]:
        return {row.id: row.name for row in self._catalogue.all_models()}

    def _is_mature(self, model: str) -> bool:
        return any(row.mature for row in self._catalogue.all_models() if row.id == model)


def _is_open(
    tx: sqlite3.Connection, guild_id: GuildId, channels: tuple[ChannelId, ...], user_id: UserId
) -> bool:
    """Whether nothing is set for a place, and nothing was done about a member, that could keep them out."""
    return (
        not people.ever_met(tx, guild_id, user_id)
        and pauses_of.holding(tx, guild_id, channels) is None
        and channel_rules.of(tx, guild_id, channels) is channel_rules.FREE
    )


def _scene_of(asked: Asked) -> Scene:
    return Scene(
        member=Member(guild_id=GuildId(asked.guild_id), user_id=UserId(asked.user_id)),
        channels=_channels(
            ChannelId(asked.channel_id), None if asked.parent_id is None else ChannelId(asked.parent_id)
        ),
        role_ids=asked.role_ids,
    )


def _channels(channel_id: ChannelId, parent_id: ChannelId | None) -> tuple[ChannelId, ...]:
    """A channel and, of a thread, its parent."""
    return (channel_id,) if parent_id is None else (channel_id, parent_id)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
