"""Prompts with what no model reads: emoji alone, mentions, links, Discord's marks."""

from pathlib import Path

import pytest

from bot.ordering.unread import unread
from tests.stage import custom_ids, open_stage, texts

NO_WORD, MENTION, LINK, MARKS = "no word in it", "A mention", "no links", "marks such as"


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("a cat in the rain", []),
        ("猫が雨の中を歩く", []),
        ("Ж", []),
        ("7", []),
        ("a cat @ the door, 3 * 4 | 5 ~ 6, it's `late", []),
        ("a board that reads <#sale>, user@example.org", []),
        ("🎬🔥😀", [NO_WORD]),
        ("!!! ...", [NO_WORD]),
        ("<@123456789012345678> dances", [MENTION]),
        ("<@!1> dances", [MENTION]),
        ("<@&1> dance", [MENTION]),
        ("in <#1>", [MENTION]),
        ("<a:party:1> all night", [MENTION]),
        ("@everyone dances", [MENTION]),
        ("like https://example.org/x.png", [LINK]),
        ("like www.example.org", [LINK]),
        ("a **red** boat", [MARKS]),
        ("a ||hidden|| boat", [MARKS]),
        ("`code` on a screen", [MARKS]),
        ("<@1> **and** https://a.example", [MENTION, LINK, MARKS]),
    ],
)
def test_what_no_model_reads_is_named(prompt: str, told: list[str]) -> None:
    assert [next(word for word in told if word in each) for each in unread(prompt)] == told


@pytest.mark.parametrize("sign", ["<@", "**", "||", "`", "~~", "<:", "https://", "www."])
def test_a_prompt_made_of_one_sign_is_read_to_its_end(sign: str) -> None:
    prompt = (sign * 4_000)[:4_000]

    assert isinstance(unread(prompt), tuple)


@pytest.mark.parametrize(
    ("prompt", "told"), [("🎬🔥😀", NO_WORD), ("@everyone dances", MENTION), ("see https://a.example", LINK)]
)
async def test_such_a_prompt_is_quoted_and_costs_nothing_until_its_member_says_yes(
    tmp_path: Path, prompt: str, told: str
) -> None:
    async with open_stage(tmp_path) as stage:
        quote = await stage.ask(stage.ada, prompt=prompt)

        assert told in texts(quote)
        assert "Nothing is charged until you confirm." in texts(quote)
        assert any(one.endswith(":yes") for one in custom_ids(quote))
        assert await stage.rows() == []
        assert (await stage.money("Ada")).held_micros == 0
        assert "Ordered." in texts(await stage.answer_quote(stage.ada, quote, "yes"))
