"""What the worker needs of Discord: cards kept true and clips posted, each exactly once.

Every post carries a nonce of one letter for its purpose and the job's id, which Discord deduplicates for
a few minutes; beyond those the channel is searched for our own message.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.domain import Allowance, ChannelId, Clip, ClipState, GuildId, Job, JobId, MessageId, UserId
from bot.providers.protocol import Progress
from storage.reviews import Review


class HeldBack(StrEnum):
    """Who has stopped a queued job: the operator (what it is of, or all that costs money), or moderators."""

    HALT = "halt"
    SPENDING = "spending"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One take of an order, as its card shows it.

    `progress` is the provider's own word and None when it has said nothing yet; `expected_at` is when jobs
    like it have been made, and None while nobody can say. `clip_here` is set when the clip has to be shown
    on the card itself, for want of another way. `held_back` says for whom it waits before it is
    submitted, `review` what a moderator is to decide on it, or has.
    """

    job: Job
    can_cancel: bool = True
    progress: Progress | None = None
    expected_at: datetime | None = None
    clip_here: Path | None = None
    clip_state: ClipState = ClipState.SHOWN
    held_back: HeldBack | None = None
    review: Review | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the message of an order shows: all its takes, and what they have in common.

    `label` is how the catalogue says that no camera was there ("AI-generated", "storyboard, not AI");
    `play_money` marks a price that nobody pays, `can_extend` that some model can go on from its clips.
    """

    takes: tuple[Take, ...]
    allowance: Allowance
    model_name: str
    label: str
    play_money: bool
    can_extend: bool = False

    @property
    def job(self) -> Job:
        """The job of the first take, whose id is the order's."""
        return self.takes[0].job

    @property
    def clips_here(self) -> tuple[Take, ...]:
        """The takes whose clips the card carries."""
        return tuple(take for take in self.takes if take.clip_here is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a clip that no upload can bring is to be had, until when, and what it weighs."""

    url: str
    expires_at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """That what is sent of a clip is a smaller copy: of so many bytes, of so many.

    `original` is where the whole of it is to be had, where we have an address; else whoever runs the bot has
    it, and keeps it until `kept_until` where its age is what takes it away.
    """

    size_bytes: int
    whole_bytes: int
    original: Link | None = None
    kept_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A finished clip on its way to a channel, as a reply to its card (where that is in the same one).

    `path` is the file to send: the clip's own, or a copy that fits. It is None where no upload can bring it,
    and then there is a `link`, or (to its member alone) no way at all. `mentions` is whether its member wants
    to be pinged by it. A `direct` one goes to its member alone, out of the server that it was ordered in.
    `copy` is set where `path` is a smaller one.
    """

    job: Job
    clip: Clip
    channel_id: ChannelId
    path: Path | None
    model_name: str
    label: str
    play_money: bool
    mentions: bool = False
    link: Link | None = None
    can_extend: bool = False
    direct: bool = False
    copy: Copy | None = None


def card_nonce(job_id: JobId) -> str:
    """The nonce of the card's message."""
    return f"k{job_id}"


def clip_nonce(job_id: JobId) -> str:
    """The nonce of the clip's message."""
    return f"c{job_id}"


class Delivery(Protocol):
    """The way into Discord. Every method raises `DeliveryUnavailable` when it is worth trying later."""

    async def post_card(self, card: Card) -> MessageId:
        """Post the card with its nonce.

        Raises:
            DeliveryRefused: the place takes no messages of ours.
            MessageGone: this nonce's message was posted and has been deleted.
        """

    async def edit_card(self, card: Card) -> None:
        """Bring the card's message up to date.

        Raises:
            DeliveryRefused: the place takes no edits of ours.
            MessageGone: the card was deleted.
            ClipTooLarge: what is to be shown on the card itself is over the place's limit.
        """

    async def post_clip(self, post: Post) -> MessageId:
        """Post the clip with its nonce.

        Raises:
            DeliveryRefused: the place takes no clips of ours; `PlaceGone` where the place itself is gone.
            ClipTooLarge: over the place's upload limit.
            MessageGone: this nonce's message was posted and has been deleted.
        """

    async def find_card(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """The card that an earlier try may have posted, found in the channel's history since then.

        Raises:
            DeliveryRefused: the history may not be read; `PlaceGone` where there is none any more.
        """

    async def find_clip(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """The clip that an earlier try may have posted, found in the channel's history since then.

        Raises:
            DeliveryRefused: the history may not be read; `PlaceGone` where there is none any more.
        """

    async def upload_limit(self, guild_id: GuildId) -> int:
        """Bytes of one upload to a server, as its level says."""

    async def parent_of(self, channel_id: ChannelId) -> ChannelId | None:
        """The channel of a thread; None where it is no thread, or one that is gone."""

    async def direct_channel(self, user_id: UserId) -> ChannelId:
        """Where direct messages to a member go; it is always the same one.

        Raises:
            DeliveryRefused: there can be none.
        """
