"""Clips that no channel took, sent to their member by direct message: what each reader sees of them."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from discord import ui

from bot.domain import NOWHERE, ClipState, Job, JobState, MessageId
from bot.moderation.people import Measure
from bot.sandbox.permissions import Permission
from cogs.buttons import DetailsButton
from cogs.cards import clip_url, clip_view
from storage import clips, jobs, wishes
from storage.wishes import Wishes
from tests.inline import linked
from tests.library_scene import Shelf, open_shelf
from tests.stage import Json, button, custom_ids, open_stage, post_of, texts, walk
from tests.typed_line import details


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        wished = Wishes(direct_messages=True)
        user_id = stage.member("Ada").user_id
        await stage.database.write(partial(wishes.put, user_id=user_id, wishes=wished))
        yield opened


async def sent_directly(shelf: Shelf, *, takes: int = 1) -> list[Job]:
    """Ada's order, of which the channel takes no file."""
    ordered = await shelf.scene.order(takes=takes)
    shelf.stage.deny(Permission.ATTACH_FILES)
    return [await shelf.scene.post(job, shelf.film) for job in ordered]


async def direct_channel(shelf: Shelf) -> str:
    return await shelf.stage.ada.direct_channel(str(shelf.stage.sandbox.world.bot.id))


def links(message: Json) -> list[str]:
    return [one["url"] for one in walk(message["components"]) if one.get("url")]


async def test_the_card_says_so_and_leads_nobody_to_a_channel_that_they_cannot_open(shelf: Shelf) -> None:
    (job,) = await sent_directly(shelf)
    place = await direct_channel(shelf)

    card = await shelf.scene.card(job)

    assert (job.state, job.clip_is_direct, str(job.clip_channel_id)) == (JobState.POSTED, True, place)
    assert "it was sent to its member by direct message. They find it with /clips too." in texts(card)
    assert place not in texts(card)
    assert links(card) == []
    assert clip_url(job) is None


async def test_its_button_shows_it_to_its_member_alone(shelf: Shelf) -> None:
    (job,) = await sent_directly(shelf)
    card = await shelf.scene.card(job)
    show = button(card, f"lib:get:{job.id}")

    own = await shelf.stage.press(shelf.stage.ada, card, "lib:get:")
    others = await shelf.stage.press(shelf.stage.mika, card, "lib:get:")

    assert show["label"] == "Show the clip"
    assert [one["filename"] for one in own["attachments"]] == [f"dailies-{job.id}.mp4"]
    assert own["flags"] & 64
    assert others["attachments"] == []
    assert texts(others) == (
        "This clip was sent to its member by direct message. Nothing was charged. Ask them to show it to you."
    )


async def test_details_have_the_same_button_and_no_link(shelf: Shelf) -> None:
    (job,) = await sent_directly(shelf)

    answer = await details(shelf.stage, job)

    assert f"lib:get:{job.id}" in custom_ids(answer)
    assert not any("discord.com/channels" in link for link in links(answer))


async def test_the_message_itself_says_all_of_it_and_has_no_button_that_works_in_servers_only(
    shelf: Shelf,
) -> None:
    (job,) = await sent_directly(shelf)

    (message,) = await shelf.stage.ada.messages(await direct_channel(shelf))

    said = texts(message)
    guild, channel = job.order.member.guild_id, job.order.channel_id
    assert f"[card](https://discord.com/channels/{guild}/{channel}/{job.card_message_id})" in said
    assert f"done; ordered in <#{channel}>, which did not take it" in said
    assert "$0.40" in said
    assert "more can be done with it in the server, with /clips" in said
    assert custom_ids(message) == [f"details:c{job.id}"]  # by which it is found again


async def test_each_take_that_went_directly_is_named_so(shelf: Shelf) -> None:
    first, second = await sent_directly(shelf, takes=2)

    said = texts(await shelf.scene.card(first))

    assert "1. Done, sent to its member by direct message" in said
    assert "2. Done, sent to its member by direct message" in said
    assert second.clip_is_direct


async def test_a_try_that_is_made_again_and_an_edit_are_still_direct(shelf: Shelf) -> None:
    (job,) = await shelf.scene.order()
    shelf.stage.deny(Permission.ATTACH_FILES)
    made = await shelf.scene.make(job, shelf.film)
    clip = await shelf.stage.database.read(partial(clips.get, job_id=job.id, folder=shelf.scene.folder))
    assert clip is not None
    await shelf.scene.posting.post(made, clip)
    tried = await shelf.scene.job(job.id)
    places = [place async for place in shelf.scene.posting._ladder(tried)]
    posted = await shelf.scene.posting.post(tried, clip)
    again = await shelf.scene.job(job.id)
    await shelf.stage.database.write(
        partial(jobs.clip_tried, job_id=job.id, channel_id=job.order.channel_id, at=shelf.stage.clock())
    )
    elsewhere = await shelf.scene.job(job.id)

    assert tried.clip_is_direct
    assert [(place.guild_id, place.direct) for place in places] == [(NOWHERE, True)]
    assert again.clip_is_direct
    assert not elsewhere.clip_is_direct
    assert len(await shelf.stage.ada.messages(await direct_channel(shelf))) == 1
    assert posted.message_id > MessageId(0)


async def test_a_direct_clip_that_is_shown_again_keeps_its_one_button(shelf: Shelf) -> None:
    (job,) = await sent_directly(shelf)
    hide = partial(clips.change_state, job_id=job.id, to=ClipState.HIDDEN, among=frozenset({ClipState.SHOWN}))
    await shelf.stage.database.write(hide)
    await shelf.scene.shown.refresh(job.id)
    hidden = await shelf.scene.message(job)
    show = partial(clips.change_state, job_id=job.id, to=ClipState.SHOWN, among=frozenset({ClipState.HIDDEN}))
    await shelf.stage.database.write(show)
    await shelf.scene.shown.refresh(job.id)

    message = await shelf.scene.message(job)

    assert "This clip was reported." in texts(hidden)
    assert custom_ids(hidden) == custom_ids(message) == [f"details:c{job.id}"]
    assert len(message["attachments"]) == 1


async def test_details_of_it_work_below_it_for_its_member_alone(shelf: Shelf) -> None:
    (job,) = await sent_directly(shelf)
    (message,) = await shelf.stage.ada.messages(await direct_channel(shelf))

    own = await shelf.stage.press(shelf.stage.ada, message, "details:")
    elsewhere = await details(shelf.stage, job, shelf.stage.bruno)

    assert job.order.prompt in texts(own)
    assert f"`{job.id}`" in texts(own)
    assert "**To order it again**" in texts(own)
    assert "direct message" not in texts(own)  # which it is
    assert custom_ids(own) == []  # what they would do is done in the server
    assert links(own) == []
    assert job.order.prompt in texts(elsewhere)  # below the card all may read them


async def test_details_of_it_are_for_nobody_who_is_blocked_there(shelf: Shelf) -> None:
    await sent_directly(shelf)
    stage = shelf.stage
    (message,) = await stage.ada.messages(await direct_channel(shelf))
    await stage.moderated.people.sanction(
        stage.member("Ada"), Measure.BLOCK, by=stage.member("Mika").user_id, reason="enough"
    )

    answer = await stage.press(stage.ada, message, "details:")

    assert texts(answer).startswith("You are blocked from this bot on this server.")


async def test_only_direct_messages_and_their_own_member_have_it(shelf: Shelf) -> None:
    (job,) = await sent_directly(shelf)
    stage = shelf.stage
    ada, bruno = stage.member("Ada").user_id, stage.member("Bruno").user_id
    place = job.clip_channel_id
    posted = await shelf.clip("a kite", channel="showcase")

    found = [
        await stage.material.sent_directly(one.id, to=to, channel_id=channel_id)
        for one, to, channel_id in (
            (job, ada, place),
            (job, bruno, place),
            (job, ada, job.order.channel_id),
            (posted, ada, posted.clip_channel_id),
        )
    ]

    assert [one is not None for one in found] == [True, False, False, False]


async def test_details_of_anothers_direct_clip_are_refused_in_direct_messages(shelf: Shelf) -> None:
    (job,) = await sent_directly(shelf)
    stage = shelf.stage
    place = await stage.bruno.direct_channel(str(stage.sandbox.world.bot.id))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(DetailsButton(f"c{job.id}")))
    sent = await stage.client.get_partial_messageable(int(place)).send(view=view)
    message = await stage.bruno.message(place, str(sent.id))

    answer = await stage.press(stage.bruno, message, "details:")

    assert texts(answer).startswith("This works in servers only.")


async def test_a_direct_clip_of_which_no_size_is_taken_names_what_gives_another_link(
    shelf: Shelf,
) -> None:
    (job,) = await shelf.scene.order()
    link = linked(job.id, 41_000_000)
    view = clip_view(post_of(job, None, link=link, direct=True))

    said = [one.content for one in view.walk_children() if isinstance(one, ui.TextDisplay)]

    assert any("and /clips in the server gives another." in one for one in said)
