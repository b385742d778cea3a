"""`dailies check` at jobs whose provider's key was taken out: how many, where, and what to do."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.checks.left_there import left_there
from bot.domain import InteractionId, JobState, OfferId
from bot.settings import load
from storage.database import open_database
from tests import bookkeeping
from tests.props import NOON, job_of

ON_THEIR_WAY = [
    ("fal/veo", JobState.RUNNING),
    ("fal/veo", JobState.RENDERED),
    ("fal/kling/animate", JobState.UNCERTAIN),
    ("replicate/veo", JobState.SUBMITTING),
    ("studio/studio", JobState.RUNNING),
    ("prodia/veo", JobState.QUEUED),
    ("prodia/veo", JobState.STORED),
    ("prodia/veo", JobState.POSTED),
    ("prodia/veo", JobState.FAILED),
]


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    database = await open_database(tmp_path / "dailies.db")
    for number, (offer_id, state) in enumerate(ON_THEIR_WAY, start=1):
        plain = job_of(number)
        order = replace(plain.order, interaction_id=InteractionId(number))
        job = replace(plain, order=order, quote=replace(plain.quote, offer_id=OfferId(offer_id)))
        await database.write(partial(bookkeeping.drive, job, state, NOON))
    await database.close()
    return tmp_path


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ((), ["fal has 3 jobs", "replicate has 1 job"]),
        (("FAL_KEY",), ["replicate has 1 job", "studio has 1 job"]),
        (("FAL_KEY", "REPLICATE_API_TOKEN"), ["studio has 1 job"]),
    ],
)
def test_jobs_at_a_provider_without_a_key_are_counted_by_provider(
    folder: Path, keys: tuple[str, ...], said: list[str]
) -> None:
    written = {"DAILIES_DATA_DIR": str(folder), **{f"DAILIES_{key}": "r8_and:letters" for key in keys}}
    written |= {"DAILIES_FAL_KEY": "an:key"} if "FAL_KEY" in keys else {}
    config = load(written, env_file=Path(os.devnull))

    found = list(left_there(config))

    assert [finding.cause.partition(" of ours")[0] for finding in found] == said
    assert {finding.code for finding in found} == {"jobs_without_key"}
    assert all("DAILIES_" in one.mend or one.cause.startswith("studio") for one in found)


def test_without_a_database_nothing_is_said(tmp_path: Path) -> None:
    empty = load({"DAILIES_DATA_DIR": str(tmp_path)}, env_file=Path(os.devnull))
    assert list(left_there(empty)) == []

    (tmp_path / "dailies.db").write_bytes(b"no database" * 1_000)
    assert list(left_there(empty)) == []
