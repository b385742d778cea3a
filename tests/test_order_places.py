"""Where orders can be given: every kind of channel that holds messages, and what is said in the others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import ChannelId
from bot.sandbox.permissions import Permission
from bot.sandbox.world import (
    ANNOUNCEMENT,
    FORUM,
    NEWS_THREAD,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    STAGE,
    TEXT,
    VOICE,
    Channel,
    Overwrite,
)
from tests.making_scene import NOTHING_CHARGED, newest
from tests.stage import Stage, button, card_of, open_stage, texts

PLACES = {
    "a text channel": (TEXT, None),
    "an announcement channel": (ANNOUNCEMENT, None),
    "the chat of a voice channel": (VOICE, None),
    "the chat of a stage": (STAGE, None),
    "a thread": (PUBLIC_THREAD, TEXT),
    "a private thread": (PRIVATE_THREAD, TEXT),
    "a post in a forum": (PUBLIC_THREAD, FORUM),
    "a thread of an announcement": (NEWS_THREAD, ANNOUNCEMENT),
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


def add(stage: Stage, kind: int, parent_kind: int | None = None, *, of_bot: bool = True) -> Channel:
    """A channel of that kind, in one of the other kind where it is a thread."""
    world = stage.sandbox.world
    parent = None if parent_kind is None else add(stage, parent_kind)
    members = [world.user_named("Ada"), *([world.bot] if of_bot else [])]
    return world.add_channel(
        Channel(
            id=world.snowflakes.next(),
            type=kind,
            guild_id=world.guild.id,
            name=f"place-{kind}-{parent_kind}",
            parent_id=None if parent is None else parent.id,
            owner_id=world.user_named("Ada").id,
            archived_at=None if parent is None else world.now(),
            joined={} if parent is None else {user.id: world.now() for user in members},
        )
    )


@pytest.mark.parametrize("place", PLACES)
async def test_an_order_and_its_card_are_taken_in(stage: Stage, place: str) -> None:
    channel = add(stage, *PLACES[place])

    receipt = await stage.ask(stage.ada, channel=channel.name or "", prompt="a paper boat")

    assert "Ordered." in texts(receipt)
    job = await newest(stage)
    assert job.order.channel_id == channel.id
    message_id = await stage.delivery.post_card(card_of(job))
    card = await stage.ada.message(str(channel.id), str(message_id))
    assert "details:" in button(card, "details:")["custom_id"]


@pytest.mark.parametrize("place", PLACES)
async def test_a_storyboard_is_written_in(stage: Stage, place: str) -> None:
    channel = add(stage, *PLACES[place])
    modal = await stage.ada.modal(await stage.ada.slash("storyboard", {}, channel=str(channel.id)))

    quote = await stage.ada.answer(await stage.ada.submit(modal, {"action": "a cat"}))

    assert "This costs $0.40" in texts(quote)


@pytest.mark.parametrize("place", PLACES)
async def test_what_the_bot_lacks_there_is_said_before_any_money(stage: Stage, place: str) -> None:
    kind, parent_kind = PLACES[place]
    channel = add(stage, kind, parent_kind)
    world = stage.sandbox.world
    ruled = channel if parent_kind is None else world.channels[channel.parent_id or 0]
    ruled.overwrites[world.bot.id] = Overwrite(id=world.bot.id, is_member=True, deny=Permission.ATTACH_FILES)

    answer = texts(await stage.ask(stage.ada, channel=channel.name or "", prompt="a paper boat"))

    assert "it lacks: Attach Files." in answer
    assert NOTHING_CHARGED in answer
    assert await stage.rows() == []


async def test_a_private_thread_that_the_bot_is_not_in_is_refused(stage: Stage) -> None:
    channel = add(stage, PRIVATE_THREAD, TEXT, of_bot=False)

    answer = texts(await stage.ask(stage.ada, channel=channel.name or "", prompt="a paper boat"))

    assert "View Channel" in answer
    assert NOTHING_CHARGED in answer


async def test_a_forum_itself_takes_no_orders_but_its_posts_do(stage: Stage) -> None:
    forum = add(stage, FORUM)

    answer = texts(await stage.ask(stage.ada, channel=forum.name or "", prompt="a paper boat"))

    assert "A forum itself holds no messages. Nothing was charged. Order in one of its posts." in answer
    assert await stage.rows() == []


async def test_a_post_in_a_forum_takes_the_forums_own_preset(stage: Stage) -> None:
    post = add(stage, PUBLIC_THREAD, FORUM)
    by = stage.member("Mika")
    await stage.presets.save("Noir", by=by, channel_id=ChannelId(0), prefix="Film noir.")
    forum_id = ChannelId(post.parent_id or 0)
    await stage.presets.set_default("Noir", channel_id=forum_id, by=by)

    await stage.ask(stage.ada, channel=post.name or "", prompt="a cat")

    assert (await newest(stage)).order.prompt == "Film noir. a cat"
