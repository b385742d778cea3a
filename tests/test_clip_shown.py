"""One clip as `/clips` shows it: its family, its file once more, favourites, and what one is told of."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ClipState
from storage import wishes
from tests.library_scene import Shelf, found, media, open_shelf
from tests.stage import button, custom_ids, open_stage, texts

ALL = frozenset(ClipState)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


# one clip


async def test_a_clip_is_shown_with_its_family_in_a_picture_and_in_words(shelf: Shelf) -> None:
    root = await shelf.clip("a paper boat")
    child = await shelf.clip("a paper boat in a storm", member="Bruno", made_from=root)
    await shelf.clip("a calm sea", made_from=child)

    shown = await shelf.ask(shelf.stage.ada, "show", clip=child.id)

    assert [one["filename"] for one in shown["attachments"]] == ["family.png"]
    family = [line for line in texts(shown).splitlines() if line.startswith("-# ") and ". " in line][-3:]
    mark = "-# \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
    assert [line.split(" · ")[0].lstrip(mark) for line in family] == [
        "1. a paper boat",
        "2. a paper boat in a storm",
        "3. a calm sea",
    ]
    assert ["this one" in line for line in family] == [False, True, False]
    assert "the list below says the same" in media(shown)[1]["description"]


async def test_a_clip_without_a_family_has_no_picture_of_one(shelf: Shelf) -> None:
    job = await shelf.clip()

    shown = await shelf.ask(shelf.stage.ada, "show", clip=job.id)

    assert shown["attachments"] == []
    assert "Its family" not in texts(shown)


async def test_of_a_relative_that_one_may_not_see_only_that_it_is_there_is_said(shelf: Shelf) -> None:
    root = await shelf.clip("a plan of the moderators", member="Mika", channel="mods")
    child = await shelf.clip("a paper boat", made_from=root)
    await shelf.clip("a secret garden", member="Bruno", posted=False, private=True, made_from=child)

    shown = await shelf.ask(shelf.stage.ada, "show", clip=child.id)

    assert texts(shown).count("not shown to you") == 2
    assert "plan" not in texts(shown)
    assert "garden" not in texts(shown)


async def test_the_buttons_below_a_clip_are_those_of_its_post(shelf: Shelf) -> None:
    job = await shelf.clip()

    mine = await shelf.ask(shelf.stage.ada, "show", clip=job.id)
    theirs = await shelf.ask(shelf.stage.bruno, "show", clip=job.id)
    elsewhere = await shelf.ask(shelf.stage.bruno, "show", place="showcase", clip=job.id)

    assert {one.rpartition(":")[0] for one in custom_ids(mine)} >= {
        "make:remix",
        "make:again",
        "make:frame",
        "lib:get",
        "lib:heart",
        "details",
        "clip:delete",
    }
    assert any(one.startswith("clip:report") for one in custom_ids(theirs))
    assert not any(one.startswith("clip:delete") for one in custom_ids(theirs))
    assert custom_ids(elsewhere) == custom_ids(theirs)


async def test_a_clip_that_is_found_in_another_channel_can_be_gone_on_from_and_read_of(shelf: Shelf) -> None:
    stage = shelf.stage
    job = await shelf.clip("a kite over dunes")
    shown = await shelf.ask(stage.bruno, "show", place="showcase", clip=job.id)

    form = await stage.bruno.modal(await stage.bruno.press(shown, button(shown, "make:remix:")["custom_id"]))
    details = await stage.press(stage.bruno, shown, "details:")

    family = await stage.press(stage.bruno, details, "lib:hung:")

    assert f"details:c{job.id}" in custom_ids(family)
    assert form["components"][0]["component"]["value"] == "a kite over dunes"
    assert "a kite over dunes" in texts(details)


async def test_a_clip_of_a_closed_channel_has_no_details_elsewhere(shelf: Shelf) -> None:
    stage = shelf.stage
    job = await shelf.clip("a kite")
    shown = await shelf.ask(stage.bruno, "show", place="showcase", clip=job.id)
    shelf.close("dailies", like="mods")

    details = await stage.press(stage.bruno, shown, "details:")

    assert "This order is not known here." in texts(details)


async def test_ones_own_private_clip_plays_in_the_answer_and_can_be_published(shelf: Shelf) -> None:
    job = await shelf.clip("a secret garden", posted=False, private=True)

    shown = await shelf.ask(shelf.stage.ada, "show", clip=job.id)
    answer = await shelf.stage.press(shelf.stage.ada, shown, "clip:publish:")

    assert [one["filename"] for one in shown["attachments"]] == [f"dailies-{job.id}.mp4"]
    assert "Published in" in texts(answer)
    assert found(await shelf.ask(shelf.stage.bruno, "server")) == ["a secret garden"]


async def test_a_clip_that_no_place_took_is_delivered_from_here(shelf: Shelf) -> None:
    job = await shelf.clip("a kite", posted=False)

    shown = await shelf.ask(shelf.stage.ada, "show", clip=job.id)
    await shelf.stage.press(shelf.stage.ada, shown, "clip:publish:")
    await shelf.stage.press(shelf.stage.ada, shown, "clip:publish:")

    posted = [one for one in await shelf.stage.ada.messages(shelf.stage.channel()) if one["attachments"]]
    assert len(posted) == 1


async def test_a_clip_whose_link_is_dead_is_sent_again_to_the_one_who_asks(
    shelf: Shelf, tmp_path: Path
) -> None:
    job = await shelf.clip()
    shown = await shelf.ask(shelf.stage.bruno, "show", clip=job.id)
    await shelf.stage.mika.delete(await shelf.scene.message(job))

    sent = await shelf.stage.press(shelf.stage.bruno, shown, "lib:get:")

    (file,) = sent["attachments"]
    copy = tmp_path / "copy.mp4"
    await shelf.stage.bruno.client.download(file["url"], copy)
    assert copy.read_bytes() == shelf.film
    assert sent["flags"] & 64


async def test_a_clip_whose_file_is_gone_is_not_sent_and_says_so(shelf: Shelf) -> None:
    job = await shelf.clip()
    shown = await shelf.ask(shelf.stage.ada, "show", clip=job.id)
    (await shelf.stored(job)).path.unlink()

    sent = await shelf.stage.press(shelf.stage.ada, shown, "lib:get:")

    assert texts(sent).startswith("The file of this clip is not here any more. Nothing was charged.")


@pytest.mark.parametrize("clip", ["", "'; DROP TABLE jobs", "0" * 16, "0000000000000001\n", "a" * 4_000])
async def test_a_clip_that_is_none_is_not_known(shelf: Shelf, clip: str) -> None:
    press_ = await shelf.stage.ada.slash(
        "clips show", {"clip": clip}, channel=shelf.stage.channel(), unchecked=True
    )

    assert "This clip is not known here." in texts(await shelf.stage.ada.answer(press_))


async def test_clips_are_proposed_by_what_is_typed(shelf: Shelf) -> None:
    job = await shelf.clip("a paper boat")
    await shelf.clip("a kite", member="Bruno")

    choices = await shelf.stage.ada.autocomplete("clips show", "clip", "BOAT", channel=shelf.stage.channel())

    assert [(one["name"].partition(" · ")[0], one["value"]) for one in choices] == [("a paper boat", job.id)]


# favourites and wishes


async def test_a_favourite_is_kept_and_given_up_by_the_same_button(shelf: Shelf) -> None:
    job = await shelf.clip()
    bruno = shelf.stage.bruno
    shown = await shelf.ask(bruno, "show", clip=job.id)

    kept = await shelf.stage.press(bruno, shown, "lib:heart:")
    listed = found(await shelf.ask(bruno, "favourites"))
    given_up = await shelf.stage.press(bruno, shown, "lib:heart:")

    assert "among your favourites now" in texts(kept)
    assert listed == ["a paper boat crossing a rain puddle"]
    assert "no favourite of yours any more" in texts(given_up)
    assert found(await shelf.ask(bruno, "favourites")) == []
    assert found(await shelf.ask(shelf.stage.ada, "favourites")) == []


async def test_direct_messages_and_mentions_are_asked_for_one_by_one(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    user_id = shelf.stage.member("Ada").user_id

    first = await shelf.ask(ada, "notify")
    await shelf.ask(ada, "notify", direct_messages=True)
    both = await shelf.ask(ada, "notify", mentions=True)
    kept = await shelf.stage.database.read(partial(wishes.get, user_id=user_id))
    off = await shelf.ask(ada, "notify", direct_messages=False)

    assert "never writes to you directly" in texts(first)
    assert (kept.direct_messages, kept.mentions) == (True, True)
    assert "writes to you directly when a private clip" in texts(both)
    assert "never writes to you directly" in texts(off)
    assert "mentions you" in texts(off)
