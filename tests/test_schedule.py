"""One schedule for all jobs: when steps run, how many together, and how it stops. In virtual time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import JobId
from bot.jobs.schedule import MOVED_MIN, Schedule
from tests.virtual_time import VirtualLoop

T = TypeVar("T")

A, B, C = JobId("a"), JobId("b"), JobId("c")


@dataclass
class Log:
    """Steps that take `takes_s` and answer `answers` in turn, and what they did."""

    takes_s: float = 0.0
    answers: dict[JobId, list[float | None]] = field(default_factory=dict)
    began: list[tuple[JobId, float]] = field(default_factory=list)
    ended: list[tuple[JobId, float]] = field(default_factory=list)
    cancelled: list[JobId] = field(default_factory=list)
    running: Counter[JobId] = field(default_factory=Counter)
    most_together: int = 0
    most_of_one: int = 0

    async def __call__(self, job_id: JobId) -> float | None:
        self.began.append((job_id, now()))
        self.running[job_id] += 1
        self.most_of_one = max(self.most_of_one, self.running[job_id])
        self.most_together = max(self.most_together, self.running.total())
        try:
            await asyncio.sleep(self.takes_s)
        except asyncio.CancelledError:
            self.cancelled.append(job_id)
            raise
        finally:
            self.running[job_id] -= 1
            self.ended.append((job_id, now()))
        left = self.answers.get(job_id, [])
        return left.pop(0) if left else None


def now() -> float:
    return asyncio.get_running_loop().time()


def run(story: Callable[[], Awaitable[T]]) -> T:
    async def whole() -> T:
        return await story()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(whole())


async def run_for(schedule: Schedule, seconds: float) -> None:
    """Let it run for so long of virtual time."""
    task = asyncio.create_task(schedule.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait({task})


def test_a_step_runs_when_it_is_due_and_again_when_it_says() -> None:
    log = Log(answers={A: [2.0, 3.5, None]})

    async def story() -> None:
        schedule = Schedule(log, lanes=4)
        schedule.wake(A, 1.0)
        await run_for(schedule, 100)
        assert len(schedule) == 0

    run(story)
    assert log.began == [(A, 1.0), (A, 3.0), (A, 6.5)]


def test_what_is_due_first_runs_first() -> None:
    log = Log(takes_s=1.0)

    async def story() -> None:
        schedule = Schedule(log, lanes=1)
        for job_id, after_s in ((C, 3.0), (A, 1.0), (B, 2.0)):
            schedule.wake(job_id, after_s)
        await run_for(schedule, 100)

    run(story)
    assert log.began == [(A, 1.0), (B, 2.0), (C, 3.0)]


def test_a_wake_brings_a_job_forward_and_never_puts_it_off() -> None:
    log = Log()

    async def story() -> None:
        schedule = Schedule(log, lanes=4)
        schedule.wake(A, 50.0)
        schedule.wake(A, 10.0)
        schedule.wake(A, 60.0)
        schedule.wake(B, 5.0)
        schedule.wake(B)
        await run_for(schedule, 100)

    run(story)
    assert log.began == [(B, 0.0), (A, 10.0)]


def test_a_wake_while_it_runs_is_noticed_at_once() -> None:
    log = Log()

    async def story() -> None:
        schedule = Schedule(log, lanes=4)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(7)
        schedule.wake(A)
        await asyncio.sleep(0.5)
        task.cancel()

    run(story)
    assert log.began == [(A, 7.0)]


@pytest.mark.parametrize("answer", [None, 100.0])
def test_wakes_in_its_step_run_it_once_more_after_it(answer: float | None) -> None:
    log = Log(takes_s=5.0, answers={A: [answer, None]})

    async def story() -> None:
        schedule = Schedule(log, lanes=4)
        schedule.wake(A)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(1)
        for _ in range(10):
            schedule.wake(A)
        await asyncio.sleep(50)
        task.cancel()

    run(story)
    assert log.began == [(A, 0.0), (A, 5.0)]


@pytest.mark.parametrize(("after_s", "again_at"), [(2.0, 5.0), (8.0, 9.0), (60.0, 35.0)])
def test_a_later_wake_in_its_step_is_not_lost(after_s: float, again_at: float) -> None:
    log = Log(takes_s=5.0, answers={A: [30.0, None]})

    async def story() -> None:
        schedule = Schedule(log, lanes=4)
        schedule.wake(A)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(1)
        schedule.wake(A, after_s)
        await asyncio.sleep(100)
        task.cancel()

    run(story)
    assert log.began[:2] == [(A, 0.0), (A, again_at)]


def test_no_more_than_the_lanes_run_together_and_all_get_their_turn() -> None:
    log = Log(takes_s=1.0)
    jobs = [JobId(f"job{n}") for n in range(10)]

    async def story() -> None:
        schedule = Schedule(log, lanes=3)
        for job_id in jobs:
            schedule.wake(job_id)
        await run_for(schedule, 100)

    run(story)
    assert log.most_together == 3
    assert sorted(job_id for job_id, _ in log.began) == sorted(jobs)
    assert max(at for _, at in log.began) == 3.0


def test_one_slow_step_holds_no_other_up() -> None:
    async def step(job_id: JobId) -> float | None:
        began.append((job_id, now()))
        await asyncio.sleep(1000 if job_id == A else 0)
        return None if len(began) > 4 else 1.0

    began: list[tuple[JobId, float]] = []

    async def story() -> None:
        schedule = Schedule(step, lanes=2)
        schedule.wake(A)
        schedule.wake(B, 0.5)
        await run_for(schedule, 10)

    run(story)
    assert began == [(A, 0.0), (B, 0.5), (B, 1.5), (B, 2.5), (B, 3.5)]


def test_stopping_lets_the_steps_in_hand_finish_and_starts_nothing_more() -> None:
    log = Log(takes_s=5.0, answers={A: [0.0], B: [0.0]})

    async def story() -> list[JobId]:
        schedule = Schedule(log, lanes=2)
        for job_id in (A, B, C):
            schedule.wake(job_id)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(1)
        schedule.wake(A)
        parked = await schedule.stop(within_s=60)
        assert now() == 5.0
        await asyncio.wait_for(task, 1)
        schedule.wake(C)
        await asyncio.sleep(100)
        return parked

    assert run(story) == []
    assert [job_id for job_id, _ in log.began] == [A, B]
    assert log.cancelled == []


def test_stopping_parks_what_takes_too_long_and_names_it() -> None:
    log = Log(takes_s=5.0)

    async def story() -> list[JobId]:
        schedule = Schedule(log, lanes=2)
        schedule.wake(A)
        schedule.wake(B, 4.0)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(4.5)
        parked = await schedule.stop(within_s=2)
        assert now() == 6.5
        await task
        return parked

    assert run(story) == [B]
    assert log.cancelled == [B]


def test_stopping_at_rest_takes_no_time() -> None:
    async def story() -> tuple[list[JobId], float]:
        schedule = Schedule(Log(), lanes=2)
        schedule.wake(A, 50)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(1)
        parked = await schedule.stop(within_s=60)
        await task
        return parked, now()

    assert run(story) == ([], 1.0)


def test_a_step_that_fails_frees_its_lane() -> None:
    began: list[JobId] = []
    said: list[dict[str, Any]] = []

    async def step(job_id: JobId) -> float | None:
        began.append(job_id)
        if job_id == A:
            raise ValueError("on purpose")
        return None

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
        schedule = Schedule(step, lanes=1)
        schedule.wake(A)
        schedule.wake(B, 1)
        await run_for(schedule, 10)

    run(story)
    assert began == [A, B]
    assert [str(context["exception"]) for context in said] == ["on purpose"]


def test_ten_thousand_jobs_are_ten_thousand_rows_of_a_heap_and_no_tasks() -> None:
    log = Log()

    async def story() -> int:
        schedule = Schedule(log, lanes=64)
        for number in range(10_000):
            schedule.wake(JobId(f"job{number}"), 60 + number % 7)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(1)
        tasks = len(asyncio.all_tasks())
        assert len(schedule) == 10_000
        await asyncio.sleep(100)
        task.cancel()
        return tasks

    assert run(story) == 2
    assert len(log.began) == 10_000
    assert log.most_together <= 64


def test_steps_that_may_begin_early_begin_together_never_earlier_and_what_is_woken_begins_at_once() -> None:
    log = Log()

    async def story() -> None:
        schedule = Schedule(log, lanes=64, early_s=0.02)
        for job_id, after_s in ((A, 1.0), (B, 1.005), (C, 1.05)):
            schedule.wake(job_id, after_s)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(3)
        schedule.wake(A)
        await asyncio.sleep(1)
        task.cancel()

    run(story)
    at = [round(began, 6) for _, began in log.began]
    assert at == [0.99, 0.99, 1.04, 3.0]


def test_a_cancelled_schedule_starts_nothing_more_though_its_timer_is_due() -> None:
    log = Log()

    async def story() -> None:
        schedule = Schedule(log, lanes=4)
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(1)
        schedule.wake(A)
        task.cancel()
        await asyncio.sleep(10)

    run(story)
    assert log.began == []


WAKES = st.lists(
    st.tuples(
        st.integers(0, 30),  # when it is called
        st.sampled_from([A, B, C]),
        st.sampled_from([0.0, 0.0, 1.0, 2.5, 10.0]),  # how much later it is to run
    ),
    max_size=25,
)


def test_what_is_called_goes_before_all_that_are_due_however_late_they_are() -> None:
    log = Log(takes_s=1.0)

    async def story() -> None:
        schedule = Schedule(log, lanes=1)
        task = asyncio.create_task(run_for(schedule, 5.5))
        schedule.wake(A)
        schedule.wake(B)
        await asyncio.sleep(0.5)
        schedule.call(C)
        await task

    run(story)

    assert [job_id for job_id, _ in log.began] == [A, C, B]


def test_a_job_whose_time_is_moved_again_and_again_takes_no_more_memory() -> None:
    async def story() -> int:
        schedule = Schedule(Log(), lanes=1)
        schedule.wake(A, 10_000.0)
        for number in range(1_000):
            schedule.wake(B, 5_000.0 - number)
        return len(schedule._heap)

    assert run(story) <= MOVED_MIN + 4


@given(wakes=WAKES, lanes=st.integers(1, 3), takes_s=st.sampled_from([0.0, 0.5, 2.0, 7.0]))
def test_every_wake_is_followed_by_a_step_never_twice_at_once_never_over_the_lanes(
    wakes: list[tuple[int, JobId, float]], lanes: int, takes_s: float
) -> None:
    log = Log(takes_s=takes_s)

    async def story() -> None:
        schedule = Schedule(log, lanes=lanes)
        task = asyncio.create_task(schedule.run())
        for at, job_id, after_s in sorted(wakes):
            await asyncio.sleep(at - now())
            schedule.wake(job_id, after_s)
        await asyncio.sleep(1000)
        task.cancel()

    run(story)

    assert log.most_together <= lanes
    assert log.most_of_one <= 1
    for at, job_id, after_s in wakes:
        steps = [began for began_id, began in log.began if began_id == job_id and began >= at]
        assert steps, "a wake was lost"
        crowd = takes_s * (len(wakes) + 1)
        assert steps[0] <= at + after_s + crowd
    assert len(log.began) <= len(wakes)
