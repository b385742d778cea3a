"""Price drift: what is compared, when the operator hears of it, and how often."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.domain import JobId, Micros
from bot.jobs import moves
from bot.spend import drift
from bot.spend.drift import Drift
from storage import drifts
from storage.database import Database, open_database
from tests import bookkeeping
from tests.inline import InlineHop
from tests.new_books import new_book
from tests.props import NOON, Clock, job_of
from tests.routes import Remembering

PRICE = 400_000


def clip(book: sqlite3.Connection, number: int, billed: int | None, clock: Clock) -> JobId:
    """A clip that was made, and billed so."""
    job = bookkeeping.start(book, bookkeeping.place(book, job_of(number, at=clock())), clock())
    moves.rendered(job.id, None if billed is None else Micros(billed), clock(), book)
    return job.id


async def told(book: sqlite3.Connection, clock: Clock) -> list[str]:
    operator = Remembering()
    await Drift(Database(InlineHop(book, lambda: None)), operator, now=clock).look()
    return operator.told


@pytest.mark.parametrize(
    ("billed", "alarms"),
    [
        (PRICE, []),
        (PRICE - PRICE // 100, []),
        (PRICE - PRICE // 100 - 1, ["price_drift"]),
        (0, ["price_drift"]),
        (PRICE + 1, ["overrun"]),
        (PRICE + PRICE // 100 + 1, ["price_drift", "overrun"]),
        (None, []),
    ],
)
async def test_more_than_one_percent_either_way_and_any_overrun_is_told_once(
    clock: Clock, billed: int | None, alarms: list[str]
) -> None:
    book = new_book()
    clip(book, 1, billed, clock)

    assert await told(book, clock) == alarms
    assert await told(book, clock) == []
    clock.advance(timedelta(hours=23))
    assert await told(book, clock) == []
    book.close()


async def test_a_difference_is_told_once_a_day_and_every_new_overrun(clock: Clock) -> None:
    book = new_book()
    clip(book, 1, PRICE * 2, clock)
    assert await told(book, clock) == ["price_drift", "overrun"]

    clip(book, 2, PRICE * 2, clock)
    assert await told(book, clock) == ["overrun"]
    clock.advance(timedelta(days=1))
    clip(book, 3, PRICE // 2, clock)

    assert await told(book, clock) == ["price_drift"]
    both, today = drifts.since(book, NOON.date())
    assert (both.jobs, both.expected_micros, both.billed_micros) == (2, 2 * PRICE, 4 * PRICE)
    assert (today.jobs, today.billed_micros) == (1, PRICE // 2)
    book.close()


async def test_one_clip_is_told_as_one(clock: Clock) -> None:
    book = new_book()
    clip(book, 1, PRICE * 2, clock)
    operator = Remembering()

    (row,) = drifts.since(book, NOON.date())
    await Drift(Database(InlineHop(book, lambda: None)), operator, now=clock).look()

    assert ": 1 clip, expected $0.40" in drift.line(row)
    assert " $0.80 for 1 clip, expected $0.40. " in operator.sentences[0]
    book.close()


async def test_days_together_are_what_the_shell_says(clock: Clock) -> None:
    book = new_book()
    clip(book, 1, PRICE + 4_100, clock)
    clock.advance(timedelta(days=1))
    clip(book, 2, PRICE, clock)

    (row,) = drifts.by_offer(book, since=NOON.date())

    assert drift.line(row) == (
        "studio/studio: 2 clips, expected $0.80, billed $0.8041 (+0.5 %), $0.0041 above holds"
    )
    assert not drift.is_off(row)
    assert drifts.by_offer(book, since=clock().date() + timedelta(days=1)) == []
    book.close()


async def test_what_fails_and_is_billed_above_its_hold_is_an_overrun_and_no_drift(clock: Clock) -> None:
    book = new_book()
    job = bookkeeping.start(book, bookkeeping.place(book, job_of(at=clock())), clock())
    moves.failed(job.id, bookkeeping.FAULT, Micros(PRICE + 7), clock(), book)

    (row,) = drifts.since(book, NOON.date())

    assert (row.jobs, row.expected_micros, row.overrun_micros) == (0, 0, 7)
    assert await told(book, clock) == ["overrun"]
    book.close()


async def test_the_command_says_what_was_billed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    database = await open_database(tmp_path / "data" / "dailies.db")
    await database.close()

    assert main(["ledger", "drift"]) == 0
    assert capsys.readouterr().out == "0 offers told what was billed; by more than 1 % differ: 0\n"


async def test_the_models_list_marks_an_offer_that_bills_otherwise_and_show_says_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    clock = Clock(datetime.now(UTC))
    (tmp_path / "data").mkdir()
    database = await open_database(tmp_path / "data" / "dailies.db")

    assert main(["models"]) == 0
    assert "bills" not in capsys.readouterr().out
    await database.write(lambda tx: clip(tx, 1, PRICE, clock))
    assert main(["models"]) == 0
    assert "bills" not in capsys.readouterr().out
    await database.write(lambda tx: clip(tx, 2, PRICE * 2, clock))
    assert main(["models"]) == 0
    (marked,) = [each for each in capsys.readouterr().out.splitlines() if "bills" in each]
    assert main(["models", "show", "studio"]) == 0
    await database.close()

    assert marked.startswith("  studio/studio: ")
    assert "bills +50.0 %" in marked
    said = "  billed in 30 days: 2 clips, expected $0.80, billed $1.20 (+50.0 %), $0.40 above holds"
    assert said in capsys.readouterr().out.splitlines()
