"""Stops at the gates what a moderator has to see: an order when it is placed, a clip before it is shown.

`gates` says who waits; here that is asked in the transaction that places the order or stores the move.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.domain import ChannelId, Clip, FaultKind, GuildId, Job, JobId, Micros, Order, Quote, UserId
from bot.errors import OrderRefused
from bot.ids import Ids
from bot.language import _
from bot.moderation import gates
from bot.moderation.gates import NOTHING_FOUND, Found, Gate, Mode, found_by
from bot.screening.verdict import PASSED, Verdict
from storage import acts, people, places, reviews, states
from storage import gates as rows
from storage.acts import Verb
from storage.connection import remember
from storage.database import Database
from storage.places import Purpose
from storage.reviews import Decision, Review

Look = Callable[[Job, Clip], Awaitable[Verdict]]
"""Looks at a clip that is on our disk. It never fails: that nobody could look is a verdict too."""


_ASKED_ANEW = frozenset({Decision.EXPIRED, Decision.WITHDRAWN})
"""Nobody has decided these: to be asked for once more."""


async def nobody_looks(job: Job, clip: Clip) -> Verdict:
    """Where no classifier looks at clips."""
    del job, clip
    return PASSED


async def reviewed(database: Database, order: Order) -> bool:
    """Whether what screening cannot tell of an order would be looked at by moderators where it is placed."""
    return await database.read(partial(_reviewed, order))


async def moderated(database: Database, order: Order) -> bool:
    """Whether any gate stands where an order is placed."""
    return await database.read(partial(_moderated, order))


def at_rendering(
    tx: sqlite3.Connection,
    order: Order,
    quote: Quote,
    order_id: JobId,
    found: Found,
    *,
    new_id: Callable[[], str],
    at: datetime,
) -> Review | None:
    """The review for which an order waits before it is rendered; None where it goes on by itself.

    Raises:
        OrderRefused: somebody would have to look at it, and outside servers there is nobody.
    """
    if not order.member.in_server:
        if found.is_flagged:
            raise OrderRefused(
                _("A moderator would have to look at this first, and there is none here."),
                _("Say it in other words, or order it in a server."),
                kind=FaultKind.RULES,
            )
        return None
    whole = Micros(quote.price_micros * order.takes)
    return _review(tx, Gate.RENDERING, order_id, order, found, whole, new_id=new_id, at=at)


def write(tx: sqlite3.Connection, order_id: JobId, found: Found, review: Review | None) -> None:
    """Write what an order's later gate will ask again, and its review; its jobs are written already."""
    if found.is_flagged:
        rows.note(tx, order_id, found)
    if review is not None:
        _begin(tx, review, order_id)


class Gatehouse:
    """The gate before a clip is shown.

    Args:
        look: looks at clips.
        asked: told when something waits that was not waiting before.
    """

    def __init__(
        self,
        database: Database,
        *,
        ids: Ids,
        now: Callable[[], datetime],
        look: Look = nobody_looks,
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._ids = ids
        self._now = now
        self._look = look
        self._asked = asked

    async def withholds(self, job: Job, clip: Clip) -> bool:
        """Whether a stored clip waits now; if so its job is withheld from here on.

        Raises:
            StaleJob: somebody else moved it first.
        """
        if self._look is nobody_looks:
            return await self._withheld(job, NOTHING_FOUND, or_passed=True)
        if await self._database.read(partial(_has_passed, job.id)):
            return False
        return await self.withholds_for(job, await self._look(job, clip))

    async def withholds_for(self, job: Job, verdict: Verdict) -> bool:
        """The same of a clip that somebody has looked at, with what they found.

        Raises:
            StaleJob: as `withholds`.
        """
        return await self._withheld(job, found_by(verdict))

    async def _withheld(self, job: Job, found: Found, *, or_passed: bool = False) -> bool:
        if not await self._database.read(partial(self._waits, job, found, or_passed)):
            return False
        if not await self._database.write(partial(self._withhold, job, found)):
            return False
        self._asked()
        return True

    async def asked_to_publish(self, job: Job, clip: Clip) -> Review | None:
        """What stands between a clip that its member alone has and everybody: the gate as it is now.

        None where nothing does. A review that is open, or was turned down, is that; else one begins here.
        """
        known = await self._database.read(partial(reviews.of_job, job_id=job.id, gate=Gate.SHOWING))
        if known is not None and known.decision not in _ASKED_ANEW:
            return None if known.decision is Decision.APPROVED else known
        found = found_by(await self._look(job, clip))
        review = await self._database.write(partial(self._publish, job, found))
        if review is not None:
            self._asked()
        return review

    def _publish(self, job: Job, found: Found, tx: sqlite3.Connection) -> Review | None:
        known = reviews.of_job(tx, job.id, Gate.SHOWING)
        if known is not None and known.decision not in _ASKED_ANEW:
            return known  # of two presses at once the second
        review = self._at_showing(job, found, tx)
        if review is None:
            return None
        review = replace(review, publishes=True)
        _begin(tx, review, job.id)
        return review

    def _at_showing(self, job: Job, found: Found, tx: sqlite3.Connection) -> Review | None:
        return _review(
            tx,
            Gate.SHOWING,
            job.id,
            job.order,
            rows.noted(tx, job.order_id).joined_with(found),
            job.quote.price_micros,
            new_id=self._ids.new,
            at=self._now(),
        )

    def _waits(self, job: Job, found: Found, or_passed: bool, tx: sqlite3.Connection) -> bool:  # noqa: FBT001 - likewise
        """Whether it waits, if it has not (where that is asked) passed already."""
        if or_passed and _has_passed(job.id, tx):
            return False
        return self._at_showing(job, found, tx) is not None

    def _withhold(self, job: Job, found: Found, tx: sqlite3.Connection) -> bool:
        review = self._at_showing(job, found, tx)
        if review is None:
            return False
        states.withheld(tx, job.id, at=review.asked_at)
        _begin(tx, review, job.id)
        return True


def _reviewed(order: Order, tx: sqlite3.Connection) -> bool:
    guild_id = order.member.guild_id
    setting = rows.setting(tx, guild_id, _gated_by(order), Gate.RENDERING)
    return setting.mode is not Mode.OFF and places.get(tx, guild_id, Purpose.REVIEWS) is not None


def _moderated(order: Order, tx: sqlite3.Connection) -> bool:
    channel_id = _gated_by(order)
    return any(
        rows.setting(tx, order.member.guild_id, channel_id, gate).mode is not Mode.OFF for gate in Gate
    )


def _gated_by(order: Order) -> ChannelId:
    """The channel whose gates hold: of a thread its channel's."""
    return order.parent_id or order.channel_id


def _has_passed(job_id: JobId, tx: sqlite3.Connection) -> bool:
    review = reviews.of_job(tx, job_id, Gate.SHOWING)
    return review is not None and review.decision is Decision.APPROVED


def _review(
    tx: sqlite3.Connection,
    gate: Gate,
    job_id: JobId,
    order: Order,
    found: Found,
    price_micros: Micros,
    *,
    new_id: Callable[[], str],
    at: datetime,
) -> Review | None:
    member, channel_id = order.member, _gated_by(order)
    if not found.is_flagged and remember(tx, _is_open, member.guild_id, channel_id, gate, member.user_id):
        return None
    setting = rows.setting(tx, member.guild_id, channel_id, gate)
    counted = setting.mode is Mode.FIRST
    why = gates.waits(
        setting,
        found,
        approved_before=reviews.approved_before(tx, member, channel_id, gate) if counted else 0,
        on_probation=people.standing(tx, member.guild_id, member.user_id, at).on_probation,
    )
    if why is None:
        return None
    rules = rows.rules(tx, member.guild_id)
    dear = rules.two_above_micros is not None and price_micros > rules.two_above_micros
    return Review(
        id=new_id(),
        gate=gate,
        job_id=job_id,
        member=member,
        channel_id=channel_id,
        why=why,
        found=found,
        price_micros=price_micros,
        needed=2 if dear else 1,
        asked_at=at,
        remind_at=at + rules.remind_after,
        expires_at=at + rules.expires(gate),
    )


def _is_open(
    tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, gate: Gate, user_id: UserId
) -> bool:
    """Whether what nothing was found in goes on by itself, whoever it is of, and nobody was ever met."""
    setting = rows.setting(tx, guild_id, channel_id, gate)
    return gates.waits(
        setting, NOTHING_FOUND, approved_before=0, on_probation=False
    ) is None and not people.ever_met(tx, guild_id, user_id)


def _begin(tx: sqlite3.Connection, review: Review, job_id: JobId) -> None:
    reviews.insert(tx, review)
    acts.on_job(
        tx,
        Verb.REVIEW_ASKED,
        job_id,
        by=None,
        guild_id=review.member.guild_id,
        at=review.asked_at,
        gate=review.gate.value,
        why=review.why.value,
    )
