"""Every schedule of faults of one job, for each kind of provider: none loses or doubles anything.

In CI all with one fault, and a share of those with two; `make soak` walks all of up to three on the job's own
way, and all of two with those that strike its card.
"""

import os

import pytest

from tests.props import count
from tests.simulation.process import NAMES
from tests.simulation.runs import scene
from tests.simulation.schedules import every, told

SHARES = count(small=25, whole=1)


@pytest.mark.parametrize("model", NAMES)
def test_no_single_fault_anywhere_costs_anything(model: str) -> None:
    with scene() as made:
        walked = every(made, model, deep=1, with_cards=True)

        assert not walked.bad, told(made, model, *walked.bad[0])
    assert walked.schedules[1] > 60
    assert walked.lives > walked.schedules.total()


@pytest.mark.soak
@pytest.mark.parametrize("model", NAMES)
def test_nor_do_two_with_the_card_among_what_they_strike(model: str) -> None:
    with scene() as made:
        walked = every(made, model, deep=2, with_cards=True, of=SHARES)

        assert not walked.bad, told(made, model, *walked.bad[0])
    print(f"{model}: {dict(walked.schedules)} {dict(walked.states)}")
    assert walked.schedules[2] > 1_000 / SHARES


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("DAILIES_SOAK"), reason="tens of thousands of schedules: `make soak`")
@pytest.mark.parametrize("model", NAMES)
def test_nor_do_three_on_the_jobs_own_way(model: str) -> None:
    with scene() as made:
        walked = every(made, model, deep=3, with_cards=False)

        assert not walked.bad, told(made, model, *walked.bad[0])
    print(f"{model}: {dict(walked.schedules)} {dict(walked.states)}")
    assert walked.schedules[3] > 10_000
