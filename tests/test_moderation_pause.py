"""`/moderation pause` and `/moderation resume`, as moderators use them and members feel them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import acts
from storage.acts import Wanted
from tests.stage import Stage, open_stage, texts


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def said(stage: Stage, command: str, **options: object) -> str:
    press = await stage.mika.slash(f"moderation {command}", options, channel=stage.channel())
    return texts(await stage.mika.answer(press))


async def test_no_order_is_taken_in_a_paused_channel_until_it_goes_on(stage: Stage) -> None:
    here = f"<#{stage.channel()}>"
    placed = await stage.ask(stage.ada, prompt="a paper boat")
    assert "Ordered" in texts(placed)

    assert await said(stage, "pause") == (
        f"Paused: {here}. No order is taken and none submitted until /moderation resume. "
        "1 order waits, with $0.40 set aside; what is being made goes on."
    )
    refused = texts(await stage.ask(stage.ada, prompt="another boat"))
    again = await said(stage, "pause")
    went_on = await said(stage, "resume")

    assert refused == (
        "The moderators have paused the orders of this channel. Nothing was charged. "
        "Order again when they go on."
    )
    assert "Nothing was changed." in again
    assert went_on == f"Orders go on: {here}. 1 order had waited, with $0.40 set aside."
    assert stage.woken == [(await stage.rows())[-1].id]
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="another boat"))
    assert len(await stage.rows()) == 2


async def test_a_paused_server_takes_no_order_anywhere_and_another_channels_pause_holds_nothing(
    stage: Stage,
) -> None:
    mods = stage.sandbox.world.channel_named("mods")
    await said(stage, "pause", channel=str(mods.id))
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a paper boat"))

    await said(stage, "pause", server=True)
    refused = texts(await stage.ask(stage.ada, prompt="another boat"))
    went_on = await said(stage, "resume", server=True)

    assert refused.startswith("The moderators have paused this server's orders.")
    assert f"Still paused: <#{mods.id}>." in went_on
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="another boat"))


async def test_a_quote_that_was_made_before_a_pause_is_not_accepted_in_it(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=12, takes=4)
    await said(stage, "pause")

    answer = await stage.answer_quote(stage.ada, quote, "yes")

    assert "have paused" in texts(answer)
    assert await stage.rows() == []


async def test_every_pause_and_its_end_is_on_record(stage: Stage) -> None:
    await said(stage, "pause")
    await said(stage, "resume")
    await said(stage, "resume")

    kept = await stage.database.read(lambda tx: acts.newest(tx, Wanted(), limit=9))

    mika = stage.member("Mika")
    assert [(one.verb, one.actor_id, one.guild_id, one.subject) for one in kept] == [
        (verb, mika.user_id, mika.guild_id, f"channel:{stage.channel()}")
        for verb in ("orders.resumed", "orders.paused")
    ]


async def test_members_are_not_shown_it_and_nonsense_is_refused(stage: Stage) -> None:
    mods = str(stage.sandbox.world.channel_named("mods").id)

    assert "moderation" not in {command["name"] for command in await stage.ada.commands()}
    assert "both named" in await said(stage, "pause", channel=mods, server=True)
    assert "was not paused" in await said(stage, "resume")
