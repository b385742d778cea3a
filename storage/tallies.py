"""Running totals: one row for each purse with its open periods, one for each of its periods that is over.

While a batch goes in, the rows that it touches are written once, before its commit. They are read once and
kept from batch to batch: there is one writing connection, and whatever is taken back is read anew.
"""

import sqlite3
from collections.abc import Sequence
from datetime import date

from bot.domain import Period
from bot.errors import StorageError
from storage.connection import BookConnection, ask_beside, forget
from storage.purses import Key, from_day, starts_on, to_day

Bounds = tuple[tuple[int, int], ...]
"""The limits of one budget: the period's place in `PERIODS`, and how much."""

PERIODS = (Period.DAY, Period.WEEK, Period.MONTH, Period.TOTAL)
"""A period's place in this is its place in every list of a tally."""


class Tally:
    """A purse's open periods, those that its newest `day` lies in: spent and held, by the period's place.

    `opening` is held in each of them beside that: a hold is counted once, and not four times.
    """

    __slots__ = ("day", "held", "open_holds", "opening", "spent")

    def __init__(self, day: int, spent: list[int], held: list[int], open_holds: int) -> None:
        self.day = day
        self.spent = spent
        self.held = held
        self.open_holds = open_holds
        self.opening = 0

    def settle(self) -> None:
        """Count what is opening in each period."""
        if self.opening:
            self.held = [held + self.opening for held in self.held]
            self.opening = 0


class Tallies:
    """The totals that are known, and those of them that a batch has changed.

    `read` is what earlier batches have left in the rows. `changes` grows with every change, so that a
    transaction that failed can be told from one that failed after it had counted something.
    """

    def __init__(self, connection: sqlite3.Connection, read: dict[Key, Tally | None]) -> None:
        self._connection = connection
        self._read = read
        self._changed: dict[Key, Tally] = {}
        self.changes = 0

    def get(self, key: Key) -> Tally | None:
        """A purse's row; None where nothing was ever counted in it. Only `add` may change it."""
        tally = self._known(key)
        if tally is not None:
            tally.settle()
        return tally

    def _known(self, key: Key) -> Tally | None:
        """The same, and what is opening may be in it."""
        try:
            return self._read[key]
        except KeyError:
            row = ask_beside(
                self._connection,
                """
                SELECT day, day_spent_micros, week_spent_micros, month_spent_micros, total_spent_micros,
                       day_held_micros, week_held_micros, month_held_micros, total_held_micros, open_holds
                FROM purses WHERE scope = ? AND scope_id = ? AND user_id = ?
                """,
                key,
            ).fetchone()
            tally = self._read[key] = None if row is None else Tally(row[0], [*row[1:5]], [*row[5:9]], row[9])
            return tally

    def has(self, key: Key, bounds: Bounds, day: int, micros: int) -> bool:
        """Whether a purse has so much left of each of these limits.

        False also where it was last counted in on another day: `used` says more.
        """
        tally = self._known(key)
        if tally is None:
            return all(limit >= micros for _, limit in bounds)
        if tally.day != day and bounds:
            return False
        spent, held, needed = tally.spent, tally.held, micros + tally.opening
        for place, limit in bounds:  # noqa: SIM110 - as a generator it takes three times as long
            if limit - spent[place] - held[place] < needed:
                return False
        return True

    def used(self, key: Key, period: Period, day: date) -> tuple[int, int]:
        """What a purse has spent and holds in the period that `day` lies in."""
        tally = self.get(key)
        if tally is None:
            return 0, 0
        place = PERIODS.index(period)
        if tally.day == to_day(day):
            return tally.spent[place], tally.held[place]
        begun, open_since = starts_on(period, day), starts_on(period, from_day(tally.day))
        if begun == open_since:
            return tally.spent[place], tally.held[place]
        if begun > open_since:
            return 0, 0
        row = self._connection.execute(
            """
            SELECT spent_micros, held_micros FROM closed_periods
            WHERE scope = ? AND scope_id = ? AND user_id = ? AND period = ? AND starts_on = ?
            """,
            (*key, period, to_day(begun)),
        ).fetchone()
        return (0, 0) if row is None else (row[0], row[1])

    def hold(self, day: int, micros: int, keys: Sequence[Key]) -> None:
        """Count a hold that opens: `add`, short, since every order does it four times."""
        self.changes += 1
        read, changed = self._read, self._changed
        for key in keys:
            tally = read.get(key)
            if tally is None or tally.day != day:
                self.add(key, day, held=micros, opened=1)
                continue
            changed[key] = tally
            tally.open_holds += 1
            tally.opening += micros

    def add(self, key: Key, day: int, *, spent: int = 0, held: int = 0, opened: int = 0) -> None:
        """Count upwards in the periods that `day` lies in, of a purse that may be new."""
        tally = self.get(key)
        if tally is None:
            tally = self._read[key] = Tally(day, [0, 0, 0, 0], [0, 0, 0, 0], 0)
        elif tally.day < day:
            self._turn(key, tally, day)
        self._count(key, tally, day, spent, held, opened)

    def move(self, key: Key, day: int, *, spent: int = 0, held: int = 0, opened: int = 0) -> None:
        """Count up or down in periods that were counted in before.

        Raises:
            StorageError: they were not: the totals are not those of the entries.
        """
        tally = self.get(key)
        if tally is None or tally.day < day:
            raise StorageError("a purse that a hold was counted in is missing: run `dailies ledger verify`")
        self._count(key, tally, day, spent, held, opened)

    def flush(self) -> None:
        """Write what has changed. The schema's rules are asked here."""
        if not self._changed:
            return
        for tally in self._changed.values():
            tally.settle()
        before = self._connection.total_changes
        self._connection.executemany(
            """
            INSERT INTO purses (scope, scope_id, user_id, day,
                                day_spent_micros, week_spent_micros, month_spent_micros, total_spent_micros,
                                day_held_micros, week_held_micros, month_held_micros, total_held_micros,
                                open_holds)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (scope, scope_id, user_id) DO UPDATE
            SET day = excluded.day,
                day_spent_micros = excluded.day_spent_micros, day_held_micros = excluded.day_held_micros,
                week_spent_micros = excluded.week_spent_micros, week_held_micros = excluded.week_held_micros,
                month_spent_micros = excluded.month_spent_micros,
                month_held_micros = excluded.month_held_micros,
                total_spent_micros = excluded.total_spent_micros,
                total_held_micros = excluded.total_held_micros, open_holds = excluded.open_holds
            """,
            [
                (
                    *key,
                    tally.day,
                    *tally.spent,
                    *tally.held,
                    tally.open_holds,
                )
                for key, tally in self._changed.items()
            ],
        )
        self._changed.clear()
        if isinstance(self._connection, BookConnection):
            self._connection.rows_written += self._connection.total_changes - before

    def _count(self, key: Key, tally: Tally, day: int, spent: int, held: int, opened: int) -> None:
        self.changes += 1
        self._changed[key] = tally
        tally.open_holds += opened
        if tally.day == day:
            if spent:
                tally.spent = [sum_micros + spent for sum_micros in tally.spent]
            if held:
                tally.held = [sum_micros + held for sum_micros in tally.held]
            return
        for place, period in enumerate(PERIODS):
            begun, open_since = starts_on(period, from_day(day)), starts_on(period, from_day(tally.day))
            if begun == open_since:
                tally.spent[place] += spent
                tally.held[place] += held
            else:
                self._count_closed(key, period, begun, spent, held)

    def _turn(self, key: Key, tally: Tally, day: int) -> None:
        """Begin the periods of a later day, and write down those that are over."""
        self.changes += 1
        self._changed[key] = tally
        for place, period in enumerate(PERIODS):
            over = starts_on(period, from_day(tally.day))
            if starts_on(period, from_day(day)) != over:
                self._count_closed(key, period, over, tally.spent[place], tally.held[place])
                tally.spent[place] = tally.held[place] = 0
        tally.day = day

    def _count_closed(self, key: Key, period: Period, begun: date, spent: int, held: int) -> None:
        if not spent and not held:
            return
        # Two statements: an upsert would ask the rules of what is added, and not of the sum.
        place = (*key, period.value, to_day(begun))
        changed = self._connection.execute(
            """
            UPDATE closed_periods SET spent_micros = spent_micros + ?, held_micros = held_micros + ?
            WHERE scope = ? AND scope_id = ? AND user_id = ? AND period = ? AND starts_on = ?
            """,
            (spent, held, *place),
        ).rowcount
        if not changed:
            self._connection.execute(
                """
                INSERT INTO closed_periods (scope, scope_id, user_id, period, starts_on,
                                            spent_micros, held_micros)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                (*place, spent, held),
            )


class Counting:
    """Counts in memory inside its `with`, and writes totals at its end. Whoever rolls back forgets them."""

    __slots__ = ("_connection", "_tallies")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        purses = connection.purses if isinstance(connection, BookConnection) else {}
        self._tallies = Tallies(connection, purses)

    def __enter__(self) -> Tallies:
        if isinstance(self._connection, BookConnection):
            self._connection.tallies = self._tallies
        return self._tallies

    def __exit__(self, kind: type[BaseException] | None, *of_it: object) -> None:
        if not isinstance(self._connection, BookConnection):
            return
        try:
            if kind is None:
                self._tallies.flush()
        finally:
            self._connection.tallies = None


def tallies_of(tx: sqlite3.Connection) -> Tallies:
    """The batch's totals; without a batch new ones, which whoever changes them has to settle.

    Whoever only reads between two batches has what the last ones have left, and no row is read for it.
    """
    if not isinstance(tx, BookConnection):
        return Tallies(tx, {})
    return Tallies(tx, {} if tx.in_transaction else tx.purses) if tx.tallies is None else tx.tallies


def settle(tx: sqlite3.Connection, tallies: Tallies) -> None:
    """Write the totals now, unless a batch will."""
    if not isinstance(tx, BookConnection) or tx.tallies is None:
        tallies.flush()
        forget(tx)
