"""Cards in places that were closed when their order came to its end, and are brought up to date later."""

import asyncio
import copy
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import discord
import pytest
from discord.abc import _Overwrites

from bot.clips.cards import Cards
from bot.clips.closed_cards import AGAIN_AFTER, AT_ONCE_MAX, TRIED_FOR, TRIES_MAX, ClosedCards
from bot.domain import ChannelId, Job
from bot.sandbox.permissions import Permission
from bot.sandbox.world import Channel, Overwrite
from storage import closed_cards
from storage.closed_cards import ClosedCard
from tests.closed_places import failed, ordered_in, thread_of
from tests.showing_scene import Scene, open_scene
from tests.stage import open_stage, texts

EVER = TRIED_FOR * 10


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


async def closed(scene: Scene) -> list[ClosedCard]:
    """The rows of cards that wait for their place."""
    since = scene.stage.clock() - EVER
    return await scene.stage.database.read(partial(closed_cards.newest, since=since, limit=100))


async def left_behind(scene: Scene, thread: Channel, number: int = 1) -> Job:
    """An order that failed in a thread which was archived and locked before."""
    job = await ordered_in(scene, thread, number)
    thread.archived = thread.locked = True
    await failed(scene, job)
    assert "### Failed" not in await said(scene, job)
    return await scene.job(job.id)


async def said(scene: Scene, job: Job) -> str:
    return texts(await scene.card(job))


async def at_rest(scene: Scene, cards: Cards | None = None) -> None:
    """Wait until no card has anything to do."""
    schedule = (cards or scene.cards)._schedule
    while len(schedule):
        await asyncio.wait(list(schedule._busy.values()) or [asyncio.create_task(asyncio.sleep(0))])


async def shows_failed(scene: Scene, job: Job, *, since: int) -> None:
    """Wait until the card does."""
    wanted = str(job.card_message_id)
    await scene.stage.ada.wait_for_message(
        lambda message: message["id"] == wanted and "### Failed" in texts(message), since=since
    )


async def edited(scene: Scene, thread: Channel, **changes: object) -> None:
    """A moderator changes a thread."""
    moderates(scene, thread)
    await scene.stage.mika.client.request("PATCH", f"/channels/{thread.id}", body=changes)


def moderates(scene: Scene, thread: Channel) -> None:
    """Let Mika manage a thread."""
    world = scene.stage.sandbox.world
    assert thread.parent_id is not None
    mika = world.user_named("Mika").id
    world.channels[thread.parent_id].overwrites[mika] = Overwrite(
        id=mika, is_member=True, allow=Permission.MANAGE_THREADS | Permission.MANAGE_MESSAGES
    )


async def another_start(scene: Scene) -> None:
    """What another process does of it: it begins with the cards, and stops."""
    stage = scene.stage
    cards = Cards(
        stage.database, stage.catalogue, stage.budgets, stage.delivery, play_money=True, now=stage.clock
    )
    duty = asyncio.create_task(cards.run())
    for _ in range(3):  # what it reads first is read before
        await closed(scene)
    await at_rest(scene, cards)
    await cards.stop(within_s=2)
    duty.cancel()
    await asyncio.gather(duty, return_exceptions=True)


async def test_a_moderator_who_unlocks_the_thread_sees_the_card_come_up_to_date(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await left_behind(scene, thread)
    (row,) = await closed(scene)
    mark = scene.stage.ada.mark

    await edited(scene, thread, archived=False, locked=False)

    await shows_failed(scene, job, since=mark)
    await at_rest(scene)
    assert (row.order_id, row.channel_id, row.tries) == (job.id, thread.id, 1)
    assert await closed(scene) == []


async def test_a_locked_thread_that_is_woken_takes_the_edit(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await left_behind(scene, thread)
    mark = scene.stage.ada.mark

    await edited(scene, thread, archived=False)

    await shows_failed(scene, job, since=mark)
    assert thread.locked


async def test_the_next_start_looks_once_more_and_remembers_where_that_was_in_vain(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await left_behind(scene, thread)

    await another_start(scene)
    at_once = await closed(scene)
    scene.stage.clock.advance(AGAIN_AFTER)
    await another_start(scene)
    in_vain = await closed(scene)
    scene.stage.clock.advance(AGAIN_AFTER)
    thread.archived = thread.locked = False
    await another_start(scene)

    assert [row.tries for row in (*at_once, *in_vain)] == [1, 2]
    assert "### Failed" in await said(scene, job)
    assert await closed(scene) == []


async def test_somebody_who_uses_the_place_has_it_looked_at_but_not_with_every_press(scene: Scene) -> None:
    thread = thread_of(scene)
    stage = scene.stage
    job = await left_behind(scene, thread)
    thread.archived = thread.locked = False

    async def press() -> None:
        await stage.ada.answer(await stage.ada.slash("quota", {}, channel=str(thread.id)))
        await at_rest(scene)

    await press()
    too_soon = await said(scene, job)
    stage.clock.advance(AGAIN_AFTER)
    mark = stage.ada.mark
    await press()

    assert "### Failed" not in too_soon
    await shows_failed(scene, job, since=mark)
    await at_rest(scene)
    assert await closed(scene) == []


async def test_a_channel_that_was_closed_to_us_is_looked_at_when_it_is_opened(scene: Scene) -> None:
    stage = scene.stage
    (job,) = await scene.order()
    stage.deny(Permission.VIEW_CHANNEL)
    await failed(scene, job)
    before = await said(scene, job)
    rows = await closed(scene)

    stage.sandbox.world.channel_named("dailies").overwrites.clear()
    stage.clock.advance(AGAIN_AFTER)
    await another_start(scene)

    assert "### Failed" not in before
    assert [row.order_id for row in rows] == [job.id]
    assert "### Failed" in await said(scene, job)


async def test_a_channel_that_gets_other_permissions_is_looked_at_at_once(scene: Scene) -> None:
    stage = scene.stage
    (job,) = await scene.order()
    stage.deny(Permission.VIEW_CHANNEL)
    await failed(scene, job)
    world = stage.sandbox.world
    world.channel_named("dailies").overwrites.clear()
    now = stage.client.get_channel(job.order.channel_id)
    assert isinstance(now, discord.TextChannel)
    before = copy.copy(now)
    everyone = {"id": world.guild.id, "type": 0, "allow": 0, "deny": 0}
    before._overwrites = [_Overwrites(everyone)]  # type: ignore[arg-type]  # as the gateway sends it

    await stage.client.on_guild_channel_update(now, now)
    await at_rest(scene)
    named_anew = await said(scene, job)
    await stage.client.on_guild_channel_update(before, now)
    await at_rest(scene)

    assert "### Failed" not in named_anew
    assert "### Failed" in await said(scene, job)


async def test_a_card_is_given_up_after_so_many_tries(scene: Scene) -> None:
    job = await left_behind(scene, thread_of(scene))

    for tries in range(2, TRIES_MAX):
        await scene.touched(job.id)
        assert [row.tries for row in await closed(scene)] == [tries]
    await scene.touched(job.id)

    assert await closed(scene) == []
    assert scene.cards._closed.due_in(job.order.channel_id, has_changed=True) == []


async def test_what_was_deleted_is_not_waited_for(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await left_behind(scene, thread)
    card = await scene.card(job)
    thread.archived = thread.locked = False
    moderates(scene, thread)
    await scene.stage.mika.delete(card)
    await scene.touched(job.id)
    of_a_message = await closed(scene)

    other = await left_behind(scene, elsewhere := thread_of(scene), 2)
    of_a_thread = await closed(scene)
    moderates(scene, elsewhere)
    await scene.stage.mika.client.request("DELETE", f"/channels/{elsewhere.id}")
    await scene.touched(other.id)

    assert of_a_message == []
    assert [row.order_id for row in of_a_thread] == [other.id]
    assert await closed(scene) == []


async def test_an_order_that_goes_on_needs_no_row(scene: Scene) -> None:
    thread = thread_of(scene)
    job = await ordered_in(scene, thread)
    thread.archived = thread.locked = True

    await scene.make(job)
    await scene.touched(job.id)

    assert await closed(scene) == []


async def test_the_rows_are_bounded_in_time_and_in_what_is_tried_at_once(scene: Scene) -> None:
    stage, job = scene.stage, (await scene.order())[0]
    cards = ClosedCards(stage.database, now=stage.clock)
    await cards.refused(job)
    stage.clock.advance(TRIED_FOR + timedelta(seconds=1))

    too_old = await ClosedCards(stage.database, now=stage.clock).load()
    other = await ordered_in(scene, thread_of(scene), 20)
    await cards.refused(other)
    rows = await closed(scene)
    for number in range(AT_ONCE_MAX + 9):
        cards._put(
            ClosedCard(
                order_id=job.id.replace("1", chr(ord("a") + number % 9)) + str(number),  # type: ignore[arg-type]  # an id
                channel_id=ChannelId(9),
                tries=1,
                refused_at=stage.clock(),
            )
        )

    assert too_old == []
    assert [row.order_id for row in rows] == [other.id]
    assert len(cards.due_in(ChannelId(9), has_changed=True)) == AT_ONCE_MAX
    assert cards.due_in(ChannelId(9)) == []
