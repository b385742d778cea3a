"""Jobs of which nobody knows whether a provider has them, and what persons have decided about them.

Every function is part of the transaction of its caller.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import JobId, Kind, Micros, OfferId, Scope
from storage.times import from_us, to_us


class Verdict(StrEnum):
    """The provider has it; the provider never had it; or it had it, and there is nothing to be had of it."""

    FOUND = "found"
    ABSENT = "absent"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """One job that waits for proof or for a person. `key` is what its submission carried of ours."""

    job_id: JobId
    since: datetime
    offer_id: OfferId
    kind: Kind
    key: str
    has_ticket: bool
    held_micros: Micros
    bearer: Scope
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict on record."""

    job_id: JobId
    verdict: Verdict
    ticket: str | None
    by: str
    why: str
    at: datetime


def uncertain(tx: sqlite3.Connection) -> list[Uncertain]:
    """Every uncertain job, the longest waiting first."""
    rows = tx.execute(
        """
        SELECT j.id, j.state_at, a.offer_id, j.kind, a.number, j.ticket IS NOT NULL, h.amount_micros,
               h.bearer, a.detail
        FROM jobs AS j
        JOIN attempts AS a ON a.job_id = j.id AND a.number = j.attempt
        JOIN holds AS h ON h.job_id = j.id AND h.ended_at IS NULL
        WHERE j.state = 'uncertain' ORDER BY j.state_at
        """
    )
    return [
        Uncertain(
            job_id=JobId(row[0]),
            since=from_us(row[1]),
            offer_id=OfferId(row[2]),
            kind=Kind(row[3]),
            key=f"{row[0]}-{row[4]}",
            has_ticket=bool(row[5]),
            held_micros=Micros(row[6]),
            bearer=Scope(row[7]),
            detail=row[8] or "",
        )
        for row in rows
    ]


def record(tx: sqlite3.Connection, decision: Decision) -> None:
    """Write a verdict down."""
    tx.execute(
        "INSERT INTO verdicts (job_id, verdict, ticket, decided_by, why, at) VALUES (?, ?, ?, ?, ?, ?)",
        (
            decision.job_id,
            decision.verdict.value,
            decision.ticket,
            decision.by,
            decision.why,
            to_us(decision.at),
        ),
    )
