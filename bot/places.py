"""The channels that a server's managers have named for a purpose. Each change is on record."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.domain import ChannelId, GuildId, Member
from storage import acts, places
from storage.acts import Verb
from storage.database import Database
from storage.places import Purpose

__all__ = ["Places", "Purpose"]


class Places:
    """Names channels, and says which are named."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def put(self, purpose: Purpose, channel_id: ChannelId | None, *, by: Member) -> None:
        """Name a channel for a purpose; None names none any more."""
        await self._database.write(partial(_put, purpose, channel_id, by, self._now()))

    async def named(self, guild_id: GuildId) -> dict[Purpose, ChannelId]:
        """Every channel that is named."""
        found = {
            purpose: await self._database.read(partial(places.get, guild_id=guild_id, purpose=purpose))
            for purpose in Purpose
        }
        return {purpose: channel_id for purpose, channel_id in found.items() if channel_id is not None}


def _put(
    purpose: Purpose, channel_id: ChannelId | None, by: Member, at: datetime, tx: sqlite3.Connection
) -> None:
    was = places.get(tx, by.guild_id, purpose)
    if was == channel_id:
        return
    places.put(tx, by.guild_id, purpose, channel_id)
    acts.on_guild(
        tx,
        Verb.SETTINGS_CHANGED,
        by.guild_id,
        by=by.user_id,
        at=at,
        what=f"{purpose}_channel",
        was=was or 0,
        now=channel_id or 0,
    )
