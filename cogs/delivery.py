"""Cards and clips into Discord's channels, each exactly once; the only writer of messages that stay.

It needs no cache, but for the server's language: a channel is its id, a message is its id. discord.py itself
repeats a send that was answered with 500, 502, 504 or 524; the nonce makes that harmless.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import aiohttp
import discord

from bot import language
from bot.delivery import Card, Post, card_nonce, clip_nonce
from bot.domain import ChannelId, Job, MessageId
from bot.errors import (
    ClipTooLarge,
    DeliveryError,
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    SettingsError,
)
from cogs.buttons import card_mark, clip_mark, custom_ids
from cogs.cards import card_view, clip_alt, clip_file_name, clip_view

log = logging.getLogger(__name__)

HISTORY_MAX = 2_000
"""20 requests, and hours of a busy channel."""

UNKNOWN_MESSAGE = 10008
TOO_LARGE = 40005
NO_REPLY_WITHOUT_HISTORY = 160002

_TRY_LATER = frozenset({20016, 20022, 20028, 20029, 30046, 40062, 130000})
"""Discord's codes for "too often" and "overloaded" that can come with another status than 429 or 5xx."""

_NOBODY = discord.AllowedMentions.none()
"""The client's own default, which discord.py leaves out of edits of a view alone."""


class DiscordDelivery:
    """`bot.delivery.Delivery` through a signed-in client.

    Args:
        history_max: how many messages are read when looking for one of ours. Past it nobody can say that
            it is not there.
    """

    def __init__(self, client: discord.Client, *, history_max: int = HISTORY_MAX) -> None:
        self._client = client
        self._history_max = history_max

    async def post_card(self, card: Card) -> MessageId:
        """See `Delivery.post_card`."""
        job = card.job
        channel = self._channel(job.order.channel_id)
        with _faults(self._client), self._language_of(job):
            message = await channel.send(view=card_view(card), nonce=card_nonce(job.id))
        return MessageId(message.id)

    async def edit_card(self, card: Card) -> None:
        """See `Delivery.edit_card`."""
        job = card.job
        if job.card_message_id is None:
            raise MessageGone(f"job {job.id} has no card")
        message = self._channel(job.order.channel_id).get_partial_message(job.card_message_id)
        if card.clip_here is not None:
            with self._language_of(job):
                file = await _open(card.clip_here, job, card.label)
            with _faults(self._client), self._language_of(job):
                await message.edit(view=card_view(card), attachments=[file], allowed_mentions=_NOBODY)
        elif job.clip_message_id != job.card_message_id:
            with _faults(self._client), self._language_of(job):
                await message.edit(view=card_view(card), allowed_mentions=_NOBODY)
        # Else the card carries the clip and has said "Done" with it. It is left alone: whether an edit can
        # name an attachment that the message already has is not documented.

    async def post_clip(self, post: Post) -> MessageId:
        """See `Delivery.post_clip`."""
        job = post.job
        if job.card_message_id is not None:
            reply_to = discord.MessageReference(
                message_id=job.card_message_id,
                channel_id=job.order.channel_id,
                guild_id=job.order.member.guild_id,
                fail_if_not_exists=False,
            )
            try:
                return await self._post_clip(post, reply_to)
            except _NoReply:
                log.info("posting without a reply", extra={"code": "no_reply", "job": job.id})
        return await self._post_clip(post)

    async def find_card(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """See `Delivery.find_card`."""
        return await self._find(channel_id, job, card_mark(job.id))

    async def find_clip(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """See `Delivery.find_clip`."""
        return await self._find(channel_id, job, clip_mark(job.id))

    async def _post_clip(self, post: Post, reply_to: discord.MessageReference | None = None) -> MessageId:
        job = post.job
        channel = self._channel(job.order.channel_id)
        with self._language_of(job):
            file = await _open(post.clip.path, job, post.label)
            view = clip_view(post)
        send = partial(channel.send, view=view, file=file, nonce=clip_nonce(job.id))
        with _faults(self._client):
            message = await (send() if reply_to is None else send(reference=reply_to))
        return MessageId(message.id)

    async def _find(self, channel_id: ChannelId, job: Job, mark: str) -> MessageId | None:
        """Our message with this `custom_id`, among those after the command that ordered the job.

        The command's own id says since when, by Discord's clock, however wrong ours may be.
        """
        channel = self._channel(channel_id)
        us = self._client.user
        since = discord.Object(job.order.interaction_id)
        seen = 0
        with _faults(self._client):
            async for message in channel.history(after=since, limit=self._history_max, oldest_first=True):
                seen += 1
                if message.author == us and mark in custom_ids(message.components):
                    return MessageId(message.id)
            if seen == self._history_max:
                raise DeliveryRefused(f"{self._history_max} messages and more since then; nobody can look")
            if seen == 0:
                await _prove_readable(channel, since)
        return None

    def _language_of(self, job: Job) -> AbstractContextManager[None]:
        """All read a card: it speaks the language that the server has chosen, not that of its orderer."""
        guild = self._client.get_guild(job.order.member.guild_id)
        return language.use(None if guild is None else guild.preferred_locale.value)

    def _channel(self, channel_id: ChannelId) -> discord.PartialMessageable:
        if self._client.user is None or self._client.is_closed():
            raise DeliveryUnavailable("not signed in to Discord")
        return self._client.get_partial_messageable(channel_id)


class _NoReply(DeliveryRefused):
    """A reply needs Read Message History, which we lack here; the message alone may still do."""


async def _open(path: Path, job: Job, label: str) -> discord.File:
    """The clip's file, opened off the loop. aiohttp reads it in chunks, in a thread, as it sends them."""
    return await asyncio.to_thread(
        discord.File, path, clip_file_name(job.id), description=clip_alt(job, label)
    )


async def _prove_readable(channel: discord.PartialMessageable, since: discord.Object) -> None:
    """Without Read Message History Discord shows an empty list, which must not be taken for "not there".

    Asking for one message is refused without that permission; with it, there is just no such message.
    """
    try:
        await channel.fetch_message(since.id)
    except discord.NotFound as gone:
        if gone.code != UNKNOWN_MESSAGE:
            raise


@contextmanager
def _faults(client: discord.Client) -> Iterator[None]:
    """Turn what discord.py and aiohttp raise into our own errors."""
    try:
        yield
    except discord.HTTPException as answer:
        raise _fault(answer) from answer
    except (discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as silence:
        raise DeliveryUnavailable(f"{type(silence).__name__}: {silence}") from silence
    except RuntimeError as closed:
        if not client.is_closed():
            raise
        raise DeliveryUnavailable("signed out of Discord") from closed


def _fault(answer: discord.HTTPException) -> DeliveryError | SettingsError:
    """What Discord's answer means for a message of ours.

    An error without a code of Discord's own comes from something between us and Discord: no refusal.
    """
    told = f"{answer.status} {answer.code}: {answer.text[:200]}"
    if answer.status == 401:
        return SettingsError("DAILIES_DISCORD_TOKEN: Discord takes this token no longer")
    if answer.status == 413 or answer.code == TOO_LARGE:
        return ClipTooLarge(told)
    if answer.code == UNKNOWN_MESSAGE:
        return MessageGone(told)
    if answer.status == 429 or answer.status >= 500 or answer.code in {0, *_TRY_LATER}:
        return DeliveryUnavailable(told)
    if answer.code == NO_REPLY_WITHOUT_HISTORY:
        return _NoReply(told)
    return DeliveryRefused(told)
