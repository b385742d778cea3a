"""`dailies reports`: what waits, and the record of every report."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import Job
from bot.moderation.cases import Outcome
from storage.reported import Reason
from tests.shell import typed
from tests.showing_scene import Scene, open_scene
from tests.stage import open_stage
from tests.test_cases import another


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path))
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


async def two_reports(scene: Scene) -> tuple[Job, Job]:
    """One that waits with its clock, and one that was taken down."""
    gone = await another(scene)
    bruno, mika = scene.stage.member("Bruno"), scene.stage.member("Mika")
    await scene.reporting.report(gone.id, Reason.RIGHTS, "=mine()", by=bruno)
    await scene.cases.decide(gone.id, Outcome.TAKEN_DOWN, by=mika, moderator=True)
    await scene.removals.settled([gone.id], within_s=20)
    waits = await another(scene)
    await scene.reporting.report(waits.id, Reason.INTIMATE, "", by=bruno)
    return waits, gone


async def test_the_clips_whose_clock_runs_are_listed(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    waits, _ = await two_reports(scene)

    code = await typed("reports", "list")

    first, count = capsys.readouterr().out.splitlines()
    assert f"job {waits.id}" in first
    assert "intimate" in first
    assert first.endswith("hidden")
    late = int(first.startswith("-"))  # the stage's clock is not the shell's
    assert (code, count) == (late, f"1 wait, {late} of them for longer than the law allows")


async def test_the_record_has_every_report_with_what_was_decided_and_done(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waits, gone = await two_reports(scene)
    file = tmp_path / "reports.jsonl"

    assert (
        await typed("reports", "export", "--format", "jsonl", "--until", "2099-01-01", "--to", str(file)) == 0
    )
    assert await typed("reports", "export", "--format", "csv", "--until", "2099-01-01") == 0
    assert (
        await typed("reports", "export", "--format", "csv", "--since", "2099-01-02", "--until", "2099-01-01")
        == 78
    )

    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    (down,) = [row for row in rows if row["job_id"] == gone.id]
    (open_,) = [row for row in rows if row["job_id"] == waits.id]
    assert (down["outcome"], down["decided_by"]) == ("taken_down", scene.stage.mika.id)
    assert down["takedown_ended_at"] is not None
    assert "clip_message deleted" in down["steps"]
    assert (open_["outcome"], open_["hidden_at"] is not None, open_["due_at"] is not None) == (
        None,
        True,
        True,
    )
    as_csv = {row["job_id"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert as_csv[gone.id]["words"] == "'=mine()"  # no formula
    assert len(as_csv) == len(rows) == 2
