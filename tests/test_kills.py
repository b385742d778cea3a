"""The bot's process is killed in every state of a job; started again, it ends every job exactly once."""

from pathlib import Path

import pytest

from bot.domain import JobState
from tests.emulators import faults
from tests.household import Household, household


async def everything_is_there_once(house: Household, *, orders: int = 1) -> None:
    await house.until_all(JobState.POSTED, count=orders)
    await house.until_card_says("Done")
    clips = await house.clips()
    assert len(clips) == orders
    assert len({clip["attachments"][0]["filename"] for clip in clips}) == orders
    assert len(await house.cards()) == orders
    assert len(house.emulator.jobs) == orders
    assert house.emulator.billed_micros == orders * 400_000
    assert house.ledger_differences() == []
    assert house.held_micros() == 0


async def test_killed_while_queued(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        house.emulator.faults.always("create", faults.answer(429, headers={"Retry-After": "30"}))
        await house.start()
        await house.generate()
        await house.until_state(JobState.QUEUED)

        await house.kill()
        house.emulator.faults.always("create", None)
        await house.start()

        await everything_is_there_once(house)


@pytest.mark.parametrize("fault", [faults.HANG_BEFORE_WORK, faults.HANG_AFTER_WORK], ids=["before", "after"])
async def test_killed_while_submitting(tmp_path: Path, fault: faults.Fault) -> None:
    async with household(tmp_path) as house:
        house.emulator.faults.next("create", fault)
        await house.start()
        await house.generate()
        await house.until_state(JobState.SUBMITTING)
        await house.until_asked("create")
        if fault.works:
            await house.emulator.until(1)

        await house.kill()
        await house.start()

        await everything_is_there_once(house)


async def test_killed_while_uncertain(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        house.emulator.faults.next("create", faults.LOST_ANSWER)
        house.emulator.faults.always("create", faults.PROXY_502_BEFORE_WORK)
        await house.start()
        await house.generate()
        await house.until_state(JobState.UNCERTAIN)

        await house.kill()
        house.emulator.faults.always("create", None)
        await house.start()

        await everything_is_there_once(house)


async def test_killed_while_running(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=None) as house:
        await house.start()
        await house.generate()
        await house.until_state(JobState.RUNNING)

        await house.kill()
        house.emulator.finish(next(iter(house.emulator.jobs)))
        await house.start()

        await everything_is_there_once(house)


async def test_killed_while_the_clip_is_fetched(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=1) as house:
        house.emulator.faults.next("content", faults.DRIP)
        await house.start()
        await house.generate()
        await house.until_state(JobState.RENDERED)
        await house.until_asked("content")

        await house.kill()
        await house.start()

        await everything_is_there_once(house)


@pytest.mark.parametrize("fault", ["slow", "lost_answer", "server_error"])
async def test_killed_while_the_clip_is_posted(tmp_path: Path, fault: str) -> None:
    async with household(tmp_path, asks_to_finish=None) as house:
        await house.start()
        await house.generate()
        await house.until_card_says("Being made")
        house.sandbox.faults.switch_on({"name": fault, "route": "/messages", "seconds": 1.0})
        house.emulator.finish(next(iter(house.emulator.jobs)))
        await house.until_state(JobState.STORED)

        await house.kill()
        house.sandbox.faults.switch_off()
        await house.start()

        await everything_is_there_once(house)


async def test_killed_when_the_clip_is_posted_and_the_card_does_not_say_so(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=None) as house:
        await house.start()
        await house.generate()
        await house.until_card_says("Being made")
        house.sandbox.faults.switch_on({"name": "server_error", "route": "PATCH", "status": 503})
        house.emulator.finish(next(iter(house.emulator.jobs)))
        await house.until_state(JobState.POSTED)

        await house.kill()
        house.sandbox.faults.switch_off()
        await house.start()

        await everything_is_there_once(house)
