"""What a member can do: ask for a price, place an order, cancel it. Each is rows written, then an answer."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot import budgets
from bot.catalogue import Priced
from bot.domain import (
    GuildId,
    InteractionId,
    Job,
    JobId,
    JobState,
    Limits,
    Member,
    Order,
    Quote,
    Scope,
    UserId,
)
from bot.errors import NotYours, OrderRefused, Refusal, StorageError
from bot.ids import Ids
from bot.jobs.cancelling import Cancelled, order_cancelled
from bot.language import _
from bot.moderation import gatehouse
from bot.moderation.gates import NOTHING_FOUND, Found, found_by
from bot.money import format_usd
from bot.offers.options import seed_of
from bot.ordering import repeats
from bot.ordering.asked import Asked
from bot.ordering.door import Door
from bot.ordering.pricing import Pricing, Proposal
from bot.ordering.sources import Way
from bot.spend.surge import Surge
from storage import jobs, ledger, quotes
from storage import typed as typed_rows
from storage.database import Database
from storage.quotes import WaitingQuote

__all__ = ("QUOTE_HOLDS", "Cancelled", "Orders")

QUOTE_HOLDS = timedelta(minutes=14)
"""A little less than the 15 minutes in which Discord lets us answer the command that asked for it."""


class Orders:
    """The members' side of the job table.

    Args:
        placed: told of every job that the worker should look at now.
        surge: refuses what costs money while that is stopped; without one nothing does.
        door: refuses what may not come in, whatever it costs; likewise.
        asked: told when an order waits for a moderator.
    """

    def __init__(
        self,
        database: Database,
        pricing: Pricing,
        *,
        limits: Limits,
        ids: Ids,
        now: Callable[[], datetime],
        placed: Callable[[JobId], None],
        surge: Surge | None = None,
        door: Door | None = None,
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._pricing = pricing
        self._limits = limits
        self._ids = ids
        self._now = now
        self._placed = placed
        self._surge = surge
        self._door = door
        self._asked = asked

    async def propose(self, asked: Asked) -> Proposal:
        """Check, price and screen what was asked. No money is held and nothing is written.

        Raises:
            Refusal: it cannot be ordered.
        """
        if self._door is None:
            return await self._pricing.propose(asked)
        return await self._door.through(asked, self._pricing.propose)

    async def check_person(self, member: Member, *, timed_out_until: datetime | None) -> None:
        """Let somebody press what costs or shows something.

        Raises:
            Barred: Discord has them in time-out, or they are blocked.
        """
        if self._door is not None:
            await self._door.check_person(member, timed_out_until=timed_out_until)

    async def order(self, asked: Asked, proposal: Proposal) -> Job:
        """Place what was proposed, with its files made; returns the first take's job.

        Raises:
            Refusal: nothing was written.
        """
        order = await self._pricing.ready(proposal)
        return await self.place(
            order,
            proposal.priced.quote,
            role_ids=asked.role_ids,
            typed=repeats.typed(asked),
            found=found_by(proposal.verdict),
        )

    async def place(
        self,
        order: Order,
        quote: Quote,
        *,
        role_ids: Sequence[int] = (),
        typed: Mapping[str, Any] | None = None,
        found: Found = NOTHING_FOUND,
    ) -> Job:
        """Hold the money and write a job for each take, in one transaction; returns the first take's.

        A repeated press gets the job it made. `role_ids` are the asking member's, `typed` is what Again and
        Make final will go by, `found` what screening would have a moderator look at.

        Raises:
            BudgetExceeded, PaidNotEnabled: nothing was written.
        """
        place = partial(self._place, order, quote, role_ids, typed, found)
        return self._on_their_way(await self._database.write(place))

    async def ask(self, asked: Asked, priced: Priced, *, way: Way | None = None) -> str:
        """Keep a quote until its member says yes, and return its id. A repeated press gets the same quote.

        What is kept is what was quoted, not what was typed: a yes is to that. `way` is how a clip is gone on
        from.

        Raises:
            BudgetExceeded, PaidNotEnabled: it could not be placed now, so there is nothing to confirm.
        """
        at = self._now()
        waiting = WaitingQuote(
            id=self._ids.new(),
            interaction_id=InteractionId(asked.interaction_id),
            user_id=UserId(asked.user_id),
            asked=asdict(repeats.as_quoted(asked, priced.order, way)),
            price_micros=priced.quote.price_micros,
            expires_at=at + QUOTE_HOLDS,
        )
        admit = partial(self._admit, priced.order, priced.quote, asked.role_ids, at)
        return await self._database.write(partial(self._ask, waiting, admit, at=at))

    async def check(self, asked: Asked, priced: Priced) -> None:
        """Return if what was priced could be placed now; nothing is written.

        Raises:
            Refusal: as `place`.
        """
        admit = partial(self._admit, priced.order, priced.quote, asked.role_ids, self._now())
        await self._database.read(admit)

    async def accept(self, quote_id: str, user_id: UserId, *, role_ids: Sequence[int] | None = None) -> Job:
        """The member said yes: place the order at the price that was named, or at a lower one of now.

        Yes said twice is one job. `role_ids` are those of the press; None: as when the quote was made.

        Raises:
            NotYours: the quote is another's, was answered before, or is too old.
            OrderRefused: the order is no longer possible, or its price has risen.
            BudgetExceeded, PaidNotEnabled: no room any more; the quote stays open.
        """
        kept, made = await self._database.read(partial(_kept, quote_id))
        if kept is None or kept.user_id != user_id:
            raise NotYours(_("This quote has expired or is not yours."), _("Order again for a new one."))
        if made is not None:  # said before: what has changed since is no matter, and it was charged
            return made
        asked = Asked(**kept.asked)
        if role_ids is not None:
            asked = replace(asked, role_ids=role_ids)
        proposal = await self.propose(asked)
        quote = proposal.priced.quote
        if proposal.priced.adjustments:
            raise OrderRefused(
                _("What was quoted cannot be ordered any more."), _("Order again to see what can be.")
            )
        if quote.price_micros > kept.price_micros:  # less is what its member pays, and what the receipt says
            raise OrderRefused(
                _("The price has changed to {price} since you asked.").format(
                    price=format_usd(quote.price_micros)
                ),
                _("Order again if that suits you."),
            )
        order = await self._pricing.ready(proposal)
        found = found_by(proposal.verdict)
        place = partial(self._place, order, quote, asked.role_ids, repeats.typed(asked), found)
        accept = partial(self._accept, quote_id, order, place)
        return self._on_their_way(await self._database.write(accept))

    async def quoted(self, quote_id: str, user_id: UserId) -> Asked:
        """What a quote of this member's was made for, answered or not, as long as it is kept.

        Raises:
            NotYours: the quote is another's, or too old.
        """
        kept = await self._database.read(partial(quotes.get, quote_id=quote_id))
        if kept is None or kept.user_id != user_id:
            raise NotYours(_("This quote has expired or is not yours."), _("Order again for a new one."))
        return Asked(**kept.asked)

    async def ordered_by(self, interaction_id: InteractionId) -> Job | None:
        """The order that was made of what this interaction asked for, where there is one."""
        return await self._database.read(partial(jobs.by_interaction, interaction_id=interaction_id))

    async def decline(self, quote_id: str, user_id: UserId) -> bool:
        """The member said no; False where the quote was done with before (it may be an order by now)."""
        return await self._database.write(
            partial(quotes.answer, quote_id=quote_id, user_id=user_id, at=self._now())
        )

    async def cancel_order(
        self, job_id: JobId, *, by: Member, moderator: bool
    ) -> list[tuple[Job, Cancelled]]:
        """Wish that every take of a job's order ends without a clip, in one transaction.

        Before it is submitted it ends at once, then as the provider says.

        Raises:
            NotYours: the order is another member's (and the presser no moderator), or of another server.
        """
        done = await self._database.write(
            partial(order_cancelled, job_id, self._now(), by=by, moderator=moderator)
        )
        for job, _outcome in done:
            self._placed(job.id)
        return done

    async def job(self, job_id: JobId, *, seen_in: GuildId) -> Job:
        """A job of this server.

        Raises:
            NotYours: there is none of this id here.
        """
        job = await self._database.read(partial(jobs.get, job_id=job_id))
        if job is None or job.order.member.guild_id != seen_in:
            raise NotYours(_("This order is not known here."), _("Order again with /generate."))
        return job

    async def takes(self, job: Job) -> Sequence[Job]:
        """All takes of a job's order, the first one first."""
        return await self._database.read(partial(jobs.of_order, order_id=job.order_id))

    async def typed_for(self, job: Job) -> dict[str, Any] | None:
        """What a job's order was made from, beside what its jobs say; None where that was not kept."""
        return await self._database.read(partial(typed_rows.get, order_id=job.order_id))

    async def newest_of(self, member: Member, *, limit: int) -> list[Job]:
        """A member's latest jobs, newest first."""
        return await self._database.read(partial(jobs.newest_of, member=member, limit=limit))

    def _on_their_way(self, takes: list[Job]) -> Job:
        for job in takes:
            self._placed(job.id)
        if takes[0].state is JobState.REVIEW:
            self._asked()
        return takes[0]

    def _place(
        self,
        order: Order,
        quote: Quote,
        role_ids: Sequence[int],
        typed: Mapping[str, Any] | None,
        found: Found,
        tx: sqlite3.Connection,
    ) -> list[Job]:
        at = self._now()
        try:
            admitted = self._admit(order, quote, role_ids, at, tx)
        except Refusal:
            made = _takes_made(tx, order)
            if made is None:
                raise
            return made
        order_id = JobId(self._ids.new())
        review = gatehouse.at_rendering(tx, order, quote, order_id, found, new_id=self._ids.new, at=at)
        takes: list[Job] = []
        for take, parts in enumerate(admitted.parts, start=1):
            job = Job(
                id=order_id if take == 1 else JobId(self._ids.new()),
                order_id=order_id,
                take=take,
                order=_take_of(order, take),
                quote=quote,
                state=JobState.QUEUED if review is None else JobState.REVIEW,
                rev=0,
                created_at=at,
                state_at=at,
            )
            if not jobs.insert(tx, job):  # a repeated press, of which nothing but the schema asks before
                made = _takes_made(tx, order)
                if made is None or takes:
                    raise StorageError(
                        f"take {take} of interaction {order.interaction_id} is another order's"
                    )
                return made
            ledger.hold(
                tx,
                job_id=job.id,
                bearer=Scope.MEMBER,
                member=order.member,
                channel_id=order.counted_in,
                guild_day=admitted.guild_day,
                amount_micros=quote.price_micros,
                at=at,
                parts=parts,
            )
            takes.append(job)
        gatehouse.write(tx, order_id, found, review)
        if typed is not None:
            typed_rows.insert(tx, order_id, typed)
        return takes

    def _admit(
        self, order: Order, quote: Quote, role_ids: Sequence[int], at: datetime, tx: sqlite3.Connection
    ) -> budgets.Admitted:
        if self._surge is not None:
            self._surge.check(quote)
        if self._door is not None:
            self._door.admit(tx, order, quote, role_ids, at)
        return budgets.admit(
            tx,
            order.member,
            quote,
            self._limits,
            at,
            channel_id=order.counted_in,
            takes=order.takes,
            role_ids=role_ids,
        )

    def _ask(
        self,
        waiting: WaitingQuote,
        admit: Callable[[sqlite3.Connection], budgets.Admitted],
        tx: sqlite3.Connection,
        *,
        at: datetime,
    ) -> str:
        asked = quotes.by_interaction(tx, waiting.interaction_id)
        if asked is not None:
            return asked.id
        admit(tx)
        quotes.insert(tx, waiting, at=at)
        return waiting.id

    def _accept(
        self,
        quote_id: str,
        order: Order,
        place: Callable[[sqlite3.Connection], list[Job]],
        tx: sqlite3.Connection,
    ) -> list[Job]:
        if not quotes.answer(tx, quote_id, order.member.user_id, at=self._now()):
            made = jobs.by_interaction(tx, order.interaction_id)
            if made is not None:  # the second of two presses at once
                return jobs.of_order(tx, made.id)
            raise NotYours(_("This quote was declined or has expired."), _("Order again for a new one."))
        return place(tx)


def _takes_made(tx: sqlite3.Connection, order: Order) -> list[Job] | None:
    """The jobs that an order's press has made before."""
    made = jobs.by_interaction(tx, order.interaction_id)
    return None if made is None else jobs.of_order(tx, made.id)


def _take_of(order: Order, take: int) -> Order:
    """An order as one of its takes, each of which has a seed of its own."""
    if order.seed is None or take == 1:
        return order
    return replace(order, seed=seed_of(order.seed, take))


def _kept(quote_id: str, connection: sqlite3.Connection) -> tuple[WaitingQuote | None, Job | None]:
    """A quote, and the job that it has become."""
    kept = quotes.get(connection, quote_id)
    return kept, None if kept is None else jobs.by_interaction(connection, kept.interaction_id)
