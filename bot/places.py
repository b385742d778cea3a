"""The channels that a server's managers have named for a purpose."""

from functools import partial

from bot.domain import ChannelId, GuildId
from storage import places
from storage.database import Database
from storage.places import Purpose

__all__ = ["Places", "Purpose"]


class Places:
    """Names channels, and says which are named."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, guild_id: GuildId, purpose: Purpose, channel_id: ChannelId | None) -> None:
        """Name a channel for a purpose; None names none any more."""
        await self._database.write(
            partial(places.put, guild_id=guild_id, purpose=purpose, channel_id=channel_id)
        )

    async def named(self, guild_id: GuildId) -> dict[Purpose, ChannelId]:
        """Every channel that is named."""
        found = {
            purpose: await self._database.read(partial(places.get, guild_id=guild_id, purpose=purpose))
            for purpose in Purpose
        }
        return {purpose: channel_id for purpose, channel_id in found.items() if channel_id is not None}
