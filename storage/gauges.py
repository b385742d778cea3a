"""How much there is of what, for those who watch: read beside the bot, at a cost that old rows leave low."""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain import EntryKind, Micros, OfferId, Period
from storage.halts import HaltScope
from storage.pauses import WHOLE_SERVER
from storage.purses import INSTALLATION, starts_on, to_day
from storage.times import from_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Jobs in one state, and since when the one is in it that is in it longest."""

    state: str
    jobs: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Lines of the book of one kind."""

    kind: EntryKind
    entries: int
    micros: Micros


def in_hand(connection: sqlite3.Connection) -> list[Waiting]:
    """Jobs that the worker has in its hands, by state."""
    rows = connection.execute(
        """
        SELECT state, count(*), min(state_at) FROM jobs INDEXED BY jobs_in_the_workers_hands
        WHERE state = 'queued' OR state = 'submitting' OR state = 'uncertain' OR state = 'running'
              OR state = 'rendered' OR state = 'stored'
        GROUP BY state
        """
    )
    return [Waiting(state=row[0], jobs=row[1], since=from_us(row[2])) for row in rows]


def at_providers(connection: sqlite3.Connection) -> dict[OfferId, int]:
    """By offer, how many jobs its provider has, or may have, or has made and not handed over yet."""
    rows = connection.execute(
        """
        SELECT offer_id, count(*) FROM jobs INDEXED BY jobs_in_the_workers_hands
        WHERE (state = 'queued' OR state = 'submitting' OR state = 'uncertain' OR state = 'running'
               OR state = 'rendered' OR state = 'stored')
              AND state <> 'queued' AND state <> 'stored'
        GROUP BY offer_id
        """
    )
    return {OfferId(row[0]): row[1] for row in rows}


def in_review(connection: sqlite3.Connection) -> list[Waiting]:
    """Jobs that wait for a moderator, before rendering or before showing."""
    rows = connection.execute(
        "SELECT gate, count(*), min(asked_at) FROM reviews WHERE decision IS NULL GROUP BY gate"
    )
    return [Waiting(state=f"review_{row[0]}", jobs=row[1], since=from_us(row[2])) for row in rows]


def entered_after(connection: sqlite3.Connection, last: int) -> tuple[int, list[Entered]]:
    """The lines of the book after a number, summed by kind, and the number of the last of them.

    The book is append-only, so that who keeps the sums reads each line once.
    """
    rows = connection.execute(
        "SELECT kind, count(*), sum(amount_micros), max(id) FROM entries WHERE id > ? GROUP BY kind", (last,)
    ).fetchall()
    found = [Entered(kind=EntryKind(row[0]), entries=row[1], micros=Micros(row[2])) for row in rows]
    return max([last, *(row[3] for row in rows)]), found


def of_the_month(connection: sqlite3.Connection, today: date) -> tuple[Micros, Micros]:
    """What the installation has spent and holds in the month of a day (of UTC)."""
    row = connection.execute(
        """
        SELECT day, month_spent_micros, month_held_micros FROM purses
        WHERE scope = ? AND scope_id = ? AND user_id = ?
        """,
        INSTALLATION,
    ).fetchone()
    if row is None or row[0] < to_day(starts_on(Period.MONTH, today)):
        return Micros(0), Micros(0)
    return Micros(row[1]), Micros(row[2])


def held(connection: sqlite3.Connection) -> tuple[int, Micros]:
    """How many holds of the installation are open, and how much they set aside."""
    row = connection.execute(
        "SELECT open_holds, total_held_micros FROM purses WHERE scope = ? AND scope_id = ? AND user_id = ?",
        INSTALLATION,
    ).fetchone()
    return (0, Micros(0)) if row is None else (row[0], Micros(row[1]))


def is_stopped(connection: sqlite3.Connection) -> bool:
    """Whether the breaker on the rate of spending has stopped paid orders."""
    return connection.execute("SELECT 1 FROM stops WHERE resumed_at IS NULL").fetchone() is not None


def halted(connection: sqlite3.Connection) -> dict[HaltScope, int]:
    """How many things of each scope the operator has stopped."""
    rows = connection.execute("SELECT scope, count(*) FROM halts WHERE resumed_at IS NULL GROUP BY scope")
    return {HaltScope(row[0]): row[1] for row in rows}


def paused(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many channels, and how many whole servers, moderators have paused."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(channel_id = ?), 0) FROM pauses WHERE resumed_at IS NULL",
        (WHOLE_SERVER,),
    ).fetchone()
    return row[0] - row[1], row[1]
