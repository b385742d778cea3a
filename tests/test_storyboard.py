"""`/storyboard` over the wire: the form, the quote on which all else is chosen, and the way back to it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from discord import SelectOption, ui

from bot.domain import PROMPT_CHARS_MAX, GuildId, Kind, Limits, Micros
from bot.errors import NotYours
from bot.ordering.asked import Asked
from bot.ordering.sheets import HOLDS
from bot.prompts import Parts
from bot.sandbox.permissions import Permission
from bot.sandbox.person import Person, PersonError
from cogs.making_buttons import Action
from cogs.storyboard import ADVICE_SHOWN
from cogs.storyboard_controls import ChoiceSelect, Field, PartsButton, choices
from tests.making_scene import NOTHING_CHARGED, buttons, newest, pressed
from tests.stage import Json, Stage, button, custom_ids, open_stage, texts, walk

PARTS = {
    "camera": "Low-angle tracking shot",
    "action": "A cat crosses a puddle",
    "dialogue": "She says softly: Not again",
    "sound": "Rain on tin, no music",
    "place": "Backyard at night, one lamp, wry",
}
PROMPT = (
    'Low-angle tracking shot. A cat crosses a puddle. She says softly: "Not again". '
    "Rain on tin, no music. Backyard at night, one lamp, wry."
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def form(stage: Stage, person: Person, *, channel: str = "dailies", **options: Any) -> Json:
    """The form that the command opens."""
    return await person.modal(await person.slash("storyboard", options, channel=stage.channel(channel)))


async def storyboard(stage: Stage, person: Person, **parts: str) -> Json:
    """What answers the form with these parts."""
    return await person.answer(await person.submit(await form(stage, person), parts or PARTS))


async def chosen(person: Person, message: Json, field: str, value: str, *, unchecked: bool = False) -> Json:
    """The message after something was chosen on it."""
    custom_id = button(message, f"sheet:{field}:")["custom_id"]
    press = await person.press(message, custom_id, values=[value], unchecked=unchecked)
    return await person.wait_for_message(lambda m: bool(m["id"] == message["id"]), since=press.mark)


async def reopened(person: Person, message: Json) -> Json:
    """The form that Edit the parts opens."""
    press = await person.press(message, button(message, "parts:")["custom_id"])
    return await person.modal(press)


def written(modal: Json) -> dict[str, str | None]:
    """What stands in a form's fields."""
    fields = [one["component"] for one in modal["components"]]
    return {field["custom_id"]: field.get("value") for field in fields}


def has_now(message: Json, field: str) -> str:
    """What is chosen in a select."""
    (value,) = [one["value"] for one in button(message, f"sheet:{field}:")["options"] if one.get("default")]
    return str(value)


async def test_the_form_asks_for_the_five_parts_in_the_guides_order(stage: Stage) -> None:
    modal = await form(stage, stage.ada)

    fields = [one["component"] for one in modal["components"]]
    assert [field["custom_id"] for field in fields] == ["camera", "action", "dialogue", "sound", "place"]
    assert [field["required"] for field in fields] == [False, True, False, False, False]
    assert await stage.rows() == []


async def test_the_parts_become_a_prompt_with_its_price_before_anything_is_charged(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)

    assert quote["flags"] & 64
    assert "Low\\-angle tracking shot. A cat crosses" in texts(quote)
    assert "This costs $0.40" in texts(quote)
    assert "$10.00 left, $9.60 after this" in texts(quote)
    assert await stage.rows() == []

    await stage.answer_quote(stage.ada, quote, "yes")

    (job,) = await stage.rows()
    assert job.order.prompt == PROMPT


async def test_everything_else_is_chosen_on_the_quote_and_quoted_anew_in_its_place(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)

    longer = await chosen(stage.ada, quote, "length", "12")
    tall = await chosen(stage.ada, longer, "shape", "9:16")
    sharp = await chosen(stage.ada, tall, "resolution", "1080p")

    assert {longer["id"], tall["id"], sharp["id"]} == {quote["id"]}
    assert "This costs $1.20" in texts(sharp)
    assert "$10.00 left, $8.80 after this" in texts(sharp)
    assert [has_now(sharp, each) for each in ("length", "shape", "resolution")] == ["12", "9:16", "1080p"]
    assert await stage.rows() == []

    await stage.answer_quote(stage.ada, sharp, "yes")

    (job,) = await stage.rows()
    assert (job.order.duration_s, job.order.aspect_ratio, job.order.resolution) == (12, "9:16", "1080p")
    assert (await stage.money("Ada")).held_micros == 1_200_000


async def test_a_quote_that_was_replaced_cannot_be_confirmed_any_more(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    await chosen(stage.ada, quote, "length", "12")

    (old,) = [one.split(":")[1] for one in custom_ids(quote) if one.endswith(":yes")]

    with pytest.raises(NotYours, match="This quote was declined or has expired"):
        await stage.orders.accept(old, stage.member("Ada").user_id)
    assert await stage.rows() == []


async def test_advice_stands_on_the_quote_and_never_in_the_way(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada, action="A cat crosses a puddle")

    assert "Advice" in texts(quote)
    assert "One bare sentence gives a common clip" in texts(quote)
    assert any(one.endswith(":yes") for one in custom_ids(quote))
    assert "Advice" not in texts(await storyboard(stage, stage.ada))


async def test_what_a_part_says_is_not_missed(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada, action="A cat crosses a puddle", sound="Rain on tin")

    assert "Nothing says what is heard" not in texts(quote)
    assert "Begin with the camera" in texts(quote)
    filled = await storyboard(stage, stage.ada, action="A cat", sound="Rain on tin", camera="From the floor")
    assert "Begin with the camera" not in texts(filled)


async def test_the_form_comes_back_as_it_was_filled_in_and_answers_in_place(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    longer = await chosen(stage.ada, quote, "length", "8")

    modal = await reopened(stage.ada, longer)

    assert written(modal) == PARTS
    press = await stage.ada.submit(modal, {**PARTS, "action": "A dog crosses a puddle"})
    anew = await stage.ada.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)
    assert "A dog crosses" in texts(anew)
    assert has_now(anew, "length") == "8"


async def test_what_was_written_survives_a_refused_order(tmp_path: Path) -> None:
    async with open_stage(tmp_path, limits=Limits(member_monthly_micros=Micros(100_000))) as stage:
        refused = await storyboard(stage, stage.ada)

        assert NOTHING_CHARGED in texts(refused)
        assert not any(one.endswith(":yes") for one in custom_ids(refused))
        assert written(await reopened(stage.ada, refused)) == PARTS


async def test_parts_that_are_too_long_together_are_refused_with_their_length(stage: Stage) -> None:
    long = dict.fromkeys(PARTS, "a" * 1_500)

    refused = await storyboard(stage, stage.ada, **long)

    assert "a prompt has 4,000 at most" in texts(refused)
    assert NOTHING_CHARGED in texts(refused)
    assert written(await reopened(stage.ada, refused)) == long


async def test_a_part_that_no_form_lets_through_is_refused_and_bounded(stage: Stage) -> None:
    modal = await form(stage, stage.ada)

    press = await stage.ada.submit(modal, {"action": "a" * 4_001, "camera": "\u0000"}, unchecked=True)

    refused = await stage.ada.answer(press)
    assert NOTHING_CHARGED in texts(refused)
    assert len(written(await reopened(stage.ada, refused))["action"] or "") == 1_500
    assert await stage.rows() == []


@pytest.mark.parametrize("text", ["", "   ", "\u200b"])
async def test_a_form_that_says_nothing_is_refused(stage: Stage, text: str) -> None:
    press = await stage.ada.submit(await form(stage, stage.ada), {"action": text}, unchecked=True)

    assert "The prompt is empty." in texts(await stage.ada.answer(press))


async def test_an_empty_field_for_sound_is_advised_on_whatever_language_the_others_are_in(
    stage: Stage,
) -> None:
    silent = await storyboard(stage, stage.ada, action="狐が雪の中を跳ぶ")
    heard = await storyboard(stage, stage.ada, action="狐が雪の中を跳ぶ", sound="風の音")

    assert "The field for sound is empty" in texts(silent)
    assert "The field for sound is empty" not in texts(heard)


async def test_emoji_are_a_prompt_and_mentions_are_shown_as_text(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada, action="🐈💦", sound="@everyone <@1> **loud**")

    assert "🐈💦" in texts(quote)
    assert "\\@everyone" in texts(quote)
    assert "\\*\\*loud" in texts(quote)


async def test_a_blocked_word_is_refused_with_the_way_back(tmp_path: Path) -> None:
    async with open_stage(tmp_path, words=("forbidden thing",)) as stage:
        refused = await storyboard(stage, stage.ada, action="a cat", sound="the forbidden thing")

        assert "a word that is not allowed here" in texts(refused)
        assert button(refused, "parts:")


async def test_a_sheet_is_its_members_own(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    sheet_id = button(quote, "parts:")["custom_id"].partition(":")[2]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(PartsButton(sheet_id)))
    options = [SelectOption(label=each, value=each) for each in ("4", "8")]
    view.add_item(ui.ActionRow(ChoiceSelect(Field.LENGTH, sheet_id, options)))
    sent = await stage.client.get_partial_messageable(int(stage.channel())).send(view=view)
    message = await stage.bruno.message(stage.channel(), str(sent.id))

    edit = await stage.press(stage.bruno, message, "parts:")
    choice = await chosen(stage.bruno, message, "length", "8")

    assert "has expired or is not yours" in texts(edit)
    assert "has expired or is not yours" in texts(choice)
    assert await stage.rows() == []


async def test_a_sheet_is_of_its_own_server_too(stage: Stage) -> None:
    ada = stage.member("Ada")
    asked = Asked(guild_id=ada.guild_id, user_id=ada.user_id, channel_id=1, interaction_id=1, prompt="")
    sheet_id = await stage.sheets.begin(asked, ada)

    with pytest.raises(NotYours):
        await stage.sheets.get(sheet_id, replace(ada, guild_id=GuildId(ada.guild_id - 1)))


async def test_a_sheet_is_forgotten_after_a_day(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    stage.clock.advance(HOLDS + timedelta(seconds=1))

    answer = await stage.press(stage.ada, quote, "parts:")

    assert "has expired or is not yours" in texts(answer)
    assert NOTHING_CHARGED in texts(answer)


@pytest.mark.parametrize("value", ["-1", "twelve", "9" * 50, "٣", "99"])
async def test_a_length_that_no_list_offers_costs_nothing(stage: Stage, value: str) -> None:
    quote = await storyboard(stage, stage.ada)
    custom_id = button(quote, "sheet:length:")["custom_id"]

    press = await stage.ada.press(quote, custom_id, values=[value], unchecked=True)
    refused = await stage.ada.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)

    if value != "99":  # which is the nearest that there is
        assert "This choice is not known." in texts(refused)
    assert await stage.rows() == []


async def test_a_value_longer_than_any_model_s_name_is_not_looked_for(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    custom_id = button(quote, "sheet:shape:")["custom_id"]

    press = await stage.ada.press(quote, custom_id, values=["x" * 121], unchecked=True)
    refused = await stage.ada.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)

    assert "This choice is not known." in texts(refused)


async def test_a_prompt_of_which_much_could_be_said_hears_the_weightiest(stage: Stage) -> None:
    words = " ".join(["and the old man walks along the long street in the city"] * 20)
    lines = '"' + "I have been here before and you were not. " * 6 + '"'
    quote = await storyboard(stage, stage.ada, action=words, dialogue=lines)

    longer = await chosen(stage.ada, quote, "length", "20")

    advice = texts(longer).partition("**Advice**")[2]
    assert advice.count("\n- ") == ADVICE_SHOWN
    assert "cut what matters least" in advice


async def test_a_model_that_is_not_there_is_said_with_the_way_back(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    custom_id = button(quote, "sheet:shape:")["custom_id"]

    press = await stage.ada.press(quote, custom_id, values=["banana"], unchecked=True)
    refused = await stage.ada.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)

    assert "no aspect ratio banana" in texts(refused)
    assert NOTHING_CHARGED in texts(refused)
    assert button(refused, "parts:")


async def test_an_order_that_stands_is_not_quoted_again(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    modal = await reopened(stage.ada, quote)
    await stage.answer_quote(stage.ada, quote, "yes")

    press = await stage.ada.submit(modal, PARTS)
    answer = await stage.ada.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)

    assert "is an order already, which stands" in texts(answer)
    assert len(await stage.rows()) == 1


async def test_confirming_and_choosing_at_once_is_one_order_at_most(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    (yes,) = [one for one in custom_ids(quote) if one.endswith(":yes")]
    length = button(quote, "sheet:length:")["custom_id"]

    presses = await asyncio.gather(
        stage.ada.press(quote, yes), stage.ada.press(quote, length, values=["8"]), stage.ada.press(quote, yes)
    )
    await asyncio.gather(*(stage.ada.outcome(press) for press in presses))

    assert len(await stage.rows()) <= 1


async def test_a_model_can_be_named_with_the_command(stage: Stage) -> None:
    press = await stage.ada.submit(await form(stage, stage.ada, model="no-such-model"), PARTS)

    assert "There is no such model here." in texts(await stage.ada.answer(press))


async def test_where_nothing_may_be_posted_no_form_is_opened(stage: Stage) -> None:
    stage.deny(1 << 11)

    press = await stage.ada.slash("storyboard", {}, channel=stage.channel())

    answer = await stage.ada.answer(press)
    assert "Send Messages" in texts(answer)
    assert custom_ids(answer) == []


async def test_a_place_that_was_closed_meanwhile_takes_no_more_of_a_storyboard(stage: Stage) -> None:
    modal = await form(stage, stage.ada)
    quote = await storyboard(stage, stage.ada)
    stage.deny(Permission.ATTACH_FILES)

    edit = await stage.ada.press(quote, button(quote, "parts:")["custom_id"])
    told = [
        await stage.ada.answer(edit),
        await stage.ada.answer(await stage.ada.submit(modal, PARTS)),
        await chosen(stage.ada, quote, "length", "12"),
    ]

    assert ["it lacks: Attach Files" in texts(each) for each in told] == [True] * 3
    assert await stage.rows() == []


async def test_the_sandbox_refuses_a_form_without_an_action(stage: Stage) -> None:
    with pytest.raises(PersonError):
        await stage.ada.submit(await form(stage, stage.ada), {"sound": "rain"})


async def test_every_row_of_choices_has_more_than_one(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)

    selects = [one for one in walk(quote["components"]) if one["type"] == 3]
    assert {one["custom_id"].split(":")[1] for one in selects} == {"length", "shape", "resolution", "quality"}
    assert all(len(one["options"]) > 1 for one in selects)


async def test_what_is_chosen_now_stands_in_a_list_that_is_too_long_for_discord(stage: Stage) -> None:
    (row,) = [one for one in stage.catalogue.models(Kind.GENERATE) if one.id == "studio"]
    many = row.model_copy(update={"durations_s": tuple(range(1, 41))})
    order = replace(stage.job().order, duration_s=40)

    rows = choices("0" * 16, order, [many])

    (select,) = [
        one["components"][0]
        for one in map(ui.ActionRow.to_component_dict, rows)
        if one["components"][0]["custom_id"].startswith("sheet:length:")
    ]
    values = [one["value"] for one in select["options"]]
    assert values == [*map(str, range(1, 25)), "40"]
    assert [one["value"] for one in select["options"] if one.get("default")] == ["40"]


async def test_nothing_but_what_is_chosen_on_a_quote_changes_a_sheet_and_no_part_is_longer_than_a_prompt(
    stage: Stage,
) -> None:
    ada = stage.member("Ada")
    asked = Asked(guild_id=ada.guild_id, user_id=ada.user_id, channel_id=1, interaction_id=1, prompt="")
    sheet_id = await stage.sheets.begin(asked, ada)

    kept = await stage.sheets.fill(sheet_id, ada, Parts(camera="x" * (PROMPT_CHARS_MAX + 1)))
    with pytest.raises(ValueError, match="not chosen on a quote"):
        await stage.sheets.choose(sheet_id, ada, {"user_id": 1})

    assert len(kept.parts.camera) == PROMPT_CHARS_MAX
    assert (await stage.sheets.get(sheet_id, ada)).asked.user_id == ada.user_id


# Drafts


async def test_a_draft_is_chosen_on_the_quote_and_its_final_has_the_length_that_was_chosen(
    stage: Stage,
) -> None:
    quote = await storyboard(stage, stage.ada)
    long = await chosen(stage.ada, quote, "length", "12")

    draft = await chosen(stage.ada, long, "quality", "draft")

    assert "This costs $0.40" in texts(draft)
    assert "Make final orders it at its best later, 12 s long" in texts(draft)
    assert (has_now(draft, "length"), has_now(draft, "quality")) == ("12", "draft")
    assert "Length of the final: 12 s" in [
        one["label"] for one in button(draft, "sheet:length:")["options"] if one.get("default")
    ]
    assert not any(one.startswith("sheet:resolution:") for one in custom_ids(draft))
    await stage.answer_quote(stage.ada, draft, "yes")
    (job,) = await stage.rows()
    assert (job.order.draft, job.order.duration_s, job.order.resolution) == (True, 4, "720p")

    message = await buttons(stage, job.id)
    final = await stage.ada.answer(await pressed(stage.ada, message, Action.FINAL))

    assert "12 s at" in texts(final)
    await stage.answer_quote(stage.ada, final, "yes")
    order = (await newest(stage)).order
    assert (order.prompt, order.draft, order.duration_s) == (PROMPT, False, 12)
    assert (order.resolution, order.seed) == ("1080p", job.order.seed)


async def test_the_length_of_a_final_is_chosen_while_it_is_a_draft(stage: Stage) -> None:
    modal = await form(stage, stage.ada, draft=True)
    draft = await stage.ada.answer(await stage.ada.submit(modal, PARTS))

    longer = await chosen(stage.ada, draft, "length", "8")
    full = await chosen(stage.ada, longer, "quality", "full")

    assert "Make final orders it at its best later." in texts(draft)
    assert "This costs $0.40" in texts(longer)
    assert "later, 8 s long" in texts(longer)
    assert "This costs $0.80" in texts(full)
    assert "Make final" not in texts(full)
    assert (has_now(full, "length"), has_now(full, "quality")) == ("8", "full")


async def test_a_quality_that_no_list_offers_costs_nothing(stage: Stage) -> None:
    quote = await storyboard(stage, stage.ada)
    custom_id = button(quote, "sheet:quality:")["custom_id"]

    press = await stage.ada.press(quote, custom_id, values=["best"], unchecked=True)
    refused = await stage.ada.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)

    assert "This choice is not known." in texts(refused)
    assert await stage.rows() == []
