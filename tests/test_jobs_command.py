"""`dailies jobs` and `dailies resume`: through the running bot's socket, and alone where none runs."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from bot.domain import JobState, Micros
from bot.operating.control import Change, Control, GoOn, Halt, ResumeSpending, SettleJob
from storage import halts, jobs, stops
from storage.database import Database
from storage.halts import HaltScope
from storage.lock import FolderLock
from storage.stops import Stop
from storage.verdicts import Verdict
from tests.bookkeeping import in_state
from tests.books import verdicts_of
from tests.props import NOON, Clock, noting
from tests.shell import typed


async def test_a_running_bot_settles_a_job_and_is_told_to_look_at_it(
    tmp_path: Path, data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await in_state(data, clock, JobState.UNCERTAIN)
    changes: list[Change] = []
    with FolderLock(tmp_path):
        control = Control(tmp_path, data, now=clock, changed=noting(changes))
        await control.start()

        assert await typed("jobs", "uncertain") == 0
        assert await typed("jobs", "settle", job.id, "lost", "--why", "support said so") == 0
        assert await typed("jobs", "uncertain") == 0

        await control.close()
    first, count, done, none = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{job.id}  since 2026-11-21 12:00 UTC  studio/studio  $0.40 held for its member")
    assert count == "uncertain jobs: 1"
    assert done == f"job {job.id} has failed; its member pays nothing, and the house what was held for it"
    assert none == "uncertain jobs: 0"
    (made,) = changes
    assert isinstance(made, SettleJob)
    assert made.job_id == job.id
    (decision,) = await data.read(partial(verdicts_of, job_id=job.id))
    assert (decision.verdict, decision.why) == (Verdict.LOST, "support said so")
    assert decision.by.endswith(" at the shell")


@pytest.mark.parametrize(
    "words",
    [
        ("nojob", "lost", "--why", "x"),
        ("{job}", "found", "--why", "x"),
        ("{job}", "lost", "ticket", "--why", "x"),
        ("{job}", "found", "x" * 201, "--why", "x"),
        ("{job}", "lost", "--why", " "),
        ("{job}", "lost", "--why", "x" * 501),
    ],
)
async def test_what_cannot_be_settled_is_refused_and_changes_nothing(
    data: Database, clock: Clock, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    job = await in_state(data, clock, JobState.UNCERTAIN)

    code = await typed("jobs", "settle", *(word.format(job=job.id) for word in words))

    assert code != 0
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert await data.read(partial(jobs.get, job_id=job.id)) == job
    assert await data.read(partial(verdicts_of, job_id=job.id)) == []


@pytest.mark.parametrize(
    "words",
    [
        ("takedown", "start", "A" * 21, "--cause", "rights"),
        ("takedown", "resume", "../../etc"),
        ("jobs", "cost", "A" * 21, "1", "--why", "x"),
        ("blocks", "lift", "0"),
        ("blocks", "lift", "9" * 19),
        ("blocks", "list", "--guild", "-1"),
        ("pause", "guild", "1" * 150),
        ("guilds", "dismiss", "9" * 5_000),
        ("reports", "export", "--format", "csv", "--guild", "server"),
    ],
)
async def test_what_nothing_can_be_called_is_a_sentence(
    data: Database, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(await typed(*words))

    assert ended.value.code in (2, 78)
    assert capsys.readouterr().err.splitlines()[-1].endswith(("4NA", "248", "12", "`direct`)"))


def test_a_command_that_calls_nobody_loads_nothing_to_call_with() -> None:
    """A quarter of a second each time that one is typed."""
    modules = ("audit", "backup", "halting", "jobs", "ledger", "models", "reports", "takedown")
    code = f"import sys, {', '.join(f'bot.commands.{name}' for name in modules)}; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert {"aiohttp", "discord", "av", "PIL"} & set(loaded.stdout.split()) == set()


async def test_spending_is_resumed_through_the_running_bot(
    tmp_path: Path, data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = Stop(stopped_at=NOON, spent_micros=Micros(3), limit_micros=Micros(2), usual_micros=Micros(1))
    await data.write(partial(stops.stop, wanted=stop))
    changes: list[Change] = []
    with FolderLock(tmp_path):
        control = Control(tmp_path, data, now=clock, changed=noting(changes))
        await control.start()

        assert await typed("resume", "spending") == 0

        await control.close()
    assert capsys.readouterr().out == "paid orders go on\n"
    assert [type(made) for made in changes] == [ResumeSpending]
    assert await data.read(stops.current) is None


async def test_spending_is_resumed_where_no_bot_runs(
    data: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await typed("resume", "spending") == 0

    assert capsys.readouterr().out == "paid orders were not stopped\n"
    assert await data.read(stops.current) is None


async def test_a_provider_is_paused_and_resumed_through_the_running_bot(
    tmp_path: Path, data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    changes: list[Change] = []
    with FolderLock(tmp_path):
        control = Control(tmp_path, data, now=clock, changed=noting(changes))
        await control.start()

        codes = [await typed("pause", "provider", "fal"), await typed("pause"), await typed("resume")]

        await control.close()
    assert codes == [0, 0, 0]
    assert [(type(made), made.what) for made in changes if isinstance(made, Halt | GoOn)] == [
        (Halt, (HaltScope.PROVIDER, "fal")),
        (Halt, (HaltScope.EVERYTHING, "")),
        (GoOn, (HaltScope.EVERYTHING, "")),
    ]
    assert capsys.readouterr().out.splitlines() == [
        "provider fal is stopped: nothing new is taken or submitted; what a provider has goes on",
        "everything is stopped: nothing new is taken or submitted; what a provider has goes on",
        "everything is going on, and so does what waited",
    ]
    assert await data.read(halts.open_) == {(HaltScope.PROVIDER, "fal")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pause", "provider", "fall"), "there is no provider 'fall'; there is fal"),
        (("pause", "model", "sora-3"), "there is no model 'sora-3'; there is sora-2"),
        (("pause", "guild", "home"), "a server is named by its id"),
        (("pause", "guild"), "a server is named by its id"),
        (("resume", "model"), "name the model; `python -m bot models --all` lists them"),
        (("resume", "everything", "fal"), "everything has no name"),
    ],
)
async def test_what_is_not_there_cannot_be_paused(
    data: Database, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert await typed(*words) == 78

    assert said in capsys.readouterr().err
    assert await data.read(halts.open_) == set()


@pytest.mark.parametrize("lines", ["0", "-3", "many"])
async def test_a_ledger_is_never_called_empty_for_a_number_of_lines_that_cannot_be(
    data: Database, capsys: pytest.CaptureFixture[str], lines: str
) -> None:
    del data
    with pytest.raises(SystemExit):
        await typed("ledger", "show", "--newest", lines)

    assert "the ledger is empty" not in capsys.readouterr().out
