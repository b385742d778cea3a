"""Keeps the card of every order true: posts it once, edits it on change, never more often than it helps."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from bot.budgets import Budgets
from bot.catalogue import Catalogue, Described
from bot.clips.card_glance import (
    Seen,
    glance,
    is_as_far,
    revs,
    seen_by_rows,
    without_pace,
    without_progress,
)
from bot.clips.closed_cards import ClosedCards
from bot.clips.shown_rows import ShownRows, shown_rows
from bot.delivery import Card, Delivery, HeldBack, Take, card_nonce
from bot.domain import NO_CHANNEL, RESTING, ChannelId, ClipState, Job, JobId, JobState, Kind
from bot.errors import (
    ClipTooLarge,
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    PlaceGone,
    StorageError,
)
from bot.jobs.nonces import Nonces
from bot.jobs.schedule import Schedule
from bot.providers.protocol import Progress
from storage import jobs
from storage.database import Database

log = logging.getLogger(__name__)

PROGRESS_EVERY_S = 3.0
"""A card's progress is edited no more often; a change of state is shown at once."""

PROGRESS_A_SECOND = 20
"""Of all cards together: Discord takes fifty requests a second, and clips and answers need theirs."""

RETRY_S = 5.0
RETRY_MAX_S = 60.0
LANES = 16


def _nobody_knows(job: Job) -> datetime | None:
    del job
    return None


def _goes_on(job: Job) -> None:
    del job


async def _nobody_cares(job: Job) -> None:
    del job


_NO_CLIP = frozenset({JobState.FAILED, JobState.REJECTED})

_SEEN = (None, ClipState.SHOWN)
"""States of clips that a card may carry: no other is uploaded with it again, and soon its file is gone."""


class Cards:
    """The duty that shows orders. It works from the rows: a card is stale when it shows an older `rev`.

    Everything here is by order: what is told of one take is told of the card that all of them have.

    Args:
        play_money: whether prices are for trying out only; cards say so.
        expected_at: when the clip of a running job may be there; None where nobody can say.
        held_back: for whom a queued job waits, if for anybody.

    `untold` is told of a job that ended without a clip where no card can say so.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        budgets: Budgets,
        delivery: Delivery,
        *,
        play_money: bool,
        now: Callable[[], datetime],
        expected_at: Callable[[Job], datetime | None] = _nobody_knows,
        held_back: Callable[[Job], HeldBack | None] = _goes_on,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._budgets = budgets
        self._delivery = delivery
        self.play_money = play_money
        self._now = now
        self._expected_at = expected_at
        self._held_back = held_back
        self.untold: Callable[[Job], Awaitable[None]] = _nobody_cares
        self._progress: dict[JobId, Progress] = {}
        self._in_line: set[JobId] = set()
        self._line_ends_at = 0.0
        self._order_of: dict[JobId, JobId] = {}
        self._shown: dict[JobId, Seen] = {}
        self._carried: dict[JobId, Path] = {}
        self._given_up: dict[JobId, tuple[int, ...] | None] = {}
        self._closed = ClosedCards(database, now=now)
        self._failures: dict[JobId, int] = {}
        self._nonces = Nonces(now=now)
        self._turns: WeakValueDictionary[JobId, asyncio.Lock] = WeakValueDictionary()
        self._schedule = Schedule(self._step, lanes=LANES)

    async def run(self) -> None:
        """Show what changes, until cancelled; begins with every card that a past process left stale."""
        self._wake_all(await self._database.read(jobs.with_stale_card))
        self._wake_all(await self._closed.load())
        await self._schedule.run()

    async def stop(self, *, within_s: float) -> None:
        """Finish the edits in hand; what is left stale is shown by the next process."""
        await self._schedule.stop(within_s=within_s)

    def touch(self, job_id: JobId) -> None:
        """A job has moved, or its member has wished something."""
        self._schedule.wake(self._order_of.get(job_id, job_id))

    def place_used(self, channel_id: ChannelId) -> None:
        """Somebody does something in a place, which may have taken no edits of cards that stand there."""
        self._wake_all(self._closed.due_in(channel_id))

    def place_changed(self, channel_id: ChannelId) -> None:
        """Discord says that a place is another than it was: woken, unlocked, or with other permissions."""
        self._wake_all(self._closed.due_in(channel_id, has_changed=True))

    def _wake_all(self, job_ids: Iterable[JobId]) -> None:
        for job_id in job_ids:
            self._schedule.wake(job_id)

    def passes(self, job_id: JobId) -> None:
        """A job has moved to where it seldom stays for long: shown in a while, if nothing else is before."""
        self._schedule.wake(self._order_of.get(job_id, job_id), PROGRESS_EVERY_S)

    def progress(self, job_id: JobId, progress: Progress) -> None:
        """The provider said how far a job is; shown when it differs and its card's turn has come."""
        if is_as_far(self._progress.get(job_id), progress):
            return
        self._progress[job_id] = without_pace(progress)
        order_id = self._order_of.get(job_id, job_id)
        if order_id not in self._in_line:
            self._in_line.add(order_id)
            self._schedule.wake(order_id, self._in_line_s())

    def _in_line_s(self) -> float:
        """Until the turn of one more card; by then it shows what was said last."""
        now = asyncio.get_running_loop().time()
        turn_at = max(now + PROGRESS_EVERY_S, self._line_ends_at)
        self._line_ends_at = turn_at + 1 / PROGRESS_A_SECOND
        return turn_at - now

    async def carry(self, job: Job, clip: Path) -> None:
        """Show a stored clip on the card itself, beside those that it carries already.

        It may be repeated for ever.

        Raises:
            DeliveryUnavailable, DeliveryRefused, ClipTooLarge, MessageGone: as `Delivery.edit_card` says.
        """
        async with self._turn(job.order_id):  # an edit that is on its way would hide the clip again
            rows = await self._rows(job.id)
            if rows is None:
                raise StorageError(f"job {job.id} is gone")
            before = {
                take.id: self._carried.get(take.id, clip.with_name(f"{take.id}.mp4"))
                for take in rows.takes
                if take.is_on_card
            }
            card = self._card(rows, here={**before, job.id: clip})
            await self._delivery.edit_card(card)
            self._carried |= {**before, job.id: clip}
            self._shown[job.order_id] = glance(card)

    def model_of(self, job: Job) -> Described:
        """How a job's model is called, and its clips."""
        return self._catalogue.describe(job.order.model)

    @property
    def can_extend(self) -> bool:
        """Whether some model can go on from a clip."""
        return bool(self._catalogue.models(Kind.EXTEND))

    async def card(self, job_id: JobId) -> Card | None:
        """The card of a job's order as it should be now; None where there is no such job."""
        rows = await self._rows(job_id)
        return None if rows is None else self._card(rows)

    async def refresh(self, job_id: JobId) -> None:
        """Show an order anew, now.

        Raises:
            DeliveryUnavailable, DeliveryRefused, MessageGone: as `Delivery.edit_card` says.
        """
        order_id = await self._database.read(partial(jobs.order_of, job_id=job_id))
        if order_id is None:
            return
        async with self._turn(order_id):
            rows = await self._rows(order_id)
            if rows is not None and rows.first.card_message_id is not None:
                self._shown.pop(order_id, None)
                await self._edit(rows, anew=True)

    async def _rows(self, job_id: JobId) -> ShownRows | None:
        return await self._database.read(partial(shown_rows, job_id, self._budgets))

    def _card(self, rows: ShownRows, *, here: Mapping[JobId, Path] | None = None) -> Card:
        here, states = here or {}, rows.clip_states
        model = self.model_of(rows.first)
        return Card(
            takes=tuple(
                Take(
                    job=job,
                    can_cancel=self._catalogue.can_cancel(job.quote.offer_id),
                    progress=self._progress.get(job.id),
                    expected_at=self._expected_at(job),
                    clip_here=here.get(job.id) if states.get(job.id) in _SEEN else None,
                    clip_state=states.get(job.id, ClipState.SHOWN),
                    held_back=self._held_back(job),
                    review=rows.reviews.get(job.id),
                )
                for job in rows.takes
            ),
            allowance=rows.allowance,
            model_name=model.name,
            label=model.label,
            play_money=self.play_money,
            can_extend=self.can_extend,
        )

    async def _step(self, job_id: JobId) -> float | None:
        self._in_line.discard(job_id)
        try:
            async with self._turn(job_id):  # of no meaning where it is no order's id
                rows = await self._rows(job_id)
                if rows is None:
                    return None
                if (order_id := rows.first.id) != job_id:
                    self._order_of |= dict.fromkeys((take.id for take in rows.takes[1:]), order_id)
                    self._schedule.wake(order_id)
                    return None
                await self._show(rows)
        except DeliveryUnavailable as fault:
            log.warning("card not shown yet: %s", fault, extra={"job": job_id, "code": fault.code})
            failures = self._failures[job_id] = self._failures.get(job_id, 0) + 1
            return min(RETRY_MAX_S, RETRY_S * failures)
        except asyncio.CancelledError:
            raise
        except Exception:  # one card's fault, whatever it is, stops no other
            log.exception("card step failed", extra={"job": job_id, "code": "card_step_failed"})
            return RETRY_MAX_S
        self._failures.pop(job_id, None)
        return self._until_expected_s(job_id)

    def _until_expected_s(self, order_id: JobId) -> float | None:
        """Until what the card says of the time left is over, and another word or none is to be said."""
        named = [at for _, _, _, at, *_ in self._shown.get(order_id, ()) if at is not None]
        return max(PROGRESS_EVERY_S, (min(named) - self._now()).total_seconds()) if named else None

    async def _show(self, rows: ShownRows) -> None:
        takes, first = rows.takes, rows.first
        try:
            if self._is_given_up(takes):
                await self._give_up(takes)  # else every process to come would look at it
            elif first.card_message_id is None:
                await self._post(rows)
            else:
                await self._edit(rows, anew=first.id in self._closed)
                if first.id in self._closed:
                    await self._closed.settled(first.id)
        except (MessageGone, DeliveryRefused, ClipTooLarge) as fault:
            # Deleted by somebody, or the place is closed to us, or to what it carries: the job goes on
            # without a card. To ask with every progress would be worse than useless: Discord bans who is
            # refused too often.
            log.info("card given up: %s", fault, extra={"job": first.id, "code": fault.code})
            self._given_up[first.id] = None if isinstance(fault, MessageGone) else revs(takes)
            await self._note_closed(takes, fault)
            await self._give_up(takes)
        if all(take.state in RESTING for take in takes):
            self._forget(takes)

    async def _note_closed(self, takes: Sequence[Job], fault: Exception) -> None:
        """Another move will try an edit again; what says an old state of an order at rest is remembered."""
        first = takes[0]
        if first.card_message_id is None or isinstance(fault, MessageGone | PlaceGone):
            if first.id in self._closed:
                await self._closed.settled(first.id)
        elif all(take.state in RESTING for take in takes):
            await self._closed.refused(first)

    def _is_given_up(self, takes: Sequence[Job]) -> bool:
        """For good where it was deleted or never was; after a refused edit until a job moves again."""
        first = takes[0]
        if first.card_message_id is None:
            return first.card_rev >= 0 or first.order.channel_id == NO_CHANNEL
        return first.id in self._given_up and self._given_up[first.id] in (None, revs(takes))

    async def _post(self, rows: ShownRows) -> None:
        first = rows.first
        at = self._now()
        first_try = first.card_tried_at is None
        message_id = None
        nonce = card_nonce(first.id)
        holds = self._nonces.holds(nonce, first.card_tried_at)
        if first.card_tried_at is not None and not (holds and self._nonces.knows(nonce)):
            try:
                message_id = await self._delivery.find_card(first.order.channel_id, first)
            except DeliveryRefused:
                if not holds:  # by our clock, which may have been set back since another process tried
                    raise
        if message_id is None:
            await self._database.write(partial(jobs.card_tried, job_id=first.id, at=at))
            self._nonces.tried(nonce)
            card = self._card(rows)
            message_id = await self._delivery.post_card(card)
            if first_try:
                self._shown[first.id] = glance(card)
        self._nonces.forget(nonce)
        # What was found, or given again for its nonce, shows the order as it was at an earlier try.
        rev = first.rev if first_try else first.card_rev
        await self._database.write(partial(jobs.card_posted, job_id=first.id, message_id=message_id, rev=rev))
        if first_try:
            self._write_shown(rows.takes[1:])
        else:
            takes = [replace(take, card_message_id=message_id) for take in rows.takes]
            await self._edit(rows._replace(takes=takes))

    async def _edit(self, rows: ShownRows, *, anew: bool = False) -> None:
        takes = rows.takes
        here = {take.id: self._carried[take.id] for take in takes if take.id in self._carried}
        card = self._card(rows, here=here)
        there = {
            take.job.id for take in card.takes if take.job.is_on_card and take.clip_state is ClipState.SHOWN
        }
        if there and (len(there) == len(takes) or not there <= self._carried.keys()):
            # It carries its clips and has said "Done" with them. Whether an edit can name an attachment that
            # the message already has is not documented, so it is left alone.
            self._write_shown(takes)
            return
        seen, before = glance(card), self._shown.get(takes[0].id, seen_by_rows(takes))
        # A clip that the card carries would be uploaded again with every word of a provider.
        differs = without_progress(before) != without_progress(seen) if here else before != seen
        if anew or differs:
            await self._delivery.edit_card(card)
            self._shown[takes[0].id] = seen
        self._write_shown(takes)

    def _write_shown(self, takes: Sequence[Job]) -> None:
        """Note what the card shows. If that is lost the next process edits it once more, to what it is."""
        for take in takes:
            if take.card_rev < take.rev:
                self._database.write_along(partial(jobs.card_shown, job_id=take.id, rev=take.rev))

    async def _give_up(self, takes: Sequence[Job]) -> None:
        """Note, at once, that no card shows this: no other try is to be made."""
        for take in takes:
            if take.state in _NO_CLIP and take.card_rev < take.rev:
                await self.untold(take)
        for take in takes:
            if take.card_rev < take.rev:
                await self._database.write(partial(jobs.card_shown, job_id=take.id, rev=take.rev))

    def _turn(self, order_id: JobId) -> asyncio.Lock:
        """One edit of a card at a time, so that the last one said is the last one seen."""
        return self._turns.setdefault(order_id, asyncio.Lock())

    def _forget(self, takes: Sequence[Job]) -> None:
        for take in takes:
            self._progress.pop(take.id, None)
            self._order_of.pop(take.id, None)
            self._carried.pop(take.id, None)
        self._shown.pop(takes[0].id, None)
        self._given_up.pop(takes[0].id, None)
