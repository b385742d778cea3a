"""Who likes what, and what becomes of it: the server's best, and its gallery."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.clips.gallery import Gallery
from bot.domain import ChannelId, ClipState, Job, JobId
from bot.sandbox.permissions import Permission
from bot.sandbox.person import Person
from storage import clips, stars
from storage.stars import GalleryPost, Hanging
from tests.library_scene import Shelf, open_shelf
from tests.stage import Json, button, custom_ids, open_stage, texts, walk

WALL = "showcase"
ALL = frozenset(ClipState)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


async def count(shelf: Shelf, job: Job) -> int:
    return await shelf.stage.database.read(partial(stars.of, job_id=job.id))


async def post(shelf: Shelf, job: Job) -> GalleryPost | None:
    return await shelf.stage.database.read(partial(stars.post, job_id=job.id))


async def react(shelf: Shelf, person: Person, message: Json, emoji: str, *, remove: bool = False) -> None:
    """A reaction, and its counting."""
    before = shelf.heard.count
    await person.react(message, emoji, remove=remove)
    await shelf.heard.after(before)


async def name_wall(shelf: Shelf, *, likes: int = 1, channel: str = WALL) -> None:
    named = Gallery(channel_id=ChannelId(int(shelf.stage.channel(channel))), stars_min=likes)
    await shelf.galleries.name(named, by=shelf.stage.member("Mika"))


async def hung(shelf: Shelf, channel: str = WALL) -> list[Json]:
    return await shelf.stage.mika.messages(shelf.stage.channel(channel))


async def liked(shelf: Shelf) -> Job:
    """A clip that Bruno likes, in a server whose gallery takes it for that."""
    await name_wall(shelf)
    job = await shelf.clip()
    await react(shelf, shelf.stage.bruno, await shelf.scene.message(job), "⭐")
    return job


async def set_state(shelf: Shelf, job: Job, state: ClipState) -> None:
    write = shelf.stage.database.write
    assert await write(partial(clips.change_state, job_id=job.id, to=state, among=ALL))


# counting


async def test_a_person_counts_once_however_many_emojis_they_leave(shelf: Shelf) -> None:
    job = await shelf.clip()
    message = await shelf.scene.message(job)

    await react(shelf, shelf.stage.bruno, message, "⭐")
    await react(shelf, shelf.stage.bruno, message, "🔥")
    assert await count(shelf, job) == 1
    await react(shelf, shelf.stage.mika, message, "🔥")
    assert await count(shelf, job) == 2


async def test_a_reaction_that_is_taken_back_counts_no_more(shelf: Shelf) -> None:
    job = await shelf.clip()
    message = await shelf.scene.message(job)
    await react(shelf, shelf.stage.bruno, message, "⭐")
    await react(shelf, shelf.stage.bruno, message, "🔥")

    await react(shelf, shelf.stage.bruno, message, "⭐", remove=True)
    assert await count(shelf, job) == 1
    await react(shelf, shelf.stage.bruno, message, "🔥", remove=True)
    assert await count(shelf, job) == 0


async def test_who_likes_their_own_clip_and_who_dislikes_one_does_not_count(shelf: Shelf) -> None:
    job = await shelf.clip()
    message = await shelf.scene.message(job)

    await react(shelf, shelf.stage.ada, message, "⭐")
    await react(shelf, shelf.stage.bruno, message, "👎🏽")

    assert await count(shelf, job) == 0


async def test_reactions_to_other_messages_count_for_nothing(shelf: Shelf) -> None:
    job = await shelf.clip()
    card = await shelf.scene.card(job)

    await react(shelf, shelf.stage.bruno, card, "⭐")

    assert await count(shelf, job) == 0


async def test_what_was_missed_is_counted_when_the_clip_is_looked_at(shelf: Shelf) -> None:
    job = await shelf.clip()
    message = await shelf.scene.message(job)
    listening, shelf.stage.client.reactions = shelf.stage.client.reactions, None
    await shelf.stage.bruno.react(message, "⭐")
    await shelf.stage.mika.react(message, "⭐")
    await shelf.stage.ada.react(message, "⭐")
    shelf.stage.client.reactions = listening

    await shelf.ask(shelf.stage.ada, "show", clip=job.id)

    assert await count(shelf, job) == 2


async def test_what_was_taken_back_meanwhile_is_not_counted_when_the_clip_is_looked_at(shelf: Shelf) -> None:
    job = await shelf.clip()
    message = await shelf.scene.message(job)
    await react(shelf, shelf.stage.bruno, message, "⭐")
    listening, shelf.stage.client.reactions = shelf.stage.client.reactions, None
    await shelf.stage.bruno.react(message, "⭐", remove=True)
    shelf.stage.client.reactions = listening

    await shelf.ask(shelf.stage.ada, "show", clip=job.id)

    assert await count(shelf, job) == 0


async def test_the_best_are_those_that_most_people_like(shelf: Shelf) -> None:
    one = await shelf.clip("a kite")
    two = await shelf.clip("a paper boat")
    nobodys = await shelf.scene.message(await shelf.clip("nobody's any more"))
    await react(shelf, shelf.stage.bruno, nobodys, "⭐")
    await react(shelf, shelf.stage.bruno, nobodys, "⭐", remove=True)
    for person in (shelf.stage.bruno, shelf.stage.mika):
        await react(shelf, person, await shelf.scene.message(two), "⭐")
    await react(shelf, shelf.stage.bruno, await shelf.scene.message(one), "⭐")

    best = texts(await shelf.ask(shelf.stage.ada, "best"))

    assert [line for line in best.splitlines() if line.startswith("> ")] == ["> a paper boat", "> a kite"]
    assert "2 people like it" in best
    assert "1 person likes it" in best


# the gallery


async def test_what_enough_people_like_goes_to_the_gallery_once(shelf: Shelf) -> None:
    await name_wall(shelf, likes=2)
    job = await shelf.clip()
    message = await shelf.scene.message(job)
    await react(shelf, shelf.stage.bruno, message, "⭐")
    await shelf.galleries.look()
    assert await hung(shelf) == []

    await react(shelf, shelf.stage.mika, message, "🔥")
    await shelf.galleries.look()
    await react(shelf, shelf.stage.mika, message, "🔥", remove=True)
    await react(shelf, shelf.stage.mika, message, "🔥")
    await shelf.galleries.look()

    (there,) = await hung(shelf)
    assert [one["filename"] for one in there["attachments"]] == [f"dailies-{job.id}.mp4"]
    for menu, form in (("Remix this clip", f"form:remix:{job.id}"), ("Report this clip", f"report:{job.id}")):
        press = await shelf.stage.bruno.menu(menu, there["id"], channel=shelf.stage.channel(WALL))
        assert (await shelf.stage.bruno.modal(press))["custom_id"] == form
    assert "2 people liked it when it came here" in texts(there)


async def test_a_reaction_in_the_gallery_counts_for_the_clip(shelf: Shelf) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()
    (there,) = await hung(shelf)

    await react(shelf, shelf.stage.bruno, there, "⭐")
    assert await count(shelf, job) == 1
    await react(shelf, shelf.stage.mika, there, "⭐")
    assert await count(shelf, job) == 2


async def test_after_a_death_on_the_way_the_message_is_found_and_not_posted_again(shelf: Shelf) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()
    await _forget_message(shelf, job.id)
    shelf.stage.clock.advance(timedelta(minutes=10))

    await shelf.another_galleries().look()

    (there,) = await hung(shelf)
    after = await post(shelf, job)
    assert after is not None
    assert (after.state, str(after.message_id)) == (Hanging.SHOWN, there["id"])


async def test_within_minutes_of_a_death_the_nonce_keeps_it_to_one_message(shelf: Shelf) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()
    await _forget_message(shelf, job.id)

    await shelf.another_galleries().look()

    assert len(await hung(shelf)) == 1


async def test_where_nobody_can_look_it_is_not_posted_again(shelf: Shelf) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()
    await _forget_message(shelf, job.id)
    shelf.stage.clock.advance(timedelta(minutes=10))
    shelf.stage.deny(Permission.READ_MESSAGE_HISTORY, WALL)
    shelf.tell_bot(WALL)

    await shelf.another_galleries().look()

    after = await post(shelf, job)
    assert after is not None
    assert after.state is Hanging.REFUSED


async def _forget_message(shelf: Shelf, job_id: JobId) -> None:
    """What a process leaves that was killed between the message and its row."""
    await shelf.stage.database.write(
        lambda tx: tx.execute(
            "UPDATE gallery_posts SET state = 'due', message_id = NULL WHERE job_id = ?", (job_id,)
        )
    )


async def test_a_hidden_clip_is_hidden_in_the_gallery_and_comes_back_with_it(shelf: Shelf) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()

    await set_state(shelf, job, ClipState.HIDDEN)
    await shelf.galleries.look()
    (hidden,) = await hung(shelf)
    await set_state(shelf, job, ClipState.SHOWN)
    await shelf.galleries.look()
    (back,) = await hung(shelf)

    assert hidden["attachments"] == []
    assert "It is hidden until a moderator has looked." in texts(hidden)
    assert [one["filename"] for one in back["attachments"]] == [f"dailies-{job.id}.mp4"]


@pytest.mark.parametrize("state", [ClipState.TAKEN_DOWN, ClipState.DELETED, ClipState.EXPIRED])
@pytest.mark.parametrize("hidden_before", [False, True])
async def test_what_is_gone_for_good_leaves_the_gallery(
    shelf: Shelf, state: ClipState, *, hidden_before: bool
) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()
    if hidden_before:
        await set_state(shelf, job, ClipState.HIDDEN)
        await shelf.galleries.look()

    await set_state(shelf, job, state)
    await shelf.galleries.look()
    await shelf.galleries.look()

    assert await hung(shelf) == []


async def test_a_message_that_a_moderator_deleted_does_not_come_back(shelf: Shelf) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()
    await shelf.stage.mika.delete((await hung(shelf))[0])

    await set_state(shelf, job, ClipState.HIDDEN)
    await shelf.galleries.look()
    await set_state(shelf, job, ClipState.SHOWN)
    await react(shelf, shelf.stage.mika, await shelf.scene.message(job), "⭐")
    await shelf.galleries.look()

    assert await hung(shelf) == []


async def test_nothing_goes_where_more_people_would_see_it(shelf: Shelf) -> None:
    await name_wall(shelf)
    plan = await shelf.clip("a plan of the moderators", member="Bruno", channel="mods")
    night = await shelf.clip("a night", member="Bruno", channel="after-dark")
    for job in (plan, night):
        message = await shelf.stage.mika.message(str(job.clip_channel_id), str(job.clip_message_id))
        await react(shelf, shelf.stage.mika, message, "⭐")

    await shelf.galleries.look()

    assert await hung(shelf) == []
    states = [await post(shelf, job) for job in (plan, night)]
    assert [one and one.state for one in states] == [Hanging.REFUSED] * 2


async def test_what_all_see_may_go_where_fewer_see_it(shelf: Shelf) -> None:
    await name_wall(shelf, channel="mods")
    job = await shelf.clip()
    await react(shelf, shelf.stage.bruno, await shelf.scene.message(job), "⭐")

    await shelf.galleries.look()

    assert len(await hung(shelf, "mods")) == 1


async def test_a_gallery_that_takes_nothing_is_not_asked_again(shelf: Shelf) -> None:
    shelf.stage.deny(Permission.SEND_MESSAGES, WALL)
    job = await liked(shelf)

    await shelf.galleries.look()

    after = await post(shelf, job)
    assert after is not None
    assert after.state is Hanging.REFUSED


async def test_the_buttons_in_the_gallery_work_for_all_who_see_it(shelf: Shelf) -> None:
    job = await liked(shelf)
    await shelf.galleries.look()
    (there,) = await hung(shelf)

    family = await shelf.stage.press(shelf.stage.bruno, there, "lib:hung:")
    kept = await shelf.stage.press(shelf.stage.bruno, there, "lib:heart:")
    press = await shelf.stage.bruno.press(there, button(there, "make:remix:")["custom_id"])

    assert (await shelf.stage.bruno.modal(press))["custom_id"].endswith(job.id)
    assert any(one.endswith(job.id) for one in custom_ids(family))
    assert "among your favourites" in texts(kept)
    assert [one["url"] for one in walk(there["components"]) if one.get("style") == 5]


async def test_the_duty_looks_when_there_is_something_new(shelf: Shelf) -> None:
    duty = asyncio.create_task(shelf.galleries.run())
    try:
        mark = shelf.stage.ada.mark
        await liked(shelf)

        there = await shelf.stage.ada.wait_for_message(
            lambda one: bool(one["channel_id"] == shelf.stage.channel(WALL)), since=mark
        )
    finally:
        duty.cancel()
        await asyncio.gather(duty, return_exceptions=True)

    assert there["attachments"]


async def test_what_waits_for_a_restart_is_done_at_the_next_start(shelf: Shelf) -> None:
    job = await liked(shelf)
    mark = shelf.stage.ada.mark

    duty = asyncio.create_task(shelf.another_galleries().run())
    try:
        there = await shelf.stage.ada.wait_for_message(
            lambda one: bool(one["channel_id"] == shelf.stage.channel(WALL)), since=mark
        )
    finally:
        duty.cancel()
        await asyncio.gather(duty, return_exceptions=True)

    assert there["attachments"][0]["filename"] == f"dailies-{job.id}.mp4"


# who may name it


async def settings(shelf: Shelf, person: Person, **options: object) -> Json:
    press = await person.slash("settings gallery", options, channel=shelf.stage.channel())
    return await person.answer(press)


async def test_a_manager_names_the_gallery_and_takes_it_away(shelf: Shelf) -> None:
    mika = shelf.stage.mika
    none = await settings(shelf, mika)
    named = await settings(shelf, mika, channel=shelf.stage.channel(WALL), likes=2)
    told = await settings(shelf, mika)
    off = await settings(shelf, mika, off=True)

    assert "There is no gallery." in texts(none)
    assert "once 2 people like it" in texts(named)
    assert "once 2 people like it" in texts(told)
    assert "no gallery from now on" in texts(off)
    assert await shelf.galleries.of(shelf.stage.member("Mika").guild_id) is None


async def test_nobody_else_names_it(shelf: Shelf) -> None:
    with pytest.raises(KeyError):  # it is not in their list
        await settings(shelf, shelf.stage.ada, channel=shelf.stage.channel(WALL))

    assert await shelf.galleries.of(shelf.stage.member("Ada").guild_id) is None


async def test_a_channel_that_is_closed_to_the_bot_is_no_gallery(shelf: Shelf) -> None:
    answer = await settings(shelf, shelf.stage.mika, channel=shelf.stage.channel("read-only"))

    assert "it lacks: Send Messages" in texts(answer)
    assert await shelf.galleries.of(shelf.stage.member("Mika").guild_id) is None
