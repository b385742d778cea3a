"""A breaker alone, told the time."""

from hypothesis import given
from hypothesis import strategies as st

from bot.offers.breaker import Breaker, Circuit, Temper

TEMPER = Temper(failures_max=3, first_s=10.0, most_s=40.0)


def test_a_breaker_opens_after_failures_in_a_row_and_for_longer_each_time() -> None:
    breaker = Breaker(TEMPER)
    opened = [breaker.failed(0.0), breaker.failed(0.0), breaker.failed(0.0)]
    lasted = [breaker.again_s(0.0)]
    at = 0.0
    for _ in range(3):
        at += lasted[-1]
        assert breaker.circuit(at - 0.001) is Circuit.OPEN
        assert breaker.circuit(at) is Circuit.HALF_OPEN
        breaker.begin(at)
        assert not breaker.failed(at)
        lasted.append(breaker.again_s(at))

    assert opened == [False, False, True]
    assert lasted == [10.0, 20.0, 40.0, 40.0]


def test_one_probe_goes_and_its_success_lets_all_go() -> None:
    breaker = Breaker(TEMPER)
    breaker.trip(0.0)

    assert not breaker.admits(9.9)
    assert breaker.admits(10.0)
    breaker.begin(10.0)
    assert not breaker.admits(10.0)
    breaker.abandoned()
    assert breaker.admits(10.0)
    breaker.begin(10.0)
    assert breaker.worked(10.0)
    assert breaker.admits(10.0)
    assert breaker.circuit(10.0) is Circuit.CLOSED
    assert not breaker.worked(11.0)


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker(TEMPER)
    for _ in range(5):
        breaker.failed(0.0)
        breaker.failed(0.0)
        breaker.worked(0.0)

    assert breaker.circuit(0.0) is Circuit.CLOSED


def test_what_was_on_its_way_when_it_opened_neither_closes_nor_lengthens_it() -> None:
    breaker = Breaker(TEMPER)
    breaker.trip(0.0)

    assert not breaker.worked(1.0)
    assert not breaker.failed(2.0)
    assert breaker.again_s(2.0) == 8.0


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "worked", "failed", "trip", "lost"]), st.integers(0, 60)))
)
def test_whatever_happens_a_breaker_ends_its_wait_and_lets_one_probe_through(
    events: list[tuple[str, int]],
) -> None:
    breaker, now = Breaker(TEMPER), 0.0
    for event, later in events:
        now += later
        if event == "begin" and breaker.admits(now):
            half_open = breaker.circuit(now) is Circuit.HALF_OPEN
            breaker.begin(now)
            assert breaker.admits(now) is not half_open
        elif event == "worked":
            breaker.worked(now)
        elif event == "failed":
            breaker.failed(now)
        elif event == "trip":
            breaker.trip(now)
        else:
            breaker.abandoned()
        assert breaker.again_s(now) <= TEMPER.most_s

    breaker.abandoned()
    assert breaker.admits(now + breaker.again_s(now))
