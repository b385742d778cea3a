"""How questions are let through to one provider. In virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import TypeVar

from bot.domain import JobId
from bot.jobs.turnstile import CALLED_S, GAP_MAX_S, LEFT_ALONE_MAX_S, LEFT_ALONE_S, Turnstile
from tests.virtual_time import VirtualLoop

T = TypeVar("T")

JOBS = [JobId(f"job{number}") for number in range(200)]


def run(story: Callable[[], Awaitable[T]]) -> T:
    async def whole() -> T:
        return await story()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(whole())


def now() -> float:
    return asyncio.get_running_loop().time()


class Door:
    """A turnstile, and when each job was called."""

    def __init__(self, at_once: int) -> None:
        self.called: list[tuple[JobId, float]] = []
        self.rang = asyncio.Event()
        self.turnstile = Turnstile(at_once=at_once, call=self._call)

    def _call(self, job_id: JobId) -> None:
        self.called.append((job_id, now()))
        self.rang.set()


def test_so_many_go_at_once_and_the_rest_are_called_in_the_order_in_which_they_came() -> None:
    async def story() -> None:
        door = Door(at_once=2)
        assert [door.turnstile.enter(job_id) for job_id in JOBS[:5]] == [True, True, False, False, False]
        assert door.called == []
        door.turnstile.leave()
        assert [job_id for job_id, _ in door.called] == [JOBS[2]]
        assert not door.turnstile.enter(JOBS[5])  # a newcomer goes to the end of the line
        assert not door.turnstile.enter(JOBS[4])  # one who comes uncalled keeps its place
        assert door.turnstile.enter(JOBS[2])
        for _ in range(2):
            door.turnstile.leave()
        assert [job_id for job_id, _ in door.called] == [JOBS[2], JOBS[3], JOBS[4]]

    run(story)


def test_a_place_that_nobody_comes_for_is_given_to_the_next() -> None:
    async def story() -> None:
        door = Door(at_once=1)
        assert door.turnstile.enter(JOBS[0])
        for job_id in JOBS[1:4]:
            assert not door.turnstile.enter(job_id)
        door.turnstile.leave()
        door.turnstile.forget(JOBS[1])  # called, and ended meanwhile
        door.turnstile.forget(JOBS[3])  # ended while it stood in line
        assert [job_id for job_id, _ in door.called] == [JOBS[1], JOBS[2]]
        await asyncio.sleep(CALLED_S + 1)  # the second does not come either
        assert not door.turnstile.enter(JOBS[5])
        assert [job_id for job_id, _ in door.called] == [JOBS[1], JOBS[2], JOBS[5]]
        assert door.turnstile.enter(JOBS[5])

    run(story)


async def asked(door: Door, count: int) -> list[float]:
    """Ask so many questions that are answered at once, each when it may; when each went."""
    went: list[float] = []
    for job_id in JOBS[:count]:
        if not door.turnstile.enter(job_id):
            door.rang.clear()
            await door.rang.wait()
            assert door.called[-1][0] == job_id
            assert door.turnstile.enter(job_id)
        went.append(now())
        door.turnstile.leave()
        await asyncio.sleep(0.02)
    return went


def test_a_provider_that_is_asked_too_often_is_left_alone_then_asked_half_as_often_then_as_before() -> None:
    async def story() -> None:
        door = Door(at_once=8)
        await asked(door, 100)  # fifty a second
        began = now()
        door.turnstile.slow_down(None)

        slowed = await asked(door, 20)
        assert slowed[0] - began >= LEFT_ALONE_S
        gaps = [later - earlier for earlier, later in pairwise(slowed)]
        assert all(0.035 <= gap <= 0.06 for gap in gaps)

        for _ in range(500):
            door.turnstile.answered()
        quick = await asked(door, 20)
        assert quick[-1] - quick[1] < 0.5

    run(story)


def test_the_providers_own_time_is_kept_within_reason() -> None:
    async def story() -> None:
        for told_s, left_alone_s in ((12.0, 12.0), (3_600.0, LEFT_ALONE_MAX_S)):
            door = Door(at_once=8)
            began = now()
            door.turnstile.slow_down(told_s)
            (went, *_) = await asked(door, 1)
            assert left_alone_s <= went - began < left_alone_s + 0.1

    run(story)


def test_many_refusals_of_the_same_moment_slow_down_once_and_no_refusals_stop_it_for_good() -> None:
    async def story() -> None:
        door = Door(at_once=64)
        await asked(door, 100)
        for _ in range(60):
            door.turnstile.slow_down(1.0)
        went = await asked(door, 11)
        assert (went[-1] - went[0]) / 10 < 0.06

        for _ in range(30):
            door.turnstile.slow_down(1.0)
            await asyncio.sleep(1.5)
        went = await asked(door, 4)
        assert went[-1] - went[0] <= 3 * (GAP_MAX_S + 0.05)

    run(story)
