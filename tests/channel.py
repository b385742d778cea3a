"""A Discord channel in memory: it keeps Discord's rules for our posts, and goes wrong on demand.

It is `bot.delivery.Delivery`, and counts what the real channel would show: a nonce gives the same message
for a few minutes, that of a deleted message says so, an upload has a limit, an answer may be lost.
"""

import asyncio
import hashlib
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.delivery import Card, Post, card_nonce, clip_nonce
from bot.domain import ChannelId, GuildId, Job, JobId, MessageId, UserId
from bot.errors import ClipTooLarge, DeliveryRefused, DeliveryUnavailable, MessageGone, PlaceGone

T = TypeVar("T")

NONCE_REMEMBERED = timedelta(minutes=2)
"""The shortest time that "the past few minutes" can mean."""

ROUND_TRIP_S = 0.02
SLOW_S = 20.0
PATIENCE_S = 300.0
"""After which a caller takes silence for no answer: aiohttp's own limit, which discord.py leaves alone."""


class Mishap(StrEnum):
    """What goes wrong with one call."""

    DOWN = "down"  # nothing is done, and we hear so
    LOST = "lost"  # it is done, and we hear that it may not have been
    REFUSED = "refused"  # this place does not take it
    BUG = "bug"  # our own code fails
    SLOW = "slow"  # it is done, after a while
    HANG_BEFORE = "hang_before"  # nothing is done, and nothing is heard until the caller gives up
    HANG_AFTER = "hang_after"  # it is done, and nothing is heard until the caller gives up


class Call(StrEnum):
    """The methods of `Delivery`."""

    POST_CARD = "post_card"
    EDIT_CARD = "edit_card"
    POST_CLIP = "post_clip"
    FIND_CARD = "find_card"
    FIND_CLIP = "find_clip"


@dataclass(slots=True, kw_only=True)
class Message:
    """A message of ours. `clips` are the SHA-256 of the files that it shows."""

    id: MessageId
    channel_id: ChannelId
    nonce: str
    posted_at: datetime
    shown: Card | Post
    clips: list[str] = field(default_factory=list)
    reply_to: MessageId | None = None
    deleted: bool = False
    edits: list[Card] = field(default_factory=list)


class Channel:
    """The channel, and all that was ever posted in it.

    Args:
        now: Discord's own clock, by which nonces are forgotten.
    """

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self.messages: list[Message] = []
        self.calls: list[tuple[Call, JobId, datetime]] = []
        self.history_open = True
        self.upload_bytes_max = self.level_bytes = 10 << 20
        self.parents: dict[ChannelId, ChannelId] = {}
        self.closed: set[ChannelId] = set()
        self.gone: set[ChannelId] = set()
        self._now = now
        self._next: defaultdict[Call, deque[Mishap]] = defaultdict(deque)
        self._always: dict[Call, Mishap] = {}

    # What a test does and asks

    def next(self, call: Call, *mishaps: Mishap) -> None:
        """Each of these once, in this order, before what always goes wrong."""
        self._next[call].extend(mishaps)

    def always(self, mishap: Mishap | None, *calls: Call) -> None:
        """What goes wrong from now on with these calls (with none named: with all); None ends it."""
        for call in calls or Call:
            if mishap is None:
                self._always.pop(call, None)
            else:
                self._always[call] = mishap

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._next.clear()
        self._always.clear()
        self.history_open = True

    def delete(self, message_id: MessageId) -> None:
        """Somebody deletes a message. Its nonce stays known for as long as any."""
        self._message(message_id).deleted = True

    def cards(self, job_id: JobId) -> list[Message]:
        """Every card of a job that was ever posted."""
        return [message for message in self.messages if message.nonce == card_nonce(job_id)]

    def clips(self, job_id: JobId) -> list[Message]:
        """Every message that was ever posted for a job's clip."""
        return [message for message in self.messages if message.nonce == clip_nonce(job_id)]

    def card(self, job_id: JobId) -> Card:
        """What the one card of a job shows now."""
        (message,) = self.cards(job_id)
        assert isinstance(message.shown, Card)
        return message.shown

    def count(self, call: Call, job_id: JobId | None = None) -> int:
        """How often we were asked, of one job or of all."""
        return sum(made == call and job_id in (None, of) for made, of, _ in self.calls)

    # Delivery

    async def post_card(self, card: Card) -> MessageId:
        return await self._do(Call.POST_CARD, card.job, lambda: self._post(card_nonce(card.job.id), card))

    async def edit_card(self, card: Card) -> None:
        here = [take.clip_here for take in card.takes if take.clip_here is not None]
        clips = [await asyncio.to_thread(path.read_bytes) for path in here]
        await self._do(Call.EDIT_CARD, card.job, lambda: self._edit(card, clips))

    async def post_clip(self, post: Post) -> MessageId:
        clip = b"" if post.path is None else await asyncio.to_thread(post.path.read_bytes)
        return await self._do(
            Call.POST_CLIP, post.job, lambda: self._post(clip_nonce(post.job.id), post, clip)
        )

    async def upload_limit(self, guild_id: GuildId) -> int:
        del guild_id
        return self.level_bytes

    async def parent_of(self, channel_id: ChannelId) -> ChannelId | None:
        return self.parents.get(channel_id)

    async def direct_channel(self, user_id: UserId) -> ChannelId:
        return ChannelId(user_id)

    async def find_card(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        return await self._do(Call.FIND_CARD, job, lambda: self._find(channel_id, card_nonce(job.id)))

    async def find_clip(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        return await self._do(Call.FIND_CLIP, job, lambda: self._find(channel_id, clip_nonce(job.id)))

    # Discord's side

    async def _do(self, call: Call, job: Job, work: Callable[[], T]) -> T:
        self.calls.append((call, job.id, self._now()))
        mishap = self._next[call].popleft() if self._next[call] else self._always.get(call)
        await asyncio.sleep(ROUND_TRIP_S)
        match mishap:
            case Mishap.DOWN:
                raise DeliveryUnavailable("Discord is down")
            case Mishap.REFUSED:
                raise DeliveryRefused("not in this channel")
            case Mishap.BUG:
                raise ZeroDivisionError("a fault of our own")
            case Mishap.HANG_BEFORE:
                await asyncio.sleep(PATIENCE_S)
                raise DeliveryUnavailable("no answer")
            case Mishap.SLOW:
                await asyncio.sleep(SLOW_S)
        done = work()
        match mishap:
            case Mishap.LOST:
                raise DeliveryUnavailable("the answer was lost")
            case Mishap.HANG_AFTER:
                await asyncio.sleep(PATIENCE_S)
                raise DeliveryUnavailable("no answer")
        await asyncio.sleep(ROUND_TRIP_S)
        return done

    def _post(self, nonce: str, shown: Card | Post, clip: bytes | None = None) -> MessageId:
        job = shown.job
        at = self._now()
        channel_id = shown.channel_id if isinstance(shown, Post) else job.order.channel_id
        self._check_open(channel_id)
        for known in self.messages:
            same = known.nonce == nonce and known.channel_id == channel_id
            if same and abs(at - known.posted_at) < NONCE_REMEMBERED:
                if known.deleted:
                    raise MessageGone("Unknown Message")
                return known.id
        message = Message(
            id=MessageId(900_000 + len(self.messages)),
            channel_id=channel_id,
            nonce=nonce,
            posted_at=at,
            shown=shown,
            clips=self._uploaded([] if clip is None else [clip]),
            reply_to=job.card_message_id if clip else None,
        )
        self.messages.append(message)
        return message.id

    def _edit(self, card: Card, clips: list[bytes]) -> None:
        job = card.job
        if job.card_message_id is None:
            raise MessageGone("no card")
        message = self._message(job.card_message_id)
        if message.deleted:
            raise MessageGone("Unknown Message")
        message.clips = self._uploaded(clips)  # what the new components do not name is not shown
        message.shown = card
        message.edits.append(card)

    def _check_open(self, channel_id: ChannelId) -> None:
        if channel_id in self.gone:
            raise PlaceGone("Unknown Channel")
        if channel_id in self.closed:
            raise DeliveryRefused("Missing Permissions")

    def _find(self, channel_id: ChannelId, nonce: str) -> MessageId | None:
        if channel_id in self.gone:
            raise PlaceGone("Unknown Channel")
        if not self.history_open:
            raise DeliveryRefused("the history may not be read here")
        for message in self.messages:
            if message.channel_id == channel_id and message.nonce == nonce and not message.deleted:
                return message.id
        return None

    def _uploaded(self, clips: list[bytes]) -> list[str]:
        for clip in clips:
            if len(clip) > self.upload_bytes_max:
                raise ClipTooLarge(f"{len(clip)} bytes")
        return [hashlib.sha256(clip).hexdigest() for clip in clips]

    def _message(self, message_id: MessageId) -> Message:
        return next(message for message in self.messages if message.id == message_id)
