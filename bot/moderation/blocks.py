"""Blocks of files that may not come back: which hold, and that one is lifted again, on record.

Whoever manages a server lifts what its own moderators have blocked, but for what shows a minor; everything
else is the operator's.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.domain import GuildId, Member, UserId
from bot.errors import ChangeRefused, NotYours, StorageError
from bot.language import _
from storage import acts, hashes
from storage.acts import Verb
from storage.cases import OPERATOR
from storage.database import Database
from storage.hashes import Kind, Standing
from storage.takedowns import Cause

# Cogs never see storage: what they show of it they know from here.
__all__ = ["Blocks", "Cause", "Kind", "Standing", "lift"]

LISTED_MAX = 20


class Blocks:
    """A server's side of its blocks."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def newest(self, guild_id: GuildId) -> list[Standing]:
        """Those that a server's moderators have set, the newest first."""
        return await self._database.read(partial(hashes.newest, guild_id=guild_id, limit=LISTED_MAX))

    async def lift(self, hash_id: int, *, by: Member, manages: bool) -> Standing:
        """Let a file come back.

        Args:
            hash_id: the number of the block.
            by: who wants it, and in which server.
            manages: whether they may manage that server, by what Discord says with the press.

        Raises:
            NotYours: they may not, or there is no such block here.
            ChangeRefused: only the operator lifts it.
        """
        if not manages:
            raise NotYours(_("A block is lifted by those who may manage this server."), _("Ask one of them."))
        return await self._database.write(partial(_lift_here, hash_id, by, self._now()))


def lift(tx: sqlite3.Connection, hash_id: int, *, by: UserId, at: datetime) -> Standing:
    """Let a file come back, and write it down; 0 is the operator.

    Raises:
        StorageError: no such block holds.
    """
    found = hashes.standing(tx, hash_id)
    if found is None or not hashes.lift(tx, hash_id, at=at):
        raise StorageError(f"no block {hash_id} holds")
    acts.record(
        tx,
        verb=Verb.HASH_UNBLOCKED,
        actor_id=by or None,
        guild_id=found.blocked.guild_id,
        subject=f"hash:{hash_id}",
        detail={"job": found.blocked.job_id, "kind": found.blocked.kind.value, "cause": found.cause.value},
        at=at,
    )
    return found


def _lift_here(hash_id: int, by: Member, at: datetime, tx: sqlite3.Connection) -> Standing:
    found = hashes.standing(tx, hash_id)
    if found is None or not by.in_server or found.blocked.guild_id != by.guild_id:
        raise NotYours(_("No block of this server has this number."), _("Choose one from the list."))
    if found.cause is Cause.MINOR or found.begun_by == OPERATOR:
        raise ChangeRefused(
            _("Only whoever runs this bot lifts this block."), _("Ask them, with its number.")
        )
    return lift(tx, hash_id, by=by.user_id, at=at)
