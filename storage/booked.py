"""The ledger's entries with all that a reader outside wants to know of each; read in one pass, never held."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain import EntryKind, JobId, Micros, Scope
from storage.times import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One entry, its hold and its job. What is about a grant has a `grant_id` and no job."""

    number: int
    at: datetime
    kind: EntryKind
    bearer: Scope
    amount_micros: Micros
    held_micros: Micros
    guild_id: int
    channel_id: int | None
    user_id: int
    job_id: JobId | None
    model: str | None
    provider: str | None
    provider_job_id: str | None
    grant_id: int | None


def entries(tx: sqlite3.Connection, *, since: datetime, until: datetime) -> Iterator[Booked]:
    """Every entry from `since` on and before `until`, in the order in which they were written."""
    rows = tx.execute(
        """
        SELECT e.id, e.at, e.kind, e.bearer, e.amount_micros, coalesce(h.amount_micros, e.amount_micros),
               coalesce(h.guild_id, g.guild_id), h.channel_id, coalesce(h.user_id, g.user_id), h.job_id,
               j.model, coalesce(a.provider, substr(j.offer_id, 1, instr(j.offer_id, '/') - 1)),
               a.provider_job_id, e.grant_id
        FROM entries AS e
        LEFT JOIN holds AS h ON h.id = e.hold_id
        LEFT JOIN jobs AS j ON j.id = h.job_id
        LEFT JOIN attempts AS a ON a.job_id = j.id AND a.outcome = 'taken'
        LEFT JOIN grants AS g ON g.id = e.grant_id
        WHERE e.at >= ? AND e.at < ?
        ORDER BY e.id
        """,
        (to_us(since), to_us(until)),
    )
    for row in rows:
        yield Booked(
            number=row[0],
            at=from_us(row[1]),
            kind=EntryKind(row[2]),
            bearer=Scope(row[3]),
            amount_micros=Micros(row[4]),
            held_micros=Micros(row[5]),
            guild_id=row[6],
            channel_id=row[7],
            user_id=row[8],
            job_id=None if row[9] is None else JobId(row[9]),
            model=row[10],
            provider=row[11],
            provider_job_id=row[12],
            grant_id=row[13],
        )


def billed(
    tx: sqlite3.Connection, *, provider: str, since: datetime, until: datetime
) -> Iterator[tuple[str, JobId, Micros]]:
    """What each job that a provider took between two times cost by our books: its id there, ours, the cost.

    What was captured and what went over the hold count, whoever bore it. A member's refund is ours, not the
    provider's, and changes nothing; the house's takes back what a bill has shown not to be owed.
    """
    rows = tx.execute(
        """
        SELECT a.provider_job_id, a.job_id,
               coalesce((SELECT sum(CASE e.kind WHEN 'refund' THEN -e.amount_micros ELSE e.amount_micros END)
                         FROM holds AS h JOIN entries AS e ON e.hold_id = h.id
                         WHERE h.job_id = a.job_id AND (e.kind IN ('capture', 'adjust')
                               OR e.kind = 'refund' AND e.bearer = 'house')), 0)
        FROM attempts AS a
        WHERE a.provider = ? AND a.outcome = 'taken' AND a.sent_at >= ? AND a.sent_at < ?
        ORDER BY a.sent_at
        """,
        (provider, to_us(since), to_us(until)),
    )
    for row in rows:
        yield row[0], JobId(row[1]), Micros(row[2])
