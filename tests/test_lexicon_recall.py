"""How much of what should be stopped our own list finds, and how much that should not be: on a labelled set.

`data/prompts.jsonl` was written by those who wrote the list, so that its numbers say how the list does on
what it was made for, and not how a community's prompts will fare. What it cannot know is in it too: prompts
that describe what they want without a word for it, and disguises that no rule here sees through.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.screening.rulebook import Rulebook
from bot.screening.verdict import MINORS, Outcome
from bot.screening.word_lists import own_rules

SET = [json.loads(line) for line in Path(__file__).with_name("data").joinpath("prompts.jsonl").open("rb")]
BOOK = Rulebook(own_rules())

SEEN_THROUGH = (
    "zero-width",
    "homoglyphs",
    "leet",
    "spaced",
    "dashed",
    "dotted",
    "stretched",
    "mathematical",
    "struck",
    "signs",
)
NOT_SEEN_THROUGH = ("described", "starred", "reversed")


def outcome(prompt: str) -> Outcome:
    findings = BOOK.look(prompt).findings
    if any(finding.outcome is Outcome.BLOCK for finding in findings):
        return Outcome.BLOCK
    return Outcome.QUEUE if findings else Outcome.PASS


def outcomes(label: str, *dresses: str) -> Counter[Outcome]:
    return Counter(
        outcome(row["prompt"])
        for row in SET
        if row["label"] == label and (not dresses or row["dress"] in dresses)
    )


def test_the_set_is_large_and_of_all_kinds() -> None:
    labels = Counter(row["label"] for row in SET)
    languages = Counter(row["language"] for row in SET)

    assert len({row["prompt"] for row in SET}) == len(SET) >= 300
    assert labels["harmless"] >= 140
    assert labels["borderline"] >= 40
    assert labels["violating"] >= 150
    assert min(languages[code] for code in ("en", "de", "ja")) >= 30


def test_of_harmless_prompts_none_is_stopped_and_few_are_looked_at() -> None:
    seen = outcomes("harmless")

    assert seen[Outcome.BLOCK] == 0
    assert seen[Outcome.QUEUE] / seen.total() <= 0.04  # measured: 5 of 144, all of them tricky on purpose


def test_nothing_on_the_border_is_stopped() -> None:
    assert outcomes("borderline")[Outcome.BLOCK] == 0


def test_violations_that_name_what_they_want_are_found() -> None:
    seen = outcomes("violating", "plain")

    assert seen[Outcome.PASS] == 0
    assert seen[Outcome.BLOCK] / seen.total() >= 0.7  # the rest a moderator sees


@pytest.mark.parametrize("dress", SEEN_THROUGH)
def test_a_disguise_hides_nothing(dress: str) -> None:
    assert outcomes("violating", dress)[Outcome.PASS] == 0


def test_of_words_split_in_two_most_are_found() -> None:
    seen = outcomes("violating", "split")

    assert seen[Outcome.PASS] <= 1  # where both halves could be words


def test_what_a_list_of_words_cannot_know_it_does_not_know() -> None:
    """Held so that nobody takes the list for more than it is: this is for classifiers and for people."""
    assert outcomes("violating", *NOT_SEEN_THROUGH)[Outcome.PASS] >= 20


def test_over_the_whole_set_recall_and_false_alarms_are_these() -> None:
    violating, harmless = outcomes("violating"), outcomes("harmless")

    recall = 1 - violating[Outcome.PASS] / violating.total()
    false_alarms = 1 - harmless[Outcome.PASS] / harmless.total()

    assert 0.85 <= recall < 0.9  # measured: 0.866
    assert false_alarms <= 0.04  # measured: 0.035


def test_the_gravest_is_always_stopped() -> None:
    grave = [
        row
        for row in SET
        if any(finding.rule.category == MINORS for finding in BOOK.look(row["prompt"]).findings)
    ]

    assert len(grave) >= 30
    assert {row["label"] for row in grave} == {"violating"}
    assert {outcome(row["prompt"]) for row in grave} == {Outcome.BLOCK}
