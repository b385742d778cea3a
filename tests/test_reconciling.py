"""Our books beside a provider's file: each job on which they differ is named, and no other."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import Job, Micros
from bot.errors import SettingsError
from bot.jobs import moves
from bot.spend import reconciling
from storage import booked
from tests import bookkeeping
from tests.new_books import new_book
from tests.props import NOON, job_of

SINCE, UNTIL = NOON - timedelta(days=1), NOON + timedelta(days=1)


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as opened:
        yield opened


def rendered(book: sqlite3.Connection, number: int, billed: int | None = None) -> Job:
    job = job_of(number)
    bookkeeping.place(book, job)
    bookkeeping.start(book, job)
    moves.rendered(job.id, None if billed is None else Micros(billed), NOON, book)
    return job


def found(book: sqlite3.Connection, theirs: dict[str, Micros]) -> list[str]:
    ours = booked.billed(book, provider="studio", since=SINCE, until=UNTIL)
    return [str(each) for each in reconciling.compared(ours, theirs)]


def test_books_that_agree_have_nothing_to_say(book: sqlite3.Connection) -> None:
    one, over = rendered(book, 1), rendered(book, 2, billed=700_000)
    free = job_of(3)
    bookkeeping.place(book, free)
    bookkeeping.start(book, free)
    moves.stopped(free.id, Micros(0), NOON, book)

    theirs = {f"theirs-{one.id}": Micros(400_000), f"theirs-{over.id}": Micros(700_000)}

    assert found(book, theirs) == []


def test_a_refund_of_ours_changes_nothing_at_the_provider(book: sqlite3.Connection) -> None:
    job = rendered(book, 1)
    moves.asset_lost(job.id, bookkeeping.FAULT, NOON, book)

    assert found(book, {f"theirs-{job.id}": Micros(400_000)}) == []


def test_what_one_side_lacks_is_named(book: sqlite3.Connection) -> None:
    here, dearer = rendered(book, 1), rendered(book, 2)

    said = found(book, {f"theirs-{dearer.id}": Micros(500_000), "stranger": Micros(10_000)})

    assert said == [
        f"only here: job {here.id} (theirs-{here.id}) is booked at $0.40",
        f"differs: job {dearer.id} (theirs-{dearer.id}) is booked at $0.40 and billed at $0.50",
        "only at the provider: stranger is billed at $0.01",
    ]


def test_another_provider_and_another_month_are_left_out(book: sqlite3.Connection) -> None:
    rendered(book, 1)

    assert list(booked.billed(book, provider="fal", since=SINCE, until=UNTIL)) == []
    assert list(booked.billed(book, provider="studio", since=UNTIL, until=UNTIL + timedelta(days=9))) == []


def test_a_csv_file_is_read_by_its_usual_headings(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("\ufeffRequest_ID,Model,Cost\nr1,sora,0.40\nr2,sora,$1.234567\nr1,sora,0.10\n")

    assert reconciling.read_usage(path) == {"r1": 500_000, "r2": 1_234_567}


def test_a_month_without_jobs_is_a_heading_alone(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("id,cost\n")

    assert reconciling.read_usage(path) == {}


def test_json_lines_are_read_without_a_float(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    path.write_text('{"id": "a", "amount": 0.1}\n\n{"id": "b", "amount": 0.0000005}\n')

    assert reconciling.read_usage(path) == {"a": 100_000, "b": 0}


def test_other_columns_are_read_when_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "invoice.csv"
    path.write_text("Ref,Charge\nx,2\n")

    assert reconciling.read_usage(path, id_column="ref", amount_column="charge") == {"x": 2_000_000}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("id,cost\na,many\n", "line 2: the amount is no number of dollars"),
        ("id,cost\na,NaN\n", "line 2: the amount is no number of dollars"),
        ("id,cost\na,1e12\n", "line 2: the amount is no number of dollars"),
        ("name,cost\na,1\n", "line 1 has no id: it has name, cost; name the column with --id-column"),
        ("id,words\na,1\n", "line 1 has no amount"),
        ("<html><h1>502 Bad Gateway</h1></html>", "line 1 has no id"),
        ("", "is empty: a month without jobs has its heading at least"),
        ("id;cost\na;0,40\n", "its columns stand apart by ';': save it with commas"),
        ("id,cost\n,1\n", "line 2 has no id"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(content)

    with pytest.raises(SettingsError, match=sentence):
        reconciling.read_usage(path)


@pytest.mark.parametrize("content", ["{", "[1]", json.dumps("x")])
def test_a_line_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "usage.jsonl"
    path.write_text(content)

    with pytest.raises(SettingsError, match=r"usage\.jsonl: line 1 is no JSON"):
        reconciling.read_usage(path)
