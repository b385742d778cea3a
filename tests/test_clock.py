"""What time it is, however wrong this machine's clock may be: `bot.clock`."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import CLOSE, Clock, machine_time, steady_s
from bot.jobs.patience import TRIED_FOR, Patience
from tests.props import NOON

DAY = timedelta(days=1)


class Machine:
    """A machine's two clocks: one that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.at = NOON
        self.at_s = 1_000.0

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.at_s += seconds

    def clock(self) -> Clock:
        return Clock(machine=lambda: self.at, seconds=lambda: self.at_s)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("by", [DAY, -DAY])
def test_a_jump_of_the_machines_clock_is_no_time_that_passed(machine: Machine, by: timedelta) -> None:
    clock = machine.clock()

    machine.at += by
    machine.passes(5)

    assert clock() == NOON + timedelta(seconds=5)


@pytest.mark.parametrize("off", [DAY, -DAY, CLOSE, -CLOSE])
def test_discords_first_word_counts_at_once(machine: Machine, off: timedelta) -> None:
    clock = machine.clock()

    clock.heard(NOON + off)
    machine.passes(5)

    assert clock() == NOON + off + timedelta(seconds=5)


def test_what_is_near_enough_changes_nothing(machine: Machine) -> None:
    clock = machine.clock()
    near = CLOSE - timedelta(microseconds=1)

    clock.heard(NOON + near)
    clock.heard(NOON - near)

    assert clock() == NOON


def test_a_single_answer_that_differs_later_is_not_believed(machine: Machine) -> None:
    clock = machine.clock()
    clock.heard(NOON)

    clock.heard(NOON - DAY)
    clock.heard(NOON)
    clock.heard(NOON - DAY)

    assert clock() == NOON


def test_two_that_differ_alike_one_after_the_other_are(machine: Machine) -> None:
    clock = machine.clock()
    clock.heard(NOON)

    clock.heard(NOON + DAY)
    machine.passes(60)
    clock.heard(NOON + DAY + timedelta(seconds=60))

    assert clock() == NOON + DAY + timedelta(seconds=60)


def test_two_that_differ_each_in_its_own_way_are_not(machine: Machine) -> None:
    clock = machine.clock()
    clock.heard(NOON)

    clock.heard(NOON + DAY)
    clock.heard(NOON + DAY + CLOSE)
    assert clock() == NOON
    clock.heard(NOON + DAY + CLOSE)

    assert clock() == NOON + DAY + CLOSE


def test_a_machine_that_was_set_right_says_it_more_exactly_than_whole_seconds(machine: Machine) -> None:
    clock = machine.clock()
    clock.heard(NOON - DAY)
    assert clock() == NOON - DAY

    machine.at = NOON - DAY + timedelta(hours=1, milliseconds=250)
    for _ in range(2):
        clock.heard(NOON - DAY + timedelta(hours=1))

    assert clock() == machine.at


def test_the_clocks_of_this_machine_go_on() -> None:
    began_s, before = steady_s(), time.monotonic()

    assert abs((machine_time() - datetime.now(UTC)).total_seconds()) < 5
    assert 0 <= steady_s() - began_s < 5 + time.monotonic() - before


def test_nothing_is_given_up_because_the_time_was_found_at_the_start(machine: Machine) -> None:
    machine.at = NOON - DAY
    clock = machine.clock()
    patience = Patience(now=clock, dice=random.Random(1))
    clock.heard(NOON)

    patience.begin()

    machine.passes(TRIED_FOR.total_seconds())
    assert not patience.is_over(NOON - DAY, timedelta(hours=1))
    machine.passes(1)
    assert patience.is_over(NOON - DAY, timedelta(hours=1))
