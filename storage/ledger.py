"""The append-only book of money: holds, how each ends, and the running totals kept beside the entries.

Every function is part of the transaction of its caller. A hold, its end and its refund count in the
purses of the day on which it was placed, and in the grants that were drawn on then, for ever.
"""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime

from bot.domain import (
    NOTHING_MICROS,
    ChannelId,
    Entry,
    EntryKind,
    JobId,
    Member,
    Micros,
    Scope,
)
from bot.errors import StorageError
from storage import connection, records
from storage.audit import Difference, verify
from storage.effects import effects
from storage.purses import (
    HOUSE,
    INSTALLATION,
    GrantPart,
    Hold,
    channel_key,
    grant_key,
    guild_key,
    member_key,
    to_day,
)
from storage.tallies import Tallies, settle, tallies_of
from storage.times import to_us

__all__ = [
    "Difference",
    "capture",
    "correct",
    "entries",
    "hold",
    "open_hold",
    "parts_of",
    "refund",
    "release",
    "verify",
]


def hold(
    tx: sqlite3.Connection,
    *,
    job_id: JobId,
    bearer: Scope,
    member: Member,
    channel_id: ChannelId,
    guild_day: date,
    amount_micros: Micros,
    at: datetime,
    parts: tuple[GrantPart, ...] = (),
) -> None:
    """Set money aside for a job. Whether there is room for it was checked by the caller, in this transaction.

    Args:
        tx: the transaction.
        job_id: what it is for.
        bearer: the member or the house.
        member: who asked.
        channel_id: where.
        guild_day: the day in the guild's time zone.
        amount_micros: how much, grants and all.
        at: now.
        parts: what grants carry of it, as `budgets.admit` says.

    Raises:
        sqlite3.IntegrityError: the job has an open hold already.
    """
    granted = sum(part.amount_micros for part in parts) if parts else 0
    guild_number, utc_number = to_day(guild_day), to_day(at)
    guild_id = member.guild_id
    opened_at = to_us(at)
    row = (
        job_id,
        bearer._value_,
        guild_id,
        channel_id,
        member.user_id,
        guild_number,
        utc_number,
        amount_micros,
        granted,
        opened_at,
    )
    connection.write_row(
        tx,
        """
        INSERT INTO holds (job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day,
                           amount_micros, granted_micros, opened_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        row,
    )
    tallies = tallies_of(tx)  # the entry is written by the schema
    if bearer is Scope.HOUSE:
        tallies.hold(utc_number, amount_micros, (INSTALLATION, HOUSE))
    else:
        tallies.hold(utc_number, amount_micros, (INSTALLATION,))
        tallies.hold(guild_number, amount_micros, (channel_key(channel_id), guild_key(guild_id)))
        tallies.hold(guild_number, amount_micros - granted, (member_key(member),))
    if parts:
        _carry(tx, tallies, job_id, parts, guild_number)
    settle(tx, tallies)


def open_hold(tx: sqlite3.Connection, job_id: JobId) -> Hold | None:
    """The hold that is open for a job."""
    row = tx.execute(
        """
        SELECT id, job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day, amount_micros,
               granted_micros
        FROM holds WHERE job_id = ? AND ended_at IS NULL
        """,
        (job_id,),
    ).fetchone()
    return None if row is None else records.hold(row)


def capture(tx: sqlite3.Connection, job_id: JobId, *, billed_micros: Micros | None, at: datetime) -> Micros:
    """Spend what a job's hold set aside, and return the overrun (zero but where the provider billed more).

    A member, channel or guild is never charged more than the hold: what a provider bills above it is
    the house's and the installation's. `None` bills what was held. What is charged fills the member's own
    part first, then the grants in the order in which they were drawn on; the rest goes back to them.
    """
    held = _end(tx, job_id, EntryKind.CAPTURE, at)
    billed = held.amount_micros if billed_micros is None else billed_micros
    charged = Micros(min(billed, held.amount_micros))
    overrun = Micros(billed - charged)
    tallies = tallies_of(tx)
    _enter(tx, tallies, held, EntryKind.CAPTURE, charged, bearer=held.bearer, at=at)
    if held.bearer is Scope.MEMBER:
        _charge(tx, job_id, charged)
    if overrun:
        _enter(tx, tallies, held, EntryKind.ADJUST, overrun, bearer=Scope.HOUSE, at=at)
    settle(tx, tallies)
    return overrun


def release(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Give a job's hold back whole, each part to where it came from (an expired grant sells nothing)."""
    held = _end(tx, job_id, EntryKind.RELEASE, at)
    tallies = tallies_of(tx)
    _enter(tx, tallies, held, EntryKind.RELEASE, held.amount_micros, bearer=held.bearer, at=at)
    settle(tx, tallies)


def refund(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> Micros:
    """Give a member back what their job's capture took; the house pays, since the operator has paid.

    Returns what was given back: zero where the house bore the job already.
    """
    row = tx.execute(
        """
        SELECT h.id, h.job_id, h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               h.amount_micros, h.granted_micros, e.amount_micros
        FROM holds AS h JOIN entries AS e ON e.hold_id = h.id AND e.kind = 'capture'
        WHERE h.job_id = ? AND h.ended_at IS NOT NULL AND h.bearer = 'member'
        """,
        (job_id,),
    ).fetchone()
    if row is None:
        return NOTHING_MICROS
    captured = Micros(row[10])
    tallies = tallies_of(tx)
    _enter(tx, tallies, records.hold(row), EntryKind.REFUND, captured, bearer=Scope.MEMBER, at=at)
    _charge(tx, job_id, NOTHING_MICROS)
    settle(tx, tallies)
    return captured


def correct(tx: sqlite3.Connection, job_id: JobId, *, billed_micros: Micros, at: datetime) -> Micros | None:
    """Have the house carry what was billed for a job in place of what its hold's capture took.

    What it carried comes back to it whole, as a refund, and what was billed is entered beside that, in the
    periods in which the hold was placed. It may be more than the hold: no member ever pays of it.

    Returns what was carried; None where the house bore no capture, or its cost was known or corrected.
    """
    row = tx.execute(
        """
        SELECT h.id, h.job_id, h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               h.amount_micros, h.granted_micros, e.amount_micros
        FROM holds AS h JOIN entries AS e ON e.hold_id = h.id AND e.kind = 'capture'
        WHERE h.job_id = ? AND h.ended_at IS NOT NULL AND h.bearer = 'house' AND NOT EXISTS (
            SELECT 1 FROM entries AS later WHERE later.hold_id = h.id AND later.kind IN ('refund', 'adjust'))
        """,
        (job_id,),
    ).fetchone()
    if row is None:
        return None
    held, carried = records.hold(row), Micros(row[10])
    tallies = tallies_of(tx)
    _enter(tx, tallies, held, EntryKind.REFUND, carried, bearer=Scope.HOUSE, at=at)
    if billed_micros:
        _enter(tx, tallies, held, EntryKind.ADJUST, billed_micros, bearer=Scope.HOUSE, at=at)
    settle(tx, tallies)
    return carried


def entries(tx: sqlite3.Connection, *, newest: int) -> list[Entry]:
    """The newest lines, oldest first."""
    rows = tx.execute(
        """
        SELECT e.id, e.kind, e.hold_id, h.job_id, e.bearer, e.amount_micros, e.at
        FROM entries AS e LEFT JOIN holds AS h ON h.id = e.hold_id
        ORDER BY e.id DESC LIMIT ?
        """,
        (newest,),
    )
    return [records.entry(row) for row in rows][::-1]


def parts_of(tx: sqlite3.Connection, held: Hold) -> list[GrantPart]:
    """What grants carry of a hold, in the order in which they were drawn on."""
    if not held.granted_micros:
        return []
    rows = tx.execute(
        "SELECT grant_id, amount_micros FROM grant_parts WHERE hold_id = ? ORDER BY number", (held.id,)
    )
    return [GrantPart(row[0], Micros(row[1])) for row in rows]


def _end(tx: sqlite3.Connection, job_id: JobId, how: EntryKind, at: datetime) -> Hold:
    row = tx.execute(
        """
        UPDATE holds SET ended_at = ?, ended_as = ? WHERE job_id = ? AND ended_at IS NULL
        RETURNING id, job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day, amount_micros,
                  granted_micros
        """,
        (to_us(at), how.value, job_id),
    ).fetchone()
    if row is None:
        raise StorageError(f"job {job_id} has no open hold to end")
    return records.hold(row)


def _enter(
    tx: sqlite3.Connection,
    tallies: Tallies,
    held: Hold,
    kind: EntryKind,
    amount: Micros,
    *,
    bearer: Scope,
    at: datetime,
) -> None:
    """Write an entry, and count it in the purses that it moves."""
    tx.execute(
        "INSERT INTO entries (kind, hold_id, bearer, amount_micros, at) VALUES (?, ?, ?, ?, ?)",
        (kind.value, held.id, bearer.value, amount, to_us(at)),
    )
    for key, day, spent, hold_micros, count in effects(held, kind, bearer, amount, parts_of(tx, held)):
        if count or spent < 0:
            tallies.move(key, day, spent=spent, held=hold_micros, opened=count)
        else:  # an overrun or a refund may be the house's first
            tallies.add(key, day, spent=spent, held=hold_micros, opened=count)


def _carry(
    tx: sqlite3.Connection, tallies: Tallies, job_id: JobId, parts: Sequence[GrantPart], day: int
) -> None:
    """Write down what grants carry of the hold that is open for a job, and count it in them."""
    for number, part in enumerate(parts, start=1):
        tx.execute(
            """
            INSERT INTO grant_parts (hold_id, number, grant_id, amount_micros)
            SELECT id, ?, ?, ? FROM holds WHERE job_id = ? AND ended_at IS NULL
            """,
            (number, part.grant_id, part.amount_micros, job_id),
        )
        tallies.hold(day, part.amount_micros, (grant_key(part.grant_id),))


def _charge(tx: sqlite3.Connection, job_id: JobId, amount: Micros) -> None:
    tx.execute("UPDATE jobs SET charged_micros = ? WHERE id = ?", (amount, job_id))
