"""The record of acts: one chain that nobody changes unnoticed, and `dailies audit`, which reads it."""

import asyncio
import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import exported
from bot.domain import GuildId, JobState, Micros, Period, UserId
from bot.operating.control import ResumeSpending, carry_out
from bot.spend.settling import Case, settle
from storage import acts, budgets, stops
from storage.acts import Verb, Wanted
from storage.budgets import BudgetScope
from storage.database import Database
from storage.stops import Stop
from storage.verdicts import Verdict
from tests.bookkeeping import in_state
from tests.new_books import new_book
from tests.props import NOON, Clock
from tests.shell import typed

EVERY = Wanted()


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as opened:
        yield opened


def wrote(tx: sqlite3.Connection, count: int, *, guild_id: int = 7, actor_id: int | None = 5) -> None:
    """So many acts, a second apart."""
    for number in range(count):
        acts.record(
            tx,
            verb=Verb.CLIP_HIDDEN,
            actor_id=actor_id,
            guild_id=guild_id,
            subject=f"job:{number:03d}",
            detail={"reporters": number, "why": "intimate"},
            at=NOON + timedelta(seconds=number),
        )


def meddled(book: sqlite3.Connection, statement: str) -> None:
    """Change the record as somebody with the file in hand would: without its triggers."""
    for trigger in ("an_act_follows_the_one_before", "an_act_is_never_changed", "an_act_is_never_deleted"):
        book.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    book.execute("PRAGMA ignore_check_constraints = ON")
    book.execute(statement)


def test_each_act_carries_the_hash_of_the_one_before(book: sqlite3.Connection) -> None:
    wrote(book, 3)

    first, second, third = acts.every(book, EVERY)
    assert (first.number, first.previous) == (1, acts.BEGINNING)
    assert (second.number, second.previous) == (2, first.hash)
    assert (third.number, third.previous) == (3, second.hash)
    assert (third.at, third.verb, third.actor_id) == (NOON + timedelta(seconds=2), "clip.hidden", 5)
    assert third.detail == '{"reporters":2,"why":"intimate"}'
    assert acts.first_broken(book) == (None, acts.Head(3, third.hash))


def test_a_record_of_nothing_is_whole(book: sqlite3.Connection) -> None:
    assert acts.first_broken(book) == (None, acts.Head(0, acts.BEGINNING))


@pytest.mark.parametrize(
    ("statement", "number", "why"),
    [
        ("UPDATE acts SET at = at + 1 WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET verb = 'clip.shown' WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET actor_id = 6 WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET actor_id = NULL WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET guild_id = 8 WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET subject = 'job:002' WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET detail = '{}' WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET hash = printf('%064d', 2) WHERE number = 2", 2, "changed"),
        ("UPDATE acts SET previous = printf('%064d', 2) WHERE number = 2", 2, "follow"),
        ("UPDATE acts SET at = 9223372036854775807 WHERE number = 2", 2, "changed"),
        ("DELETE FROM acts WHERE number = 1", 1, "missing"),
        ("DELETE FROM acts WHERE number = 2", 2, "missing"),
        ("UPDATE acts SET number = 9 WHERE number = 3", 3, "missing"),
        ("INSERT INTO acts SELECT 4, at, verb, 6, 7, subject, '{}', hash, previous FROM acts LIMIT 1", 4, ""),
    ],
)
def test_the_first_act_that_was_meddled_with_is_named(
    book: sqlite3.Connection, statement: str, number: int, why: str
) -> None:
    wrote(book, 3)

    meddled(book, statement)

    broken, head = acts.first_broken(book)
    assert broken is not None
    assert (broken.number, why in broken.why) == (number, True)
    assert head.number == number - 1


def test_an_act_that_was_changed_with_its_own_hash_breaks_the_next(book: sqlite3.Connection) -> None:
    wrote(book, 3)
    second = list(acts.every(book, EVERY))[1]
    row = json.dumps(
        [2, 1_795_262_401_000_000, "clip.hidden", 6, 7, second.subject, second.detail], separators=(",", ":")
    )
    forged = hashlib.sha256(f"{second.previous}\n{row}".encode()).hexdigest()

    meddled(book, f"UPDATE acts SET actor_id = 6, hash = '{forged}' WHERE number = 2")

    broken, head = acts.first_broken(book)
    assert (broken, head) == (acts.Broken(3, "it does not follow the act before it"), acts.Head(2, forged))


def test_acts_that_were_cut_from_the_end_are_missed_by_a_noted_head(book: sqlite3.Connection) -> None:
    wrote(book, 3)
    noted = acts.head(book)

    meddled(book, "DELETE FROM acts WHERE number = 3")

    assert acts.first_broken(book)[0] is None
    assert acts.hash_of(book, noted.number) is None


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("verb", {"verb": "clip.admired"}),
        ("subject", {"subject": "a paper boat"}),
        ("subject", {"subject": "job:"}),
        ("subject", {"subject": "job:" + "a" * 80}),
        ("detail", {"detail": {"why": "she asked me to"}}),
        ("detail", {"detail": {"why": "a" * 65}}),
        ("detail", {"detail": {"Why": 1}}),
        ("detail", {"detail": {"at": 2**63}}),
        ("details", {"detail": {f"d{number}": 1 for number in range(17)}}),
        ("details", {"detail": {f"d{number:028d}": "a" * 64 for number in range(16)}}),
    ],
)
def test_an_act_has_no_room_for_words(
    book: sqlite3.Connection, what: str, given: dict[str, str | dict[str, int | str]]
) -> None:
    plain = {"verb": "clip.shown", "subject": "job:b", "detail": {}}

    with pytest.raises(ValueError, match=r"code|kind and an id|64 bits|at most|not a valid"):
        acts.record(book, actor_id=5, guild_id=7, at=NOON, **{**plain, **given})  # type: ignore[arg-type]  # made wrong on purpose
    assert acts.head(book).number == 0, what


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Verb)),
            st.none() | st.integers(1, 2**63 - 1),
            st.integers(0, 2**63 - 1),
            st.dictionaries(
                st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
                st.integers(-(2**63), 2**63 - 1)
                | st.booleans()
                | st.from_regex(r"[A-Za-z0-9_.:/+-]{0,20}", fullmatch=True),
                max_size=6,
            ),
        ),
        max_size=6,
    )
)
def test_whatever_is_written_is_whole_when_it_is_read(
    written: list[tuple[Verb, int | None, int, dict[str, int | str]]],
) -> None:
    with closing(new_book()) as book:
        for verb, actor_id, guild_id, detail in written:
            acts.record(
                book, verb=verb, actor_id=actor_id, guild_id=guild_id, subject="job:b", detail=detail, at=NOON
            )

        found = list(acts.every(book, EVERY))
        assert [(act.verb, act.actor_id, act.guild_id, json.loads(act.detail)) for act in found] == written
        assert acts.first_broken(book)[0] is None


async def test_an_act_is_not_there_without_what_was_done(database: Database) -> None:
    await database.write(partial(wrote, count=1))

    def torn(tx: sqlite3.Connection) -> None:
        wrote(tx, 1)
        raise RuntimeError("halfway")

    results = await asyncio.gather(
        database.write(torn), database.write(partial(wrote, count=2)), return_exceptions=True
    )

    assert isinstance(results[0], RuntimeError)
    assert (await database.read(acts.first_broken))[0] is None
    assert (await database.read(acts.head)).number == 3


def test_a_long_record_is_read_a_page_at_a_time(book: sqlite3.Connection) -> None:
    wrote(book, acts.AT_ONCE * 2 + 1)
    asked: list[str] = []
    book.set_trace_callback(asked.append)

    reader = acts.every(book, EVERY)
    first = [next(reader) for _ in range(acts.AT_ONCE)]
    pages_for_the_first = len(asked)
    rest = list(reader)

    assert (len(first), pages_for_the_first) == (acts.AT_ONCE, 1)
    assert [act.number for act in first + rest] == list(range(1, acts.AT_ONCE * 2 + 2))
    assert len(asked) == 3
    assert acts.first_broken(book)[1].number == acts.AT_ONCE * 2 + 1


def test_acts_are_found_by_server_person_verb_subject_and_day(book: sqlite3.Connection) -> None:
    wrote(book, 3)
    wrote(book, 2, guild_id=8, actor_id=6)

    def found(wanted: Wanted) -> list[int]:
        assert [act.number for act in acts.newest(book, wanted, limit=9)][::-1] == [
            act.number for act in acts.every(book, wanted)
        ]
        return [act.number for act in acts.every(book, wanted)]

    assert found(Wanted(guild_id=8)) == [4, 5]
    assert found(Wanted(actor_id=5)) == [1, 2, 3]
    assert found(Wanted(verb="clip.shown")) == []
    assert found(Wanted(subject="job:001")) == [2, 5]
    second = NOON + timedelta(seconds=1)
    assert found(Wanted(since=second, until=second + timedelta(seconds=1))) == [2, 5]
    assert [act.number for act in acts.of_guild(book, GuildId(7), after=1, limit=1)] == [2]


async def test_audit_says_that_the_record_is_whole_and_where_it_is_broken(
    tmp_path: Path, data: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await data.write(partial(wrote, count=3))
    head = await data.read(acts.head)

    assert await typed("audit", "verify") == 0
    assert (
        await typed("audit", "verify", "--against", f"2:{await data.read(partial(acts.hash_of, number=2))}")
        == 0
    )
    assert await typed("audit", "verify", "--against", f"3:{'0' * 64}") == 1
    assert await typed("audit", "verify", "--against", f"4:{head.hash}") == 1
    with closing(sqlite3.connect(tmp_path / "dailies.db", isolation_level=None)) as file:
        meddled(file, "UPDATE acts SET actor_id = 6 WHERE number = 2")
    assert await typed("audit", "verify") == 1

    whole = f"the record is whole: 3 acts, head 3:{head.hash}"
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [
        whole,
        whole,
        "act 3 is another one now: the record was written anew, or cut",
        "act 4 is not there any more: the record was written anew, or cut",
    ]
    assert said[4] == "act 2 is broken: it was changed after it was written"
    assert said[5].startswith("the record is whole up to 1:")


async def test_audit_shows_the_newest_acts_last(data: Database, capsys: pytest.CaptureFixture[str]) -> None:
    await data.write(partial(wrote, count=3))
    await data.write(partial(wrote, count=1, guild_id=0, actor_id=None))

    assert await typed("audit", "show", "--newest", "2") == 0

    assert capsys.readouterr().out.splitlines() == [
        "3  2026-11-21 12:00:02  clip.hidden  job:002  by 5  server 7  reporters=2 why=intimate",
        "4  2026-11-21 12:00:00  clip.hidden  job:000  by operator  everywhere  reporters=0 why=intimate",
        "2 acts",
    ]


async def test_an_export_has_every_act_once_and_its_chain_can_be_checked_from_it(
    tmp_path: Path, data: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await data.write(partial(wrote, count=3))
    file = tmp_path / "acts.jsonl"

    assert await typed("audit", "export", "--format", "jsonl", "--to", str(file)) == 0
    assert (
        await typed("audit", "export", "--format", "jsonl", "--to", str(file)) == 1
    )  # never over another file
    with pytest.raises(ZeroDivisionError):
        exported.write((f"{1 / each}" for each in (1, 0)), tmp_path / "half", print)
    assert not (tmp_path / "half").exists(), "none is left half"
    assert (
        await typed("audit", "export", "--format", "csv", "--since", "2026-11-21", "--until", "2026-11-21")
        == 0
    )

    as_json = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    as_csv = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [{name: str(value) for name, value in row.items()} for row in as_json] == as_csv
    previous = acts.BEGINNING
    for number, row in enumerate(as_json, start=1):
        us = 1_795_262_400_000_000 + 1_000_000 * (number - 1)
        line = json.dumps(
            [number, us, row["verb"], 5, 7, row["subject"], row["detail"]], separators=(",", ":")
        )
        assert row["hash"] == hashlib.sha256(f"{previous}\n{line}".encode()).hexdigest()
        previous = row["hash"]


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--against", "3:abc"),
        ("show", "--verb", "clip.admired"),
        ("show", "--since", "yesterday"),
        ("show", "--guild", "here"),
        ("export", "--format", "xml"),
    ],
)
async def test_a_slip_of_the_hand_is_named_before_anything_is_read(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as wrong:
        await typed("audit", *words)

    assert wrong.value.code == 2


async def test_days_in_the_wrong_order_are_refused(data: Database) -> None:
    assert await typed("audit", "show", "--since", "2026-11-21", "--until", "2026-11-20") == 78


async def test_what_managers_and_the_operator_do_is_on_record(database: Database, clock: Clock) -> None:
    await database.write(
        partial(
            budgets.set_limit,
            guild_id=GuildId(7),
            scope=BudgetScope.CHANNEL,
            scope_id=30,
            period=Period.DAY,
            limit_micros=Micros(9),
            by=UserId(5),
            reason="a person's own words",
            at=NOON,
        )
    )
    nothing = Micros(0)
    stop = Stop(stopped_at=NOON, spent_micros=nothing, limit_micros=nothing, usual_micros=nothing)
    await database.write(partial(stops.stop, wanted=stop))
    for _ in range(2):  # the second finds nothing to resume, and is no act
        await carry_out(database, ResumeSpending(by="the shell"), now=clock)
    job = await in_state(database, clock, JobState.UNCERTAIN)
    case = Case(job_id=job.id, verdict=Verdict.LOST, by="the shell", why="support said so")
    await database.write(partial(settle, case, NOON))

    found = await database.read(lambda connection: list(acts.every(connection, EVERY)))
    assert [(act.verb, act.actor_id, act.guild_id, act.subject, act.detail) for act in found] == [
        (
            "budget.changed",
            5,
            7,
            "budget:channel/30",
            '{"now":"9","period":"day","scope_id":30,"what":"channel"}',
        ),
        ("spending.resumed", None, 0, "installation:0", "{}"),
        ("job.settled", None, 7, f"job:{job.id}", '{"verdict":"lost"}'),
    ]
