"""The book of money against a plain model of it, in every way that orders go."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from bot.domain import (
    NOTHING_MICROS,
    Clip,
    GuildId,
    Job,
    JobId,
    Member,
    Micros,
    UserId,
)
from bot.jobs import moves
from storage import ledger, states
from tests.bookkeeping import FAULT, place, start
from tests.new_books import new_book
from tests.props import count, job_of

DAYS = st.sampled_from(
    [
        *("2026-12-31", "2027-01-01", "2027-01-03", "2027-01-04", "2027-01-31", "2027-02-01", "2027-02-28"),
        *("2027-03-01", "2028-02-28", "2028-02-29", "2028-03-01", "2028-12-31", "2029-01-01"),
    ]
)
HOURS = st.sampled_from(["00:00:00", "12:34:56.789012", "23:59:59.999999"])
MOMENTS = st.builds(lambda day, hour: datetime.fromisoformat(f"{day}T{hour}+00:00"), DAYS, HOURS)
PRICES = st.sampled_from([0, 1, 99, 400_000, 2_000_000, 1_000_000_000_000])
BILLS = st.sampled_from(["none", "nothing", "less", "same", "a micro more", "double"])


@dataclass
class Modelled:
    """One job's hold as the model knows it."""

    job: Job
    amount: int
    shared: list[str]
    of_house: list[str]
    everywhere: list[str]
    borne_by: str = "member"
    captured: int = 0


def calendar(who: str, day: date) -> list[str]:
    """The names of four running totals, made otherwise than the ledger does it."""
    year, week, _ = day.isocalendar()
    monday = date.fromisocalendar(year, week, 1)
    return [
        f"{who} day {day}",
        f"{who} week {monday}",
        f"{who} month {day.isoformat()[:8]}01",
        f"{who} total 1970-01-01",
    ]


class TheBook(RuleBasedStateMachine):
    """Every order in every way to its end, in any order, on any days."""

    queued = Bundle("queued")
    running = Bundle("running")
    rendered = Bundle("rendered")
    uncertain = Bundle("uncertain")

    @initialize()
    def begin(self) -> None:
        self.book = new_book()
        self.spent: dict[str, int] = defaultdict(int)
        self.held: dict[str, int] = defaultdict(int)
        self.made = 0

    def teardown(self) -> None:
        if hasattr(self, "book"):
            self.book.close()

    def transact(self, work: Callable[[sqlite3.Connection], object]) -> None:
        self.book.execute("BEGIN IMMEDIATE")
        work(self.book)
        self.book.execute("COMMIT")

    def count_held(self, known: Modelled, micros: int) -> None:
        for purse in (known.shared if known.borne_by == "member" else known.of_house) + known.everywhere:
            self.held[purse] += micros

    def count_spent(self, counted: list[str], micros: int) -> None:
        for purse in counted:
            self.spent[purse] += micros

    def end_captured(self, known: Modelled, billed: int) -> None:
        self.count_held(known, -known.amount)
        known.captured = min(billed, known.amount)
        own = known.shared if known.borne_by == "member" else known.of_house
        self.count_spent(own + known.everywhere, known.captured)
        self.count_spent(known.of_house + known.everywhere, billed - known.captured)

    def carry_to_the_house(self, known: Modelled, at: datetime) -> None:
        if known.borne_by == "member":
            self.count_held(known, -known.amount)
            known.borne_by = "house"
            known.of_house = calendar("house 0 0", at.date())
            known.everywhere = calendar("installation 0 0", at.date())
            self.count_held(known, known.amount)

    @rule(
        target=queued,
        user=st.integers(1, 2),
        guild=st.integers(1, 2),
        channel=st.integers(1, 2),
        price=PRICES,
        at=MOMENTS,
        zone=st.sampled_from([-1, 0, 1]),
    )
    def place(self, user: int, guild: int, channel: int, price: int, at: datetime, zone: int) -> Modelled:
        self.made += 1
        member = Member(guild_id=GuildId(guild), user_id=UserId(user))
        job = job_of(self.made, member=member, at=at, price_micros=price, channel_id=channel)
        there = at.date() + timedelta(days=zone)  # the day in the guild's time zone
        self.transact(partial(place, job=job, guild_day=there))
        who = (f"member {guild} {user}", f"channel {channel} 0", f"guild {guild} 0")
        known = Modelled(
            job=job,
            amount=price,
            shared=[purse for name in who for purse in calendar(name, there)],
            of_house=calendar("house 0 0", at.date()),
            everywhere=calendar("installation 0 0", at.date()),
        )
        self.count_held(known, price)
        return known

    @rule(known=consumes(queued), at=MOMENTS)
    def cancel(self, known: Modelled, at: datetime) -> None:
        def cancelled(tx: sqlite3.Connection) -> None:
            states.cancelled(tx, known.job.id, at=at)
            ledger.release(tx, known.job.id, at=at)

        self.transact(cancelled)
        self.count_held(known, -known.amount)

    @rule(target=running, known=consumes(queued), at=MOMENTS)
    def start(self, known: Modelled, at: datetime) -> Modelled:
        self.transact(partial(start, job=known.job, at=at))
        return known

    @rule(target=uncertain, known=consumes(running), at=MOMENTS)
    def go_silent(self, known: Modelled, at: datetime) -> Modelled:
        self.transact(partial(states.silent, job_id=known.job.id, at=at))
        return known

    @rule(known=uncertain, at=MOMENTS)
    def grow_old(self, known: Modelled, at: datetime) -> None:
        self.transact(partial(moves.to_the_house, known.job.id, at))
        self.carry_to_the_house(known, at)

    @rule(target=running, known=consumes(uncertain), at=MOMENTS)
    def be_heard_again(self, known: Modelled, at: datetime) -> Modelled:
        self.transact(partial(states.heard_again, job_id=known.job.id, at=at))
        return known

    @rule(target=rendered, known=consumes(running), bill=BILLS, at=MOMENTS)
    def render(self, known: Modelled, bill: str, at: datetime) -> Modelled:
        billed = bill_of(bill, known.amount)
        self.transact(partial(moves.rendered, known.job.id, billed, at))
        self.end_captured(known, known.amount if billed is None else billed)
        return known

    @rule(known=consumes(running), bill=BILLS, at=MOMENTS, stopped=st.booleans())
    def fail(self, known: Modelled, bill: str, at: datetime, *, stopped: bool) -> None:
        billed = bill_of(bill, known.amount) or NOTHING_MICROS
        if stopped:
            self.transact(partial(moves.stopped, known.job.id, billed, at))
        else:
            self.transact(partial(moves.failed, known.job.id, FAULT, billed, at))
        self.end_captured(known, billed)

    @rule(known=consumes(running), at=MOMENTS)
    def vanish(self, known: Modelled, at: datetime) -> None:
        self.be_forgotten(known, at)

    @rule(known=consumes(uncertain), at=MOMENTS)
    def vanish_in_silence(self, known: Modelled, at: datetime) -> None:
        self.be_forgotten(known, at)

    def be_forgotten(self, known: Modelled, at: datetime) -> None:
        self.transact(partial(moves.failed, known.job.id, FAULT, None, at))
        self.carry_to_the_house(known, at)
        self.end_captured(known, known.amount)

    @rule(known=consumes(rendered), at=MOMENTS)
    def lose_the_asset(self, known: Modelled, at: datetime) -> None:
        self.transact(partial(moves.asset_lost, known.job.id, FAULT, at))
        if known.borne_by == "member":
            self.count_spent(known.shared, -known.captured)
            self.count_spent(known.of_house, known.captured)

    @rule(known=consumes(rendered), at=MOMENTS)
    def store(self, known: Modelled, at: datetime) -> None:
        self.transact(partial(moves.stored, clip_of(known.job.id, at), at))

    @invariant()
    def the_totals_are_the_models(self) -> None:
        if not hasattr(self, "book"):
            return
        kept = {
            f"{row[0]} {row[1]} {row[2]} {row[3]} {date(1970, 1, 1) + timedelta(days=row[4])}": (
                row[5],
                row[6],
            )
            for row in self.book.execute("SELECT * FROM totals WHERE spent_micros <> 0 OR held_micros <> 0")
        }
        names = self.spent.keys() | self.held.keys()
        should = {name: (self.spent[name], self.held[name]) for name in names}
        assert kept == {name: sums for name, sums in should.items() if sums != (0, 0)}
        assert all(spent >= 0 and held >= 0 for spent, held in kept.values())

    @invariant()
    def the_book_is_right(self) -> None:
        if hasattr(self, "book"):
            assert ledger.verify(self.book) == []


def bill_of(bill: str, amount: int) -> Micros | None:
    match bill:
        case "none":
            return None
        case "nothing":
            return NOTHING_MICROS
        case "less":
            return Micros(amount // 2)
        case "same":
            return Micros(amount)
        case "a micro more":
            return Micros(amount + 1)
        case _:
            return Micros(amount * 2)


def clip_of(job_id: JobId, at: datetime) -> Clip:
    return Clip(
        job_id=job_id,
        path=Path(f"{job_id}.mp4"),
        sha256="ab" * 32,
        size_bytes=9,
        width=1280,
        height=720,
        duration_ms=4000,
        has_sound=True,
        stored_at=at,
    )


TestTheBook = pytest.mark.soak(TheBook.TestCase)
TestTheBook.settings = settings(max_examples=count(25, 600), stateful_step_count=count(30, 50))
