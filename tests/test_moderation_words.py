"""`/moderation words` and `/moderation test`, as moderators use them and members feel them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cogs.moderation_words import FILE_BYTES_MAX
from tests.stage import Stage, open_stage, texts


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, words=("gore", "? zombie", "[sexual/minors]", "child & nude")) as opened:
        yield opened


async def said(stage: Stage, command: str, **options: object) -> str:
    press = await stage.mika.slash(f"moderation {command}", options, channel=stage.channel())
    return texts(await stage.mika.answer(press))


async def imported(stage: Stage, tmp_path: Path, data: bytes) -> str:
    file = tmp_path / "list.txt"
    await asyncio.to_thread(file.write_bytes, data)
    press = await stage.mika.slash(
        "moderation words import", {"file": "0"}, channel=stage.channel(), files=[file]
    )
    return texts(await stage.mika.answer(press))


async def test_a_word_is_stopped_from_the_next_prompt_on_and_taken_out_again(stage: Stage) -> None:
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a clown on a bike"))

    added = await said(stage, "words add", rule="Clown")
    refused = texts(await stage.ask(stage.ada, prompt="a c l 0 w n"))
    removed = await said(stage, "words remove", rule="clown")

    assert added == "The rule holds from the next prompt on: Clown. The list has 1 rule."
    assert refused.startswith("The prompt has a word that is not allowed here. Nothing was charged.")
    assert removed == "The rule is taken out: clown. The list has 0 rules."
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a clown on a boat"))


async def test_a_moderator_chooses_what_a_rule_does(stage: Stage) -> None:
    await said(stage, "words add", rule="blood", action="block")
    await said(stage, "words add", rule="blood orange", action="allow")
    looked = await said(stage, "words add", rule="ghost & attic", action="review")
    again = await said(stage, "words add", rule="ghost & attic", action="review")

    assert "A moderator looks where the channel reviews prompts" in looked
    assert "Nothing was changed." in again
    assert (await said(stage, "test", prompt="a blood orange")).startswith("It would pass.")
    assert (await said(stage, "test", prompt="a ghost in the attic")).startswith("A moderator would look")
    assert "not allowed" in texts(await stage.ask(stage.ada, prompt="blood"))


async def test_the_list_is_shown_and_can_be_sent_to_another_server(stage: Stage, tmp_path: Path) -> None:
    assert "no rules of its own" in await said(stage, "words list")
    brought = await imported(stage, tmp_path, b"\xef\xbb\xbf# ours\n? zombie\nclown\n\nknife & school\n")

    assert brought == "3 rules were added or changed. The list has 3 rules."
    shown = await said(stage, "words list")
    assert shown.splitlines()[0] == "3 rules"
    assert "zombie" in shown
    assert "knife & school" in shown.replace("\\", "")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"clown\nx\n", "Line 2: one letter"),
        (b"\xff\xfe\x00\x01", "is no text"),
        (b"clown\n" * (FILE_BYTES_MAX // 6 + 1), "more than 100 kB"),
        (b"".join(b"word%d\n" % number for number in range(1_001)), "at most 1000 rules"),
        (b"# nothing\n", "No rule was named"),
    ],
)
async def test_a_file_that_is_no_list_changes_nothing(
    stage: Stage, tmp_path: Path, data: bytes, why: str
) -> None:
    assert why in await imported(stage, tmp_path, data)
    assert "no rules of its own" in await said(stage, "words list")


async def test_what_is_no_rule_is_said(stage: Stage) -> None:
    assert "one letter stands in every prompt" in await said(stage, "words add", rule="x")
    assert "no such rule" in await said(stage, "words remove", rule="clown")
    assert "No rule was named" in await said(stage, "words add", rule="###")


@pytest.mark.parametrize(
    ("prompt", "said_"),
    [
        ("a boat", ["It would pass.", "Nothing was ordered, and nothing was charged."]),
        ("g0re", ["It would be refused", "- a word or phrase, by the operator's list"]),
        ("a zombie", ["A moderator would look at it", "- a word or phrase, by the operator's list"]),
        (
            "a nude child",
            ["- two words together, by the operator's list (sexual/minors)", "Nobody can allow it"],
        ),
    ],
)
async def test_a_moderator_sees_what_a_prompt_would_meet_and_nothing_is_ordered(
    stage: Stage, prompt: str, said_: list[str]
) -> None:
    shown = await said(stage, "test", prompt=prompt)

    for one in said_:
        assert one in shown
    assert await stage.rows() == []


async def test_the_rules_are_offered_as_one_types(stage: Stage, tmp_path: Path) -> None:
    await imported(stage, tmp_path, b"clown\n? zombie\nknife & school\n")

    offered = await stage.mika.autocomplete("moderation words remove", "rule", "zo", channel=stage.channel())

    assert [one["value"] for one in offered] == ["? zombie"]
    assert "taken out" in await said(stage, "words remove", rule="? zombie")


async def test_members_are_not_shown_it(stage: Stage) -> None:
    assert "moderation" not in {command["name"] for command in await stage.ada.commands()}
