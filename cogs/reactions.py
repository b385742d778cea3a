"""Reactions as Discord tells of them, on their way to be counted. Nothing privileged is needed for it."""

import discord

from bot.clips.gallery import Galleries
from bot.domain import MessageId, UserId
from cogs.shelves import emoji_key


class Reactions:
    """Who reacts to what."""

    def __init__(self, client: discord.Client, galleries: Galleries) -> None:
        self._client = client
        self._galleries = galleries

    async def added(self, payload: discord.RawReactionActionEvent) -> None:
        """Somebody has reacted. Most messages are not ours, which costs no look into the rows."""
        us = self._client.user
        author_id = payload.message_author_id
        if us is None or (author_id is not None and author_id != us.id):
            return
        if payload.member is not None and payload.member.bot:
            return
        await self._react(payload, on=True)

    async def removed(self, payload: discord.RawReactionActionEvent) -> None:
        """Somebody has taken a reaction back."""
        await self._react(payload, on=False)

    async def cleared(self, message_id: int, emoji: discord.PartialEmoji | None) -> None:
        """A moderator has taken reactions away."""
        key = None if emoji is None else emoji_key(emoji)
        await self._galleries.cleared(MessageId(message_id), key)

    async def _react(self, payload: discord.RawReactionActionEvent, *, on: bool) -> None:
        await self._galleries.react(
            MessageId(payload.message_id), UserId(payload.user_id), emoji_key(payload.emoji), on=on
        )
