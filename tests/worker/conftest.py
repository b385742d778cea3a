"""The bench of the worker's tests, and its virtual time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from tests.virtual_time import VirtualLoop
from tests.workbench import Bench


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """In this folder no test really waits."""
    return {"virtual": VirtualLoop}


@pytest.fixture
async def bench(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Bench]:
    with caplog.at_level(logging.INFO, logger="bot"):
        async with Bench.open(tmp_path) as opened:
            yield opened
    ours = [
        record
        for record in caplog.get_records("call")
        if record.levelno >= logging.ERROR and record.exc_info and record.name.startswith("bot.")
    ]
    assert bool(ours) == opened.expects_a_fault_of_ours, [record.getMessage() for record in ours]
