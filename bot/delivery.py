"""What the worker needs of Discord: cards kept true and clips posted, each exactly once.

Every post carries a nonce of one letter for its purpose and the job's id, which Discord deduplicates for
a few minutes; beyond those the channel is searched for our own message (DESIGN section 5).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.domain import Allowance, ChannelId, Clip, Job, JobId, MessageId
from bot.providers.protocol import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the message of an order shows.

    `progress` is the provider's own word and None when it has said nothing yet. `label` is how the
    catalogue says that no camera was there ("AI-generated", "storyboard, not AI"); `play_money` marks a
    price that nobody pays. `clip_here` is set when the clip has to be shown on the card itself.
    """

    job: Job
    allowance: Allowance
    model_name: str
    label: str
    play_money: bool
    can_cancel: bool
    progress: Progress | None = None
    clip_here: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A finished clip on its way to its channel, as a reply to its card (where the card still is)."""

    job: Job
    clip: Clip
    model_name: str
    label: str
    play_money: bool


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
            ClipTooLarge: `clip_here` is over the place's limit.
        """

    async def post_clip(self, post: Post) -> MessageId:
        """Post the clip with its nonce.

        Raises:
            DeliveryRefused: the place takes no clips of ours.
            ClipTooLarge: over the place's upload limit.
            MessageGone: this nonce's message was posted and has been deleted.
        """

    async def find_card(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """The card that an earlier try may have posted, found in the channel's history since then.

        Raises:
            DeliveryRefused: the history may not be read.
        """

    async def find_clip(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """The clip that an earlier try may have posted, found in the channel's history since then.

        Raises:
            DeliveryRefused: the history may not be read.
        """
