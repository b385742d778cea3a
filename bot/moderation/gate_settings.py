"""What the managers of a server set of its gates and reviews. Each change is on record in its transaction."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.domain import ChannelId, GuildId, Member
from bot.moderation.gates import ANYWHERE, UNSET, Gate, ReviewRules, Setting
from storage import acts, gates, places
from storage.acts import Verb
from storage.database import Database
from storage.places import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """All that is set for a server; `by_channel` has the server's own under `ANYWHERE`."""

    by_channel: Mapping[ChannelId, Mapping[Gate, Setting]]
    rules: ReviewRules
    channel_id: ChannelId | None

    def default(self, gate: Gate) -> Setting:
        """What holds in a channel that has no setting of its own."""
        return self.by_channel.get(ANYWHERE, {}).get(gate, UNSET)


class GateSettings:
    """Reads and changes them."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def all_of(self, guild_id: GuildId) -> Set:
        """Everything that is set for a server."""
        return await self._database.read(partial(_all_of, guild_id))

    async def moderator_role(self, guild_id: GuildId) -> int | None:
        """The role that makes a moderator in a server, beside the permission to manage messages."""
        rules = await self._database.read(partial(gates.rules, guild_id=guild_id))
        return rules.moderator_role_id

    async def set_gates(
        self, channel_id: ChannelId, wanted: Mapping[Gate, Setting | None], *, by: Member
    ) -> None:
        """Set gates of a channel (`ANYWHERE` for the server's own); None takes a channel's own away."""
        await self._database.write(partial(_set_gates, channel_id, wanted, by, self._now()))

    async def change_rules(self, changes: Mapping[str, Any], *, by: Member) -> None:
        """Change how a server reviews, by fields of its rules. What waits already goes by those of before."""
        await self._database.write(partial(_change_rules, changes, by, self._now()))


def _all_of(guild_id: GuildId, tx: sqlite3.Connection) -> Set:
    return Set(
        by_channel=gates.of_guild(tx, guild_id),
        rules=gates.rules(tx, guild_id),
        channel_id=places.get(tx, guild_id, Purpose.REVIEWS),
    )


def _set_gates(
    channel_id: ChannelId,
    wanted: Mapping[Gate, Setting | None],
    by: Member,
    at: datetime,
    tx: sqlite3.Connection,
) -> None:
    was = gates.of_guild(tx, by.guild_id).get(channel_id, {})
    subject = f"guild:{by.guild_id}" if channel_id == ANYWHERE else f"channel:{channel_id}"
    for gate, setting in wanted.items():
        gates.put(tx, by.guild_id, channel_id, gate, setting)
        acts.record(
            tx,
            verb=Verb.GATES_CHANGED,
            actor_id=by.user_id,
            guild_id=by.guild_id,
            subject=subject,
            detail={"gate": gate.value, "was": _code(was.get(gate)), "now": _code(setting)},
            at=at,
        )


def _change_rules(changes: Mapping[str, Any], by: Member, at: datetime, tx: sqlite3.Connection) -> None:
    was = gates.rules(tx, by.guild_id)
    wanted = replace(was, **changes)
    gates.set_rules(tx, by.guild_id, wanted)
    for field in fields(ReviewRules):
        before, now = getattr(was, field.name), getattr(wanted, field.name)
        if before != now:
            acts.on_guild(
                tx,
                Verb.SETTINGS_CHANGED,
                by.guild_id,
                by=by.user_id,
                at=at,
                what=field.name,
                was=_plain(before),
                now=_plain(now),
            )


def _code(setting: Setting | None) -> str:
    if setting is None:
        return "unset"
    return f"{setting.mode}:{setting.first_n}" if setting.first_n else setting.mode.value


def _plain(value: object) -> int | str:
    match value:
        case None:
            return "none"
        case timedelta():
            return value // timedelta(seconds=1)
        case int():
            return int(value)
        case _:
            return str(value)
