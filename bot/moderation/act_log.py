"""A duty: shows the acts of a server, as they are done, in the channel that its managers chose.

A post tells of some acts together, in their order. What it will tell is written before it is sent, and its
nonce is the number of its last act: whoever takes up after a crash within minutes posts the same again, which
Discord knows for the same; later the channel is read for it first.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from bot import duty
from bot.domain import ChannelId, GuildId, Member
from bot.errors import DeliveryRefused, DeliveryUnavailable, MessageGone
from bot.jobs.nonces import NONCE_HOLDS
from storage import act_channels, acts
from storage.act_channels import ActChannel
from storage.acts import Act, Verb
from storage.database import Database

__all__ = ["Act", "ActLog", "Noticeboard", "Verb"]

log = logging.getLogger(__name__)

LOOK_EVERY_S = 20.0
ACTS_IN_A_POST = 10
"""Each takes at most some 300 characters, and Discord 4,000."""


class Noticeboard(Protocol):
    """The way into a channel. Both methods raise `DeliveryUnavailable` when it is worth trying later."""

    async def post_acts(self, channel_id: ChannelId, guild_id: GuildId, told: Sequence[Act]) -> None:
        """Post some acts with their nonce.

        Raises:
            DeliveryRefused: the place takes no messages of ours.
            MessageGone: this nonce's message was posted and has been deleted.
        """

    async def stands(self, channel_id: ChannelId, number: int, *, since: datetime) -> bool:
        """Whether the post whose last act has this number is among the channel's messages since then.

        Raises:
            DeliveryRefused: nobody can look.
        """


class ActLog:
    """The duty, and the choice of the channel.

    Args:
        pause: waits so many seconds.
    """

    def __init__(
        self,
        database: Database,
        board: Noticeboard,
        *,
        now: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._board = board
        self._now = now
        self._pause = pause

    async def run(self) -> None:
        """Look and tell until cancelled."""
        await duty.repeated(self.look, every_s=LOOK_EVERY_S, pause=self._pause, code="act_log_failed")

    async def choose(self, channel_id: ChannelId | None, *, by: Member) -> ChannelId | None:
        """Name the channel for a server's acts from now on (None: none); returns the one before."""
        return await self._database.write(partial(_choose, channel_id, by, self._now()))

    async def channel_of(self, guild_id: GuildId) -> ActChannel | None:
        """Where a server's acts are shown."""
        return await self._database.read(partial(act_channels.of, guild_id=guild_id))

    async def look(self) -> None:
        """Tell of every act that is not told, as far as that can be done now."""
        for behind in await self._database.read(act_channels.behind):
            channel: ActChannel | None = behind
            try:
                while channel is not None and await self._tell(channel):
                    channel = await self.channel_of(behind.guild_id)
            except DeliveryUnavailable as later:
                extra = {"guild": behind.guild_id, "code": later.code}
                log.warning("acts not shown yet: %s", later, extra=extra)

    async def _tell(self, channel: ActChannel) -> bool:
        """One post; whether there may be more to tell."""
        told = await self._database.read(
            partial(
                acts.of_guild,
                guild_id=channel.guild_id,
                after=channel.told_number,
                limit=ACTS_IN_A_POST,
                until=channel.trying_number,
            )
        )
        if not told:
            return False
        last = told[-1].number
        tried_at, at = channel.tried_at, self._now()
        if tried_at is not None and not at - NONCE_HOLDS < tried_at <= at:
            try:
                if await self._board.stands(channel.channel_id, last, since=tried_at):
                    await self._done(channel, last)
                    return True
            except DeliveryRefused:
                await self._done(channel, last)  # it may stand there, and nobody can look: once is enough
                return True
        await self._database.write(
            partial(act_channels.trying, guild_id=channel.guild_id, number=last, at=at)
        )
        try:
            await self._board.post_acts(channel.channel_id, channel.guild_id, told)
        except DeliveryRefused as refused:
            log.warning(
                "acts not shown: %s", refused, extra={"guild": channel.guild_id, "code": refused.code}
            )
            await self._database.write(
                partial(act_channels.refused, guild_id=channel.guild_id, why=refused.code)
            )
            return False
        except MessageGone:
            pass  # it was there, and somebody has deleted it
        await self._done(channel, last)
        return True

    async def _done(self, channel: ActChannel, number: int) -> None:
        await self._database.write(partial(act_channels.told, guild_id=channel.guild_id, number=number))


def _choose(
    channel_id: ChannelId | None, by: Member, at: datetime, tx: sqlite3.Connection
) -> ChannelId | None:
    was = act_channels.of(tx, by.guild_id)
    acts.on_guild(
        tx,
        Verb.SETTINGS_CHANGED,
        by.guild_id,
        by=by.user_id,
        at=at,
        what="log",
        was=0 if was is None else was.channel_id,
        now=channel_id or 0,
    )
    # What was done before is in the record and not the new channel's news; that it was chosen is.
    act_channels.choose(
        tx, by.guild_id, channel_id, told_number=acts.head(tx).number - 1, by=by.user_id, at=at
    )
    return None if was is None else was.channel_id
