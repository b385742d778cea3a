"""Lists of words: how they are written, what wins over what, and what a member reads."""

import dataclasses
import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import ChannelId, GuildId
from bot.errors import OrderRefused, SettingsError
from bot.screening.classifier import Subject
from bot.screening.lexicon import Hit
from bot.screening.rulebook import Finding, Rulebook, Spans
from bot.screening.rules import Action, Rule, UnfitRule, phrase, read
from bot.screening.screening import Screening
from bot.screening.verdict import MINORS, Outcome, Reason, Verdict
from bot.screening.word_lists import RULES_MAX, WordLists, own_rules, read_words
from tests.props import order_of, worded

HERE = GuildId(10)


async def looked(lists: WordLists, prompt: str) -> Verdict:
    return await lists.look(Subject(text=prompt, guild_id=HERE, channel_id=ChannelId(30)))


async def outcome(lines: list[str], prompt: str) -> Outcome:
    return (await looked(worded(lines), prompt)).outcome


def with_server(operator: list[str], server: list[str]) -> WordLists:
    async def book(guild_id: GuildId) -> Rulebook | None:
        return Rulebook(read(server)) if guild_id == HERE else None

    return WordLists({"operator": Rulebook(read(operator))}, server_book=book)


# How they are written


def test_a_list_is_read_line_by_line() -> None:
    lines = inspect.cleandoc(
        """
        # ours
        Gore
          Blood  Bath

        ? Zombie
        + blood orange
        knife & School
        decapitat*
        [hate]
        @town: Berlin, Bonn
        @town: K\u00f6ln
        ? @town & riot
        """
    ).splitlines()

    assert read(lines) == [
        Rule(action=Action.BLOCK, words=("gore",)),
        Rule(action=Action.BLOCK, words=("blood bath",)),
        Rule(action=Action.QUEUE, words=("zombie",)),
        Rule(action=Action.ALLOW, words=("blood orange",)),
        Rule(action=Action.BLOCK, words=("knife",), beside=("school",)),
        Rule(action=Action.BLOCK, words=("decapitat*",)),
        Rule(action=Action.QUEUE, words=("berlin", "bonn", "koln"), beside=("riot",), category="hate"),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("?", "empty"),
        ("\u200b", "empty"),
        ("!!!", "empty"),
        ("a", "short"),
        ("ab*", "short"),
        ("x" * 65, "long"),
        ("go*re", "star"),
        ("@town & riot", "name"),
        ("+ a cat & dog", "pair"),
        ("knife &", "empty"),
    ],
)
def test_what_is_no_rule_is_named_by_its_line(line: str, why: str) -> None:
    with pytest.raises(UnfitRule) as unfit:
        read(["gore", line])

    assert (unfit.value.why, unfit.value.line) == (why, 2)


@pytest.mark.parametrize("line", ["+ child", "? child"])
def test_nothing_under_minors_is_milder(line: str) -> None:
    with pytest.raises(UnfitRule, match="minors"):
        read([f"[{MINORS}]", line])


@given(text=st.text(min_size=1, max_size=30))
def test_a_phrase_is_kept_as_it_is_kept_again(text: str) -> None:
    try:
        kept = phrase(text)
    except UnfitRule:
        return

    assert phrase(kept) == kept


# What wins


@pytest.mark.parametrize(
    ("lines", "prompt", "expected"),
    [
        (["gore"], "a boat", Outcome.PASS),
        (["gore"], "gore", Outcome.BLOCK),
        (["? gore"], "gore", Outcome.QUEUE),
        (["? gore", "gore"], "gore", Outcome.BLOCK),
        (["knife & school"], "a knife", Outcome.PASS),
        (["knife & school"], "a school bus", Outcome.PASS),
        (["knife & school"], "at school, with a kn1fe", Outcome.BLOCK),
        (["? knife & school"], "a knife at school", Outcome.QUEUE),
        (["school & school"], "school", Outcome.PASS),
        (["blood", "+ blood orange"], "a Blood Orange", Outcome.PASS),
        (["blood", "+ blood orange"], "a blood orange and blood", Outcome.BLOCK),
        (["blood", "+ blood orange"], "blood on an orange", Outcome.BLOCK),
        (["rape", "+ grape"], "g r a p e", Outcome.PASS),
        (["rape", "+ grape"], "g rape", Outcome.BLOCK),
        (["blood & orange", "+ blood orange"], "a blood orange", Outcome.PASS),
    ],
)
async def test_what_a_list_does(lines: list[str], prompt: str, expected: Outcome) -> None:
    assert await outcome(lines, prompt) is expected


@given(word=st.text("abcdefghi", min_size=2, max_size=8), before=st.text("xyz", min_size=2, max_size=4))
async def test_an_allowed_phrase_wins_wherever_it_stands(word: str, before: str) -> None:
    lines = [word, f"+ {before} {word}"]

    assert await outcome(lines, f"so {before.upper()} {word}, so") is Outcome.PASS
    assert await outcome(lines, f"so {before} {word}, {word}") is Outcome.BLOCK


async def test_nothing_that_is_allowed_wins_over_minors() -> None:
    lines = [f"[{MINORS}]", "child & nude", "[other]", "+ nude child", "+ child", "+ nude"]

    verdict = await looked(with_server(lines, ["+ nude child", "+ child"]), "a nude child")

    assert verdict.outcome is Outcome.BLOCK
    assert verdict.final


def test_no_phrase_of_another_list_spares_what_is_of_minors() -> None:
    hit = Hit(0, 2, 6)
    grave, other = (Rule(action=Action.QUEUE, words=("x",), category=name) for name in (MINORS, "gore"))

    assert Finding(rule=other, hits=(hit,)).spared_by(Spans([Hit(1, 0, 9)]))
    assert not Finding(rule=other, hits=(hit,)).spared_by(Spans([Hit(1, 0, 5), Hit(1, 3, 9)]))
    assert not Finding(rule=grave, hits=(hit,)).spared_by(Spans([Hit(1, 0, 9)]))


async def test_a_server_adds_to_the_operators_list_and_spares_only_what_is_looked_at() -> None:
    lists = with_server(["gore", "? zombie"], ["clown", "+ gore film", "+ zombie film"])

    assert (await looked(lists, "a clown")).outcome is Outcome.BLOCK
    assert (await looked(lists, "a zombie film")).outcome is Outcome.PASS
    assert (await looked(lists, "a zombie")).outcome is Outcome.QUEUE
    assert (await looked(lists, "a gore film")).outcome is Outcome.BLOCK


async def test_a_list_of_one_server_is_no_other_servers() -> None:
    lists = with_server([], ["clown"])

    elsewhere = await lists.look(Subject(text="a clown", guild_id=GuildId(11), channel_id=ChannelId(30)))

    assert elsewhere.outcome is Outcome.PASS


async def test_the_reasons_name_the_list_and_its_section_and_not_the_word() -> None:
    lists = with_server(["[violence]", "? zombie"], ["clown & red"])

    verdict = await looked(lists, "a red clown and a zombie")

    assert set(verdict.reasons) == {
        Reason(code="word", source="operator", category="violence"),
        Reason(code="pair", source="server"),
    }


# What a member reads


async def test_the_refusal_does_not_repeat_the_word() -> None:
    with pytest.raises(OrderRefused) as refused:
        await Screening([worded(["gore"])]).look(dataclasses.replace(order_of(), prompt="gore"))

    assert "gore" not in refused.value.sentence
    assert "Nothing was charged." in refused.value.sentence


async def test_whom_nobody_can_allow_it_is_told_so() -> None:
    screening = Screening([worded([f"[{MINORS}]", "child & nude"])])

    with pytest.raises(OrderRefused, match="minors"):
        await screening.look(dataclasses.replace(order_of(), prompt="nude child"))


async def test_what_a_moderator_is_to_see_goes_on_with_its_verdict() -> None:
    verdict = await Screening([worded(["? zombie"])]).look(dataclasses.replace(order_of(), prompt="a zombie"))

    assert verdict.outcome is Outcome.QUEUE
    assert not verdict.undecided


# The operator's file, and our own


def test_the_operators_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeff# ours\r\n\r\n  Gore \r\nblood bath\r\n".encode())

    assert [rule.words for rule in read_words(path)] == [("gore",), ("blood bath",)]
    assert read_words(None) == []


def test_a_file_that_cannot_be_read_is_named_by_its_setting(tmp_path: Path) -> None:
    binary, long, unfit = tmp_path / "binary", tmp_path / "long", tmp_path / "unfit"
    binary.write_bytes(b"\xff\xfe\x00")
    long.write_text("xx\n" * (RULES_MAX + 1))
    unfit.write_text("gore\nx\n")

    for path in (tmp_path / "missing", tmp_path, binary, long):
        with pytest.raises(SettingsError, match=f"DAILIES_BLOCKED_WORDS_FILE: {path}"):
            read_words(path)
    with pytest.raises(SettingsError, match="line 2: one letter stands in every prompt"):
        read_words(unfit)


def test_every_fault_of_a_line_has_its_words() -> None:
    from bot.screening import word_lists

    whys = {"empty", "short", "long", "star", "name", "pair", "minors"}

    assert set(word_lists._WRONG) == whys


def test_our_own_list_cannot_be_left_out_where_minors_are_meant() -> None:
    gravest = own_rules(only_gravest=True)

    assert {rule.category for rule in gravest} == {MINORS}
    assert {rule.action for rule in gravest} == {Action.BLOCK}
    assert {rule.category for rule in own_rules()} > {MINORS, "sexual", "hate", "gore"}


async def test_a_list_of_the_greatest_length_is_made_and_asked() -> None:
    lists = worded([f"word{number:x}" for number in range(RULES_MAX)])

    assert (await looked(lists, f"a w-o-r-d{RULES_MAX - 1:x}")).outcome is Outcome.BLOCK
    assert (await looked(lists, "words of many kinds")).outcome is Outcome.PASS
