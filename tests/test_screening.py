"""All looks at an order together: the gravest answer, and what happens where nobody could look."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Order, Source
from bot.errors import OrderRefused
from bot.screening.classifier import Shown, Subject
from bot.screening.screening import SEXUAL_BESIDE_MINORS, Screening, subject_of
from bot.screening.verdict import MINORS, PASSED, UNAVAILABLE, Outcome, Reason, Verdict, together, unavailable
from bot.screening.word_lists import words_of_minors
from tests.props import order_of, worded

PICTURE = Source(path=Path("pictures/a.png"), media_type="image/png", width=64, height=64)


class Says:
    """A classifier of an operator's own: it says one thing, and notes what it was shown."""

    name = "says"
    sees_pictures = True

    def __init__(self, verdict: Verdict) -> None:
        self.shown: list[Subject] = []
        self._verdict = verdict

    async def look(self, subject: Subject) -> Verdict:
        self.shown.append(subject)
        return self._verdict


def scored(outcome: Outcome, category: str, score: float) -> Verdict:
    reasons = () if outcome is Outcome.PASS else (Reason(code="score", source="says", category=category),)
    return Verdict(outcome=outcome, reasons=reasons, scores={category: score})


def order(prompt: str = "a boat", source: Source | None = None) -> Order:
    return dataclasses.replace(order_of(), prompt=prompt, source=source)


async def somebody(order: Order) -> bool:
    del order
    return True


async def test_without_classifiers_all_passes() -> None:
    assert await Screening().look(order()) == PASSED


async def test_the_gravest_answer_counts_and_all_reasons_are_kept() -> None:
    queued, scores = Says(scored(Outcome.QUEUE, "violence", 0.9)), Says(scored(Outcome.PASS, "hate", 0.2))

    verdict = await Screening([scores, queued, worded(["? boat"])]).look(order())

    assert verdict.outcome is Outcome.QUEUE
    assert {reason.source for reason in verdict.reasons} == {"says", "operator"}
    assert verdict.scores == {"violence": 0.9, "hate": 0.2}


async def test_what_is_stopped_is_refused_in_a_sentence_that_says_it_cost_nothing() -> None:
    screening = Screening([Says(scored(Outcome.BLOCK, "hate", 0.9))])

    with pytest.raises(OrderRefused, match="against the rules here") as refused:
        await screening.look(order())

    assert "Nothing was charged." in refused.value.sentence


async def test_what_nobody_could_look_at_goes_to_moderators_where_there_are_some() -> None:
    verdict = await Screening([Says(unavailable("says"))], reviewed=somebody).look(order())

    assert verdict.outcome is Outcome.QUEUE
    assert verdict.undecided


async def test_what_nobody_could_look_at_is_refused_where_nobody_reviews() -> None:
    with pytest.raises(OrderRefused, match="could not be checked") as refused:
        await Screening([Says(unavailable("says"))]).look(order())

    assert refused.value.sentence.endswith("Nothing was charged. Order again in a few minutes.")


async def test_what_is_stopped_is_stopped_though_another_could_not_look() -> None:
    screening = Screening([Says(unavailable("says")), worded(["boat"])], reviewed=somebody)

    with pytest.raises(OrderRefused, match="a word that is not allowed"):
        await screening.look(order())


async def test_a_moderators_look_is_asked_for_though_nobody_reviews_and_the_gates_decide() -> None:
    assert (await Screening([worded(["? boat"])]).look(order())).outcome is Outcome.QUEUE


# Pictures


async def test_a_classifier_is_shown_the_clean_picture_and_no_clip() -> None:
    says = Says(PASSED)
    screening = Screening([says], folder=Path("/data"))
    clip = dataclasses.replace(PICTURE, path=Path("clips/a.mp4"), media_type="video/mp4")

    for source in (PICTURE, clip, None):
        await screening.look(order(source=source))

    assert [one.picture for one in says.shown] == [
        Shown(path=Path("/data/pictures/a.png"), media_type="image/png"),
        None,
        None,
    ]
    assert says.shown[0] == subject_of(order(source=PICTURE), Path("/data"))


@pytest.mark.parametrize(
    ("prompt", "score", "source", "final"),
    [
        ("a child at home", SEXUAL_BESIDE_MINORS, PICTURE, True),
        ("a ch1ld at home", 0.9, PICTURE, True),
        ("\u5b50\u4f9b\u306e\u5199\u771f", 0.9, PICTURE, True),
        ("a child at home", SEXUAL_BESIDE_MINORS - 0.01, PICTURE, False),
        ("a woman at home", 0.9, PICTURE, False),
        ("a child at home", 0.9, None, False),
    ],
)
async def test_a_sexual_picture_beside_words_about_children_is_nobodys_to_allow(
    prompt: str, score: float, source: Source | None, *, final: bool
) -> None:
    screening = Screening([Says(scored(Outcome.QUEUE, "sexual", score))], of_minors=words_of_minors())

    assert (await screening.judge(order(prompt, source))).final is final


# Verdicts


@given(outcomes=st.lists(st.sampled_from(Outcome), max_size=5))
def test_together_is_as_grave_as_the_gravest(outcomes: list[Outcome]) -> None:
    grave = max([Outcome.PASS, *outcomes], key=[Outcome.PASS, Outcome.QUEUE, Outcome.BLOCK].index)

    assert together(Verdict(outcome=one) for one in outcomes).outcome is grave


def test_the_highest_score_of_a_category_is_kept_and_a_reason_once() -> None:
    one, other = scored(Outcome.QUEUE, "hate", 0.5), scored(Outcome.QUEUE, "hate", 0.7)

    verdict = together([one, other, one])

    assert verdict.scores == {"hate": 0.7}
    assert len(verdict.reasons) == 1


def test_only_minors_are_final_and_only_no_answer_is_undecided() -> None:
    assert Verdict(outcome=Outcome.BLOCK, reasons=(Reason(code="word", source="s", category=MINORS),)).final
    assert not scored(Outcome.BLOCK, "sexual", 1.0).final
    assert unavailable("s").reasons[0].code == UNAVAILABLE
    assert not scored(Outcome.QUEUE, "sexual", 0.5).undecided
