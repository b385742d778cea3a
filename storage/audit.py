"""The ledger checked against itself: totals summed anew (`recount`), and rows that contradict each other.

Ten million entries are read as they lie, one after the other: nothing here grows with them.
"""

import sqlite3
from collections.abc import Iterator
from itertools import chain, islice

from storage.recount import Difference, totals_that_do_not_suit

__all__ = ["Difference", "verify"]

DIFFERENCES_MAX = 1_000
"""A book that is wrong in more places is not mended place by place."""


def verify(tx: sqlite3.Connection) -> list[Difference]:
    """Sum every total anew from the entries; compare jobs, holds, grants, entries; name each difference.

    At most `DIFFERENCES_MAX` are named.
    """
    found = chain(
        totals_that_do_not_suit(tx),
        _jobs_that_do_not_suit(tx),
        _charges_that_do_not_suit(tx),
        _holds_that_do_not_suit(tx),
        _entries_that_do_not_suit(tx),
        _grants_that_do_not_suit(tx),
    )
    return list(islice(found, DIFFERENCES_MAX))


def _jobs_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """A job that may still be billed has an open hold, one past it none."""
    rows = tx.execute(
        """
        SELECT j.id, j.state, h.id IS NOT NULL FROM jobs AS j
        LEFT JOIN holds AS h ON h.job_id = j.id AND h.ended_at IS NULL
        WHERE (h.id IS NOT NULL) <> (j.state IN ('review', 'queued', 'submitting', 'uncertain', 'running'))
        """
    )
    for row in rows:
        yield Difference(
            f"job {row[0]} in state {row[1]}", f"{row[2]} open holds", f"{1 - row[2]} open holds"
        )


def _charges_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """What a member paid for a job is in its entries."""
    rows = tx.execute(
        """
        SELECT id, charged_micros, paid_micros FROM (
            SELECT j.id, j.charged_micros, (
                SELECT coalesce(sum(CASE e.kind WHEN 'capture' THEN e.amount_micros
                                                ELSE -e.amount_micros END), 0)
                FROM holds AS h JOIN entries AS e ON e.hold_id = h.id
                WHERE h.job_id = j.id AND h.ended_at IS NOT NULL
                      AND e.bearer = 'member' AND e.kind IN ('capture', 'refund')
            ) AS paid_micros
            FROM jobs AS j
        )
        WHERE charged_micros <> paid_micros
        """
    )
    for row in rows:
        yield Difference(f"what the member paid for job {row[0]}", f"charged {row[1]}", f"charged {row[2]}")


def _holds_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """A hold was entered at its amount, has an end just when an entry says so, and its parts are whole."""
    rows = tx.execute(
        """
        SELECT h.id, h.job_id, h.amount_micros, opened.amount_micros, h.ended_as, ended.kind FROM holds AS h
        LEFT JOIN entries AS opened ON opened.hold_id = h.id AND opened.kind = 'hold'
        LEFT JOIN entries AS ended ON ended.hold_id = h.id AND ended.kind IN ('capture', 'release')
        WHERE h.amount_micros IS NOT opened.amount_micros OR h.ended_as IS NOT ended.kind
        """
    )
    for row in rows:
        yield Difference(
            f"hold {row[0]} of job {row[1]}",
            f"holds {row[2]}, ended as {row[4]}",
            f"holds {row[3]}, ended as {row[5]} by its entries",
        )
    rows = tx.execute(
        """
        SELECT id, job_id, granted_micros, carried_micros FROM (
            SELECT h.id, h.job_id, h.granted_micros, (
                SELECT coalesce(sum(p.amount_micros), 0) FROM grant_parts AS p WHERE p.hold_id = h.id
            ) AS carried_micros
            FROM holds AS h
        )
        WHERE granted_micros <> carried_micros
        """
    )
    for row in rows:
        yield Difference(
            f"hold {row[0]} of job {row[1]}", f"{row[2]} carried by grants", f"{row[3]} by its parts"
        )


def _entries_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """An entry has its hold's bearer, is not above the hold, and a refund is what was captured."""
    rows = tx.execute(
        """
        SELECT e.id, e.kind, e.bearer, e.amount_micros, h.job_id, h.bearer, h.amount_micros
        FROM entries AS e JOIN holds AS h ON h.id = e.hold_id
        LEFT JOIN entries AS captured
               ON e.kind = 'refund' AND captured.hold_id = h.id AND captured.kind = 'capture'
        WHERE (e.kind <> 'adjust' AND e.bearer <> h.bearer)
           OR (e.kind = 'adjust' AND e.bearer <> 'house')
           OR (e.kind = 'capture' AND e.amount_micros > h.amount_micros)
           OR (e.kind = 'release' AND e.amount_micros <> h.amount_micros)
           OR (e.kind = 'refund' AND e.amount_micros IS NOT captured.amount_micros)
        """
    )
    for row in rows:
        yield Difference(
            f"entry {row[0]}",
            f"{row[1]} of {row[3]} for job {row[4]}, borne by {row[2]}",
            f"borne by {row[5]}, holds {row[6]}",
        )


def _grants_that_do_not_suit(tx: sqlite3.Connection) -> Iterator[Difference]:
    """A grant was entered at its amount, never gave more than that, and only to its own member."""
    rows = tx.execute(
        """
        SELECT g.id, g.amount_micros, e.amount_micros FROM grants AS g
        LEFT JOIN entries AS e ON e.grant_id = g.id
        WHERE g.amount_micros IS NOT e.amount_micros
        """
    )
    for row in rows:
        yield Difference(f"grant {row[0]}", f"of {row[1]}", f"of {row[2]} by its entry")
    rows = tx.execute(
        """
        SELECT g.id, g.amount_micros, p.total_spent_micros + p.total_held_micros
        FROM grants AS g JOIN purses AS p ON p.scope = 'grant' AND p.scope_id = g.id AND p.user_id = 0
        WHERE p.total_spent_micros + p.total_held_micros > g.amount_micros
        """
    )
    for row in rows:
        yield Difference(f"grant {row[0]}", f"gave {row[2]}", f"at most {row[1]}")
    rows = tx.execute(
        """
        SELECT p.grant_id, h.id, h.guild_id, h.user_id, g.guild_id, g.user_id
        FROM grant_parts AS p JOIN holds AS h ON h.id = p.hold_id JOIN grants AS g ON g.id = p.grant_id
        WHERE h.guild_id <> g.guild_id OR h.user_id <> g.user_id
        """
    )
    for row in rows:
        yield Difference(
            f"grant {row[0]} in hold {row[1]}", f"used by {row[2]}:{row[3]}", f"given to {row[4]}:{row[5]}"
        )
