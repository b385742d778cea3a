"""Rows of presets, and of the one that each channel takes by itself."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import ChannelId, GuildId, UserId
from storage.times import from_us, to_us

WHOLE_SERVER = ChannelId(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A style with its settings; what is None or empty it leaves open."""

    id: str
    guild_id: GuildId
    channel_id: ChannelId
    name: str
    model: str | None = None
    resolution: str | None = None
    aspect_ratio: str | None = None
    duration_s: int | None = None
    prefix: str = ""
    suffix: str = ""
    saved_by: UserId
    saved_at: datetime


def save(tx: sqlite3.Connection, preset: Preset) -> str:
    """Write a preset; one of the same name and place takes its values. Returns the id of the row."""
    row = (
        preset.model,
        preset.resolution,
        preset.aspect_ratio,
        preset.duration_s,
        preset.prefix,
        preset.suffix,
        preset.saved_by,
        to_us(preset.saved_at),
    )
    changed = tx.execute(
        """
        UPDATE presets
        SET name = ?, model = ?, resolution = ?, aspect_ratio = ?, duration_s = ?, prefix = ?, suffix = ?,
            saved_by = ?, saved_at = ?
        WHERE guild_id = ? AND channel_id = ? AND name_key = ?
        RETURNING id
        """,
        (preset.name, *row, preset.guild_id, preset.channel_id, preset.name.casefold()),
    ).fetchone()
    if changed is not None:
        return str(changed[0])
    tx.execute(
        """
        INSERT INTO presets (id, guild_id, channel_id, name, name_key, model, resolution, aspect_ratio,
                             duration_s, prefix, suffix, saved_by, saved_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (preset.id, preset.guild_id, preset.channel_id, preset.name, preset.name.casefold(), *row),
    )
    return preset.id


def count(tx: sqlite3.Connection, guild_id: GuildId) -> int:
    """How many presets a server has."""
    return int(tx.execute("SELECT count(*) FROM presets WHERE guild_id = ?", (guild_id,)).fetchone()[0])


def of_guild(tx: sqlite3.Connection, guild_id: GuildId) -> list[Preset]:
    """Every preset of a server, by name; those of the whole server before those of channels."""
    rows = tx.execute("SELECT * FROM presets WHERE guild_id = ? ORDER BY channel_id, name_key", (guild_id,))
    return [_preset(row) for row in rows]


def remove(tx: sqlite3.Connection, guild_id: GuildId, preset_id: str) -> bool:
    """Be done with a preset, also where it is a channel's default; False where it is not there."""
    gone = tx.execute("DELETE FROM presets WHERE guild_id = ? AND id = ?", (guild_id, preset_id))
    return gone.rowcount == 1


def set_default(
    tx: sqlite3.Connection,
    guild_id: GuildId,
    channel_id: ChannelId,
    preset_id: str,
    *,
    by: UserId,
    at: datetime,
) -> None:
    """Let a channel's orders take a preset that the server has."""
    tx.execute(
        """
        INSERT INTO preset_defaults (guild_id, channel_id, preset_id, set_by, set_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, channel_id) DO UPDATE
        SET preset_id = excluded.preset_id, set_by = excluded.set_by, set_at = excluded.set_at
        """,
        (guild_id, channel_id, preset_id, by, to_us(at)),
    )


def clear_default(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId) -> bool:
    """Let a channel's orders take none; False where they took none."""
    gone = tx.execute(
        "DELETE FROM preset_defaults WHERE guild_id = ? AND channel_id = ?", (guild_id, channel_id)
    )
    return gone.rowcount == 1


def defaults(tx: sqlite3.Connection, guild_id: GuildId) -> dict[ChannelId, str]:
    """The preset's id of each channel that takes one."""
    rows = tx.execute("SELECT channel_id, preset_id FROM preset_defaults WHERE guild_id = ?", (guild_id,))
    return {ChannelId(row[0]): row[1] for row in rows}


def visible(
    tx: sqlite3.Connection, guild_id: GuildId, places: Sequence[ChannelId]
) -> tuple[list[Preset], Preset | None]:
    """What can be chosen in a place (the channel, then the one that it is a thread of), and its default.

    Of two of a name the nearer one is seen.
    """
    near = [*places, WHOLE_SERVER]
    every = of_guild(tx, guild_id)
    here = [preset for preset in every if preset.channel_id in near]
    named: dict[str, Preset] = {}
    for preset in sorted(here, key=lambda each: near.index(each.channel_id)):
        named.setdefault(preset.name.casefold(), preset)
    taken = defaults(tx, guild_id)
    default_id = next((taken[place] for place in places if place in taken), None)
    # A default may be the preset of another channel: what a manager chose holds.
    default = next((preset for preset in every if preset.id == default_id), None)
    return sorted(named.values(), key=lambda each: each.name.casefold()), default


def _preset(row: sqlite3.Row) -> Preset:
    return Preset(
        id=row["id"],
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        name=row["name"],
        model=row["model"],
        resolution=row["resolution"],
        aspect_ratio=row["aspect_ratio"],
        duration_s=row["duration_s"],
        prefix=row["prefix"],
        suffix=row["suffix"],
        saved_by=UserId(row["saved_by"]),
        saved_at=from_us(row["saved_at"]),
    )
