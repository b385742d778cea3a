"""Places and turns at a provider: the limits of its key are kept, and who comes first is next."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import JobId
from bot.offers.rows import ProviderRow
from bot.offers.throttle import FOR_A_PLACE_S, Throttle
from tests.routes import Steady


def limited(**limits: Any) -> tuple[Throttle, Steady]:
    clock = Steady()
    return Throttle([ProviderRow(id="ant", **limits)], clock=clock), clock


def test_a_key_has_so_many_jobs_at_once_and_the_first_who_waits_is_next() -> None:
    throttle, _ = limited(jobs_at_once=2)
    jobs = [JobId(name) for name in "abcdef"]

    assert [throttle.enter("ant", job) for job in jobs] == [0, 0, *[FOR_A_PLACE_S] * 4]
    assert throttle.leave(jobs[0]) == ["c"]
    assert throttle.enter("ant", jobs[4]) == FOR_A_PLACE_S  # came later
    assert throttle.enter("ant", jobs[2]) == 0
    assert throttle.leave(jobs[3]) == []  # was cancelled while it waited
    assert throttle.leave(jobs[1]) == ["e"]
    assert throttle.enter("ant", JobId("g")) == FOR_A_PLACE_S
    assert throttle.enter("ant", jobs[4]) == 0
    assert throttle.enter("bee", jobs[5]) == 0  # has no limits


def test_those_who_were_inside_before_a_restart_count() -> None:
    throttle, _ = limited(jobs_at_once=1)
    throttle.inside("ant", JobId("old"))
    throttle.inside("ant", JobId("older"))

    assert throttle.enter("ant", JobId("new")) == FOR_A_PLACE_S
    assert throttle.leave(JobId("old")) == []
    assert throttle.leave(JobId("older")) == ["new"]


def test_submissions_come_no_faster_than_the_key_allows() -> None:
    throttle, clock = limited(submissions_per_minute=6)
    waits = {name: throttle.enter("ant", JobId(name)) for name in "abc"}

    assert waits == {"a": 0.0, "b": 10.0, "c": 20.0}
    clock.at += 10.0
    assert throttle.enter("ant", JobId("b")) == 0.0
    assert throttle.enter("ant", JobId("c")) == 10.0
    clock.at += 600.0
    assert throttle.enter("ant", JobId("c")) == 0.0  # missed its turn, and takes one anew
    assert throttle.enter("ant", JobId("d")) == 10.0


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.integers(0, 30)), max_size=60),
    st.integers(1, 3),
    st.sampled_from([None, 6, 60]),
)
def test_whoever_comes_and_goes_the_limits_of_a_key_are_kept_and_nobody_is_forgotten(
    events: list[tuple[str, bool, int]], at_once: int, a_minute: int | None
) -> None:
    clock = Steady()
    row = ProviderRow(id="ant", jobs_at_once=at_once, submissions_per_minute=a_minute)
    throttle = Throttle([row], clock=clock)
    inside: set[str] = set()
    sent: list[float] = []
    for name, leaves, later in events:
        clock.at += later
        if leaves:
            throttle.leave(JobId(name))
            inside.discard(name)
        elif name not in inside and throttle.enter("ant", JobId(name)) == 0:
            inside.add(name)
            sent.append(clock.at)
        assert len(inside) <= at_once

    if a_minute is not None:
        assert all(later - one >= 60.0 / a_minute for one, later in pairwise(sent))
    for name in "abcdefgh":
        throttle.leave(JobId(name))
    assert throttle.enter("ant", JobId("z")) <= 60.0 / (a_minute or 60)
