"""The record of acts: who did what to which thing, append-only, in one chain of hashes for an installation.

An act is written in the transaction that does it, so that there is none without the other. It holds ids,
numbers and codes, never a prompt or any text of a person: a person's data can be erased and the chain stays
whole. Change, remove or insert a row by other means and `first_broken` names it.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import GuildId, JobId, UserId
from storage.times import from_us, to_us

EVERYWHERE = GuildId(0)
"""In place of a guild, for what holds for the whole installation."""

BEGINNING = "0" * 64
"""What stands in place of a hash before the first act."""

DETAILS_MAX = 16
CODE_CHARS_MAX = 64
DETAIL_CHARS_MAX = 1_000
AT_ONCE = 500
"""Rows in memory at a time while the record is read through."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_CODE = re.compile(r"[A-Za-z0-9_.:/+-]*")
_SUBJECT = re.compile(r"[a-z][a-z_]*:[A-Za-z0-9_.:/-]+")
_INT_MAX = 2**63


class Verb(StrEnum):
    """All that is recorded; a new kind of act needs its line here. What `detail` holds stands beside it."""

    # clips: subject job:ID
    CLIP_HIDDEN = "clip.hidden"  # reporters, why
    CLIP_SHOWN = "clip.shown"
    CLIP_DELETED = "clip.deleted"
    CLIP_SPOILERED = "clip.spoilered"
    CLIP_UNSPOILERED = "clip.unspoilered"
    CLIP_WITHHELD = "clip.withheld"  # cause
    # what a moderator ends of somebody else's: subject job:ID
    ORDER_CANCELLED = "order.cancelled"
    CHARACTER_REMOVED = "character.removed"
    # reports: subject job:ID
    REPORT_MADE = "report.made"  # report, reason, hidden
    REPORT_DISMISSED = "report.dismissed"  # reports, hours
    REPORT_UPHELD = "report.upheld"  # reports, hours, outcome
    REPORT_REMINDED = "report.reminded"  # hours_left
    # take-downs: subject job:ID; blocks of hashes: subject hash:ID
    TAKEDOWN_BEGUN = "takedown.begun"  # cause, steps
    TAKEDOWN_STEP = "takedown.step"  # step, result
    TAKEDOWN_ENDED = "takedown.ended"  # steps, refused
    HASH_BLOCKED = "hash.blocked"  # kind
    HASH_UNBLOCKED = "hash.unblocked"
    INPUT_BLOCKED = "input.blocked"  # a member's picture or clip met a blocked hash: subject member:ID
    # reviews: subject job:ID
    REVIEW_ASKED = "review.asked"  # gate
    REVIEW_APPROVED = "review.approved"  # gate, spoiler, of
    REVIEW_DENIED = "review.denied"  # gate, refund, strike
    REVIEW_CHANGE_ASKED = "review.change_asked"  # gate
    REVIEW_EXPIRED = "review.expired"  # gate
    REVIEW_HANDED_OVER = "review.handed_over"  # gate
    # screening: subject list:NAME
    SCREENING_CHANGED = "screening.changed"  # terms, rule
    # people: subject member:ID
    MEMBER_WARNED = "member.warned"
    MEMBER_STRUCK = "member.struck"  # points, until
    MEMBER_UNSTRUCK = "member.unstruck"
    MEMBER_BLOCKED = "member.blocked"  # until, everywhere
    MEMBER_UNBLOCKED = "member.unblocked"
    MEMBER_COOLED_DOWN = "member.cooled_down"  # until
    MEMBER_ON_PROBATION = "member.on_probation"  # until
    MEMBER_OFF_PROBATION = "member.off_probation"
    APPEAL_MADE = "appeal.made"
    APPEAL_UPHELD = "appeal.upheld"
    APPEAL_REFUSED = "appeal.refused"
    CONSENT_GIVEN = "consent.given"  # version
    CONSENT_WITHDRAWN = "consent.withdrawn"
    DEPICTION_REFUSED = "depiction.refused"
    DEPICTION_ALLOWED = "depiction.allowed"
    REMIX_REFUSED = "remix.refused"
    REMIX_ALLOWED = "remix.allowed"
    # privacy: subject member:ID, or installation:0
    DATA_EXPORTED = "data.exported"
    DATA_ERASED = "data.erased"  # counts
    RETENTION_KEPT = "retention.kept"  # counts
    # rules and settings: subject guild:ID, channel:ID, role:ID or member:ID
    RULES_CHANGED = "rules.changed"  # rule, was, now
    GATES_CHANGED = "gates.changed"  # gate, was, now
    SETTINGS_CHANGED = "settings.changed"  # what, was, now
    # presets: subject preset:ID
    PRESET_SAVED = "preset.saved"  # channel (0: the whole server)
    PRESET_REMOVED = "preset.removed"  # channel
    PRESET_TAKEN = "preset.taken"  # by a channel's orders; subject channel:ID; preset (none: no more)
    ORDERS_PAUSED = "orders.paused"
    ORDERS_RESUMED = "orders.resumed"  # waited
    BUDGET_CHANGED = "budget.changed"  # subject budget:WHAT/ID; what, scope_id, period, was, now
    # the operator: subject job:ID or installation:0
    SPENDING_RESUMED = "spending.resumed"
    JOB_SETTLED = "job.settled"  # verdict
    JOB_COST_CORRECTED = "job.cost_corrected"  # was, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One line of the record. `detail` is canonical JSON; without an actor it is the operator's or ours."""

    number: int
    at: datetime
    verb: str
    actor_id: UserId | None
    guild_id: GuildId
    subject: str
    detail: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """An act's number and hash: whoever notes them can later tell that nothing before was changed."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first act from which the record is not what was written."""

    number: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which acts to read; None is every one."""

    guild_id: int | None = None
    actor_id: int | None = None
    verb: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def record(
    tx: sqlite3.Connection,
    *,
    verb: str,
    actor_id: int | None,
    guild_id: int,
    subject: str,
    detail: Mapping[str, int | str],
    at: datetime,
) -> None:
    """Write an act, in the transaction that does it.

    Args:
        tx: the transaction.
        verb: one of `Verb`.
        actor_id: the person at Discord; None for the operator at the shell, and for what we did by ourselves.
        guild_id: `EVERYWHERE` (0) for what holds for the whole installation.
        subject: a kind and an id: `job:01ABC`, `member:123`, `channel:45`.
        detail: names, and for each a number or a code of at most `CODE_CHARS_MAX` ASCII characters without
            spaces. There is no room for words of people.
        at: when it is done.

    Raises:
        ValueError: the verb is none of ours, or something here is no id, number or code.
    """
    body = _canonical(detail)
    if not (_SUBJECT.fullmatch(subject) and len(subject) <= 80):
        raise ValueError(f"the subject of an act is a kind and an id, not {subject!r}")
    last = head(tx)
    written = (last.number + 1, to_us(at), Verb(verb).value, actor_id, guild_id, subject, body)
    tx.execute(
        """
        INSERT INTO acts (number, at, verb, actor_id, guild_id, subject, detail, previous, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (*written, last.hash, _hash(last.hash, written)),
    )


def on_job(
    tx: sqlite3.Connection,
    verb: Verb,
    job_id: JobId,
    *,
    by: int | None,
    guild_id: int,
    at: datetime,
    **detail: int | str,
) -> None:
    """Write an act on a job or its clip; see `record`."""
    record(tx, verb=verb, actor_id=by, guild_id=guild_id, subject=f"job:{job_id}", detail=detail, at=at)


def on_guild(
    tx: sqlite3.Connection, verb: Verb, guild_id: int, *, by: int, at: datetime, **detail: int | str
) -> None:
    """Write an act on what is set for a whole server; see `record`."""
    record(tx, verb=verb, actor_id=by, guild_id=guild_id, subject=f"guild:{guild_id}", detail=detail, at=at)


def on_installation(tx: sqlite3.Connection, verb: Verb, *, at: datetime, **detail: int | str) -> None:
    """Write an act of the operator's, or of a rule of theirs, on the whole installation; see `record`."""
    record(tx, verb=verb, actor_id=None, guild_id=EVERYWHERE, subject="installation:0", detail=detail, at=at)


def head(tx: sqlite3.Connection) -> Head:
    """The newest act; 0 and `BEGINNING` before the first."""
    row = tx.execute("SELECT number, hash FROM acts ORDER BY number DESC LIMIT 1").fetchone()
    return Head(0, BEGINNING) if row is None else Head(row[0], row[1])


def newest(tx: sqlite3.Connection, wanted: Wanted, *, limit: int) -> list[Act]:
    """The newest of the acts that are wanted, the newest first."""
    rows = tx.execute(
        """
        SELECT number, at, verb, actor_id, guild_id, subject, detail, previous, hash FROM acts
        WHERE (:guild_id IS NULL OR guild_id = :guild_id) AND (:actor_id IS NULL OR actor_id = :actor_id)
          AND (:verb IS NULL OR verb = :verb) AND (:subject IS NULL OR subject = :subject)
          AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)
        ORDER BY number DESC LIMIT :limit
        """,
        {**_filters(wanted), "limit": limit},
    )
    return [_act(row) for row in rows]


def every(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Act]:
    """The acts that are wanted, oldest first, read a few at a time: the record may be larger than memory.

    Acts that are written meanwhile come too; one page is one statement, so that a long export holds no old
    state of the file.
    """
    after = 0
    while True:
        rows = connection.execute(
            """
            SELECT number, at, verb, actor_id, guild_id, subject, detail, previous, hash FROM acts
            WHERE number > :after AND (:guild_id IS NULL OR guild_id = :guild_id)
              AND (:actor_id IS NULL OR actor_id = :actor_id) AND (:verb IS NULL OR verb = :verb)
              AND (:subject IS NULL OR subject = :subject)
              AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)
            ORDER BY number LIMIT :limit
            """,
            {**_filters(wanted), "after": after, "limit": AT_ONCE},
        ).fetchall()
        yield from (_act(row) for row in rows)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][0]


def of_guild(
    tx: sqlite3.Connection, guild_id: GuildId, *, after: int, limit: int, until: int | None = None
) -> list[Act]:
    """A server's acts behind this number (and up to another), oldest first."""
    rows = tx.execute(
        """
        SELECT number, at, verb, actor_id, guild_id, subject, detail, previous, hash FROM acts
        WHERE guild_id = ? AND number > ? AND (? IS NULL OR number <= ?) ORDER BY number LIMIT ?
        """,
        (guild_id, after, until, until, limit),
    )
    return [_act(row) for row in rows]


def first_broken(connection: sqlite3.Connection) -> tuple[Broken | None, Head]:
    """Hash the whole record anew: the first act that is not as it was written (None: all are), and the head.

    The head is the last act that is whole. A record from whose end acts were cut is whole in itself: compare
    its head with one that was noted elsewhere, and that one with `hash_of`.
    """
    at = Head(0, BEGINNING)
    while True:
        rows = connection.execute(
            """
            SELECT number, at, verb, actor_id, guild_id, subject, detail, previous, hash FROM acts
            WHERE number > ? ORDER BY number LIMIT ?
            """,
            (at.number, AT_ONCE),
        ).fetchall()
        for row in rows:
            # As it lies there, not as an `Act`: a row that was meddled with may hold what no act can.
            number, previous, digest = row[0], row[7], row[8]
            if number != at.number + 1:
                return Broken(at.number + 1, f"it is missing: the next is act {number}"), at
            if previous != at.hash:
                return Broken(number, "it does not follow the act before it"), at
            if digest != _hash(previous, tuple(row)[:7]):
                return Broken(number, "it was changed after it was written"), at
            at = Head(number, digest)
        if len(rows) < AT_ONCE:
            return None, at


def hash_of(tx: sqlite3.Connection, number: int) -> str | None:
    """The hash of an act; None where there is no such act."""
    row = tx.execute("SELECT hash FROM acts WHERE number = ?", (number,)).fetchone()
    return None if row is None else str(row[0])


def _canonical(detail: Mapping[str, int | str]) -> str:
    if len(detail) > DETAILS_MAX:
        raise ValueError(f"an act has at most {DETAILS_MAX} details, not {len(detail)}")
    for name, value in detail.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"a detail's name is a short code, not {name!r}")
        if isinstance(value, str):
            if len(value) > CODE_CHARS_MAX or not _CODE.fullmatch(value):
                raise ValueError(f"the detail {name} is no number or code")
        elif not -_INT_MAX <= value < _INT_MAX:
            raise ValueError(f"the detail {name} is beyond 64 bits")
    # A bool is written as the number that it is: what is read back must be what was given.
    plain = {name: value if isinstance(value, str) else int(value) for name, value in detail.items()}
    body = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    if len(body) > DETAIL_CHARS_MAX:
        raise ValueError(f"the details of an act are at most {DETAIL_CHARS_MAX} characters")
    return body


def _hash(previous: str, written: tuple[object, ...]) -> str:
    """SHA-256 over the hash before, a line break, and the row as a JSON array: one row has one encoding."""
    row = json.dumps(written, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}\n{row}".encode()).hexdigest()


def _filters(wanted: Wanted) -> dict[str, int | str | None]:
    return {
        "guild_id": wanted.guild_id,
        "actor_id": wanted.actor_id,
        "verb": wanted.verb,
        "subject": wanted.subject,
        "since": None if wanted.since is None else to_us(wanted.since),
        "until": None if wanted.until is None else to_us(wanted.until),
    }


def _act(row: sqlite3.Row) -> Act:
    return Act(
        number=row[0],
        at=from_us(row[1]),
        verb=row[2],
        actor_id=None if row[3] is None else UserId(row[3]),
        guild_id=GuildId(row[4]),
        subject=row[5],
        detail=row[6],
        previous=row[7],
        hash=row[8],
    )
