"""Every schedule of faults of one job, for each kind of provider: none loses or doubles anything.

In CI all with one fault, and all with two on the job's own way whose kills keep the process away for seconds;
`make soak` walks all with three on that way, and all with two that may strike the card too.
"""

import os
from itertools import count

import pytest

from tests.simulation.process import NAMES
from tests.simulation.runs import scene
from tests.simulation.schedules import AWAY_S, cut_at, every, told

soak = pytest.mark.skipif(not os.environ.get("DAILIES_SOAK"), reason="tens of thousands: `make soak`")


@pytest.mark.parametrize("model", NAMES)
def test_no_single_fault_anywhere_costs_anything(model: str) -> None:
    with scene() as made:
        walked = every(made, model, deep=1, with_cards=True)

        assert not walked.bad, told(made, model, *walked.bad[0])
    assert walked.schedules[1] > 60
    assert walked.lives > walked.schedules.total()


@pytest.mark.parametrize("model", NAMES)
def test_a_process_may_die_at_any_of_its_steps(model: str) -> None:
    with scene() as made:
        for step in count(1):
            died, found, ended = cut_at(made, model, step)

            assert not found, f"cut after step {step}: {found}"
            if ended:
                assert ended == ["posted"] or model == "plain", f"cut after step {step}: {ended}"
            if not died:
                break

    assert step > 100


@pytest.mark.parametrize("model", NAMES)
def test_nor_do_two_on_the_jobs_own_way(model: str) -> None:
    with scene() as made:
        walked = every(made, model, deep=2, with_cards=False, away_s=AWAY_S[:1])

        assert not walked.bad, told(made, model, *walked.bad[0])
    print(f"{model}: {dict(walked.schedules)} {dict(walked.states)}")
    assert walked.schedules[2] > 300


@pytest.mark.soak
@soak
@pytest.mark.parametrize("model", NAMES)
def test_nor_do_two_with_the_card_among_what_they_strike(model: str) -> None:
    with scene() as made:
        walked = every(made, model, deep=2, with_cards=True)

        assert not walked.bad, told(made, model, *walked.bad[0])
    print(f"{model}: {dict(walked.schedules)} {dict(walked.states)}")
    assert walked.schedules[2] > 2_500


@pytest.mark.soak
@soak
@pytest.mark.parametrize("model", NAMES)
def test_nor_do_three_on_the_jobs_own_way(model: str) -> None:
    with scene() as made:
        walked = every(made, model, deep=3, with_cards=False)

        assert not walked.bad, told(made, model, *walked.bad[0])
    print(f"{model}: {dict(walked.schedules)} {dict(walked.states)}")
    assert walked.schedules[3] > 10_000
