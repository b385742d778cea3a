"""Discord as the bot sees it: channels that keep its rules for our posts, and the truth of what was shown.

It is `bot.delivery.Delivery` and `bot.clips.showing.Screen`. It outlives every process.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.clips.showing import Notice, Reminder
from bot.clock import Clock
from bot.delivery import Card, Post, card_nonce, clip_nonce
from bot.domain import ChannelId, ClipState, GuildId, Job, JobId, JobState, MessageId, UserId
from bot.errors import ClipTooLarge, DeliveryRefused, DeliveryUnavailable, MessageGone, PlaceGone
from bot.operating.timekeeping import ANSWERED_WITHIN_S
from tests.simulation.files import body_of, clip_of
from tests.simulation.sky import Mishap, Sky, WentWrong, across

T = TypeVar("T")

NONCE_REMEMBERED_S = 120.0
"""The shortest time that "the past few minutes" can mean."""

LEVEL_BYTES = 10 << 20


@dataclass(slots=True, kw_only=True)
class Message:
    """A message of ours: the SHA-256 of the files that it shows, and how the jobs of a card stand on it."""

    id: MessageId
    channel_id: ChannelId
    nonce: str
    job_id: JobId
    posted_s: float
    clips: list[str] = field(default_factory=list)
    says: dict[JobId, JobState] = field(default_factory=dict)
    deleted: bool = False


class SimulatedDiscord:
    """Every channel, and all that was ever posted.

    Args:
        time: the true time, in seconds.
        now: the same, as it stands in its answers.
        may_be_seen: whether somebody has let this clip be shown; asked when it is.
    """

    def __init__(
        self,
        sky: Sky,
        *,
        time: Callable[[], float],
        now: Callable[[], datetime],
        may_be_seen: Callable[[JobId], bool],
    ) -> None:
        self.messages: dict[MessageId, Message] = {}
        self.of_job: dict[JobId, list[Message]] = {}
        self.wrongs: list[str] = []
        self.closed: set[ChannelId] = set()
        self.gone: set[ChannelId] = set()
        self.unread: set[ChannelId] = set()
        self.refused_in: set[ChannelId] = set()
        self.unseen_in: set[ChannelId] = set()  # where somebody wanted to look, and could not
        self.parents: dict[ChannelId, ChannelId] = {}
        self.departed: set[UserId] = set()
        self._sky = sky
        self._time = time
        self._now = now
        self._clock: Clock | None = None
        self._may_be_seen = may_be_seen

    # What happens to it

    def signed_in(self, clock: Clock) -> None:
        """A process has come, which hears the time with every answer."""
        self._clock = clock
        clock.heard(self._now().replace(microsecond=0))

    def delete(self, message_id: MessageId) -> None:
        self.messages[message_id].deleted = True

    def remove_channel(self, channel_id: ChannelId) -> None:
        """With all that is in it."""
        self.gone.add(channel_id)
        for message in self.messages.values():
            if message.channel_id == channel_id:
                message.deleted = True

    def clips(self, job_id: JobId) -> list[Message]:
        """The messages of its own that show a job's clip now."""
        nonce = clip_nonce(job_id)
        return [
            message
            for message in self.of_job.get(job_id, ())
            if message.nonce == nonce and message.clips and not message.deleted
        ]

    def cards_with(self, job_id: JobId) -> list[Message]:
        """The cards that show a job's clip now, which may be those of another take."""
        with_clips = [each for each in self.messages.values() if each.clips and not each.deleted]
        if not with_clips:
            return []
        nonce, digest = clip_nonce(job_id), _digest(clip_of(job_id))
        return [each for each in with_clips if each.nonce != nonce and digest in each.clips]

    # Delivery

    async def post_card(self, card: Card) -> MessageId:
        job = card.job
        return await self._call(
            "post card",
            lambda: self._post(card_nonce(job.id), job.id, job.order.channel_id, [], _said(card)),
        )

    async def edit_card(self, card: Card) -> None:
        carried = [take for take in card.takes if take.job.is_on_card]
        if not card.clips_here and any(take.clip_state is ClipState.SHOWN for take in carried):
            return  # as the real one: the card carries a clip, which an edit without it would hide
        here = [(take.job.id, _digest(body_of(take.clip_here))) for take in card.takes if take.clip_here]
        await self._call("edit card", lambda: self._edit(card, here))

    async def post_clip(self, post: Post) -> MessageId:
        clips = [] if post.path is None else [_digest(body_of(post.path))]
        job_id = post.job.id
        return await self._call(
            "post clip", lambda: self._post(clip_nonce(job_id), job_id, post.channel_id, clips)
        )

    async def find_card(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        return await self._call("find card", lambda: self._find(channel_id, card_nonce(job.id), job.id))

    async def find_clip(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        return await self._call("find clip", lambda: self._find(channel_id, clip_nonce(job.id), job.id))

    async def upload_limit(self, guild_id: GuildId) -> int:
        del guild_id
        return LEVEL_BYTES

    async def parent_of(self, channel_id: ChannelId) -> ChannelId | None:
        return self.parents.get(channel_id)

    async def direct_channel(self, user_id: UserId) -> ChannelId:
        if user_id in self.departed:
            raise DeliveryRefused("no direct messages")
        return ChannelId(user_id)

    async def delete_message(self, channel_id: ChannelId, message_id: MessageId) -> bool:
        return await self._call("delete message", lambda: self._delete(channel_id, message_id))

    async def edit_clip(self, post: Post, message_id: MessageId, *, shown: bool, upload: bool) -> None:
        clips = [] if post.path is None or not shown else [_digest(body_of(post.path))]

        def edit() -> None:
            message = self.messages.get(message_id)
            if message is None or message.deleted:
                raise MessageGone("Unknown Message")
            self._check_open(message.channel_id)
            if clips:
                self._shown(post.job.id)
            if upload or not shown:
                message.clips = clips

        await self._call("edit clip", edit)

    async def take_back(self, job: Job, token: str) -> bool:
        """Nobody asks for a clip once more here."""
        del job, token
        return False

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        del guild_id
        return None

    async def find_notice(self, channel_id: ChannelId, notice: Notice) -> bool:
        del notice
        await self._call("find_notice", lambda: self._check_open(channel_id))
        return False

    async def remind(self, channel_id: ChannelId, reminder: Reminder) -> MessageId:
        """Nobody reports anything here."""
        del channel_id, reminder
        return MessageId(0)

    async def tell(self, channel_id: ChannelId, notice: Notice) -> None:
        del notice
        await self._call("tell", lambda: self._check_open(channel_id))

    # Its side

    async def _call(self, call: str, work: Callable[[], T]) -> T:
        clock, asked_s = self._clock, self._time()
        try:
            done = await across(self._sky, "discord", call, work)
        except WentWrong as wrong:
            match wrong.mishap:
                case Mishap.REFUSED:
                    raise DeliveryRefused("Missing Permissions") from wrong
                case Mishap.TOO_LARGE:
                    raise ClipTooLarge("Request entity too large") from wrong
                case Mishap.LIE:
                    raise ZeroDivisionError("a fault of our own code") from wrong
                case _:
                    raise DeliveryUnavailable(str(wrong)) from wrong
        if clock is not None and self._time() - asked_s <= ANSWERED_WITHIN_S:
            clock.heard(self._now().replace(microsecond=0))
        return done

    def _post(
        self,
        nonce: str,
        job_id: JobId,
        channel_id: ChannelId,
        clips: list[str],
        says: dict[JobId, JobState] | None = None,
    ) -> MessageId:
        at = self._time()
        self._check_open(channel_id)
        of_job = self.of_job.setdefault(job_id, [])
        for known in of_job:
            if (
                known.nonce == nonce
                and known.channel_id == channel_id
                and at - known.posted_s < NONCE_REMEMBERED_S
            ):
                if known.deleted:
                    raise MessageGone("Unknown Message")
                return known.id
        if any(known.nonce == nonce and not known.deleted for known in of_job):
            self.wrongs.append(f"{nonce} was posted twice")
        if clips:
            self._shown(job_id)
        message = Message(
            id=MessageId(900_000 + len(self.messages)),
            channel_id=channel_id,
            nonce=nonce,
            job_id=job_id,
            posted_s=at,
            clips=clips,
            says=says or {},
        )
        self.messages[message.id] = message
        of_job.append(message)
        return message.id

    def _edit(self, card: Card, clips: list[tuple[JobId, str]]) -> None:
        message = self.messages.get(card.job.card_message_id or MessageId(0))
        if message is None or message.deleted:
            raise MessageGone("Unknown Message")
        self._check_open(message.channel_id)
        message.says = _said(card)
        for job_id, _ in clips:
            self._shown(job_id)
        message.clips = [digest for _, digest in clips]

    def _shown(self, job_id: JobId) -> None:
        if not self._may_be_seen(job_id):
            self.wrongs.append(f"the clip of {job_id} was shown, and nobody had let it pass")

    def _find(self, channel_id: ChannelId, nonce: str, job_id: JobId) -> MessageId | None:
        if channel_id in self.gone:
            raise PlaceGone("Unknown Channel")
        if channel_id in self.unread or channel_id in self.closed:
            self.unseen_in.add(channel_id)
            raise DeliveryRefused("the history may not be read here")
        for message in self.of_job.get(job_id, ()):
            if message.channel_id == channel_id and message.nonce == nonce and not message.deleted:
                return message.id
        return None

    def _delete(self, channel_id: ChannelId, message_id: MessageId) -> bool:
        if channel_id in self.gone:
            return False
        self._check_open(channel_id)
        message = self.messages[message_id]
        was, message.deleted = message.deleted, True
        return not was

    def _check_open(self, channel_id: ChannelId) -> None:
        if channel_id in self.gone:
            raise PlaceGone("Unknown Channel")
        if channel_id in self.closed:
            self.refused_in.add(channel_id)
            raise DeliveryRefused("Missing Permissions")


def _said(card: Card) -> dict[JobId, JobState]:
    return {take.job.id: take.job.state for take in card.takes}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
