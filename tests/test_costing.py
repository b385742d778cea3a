"""A failed job of unknown cost, corrected by its provider's bill: the house pays that, the member never."""

import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import EntryKind, Job, JobState, Micros, Period, Scope
from bot.errors import StorageError
from bot.jobs import moves
from bot.operating.control import Change, Control, CorrectCost
from bot.spend import costing, journal
from bot.spend.costing import Bill
from storage import acts, booked, costs, jobs, ledger
from storage.database import Database
from storage.lock import FolderLock
from tests import bookkeeping
from tests.books import balance, entries_of
from tests.new_books import new_book
from tests.props import NOON, Clock, job_of, noting
from tests.shell import typed

PRICE = 400_000
MONTHS_LATER = NOON + timedelta(days=70)


def failed(tx: sqlite3.Connection, job: Job, *, billed: int | None = None) -> Job:
    """A job that failed while rendering; without `billed` nobody says what that cost."""
    bookkeeping.start(tx, bookkeeping.place(tx, job), job.created_at)
    moves.failed(job.id, bookkeeping.FAULT, None if billed is None else Micros(billed), job.created_at, tx)
    return bookkeeping.now(tx, job)


def bill(job: Job, micros: int) -> Bill:
    return Bill(job_id=job.id, billed_micros=Micros(micros), by="the shell", why="their invoice")


def house_spent(tx: sqlite3.Connection, scope: Scope) -> int:
    return balance(tx, (scope.value, 0, 0), Period.MONTH, NOON.date()).spent_micros


@pytest.mark.parametrize("billed", [0, 1, PRICE, PRICE + 7])
def test_what_was_billed_takes_the_place_of_what_the_house_carried_in_the_month_of_the_order(
    billed: int,
) -> None:
    book = new_book()
    job = failed(book, job_of(1))
    failed(book, job_of(2, at=MONTHS_LATER))  # the totals of the first one's month are closed
    assert house_spent(book, Scope.HOUSE) == house_spent(book, Scope.INSTALLATION) == PRICE

    said = costing.correct(bill(job, billed), MONTHS_LATER, book)

    assert said.endswith("the house pays that, its member nothing")
    assert house_spent(book, Scope.HOUSE) == house_spent(book, Scope.INSTALLATION) == billed
    assert bookkeeping.now(book, job).charged_micros == 0
    new = [(entry.kind, entry.bearer, entry.amount_micros) for entry in entries_of(book, job.id)[-2:]]
    refunded, adjusted = (EntryKind.REFUND, Scope.HOUSE, PRICE), (EntryKind.ADJUST, Scope.HOUSE, billed)
    assert new[-1:] == [refunded] if not billed else new == [refunded, adjusted]
    assert ledger.verify(book) == []
    theirs = {
        job_id: micros
        for _, job_id, micros in booked.billed(book, provider="studio", since=NOON, until=MONTHS_LATER)
    }
    assert theirs == {job.id: billed}
    book.close()


def test_the_journal_owes_the_provider_what_was_billed() -> None:
    book = new_book()
    job = failed(book, job_of(1))
    costing.correct(bill(job, 123_456), NOON, book)

    lines = journal.written(booked.entries(book, since=NOON, until=NOON + timedelta(days=1)), "beancount")

    owed = [line.split() for line in lines if line.startswith("  Liabilities:Providers:Studio")]
    assert [amount for _, amount, _ in owed] == ["-0.40", "0.40", "-0.123456"]
    book.close()


def test_it_is_on_record_once_with_who_and_why_and_not_corrected_again() -> None:
    book = new_book()
    job = failed(book, job_of(1))
    costing.correct(bill(job, 5), NOON, book)

    with pytest.raises(StorageError, match="was corrected before"):
        costing.correct(bill(job, 6), NOON, book)

    kept = costs.of_job(book, job.id)
    assert kept is not None
    assert (kept.carried_micros, kept.billed_micros, kept.why) == (PRICE, 5, "their invoice")
    (act,) = acts.newest(book, acts.Wanted(verb="job.cost_corrected"), limit=9)
    assert (act.subject, act.detail) == (f"job:{job.id}", f'{{"now":5,"was":{PRICE}}}')
    assert house_spent(book, Scope.HOUSE) == 5
    book.close()


def test_what_a_member_paid_or_nobody_owes_is_never_corrected() -> None:
    book = new_book()
    members = failed(book, job_of(1), billed=100)
    nobodys = failed(book, job_of(2), billed=0)
    lost = bookkeeping.start(book, bookkeeping.place(book, job_of(3)))
    moves.rendered(lost.id, None, NOON, book)
    moves.asset_lost(lost.id, bookkeeping.FAULT, NOON, book)
    running = bookkeeping.start(book, bookkeeping.place(book, job_of(4)))
    before = ledger.entries(book, newest=99)

    for job in (members, nobodys, lost, running, job_of(5)):
        with pytest.raises(StorageError):
            costing.correct(bill(job, 5), NOON, book)

    assert ledger.entries(book, newest=99) == before
    assert acts.newest(book, acts.Wanted(), limit=9) == []
    book.close()


async def test_the_shell_corrects_it_through_the_running_bot(
    tmp_path: Path, data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await data.write(partial(failed, job=job_of(1)))
    changes: list[Change] = []
    with FolderLock(tmp_path):
        control = Control(tmp_path, data, now=clock, changed=noting(changes))
        await control.start()

        assert await typed("jobs", "cost", job.id, "0.35", "--why", "invoice of May") == 0

        await control.close()
    assert [type(made) for made in changes] == [CorrectCost]
    assert capsys.readouterr().out == (
        f"job {job.id} cost $0.35, not $0.40: the house pays that, its member nothing\n"
    )
    assert await data.read(ledger.verify) == []


async def test_the_shell_corrects_it_where_no_bot_runs(tmp_path: Path, data: Database) -> None:
    job = await data.write(partial(failed, job=job_of(1)))

    assert await typed("jobs", "cost", job.id, "0", "--why", "not on the invoice") == 0

    kept = await data.read(partial(costs.of_job, job_id=job.id))
    assert kept is not None
    assert kept.billed_micros == 0
    assert kept.by.endswith(" at the shell")


@pytest.mark.parametrize(
    "words",
    [
        *(("{job}", amount, "--why", "x") for amount in ("1e3", "NaN", "1,50", "$1", "1000001", "٣", "")),
        ("{job}", "1", "--why", " "),
        ("{job}", "1", "--why", "x" * 501),
        ("nojob", "1", "--why", "x"),
    ],
)
async def test_what_the_shell_cannot_mean_is_one_sentence_and_no_change(
    data: Database, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    job = await data.write(partial(failed, job=job_of(1)))

    assert await typed("jobs", "cost", *(word.format(job=job.id) for word in words)) != 0

    assert len(capsys.readouterr().err.splitlines()) == 1
    assert await data.read(partial(costs.of_job, job_id=job.id)) is None
    found = await data.read(partial(jobs.get, job_id=job.id))
    assert found is not None
    assert found.state is JobState.FAILED
