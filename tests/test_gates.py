"""Who waits at a gate: every mode, by what is known of an order."""

from itertools import product

import pytest

from bot.moderation.gates import NOTHING_FOUND, Found, Mode, Setting, Why, found_by, waits
from bot.screening.verdict import MINORS, PASSED, Outcome, Reason, Verdict, unavailable

FLAGGED = Found(reasons=("score:openai:violence",))
URGENT = Found(reasons=("score:openai:violence",), urgent=True)
FORBIDDEN = Found(reasons=("score:openai:sexual/minors",), forbidden=True)

OFF, ONLY_FLAGGED, ALL = (Setting(mode=mode) for mode in (Mode.OFF, Mode.FLAGGED, Mode.ALL))
FIRST_TWO = Setting(mode=Mode.FIRST, first_n=2)


@pytest.mark.parametrize(
    ("setting", "found", "approved", "expected"),
    [
        (OFF, NOTHING_FOUND, 0, None),
        (OFF, FLAGGED, 0, None),
        (ONLY_FLAGGED, NOTHING_FOUND, 0, None),
        (ONLY_FLAGGED, FLAGGED, 9, Why.FLAGGED),
        (FIRST_TWO, NOTHING_FOUND, 0, Why.FIRST),
        (FIRST_TWO, NOTHING_FOUND, 1, Why.FIRST),
        (FIRST_TWO, NOTHING_FOUND, 2, None),
        (FIRST_TWO, FLAGGED, 2, Why.FLAGGED),
        (ALL, NOTHING_FOUND, 99, Why.ALL),
        (ALL, FLAGGED, 99, Why.FLAGGED),
    ],
)
def test_a_gate_holds_back_whom_its_mode_names(
    setting: Setting, found: Found, approved: int, expected: Why | None
) -> None:
    assert waits(setting, found, approved_before=approved, on_probation=False) is expected


@pytest.mark.parametrize(
    ("setting", "found"), list(product((OFF, ONLY_FLAGGED, FIRST_TWO, ALL), (URGENT, FORBIDDEN)))
)
def test_what_is_urgent_or_forbidden_waits_however_the_gate_stands(setting: Setting, found: Found) -> None:
    assert waits(setting, found, approved_before=99, on_probation=False) is Why.FLAGGED


@pytest.mark.parametrize("setting", [OFF, ONLY_FLAGGED, FIRST_TWO])
def test_everything_of_a_member_on_probation_waits_however_the_gate_stands(setting: Setting) -> None:
    assert waits(setting, NOTHING_FOUND, approved_before=99, on_probation=True) is Why.PROBATION


def test_what_passed_screening_is_no_finding_whatever_its_scores() -> None:
    assert found_by(PASSED) == NOTHING_FOUND
    assert found_by(Verdict(scores={"violence": 0.2})) == NOTHING_FOUND


def test_a_verdict_becomes_what_a_moderator_has_to_know() -> None:
    reason = Reason(code="score", source="openai", category="violence")
    queued = found_by(Verdict(outcome=Outcome.QUEUE, reasons=(reason,), scores={"violence": 0.6}))

    assert queued == Found(reasons=("score:openai:violence",), scores={"violence": 0.6})
    assert found_by(unavailable("openai")) == Found(reasons=("unavailable:openai:",))


def test_a_blocked_clip_is_urgent_and_minors_are_forbidden() -> None:
    violent = Reason(code="score", source="openai", category="violence/graphic")
    minors = Reason(code="score", source="openai", category=MINORS)

    blocked = found_by(Verdict(outcome=Outcome.BLOCK, reasons=(violent,)))
    worse = found_by(Verdict(outcome=Outcome.QUEUE, reasons=(minors,)))

    assert (blocked.urgent, blocked.forbidden) == (True, False)
    assert worse.forbidden


def test_a_prompt_and_its_clip_are_one_finding() -> None:
    prompt = Found(reasons=("a", "b"), scores={"violence": 0.6, "sexual": 0.1})
    clip = Found(reasons=("b", "c"), scores={"violence": 0.2, "hate": 0.9}, urgent=True)

    together = prompt.joined_with(clip)

    assert together.reasons == ("a", "b", "c")
    assert together.scores == {"violence": 0.6, "sexual": 0.1, "hate": 0.9}
    assert together.urgent
    assert not together.forbidden
