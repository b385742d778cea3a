"""What is set for a forum holds in its posts, and what is said in a post is said of its forum."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import ChannelId, JobState
from bot.moderation.gate_settings import GateSettings
from bot.moderation.gates import Gate, Mode, Setting
from bot.sandbox.world import FORUM, PUBLIC_THREAD, TEXT, Channel
from tests.making_scene import newest
from tests.review_stage import Office, open_closed
from tests.stage import Stage, texts
from tests.test_order_places import add


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_closed(tmp_path) as opened:
        for gate in Gate:
            await opened.gate(gate, Mode.OFF)
        yield opened


def post_in(stage: Stage, parent: Channel, name: str) -> Channel:
    world = stage.sandbox.world
    people = [world.user_named("Ada"), world.user_named("Mika"), world.bot]
    return world.add_channel(
        Channel(
            id=world.snowflakes.next(),
            type=PUBLIC_THREAD,
            guild_id=world.guild.id,
            name=name,
            parent_id=parent.id,
            owner_id=world.user_named("Ada").id,
            archived_at=world.now(),
            joined={user.id: world.now() for user in people},
        )
    )


async def said(stage: Stage, command: str, place: Channel, **options: object) -> str:
    press = await stage.mika.slash(command, options, channel=str(place.id))
    return texts(await stage.mika.answer(press))


@pytest.mark.parametrize("kind", [FORUM, TEXT])
async def test_a_pause_said_in_a_post_or_a_thread_is_of_all_there(office: Office, kind: int) -> None:
    stage = office.stage
    parent = add(stage, kind)
    post, other = post_in(stage, parent, "one"), post_in(stage, parent, "other")

    told = await said(stage, "moderation pause", post)
    refused = texts(await stage.ask(stage.ada, channel="other", prompt="a paper boat"))
    went_on = await said(stage, "moderation resume", other)

    assert told.startswith(f"Paused: <#{parent.id}>.")
    assert refused.startswith("The moderators have paused the orders of this channel.")
    assert went_on.startswith(f"Orders go on: <#{parent.id}>.")
    assert "Ordered" in texts(await stage.ask(stage.ada, channel="other", prompt="a paper boat"))


async def test_gates_rules_and_pauses_of_a_forum_are_set_from_anywhere_and_hold_in_its_posts(
    office: Office,
) -> None:
    stage = office.stage
    forum, mods = add(stage, FORUM), stage.sandbox.world.channel_named("mods")
    post_in(stage, forum, "one")

    told = await said(stage, "settings gates", mods, before_rendering="all", channel=str(forum.id))
    shown = await said(stage, "moderation rules", mods, channel=str(forum.id))
    await stage.ask(stage.ada, channel="one", prompt="a paper boat")

    assert f"<#{forum.id}>" in told
    assert f"<#{forum.id}>" in shown
    assert (await newest(stage)).state is JobState.REVIEW
    assert (await said(stage, "moderation pause", mods, channel=str(forum.id))).startswith(
        f"Paused: <#{forum.id}>."
    )
    refused = texts(await stage.ask(stage.ada, channel="one", prompt="a paper boat"))
    assert refused.startswith("The moderators have paused the orders of this channel.")


async def test_as_many_channels_with_gates_are_listed_as_a_message_takes(office: Office) -> None:
    stage, by = office.stage, office.stage.member("Mika")
    setting = Setting(mode=Mode.FIRST, first_n=99)
    gates = GateSettings(stage.database, now=stage.clock)
    for number in range(40):
        await gates.set_gates(ChannelId(10**18 + number), dict.fromkeys(Gate, setting), by=by)
    stage.sandbox.world.user_named("Mika").locale = "de"

    told = await said(stage, "settings gates", stage.sandbox.world.channel_named("mods"))

    listed = told.count("- <#")
    assert 15 <= listed < 40
    assert f"… und {40 - listed} weitere" in told
    assert "<#1000000000000000000>: vor einer Bestellung: die ersten 99 jedes Mitglieds" in told
