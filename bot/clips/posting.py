"""Posts a finished clip exactly once, whatever happened to the tries before.

Where its channel will not have it, the next place of the ladder is tried: the channel of its thread, the one
that the server has named for such clips, and the member's direct messages where the member has allowed them.
A further place is tried only when it is proven that no place before has the clip.
"""

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.clips.cards import Cards
from bot.clips.packing import Packed, Packing
from bot.delivery import Delivery, Post, clip_nonce
from bot.domain import NOWHERE, ChannelId, Clip, GuildId, Job, MessageId
from bot.errors import (
    DeliveryRefused,
    DeliveryUnavailable,
    PlaceGone,
)
from bot.jobs.nonces import Nonces
from storage import jobs, places, wishes
from storage.database import Database
from storage.places import Purpose
from storage.wishes import Wishes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a clip is shown."""

    channel_id: ChannelId
    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel that may take a clip, and the server (or `NOWHERE`) whose upload limit holds there."""

    channel_id: ChannelId
    guild_id: GuildId
    route: str
    """What kind of place it is, for those who count."""
    direct: bool = False
    """Whether it is the direct messages with the member of an order that was placed elsewhere."""


class _NobodyCanLook(DeliveryRefused):
    """The clip may be in a place whose history is closed: no other place may have it."""


def _nobody_counts(route: str, form: str) -> None:
    del route, form


class Posting:
    """The one way a clip gets into a channel.

    Args:
        delivered: told of each clip that was posted: the kind of place, and as what it went there.
    """

    def __init__(
        self,
        database: Database,
        cards: Cards,
        delivery: Delivery,
        packing: Packing,
        *,
        now: Callable[[], datetime],
        delivered: Callable[[str, str], None] = _nobody_counts,
    ) -> None:
        self._database = database
        self._delivered = delivered
        self._cards = cards
        self._delivery = delivery
        self._packing = packing
        self._nonces = Nonces(now=now)
        self._now = now

    async def post(self, job: Job, clip: Clip) -> Posted:
        """The message that shows the clip: posted now, or found where an earlier try had put it.

        Raises:
            DeliveryUnavailable: try again later.
            DeliveryRefused, ClipTooLarge, MessageGone: no place will have it.
            OSError: the clip is not on our disk, or cannot be read.
        """
        first: DeliveryRefused | None = None
        async for place in self._ladder(job):
            try:
                return await self._post_at(place, job, clip)
            except _NobodyCanLook:
                raise
            except DeliveryRefused as refused:
                log.info(
                    "%d refuses it: %s",
                    place.channel_id,
                    refused,
                    extra={"job": job.id, "code": refused.code},
                )
                first = first or refused
        raise first or DeliveryRefused("there is no place for it")

    async def _ladder(self, job: Job) -> AsyncIterator[Place]:
        """The places to try, in order. The one that the row names was tried last, all before it in vain."""
        order = job.order
        guild_id, user_id = order.member.guild_id, order.member.user_id
        yielded: set[ChannelId] = set()
        at = job.clip_channel_id
        if at is None or at == order.channel_id:
            yielded.add(order.channel_id)
            yield Place(channel_id=order.channel_id, guild_id=guild_id, route="channel")
        else:
            yielded |= {order.channel_id, at}
            server = NOWHERE if job.clip_is_direct else guild_id
            yield Place(channel_id=at, guild_id=server, route="again", direct=job.clip_is_direct)
        # Of a thread that was deleted Discord tells nothing more; the order has kept whose it was.
        parent = await self._delivery.parent_of(order.channel_id) or order.parent_id
        if parent is not None and parent not in yielded:
            yielded.add(parent)
            yield Place(channel_id=parent, guild_id=guild_id, route="parent")
        named = await self._database.read(partial(places.get, guild_id=guild_id, purpose=Purpose.CLIPS))
        if named is not None and named not in yielded:
            yielded.add(named)
            yield Place(channel_id=named, guild_id=guild_id, route="named")
        wished = await self._database.read(partial(wishes.get, user_id=user_id))
        if wished.direct_messages:
            direct = await self._delivery.direct_channel(user_id)
            if direct not in yielded:
                yield Place(channel_id=direct, guild_id=NOWHERE, route="direct", direct=True)

    async def _post_at(self, place: Place, job: Job, clip: Clip) -> Posted:
        """Post it in one place.

        Raises:
            DeliveryRefused: it is certainly not there, and will not be.
        """
        tried = job.clip_tried_at is not None and job.clip_channel_id == place.channel_id
        nonce = _nonce(place, job)
        holds = self._nonces.holds(nonce, job.clip_tried_at)
        if tried and not (holds and self._nonces.knows(nonce)):
            found = await self._look(place, job, clip, or_by_nonce=holds)
            if found is not None:
                return found
            tried = holds
        try:
            message_id = await self._send(place, job, clip)
        except PlaceGone:
            raise
        except DeliveryRefused as refused:
            if tried:  # an earlier try may have got through, and nobody has looked yet
                raise DeliveryUnavailable(
                    f"refused after a try of which nobody knows: {refused}"
                ) from refused
            raise
        self._nonces.forget(nonce)
        return Posted(channel_id=place.channel_id, message_id=message_id)

    async def _look(self, place: Place, job: Job, clip: Clip, *, or_by_nonce: bool) -> Posted | None:
        try:
            message_id = await self._delivery.find_clip(place.channel_id, job)
        except PlaceGone:
            raise
        except DeliveryRefused as closed:
            if or_by_nonce:  # young by our clock, which may have been set back since another process tried
                return None
            # The history is closed to us, so nobody can tell whether the clip is there. The card can
            # carry it instead: an edit can be repeated for ever.
            return await self._on_the_card(place, job, clip, closed)
        return None if message_id is None else Posted(channel_id=place.channel_id, message_id=message_id)

    async def _on_the_card(self, place: Place, job: Job, clip: Clip, closed: DeliveryRefused) -> Posted:
        if job.card_message_id is None or place.channel_id != job.order.channel_id:
            raise _NobodyCanLook("the clip may be posted already, and nobody can look") from closed
        try:
            label = self._cards.model_of(job).label
            await self._packing.send_file(
                clip, place.guild_id, partial(self._cards.carry, job), label=label, keep=True
            )
        except DeliveryRefused as refused:
            raise _NobodyCanLook(str(refused)) from refused
        return Posted(channel_id=place.channel_id, message_id=job.card_message_id)

    async def _send(self, place: Place, job: Job, clip: Clip) -> MessageId:
        model = self._cards.model_of(job)

        async def post(packed: Packed) -> MessageId:
            wished = await self._written(place, job)
            message_id = await self._delivery.post_clip(
                Post(
                    job=job,
                    clip=clip,
                    channel_id=place.channel_id,
                    path=packed.path,
                    model_name=model.name,
                    label=model.label,
                    play_money=self._cards.play_money,
                    mentions=wished.mentions,
                    link=packed.link,
                    can_extend=self._cards.can_extend,
                    direct=place.direct,
                    copy=packed.smaller,
                )
            )
            self._delivered(place.route, _form(packed))
            return message_id

        return await self._packing.send(clip, place.guild_id, post, label=model.label)

    async def _written(self, place: Place, job: Job) -> Wishes:
        """Note that it may be there from now on, and read what its member wants of a post."""
        wished = await self._database.write(partial(_tried, job, place, self._now()))
        self._nonces.tried(_nonce(place, job))
        return wished


def _tried(job: Job, place: Place, at: datetime, tx: sqlite3.Connection) -> Wishes:
    jobs.clip_tried(tx, job.id, place.channel_id, at=at, direct=place.direct)
    return wishes.get(tx, job.order.member.user_id)


def _nonce(place: Place, job: Job) -> str:
    """A nonce is known in its own channel alone."""
    return f"{clip_nonce(job.id)} {place.channel_id}"


def _form(packed: Packed) -> str:
    """As what a clip went out."""
    if packed.path is None:
        return "link"
    return "copy" if packed.is_copy else "file"
