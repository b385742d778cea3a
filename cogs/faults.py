"""What Discord's answers to messages of ours mean, in our own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import (
    ClipTooLarge,
    DeliveryError,
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    PlaceGone,
    SettingsError,
)

ARCHIVED = 50083
UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
TOO_LARGE = 40005
NO_REPLY_WITHOUT_HISTORY = 160002

_TRY_LATER = frozenset({20016, 20022, 20028, 20029, 30046, 40062, 40333, 130000})
"""Discord's codes for "too often", "overloaded" and "blocked by Cloudflare" (40333), none of which says
anything of the place; they can come with another status than 429 or 5xx."""


class ThreadArchived(DeliveryRefused):
    """Nothing can be done in the thread until it is woken."""


class NoReply(DeliveryRefused):
    """A reply needs Read Message History, which we lack here; the message alone may still do."""


@contextmanager
def faults(client: discord.Client) -> Iterator[None]:
    """Turn what discord.py and aiohttp raise into our own errors."""
    try:
        yield
    except discord.HTTPException as answer:
        raise fault_of(answer) from answer
    except (discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as silence:
        raise DeliveryUnavailable(f"{type(silence).__name__}: {silence}") from silence
    except RuntimeError as closed:
        if not client.is_closed():
            raise
        raise DeliveryUnavailable("signed out of Discord") from closed


def is_too_large(answer: discord.HTTPException) -> bool:
    """Whether Discord takes no files of this size here: its own word, or that of something before it."""
    return answer.code == TOO_LARGE or answer.status == 413


def fault_of(answer: discord.HTTPException) -> DeliveryError | SettingsError:
    """What Discord's answer means for a message of ours.

    An error without a code of Discord's own comes from something between us and Discord: no refusal.
    """
    told = f"{answer.status} {answer.code}: {answer.text[:200]}"
    if answer.status == 401:
        return SettingsError("DAILIES_DISCORD_TOKEN: Discord takes this token no longer")
    if is_too_large(answer):
        return ClipTooLarge(told)
    if answer.code == UNKNOWN_MESSAGE:
        return MessageGone(told)
    if answer.code == UNKNOWN_CHANNEL:
        return PlaceGone(told)
    if answer.status == 429 or answer.status >= 500 or answer.code in {0, *_TRY_LATER}:
        return DeliveryUnavailable(told)
    if answer.code == ARCHIVED:
        return ThreadArchived(told)
    if answer.code == NO_REPLY_WITHOUT_HISTORY:
        return NoReply(told)
    return DeliveryRefused(told)
