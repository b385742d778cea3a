"""The process is killed at its commits, hundreds of times: nothing acknowledged is lost, no budget is passed.

Beside it, `test_simulation_schedules.py` ends a simulated process on both sides of every commit of a job, and
`test_database.py` kills the real one, with its thread, at any time.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import prepare
from storage.migrate import migrate
from tests.bookkeeping import place
from tests.dying import Ends, Scene, look
from tests.props import count, dice, job_of

ROOT = Path(__file__).parent.parent
DEATHS = count(200, 2_000)


@pytest.mark.soak
async def test_killed_before_amid_and_after_its_commits_it_loses_nothing_and_passes_no_budget(
    tmp_path: Path,
) -> None:
    seed = str(dice("kills at commits").getrandbits(32))
    command = [sys.executable, "-m", "tests.dying", str(tmp_path / "dailies.db"), seed, str(DEATHS)]

    died = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert died.returncode == 0, died.stderr
    found = json.loads(died.stdout)
    print(f"kills at commits: {found}")
    assert (found["lost"], found["wrong"]) == ([], [])
    assert sum(found["deaths"].values()) == DEATHS
    assert found["acknowledged"] > DEATHS
    assert found["refused"] > DEATHS // 10


def test_what_is_lost_and_what_is_above_a_limit_is_seen(tmp_path: Path) -> None:
    path, scene, ends = tmp_path / "dailies.db", Scene(deaths=1), Ends()
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        prepare(book)
        migrate(book)
        for number in range(3):
            place(book, job_of(number))

    look(path, scene, {"job0000000000001": 0, "job0000000000002": 1, "nobody's": 0}, ends)

    assert ends.lost == ["job0000000000002", "nobody's"]
    assert ends.wrong == ["member 7:1001 has 1200000 of 800000"]
