"""The ledger as other programs read it: every entry is there, and beancount's own sums are ours."""

import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import EntryKind, Job, JobState, Micros, Scope, UserId
from bot.jobs import moves
from bot.money import MICROS_PER_USD
from bot.spend import costing, journal
from bot.spend.costing import Bill
from storage import booked, forgotten, grants, ledger
from storage.purses import GrantPart
from tests import bookkeeping
from tests.new_books import new_book
from tests.props import ANN, NOON, job_of

HLEDGER = shutil.which("hledger")
BEFORE, AFTER = NOON - timedelta(days=1), NOON + timedelta(days=400)


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as opened:
        yield opened


def lived(book: sqlite3.Connection) -> list[Job]:
    """A job of each end: waiting, cheaper, released, overrun, refunded."""
    waiting, cheaper, released, overrun, refunded = (job_of(number) for number in range(5))
    for job in (waiting, cheaper, released, overrun, refunded):
        bookkeeping.place(book, job)
    for job in (cheaper, released, overrun, refunded):
        bookkeeping.start(book, job)
    moves.rendered(cheaper.id, Micros(123_457), NOON, book)
    moves.stopped(released.id, Micros(0), NOON, book)
    moves.rendered(overrun.id, Micros(500_000), NOON, book)
    moves.rendered(refunded.id, None, NOON, book)
    moves.asset_lost(refunded.id, bookkeeping.FAULT, NOON, book)
    return [waiting, cheaper, released, overrun, refunded]


def lines(book: sqlite3.Connection, form: str) -> list[str]:
    return list(journal.written(booked.entries(book, since=BEFORE, until=AFTER), form))


def test_csv_and_json_lines_have_every_entry_once(book: sqlite3.Connection) -> None:
    lived(book)
    kept = [entry.id for entry in ledger.entries(book, newest=1_000)]

    as_csv = list(csv.DictReader(io.StringIO("\n".join(lines(book, "csv")))))
    as_json = [json.loads(line) for line in lines(book, "jsonl")]

    assert [int(row["number"]) for row in as_csv] == kept == [row["number"] for row in as_json]
    captured = [row for row in as_json if row["kind"] == "capture"]
    assert [row["usd"] for row in captured] == ["0.123457", "0.40", "0.40"]
    assert {row["play_money"] for row in as_json} == {True}
    assert all(row["provider_job_id"] == f"theirs-{row['job_id']}" for row in captured)


def test_only_what_was_asked_for_is_in_it(book: sqlite3.Connection) -> None:
    bookkeeping.place(book, job_of(1))
    later = job_of(2, at=NOON + timedelta(days=1))
    bookkeeping.place(book, later)

    found = list(booked.entries(book, since=NOON + timedelta(days=1), until=AFTER))

    assert [entry.job_id for entry in found] == [later.id]


def test_beancount_reads_it_without_a_word_and_its_sums_are_ours(
    book: sqlite3.Connection, tmp_path: Path
) -> None:
    lived(book)
    path = tmp_path / "dailies.beancount"
    path.write_text("\n".join(lines(book, "beancount")) + "\n")

    directives, errors, _ = loader.load_file(str(path))

    assert errors == []
    assert sum(isinstance(each, Transaction) for each in directives) == len(
        ledger.entries(book, newest=1_000)
    )
    transactions = [each for each in directives if isinstance(each, Transaction)]

    def total(name: str) -> Decimal:
        amounts = [
            posting.units.number or Decimal(0)
            for each in transactions
            for posting in each.postings
            if posting.units is not None and posting.account.startswith(name)
        ]
        return sum(amounts, Decimal(0))

    assert total("Liabilities:Providers") == Decimal("-1.023457")
    assert total("Expenses:Clips:Studio:House") == Decimal("0.50")
    assert total("Assets:Held") == Decimal("0.40")
    assert total("Expenses") == -total("Liabilities")


def every_kind(book: sqlite3.Connection) -> None:
    """Entries of all kinds, some of somebody who was erased."""
    lived(book)
    grant_id = grants.give(book, ANN, Micros(300_000), by=UserId(5), reason="a prize", at=NOON)
    part = GrantPart(grant_id, Micros(300_000))
    bookkeeping.place(book, job_of(6), parts=(part,))
    unsaid = bookkeeping.start(book, bookkeeping.place(book, job_of(7)))
    moves.failed(unsaid.id, bookkeeping.FAULT, None, NOON, book)
    bill = Bill(job_id=unsaid.id, billed_micros=Micros(150_000), by="the shell", why="an invoice")
    costing.correct(bill, NOON, book)
    forgotten.pseudonymise(book, ANN.user_id, -5, ANN.guild_id)


def test_beancount_reads_every_kind_of_entry_and_who_was_erased(
    book: sqlite3.Connection, tmp_path: Path
) -> None:
    every_kind(book)
    kinds = {(entry.kind, entry.bearer) for entry in ledger.entries(book, newest=1_000)}
    path = tmp_path / "dailies.beancount"
    path.write_text("\n".join(lines(book, "beancount")) + "\n")

    directives, errors, _ = loader.load_file(str(path))

    assert {kind for kind, _bearer in kinds} == set(EntryKind)
    assert (EntryKind.REFUND, Scope.HOUSE) in kinds
    assert errors == []
    assert sum(isinstance(each, Transaction) for each in directives) == len(
        ledger.entries(book, newest=1_000)
    )
    assert any("M-5" in line for line in path.read_text().splitlines())


def test_there_is_nothing_in_it_that_hledger_does_not_know(book: sqlite3.Connection) -> None:
    every_kind(book)

    known = re.compile(r"[0-9-]{10} (open [A-Z][\w:-]+|\* \".+\")|  [A-Z][\w:-]+  -?[0-9.]+ (USD|PLAY)")

    assert [line for line in lines(book, "beancount") if not known.fullmatch(line)] == []


@pytest.mark.skipif(HLEDGER is None, reason="no hledger on this machine")
def test_hledger_reads_every_kind_of_entry_and_its_sums_are_ours(
    book: sqlite3.Connection, tmp_path: Path
) -> None:
    every_kind(book)
    path = tmp_path / "dailies.journal"
    path.write_text("\n".join(lines(book, "beancount")) + "\n")
    sums = [str(HLEDGER), "-f", str(path), "balance", "--depth", "1", "-N", "--output-format", "csv"]

    said = subprocess.run(sums, capture_output=True, text=True, check=True)

    total = {row["account"]: row["balance"] for row in csv.DictReader(io.StringIO(said.stdout))}
    assert said.stderr == ""
    assert total["Liabilities"] == "-1.173457 PLAY"
    assert total["Expenses"] == "1.173457 PLAY"


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_a_decimal_is_the_micros_exactly(micros: int) -> None:
    assert Decimal(journal.decimal(micros)) * MICROS_PER_USD == micros


def test_the_house_pays_in_its_own_account(book: sqlite3.Connection) -> None:
    job = job_of(1)
    bookkeeping.drive(job, JobState.UNCERTAIN, NOON, book)
    moves.to_the_house(job.id, NOON, book)

    written = "\n".join(lines(book, "beancount"))

    assert "Assets:Held:House  0.40 PLAY" in written
    assert f"Equity:Budgets:G{job.order.member.guild_id}:M{job.order.member.user_id}  0.40 PLAY" in written
