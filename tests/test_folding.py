"""Text as it reads, whatever it was dressed in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.screening.confusables import ALIKE, BADGES, SIGNS
from bot.screening.folding import classes, classes_with_signs, fold, fold_prompt


@pytest.mark.parametrize(
    ("dressed", "plain"),
    [
        ("GoRe", "gore"),
        ("\uff47\uff4f\uff52\uff45", "gore"),
        ("\U0001d58c\U0001d594\U0001d597\U0001d58a", "gore"),
        ("g\u200bo\u00adr\ufe0fe\u034f", "gore"),
        ("g\u0301o\u0336r\u20dde\u035f", "gore"),
        ("\U0001f176\U0001f17e\U0001f181\U0001f174", "gore"),
        ("\U0001f1ec\U0001f1f4", " g  o "),
        ("Stra\u00dfe", "strasse"),
        ("child's", "child"),
        ("child\u2019s play", "child play"),
        ("rock'n'roll", "rocknroll"),
        ("\u0130stanbul", "istanbul"),
        ("\u304c\u304e", "\u304c\u304e"),
        ("\uff76\uff9e", "\u30ac"),
    ],
)
def test_what_reads_the_same_is_folded_to_the_same(dressed: str, plain: str) -> None:
    assert fold(dressed) == plain


@given(text=st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(text=st.text(max_size=60))
def test_every_place_of_a_folded_text_has_a_kind(text: str) -> None:
    folded = fold_prompt(text)

    assert len(classes(folded)) == len(folded)
    assert len(classes_with_signs(folded) or folded) == len(folded)


@pytest.mark.parametrize("mark", sorted(ALIKE))
def test_whatever_looks_like_a_letter_is_of_its_kind_after_folding(mark: str) -> None:
    folded = fold(mark)
    read = classes_with_signs(folded) if mark in SIGNS else classes(folded)

    assert read == classes(ALIKE[mark])


def test_no_character_looks_like_two_letters() -> None:
    from bot.screening import confusables

    looks = [look for looks in confusables._LOOKS.values() for look in looks]

    assert len(looks) == len(set(looks))
    assert len(BADGES) == 3 * 26


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [("KlLL", "kiii"), ("kiII", "kiii"), ("McIntosh", "mcintosh"), ("k1ll", "kiii"), ("silt!", "siit ")],
)
def test_a_capital_i_and_a_small_l_are_of_one_kind(typed: str, kinds: str) -> None:
    assert classes(fold_prompt(typed)) == kinds


def test_signs_are_read_as_letters_only_where_there_are_some() -> None:
    assert classes_with_signs("gore") is None
    assert classes_with_signs("$ex, gore!") == "sex  gorei"
    assert classes("$ex, gore!") == " ex  gore "
