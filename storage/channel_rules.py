"""What may be ordered where: a server's rules and those of its channels, laid over each other.

Every function is part of the transaction of its caller.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import ChannelId, GuildId, Member, Micros
from storage.connection import ask_beside, remember
from storage.times import from_us, to_us

WHOLE_SERVER = ChannelId(0)
NO_LIMIT = -1


class Pictured(StrEnum):
    """Whether pictures of people may be animated: none, of oneself and those who agreed, or any."""

    OFF = "off"
    OWN = "own"
    ALL = "all"


class Remixing(StrEnum):
    """Whether others' clips may be gone on from: no, where their member allows it, or yes."""

    OFF = "off"
    ASKED = "asked"
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What is set for one place; None takes the value of the place above.

    Lists that are empty are everybody or everything, `NO_LIMIT` is no limit, times are minutes after midnight
    in the server's zone (the same twice: no quiet hours).
    """

    roles: tuple[int, ...] | None = None
    kinds: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    duration_max_s: int | None = None
    price_max_micros: int | None = None
    pictured: Pictured | None = None
    remixing: Remixing | None = None
    quiet: tuple[int, int] | None = None
    slow_s: int | None = None


UNSET = Layer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds in a place. An empty tuple, None and zero are no restriction."""

    roles: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    duration_max_s: int | None = None
    price_max_micros: Micros | None = None
    pictured: Pictured = Pictured.ALL
    remixing: Remixing = Remixing.ON
    quiet: tuple[int, int] | None = None
    slow_s: int = 0


FREE = Rules()


def put(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, layer: Layer) -> None:
    """Set a place's rules; `UNSET` forgets them."""
    if layer == UNSET:
        tx.execute("DELETE FROM channel_rules WHERE guild_id = ? AND channel_id = ?", (guild_id, channel_id))
        return
    tx.execute(
        """
        INSERT INTO channel_rules (guild_id, channel_id, roles, kinds, models, duration_max_s,
                                   price_max_micros, people, remix, quiet_from, quiet_until, slow_s)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, channel_id) DO UPDATE
        SET roles = excluded.roles, kinds = excluded.kinds, models = excluded.models,
            duration_max_s = excluded.duration_max_s, price_max_micros = excluded.price_max_micros,
            people = excluded.people, remix = excluded.remix, quiet_from = excluded.quiet_from,
            quiet_until = excluded.quiet_until, slow_s = excluded.slow_s
        """,
        (
            guild_id,
            channel_id,
            None if layer.roles is None else json.dumps(layer.roles),
            None if layer.kinds is None else json.dumps(layer.kinds),
            None if layer.models is None else json.dumps(layer.models),
            layer.duration_max_s,
            layer.price_max_micros,
            layer.pictured,
            layer.remixing,
            None if layer.quiet is None else layer.quiet[0],
            None if layer.quiet is None else layer.quiet[1],
            layer.slow_s,
        ),
    )


def get(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId) -> Layer:
    """What is set for a place itself."""
    row = tx.execute(
        "SELECT * FROM channel_rules WHERE guild_id = ? AND channel_id = ?", (guild_id, channel_id)
    ).fetchone()
    return UNSET if row is None else _layer(row)


def of(tx: sqlite3.Connection, guild_id: GuildId, channels: tuple[ChannelId, ...]) -> Rules:
    """What holds in a channel: `channels` is itself and, of a thread, then its parent."""
    return remember(tx, _of, guild_id, channels)


def _of(tx: sqlite3.Connection, guild_id: GuildId, channels: tuple[ChannelId, ...]) -> Rules:
    rows = ask_beside(tx, "SELECT * FROM channel_rules WHERE guild_id = ?", (guild_id,)).fetchall()
    if not rows:
        return FREE
    layers = {row["channel_id"]: _layer(row) for row in rows}
    return laid([layers[each] for each in (*channels, WHOLE_SERVER) if each in layers])


def laid(layers: Sequence[Layer]) -> Rules:
    """Layers over each other, the innermost first."""

    def first(name: str) -> object:
        return next((value for one in layers if (value := getattr(one, name)) is not None), None)

    found = {name: value for name in Layer.__dataclass_fields__ if (value := first(name)) is not None}
    for name in ("duration_max_s", "price_max_micros"):
        if found.get(name) == NO_LIMIT:
            del found[name]
    quiet = found.get("quiet")
    if isinstance(quiet, tuple) and quiet[0] == quiet[1]:
        del found["quiet"]
    return Rules(**found)  # type: ignore[arg-type]  # each value is of its own field's type


def last_order_at(
    tx: sqlite3.Connection, member: Member, place: ChannelId, *, since: datetime
) -> datetime | None:
    """When a member last ordered in a channel or one of its threads; None where that is longer ago."""
    row = tx.execute(
        """
        SELECT created_at FROM jobs
        WHERE guild_id = ? AND user_id = ? AND coalesce(parent_id, channel_id) = ? AND created_at >= ?
        ORDER BY created_at DESC LIMIT 1
        """,
        (member.guild_id, member.user_id, place, to_us(since)),
    ).fetchone()
    return None if row is None else from_us(row[0])


def _layer(row: sqlite3.Row) -> Layer:
    return Layer(
        roles=None if row["roles"] is None else tuple(json.loads(row["roles"])),
        kinds=None if row["kinds"] is None else tuple(json.loads(row["kinds"])),
        models=None if row["models"] is None else tuple(json.loads(row["models"])),
        duration_max_s=row["duration_max_s"],
        price_max_micros=row["price_max_micros"],
        pictured=None if row["people"] is None else Pictured(row["people"]),
        remixing=None if row["remix"] is None else Remixing(row["remix"]),
        quiet=None if row["quiet_from"] is None else (row["quiet_from"], row["quiet_until"]),
        slow_s=row["slow_s"],
    )
