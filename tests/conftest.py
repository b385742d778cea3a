"""Fixtures that many subjects share, and how property tests choose."""

import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from storage.database import Database
from tests.new_books import new_database
from tests.props import Clock

# The same examples every time, but in `make soak` new ones, and more of them.
# A machine that is busy with something else is no fault of a test.
PATIENT = settings(
    deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("everywhere", PATIENT, derandomize=True)
settings.register_profile("soak", PATIENT, max_examples=3_000)
settings.load_profile("soak" if os.environ.get("DAILIES_SOAK") else "everywhere")

# A suite makes few cycles and keeps much: with Python's own 700 an eighth of its time went into finding them.
gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await new_database(tmp_path / "dailies.db")
    yield opened
    await opened.close()


@pytest.fixture
async def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The database of a data folder that the commands work on."""
    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path))
    opened = await new_database(tmp_path / "dailies.db")
    yield opened
    await opened.close()
