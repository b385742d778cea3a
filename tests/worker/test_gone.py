"""A provider that says that a model is gone: nobody orders it there again, and what waits costs nothing."""

import pytest

from bot.domain import JobState
from bot.errors import OrderRefused
from tests.emulators.faults import answer
from tests.workbench import Bench

GONE = answer(404, {"error": {"code": "model_not_found", "message": "The model does not exist."}})


async def test_a_model_that_is_gone_is_not_ordered_again(bench: Bench) -> None:
    bench.emulator.faults.always("create", GONE)
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.FAILED)

    assert job.fault is not None
    assert job.fault.code == "model_gone"
    calls = len(bench.emulator.seen)
    with pytest.raises(OrderRefused, match="cannot be ordered any more"):
        await bench.place()
    assert len(bench.emulator.seen) == calls


async def test_what_was_in_line_for_a_model_that_is_gone_is_turned_down_before_any_call(bench: Bench) -> None:
    bench.emulator.faults.next("create", answer(429, headers={"Retry-After": "1"}))
    bench.emulator.faults.always("create", GONE)
    waiting = await bench.place()
    await bench.start()
    await bench.until(lambda: len(bench.emulator.seen) == 1)

    await bench.until_state(await bench.place(), JobState.FAILED)
    waiting = await bench.until_state(waiting, JobState.FAILED)

    assert waiting.fault is not None
    assert waiting.fault.code in ("model_gone", "offer_gone")
    assert len(bench.emulator.seen) <= 3
