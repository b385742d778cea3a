"""The bot stops itself before Discord resets its token, over all its starts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import assembled
from bot.errors import TooManyIdentifies
from bot.operating.identifies import BOUNDS, Identifies
from bot.settings import Settings
from storage.database import Database
from tests.new_books import new_database
from tests.props import NOON, Clock
from tests.stage import Stage, open_stage

TWO_IN_A_MINUTE = ((2, timedelta(minutes=1)), (4, timedelta(hours=1)))


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await new_database(tmp_path / "dailies.db")
    yield opened
    await opened.close()


async def test_starts_of_many_processes_are_counted_together(book: Database) -> None:
    clock = Clock(NOON)
    for _ in range(2):
        await Identifies(book, now=clock, bounds=TWO_IN_A_MINUTE).one_more()

    with pytest.raises(TooManyIdentifies, match="2 times within 0:01:00"):
        await Identifies(book, now=clock, bounds=TWO_IN_A_MINUTE).one_more()

    clock.at += timedelta(minutes=2)
    for _ in range(2):
        await Identifies(book, now=clock, bounds=TWO_IN_A_MINUTE).one_more()
    clock.at += timedelta(minutes=2)
    with pytest.raises(TooManyIdentifies, match="4 times within 1:00:00"):
        await Identifies(book, now=clock, bounds=TWO_IN_A_MINUTE).one_more()
    clock.at += timedelta(hours=1)
    await Identifies(book, now=clock, bounds=TWO_IN_A_MINUTE).one_more()


def test_it_stops_long_before_discord_does() -> None:
    assert all(most / within.total_seconds() < 1 / 30 for most, within in BOUNDS)
    assert max(most for most, within in BOUNDS if within >= timedelta(hours=24)) <= 500


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def test_a_session_that_is_lost_again_and_again_ends_the_gateways_duty(
    stage: Stage, book: Database
) -> None:
    stage.client.identifies = Identifies(book, now=Clock(NOON), bounds=((0, timedelta(minutes=1)),))
    connected = asyncio.create_task(stage.client.connect())

    with pytest.raises(TooManyIdentifies):
        await asyncio.wait_for(connected, 60)


@pytest.mark.parametrize(
    ("settings", "counted"),
    [
        ({}, True),
        ({"discord_api_url": "http://127.0.0.1:9/api/v10"}, True),
        ({"discord_gateway_url": "ws://127.0.0.1:9/"}, False),
    ],
)
async def test_they_are_counted_wherever_the_gateway_is_discords_whatever_stands_before_the_api(
    tmp_path: Path, settings: dict[str, str], *, counted: bool
) -> None:
    config = Settings.model_validate({"data_dir": tmp_path, **settings})

    async with assembled(config) as app:
        assert (app.client.identifies is not None) is counted
