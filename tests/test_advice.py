"""Advice over the wire: one press away on quotes and receipts, for the one who ordered, never in the way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord import ui

from bot.domain import JobId
from bot.sandbox.person import Person
from cogs.advice_button import AdviceButton, Of
from tests.making_scene import NOTHING_CHARGED, animate, newest
from tests.picture_files import drawing, encoded
from tests.stage import Json, Stage, button, custom_ids, open_stage, texts

BARE = "A cat sleeps"
GOOD = (
    "Low-angle tracking shot of a cat that crosses a puddle, and shakes its paw. Rain on tin, no music. "
    "Backyard at night, one lamp, wry. It ends on the cat's stare."
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def edited(stage: Stage, person: Person, message: Json, prompt: str) -> Json:
    """What answers the form of Edit the prompt, sent in with another prompt."""
    press = await person.press(message, button(message, "advice:edit:")["custom_id"])
    return await person.answer(await person.submit(await person.modal(press), {"prompt": prompt}))


async def put(stage: Stage, item: AdviceButton) -> Json:
    """A message of the bot's with this button, that everybody sees."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(item))
    sent = await stage.client.get_partial_messageable(int(stage.channel())).send(view=view)
    return await stage.bruno.message(stage.channel(), str(sent.id))


async def test_a_quote_leads_to_advice_and_that_to_another_prompt_and_quote(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt=BARE, duration=20)
    assert "piece of advice" in button(quote, "advice:show:quote:")["label"]
    assert "common clip" not in texts(quote)

    advice = await stage.press(stage.ada, quote, "advice:show:quote:")
    assert advice["flags"] & 64
    assert "One bare sentence gives a common clip" in texts(advice)
    anew = await edited(stage, stage.ada, advice, GOOD)

    assert "This costs $2.00" in texts(anew)
    assert "20 s" in texts(anew)
    assert not any(one.startswith("advice:") for one in custom_ids(anew))
    assert await stage.rows() == []
    await stage.answer_quote(stage.ada, anew, "yes")
    assert (await newest(stage)).order.prompt == GOOD


async def test_the_quote_before_the_change_is_taken_back(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt=BARE, duration=20)
    advice = await stage.press(stage.ada, quote, "advice:show:quote:")
    await edited(stage, stage.ada, advice, GOOD)

    await stage.answer_quote(stage.ada, quote, "yes")

    assert await stage.rows() == []


async def test_an_order_placed_at_once_has_its_advice_on_the_receipt(stage: Stage) -> None:
    receipt = await stage.ask(stage.ada, prompt=BARE, seed=7)
    assert "Ordered." in texts(receipt)
    assert "common clip" not in texts(receipt)

    advice = await stage.press(stage.ada, receipt, "advice:show:job:")
    assert "One bare sentence gives a common clip" in texts(advice)
    anew = await edited(stage, stage.ada, advice, GOOD)

    assert "This costs $0.40" in texts(anew)
    assert "seed 7" in texts(anew)
    assert len(await stage.rows()) == 1


async def test_a_prompt_with_nothing_to_say_of_has_no_button(stage: Stage) -> None:
    receipt = await stage.ask(stage.ada, prompt=GOOD)
    quote = await stage.ask(stage.ada, prompt=GOOD, duration=20)

    assert custom_ids(receipt) == []
    assert not any(one.startswith("advice:") for one in custom_ids(quote))


async def test_an_animation_is_advised_as_one(stage: Stage, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(encoded(drawing(1280, 720), "PNG"))

    receipt = await animate(stage, stage.ada, picture, prompt="A grey cat on a red chair in a room.")

    assert "what moves in it" in texts(await stage.press(stage.ada, receipt, "advice:show:"))


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [("a" * 4_001, "4,001 characters"), ("  ", "The prompt is empty."), ("", "The prompt is empty.")],
)
async def test_a_prompt_that_no_form_lets_through_is_refused(
    stage: Stage, prompt: str, sentence: str
) -> None:
    receipt = await stage.ask(stage.ada, prompt=BARE)
    press = await stage.ada.press(receipt, button(receipt, "advice:show:")["custom_id"])
    advice = await stage.ada.answer(press)
    opened = await stage.ada.press(advice, button(advice, "advice:edit:")["custom_id"])
    modal = await stage.ada.modal(opened)

    answer = await stage.ada.answer(await stage.ada.submit(modal, {"prompt": prompt}, unchecked=True))

    assert sentence in texts(answer)
    assert NOTHING_CHARGED in texts(answer)
    assert len(await stage.rows()) == 1


async def test_advice_is_for_the_one_who_ordered(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt=BARE, duration=20)
    quote_id = button(quote, "advice:show:")["custom_id"].rpartition(":")[2]
    await stage.ask(stage.ada, prompt=BARE)
    job = await newest(stage)

    for edits in (False, True):
        of_quote = await put(stage, AdviceButton(Of.QUOTE, quote_id, edits=edits))
        of_job = await put(stage, AdviceButton(Of.JOB, job.id, edits=edits))
        gone = await put(stage, AdviceButton(Of.JOB, JobId("0000000000000009"), edits=edits))
        assert "is not yours" in texts(await stage.press(stage.bruno, of_quote, "advice:"))
        assert "another member's" in texts(await stage.press(stage.bruno, of_job, "advice:"))
        assert "not known here" in texts(await stage.press(stage.bruno, gone, "advice:"))


async def test_a_custom_id_edited_by_hand_is_answered_and_does_nothing(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt=BARE, duration=20)

    for custom_id in ("advice:show:clip:0000000000000009", "advice:edit:quote:x", "parts:", "sheet:length:0"):
        press = await stage.ada.press(quote, custom_id, unchecked=True)
        assert "This button is not known any more." in texts(await stage.ada.answer(press))
    assert await stage.rows() == []


async def test_two_presses_at_once_are_two_answers_and_no_order(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt=BARE, duration=20)

    answers = await asyncio.gather(*(stage.press(stage.ada, quote, "advice:show:") for _ in range(2)))

    assert len({one["id"] for one in answers}) == 2
    assert await stage.rows() == []
