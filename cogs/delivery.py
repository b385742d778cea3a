"""Cards and clips into Discord's channels, each exactly once; the only writer of messages that stay.

It needs no cache, but for the server's language: a channel is its id, a message is its id. discord.py itself
repeats a send that was answered with 500, 502, 504 or 524; the nonce makes that harmless.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import discord

from bot.clips.showing import Notice, Reminder
from bot.delivery import Card, Post, card_nonce, clip_nonce
from bot.domain import ChannelId, ClipState, GuildId, Job, JobId, JobState, MessageId, UserId
from bot.errors import (
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    PlaceGone,
)
from bot.language import _
from cogs import readers
from cogs.answers import said
from cogs.audience import leads_wider
from cogs.buttons import card_mark, clip_mark, texts_of
from cogs.cards import (
    card_view,
    clip_alt,
    clip_file_name,
    clip_view,
    gallery_ready,
    hidden_view,
    whisper_view,
)
from cogs.channels import (
    HISTORY_MAX,
    Wanted,
    find_ours,
    from_about,
    managers_channel,
    marked,
    signed_in,
    writable,
)
from cogs.faults import NoReply, ThreadArchived, faults
from cogs.notes import ended
from cogs.report_notices import notice_view, reminder_view
from cogs.threads import wake

log = logging.getLogger(__name__)

UPLOAD_BYTES = 20 << 20
"""Of every server since 2026-09, says Discord; the library still knows the 10 MiB from before. A server where
it is less says so with 40005."""


T = TypeVar("T")

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

        async def send() -> discord.Message:
            with faults(self._client):
                return await channel.send(view=card_view(card), nonce=card_nonce(job.id))

        with self.language_of(job):
            return MessageId((await self._awake(job.order.channel_id, send)).id)

    async def edit_card(self, card: Card) -> None:
        """See `Delivery.edit_card`."""
        job = card.job
        if job.card_message_id is None:
            raise MessageGone(f"job {job.id} has no card")
        carried = [take for take in card.takes if take.job.is_on_card]
        if not card.clips_here and any(take.clip_state is ClipState.SHOWN for take in carried):
            return  # the card carries a clip, which an edit without it would hide
        message = self._channel(job.order.channel_id).get_partial_message(job.card_message_id)
        gallery = await self._gallery(card)

        async def edit() -> None:
            files = [
                await opened(take.clip_here, take.job, card.label)
                for take in card.clips_here
                if take.clip_here is not None
            ]
            view = card_view(card, gallery=gallery)
            with faults(self._client):
                if files or carried:  # what it carried and nobody is to see goes with the edit
                    await message.edit(view=view, attachments=files, allowed_mentions=_NOBODY)
                else:
                    await message.edit(view=view, allowed_mentions=_NOBODY)

        with self.language_of(job):
            await self._awake(job.order.channel_id, edit)

    async def post_clip(self, post: Post) -> MessageId:
        """See `Delivery.post_clip`; a place that more people see than the order's own refuses."""
        job = post.job
        if not post.direct and await leads_wider(self._client, job, post.channel_id):
            raise DeliveryRefused("more people see that place than the one in which it was ordered")
        if job.card_message_id is not None and post.channel_id == job.order.channel_id:
            reply_to = discord.MessageReference(
                message_id=job.card_message_id,
                channel_id=job.order.channel_id,
                guild_id=job.order.member.guild_id or None,
                fail_if_not_exists=False,
            )
            try:
                return await self._post_clip(post, reply_to)
            except NoReply:
                log.info("posting without a reply", extra={"code": "no_reply", "job": job.id})
        return await self._post_clip(post)

    async def find_card(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """See `Delivery.find_card`."""
        since = discord.Object(job.order.interaction_id)
        return await self._find(channel_id, since, marked(card_mark(job.id)))

    async def find_clip(self, channel_id: ChannelId, job: Job) -> MessageId | None:
        """See `Delivery.find_clip`."""
        since = discord.Object(job.order.interaction_id)
        return await self._find(channel_id, since, marked(clip_mark(job.id)))

    async def upload_limit(self, guild_id: GuildId) -> int:
        """See `Delivery.upload_limit`."""
        guild = self._client.get_guild(guild_id)
        return UPLOAD_BYTES if guild is None else max(UPLOAD_BYTES, guild.filesize_limit)

    async def parent_of(self, channel_id: ChannelId) -> ChannelId | None:
        """See `Delivery.parent_of`."""
        try:
            channel = await self._known(channel_id)
        except DeliveryRefused:
            return None
        return ChannelId(channel.parent_id) if isinstance(channel, discord.Thread) else None

    async def direct_channel(self, user_id: UserId) -> ChannelId:
        """See `Delivery.direct_channel`."""
        with faults(self._client):
            channel = await signed_in(self._client).create_dm(discord.Object(user_id))
        return ChannelId(channel.id)

    async def edit_clip(self, post: Post, message_id: MessageId, *, shown: bool, upload: bool) -> None:
        """See `Screen.edit_clip`."""
        job = post.job
        message = self._channel(post.channel_id).get_partial_message(message_id)

        gone = await self._place_is_gone(post)

        async def edit() -> None:
            view = clip_view(post, place_is_gone=gone) if shown else hidden_view(post)
            files = [await opened(post.path, job, post.label)] if upload and post.path is not None else []
            with faults(self._client):
                if upload or not shown:
                    await message.edit(view=view, attachments=files, allowed_mentions=_NOBODY)
                else:
                    await message.edit(view=view, allowed_mentions=_NOBODY)

        with self.language_of(job, post.channel_id):
            await self._awake(post.channel_id, edit)

    async def delete_message(self, channel_id: ChannelId, message_id: MessageId) -> bool:
        """See `Screen.delete_message`."""
        message = self._channel(channel_id).get_partial_message(message_id)

        async def delete() -> None:
            with faults(self._client):
                await message.delete()

        try:
            await self._awake(channel_id, delete)
        except (MessageGone, PlaceGone):
            return False
        return True

    async def show_alone(self, posts: Sequence[Post], token: str) -> None:
        """See `Ear.show_alone`."""
        webhook = self._answers(token)
        with faults(self._client), readers.of_orderer(posts[0].job):
            files = [await opened(post.path, post.job, post.label) for post in posts if post.path is not None]
            # An answer's own message has no id that we know, but this name.
            await webhook.edit_message(  # type: ignore[call-overload]  # which knows only of numbers
                "@original",
                view=whisper_view(posts),
                attachments=files,
                allowed_mentions=_NOBODY,
            )

    async def take_back(self, job: Job, token: str) -> bool:
        """See `Screen.take_back`."""
        webhook = self._answers(token)
        with self.language_of(job):
            view = said(_("This clip is not shown any more."))
        try:
            with faults(self._client):
                await webhook.edit_message(  # type: ignore[call-overload]  # which knows only of numbers
                    "@original", view=view, attachments=[], allowed_mentions=_NOBODY
                )
        except (MessageGone, DeliveryRefused):  # its asker has closed it, or its time is over
            return False
        return True

    async def tell_directly(self, job: Job) -> None:
        """See `Ear.tell_directly`."""
        channel_id = await self.direct_channel(job.order.member.user_id)
        place = f"<#{job.order.channel_id}>"
        with readers.of_orderer(job):
            told = _("A private clip that you ordered in {place} is ready. Find it there with /clips.")
            if not job.order.member.in_server:
                told = _("A private clip that you ordered is ready. Find it here with /clips.")
        with faults(self._client):
            await self._channel(channel_id).send(told.format(place=place), nonce=f"p{job.id}")

    async def tell_end(self, job: Job, token: str | None) -> None:
        """See `Voice.tell_end`."""
        with faults(self._client), readers.of_orderer(job):
            view = said(ended(job))
            if token is None:
                channel_id = await self.direct_channel(job.order.member.user_id)
                await self._channel(channel_id).send(view=view, nonce=f"e{job.id}")
            else:
                await self._answers(token).edit_message(  # type: ignore[call-overload]  # as above
                    "@original", view=view, attachments=[], allowed_mentions=_NOBODY
                )

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """See `Screen.managers_channel`."""
        return managers_channel(self._client, guild_id)

    async def find_notice(self, channel_id: ChannelId, notice: Notice) -> bool:
        """See `Screen.find_notice`."""

        def names_it(message: discord.Message) -> bool:
            return any(notice.id in text for text in texts_of(message.components))

        return await self._find(channel_id, from_about(notice.at), names_it) is not None

    async def tell(self, channel_id: ChannelId, notice: Notice) -> None:
        """See `Screen.tell`."""
        with faults(self._client), self.language_of(notice.job):
            await self._channel(channel_id).send(view=notice_view(notice), nonce=f"r{notice.id}")

    async def remind(self, channel_id: ChannelId, reminder: Reminder) -> MessageId:
        """See `Screen.remind`."""
        nonce = f"d{reminder.case_id}h{reminder.mark_hours}"
        with faults(self._client), self.language_of(reminder.job):
            sent = await self._channel(channel_id).send(view=reminder_view(reminder), nonce=nonce)
        return MessageId(sent.id)

    async def _gallery(self, card: Card) -> dict[JobId, str]:
        """Links to the clips that we have posted, once all takes are there: a gallery needs no second upload.

        A link to an attachment is signed for a day, and a message that is read again has a fresh one. Where
        the messages cannot be read the card leads to them without showing them.
        """
        if len(card.takes) < 2 or card.clips_here or not all(gallery_ready(take) for take in card.takes):
            return {}
        links: dict[JobId, str] = {}
        for take in card.takes:
            job = take.job
            if job.state is not JobState.POSTED or job.clip_message_id is None or job.clip_channel_id is None:
                continue
            try:
                with faults(self._client):
                    message = await self._channel(job.clip_channel_id).fetch_message(job.clip_message_id)
            except (DeliveryRefused, MessageGone):
                continue
            if (url := shown_url(message)) is not None:
                links[job.id] = url
        return links

    async def _place_is_gone(self, post: Post) -> bool:
        """Whether a clip that stands elsewhere was ordered in a channel or thread that was deleted since."""
        ordered_in = post.job.order.channel_id
        if post.channel_id == ordered_in:
            return False
        try:
            await self._known(ordered_in)
        except PlaceGone:
            return True
        except DeliveryRefused:
            pass  # closed to us; others may see it
        return False

    async def _known(self, channel_id: ChannelId) -> object:
        """A channel or thread as Discord knows it.

        Raises:
            PlaceGone: it was deleted.
            DeliveryRefused: it is closed to us.
        """
        known = self._client.get_channel(channel_id)
        if known is not None:
            return known
        with faults(self._client):
            return await signed_in(self._client).fetch_channel(channel_id)

    async def _post_clip(self, post: Post, reply_to: discord.MessageReference | None = None) -> MessageId:
        job = post.job
        channel = self._channel(post.channel_id)
        pinged = discord.AllowedMentions(users=[discord.Object(job.order.member.user_id)])
        gone = await self._place_is_gone(post)

        async def send() -> discord.Message:
            files = [] if post.path is None else [await opened(post.path, job, post.label)]
            said = partial(
                channel.send,
                view=clip_view(post, place_is_gone=gone),
                nonce=clip_nonce(job.id),
                files=files,
                allowed_mentions=pinged if post.mentions else _NOBODY,
            )
            with faults(self._client):
                return await (said() if reply_to is None else said(reference=reply_to))

        with self.language_of(job, post.channel_id):
            return MessageId((await self._awake(post.channel_id, send)).id)

    async def _find(self, channel_id: ChannelId, since: discord.Object, wanted: Wanted) -> MessageId | None:
        return await find_ours(self._client, channel_id, since, wanted, messages_max=self._history_max)

    async def _awake(self, channel_id: ChannelId, act: Callable[[], Awaitable[T]]) -> T:
        """Do something in a channel; where that is an archived thread, wake it and do it once more."""
        try:
            return await act()
        except ThreadArchived:
            with faults(self._client):
                woken = await wake(self._client, channel_id)
            if not woken:
                raise
        return await act()

    def language_of(self, job: Job, channel_id: ChannelId | None = None) -> AbstractContextManager[None]:
        """See `readers.of_job`."""
        return readers.of_job(self._client, job, channel_id)

    def _answers(self, token: str) -> discord.Webhook:
        """The way to an answer to an interaction of this token."""
        client = signed_in(self._client)
        if client.application_id is None:
            raise DeliveryUnavailable("not signed in to Discord")
        return discord.Webhook.partial(client.application_id, token, client=client)

    def _channel(self, channel_id: ChannelId) -> discord.PartialMessageable:
        return writable(self._client, channel_id)


async def opened(path: Path, job: Job, label: str) -> discord.File:
    """The clip's file, opened off the loop. aiohttp reads it in chunks, in a thread, as it sends them."""
    return await asyncio.to_thread(
        discord.File, path, clip_file_name(job.id), description=clip_alt(job, label)
    )


def shown_url(message: discord.Message) -> str | None:
    """The link of the first file of a message, whether it hangs below it or stands in a gallery."""
    if message.attachments:
        return message.attachments[0].url
    return next(_media_of(message.components), None)


def _media_of(components: Sequence[Any]) -> Iterator[str]:
    for component in components:
        if isinstance(component, discord.MediaGalleryComponent):
            yield from (item.media.url for item in component.items)
        yield from _media_of(getattr(component, "children", ()))
