"""Every total summed anew from the entries, purse by purse, beside what stands in the rows.

Both are read in the order of their purses, so that no more than one purse is in memory at a time; what has to
be sorted for that is sorted by SQLite, beyond a few megabytes in a temporary file.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from bot.domain import Micros, Period, Scope
from storage import records
from storage.effects import effects
from storage.purses import GrantPart, Key, from_day, starts_on, to_day

_Sums = dict[tuple[str, int], list[int]]
"""Spent and held, by a period and the day on which that begins."""

_NOTHING = [0, 0]


@dataclass(frozen=True, slots=True)
class Difference:
    """A running total that is not the sum of its entries, or two rows that contradict each other."""

    what: str
    kept: str
    should_be: str


def totals_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """The totals and counts of open holds that are not the sums of their entries."""
    for scope in sorted(Scope, key=lambda scope: scope.value):
        yield from _of_scope(tx, scope)


def _of_scope(tx: sqlite3.Connection, scope: Scope) -> Iterator[Difference]:
    should_be, kept = _summed(tx, scope), _kept(tx, scope)
    sums, have = next(should_be, None), next(kept, None)
    while sums is not None or have is not None:
        key = min(each[0] for each in (sums, have) if each is not None)
        mine = have is not None and have[0] == key
        theirs = sums is not None and sums[0] == key
        yield from _of_purse(
            key,
            have[1] if have is not None and mine else ({}, 0),
            sums[1] if sums is not None and theirs else ({}, 0),
        )
        if mine:
            have = next(kept, None)
        if theirs:
            sums = next(should_be, None)


def _of_purse(key: Key, have: tuple[_Sums, int], should: tuple[_Sums, int]) -> Iterator[Difference]:
    (kept, counted), (sums, open_holds) = have, should
    for place in sorted(kept.keys() | sums.keys()):
        mine, theirs = kept.get(place, _NOTHING), sums.get(place, _NOTHING)
        if mine != theirs:
            yield Difference(
                f"total of {_name(key)} {place[0]} {from_day(place[1])}",
                f"spent {mine[0]} held {mine[1]}",
                f"spent {theirs[0]} held {theirs[1]}",
            )
    if counted != open_holds:
        yield Difference(f"open holds of {_name(key)}", f"{counted}", f"{open_holds}")


def _name(key: Key) -> str:
    scope, scope_id, user_id = key
    return f"{scope} {scope_id}:{user_id}" if scope == Scope.MEMBER.value else f"{scope} {scope_id}"


def _kept(tx: sqlite3.Connection, scope: Scope) -> Iterator[tuple[Key, tuple[_Sums, int]]]:
    """The rows of each purse of a scope, in order."""
    rows = tx.execute(
        """
        SELECT scope, scope_id, user_id, period, starts_on, spent_micros, held_micros, 0 FROM totals
        WHERE scope = ?1
        UNION ALL
        SELECT scope, scope_id, user_id, NULL, 0, 0, 0, open_holds FROM purses WHERE scope = ?1
        ORDER BY 2, 3
        """,
        (scope.value,),
    )
    for key, of_purse in groupby(rows, key=itemgetter(0, 1, 2)):
        sums: _Sums = defaultdict(lambda: [0, 0])
        open_holds = 0
        for row in of_purse:
            open_holds += row[7]
            if row[3] is not None:
                both = sums[row[3], row[4]]
                both[0] += row[5]
                both[1] += row[6]
        yield key, (sums, open_holds)


def _summed(tx: sqlite3.Connection, scope: Scope) -> Iterator[tuple[Key, tuple[_Sums, int]]]:
    """What the entries say of each purse of a scope, in order."""
    for key, of_purse in groupby(_effects_on(tx, scope), key=itemgetter(0)):
        sums: _Sums = defaultdict(lambda: [0, 0])
        open_holds = 0
        for _, number, spent, held, opened in of_purse:
            open_holds += opened
            for place in _periods_of(number):
                both = sums[place]
                both[0] += spent
                both[1] += held
        yield key, (sums, open_holds)


@lru_cache(maxsize=1_024)
def _periods_of(number: int) -> tuple[tuple[str, int], ...]:
    """The periods that a kept day lies in, as `_Sums` has them: asked for every line of every purse."""
    day = from_day(number)
    return tuple((period.value, to_day(starts_on(period, day))) for period in Period)


def _effects_on(tx: sqlite3.Connection, scope: Scope) -> Iterator[tuple[Key, int, int, int, int]]:
    """Each effect on a purse of a scope, in the order of the purses."""
    for row in _lines(tx, scope):
        held, parts = records.hold(row), _parts(tx, row)
        count = row[13]
        for key, day, spent, hold, opened in effects(
            held, records.ENTRY_KINDS[row[10]], records.SCOPES[row[11]], row[12], parts
        ):
            if key[0] == scope and (scope is not Scope.GRANT or key[1] == row[14]):
                yield key, day, spent, hold, opened * count


def _parts(tx: sqlite3.Connection, row: Sequence[Any]) -> list[GrantPart]:
    if not row[9]:
        return []
    rows = tx.execute(
        "SELECT grant_id, amount_micros FROM grant_parts WHERE hold_id = ? ORDER BY number", (row[0],)
    )
    return [GrantPart(part[0], Micros(part[1])) for part in rows]


def _lines(tx: sqlite3.Connection, scope: Scope) -> Iterator[Sequence[Any]]:
    """Holds and what entries say of them: those of the same purse and day as one, since that is linear.

    Only what grants carry is not: of a member and of a grant, every hold that has some stands for itself.
    """
    match scope:
        case Scope.MEMBER:
            return _of_members(tx)
        case Scope.CHANNEL:
            return _of_channels(tx)
        case Scope.GUILD:
            return _of_guilds(tx)
        case Scope.INSTALLATION | Scope.HOUSE:
            return _of_everywhere(tx)
        case Scope.GRANT:
            return _of_grants(tx)


def _of_members(tx: sqlite3.Connection) -> Iterator[Sequence[Any]]:
    return tx.execute(
        """
        SELECT 0, '', h.bearer, h.guild_id, 0, h.user_id, h.guild_day, 0, sum(h.amount_micros), 0,
               e.kind, e.bearer, sum(e.amount_micros), count(*), 0
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        WHERE h.granted_micros = 0 AND h.bearer = 'member'
        GROUP BY h.guild_id, h.user_id, h.guild_day, e.kind, e.bearer
        UNION ALL
        SELECT h.id, h.job_id, h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               h.amount_micros, h.granted_micros, e.kind, e.bearer, e.amount_micros, 1, 0
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        WHERE h.granted_micros <> 0
        ORDER BY 4, 6
        """
    )


def _of_channels(tx: sqlite3.Connection) -> Iterator[Sequence[Any]]:
    return tx.execute(
        """
        SELECT 0, '', h.bearer, 0, h.channel_id, 0, h.guild_day, 0, sum(h.amount_micros), 0,
               e.kind, e.bearer, sum(e.amount_micros), count(*), 0
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id WHERE h.bearer = 'member'
        GROUP BY h.channel_id, h.guild_day, e.kind, e.bearer
        ORDER BY h.channel_id
        """
    )


def _of_guilds(tx: sqlite3.Connection) -> Iterator[Sequence[Any]]:
    return tx.execute(
        """
        SELECT 0, '', h.bearer, h.guild_id, 0, 0, h.guild_day, 0, sum(h.amount_micros), 0,
               e.kind, e.bearer, sum(e.amount_micros), count(*), 0
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id WHERE h.bearer = 'member'
        GROUP BY h.guild_id, h.guild_day, e.kind, e.bearer
        ORDER BY h.guild_id
        """
    )


def _of_everywhere(tx: sqlite3.Connection) -> Iterator[Sequence[Any]]:
    return tx.execute(
        """
        SELECT 0, '', h.bearer, 0, 0, 0, 0, h.utc_day, sum(h.amount_micros), 0,
               e.kind, e.bearer, sum(e.amount_micros), count(*), 0
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        GROUP BY h.utc_day, h.bearer, e.kind, e.bearer
        """
    )


def _of_grants(tx: sqlite3.Connection) -> Iterator[Sequence[Any]]:
    return tx.execute(
        """
        SELECT h.id, h.job_id, h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               h.amount_micros, h.granted_micros, e.kind, e.bearer, e.amount_micros, 1, p.grant_id
        FROM grant_parts AS p JOIN holds AS h ON h.id = p.hold_id JOIN entries AS e ON e.hold_id = h.id
        ORDER BY p.grant_id
        """
    )
