"""What each kind of entry does to which purses: the one definition, for writing totals and for checking."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.domain import EntryKind, Scope
from storage.purses import (
    HOUSE,
    INSTALLATION,
    GrantPart,
    Hold,
    Key,
    channel_key,
    grant_key,
    guild_key,
    member_key,
    to_day,
)


class Effect(NamedTuple):
    """What is counted in one purse, in the periods of a day."""

    key: Key
    day: int
    spent: int = 0
    held: int = 0
    opened: int = 0


def effects(
    held: Hold, kind: EntryKind, bearer: Scope, amount: int, parts: Sequence[GrantPart] = ()
) -> list[Effect]:
    """What an entry about a hold does.

    Args:
        held: the hold that it is about.
        kind: what the entry does.
        bearer: who bears it: the hold's bearer, but for an overrun the house.
        amount: the entry's own.
        parts: what grants carry of the hold; they bear what is charged beyond the member's own part.
    """
    match kind:
        case EntryKind.HOLD:
            return _of_all(held, bearer, 0, amount, 1) + _of_member(held, bearer, 0, parts, 1)
        case EntryKind.CAPTURE:
            whole = held.amount_micros
            return _of_all(held, bearer, amount, -whole, -1) + _of_member(held, bearer, amount, parts, -1)
        case EntryKind.RELEASE:
            return _of_all(held, bearer, 0, -held.amount_micros, -1) + _of_member(held, bearer, 0, parts, -1)
        case EntryKind.REFUND if bearer is Scope.HOUSE:
            return _of_all(held, bearer, -amount, 0, 0)
        case EntryKind.REFUND:
            guild_day = to_day(held.guild_day)
            return [
                Effect(channel_key(held.channel_id), guild_day, -amount),
                Effect(guild_key(held.member.guild_id), guild_day, -amount),
                Effect(HOUSE, to_day(held.utc_day), amount),
                *_of_member(held, bearer, -amount, parts, 0),
            ]
        case EntryKind.ADJUST:
            utc_day = to_day(held.utc_day)
            return [Effect(HOUSE, utc_day, amount), Effect(INSTALLATION, utc_day, amount)]
        case EntryKind.GRANT:
            return []


def _of_all(held: Hold, bearer: Scope, spent: int, hold: int, opened: int) -> list[Effect]:
    """The pools of a hold, which count the whole of it: the house's alone, where it is the house's."""
    utc_day = to_day(held.utc_day)
    if bearer is Scope.HOUSE:
        return [
            Effect(HOUSE, utc_day, spent, hold, opened),
            Effect(INSTALLATION, utc_day, spent, hold, opened),
        ]
    guild_day = to_day(held.guild_day)
    return [
        Effect(channel_key(held.channel_id), guild_day, spent, hold, opened),
        Effect(guild_key(held.member.guild_id), guild_day, spent, hold, opened),
        Effect(INSTALLATION, utc_day, spent, hold, opened),
    ]


def _of_member(
    held: Hold, bearer: Scope, spent: int, parts: Sequence[GrantPart], opened: int
) -> list[Effect]:
    """The member's own part of a hold and its grants': what is spent fills their own first, then each grant.

    Args:
        held: the hold.
        bearer: nothing of it is a member's where the house bears it.
        spent: charged (or, below zero, refunded) on the whole hold.
        parts: of the hold, in the order in which they were drawn on.
        opened: 1 where the hold is opened, -1 where it ends, 0 where it ended before.
    """
    if bearer is Scope.HOUSE:
        return []
    day = to_day(held.guild_day)
    sign = -1 if spent < 0 else 1
    left = abs(spent)
    charged = min(left, held.own_micros)
    found = [Effect(member_key(held.member), day, sign * charged, opened * held.own_micros, opened)]
    for part in parts:
        left -= charged
        charged = min(left, part.amount_micros)
        found.append(
            Effect(grant_key(part.grant_id), day, sign * charged, opened * part.amount_micros, opened)
        )
    return found
