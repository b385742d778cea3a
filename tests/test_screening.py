"""The operator's word list: whole words and phrases, however they are dressed."""

import dataclasses
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import OrderRefused, SettingsError
from bot.screening.screening import Screening
from bot.screening.words import WORDS_MAX, WordList, read_words
from tests.props import order_of


async def passes(words: list[str], prompt: str) -> bool:
    try:
        await Screening([WordList(words)]).look(dataclasses.replace(order_of(), prompt=prompt))
    except OrderRefused:
        return False
    return True


@pytest.mark.parametrize(
    "prompt",
    [
        "gore",
        "GORE",
        "a gore scene",
        "much gore.",
        "gore, gore",
        "(gore)",
        "gore\nand more",
        "\uff47\uff4f\uff52\uff45",
        "go\u200bre",
        "go\u00adre",
        "go\ufe0fre",
        "go\u034fre",
        "\u202egore",
        "a blood bath",
        "a blood \n  bath",
        "a Blood\u00a0Bath!",
        "STRASSE",
        "strasse",
        "Stra\u00dfe",
        "c++",
        "write c++, please",
    ],
)
async def test_a_word_of_the_list_is_found(prompt: str) -> None:
    assert not await passes(["Gore", "blood bath", "stra\u00dfe", "C++"], prompt)


@pytest.mark.parametrize(
    "prompt", ["gorecore", "vigore", "go re", "g-o-r-e", "blood", "bath of blood", "_gore_", "c+"]
)
async def test_a_part_of_a_word_is_not_the_word(prompt: str) -> None:
    assert await passes(["gore", "blood bath", "c++"], prompt)


@pytest.mark.parametrize("words", [[], [""], [" ", "\u200b"]])
async def test_a_list_of_nothing_lets_all_pass(words: list[str]) -> None:
    assert await passes(words, "gore")


@given(
    words=st.lists(st.text("ab _-\u00e4", min_size=1, max_size=4), max_size=5),
    prompt=st.text("ab _-\u00e4", max_size=12),
)
async def test_it_finds_what_a_plain_search_between_word_edges_finds(words: list[str], prompt: str) -> None:
    spaced = " ".join(prompt.split())
    plain = any(
        re.search(rf"(?<!\w){re.escape(' '.join(word.split()))}(?!\w)", spaced)
        for word in words
        if word.strip()
    )

    assert await passes(words, prompt) is not plain


async def test_the_refusal_does_not_repeat_the_word() -> None:
    with pytest.raises(OrderRefused) as refused:
        await Screening([WordList(["gore"])]).look(dataclasses.replace(order_of(), prompt="gore"))

    assert "gore" not in refused.value.sentence
    assert "Nothing was charged." in refused.value.sentence


async def test_the_longest_list_and_prompt_do_not_hold_the_loop() -> None:
    screen = Screening([WordList(f"a{number:x}" for number in range(WORDS_MAX))])
    order = dataclasses.replace(order_of(), prompt="a " * 2000)

    began = time.process_time()
    await screen.look(order)

    assert time.process_time() - began < 0.03  # measured: 0.0015; as one regular expression: 0.058


def test_a_list_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeff# ours\r\n\r\n  Gore \r\nblood bath\r\n  # more\r\n\u00fcbel".encode())

    assert read_words(path) == ["Gore", "blood bath", "\u00fcbel"]
    assert read_words(None) == []


def test_a_list_that_cannot_be_read_is_named_by_its_setting(tmp_path: Path) -> None:
    binary, long = tmp_path / "binary", tmp_path / "long"
    binary.write_bytes(b"\xff\xfe\x00")
    long.write_text("x\n" * (WORDS_MAX + 1))

    for path in (tmp_path / "missing", tmp_path, binary, long):
        with pytest.raises(SettingsError, match=f"DAILIES_BLOCKED_WORDS_FILE: {path}"):
            read_words(path)
