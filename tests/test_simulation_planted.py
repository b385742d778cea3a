"""Bugs that are planted into the real code are found, each within the number of seeds that it says."""

import os

import pytest

from tests.simulation.planted import BUGS, Planted, planted
from tests.simulation.runs import Tally, play

CI_SEEDS = 300
"""Bugs that need more seeds are looked for in `make soak`."""


def _found(bug: Planted) -> Tally:
    with planted(bug):
        return play(range(bug.within), until=lambda tally: bool(tally.bad))


@pytest.mark.parametrize("bug", [pytest.param(bug, id=bug.name) for bug in BUGS if bug.within <= CI_SEEDS])
def test_a_planted_bug_is_found(bug: Planted) -> None:
    tally = _found(bug)

    assert tally.bad, f"not found in {tally.worlds} worlds"
    print(f"{bug.name}: found after {tally.worlds} seeds")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("DAILIES_SOAK"), reason="thousands of worlds: `make soak`")
@pytest.mark.parametrize("bug", [pytest.param(bug, id=bug.name) for bug in BUGS if bug.within > CI_SEEDS])
def test_a_planted_bug_that_shows_rarely_is_found_too(bug: Planted) -> None:
    tally = _found(bug)

    assert tally.bad, f"not found in {tally.worlds} worlds"
    print(f"{bug.name}: found after {tally.worlds} seeds")


def test_there_are_enough_of_them_and_each_line_stands_once() -> None:
    for bug in BUGS:
        assert bug.line != bug.becomes
        compile(bug.source(), bug.module, "exec")  # it is a bug, and no broken module

    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 12


def test_when_it_is_over_the_code_is_as_before() -> None:
    bug = BUGS[0]
    module = __import__(bug.module, fromlist=["_"])
    before = module.Handover.lost.__code__

    with planted(bug):
        assert module.Handover.lost.__code__ != before

    assert module.Handover.lost.__code__ is before
