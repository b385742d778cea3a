"""Families of clips: who is in them, and how they are drawn."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.clips.family import NODES_MAX, Family, Relative
from bot.clips.family_picture import FACE_PX, Portrait, drawn
from bot.domain import ChannelId, InteractionId, Job, Kind, Source
from cogs.library_views import FAMILY_UNITS_MAX, family_text
from tests.library_scene import AllSeen, Shelf, open_shelf
from tests.props import ANN, NOON
from tests.stage import job_of, open_stage

GOLD = (250, 168, 26)
RED = (200, 30, 30)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


async def family_of(shelf: Shelf, job: Job, name: str = "Ada") -> Family:
    return await shelf.families.of(job, AllSeen(), by=shelf.stage.member(name))


def portrait(number: int, parent: int | None, depth: int, **more: object) -> Portrait:
    fields = {"face": None, "present": False, "known": True} | more
    return Portrait(number=number, parent=parent, depth=depth, **fields)  # type: ignore[arg-type]  # a portrait's


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


async def test_a_family_begins_with_its_root_and_names_who_comes_from_whom(shelf: Shelf) -> None:
    root = await shelf.clip("root")
    left = await shelf.clip("left", made_from=root)
    await shelf.clip("right", made_from=root)
    await shelf.clip("below left", made_from=left)

    family = await family_of(shelf, left)

    told = [(one.number, one.parent, one.depth, one.job and one.job.order.prompt) for one in family.relatives]
    assert told == [
        (1, None, 0, "root"),
        (2, 1, 1, "left"),
        (3, 2, 2, "below left"),
        (4, 1, 1, "right"),
    ]
    assert [one.present for one in family.relatives] == [False, True, False, False]
    words = family_text(family).splitlines()
    assert [line.split(" · ")[1] for line in words] == ["made from words", *["final of a draft"] * 3]
    assert not family.more


async def test_takes_of_one_order_are_told_apart_in_their_family(shelf: Shelf) -> None:
    root = await shelf.clip("root")
    one = await shelf.clip("both", made_from=root)
    two = await shelf.clip("both", made_from=root)
    family = await family_of(shelf, root)
    relatives = {each.job.id: each for each in family.relatives if each.job is not None}
    told = []
    for take, job in enumerate((one, two), start=1):
        of_two = replace(job, take=take, order=replace(job.order, takes=2))
        told.append(replace(relatives[job.id], job=of_two))

    words = family_text(replace(family, relatives=tuple(told))).splitlines()

    assert [line.split(" · ")[1] for line in words] == ["take 1 of 2", "take 2 of 2"]


async def test_the_picture_that_all_began_with_stands_before_the_first_clip(shelf: Shelf) -> None:
    path = Path("pictures/first.png")
    Image.new("RGB", (64, 36), RED).save(shelf.scene.folder.parent / path)
    source = Source(path=path, media_type="image/png", width=64, height=36)
    job = await shelf.clip("it moves", source=source)

    family = await family_of(shelf, job)
    picture = opened(await shelf.families.picture(family))

    assert [(one.number, one.parent, one.depth) for one in family.relatives] == [(1, None, 0), (2, 1, 1)]
    assert family.relatives[0].picture == shelf.scene.folder.parent / path
    assert picture.getpixel((32 + FACE_PX[0] // 2, 32 + FACE_PX[1] // 2)) == RED


async def test_what_starts_from_a_last_frame_is_told_from_the_final_of_a_draft(shelf: Shelf) -> None:
    root = await shelf.clip("root")
    frame = Source(
        path=Path(f"pictures/last-{root.id}-1280x720-crop.png"),
        media_type="image/png",
        width=1280,
        height=720,
    )
    first = replace(frame, path=Path("pictures/first.png"))
    await shelf.clip("on it goes", kind=Kind.ANIMATE, made_from=root, source=frame)
    draft = await shelf.clip("it moves", kind=Kind.ANIMATE, source=first, draft=True)
    await shelf.clip("it moves", kind=Kind.ANIMATE, made_from=draft, source=first)

    words = [family_text(await family_of(shelf, job)).splitlines()[-1] for job in (root, draft)]

    assert [line.split(" · ")[1] for line in words] == ["made from the last frame", "final of a draft"]


async def test_of_a_large_family_as_many_are_shown_as_there_is_room_for(shelf: Shelf) -> None:
    root = await shelf.clip("root")
    children = [await shelf.clip(f"child {n}", made_from=root) for n in range(NODES_MAX + 2)]
    last = await shelf.clip("a child of the last", made_from=children[-1])

    family = await family_of(shelf, last)

    assert len(family.relatives) == NODES_MAX
    assert family.more
    assert "… and more" in family_text(family)
    by_number = {one.number: one for one in family.relatives}
    (present,) = (one for one in family.relatives if one.present)
    assert present.parent is not None
    parent = by_number[present.parent].job
    assert parent is not None
    assert parent.id == children[-1].id


async def test_a_family_of_others_private_clips_shows_that_they_are_there(shelf: Shelf) -> None:
    root = await shelf.clip("root")
    await shelf.clip("a secret", member="Bruno", posted=False, private=True, made_from=root)

    mine, theirs = await family_of(shelf, root), await family_of(shelf, root, "Bruno")

    assert [one.job is None for one in mine.relatives] == [False, True]
    assert [one.job is None for one in theirs.relatives] == [False, False]


async def test_what_is_there_is_shown_though_the_rest_takes_too_long_and_that_is_wanted(
    shelf: Shelf,
) -> None:
    root = await shelf.clip("root")
    child = await shelf.clip("child", made_from=root)
    other = await shelf.clip("other", made_from=root)
    there = await shelf.stored(other)
    kept = shelf.scene.folder.parent / "thumbnails" / f"{there.job_id}.jpg"
    Image.new("RGB", FACE_PX, RED).save(kept, quality=95)
    shelf.library._stills._turn = asyncio.Semaphore(0)  # whoever has to draw one waits for ever
    shelf.families._drawn_within_s = 0.01
    found = await family_of(shelf, child)

    picture = opened(await shelf.families.picture(found))

    column = 32 + FACE_PX[0] + 88 + FACE_PX[0] // 2
    shown = [picture.getpixel((column, 32 + row * (FACE_PX[1] + 28) + 100)) for row in (0, 1)]
    assert [one.job and one.job.order.prompt for one in found.relatives] == ["root", "child", "other"]
    assert shown[0] == (56, 58, 64)
    assert isinstance(shown[1], tuple)
    assert shown[1][0] > 190
    assert shown[1][1] < 40
    # The duty makes what is wanted last first: the clip that is looked at.
    assert [one.job_id for one in shelf.wanted] == [root.id, child.id]


async def test_a_spoiler_in_a_family_hides_its_picture(shelf: Shelf) -> None:
    root = await shelf.clip("root", spoiler=True)
    child = await shelf.clip("child", made_from=root)

    shown = await shelf.ask(shelf.stage.ada, "show", clip=child.id)

    (family,) = [
        item
        for one in shown["components"][0]["components"]
        if one["type"] == 12
        for item in one["items"]
        if "family" in item["media"]["url"]
    ]
    assert family["spoiler"]


def test_nobody_in_the_picture_covers_another_and_the_present_one_is_marked() -> None:
    portraits = [portrait(1, None, 0)]
    portraits += [portrait(n, 1, 1, present=n == 3) for n in range(2, 6)]
    portraits += [portrait(n, 3, 2) for n in range(6, 9)]

    picture = opened(drawn(portraits))

    assert picture.size == (3 * FACE_PX[0] + 2 * 88 + 64, 6 * FACE_PX[1] + 5 * 28 + 64)
    marked = [
        (x, y)
        for x in range(0, picture.width, 2)
        for y in range(0, picture.height, 2)
        if picture.getpixel((x, y)) == GOLD
    ]
    assert marked
    left, right = min(x for x, _ in marked), max(x for x, _ in marked)
    assert 32 + FACE_PX[0] + 88 - 10 <= left < right <= 32 + 2 * FACE_PX[0] + 88 + 10


@pytest.mark.parametrize("shape", ["a chain", "a fan"])
def test_the_largest_family_is_drawn_within_bounds(shape: str) -> None:
    chain = shape == "a chain"
    portraits = [
        portrait(n, None if n == 1 else (n - 1 if chain else 1), n - 1 if chain else min(n - 1, 1))
        for n in range(1, NODES_MAX + 1)
    ]

    png = drawn(portraits)

    assert max(opened(png).size) <= 4_000
    assert len(png) < 1_000_000


def test_a_picture_that_cannot_be_read_is_drawn_in_grey(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")

    picture = opened(drawn([portrait(1, None, 0, face=broken)]))

    assert picture.getpixel((32 + FACE_PX[0] // 2, 32 + FACE_PX[1] // 2)) == (56, 58, 64)


def test_the_words_of_the_largest_family_fit_their_message() -> None:
    job = _loud()
    relatives = tuple(
        Relative(number=n, parent=None if n == 1 else n - 1, depth=min(n - 1, 12), job=job)
        for n in range(1, NODES_MAX + 1)
    )

    text = family_text(Family(relatives=relatives, more=False))

    assert len(text) <= FAMILY_UNITS_MAX + 20
    assert text.splitlines()[-1] == "-# … and more"


def _loud() -> Job:
    return job_of(
        1,
        member=ANN,
        channel_id=ChannelId(30),
        interaction_id=InteractionId(1),
        at=NOON,
        prompt="**_~`" * 100,
    )
