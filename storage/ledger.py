"""The append-only book of money: holds, how each ends, and the running totals kept beside the entries.

Every function is part of the transaction of its caller. A hold, its end and its refund count in the
purses of the day on which it was placed, for ever.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain import (
    NOTHING_MICROS,
    Balance,
    ChannelId,
    Entry,
    EntryKind,
    HoldId,
    JobId,
    Member,
    Micros,
    Period,
    Purse,
    Scope,
)
from bot.errors import StorageError
from storage import purses, records
from storage.purses import Hold
from storage.times import to_us


@dataclass(frozen=True, slots=True)
class Difference:
    """A running total that is not the sum of its entries, or two rows that contradict each other."""

    what: str
    kept: str
    should_be: str


def balance(tx: sqlite3.Connection, purse: Purse) -> Balance:
    """What a purse has spent and what is held against it."""
    row = tx.execute(
        """
        SELECT spent_micros, held_micros FROM totals
        WHERE scope = ? AND scope_id = ? AND period = ? AND starts_on = ?
        """,
        (purse.scope, purse.scope_id, purse.period, purse.starts_on.isoformat()),
    ).fetchone()
    return Balance() if row is None else Balance(spent_micros=Micros(row[0]), held_micros=Micros(row[1]))


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
) -> HoldId:
    """Set money aside for a job. Whether there is room for it was checked by the caller, in this transaction.

    Raises:
        sqlite3.IntegrityError: the job has an open hold already.
    """
    utc_day = at.date()
    cursor = tx.execute(
        """
        INSERT INTO holds (job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day,
                           amount_micros, opened_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            job_id,
            bearer,
            member.guild_id,
            channel_id,
            member.user_id,
            guild_day.isoformat(),
            utc_day.isoformat(),
            amount_micros,
            to_us(at),
        ),
    )
    opened = Hold(
        id=HoldId(cursor.lastrowid or 0),
        job_id=job_id,
        bearer=bearer,
        member=member,
        channel_id=channel_id,
        guild_day=guild_day,
        utc_day=utc_day,
        amount_micros=amount_micros,
    )
    _enter(tx, opened, EntryKind.HOLD, amount_micros, bearer=bearer, at=at)
    _add(tx, purses.of_hold(opened, bearer), held=amount_micros)
    return opened.id


def open_hold(tx: sqlite3.Connection, job_id: JobId) -> Hold | None:
    """The hold that is open for a job."""
    row = tx.execute(
        """
        SELECT id, job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day, amount_micros
        FROM holds WHERE job_id = ? AND ended_at IS NULL
        """,
        (job_id,),
    ).fetchone()
    return None if row is None else records.hold(row)


def capture(tx: sqlite3.Connection, job_id: JobId, *, billed_micros: Micros | None, at: datetime) -> Micros:
    """Spend what a job's hold set aside, and return the overrun (zero but where the provider billed more).

    A member, channel or guild is never charged more than the hold: what a provider bills above it is
    the house's and the installation's. `None` bills what was held.
    """
    held = _end(tx, job_id, EntryKind.CAPTURE, at)
    billed = held.amount_micros if billed_micros is None else billed_micros
    charged = Micros(min(billed, held.amount_micros))
    overrun = Micros(billed - charged)
    _enter(tx, held, EntryKind.CAPTURE, charged, bearer=held.bearer, at=at)
    _move(tx, purses.of_hold(held, held.bearer), held=-held.amount_micros, spent=charged)
    if held.bearer is Scope.MEMBER:
        _charge(tx, job_id, charged)
    if overrun:
        _enter(tx, held, EntryKind.ADJUST, overrun, bearer=Scope.HOUSE, at=at)
        _add(tx, purses.of_hold(held, Scope.HOUSE), spent=overrun)
    return overrun


def release(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """Give a job's hold back whole."""
    held = _end(tx, job_id, EntryKind.RELEASE, at)
    _enter(tx, held, EntryKind.RELEASE, held.amount_micros, bearer=held.bearer, at=at)
    _move(tx, purses.of_hold(held, held.bearer), held=-held.amount_micros)


def refund(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> Micros:
    """Give a member back what their job's capture took; the house pays, since the operator has paid.

    Returns what was given back: zero where the house bore the job already.
    """
    row = tx.execute(
        """
        SELECT h.id, h.job_id, h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               e.amount_micros
        FROM holds AS h JOIN entries AS e ON e.hold_id = h.id AND e.kind = 'capture'
        WHERE h.job_id = ? AND h.bearer = 'member'
        """,
        (job_id,),
    ).fetchone()
    if row is None:
        return NOTHING_MICROS
    captured = records.hold(row)
    amount = captured.amount_micros
    _enter(tx, captured, EntryKind.REFUND, amount, bearer=Scope.MEMBER, at=at)
    _move(tx, purses.shared(captured), spent=-amount)
    _add(tx, purses.house(captured), spent=amount)
    _charge(tx, job_id, NOTHING_MICROS)
    return amount


def entries_of(tx: sqlite3.Connection, job_id: JobId) -> list[Entry]:
    """The lines about one job, in the order in which they were written."""
    rows = tx.execute(
        """
        SELECT id, kind, hold_id, job_id, bearer, amount_micros, at FROM entries
        WHERE job_id = ? ORDER BY id
        """,
        (job_id,),
    )
    return [records.entry(row) for row in rows]


def entries(tx: sqlite3.Connection, *, newest: int) -> list[Entry]:
    """The newest lines, oldest first."""
    rows = tx.execute(
        """
        SELECT id, kind, hold_id, job_id, bearer, amount_micros, at FROM entries
        ORDER BY id DESC LIMIT ?
        """,
        (newest,),
    )
    return [records.entry(row) for row in rows][::-1]


def verify(tx: sqlite3.Connection) -> list[Difference]:
    """Recompute every total from the entries; compare jobs, holds and entries; name each difference."""
    should: dict[Purse, list[int]] = {}
    rows = tx.execute(
        """
        SELECT h.id, h.job_id, h.bearer, h.guild_id, h.channel_id, h.user_id, h.guild_day, h.utc_day,
               h.amount_micros, e.kind, e.bearer, e.amount_micros
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        """
    )
    for row in rows:
        for purse, spent, held in _effects(records.hold(row[:9]), EntryKind(row[9]), Scope(row[10]), row[11]):
            sums = should.setdefault(purse, [0, 0])
            sums[0] += spent
            sums[1] += held
    kept = {
        Purse(
            scope=Scope(row[0]),
            scope_id=row[1],
            period=Period(row[2]),
            starts_on=date.fromisoformat(row[3]),
        ): [row[4], row[5]]
        for row in tx.execute(
            "SELECT scope, scope_id, period, starts_on, spent_micros, held_micros FROM totals"
        )
    }
    differences = [
        Difference(
            f"total of {purse.scope} {purse.scope_id} {purse.period} {purse.starts_on}",
            f"spent {kept.get(purse, [0, 0])[0]} held {kept.get(purse, [0, 0])[1]}",
            f"spent {should.get(purse, [0, 0])[0]} held {should.get(purse, [0, 0])[1]}",
        )
        for purse in sorted(kept.keys() | should.keys(), key=str)
        if kept.get(purse, [0, 0]) != should.get(purse, [0, 0])
    ]
    return [
        *differences,
        *_jobs_that_do_not_suit(tx),
        *_holds_that_do_not_suit(tx),
        *_entries_that_do_not_suit(tx),
    ]


def _jobs_that_do_not_suit(tx: sqlite3.Connection) -> list[Difference]:
    """A job that may still be billed has an open hold, one past it none; its charge is in the entries."""
    rows = tx.execute(
        """
        SELECT j.id, j.state, count(h.id) FROM jobs AS j
        LEFT JOIN holds AS h ON h.job_id = j.id AND h.ended_at IS NULL
        GROUP BY j.id
        HAVING count(h.id) <> (j.state IN ('review', 'queued', 'submitting', 'uncertain', 'running'))
        """
    )
    found = [
        Difference(f"job {row[0]} in state {row[1]}", f"{row[2]} open holds", f"{1 - row[2]} open holds")
        for row in rows
    ]
    rows = tx.execute(
        """
        SELECT j.id, j.charged_micros,
               coalesce(sum(CASE e.kind WHEN 'capture' THEN e.amount_micros ELSE -e.amount_micros END), 0)
        FROM jobs AS j LEFT JOIN entries AS e
             ON e.job_id = j.id AND e.bearer = 'member' AND e.kind IN ('capture', 'refund')
        GROUP BY j.id
        HAVING j.charged_micros <> coalesce(
            sum(CASE e.kind WHEN 'capture' THEN e.amount_micros ELSE -e.amount_micros END), 0)
        """
    )
    return found + [
        Difference(f"what the member paid for job {row[0]}", f"charged {row[1]}", f"charged {row[2]}")
        for row in rows
    ]


def _holds_that_do_not_suit(tx: sqlite3.Connection) -> list[Difference]:
    """A hold was entered at its own amount, and has an end just when an entry says so."""
    rows = tx.execute(
        """
        SELECT h.id, h.job_id, h.amount_micros, opened.amount_micros, h.ended_as, ended.kind FROM holds AS h
        LEFT JOIN entries AS opened ON opened.hold_id = h.id AND opened.kind = 'hold'
        LEFT JOIN entries AS ended ON ended.hold_id = h.id AND ended.kind IN ('capture', 'release')
        WHERE h.amount_micros IS NOT opened.amount_micros OR h.ended_as IS NOT ended.kind
        """
    )
    return [
        Difference(
            f"hold {row[0]} of job {row[1]}",
            f"holds {row[2]}, ended as {row[4]}",
            f"holds {row[3]}, ended as {row[5]} by its entries",
        )
        for row in rows
    ]


def _entries_that_do_not_suit(tx: sqlite3.Connection) -> list[Difference]:
    """An entry has its hold's job and bearer, is not above the hold, and a refund is what was captured."""
    rows = tx.execute(
        """
        SELECT e.id, e.kind, e.job_id, e.bearer, e.amount_micros, h.job_id, h.bearer, h.amount_micros
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        LEFT JOIN entries AS captured ON captured.hold_id = h.id AND captured.kind = 'capture'
        WHERE e.job_id <> h.job_id
           OR (e.kind <> 'adjust' AND e.bearer <> h.bearer)
           OR (e.kind = 'capture' AND e.amount_micros > h.amount_micros)
           OR (e.kind = 'release' AND e.amount_micros <> h.amount_micros)
           OR (e.kind = 'refund' AND e.amount_micros IS NOT captured.amount_micros)
        """
    )
    return [
        Difference(
            f"entry {row[0]}",
            f"{row[1]} of {row[4]} for job {row[2]}, borne by {row[3]}",
            f"job {row[5]}, borne by {row[6]}, holds {row[7]}",
        )
        for row in rows
    ]


def _effects(held: Hold, kind: EntryKind, bearer: Scope, amount: int) -> Iterator[tuple[Purse, int, int]]:
    """What an entry does to each purse: `(purse, spent, held)`."""
    match kind:
        case EntryKind.HOLD:
            yield from ((purse, 0, amount) for purse in purses.of_hold(held, bearer))
        case EntryKind.CAPTURE:
            yield from ((purse, amount, -held.amount_micros) for purse in purses.of_hold(held, bearer))
        case EntryKind.RELEASE:
            yield from ((purse, 0, -held.amount_micros) for purse in purses.of_hold(held, bearer))
        case EntryKind.REFUND:
            yield from ((purse, -amount, 0) for purse in purses.shared(held))
            yield from ((purse, amount, 0) for purse in purses.house(held))
        case EntryKind.ADJUST | EntryKind.GRANT:
            yield from ((purse, amount, 0) for purse in purses.of_hold(held, bearer))


def _end(tx: sqlite3.Connection, job_id: JobId, how: EntryKind, at: datetime) -> Hold:
    row = tx.execute(
        """
        UPDATE holds SET ended_at = ?, ended_as = ? WHERE job_id = ? AND ended_at IS NULL
        RETURNING id, job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day, amount_micros
        """,
        (to_us(at), how, job_id),
    ).fetchone()
    if row is None:
        raise StorageError(f"job {job_id} has no open hold to end")
    return records.hold(row)


def _enter(
    tx: sqlite3.Connection, held: Hold, kind: EntryKind, amount: Micros, *, bearer: Scope, at: datetime
) -> None:
    tx.execute(
        """
        INSERT INTO entries (kind, hold_id, job_id, bearer, amount_micros, at) VALUES (?, ?, ?, ?, ?, ?)
        """,
        (kind, held.id, held.job_id, bearer, amount, to_us(at)),
    )


def _charge(tx: sqlite3.Connection, job_id: JobId, amount: Micros) -> None:
    tx.execute("UPDATE jobs SET charged_micros = ? WHERE id = ?", (amount, job_id))


def _add(tx: sqlite3.Connection, counted: list[Purse], *, spent: int = 0, held: int = 0) -> None:
    """Count upwards, in purses that may be new."""
    tx.executemany(
        """
        INSERT INTO totals (scope, scope_id, period, starts_on, spent_micros, held_micros)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (scope, scope_id, period, starts_on) DO UPDATE
        SET spent_micros = spent_micros + excluded.spent_micros,
            held_micros = held_micros + excluded.held_micros
        """,
        [(p.scope, p.scope_id, p.period, p.starts_on.isoformat(), spent, held) for p in counted],
    )


def _move(tx: sqlite3.Connection, counted: list[Purse], *, spent: int = 0, held: int = 0) -> None:
    """Count up or down, in purses that the hold was counted in before."""
    cursor = tx.executemany(
        """
        UPDATE totals SET spent_micros = spent_micros + ?, held_micros = held_micros + ?
        WHERE scope = ? AND scope_id = ? AND period = ? AND starts_on = ?
        """,
        [(spent, held, p.scope, p.scope_id, p.period, p.starts_on.isoformat()) for p in counted],
    )
    if cursor.rowcount != len(counted):
        raise StorageError("a purse that a hold was counted in is missing: run `dailies ledger verify`")
