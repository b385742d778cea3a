"""What moderators change of a channel's rules, read from what they typed, with every change on record."""

import re
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.domain import ChannelId, GuildId, Kind, Member, UserId
from bot.errors import ChangeRefused
from bot.language import _
from bot.spend.distributing import amount
from storage import acts, channel_rules
from storage.acts import Verb
from storage.channel_rules import NO_LIMIT, UNSET, WHOLE_SERVER, Layer, Pictured, Remixing, Rules
from storage.database import Database

__all__ = (
    "ANY_MODEL",
    "NONE",
    "UNSET",
    "WHOLE_SERVER",
    "Kind",
    "Layer",
    "Pictured",
    "Remixing",
    "Rules",
    "Ruling",
    "Shown",
    "what",
    "when",
)

NONE = "-"
"""Typed for "no limit", where nothing typed means "as the server says"."""

ANY_MODEL = "any"
DURATION_MAX_S = 3_600
SLOW_MAX_S = 604_800

_CODE_CHARS_MAX = 64
_TIMES = re.compile(r"\s*(\d{1,2})[:.](\d{2})\s*(?:-|to)\s*(\d{1,2})[:.](\d{2})\s*")
_LENGTH = re.compile(r"\s*(\d{1,6})\s*(s|min|m|h|d)?\s*")
_UNITS = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A place's rules: its own, and what holds there with those of the server."""

    own: Layer
    holds: Rules


class Ruling:
    """The moderators' side of rules."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def shown(self, guild_id: GuildId, place: ChannelId) -> Shown:
        """The rules of a channel, or of the `WHOLE_SERVER`."""

        def read(tx: sqlite3.Connection) -> Shown:
            own = channel_rules.get(tx, guild_id, place)
            channels = () if place == WHOLE_SERVER else (place,)
            return Shown(own=own, holds=channel_rules.of(tx, guild_id, channels))

        return await self._database.read(read)

    async def change(self, place: ChannelId, changed: Callable[[Layer], Layer], *, by: Member) -> Shown:
        """Change a place's rules as they are now, in one transaction, and return them."""
        await self._database.write(partial(_change, place, changed, by.guild_id, by.user_id, self._now()))
        return await self.shown(by.guild_id, place)


def what(
    layer: Layer,
    *,
    guild_id: GuildId,
    roles: Sequence[int],
    kinds: Collection[str],
    models: Sequence[str],
    duration: str,
    price: str,
) -> Layer:
    """The layer with what the form about who and what says; nothing is "as the server says".

    Raises:
        ChangeRefused: a number in it cannot be read.
    """
    all_kinds = set(kinds) >= set(Kind)
    return replace(
        layer,
        roles=None if not roles else () if guild_id in roles else tuple(sorted(set(roles))),
        kinds=None if not kinds else () if all_kinds else tuple(one for one in Kind if one in kinds),
        models=None if not models else () if ANY_MODEL in models else tuple(dict.fromkeys(models)),
        duration_max_s=_duration(duration),
        price_max_micros=NO_LIMIT if price.strip() == NONE else amount(price),
    )


def when(layer: Layer, *, pictured: str, remixing: str, quiet: str, slow: str) -> Layer:
    """The layer with what the form about people and times says; likewise.

    Raises:
        ChangeRefused: a time in it cannot be read.
    """
    return replace(
        layer,
        pictured=Pictured(pictured) if pictured in set(Pictured) else None,
        remixing=Remixing(remixing) if remixing in set(Remixing) else None,
        quiet=_quiet(quiet),
        slow_s=_slow(slow),
    )


def _change(
    place: ChannelId,
    changed: Callable[[Layer], Layer],
    guild_id: GuildId,
    by: UserId,
    at: datetime,
    tx: sqlite3.Connection,
) -> None:
    was = channel_rules.get(tx, guild_id, place)
    now = changed(was)
    channel_rules.put(tx, guild_id, place, now)
    for name in Layer.__dataclass_fields__:
        before, after = getattr(was, name), getattr(now, name)
        if before != after:
            acts.record(
                tx,
                verb=Verb.RULES_CHANGED,
                actor_id=by,
                guild_id=guild_id,
                subject=f"channel:{place}" if place else f"guild:{guild_id}",
                detail={"rule": name, "was": _code(before), "now": _code(after)},
                at=at,
            )


def _code(value: object) -> int | str:
    """A value as the record takes it: a number or a short code."""
    match value:
        case None:
            return "unset"
        case int():
            return value
        case tuple():
            told = "+".join(str(one) for one in value)
            fits = len(told) <= _CODE_CHARS_MAX and re.fullmatch(r"[A-Za-z0-9_.:/+-]*", told)
            return told if fits else f"{len(value)}_entries"
        case _:
            return str(value)


def _duration(typed: str) -> int | None:
    typed = typed.strip()
    if not typed:
        return None
    if typed == NONE:
        return NO_LIMIT
    known = _LENGTH.fullmatch(typed.casefold())
    seconds = 0 if known is None else int(known[1]) * _UNITS[known[2]]
    if not 1 <= seconds <= DURATION_MAX_S:
        raise ChangeRefused(
            _("The longest clip cannot be read."), _("Write its seconds alone, such as 8, or - for no limit.")
        )
    return seconds


def _slow(typed: str) -> int | None:
    typed = typed.strip()
    if not typed:
        return None
    if typed == NONE:
        return 0
    known = _LENGTH.fullmatch(typed.casefold())
    seconds = -1 if known is None else int(known[1]) * _UNITS[known[2]]
    if not 0 <= seconds <= SLOW_MAX_S:
        raise ChangeRefused(
            _("The slow mode cannot be read."),
            _("Write such as 90 s, 10 min or 2 h, a week at most, or - for none."),
        )
    return seconds


def _quiet(typed: str) -> tuple[int, int] | None:
    typed = typed.strip()
    if not typed:
        return None
    if typed == NONE:
        return (0, 0)
    known = _TIMES.fullmatch(typed.casefold())
    hours = None if known is None else [int(one) for one in known.groups()]
    if hours is None or max(hours[0], hours[2]) > 23 or max(hours[1], hours[3]) > 59:
        raise ChangeRefused(
            _("The quiet hours cannot be read."), _("Write such as 22:00-07:00, or - for none.")
        )
    begins, ends = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if begins == ends:
        raise ChangeRefused(
            _("Quiet hours that end when they begin are none."),
            _("Write such as 22:00-07:00, or - for none."),
        )
    return begins, ends
