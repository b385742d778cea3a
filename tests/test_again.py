"""Takes, drafts, Make final and Again: what of an order is kept for the next one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Job, JobState, Kind
from bot.offers.options import SEED_MAX
from bot.sandbox.person import Person
from cogs.making_buttons import Action, on_card, under_clip
from tests.making_scene import NOTHING_CHARGED, animate, buttons, made, newest, pressed, published
from tests.picture_files import drawing, encoded
from tests.stage import Json, Stage, custom_ids, open_stage, texts


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def press(stage: Stage, person: Person, job: Job, action: Action) -> Json:
    """What answers one of the buttons of a job."""
    return await person.answer(await pressed(person, await buttons(stage, job.id), action))


async def draft(stage: Stage, **options: Any) -> Job:
    answer = await stage.ask(stage.ada, prompt="a paper boat", draft=True, **options)
    assert "Ordered." in texts(answer), texts(answer)
    return await newest(stage)


async def assert_refused(answer: Json, *, saying: str) -> None:
    assert answer["flags"] & 64
    assert saying in texts(answer), texts(answer)
    assert NOTHING_CHARGED in texts(answer)
    assert custom_ids(answer) == []


# Takes


async def test_takes_are_jobs_of_one_order_and_one_price(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", takes=4)

    assert "$1.60" in texts(quote)
    assert "4 takes, each $0.40" in texts(quote)
    assert "$10.00 left, $8.40 after this" in texts(quote)

    receipt = await stage.answer_quote(stage.ada, quote, "yes")

    rows = sorted(await stage.rows(), key=lambda job: job.take)
    assert "$1.60" in texts(receipt)
    assert [job.take for job in rows] == [1, 2, 3, 4]
    assert {job.order_id for job in rows} == {rows[0].id}
    assert (await stage.money("Ada")).held_micros == 1_600_000


async def test_takes_with_a_seed_have_a_seed_of_their_own(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat", takes=2, seed=SEED_MAX)

    rows = sorted(await stage.rows(), key=lambda job: job.take)
    assert [job.order.seed for job in rows] == [SEED_MAX, 0]


async def test_takes_that_do_not_all_fit_the_budget_are_all_refused(stage: Stage) -> None:
    for _ in range(5):
        quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)
        await stage.answer_quote(stage.ada, quote, "yes")
    before = len(await stage.rows())

    answer = await stage.ask(stage.ada, prompt="a paper boat", takes=2)

    await assert_refused(answer, saying="too little")
    assert len(await stage.rows()) == before


@pytest.mark.parametrize("takes", [0, 5, -1, 10**9])
async def test_a_number_of_takes_that_no_form_lets_through_is_refused(stage: Stage, takes: int) -> None:
    options = [
        {"type": 3, "name": "prompt", "value": "a paper boat"},
        {"type": 4, "name": "takes", "value": takes},
    ]

    answer = await stage.ask_raw(stage.ada, options)

    assert NOTHING_CHARGED in texts(answer)
    assert await stage.rows() == []


# Drafts and finals


async def test_a_draft_is_the_lowest_price_with_a_seed_to_come_back_to(stage: Stage) -> None:
    job = await draft(stage, resolution="1080p", duration=12)

    order = job.order
    assert (order.draft, order.resolution, order.duration_s) == (True, "720p", 4)
    assert order.seed is not None


async def test_make_final_quotes_the_best_of_the_model_at_the_asked_length(stage: Stage) -> None:
    job = await draft(stage, duration=12, aspect_ratio="9:16")

    quote = await press(stage, stage.ada, job, Action.FINAL)

    assert "$1.20 (12 s at $0.10 a second)" in texts(quote)
    assert len(await stage.rows()) == 1
    await stage.answer_quote(stage.ada, quote, "yes")
    order = (await newest(stage)).order
    assert (order.resolution, order.duration_s, order.aspect_ratio) == ("1080p", 12, "9:16")
    assert (order.seed, order.draft, order.source_job_id) == (job.order.seed, False, job.id)


async def test_the_final_has_the_resolution_that_was_typed(stage: Stage) -> None:
    asked_ = await stage.ask(
        stage.ada, prompt="a paper boat", draft=True, resolution="720p", duration=12, takes=4
    )
    assert "Make final orders it in 720p later, 12 s long." in texts(asked_)
    await stage.answer_quote(stage.ada, asked_, "yes")
    job = await newest(stage)

    await stage.answer_quote(stage.ada, await press(stage, stage.ada, job, Action.FINAL), "yes")

    order = (await newest(stage)).order
    assert (order.draft, order.resolution, order.duration_s) == (False, "720p", 12)


async def test_make_final_shows_its_price_first_however_small(stage: Stage) -> None:
    job = await draft(stage)

    quote = await press(stage, stage.ada, job, Action.FINAL)

    assert "$0.40 (4 s at" in texts(quote)
    assert any(one.endswith(":yes") for one in custom_ids(quote))


async def test_the_final_of_a_take_has_that_takes_seed(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat", draft=True, takes=2)
    second = max(await stage.rows(), key=lambda job: job.take)

    await stage.answer_quote(stage.ada, await press(stage, stage.ada, second, Action.FINAL), "yes")

    order = (await newest(stage)).order
    assert (order.seed, order.takes) == (second.order.seed, 1)


async def test_a_quoted_draft_is_the_draft_that_was_quoted(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", draft=True, takes=4, duration=8)
    await stage.answer_quote(stage.ada, quote, "yes")
    first = min(await stage.rows(), key=lambda job: job.take)

    final = await press(stage, stage.ada, first, Action.FINAL)

    assert f"seeds {first.order.seed}, " in texts(quote)
    assert "$0.80 (8 s at" in texts(final)


async def test_what_is_no_draft_has_no_final(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")

    answer = await press(stage, stage.ada, await newest(stage), Action.FINAL)

    await assert_refused(answer, saying="This is no draft")


async def test_the_draft_of_an_animation_has_its_picture_in_the_final(stage: Stage, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    await asyncio.to_thread(picture.write_bytes, encoded(drawing(400, 400), "PNG"))
    quote = await animate(stage, stage.ada, picture, draft=True, fit="pad")
    await stage.answer_quote(stage.ada, quote, "yes")

    final = await press(stage, stage.ada, await newest(stage), Action.FINAL)
    await stage.answer_quote(stage.ada, final, "yes")

    order = (await newest(stage)).order
    assert "bars at its sides" in texts(final)
    assert order.kind is Kind.ANIMATE
    assert order.source is not None
    assert (order.source.width, order.source.height) == (1920, 1080)


# Again


async def test_again_is_the_same_order_with_another_seed(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat", resolution="1080p", duration=8, seed=7, spoiler=True)
    first = await newest(stage)

    answer = await press(stage, stage.ada, first, Action.AGAIN)

    second = await newest(stage)
    assert "Ordered." in texts(answer)
    assert second.id != first.id
    assert (second.order.prompt, second.order.resolution) == ("a paper boat", "1080p")
    assert (second.order.duration_s, second.order.spoiler, second.order.seed) == (8, True, None)


async def test_again_is_paid_by_who_presses_it(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")

    await press(stage, stage.bruno, await newest(stage), Action.AGAIN)

    assert (await newest(stage)).order.member == stage.member("Bruno")
    assert (await stage.money("Bruno")).held_micros == 400_000


async def test_again_of_a_dear_order_asks_first(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)
    await stage.answer_quote(stage.ada, quote, "yes")

    answer = await press(stage, stage.ada, await newest(stage), Action.AGAIN)

    assert "$2.00 (20 s at" in texts(answer)
    assert len(await stage.rows()) == 1


async def test_two_presses_at_once_are_two_orders_and_one_press_is_one(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")
    message = await buttons(stage, (await newest(stage)).id)

    presses = await asyncio.gather(*(pressed(stage.ada, message, Action.AGAIN) for _ in range(2)))
    for one in presses:
        await stage.ada.answer(one)

    rows = await stage.rows()
    assert len(rows) == 3
    assert len({job.order.interaction_id for job in rows}) == 3


async def test_again_of_an_older_release_goes_by_the_job_alone(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat", resolution="1080p")
    await stage.database.write(lambda tx: tx.execute("DELETE FROM typed").rowcount)

    answer = await press(stage, stage.ada, await newest(stage), Action.AGAIN)

    assert "Ordered." in texts(answer)
    assert (await newest(stage)).order.resolution == "1080p"


async def test_again_of_a_remix_is_of_the_same_clip(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    given = {"clip": clip.id, "prompt": "now at night"}
    quote = await stage.ada.answer(await stage.ada.slash("remix", given, channel=stage.channel()))
    await stage.answer_quote(stage.ada, quote, "yes")

    again = await press(stage, stage.ada, await newest(stage), Action.AGAIN)
    await stage.answer_quote(stage.ada, again, "yes")

    order = (await newest(stage)).order
    assert (order.kind, order.source_job_id, order.prompt) == (Kind.REMIX, clip.id, "now at night")


async def test_the_picture_of_another_is_not_used_again(stage: Stage, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    await asyncio.to_thread(picture.write_bytes, encoded(drawing(640, 360), "PNG"))
    await animate(stage, stage.ada, picture)
    job = await newest(stage)

    answer = await press(stage, stage.bruno, job, Action.AGAIN)

    await assert_refused(answer, saying="another member's picture")
    assert "Ordered." in texts(await press(stage, stage.ada, job, Action.AGAIN))


async def test_what_is_private_is_made_again_by_its_member_alone(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat", private=True)
    job = await newest(stage)

    await assert_refused(await press(stage, stage.bruno, job, Action.AGAIN), saying="is not known here.")
    assert "Ordered." in texts(await press(stage, stage.ada, job, Action.AGAIN))


async def test_an_order_of_another_channel_is_made_again_by_its_member_alone(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat", channel="showcase")
    job = await newest(stage)

    await assert_refused(await press(stage, stage.bruno, job, Action.AGAIN), saying="is not known here.")
    assert "Ordered." in texts(await press(stage, stage.ada, job, Action.AGAIN))


async def test_what_was_private_and_is_published_is_made_again_by_anybody_who_sees_it(stage: Stage) -> None:
    job = await published(stage, await made(stage, stage.ada, options={"private": True}))

    assert "Ordered." in texts(await press(stage, stage.bruno, job, Action.AGAIN))
    again = await newest(stage)
    assert again.order.member == stage.member("Bruno")


async def test_a_clip_that_one_can_see_from_elsewhere_is_made_again_from_there(stage: Stage) -> None:
    shown = await made(stage, stage.ada, channel="showcase")
    hidden = await made(stage, stage.mika, channel="mods")

    assert "Ordered." in texts(await press(stage, stage.bruno, shown, Action.AGAIN))
    await assert_refused(await press(stage, stage.bruno, hidden, Action.AGAIN), saying="is not known here.")


async def test_a_failed_order_can_be_made_again(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")
    job = await newest(stage)
    await stage.orders.cancel_order(job.id, by=stage.member("Ada"), moderator=False)

    await press(stage, stage.ada, job, Action.AGAIN)

    states = sorted(row.state for row in await stage.rows())
    assert states == [JobState.CANCELLED, JobState.QUEUED]


async def test_a_press_while_the_bot_stops_orders_nothing(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")
    stage.client.stop_taking_orders()

    answer = await press(stage, stage.ada, await newest(stage), Action.AGAIN)

    await assert_refused(answer, saying="The bot is restarting.")


async def test_the_buttons_under_a_clip_are_a_row(stage: Stage) -> None:
    job = await draft(stage)

    shown = under_clip(job, can_extend=True)

    assert len(shown) == 5
    assert len(on_card(job)) == 2
