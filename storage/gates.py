"""The gates of each channel, how a server reviews, and what an order's later gate has to know of it."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.domain import ChannelId, GuildId, JobId, Micros
from storage.connection import ask_beside, remember

ANYWHERE = ChannelId(0)
"""Stands for every channel of a server that has no setting of its own."""

FIRST_MAX = 100


class Gate(StrEnum):
    """Where a job may have to wait: before it is rendered (and paid), or before its clip is shown."""

    RENDERING = "rendering"
    SHOWING = "showing"


class Mode(StrEnum):
    """Who waits at a gate: nobody, what screening flags, that and the first of a member, or all."""

    OFF = "off"
    FLAGGED = "flagged"
    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a gate stands. `first_n` is how many of a member wait, and 0 in every other mode."""

    mode: Mode
    first_n: int = 0


UNSET = Setting(mode=Mode.FLAGGED)
"""Where nobody has set anything: what screening could not let pass on its own is looked at.

Not off, which lets pass what nobody has looked at; not all, which stops whoever has no moderators yet.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRules:
    """How a server reviews.

    Above `two_above_micros` two moderators have to agree (None: never). `refunds` is whether a clip that is
    denied is given back, where the moderator does not say otherwise. What nobody looks at in time is
    rejected: a prompt after `prompt_expires`, a clip after `clip_expires`.
    """

    two_above_micros: Micros | None = None
    refunds: bool = False
    remind_after: timedelta = timedelta(hours=1)
    prompt_expires: timedelta = timedelta(hours=24)
    clip_expires: timedelta = timedelta(hours=72)
    moderator_role_id: int | None = None

    def expires(self, gate: Gate) -> timedelta:
        """For how long something waits at a gate."""
        return self.prompt_expires if gate is Gate.RENDERING else self.clip_expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What screening found in what it did not refuse: codes, and how sure it was of each (0 to 1).

    What is `urgent` or `forbidden` waits however the gate stands, and what is forbidden no moderator can let
    pass.
    """

    reasons: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    urgent: bool = False
    forbidden: bool = False

    @property
    def is_flagged(self) -> bool:
        """Whether somebody should look."""
        return self.urgent or self.forbidden or bool(self.reasons)

    def joined_with(self, other: "Found") -> "Found":
        """What was found in two things that are one to whoever looks: a prompt and the clip made of it."""
        both = {**self.scores, **other.scores}
        return Found(
            reasons=tuple(dict.fromkeys((*self.reasons, *other.reasons))),
            scores={name: max(self.scores.get(name, 0.0), other.scores.get(name, 0.0)) for name in both},
            urgent=self.urgent or other.urgent,
            forbidden=self.forbidden or other.forbidden,
        )


NOTHING_FOUND = Found()


def setting(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, gate: Gate) -> Setting:
    """How a gate stands in a channel: its own setting, else the server's, else ours."""
    return remember(tx, _setting, guild_id, channel_id, gate)


def _setting(tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, gate: Gate) -> Setting:
    row = ask_beside(
        tx,
        """
        SELECT mode, first_n FROM gates WHERE guild_id = ? AND channel_id IN (?, ?) AND gate = ?
        ORDER BY channel_id = 0 LIMIT 1
        """,
        (guild_id, channel_id, ANYWHERE, gate.value),
    ).fetchone()
    return UNSET if row is None else Setting(mode=Mode(row[0]), first_n=row[1])


def put(
    tx: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId, gate: Gate, wanted: Setting | None
) -> None:
    """Set a gate in a channel (`ANYWHERE` for the server's own); None takes the channel's own away."""
    if wanted is None:
        tx.execute(
            "DELETE FROM gates WHERE guild_id = ? AND channel_id = ? AND gate = ?",
            (guild_id, channel_id, gate),
        )
        return
    tx.execute(
        """
        INSERT INTO gates (guild_id, channel_id, gate, mode, first_n) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (guild_id, channel_id, gate)
        DO UPDATE SET mode = excluded.mode, first_n = excluded.first_n
        """,
        (guild_id, channel_id, gate, wanted.mode, wanted.first_n),
    )


def of_guild(tx: sqlite3.Connection, guild_id: GuildId) -> dict[ChannelId, dict[Gate, Setting]]:
    """Every setting of a server, by channel."""
    found: dict[ChannelId, dict[Gate, Setting]] = {}
    for row in tx.execute(
        "SELECT channel_id, gate, mode, first_n FROM gates WHERE guild_id = ? ORDER BY channel_id, gate",
        (guild_id,),
    ):
        here = found.setdefault(ChannelId(row[0]), {})
        here[Gate(row[1])] = Setting(mode=Mode(row[2]), first_n=row[3])
    return found


def rules(tx: sqlite3.Connection, guild_id: GuildId) -> ReviewRules:
    """How a server reviews."""
    row = tx.execute("SELECT * FROM review_rules WHERE guild_id = ?", (guild_id,)).fetchone()
    if row is None:
        return ReviewRules()
    return ReviewRules(
        two_above_micros=None if row["two_above_micros"] is None else Micros(row["two_above_micros"]),
        refunds=bool(row["refunds"]),
        remind_after=timedelta(seconds=row["remind_after_s"]),
        prompt_expires=timedelta(seconds=row["prompt_expires_s"]),
        clip_expires=timedelta(seconds=row["clip_expires_s"]),
        moderator_role_id=row["moderator_role_id"],
    )


def set_rules(tx: sqlite3.Connection, guild_id: GuildId, wanted: ReviewRules) -> None:
    """Change how a server reviews. What waits already goes by what held when it came."""
    tx.execute(
        """
        INSERT INTO review_rules (guild_id, two_above_micros, refunds, remind_after_s, prompt_expires_s,
                                  clip_expires_s, moderator_role_id)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (guild_id) DO UPDATE
        SET two_above_micros = excluded.two_above_micros, refunds = excluded.refunds,
            remind_after_s = excluded.remind_after_s, prompt_expires_s = excluded.prompt_expires_s,
            clip_expires_s = excluded.clip_expires_s, moderator_role_id = excluded.moderator_role_id
        """,
        (
            guild_id,
            wanted.two_above_micros,
            wanted.refunds,
            wanted.remind_after // timedelta(seconds=1),
            wanted.prompt_expires // timedelta(seconds=1),
            wanted.clip_expires // timedelta(seconds=1),
            wanted.moderator_role_id,
        ),
    )


def note(tx: sqlite3.Connection, order_id: JobId, found: Found) -> None:
    """Keep what was found in an order, for its later gate."""
    tx.execute(
        "INSERT INTO findings (order_id, reasons, scores, forbidden) VALUES (?, ?, ?, ?)",
        (order_id, reasons_as_text(found), scores_as_text(found), found.forbidden),
    )


def noted(tx: sqlite3.Connection, order_id: JobId) -> Found:
    """What was found in an order."""
    row = tx.execute("SELECT * FROM findings WHERE order_id = ?", (order_id,)).fetchone()
    return NOTHING_FOUND if row is None else found_of(row)


def reasons_as_text(found: Found) -> str:
    """The reasons as a row keeps them."""
    return json.dumps(list(found.reasons))


def scores_as_text(found: Found) -> str:
    """The scores as a row keeps them."""
    return json.dumps(dict(found.scores))


def found_of(row: sqlite3.Row) -> Found:
    """What screening found, from a row that keeps it."""
    return Found(
        reasons=tuple(json.loads(row["reasons"])),
        scores=json.loads(row["scores"]),
        forbidden=bool(row["forbidden"]),
    )
