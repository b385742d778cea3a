"""Private clips: shown to their member alone, in the answer to the order while Discord lets us edit it.

That is for 15 minutes; later the clip is found with `/clips`, and whoever has asked for it is told by a
direct message. An edit of the answer can be repeated for ever, so nothing here is shown twice.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from bot.clips.cards import Cards
from bot.clips.packing import Packed, Packing
from bot.clips.posting import Posted, Posting
from bot.delivery import Card, Post
from bot.domain import (
    NO_CHANNEL,
    Clip,
    ClipState,
    InteractionId,
    Job,
    JobId,
    JobState,
    Member,
)
from bot.errors import (
    ClipTooLarge,
    DeliveryError,
    DeliveryUnavailable,
    NotYours,
    StaleJob,
)
from bot.language import _
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.hashes import Hashes
from storage import answers, clips, jobs, removals, reviews, states, takedowns, wishes
from storage.database import Database
from storage.gates import Gate
from storage.reviews import Decision, Review

log = logging.getLogger(__name__)

ANSWERS_HOLD = timedelta(minutes=14, seconds=30)
"""A little less than Discord's 15 minutes: an upload takes its time."""

HEARD_MAX = 4_096
"""Interactions whose answers could be edited; the oldest is forgotten first."""

SHOW_AGAIN_S = 10.0
PUBLISH_AGAIN_S = 30.0
PUBLISHED_AT_ONCE = 100

_KEPT = frozenset({JobState.STORED, JobState.UNDELIVERABLE})


class Ear(Protocol):
    """The way to one member alone. Every method raises `DeliveryError` where it cannot be gone now."""

    async def show_alone(self, posts: Sequence[Post], token: str) -> None:
        """Bring these clips into an answer that its member alone sees, in place of what it says."""

    async def tell_directly(self, job: Job) -> None:
        """Write to a member directly that a private clip is ready."""


class Whispers:
    """What is shown to one member alone.

    `gatehouse` says what a moderator looks at before others see it; without one nothing waits.

    Args:
        hashes: knows what was taken down and may not come back; without it nothing was.
        removed: told of a clip that was to be removed while it was posted: its message has to go, too.
    """

    def __init__(
        self,
        database: Database,
        cards: Cards,
        ear: Ear,
        packing: Packing,
        posting: Posting,
        *,
        folder: Path,
        now: Callable[[], datetime],
        hashes: Hashes | None = None,
        removed: Callable[[JobId], None] = lambda job_id: None,  # noqa: ARG005
    ) -> None:
        self._database = database
        self._cards = cards
        self._ear = ear
        self._packing = packing
        self._posting = posting
        self._folder = folder
        self._now = now
        self._hashes = hashes
        self._removed = removed
        self.gatehouse: Gatehouse | None = None
        self._heard: dict[InteractionId, tuple[str, datetime]] = {}

    def heard(self, interaction_id: int, token: str, *, at: datetime) -> None:
        """Somebody has used a command; its answer can be edited for a while."""
        self._heard[InteractionId(interaction_id)] = (token, at + ANSWERS_HOLD)
        if len(self._heard) > HEARD_MAX:
            del self._heard[next(iter(self._heard))]

    async def keep(self, job: Job) -> None:
        """A private order is on its way: what its answer can be edited with shall outlive this process."""
        heard = self._heard.pop(job.order.interaction_id, None)
        if heard is not None:
            token, expires_at = heard
            await self._database.write(
                partial(
                    answers.put,
                    interaction_id=job.order.interaction_id,
                    token=token,
                    expires_at=expires_at,
                    at=self._now(),
                )
            )

    async def token_of(self, job: Job) -> str | None:
        """What the answer to a job's order can still be edited with; None where its time is over."""
        token, until = self._heard.get(job.order.interaction_id, ("", self._now()))
        if until > self._now():
            return token
        kept = partial(answers.get, interaction_id=job.order.interaction_id, at=self._now())
        return await self._database.read(kept)

    async def show(self, job: Job) -> float | None:
        """Show its member what there is of an order, or tell them directly where they have asked for that.

        Seconds until the next try where Discord cannot be reached and the answer can still be edited then;
        None where it is shown, told, or only kept.
        """
        token = await self._database.read(
            partial(answers.get, interaction_id=job.order.interaction_id, at=self._now())
        )
        if token is not None:
            try:
                await self._show_alone(job, token)
            except DeliveryUnavailable as later:
                told = {"job": job.id, "code": later.code}
                log.warning("not shown to its member yet: %s", later, extra=told)
                return SHOW_AGAIN_S
            except (DeliveryError, OSError) as fault:
                self._not_shown(job, fault)
            else:
                return None
        wished = await self._database.read(partial(wishes.get, user_id=job.order.member.user_id))
        if wished.direct_messages:
            try:
                await self._ear.tell_directly(job)
            except (DeliveryError, OSError) as fault:
                self._not_shown(job, fault)
        return None

    def _not_shown(self, job: Job, fault: Exception) -> None:
        log.warning("not shown to its member: %s", fault, extra={"job": job.id, "code": "not_whispered"})

    async def publish(self, job_id: JobId, *, by: Member) -> Job:
        """Post a private clip in the channel in which it was ordered, for everybody.

        Raises:
            NotYours: it is somebody else's, was published or deleted before, or no place takes it now; or
                a moderator has to look first, or has turned it down.
            OrderRefused: its file was taken down.
        """
        job, clip = await self._database.read(partial(_kept, job_id, self._folder, by=by))
        if job.state is JobState.POSTED:
            return job
        if job.order.channel_id == NO_CHANNEL:
            raise NotYours(
                _("This bot may not post where this clip was ordered, so it cannot be published."),
                _("Save it from /clips and post it yourself."),
            )
        if self._hashes is not None:
            await self._hashes.admit_clip(clip.sha256, by)
        if self.gatehouse is not None:
            review = await self.gatehouse.asked_to_publish(job, clip)
            if review is not None:
                raise _held(review)
        job, clip = await self._database.read(partial(_kept, job_id, self._folder, by=by))
        try:
            return await self._post(job, clip)
        except (DeliveryError, OSError) as fault:
            log.warning("not published: %s", fault, extra={"job": job.id, "code": "not_published"})
            raise NotYours(_("No place takes this clip now."), _("Try again later, with /clips.")) from fault

    async def to_publish(self) -> list[JobId]:
        """What moderators have let pass, for its members, and nobody sees yet."""
        return await self._database.read(partial(reviews.to_publish, limit=PUBLISHED_AT_ONCE))

    async def go_on(self, job: Job) -> float | None:
        """Publish what a moderator has let pass since its member pressed; seconds until the next try."""
        if not await self._database.read(partial(_is_let_pass, job.id)):
            return None
        try:
            kept, clip = await self._database.read(partial(_kept, job.id, self._folder, by=job.order.member))
            await self._post(kept, clip)
        except DeliveryUnavailable as later:
            log.warning("not published yet: %s", later, extra={"job": job.id, "code": later.code})
            return PUBLISH_AGAIN_S
        except (DeliveryError, NotYours, OSError) as refused:  # its member may press again
            log.warning("not published: %s", refused, extra={"job": job.id, "code": "not_published"})
        return None

    async def _show_alone(self, job: Job, token: str) -> None:
        """Into the answer; a clip that goes in no way is named there all the same."""
        card = await self._cards.card(job.id)
        stored = await self._database.read(partial(_shown_takes, job.order_id, self._folder))
        if card is None or not stored:
            return  # it was deleted or taken down meanwhile

        async def show(packed: Sequence[Packed]) -> None:
            ways = {one.clip.job_id: one for one in packed}
            posts = [_post_of(take, clip, card, ways.get(take.id)) for take, clip in stored]
            await self._ear.show_alone(posts, token)

        try:
            await self._packing.send_together(
                [clip for _, clip in stored], job.order.member.guild_id, show, label=card.label
            )
        except ClipTooLarge as fault:
            log.warning("shown without a file: %s", fault, extra={"job": job.id, "code": fault.code})
            await show([])

    async def _post(self, job: Job, clip: Clip) -> Job:
        if job.state is JobState.POSTED:
            return job
        posted = await self._posting.post(job, clip)
        removed = False
        try:
            removed = await self._database.write(partial(_published, job.id, posted, self._now()))
        except StaleJob:
            log.info("published by two presses at once", extra={"job": job.id, "code": "published_twice"})
        self._cards.touch(job.id)
        if removed:
            self._removed(job.id)
            raise _not_here()
        return (await self._database.read(partial(jobs.get, job_id=job.id))) or job


def _is_let_pass(job_id: JobId, connection: sqlite3.Connection) -> bool:
    review = reviews.of_job(connection, job_id, Gate.SHOWING)
    return review is not None and review.publishes and review.decision is Decision.APPROVED


def _held(review: Review) -> NotYours:
    if review.decision is not None:
        return NotYours(
            _("A moderator has decided that others do not see this clip."),
            _("It stays yours, in /clips. Ask a moderator for the reason."),
        )
    return NotYours(
        _("A moderator looks at this clip before others see it."),
        _("It is published by itself when they let it pass; until then it stays yours alone."),
    )


def _post_of(take: Job, clip: Clip, card: Card, packed: Packed | None) -> Post:
    return Post(
        job=take,
        clip=clip,
        channel_id=take.order.channel_id,
        path=None if packed is None else packed.path,
        model_name=card.model_name,
        label=card.label,
        play_money=card.play_money,
        link=None if packed is None else packed.link,
        copy=None if packed is None else packed.smaller,
    )


def _shown_takes(order_id: JobId, folder: Path, connection: sqlite3.Connection) -> list[tuple[Job, Clip]]:
    """The takes of an order that are kept for their member, with their clips."""
    kept = [take for take in jobs.of_order(connection, order_id) if take.state in _KEPT]
    found = [(take, _shown(take.id, folder, connection)) for take in kept]
    return [(take, clip) for take, clip in found if clip is not None]


def _shown(job_id: JobId, folder: Path, connection: sqlite3.Connection) -> Clip | None:
    if clips.state_of(connection, job_id) is not ClipState.SHOWN:
        return None
    return clips.get(connection, job_id, folder=folder)


def _kept(job_id: JobId, folder: Path, connection: sqlite3.Connection, *, by: Member) -> tuple[Job, Clip]:
    job = jobs.get(connection, job_id)
    if job is None or job.order.member != by:
        raise NotYours(_("This clip is not yours."), _("Find yours with /clips."))
    clip = _shown(job_id, folder, connection)
    if clip is None or job.state not in {JobState.UNDELIVERABLE, JobState.POSTED}:
        raise _not_here()
    return job, clip


def _not_here() -> NotYours:
    return NotYours(_("This clip is not here to be published."), _("Find yours with /clips."))


def _published(job_id: JobId, posted: Posted, at: datetime, tx: sqlite3.Connection) -> bool:
    """Write where it is; whether it was deleted or taken down while it went there, and has to go again."""
    states.published(tx, job_id, posted.channel_id, posted.message_id, at=at)
    takedowns.reopened(tx, job_id)
    return removals.posted_since(tx, job_id)
