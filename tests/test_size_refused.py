"""A place that takes less than its level says (40005): every way to a clip learns it and finds another."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.clips.packing import MIB
from bot.domain import ChannelId, ClipState, Job, Source
from bot.errors import ClipTooLarge, NotYours
from bot.moderation.gates import Gate, Mode
from bot.sandbox.permissions import Permission
from storage import clips, jobs, stars
from storage.stars import Gallery, Hanging
from tests.inline import as_it_is, cut_to_fit, linked
from tests.library_scene import Shelf, open_shelf
from tests.review_stage import Office, open_office
from tests.stage import Json, Stage, custom_ids, open_stage, texts, walk

WEIGHS = 3 * MIB
TAKES = 5 * MIB // 2
NOTHING = 1_000
WALL = "showcase"
SMALLER = "-# a smaller copy: 2.1 of 3.1 MB; "
LINKED = "which is more than this place takes. It was paid for with the order; the link works until "


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


@pytest.fixture
async def shelf(stage: Stage, tmp_path: Path) -> AsyncIterator[Shelf]:
    """Where copies are made, and links too."""
    async with open_shelf(stage, tmp_path, fit=cut_to_fit, link=linked) as opened:
        yield opened


@pytest.fixture
async def bare(stage: Stage, tmp_path: Path) -> AsyncIterator[Shelf]:
    """Where nothing can be made smaller, and there is no address for links."""
    async with open_shelf(stage, tmp_path, fit=as_it_is) as opened:
        yield opened


@pytest.fixture
async def office(stage: Stage, shelf: Shelf, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(stage, shelf, tmp_path / "again", fit=cut_to_fit, link=linked) as opened:
        await opened.gate(Gate.SHOWING, Mode.ALL)
        yield opened


def takes(stage: Stage, size_bytes: int) -> None:
    """From now on the server refuses larger files, whatever its level says."""
    stage.sandbox.world.guild.upload_limit = size_bytes


async def learned(shelf: Shelf) -> int:
    return await shelf.scene.packing.limit(shelf.stage.member("Ada").guild_id)


def sizes(message: Json) -> list[int]:
    return [one["size"] for one in message["attachments"]]


def urls(message: Json) -> list[str]:
    return [one["url"] for one in walk(message["components"]) if one["type"] == 2 and one.get("url")]


async def left_over(shelf: Shelf, folder: Path) -> list[str]:
    """The copies that are on the disk."""
    found = await asyncio.to_thread(lambda: [*folder.rglob("copy-*")])
    return [one.name for one in found]


# /clips


async def test_ones_own_private_clip_is_shown_smaller_and_the_size_is_learned(
    shelf: Shelf, tmp_path: Path
) -> None:
    job = await shelf.clip(posted=False, private=True, weighs=WEIGHS)
    takes(shelf.stage, TAKES)

    shown = await shelf.ask(shelf.stage.ada, "show", clip=job.id)

    await shelf.brought(job)
    assert sizes(shown) == [2 * MIB]
    assert SMALLER in texts(shown)
    assert f"clip:publish:{job.id}" in custom_ids(shown)
    assert await learned(shelf) == 2 * MIB
    assert await left_over(shelf, tmp_path) == []


async def test_a_clip_is_sent_smaller_and_the_next_one_is_so_at_once(shelf: Shelf, tmp_path: Path) -> None:
    job = await shelf.clip(weighs=WEIGHS)
    takes(shelf.stage, TAKES)
    shown = await shelf.ask(shelf.stage.bruno, "show", clip=job.id)

    sent = await shelf.stage.press(shelf.stage.bruno, shown, "lib:get:")
    posted = await shelf.clip("a kite", weighs=WEIGHS)

    await shelf.brought(job)
    assert sizes(sent) == [2 * MIB]
    assert SMALLER in texts(sent)
    assert sizes(await shelf.scene.message(posted)) == [2 * MIB]
    assert await left_over(shelf, tmp_path) == []


async def test_where_no_size_is_taken_both_are_links_that_the_command_gives_anew(shelf: Shelf) -> None:
    private = await shelf.clip("a secret garden", posted=False, private=True)
    posted = await shelf.clip("a kite")
    shown = await shelf.ask(shelf.stage.ada, "show", clip=posted.id)
    takes(shelf.stage, NOTHING)

    own = await shelf.ask(shelf.stage.ada, "show", clip=private.id)
    sent = await shelf.stage.press(shelf.stage.ada, shown, "lib:get:")

    for answer, job in ((own, private), (sent, posted)):
        assert LINKED in texts(answer)
        assert "and /clips gives another." in texts(answer)
        assert f"https://clips.example/clips/{job.id}" in urls(answer)
        assert sizes(answer) == []
    assert f"clip:delete:{private.id}" in custom_ids(own)


async def test_without_an_address_it_is_one_sentence_with_the_buttons_of_the_clip(bare: Shelf) -> None:
    private = await bare.clip("a secret garden", posted=False, private=True, weighs=WEIGHS)
    posted = await bare.clip("a kite", weighs=WEIGHS)
    shown = await bare.ask(bare.stage.ada, "show", clip=posted.id)
    takes(bare.stage, TAKES)

    own = await bare.ask(bare.stage.ada, "show", clip=private.id)
    sent = await bare.stage.press(bare.stage.ada, shown, "lib:get:")

    for answer, job in ((own, private), (sent, posted)):
        assert (
            "The clip is 3.1 MB: more than Discord takes here, and it cannot be made small enough. It was "
            f"paid for with the order; ask whoever runs this bot for it. Its order is `{job.id}`."
        ) in texts(answer)
    assert [one["filename"] for one in own["attachments"]] == [f"clip-{private.id}.jpg"]
    assert {f"clip:publish:{private.id}", f"clip:delete:{private.id}"} <= set(custom_ids(own))
    assert sizes(sent) == []


async def test_a_page_keeps_its_words_and_buttons_without_the_small_pictures(shelf: Shelf) -> None:
    job = await shelf.clip("a secret garden", posted=False, private=True)
    takes(shelf.stage, NOTHING)

    page = await shelf.ask(shelf.stage.ada, "mine")

    assert "> a secret garden" in texts(page)
    assert texts(page).endswith(
        "Discord takes no file of this size here, so what belongs here is left out. That cost nothing. Ask "
        "whoever runs this bot for it."
    )
    assert f"lib:show:{job.id}" in str(page["components"])
    assert sizes(page) == []


async def test_a_page_keeps_the_players_of_what_was_posted(shelf: Shelf) -> None:
    await shelf.clip("a secret garden", posted=False, private=True)
    await shelf.clip("a kite")
    takes(shelf.stage, NOTHING)

    page = await shelf.ask(shelf.stage.ada, "mine")

    galleries = [one for one in walk(page["components"]) if one["type"] == 12]
    assert [len(one["items"]) for one in galleries] == [1]
    assert ".mp4" in galleries[0]["items"][0]["media"]["url"]


async def test_a_private_clip_that_goes_in_no_way_says_so_where_it_was_ordered(bare: Shelf) -> None:
    scene, stage = bare.scene, bare.stage
    answer = await stage.ask(stage.ada, prompt="a secret garden", private=True)
    (job,) = await stage.rows()
    await scene.whispers.keep(job)
    takes(stage, TAKES)

    await scene.whisper(job, bare.film + bytes(WEIGHS))

    seen = await stage.ada.wait_for_message(
        lambda one: bool(one["id"] == answer["id"] and "private clip is ready" in texts(one))
    )
    assert "more than Discord takes here, and it cannot be made small enough" in texts(seen)
    assert {f"clip:publish:{job.id}", f"clip:delete:{job.id}"} <= set(custom_ids(seen))


async def test_takes_that_are_too_large_are_made_smaller_together(shelf: Shelf) -> None:
    scene, stage = shelf.scene, shelf.stage
    answer = await stage.ask(stage.ada, prompt="a secret garden", private=True, takes=2)
    ordered = await stage.rows()
    await scene.whispers.keep(ordered[0])
    for job in ordered:
        await scene.make(job, shelf.film + bytes(WEIGHS))
    takes(stage, TAKES)

    await scene.whispers.show(ordered[0])

    seen = await stage.ada.wait_for_message(
        lambda one: bool(one["id"] == answer["id"] and "private clip is ready" in texts(one))
    )
    assert sizes(seen) == [2 * MIB, 2 * MIB]


# messages that stand


async def put_into_gallery(shelf: Shelf, job: Job) -> list[Json]:
    """Have the clip in the gallery; the messages there."""
    place = ChannelId(int(shelf.stage.channel(WALL)))
    await shelf.galleries.name(Gallery(channel_id=place, stars_min=1), by=shelf.stage.member("Mika"))
    before = shelf.heard.count
    await shelf.stage.bruno.react(await shelf.scene.message(job), "⭐")
    await shelf.heard.after(before)
    await shelf.galleries.look()
    return await shelf.stage.mika.messages(shelf.stage.channel(WALL))


async def change(shelf: Shelf, job: Job, state: ClipState) -> None:
    move = partial(clips.change_state, job_id=job.id, to=state, among=frozenset(ClipState))
    assert await shelf.stage.database.write(move)


async def test_the_gallery_has_the_smaller_copy_also_after_it_was_hidden(
    shelf: Shelf, tmp_path: Path
) -> None:
    job = await shelf.clip(weighs=WEIGHS)
    takes(shelf.stage, TAKES)
    (first,) = await put_into_gallery(shelf, job)
    await change(shelf, job, ClipState.HIDDEN)
    await shelf.galleries.look()
    takes(shelf.stage, MIB * 9 // 10)
    await change(shelf, job, ClipState.SHOWN)
    await shelf.galleries.look()

    (there,) = await shelf.stage.mika.messages(shelf.stage.channel(WALL))

    assert sizes(first) == [2 * MIB]
    assert "hidden until a moderator" in texts(there)  # no file of it goes any more, and no link will do
    assert await left_over(shelf, tmp_path) == []


async def test_a_gallery_shows_again_what_is_taken_smaller_by_now(shelf: Shelf) -> None:
    job = await shelf.clip(weighs=WEIGHS)
    await put_into_gallery(shelf, job)
    await change(shelf, job, ClipState.HIDDEN)
    await shelf.galleries.look()
    takes(shelf.stage, TAKES)
    await change(shelf, job, ClipState.SHOWN)
    await shelf.galleries.look()

    (there,) = await shelf.stage.mika.messages(shelf.stage.channel(WALL))

    assert sizes(there) == [2 * MIB]


@pytest.mark.parametrize(("limit", "expected"), [(TAKES, [2 * MIB]), (NOTHING, [])])
async def test_a_post_that_is_shown_again_is_smaller_or_a_link(
    shelf: Shelf, limit: int, expected: list[int]
) -> None:
    job = await shelf.clip(weighs=WEIGHS)
    await change(shelf, job, ClipState.HIDDEN)
    await shelf.scene.shown.refresh(job.id)
    takes(shelf.stage, limit)
    await change(shelf, job, ClipState.SHOWN)

    await shelf.scene.shown.refresh(job.id)

    message = await shelf.scene.message(job)
    assert sizes(message) == expected
    assert (LINKED in texts(message)) == (not expected)
    assert ("and New link gives another." in texts(message)) == (not expected)


async def test_a_gallery_has_nothing_of_which_no_file_is_taken(shelf: Shelf) -> None:
    job = await shelf.clip()
    takes(shelf.stage, NOTHING)

    messages = await put_into_gallery(shelf, job)

    assert messages == []
    post = await shelf.stage.database.read(partial(stars.post, job_id=job.id))
    assert post is not None
    assert post.state is Hanging.REFUSED


async def test_where_a_link_will_not_do_nothing_else_than_a_file_is_sent(shelf: Shelf) -> None:
    job = await shelf.clip()
    tried: list[Path] = []

    async def send(path: Path) -> None:
        tried.append(path)
        raise ClipTooLarge("whatever it is")

    clip = await shelf.stored(job)
    with pytest.raises(ClipTooLarge, match="a link will not do here"):
        await shelf.scene.packing.send_file(clip, job.order.member.guild_id, send, label="")

    assert tried == [clip.path]


async def test_a_card_carries_the_smaller_copy_and_keeps_its_file(shelf: Shelf, tmp_path: Path) -> None:
    (job,) = await shelf.scene.order()
    job = await shelf.scene.make(job, shelf.film + bytes(WEIGHS))
    tried = partial(jobs.clip_tried, job_id=job.id, channel_id=job.order.channel_id, at=shelf.stage.clock())
    await shelf.stage.database.write(tried)
    shelf.stage.clock.advance(timedelta(minutes=30))
    shelf.stage.deny(Permission.READ_MESSAGE_HISTORY)  # so nobody can tell whether it was posted
    takes(shelf.stage, TAKES)

    await shelf.scene.posting.post(await shelf.scene.job(job.id), await shelf.stored(job))

    assert sizes(await shelf.scene.card(job)) == [2 * MIB]
    assert await left_over(shelf, tmp_path) == [f"copy-{job.id}.mp4"]


# moderators


async def test_moderators_see_a_smaller_copy_in_their_channel_and_in_the_list(office: Office) -> None:
    takes(office.stage, TAKES)

    job = await office.withheld(weighs=WEIGHS)
    message = await office.message(job, Gate.SHOWING)
    listed = await office.listed(office.stage.mika)

    assert sizes(message) == [2 * MIB]
    assert sizes(listed) == [2 * MIB]


async def test_moderators_get_a_link_where_no_size_is_taken(office: Office) -> None:
    takes(office.stage, NOTHING)

    job = await office.withheld()
    message = await office.message(job, Gate.SHOWING)
    listed = await office.listed(office.stage.mika)

    for answer in (message, listed):
        assert LINKED in texts(answer)
        assert "and /review gives another." in texts(answer)
        assert any(one.startswith("review:yes:") for one in custom_ids(answer))


async def test_moderators_of_a_clip_that_goes_in_no_way_are_told_and_can_decide(
    stage: Stage, bare: Shelf, tmp_path: Path
) -> None:
    async with open_office(stage, bare, tmp_path / "again") as office:
        await office.gate(Gate.SHOWING, Mode.ALL)
        takes(stage, TAKES)

        job = await office.withheld(weighs=WEIGHS)
        message = await office.message(job, Gate.SHOWING)
        listed = await office.listed(stage.mika)

        for answer in (message, listed):
            assert "Discord takes no file of this size here" in texts(answer)
            assert any(one.startswith("review:yes:") for one in custom_ids(answer))
            assert sizes(answer) == []


async def test_a_picture_that_is_too_large_for_the_moderators_place_leaves_its_review_there(
    office: Office, tmp_path: Path
) -> None:
    picture = tmp_path / "again" / "pictures" / "large.png"
    await asyncio.to_thread(_written, picture, WEIGHS)
    source = Source(path=Path("pictures/large.png"), media_type="image/png", width=9, height=9)
    takes(office.stage, TAKES)
    job = await office.withheld(weighs=WEIGHS, source=source)

    message = await office.message(job, Gate.SHOWING)

    assert sizes(message) == [2 * MIB]  # the clip alone
    assert "Discord takes no file of this size here" in texts(message)


def _written(path: Path, size_bytes: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(size_bytes))


# what is too large for good


async def test_a_post_that_can_be_shown_again_in_no_way_says_why_and_stays_hidden(bare: Shelf) -> None:
    job = await bare.clip(weighs=WEIGHS)
    await change(bare, job, ClipState.HIDDEN)
    await bare.scene.shown.refresh(job.id)
    takes(bare.stage, TAKES)
    await change(bare, job, ClipState.SHOWN)

    with pytest.raises(NotYours, match="takes no file of this clip's size there now"):
        await bare.scene.shown.refresh(job.id)

    assert "This clip was reported." in texts(await bare.scene.message(job))


async def test_a_card_whose_clip_is_refused_for_its_size_is_left_as_it_is(shelf: Shelf) -> None:
    first, second = await shelf.scene.order(takes=2)
    first = await shelf.scene.make(first, shelf.film + bytes(WEIGHS))
    await shelf.scene.cards.carry(first, (await shelf.stored(first)).path)
    takes(shelf.stage, TAKES)

    second = await shelf.scene.make(second, shelf.film)
    await shelf.scene.touched(second.id)  # ends, where a step that fails is tried for ever

    assert len(sizes(await shelf.scene.card(first))) == 1
