"""The book of money against a plain model of it, and what `verify` finds."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from bot import moves
from bot.domain import (
    NOTHING_MICROS,
    Balance,
    ChannelId,
    Clip,
    EntryKind,
    Fault,
    FaultKind,
    GuildId,
    Job,
    JobId,
    Member,
    Micros,
    Period,
    Purse,
    Scope,
    Ticket,
    UserId,
)
from bot.errors import StaleJob, StorageError
from storage import jobs, ledger, purses
from storage.database import prepare
from storage.migrate import migrate
from tests.props import ANN, BEN, NOON, count, job_of

TODAY = NOON.date()
FAULT = Fault(kind=FaultKind.PROVIDER, code="made_up")


def new_book() -> sqlite3.Connection:
    """An empty database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    prepare(connection)
    migrate(connection)
    return connection


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as connection:
        yield connection


def place(book: sqlite3.Connection, job: Job, *, guild_day: date | None = None) -> Job:
    jobs.insert(book, job)
    ledger.hold(
        book,
        job_id=job.id,
        bearer=Scope.MEMBER,
        member=job.order.member,
        channel_id=job.order.channel_id,
        guild_day=guild_day or job.created_at.date(),
        amount_micros=job.quote.price_micros,
        at=job.created_at,
    )
    return job


def start(book: sqlite3.Connection, job: Job, at: datetime = NOON) -> Job:
    """Queued → running."""
    attempt = jobs.submitting(book, job, provider="studio", at=at)
    jobs.running(book, attempt, Ticket(provider_job_id=f"theirs-{job.id}"), at=at)
    return now(book, job)


def now(book: sqlite3.Connection, job: Job) -> Job:
    found = jobs.get(book, job.id)
    assert found is not None
    return found


def balances(book: sqlite3.Connection, day: date = TODAY, member: Member = ANN) -> tuple[Balance, Balance]:
    """The month of a member and of the installation."""
    return (
        ledger.balance(book, purses.of_member(member, Period.MONTH, day)),
        ledger.balance(book, purses.of_installation(Period.MONTH, day)),
    )


def house(book: sqlite3.Connection, day: date = TODAY) -> Balance:
    return ledger.balance(
        book,
        Purse(scope=Scope.HOUSE, scope_id="", period=Period.DAY, starts_on=day),
    )


def of(spent: int, held: int = 0) -> Balance:
    return Balance(spent_micros=Micros(spent), held_micros=Micros(held))


def test_a_hold_binds_the_member_and_the_installation(book: sqlite3.Connection) -> None:
    place(book, job_of(price_micros=400_000))

    assert balances(book) == (of(0, 400_000), of(0, 400_000))
    assert balances(book, member=BEN)[0] == of(0)


@pytest.mark.parametrize(
    ("billed", "charged", "overrun"),
    [(None, 400_000, 0), (400_000, 400_000, 0), (399_999, 399_999, 0), (0, 0, 0), (400_001, 400_000, 1)],
)
def test_a_member_pays_what_was_billed_and_never_more_than_the_hold(
    book: sqlite3.Connection, billed: int | None, charged: int, overrun: int
) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    over = moves.rendered(job.id, None if billed is None else Micros(billed), NOON, book)

    assert over == overrun
    assert balances(book) == (of(charged), of(charged + overrun))
    assert house(book) == of(overrun)
    assert ledger.verify(book) == []


def test_a_free_job_is_entered_all_the_same(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=0)))
    moves.rendered(job.id, None, NOON, book)

    assert [(entry.kind, entry.amount_micros) for entry in ledger.entries_of(book, job.id)] == [
        (EntryKind.HOLD, 0),
        (EntryKind.CAPTURE, 0),
    ]


def test_a_release_gives_back_to_the_month_of_the_hold(book: sqlite3.Connection) -> None:
    last_of_january = datetime(2027, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    job = place(book, job_of(at=last_of_january, price_micros=400_000))

    moves.failed(job.id, FAULT, NOTHING_MICROS, last_of_january + timedelta(days=40), book)

    assert balances(book, date(2027, 1, 1)) == (of(0), of(0))
    assert balances(book, date(2027, 3, 12)) == (of(0), of(0))
    assert ledger.verify(book) == []


def test_what_failed_costs_only_what_the_provider_billed(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    moves.failed(job.id, FAULT, Micros(150_000), NOON, book)

    assert balances(book) == (of(150_000), of(150_000))


def test_what_was_stopped_costs_only_what_the_provider_billed(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    moves.stopped(job.id, Micros(1), NOON, book)

    assert balances(book) == (of(1), of(1))


def test_a_lost_asset_is_refunded_once_and_the_house_pays(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))
    moves.rendered(job.id, Micros(300_000), NOON, book)

    moves.asset_lost(job.id, FAULT, NOON, book)

    assert balances(book) == (of(0), of(300_000))
    assert house(book) == of(300_000)
    with pytest.raises(sqlite3.IntegrityError):
        ledger.refund(book, job.id, at=NOON)
    assert ledger.verify(book) == []


def test_an_asset_is_lost_only_after_it_was_rendered(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of()))

    with pytest.raises(StaleJob):
        moves.asset_lost(job.id, FAULT, NOON, book)


def test_what_the_house_carries_is_free_for_the_member_and_counts_for_the_installation(
    book: sqlite3.Connection,
) -> None:
    job = place(book, job_of(price_micros=400_000))
    attempt = jobs.submitting(book, job, provider="studio", at=NOON)
    jobs.uncertain(book, attempt, "lost", at=NOON)
    next_month = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)

    assert moves.to_the_house(job, next_month, book)
    assert not moves.to_the_house(job, next_month, book)

    assert balances(book) == (of(0), of(0))
    assert balances(book, next_month.date()) == (of(0), of(0, 400_000))
    assert house(book, next_month.date()) == of(0, 400_000)
    jobs.running(book, attempt, Ticket(provider_job_id="found"), at=next_month)
    moves.rendered(job.id, None, next_month, book)
    assert balances(book, next_month.date()) == (of(0), of(400_000))
    assert ledger.refund(book, job.id, at=next_month) == 0
    assert ledger.verify(book) == []


def test_what_a_provider_forgot_is_the_houses(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of(price_micros=400_000)))

    moves.vanished(job, FAULT, NOON, book)

    assert balances(book) == (of(0), of(400_000))
    assert house(book) == of(400_000)
    assert [(entry.kind, entry.bearer) for entry in ledger.entries_of(book, job.id)] == [
        (EntryKind.HOLD, Scope.MEMBER),
        (EntryKind.RELEASE, Scope.MEMBER),
        (EntryKind.HOLD, Scope.HOUSE),
        (EntryKind.CAPTURE, Scope.HOUSE),
    ]
    assert ledger.verify(book) == []


def test_a_job_has_one_open_hold(book: sqlite3.Connection) -> None:
    job = place(book, job_of())

    with pytest.raises(sqlite3.IntegrityError, match=r"holds\.job_id"):
        place_again(book, job)


def place_again(book: sqlite3.Connection, job: Job) -> None:
    ledger.hold(
        book,
        job_id=job.id,
        bearer=Scope.MEMBER,
        member=job.order.member,
        channel_id=job.order.channel_id,
        guild_day=NOON.date(),
        amount_micros=job.quote.price_micros,
        at=NOON,
    )


@pytest.mark.parametrize(
    "end",
    [
        lambda book, job: ledger.release(book, job.id, at=NOON),
        lambda book, job: ledger.capture(book, job.id, billed_micros=None, at=NOON),
    ],
)
def test_a_hold_that_has_ended_cannot_end_again(
    book: sqlite3.Connection, end: Callable[[sqlite3.Connection, Job], object]
) -> None:
    job = place(book, job_of())
    ledger.release(book, job.id, at=NOON)

    with pytest.raises(StorageError, match="no open hold"):
        end(book, job)


def test_a_negative_bill_is_refused(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of()))

    with pytest.raises(sqlite3.IntegrityError, match="an_entry_is_not_negative"):
        moves.rendered(job.id, Micros(-1), NOON, book)


def test_a_purse_that_is_missing_is_no_reason_to_go_on(book: sqlite3.Connection) -> None:
    job = place(book, job_of())
    book.execute("DELETE FROM totals WHERE scope = 'channel' AND period = 'week'")

    with pytest.raises(StorageError, match="dailies ledger verify"):
        ledger.release(book, job.id, at=NOON)


def test_the_newest_entries_come_oldest_first(book: sqlite3.Connection) -> None:
    for number in range(1, 6):
        place(book, job_of(number))

    assert [entry.job_id for entry in ledger.entries(book, newest=2)] == [job_of(4).id, job_of(5).id]
    assert [entry.at for entry in ledger.entries(book, newest=1)] == [NOON]


@pytest.mark.parametrize(
    ("day", "week", "month"),
    [
        ("2026-11-21", "2026-11-16", "2026-11-01"),
        ("2027-01-01", "2026-12-28", "2027-01-01"),
        ("2028-02-29", "2028-02-28", "2028-02-01"),
        ("2028-12-31", "2028-12-25", "2028-12-01"),
    ],
)
def test_periods_begin_where_calendars_say(day: str, week: str, month: str) -> None:
    begins = [purses.starts_on(period, date.fromisoformat(day)).isoformat() for period in Period]

    assert begins == [day, week, month, "1970-01-01"]


# A plain model of the same book

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
            known.of_house = calendar("house ", at.date())
            known.everywhere = calendar("installation ", at.date())
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
        who = (f"member {guild}:{user}", f"channel {ChannelId(channel)}", f"guild {guild}")
        known = Modelled(
            job=job,
            amount=price,
            shared=[purse for name in who for purse in calendar(name, there)],
            of_house=calendar("house ", at.date()),
            everywhere=calendar("installation ", at.date()),
        )
        self.count_held(known, price)
        return known

    @rule(known=consumes(queued), at=MOMENTS)
    def cancel(self, known: Modelled, at: datetime) -> None:
        def cancelled(tx: sqlite3.Connection) -> None:
            jobs.cancelled(tx, known.job.id, at=at)
            ledger.release(tx, known.job.id, at=at)

        self.transact(cancelled)
        self.count_held(known, -known.amount)

    @rule(target=running, known=consumes(queued), at=MOMENTS)
    def start(self, known: Modelled, at: datetime) -> Modelled:
        self.transact(partial(start, job=known.job, at=at))
        return known

    @rule(target=uncertain, known=consumes(running), at=MOMENTS)
    def go_silent(self, known: Modelled, at: datetime) -> Modelled:
        self.transact(partial(jobs.silent, job_id=known.job.id, at=at))
        return known

    @rule(known=uncertain, at=MOMENTS)
    def grow_old(self, known: Modelled, at: datetime) -> None:
        self.transact(partial(moves.to_the_house, known.job, at))
        self.carry_to_the_house(known, at)

    @rule(target=running, known=consumes(uncertain), at=MOMENTS)
    def be_heard_again(self, known: Modelled, at: datetime) -> Modelled:
        self.transact(partial(jobs.heard_again, job_id=known.job.id, at=at))
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
        self.transact(partial(moves.vanished, known.job, FAULT, at))
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
            f"{row[0]} {row[1]} {row[2]} {row[3]}": (row[4], row[5])
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


TestTheBook = TheBook.TestCase
TestTheBook.settings = settings(
    max_examples=count(25, 2_000),
    stateful_step_count=count(30, 60),
    deadline=None,
    derandomize=count(1, 0) == 1,
)


# What verify finds


@pytest.fixture
def lived(book: sqlite3.Connection) -> sqlite3.Connection:
    """A book with an open hold (job 1), a capture with an overrun (2), a release (3), and a refund (4)."""
    place(book, job_of(1))
    two = start(book, place(book, job_of(2)))
    moves.rendered(two.id, Micros(500_000), NOON, book)
    moves.failed(place(book, job_of(3)).id, FAULT, NOTHING_MICROS, NOON, book)
    four = start(book, place(book, job_of(4)))
    moves.rendered(four.id, None, NOON, book)
    moves.asset_lost(four.id, FAULT, NOON, book)
    assert ledger.verify(book) == []
    for trigger in ("an_entry_is_never_changed", "an_entry_is_never_deleted", "an_ended_hold_stays_ended"):
        book.execute(f"DROP TRIGGER {trigger}")
    return book


SCOPES = [scope.value for scope in Scope]
PLANTED = [
    *(
        (
            f"UPDATE totals SET spent_micros = spent_micros + 1 WHERE scope = '{s}' AND period = 'week'",
            f"total of {s} .*week",
        )
        for s in SCOPES
    ),
    *(
        (
            f"UPDATE totals SET held_micros = held_micros + 1 WHERE scope = '{s}' AND period = 'total'",
            f"total of {s} .*total",
        )
        for s in SCOPES
    ),
    *((f"DELETE FROM totals WHERE scope = '{s}' AND period = 'day'", f"total of {s} .*day") for s in SCOPES),
    ("INSERT INTO totals VALUES ('guild', '99', 'day', '2026-11-21', 1, 0)", "total of guild 99 day"),
    (
        "UPDATE jobs SET state = 'cancelled', rev = rev + 1 WHERE id = 'job0000000000001'",
        "job job0000000000001 in state cancelled: 1 open holds, should be 0",
    ),
    (
        "UPDATE holds SET ended_at = 1, ended_as = 'release' WHERE id = 1",
        "job job0000000000001 in state queued: 0 open holds, should be 1",
    ),
    (
        "UPDATE holds SET ended_at = 1, ended_as = 'release' WHERE id = 1",
        "hold 1 of job .*ended as release, should be .*ended as None",
    ),
    (
        "UPDATE holds SET ended_as = 'capture' WHERE id = 3",
        "hold 3 of job .*ended as capture, should be .*ended as release",
    ),
    (
        "UPDATE holds SET amount_micros = amount_micros + 1 WHERE id = 1",
        "hold 1 of job .*holds 400001.*should be holds 400000",
    ),
    (
        "DELETE FROM entries WHERE hold_id = 1 AND kind = 'hold'",
        "hold 1 of job .*holds 400000.*should be holds None",
    ),
    (
        "DELETE FROM entries WHERE hold_id = 2 AND kind = 'capture'",
        "hold 2 of job .*ended as None by its entries",
    ),
    ("DELETE FROM entries WHERE kind = 'adjust'", "total of house"),
    ("DELETE FROM entries WHERE kind = 'refund'", "total of member"),
    (
        "UPDATE entries SET amount_micros = amount_micros + 1 WHERE kind = 'capture' AND hold_id = 2",
        "entry .*: capture of 400001 .*holds 400000",
    ),
    ("UPDATE entries SET amount_micros = 1 WHERE kind = 'release'", "entry .*: release of 1 .*holds 400000"),
    ("UPDATE entries SET amount_micros = 1 WHERE kind = 'refund'", "entry .*: refund of 1"),
    (
        "UPDATE entries SET job_id = 'job0000000000009' WHERE hold_id = 1",
        "entry 1: hold .*for job job0000000000009",
    ),
    ("UPDATE entries SET bearer = 'house' WHERE hold_id = 3 AND kind = 'release'", "entry .*borne by house"),
    ("UPDATE holds SET utc_day = '2026-10-21' WHERE id = 1", "total of installation  month 2026-10-01"),
    ("UPDATE holds SET guild_day = '2026-10-21' WHERE id = 1", "total of guild 7 month 2026-10-01"),
    ("UPDATE holds SET user_id = 5 WHERE id = 2", "total of member 7:5"),
]


@pytest.mark.parametrize(("planted", "found"), PLANTED)
def test_verify_names_a_planted_difference(lived: sqlite3.Connection, planted: str, found: str) -> None:
    assert lived.execute(planted).rowcount == 1 or planted.startswith("DELETE FROM totals")

    named = [f"{d.what}: {d.kept}, should be {d.should_be}" for d in ledger.verify(lived)]

    assert any(re.search(found, line) for line in named), named
