"""The real process under what machines do: killed, frozen, its disk full, its sockets reset, copied, paused.

After each, `reckoning.settle` compares our rows, the provider's books and the channel. `make soak` runs more.
"""

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.domain import ENDED, JobState
from tests import props
from tests.emulators import faults
from tests.household import LOOK_EVERY_S, Household, household
from tests.reckoning import forget_identifies, settle, some_instant
from tests.test_processes import dailies

KILLS = props.count(3, 100)
FREEZES = props.count(1, 20)
COPIES = props.count(1, 20)
RESETS = props.count(1, 12)
WAITS_A_FAULT_OUT = bool(props.count(0, 1))
"""A step that met a fault is tried again after half a minute, which a quick run does not wait for."""
RICH = {"DAILIES_MEMBER_MONTHLY_USD": "1000", "DAILIES_INSTALLATION_MONTHLY_USD": "1000"}
"""Money must not be what stops a long run."""

DISK_BYTES = 24 << 20


async def shell(house: Household, *arguments: str) -> tuple[int, str]:
    """A command of the operator on this household's data folder."""
    where = {"DAILIES_DATA_DIR": str(house.data_dir), **house.more}
    return await dailies(*arguments, "--env-file", os.devnull, **where)


async def all_is_right(house: Household, *, orders: int | None = None) -> None:
    """All has ended and agrees, and the operator's own command says so of the book."""
    every = await settle(house, orders=orders)
    assert {job.state for job in every} == {JobState.POSTED}
    assert await shell(house, "ledger", "verify") == (0, "the ledger is right\n")


async def order(house: Household, *numbers: int) -> None:
    for number in numbers:
        await house.generate(f"boat number {number}")


async def until(holds: Callable[[], bool]) -> None:
    """Return when it is so: another process is only looked at."""
    async with asyncio.timeout(60):
        while True:
            if holds():
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def killed_and_started(house: Household) -> None:
    await house.kill()
    await forget_identifies(house)
    await house.start()


@pytest.mark.soak
async def test_killed_at_random_instants_while_orders_run(tmp_path: Path) -> None:
    dice = props.dice("kills")
    async with household(tmp_path, asks_to_finish=1) as house:
        house.more |= RICH
        await house.start()
        for number in range(KILLS):
            await order(house, 2 * number, 2 * number + 1)
            if dice.random() < 0.5:
                await some_instant(dice)
            else:
                await house.until_state(dice.choice(list(JobState)), *ENDED)
            await killed_and_started(house)

        await all_is_right(house)
        assert house.jobs()
        print(
            f"kills of real processes: {KILLS}; {len(house.jobs())} orders, all posted once, no book differs"
        )


@pytest.mark.soak
async def test_frozen_past_the_heartbeat_while_orders_run(tmp_path: Path) -> None:
    async with household(tmp_path, heartbeat_s=1.0, asks_to_finish=1) as house:
        house.more |= RICH
        await house.start()
        for number in range(FREEZES):
            await order(house, number)
            await house.until_all(*JobState, count=number + 1)
            assert house.bot is not None
            house.bot.send_signal(signal.SIGSTOP)
            await until(lambda: not house.sandbox.gateway.bot_connected)
            house.bot.send_signal(signal.SIGCONT)
            await until(lambda: house.sandbox.gateway.bot_connected)

        await all_is_right(house, orders=FREEZES)


async def until_log_says(house: Household, words: str) -> None:
    await until(lambda: words in house.log_text())


@contextlib.contextmanager
def small_disk(at: Path, *, size_bytes: int = DISK_BYTES) -> Iterator[None]:
    """A disk of its own, of that size, mounted there."""
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(at)]
    try:
        tried = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command for a small disk of its own")
    if tried.returncode != 0:
        pytest.skip(f"a small disk of its own cannot be mounted here: {tried.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(folder: Path) -> Path:
    """Take the last byte of a disk; the file to remove for room again."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError as full:
                assert full.errno == errno.ENOSPC  # noqa: PT017 - any other is no full disk
    return ballast


@pytest.mark.soak
async def test_on_a_full_disk_orders_are_refused_what_is_made_waits_and_all_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data"):
        async with household(tmp_path, asks_to_finish=None) as house:
            house.more |= RICH
            await house.start()
            await order(house, 0, 1)
            await house.until_all(JobState.RUNNING, count=2)
            ballast = await asyncio.to_thread(fill, house.data_dir)

            for made in list(house.emulator.jobs):
                house.emulator.finish(made)
            for number in range(2, 12):  # the database has room in its own pages for the first
                answer = await house.ada.answer(await house.generate(f"boat number {number}"))
                if "no room left" in str(answer["components"]):
                    break
            else:
                pytest.fail(f"no order was refused: {answer['components']}")
            assert "Nothing was charged." in str(answer["components"])
            await until_log_says(house, "code=disk_full job=")
            assert "Traceback" not in house.log_text()
            assert "database full" in (await shell(house, "status", "--once"))[1]
            assert "ERROR   disk_full" in (await shell(house, "check"))[1]
            ended, said = await shell(house, "backup")
            assert (ended, "No space left" in said or "disk is full" in said) == (1, True)
            assert list((house.data_dir / "backups").glob(".part-*")) == []
            assert await house.clips() == []
            assert house.bot is not None
            assert house.bot.returncode is None

            await asyncio.to_thread(ballast.unlink)
            for made in list(house.emulator.jobs):
                house.emulator.finish(made)
            house.emulator.asks_to_finish = 1
            if WAITS_A_FAULT_OUT:
                await order(house, 99)
            else:
                await killed_and_started(house)
                await order(house, 99)
            await all_is_right(house, orders=number + 1)


@pytest.mark.soak
async def test_killed_on_a_full_disk_and_started_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data"):
        async with household(tmp_path, asks_to_finish=None) as house:
            await house.start()
            await order(house, 0)
            await house.until_state(JobState.RUNNING)
            ballast = await asyncio.to_thread(fill, house.data_dir)
            house.emulator.finish(next(iter(house.emulator.jobs)))
            await until_log_says(house, "code=disk_full")

            await house.kill()
            await asyncio.to_thread(ballast.unlink)
            await house.start()

            await all_is_right(house, orders=1)


@pytest.mark.soak
async def test_a_backup_that_is_made_while_orders_run_is_proved_whole(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=1) as house:
        house.more |= RICH
        await house.start()
        for number in range(COPIES):
            orders = asyncio.create_task(order(house, *range(3 * number, 3 * number + 3)))
            made, said = await shell(house, "backup")
            checked, proof = await shell(house, "restore", "--check")
            await orders

            assert made == 0, said
            assert checked == 0, proof
            assert "whole: " in proof

        await all_is_right(house, orders=3 * COPIES)


@pytest.mark.soak
async def test_sockets_reset_at_the_provider_and_at_discord(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=1) as house:
        house.more |= RICH
        await house.start()
        for number in range(RESETS):
            for route in ("create", "ask", "content"):
                house.emulator.faults.next(route, faults.RESET_BEFORE_READING, faults.LOST_ANSWER)
            house.emulator.faults.next("content", faults.CUT_SHORT)
            house.sandbox.faults.switch_on({"name": "lost_answer", "route": "/messages", "count": 2})
            await order(house, 3 * number, 3 * number + 1)
            house.sandbox.faults.switch_on({"name": "drop_gateway"})
            await until(lambda: house.sandbox.gateway.bot_connected)
            await order(house, 3 * number + 2)

        await all_is_right(house, orders=3 * RESETS)


async def test_what_is_queued_waits_while_all_is_paused_and_goes_on_when_it_is_resumed(
    tmp_path: Path,
) -> None:
    async with household(tmp_path, asks_to_finish=1) as house:
        house.emulator.faults.always("create", faults.answer(429, headers={"Retry-After": "1"}))
        await house.start()
        await order(house, 0)
        await house.until_asked("create")
        await house.until_state(JobState.QUEUED)

        paused = await shell(house, "pause", "everything")
        house.emulator.faults.always("create", None)
        refused = await house.ada.answer(await house.generate("boat number 1"))
        await house.until_card_says("paused")
        waits = [job.state for job in house.jobs()]
        resumed = await shell(house, "resume", "everything")

        # At once: a job that is held back is else looked at every half minute.
        await house.until_state(JobState.POSTED)
        assert (paused[0], resumed[0]) == (0, 0)
        assert "paused orders for now" in str(refused["components"])
        assert waits == [JobState.QUEUED]
        await all_is_right(house, orders=1)
