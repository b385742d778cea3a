"""What is learned of how long jobs take: when they are asked for, and what is said of their end."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Job, JobState, OfferId
from bot.jobs.pace import Pace
from bot.jobs.rendertimes import RARE_S, SAMPLES_MAX, SAMPLES_MIN, WORKS_MAX, RenderTimes, Work
from tests.props import NOON, job_of

WORK = Work(OfferId("studio/studio"), "720p", 4)
LONGER = Work(OfferId("studio/studio"), "720p", 12)
PACE = Pace()


def running() -> Job:
    return replace(job_of(), state=JobState.RUNNING)


def known(*took_s: float) -> RenderTimes:
    return RenderTimes((WORK, each) for each in took_s)


def questions(times: RenderTimes, ends_s: float, pace: Pace = PACE) -> tuple[int, float]:
    """How many questions it takes to hear of a job that ends then, and how late that is heard."""
    asked, age_s = 1, pace.first_s
    while age_s < ends_s:
        age_s += times.wait_s(WORK, age_s, pace)
        asked += 1
    return asked, age_s - ends_s


def test_where_nothing_is_known_the_waits_are_the_pace_of_the_provider() -> None:
    times = known(*[80.0] * (SAMPLES_MIN - 1))

    assert times.wait_s(WORK, 0, PACE) == 2.0
    assert times.wait_s(WORK, 2.0, PACE) == 3.0
    assert times.wait_s(WORK, 5.0, PACE) == 4.5
    assert times.wait_s(WORK, 1_000, PACE) == 15.0
    assert known(*[80.0] * SAMPLES_MIN).wait_s(LONGER, 5.0, PACE) == 4.5


def test_a_job_is_asked_for_rarely_before_its_time_often_around_it_and_less_and_less_after_it() -> None:
    times = known(*(60.0 + each for each in range(60)))

    assert times.wait_s(WORK, 25.0, PACE) == 27.0
    assert times.wait_s(WORK, 30.0, PACE) == RARE_S
    around = [times.wait_s(WORK, age_s, PACE) for age_s in (62.0, 80.5, 100.0, 115.0)]
    assert around == sorted(around, reverse=True)
    assert PACE.first_s < around[-1] < around[0] < 12.0
    after = [times.wait_s(WORK, age_s, PACE) for age_s in (119.0, 125.0, 140.0, 200.0, 900.0)]
    assert after == sorted(after)
    assert after[0] == PACE.first_s
    assert after[-1] == RARE_S


def test_an_early_failure_is_heard_of_before_the_job_is_twice_as_old() -> None:
    times = known(*[300.0] * 20)

    for ends_s in (3.0, 9.0, 20.0):
        _, late_s = questions(times, ends_s)
        assert late_s <= ends_s + PACE.first_s


@pytest.mark.parametrize("spread", [0.1, 0.2, 0.4, 0.6])
def test_with_what_was_learned_an_end_is_heard_of_sooner_by_as_many_questions(spread: float) -> None:
    chance = random.Random(7)

    def takes_s() -> float:
        return chance.lognormvariate(4.4, spread)  # 80 s or so

    times, unlearned = known(*(takes_s() for _ in range(SAMPLES_MAX))), known()
    ends = [takes_s() for _ in range(1_000)]
    asked, late_s = average(questions(times, each) for each in ends)
    usual_asked, usual_late_s = average(questions(unlearned, each) for each in ends)
    even_asked, _ = average(questions(unlearned, each, Pace(factor=1.0, first_s=2 * late_s)) for each in ends)

    print(
        f"learned: {asked:.1f} questions, {late_s:.1f} s; our pace: {usual_asked:.1f}, {usual_late_s:.1f} s"
    )
    assert asked < 1.15 * usual_asked
    assert late_s < (0.55 if spread < 0.3 else 0.95) * usual_late_s
    assert asked < (0.8 if spread < 0.3 else 1.2) * even_asked


def average(each: Iterable[tuple[int, float]]) -> tuple[float, float]:
    asked, late_s = zip(*each, strict=True)
    return sum(asked) / len(asked), sum(late_s) / len(late_s)


def test_a_provider_that_has_become_slower_is_known_after_some_jobs() -> None:
    times = known(*[30.0] * 1_000, *[300.0] * SAMPLES_MAX)

    assert times.wait_s(WORK, 40.0, PACE) == RARE_S
    assert times.expected_end_at(running(), at=NOON) == NOON + timedelta(seconds=300)


def test_one_odd_job_changes_nothing_much() -> None:
    plain, odd = known(*[60.0] * 40), known(*[60.0] * 40, 100_000.0)

    for age_s in (0.0, 10.0, 40.0, 58.0):
        assert plain.wait_s(WORK, age_s, PACE) == pytest.approx(odd.wait_s(WORK, age_s, PACE), rel=0.1)
    assert plain.expected_end_at(running(), at=NOON) == odd.expected_end_at(running(), at=NOON)


def test_kinds_of_work_that_are_long_unused_are_forgotten() -> None:
    times = known(*[60.0] * 10)
    for number in range(WORKS_MAX - 1):
        times.learn(Work(OfferId(f"p/{number}"), "720p", 4), 60.0)
    times.learn(WORK, 60.0)
    times.learn(LONGER, 60.0)
    assert times.expected_end_at(running(), at=NOON) is not None

    for number in range(WORKS_MAX):
        times.learn(Work(OfferId(f"q/{number}"), "720p", 4), 60.0)

    assert times.expected_end_at(running(), at=NOON) is None


def test_the_expected_end_is_said_once_changed_once_and_then_no_more() -> None:
    times, job = known(*(float(each) for each in range(10, 110))), running()
    said = [times.expected_end_at(job, at=NOON + timedelta(seconds=age_s)) for age_s in range(150)]

    ends = [None if each is None else (each - NOON).total_seconds() for each in said]
    assert len(set(ends)) == 3
    assert ends == sorted(ends, key=lambda each: each or 1e9)
    assert ends[-1] is None
    assert all(end is None or end > age_s for age_s, end in enumerate(ends))


def test_no_end_is_expected_of_a_job_that_does_not_run_or_of_which_little_is_known() -> None:
    few, some = known(*[60.0] * (SAMPLES_MIN - 1)), known(*[60.0] * SAMPLES_MIN)

    assert few.expected_end_at(running(), at=NOON) is None
    assert some.expected_end_at(running(), at=NOON) is not None
    assert some.expected_end_at(job_of(), at=NOON) is None


TIMES = st.lists(st.floats(0.01, 5_000), max_size=200)


@given(took=TIMES, age_s=st.floats(0, 20_000), first_s=st.floats(0.1, 60), factor=st.floats(1, 3))
def test_whatever_was_learned_a_wait_is_never_shorter_than_the_first_nor_very_long(
    took: list[float], age_s: float, first_s: float, factor: float
) -> None:
    pace = Pace(first_s=first_s, factor=factor, cap_s=max(15.0, first_s))

    wait_s = known(*took).wait_s(WORK, age_s, pace)

    assert first_s <= wait_s <= max(RARE_S, pace.cap_s)
