"""A provider that says that a model is gone: nobody orders it there again, and what waits costs nothing."""

from bot.domain import JobState
from tests.emulators.faults import answer
from tests.workbench import Bench

GONE = answer(404, {"error": {"code": "model_not_found", "message": "The model does not exist."}})


async def test_a_model_that_is_gone_is_not_ordered_again(bench: Bench) -> None:
    bench.emulator.faults.always("create", GONE)
    await bench.start()

    first = await bench.until_state(await bench.place(), JobState.FAILED)
    calls = len(bench.emulator.seen)
    second = await bench.until_state(await bench.place(), JobState.FAILED)

    assert first.fault is not None
    assert second.fault is not None
    assert (first.fault.code, second.fault.code) == ("model_gone", "offer_gone")
    assert len(bench.emulator.seen) == calls  # the second was turned down here, before any call
