"""Stills of a clip: the first frame, the last that can be decoded, and one that shows what it is of."""

import asyncio
import hashlib
import os
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageStat

from bot.clips.stills import Stills
from bot.errors import ClipUnusable
from tests.emulators.clips import sound_alone
from tests.films import film, frames_of

GREYS = [20 + 6 * number for number in range(31)]


def grey_of(path: Path, x: int = 64, y: int = 48) -> int:
    with Image.open(path) as picture:
        return int(np.asarray(picture.convert("L"))[y, x])


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("group", [1, 12, 30, 250], ids="a group of {}".format)
@pytest.mark.parametrize("movflags", ["faststart", "", "frag_keyframe+empty_moov+default_base_moof"])
async def test_the_first_and_the_last_frame_are_exactly_these(
    tmp_path: Path, group: int, movflags: str
) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, group=group, movflags=movflags)

    first = await Stills().first(clip, tmp_path, "first")
    last = await Stills().last(clip, tmp_path, "last")

    assert abs(grey_of(first.path) - GREYS[0]) <= 2
    assert abs(grey_of(last.path) - GREYS[-1]) <= 2


async def test_a_still_to_go_on_from_is_a_whole_clean_png(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, size=(1280, 720), sound=None)

    last = await Stills().last(clip, tmp_path, "last")

    content = last.path.read_bytes()
    assert last.path == tmp_path / "last.png"
    assert (last.media_type, last.width, last.height) == ("image/png", 1280, 720)
    assert (last.size_bytes, last.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert names_in(tmp_path) == ["clip.mp4", "last.png"]
    with Image.open(last.path) as picture:
        assert (picture.mode, picture.size) == ("RGB", (1280, 720))


async def test_of_a_clip_whose_end_is_damaged_the_last_frame_that_can_be_decoded_is_taken(
    tmp_path: Path,
) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, group=1, sound=None)
    content = bytearray(clip.read_bytes())
    content[-150:] = bytes(150)  # the last frames, in a file whose index comes first
    clip.write_bytes(content)

    last = await Stills().last(clip, tmp_path, "last")

    assert abs(grey_of(last.path) - frames_before_damage(clip)) <= 2


def frames_before_damage(clip: Path) -> int:
    """The grey of the last frame that FFmpeg shows, read frame by frame from the beginning."""
    grey = -1
    with av.open(clip) as container:
        for packet in container.demux(video=0):
            try:
                for frame in packet.decode():
                    assert isinstance(frame, av.VideoFrame)
                    grey = round(frame.to_ndarray(format="gray").mean())
            except av.InvalidDataError:
                continue
    assert 0 <= grey < GREYS[-1]
    return grey


async def test_a_frame_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, group=1, sound=None)
    with av.open(clip) as container:
        packet = next(container.demux(video=0))
        at, size = packet.pos, packet.size
    content = bytearray(clip.read_bytes())
    assert at is not None
    content[at : at + size] = bytes(size)
    clip.write_bytes(content)

    first = await Stills().first(clip, tmp_path, "first")

    assert abs(grey_of(first.path) - GREYS[1]) <= 2


async def test_a_thumbnail_is_a_small_jpeg_of_the_clips_shape(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", [99] * 3, size=(1920, 1080), fps=2, sound=None)

    thumbnail = await Stills().thumbnail(clip, tmp_path, "thumbnail")

    assert (thumbnail.media_type, thumbnail.width, thumbnail.height) == ("image/jpeg", 320, 180)
    assert thumbnail.path.name == "thumbnail.jpg"


async def test_a_small_clip_is_not_made_larger(tmp_path: Path) -> None:
    thumbnail = await Stills().thumbnail(film(tmp_path / "clip.mp4", [99] * 9), tmp_path, "thumbnail")

    assert (thumbnail.width, thumbnail.height) == (128, 96)


@pytest.mark.parametrize("group", [4, 250])
async def test_a_clip_that_begins_in_the_dark_is_shown_by_what_comes_later(
    tmp_path: Path, group: int
) -> None:
    dark = film(tmp_path / "dark.mp4", [0] * 8, group=group)
    assert await contrast(dark, tmp_path) < 3

    fades_in = joined(tmp_path / "clip.mp4", group)

    assert await contrast(fades_in, tmp_path) > 10


def joined(path: Path, group: int) -> Path:
    """Eight black frames, eight of something, eight black ones."""
    return film(path, [0] * 8 + [128] * 8 + [0] * 8, group=group, noise=100, noisy=range(8, 16))


async def contrast(clip: Path, folder: Path) -> float:
    shown = await Stills().thumbnail(clip, folder, "shown")
    with Image.open(shown.path) as picture:
        return ImageStat.Stat(picture.convert("L")).stddev[0]


async def test_a_still_is_turned_as_the_clip_is_shown(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, size=(128, 64), turned=-90, ramp=True)

    first = await Stills().first(clip, tmp_path, "first")

    assert (first.width, first.height) == (64, 128)
    # What was at the left is at the top, after a quarter turn clockwise.
    assert grey_of(first.path, 32, 4) < 20
    assert grey_of(first.path, 32, 123) > 235


async def test_colours_are_those_of_the_clip(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", [235, 16, 128], fps=1, group=1)

    first = await Stills().first(clip, tmp_path, "first")

    with Image.open(first.path) as picture:
        shown = np.asarray(picture)[48, 64]
    assert max(shown) - min(shown) <= 3
    assert abs(int(shown[0]) - 235) <= 2


async def test_a_clip_without_pictures_has_no_stills(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(sound_alone(1))

    with pytest.raises(ClipUnusable, match="no pictures"):
        await Stills().first(clip, tmp_path, "first")

    assert names_in(tmp_path) == ["clip.mp4"]


@pytest.mark.parametrize("moment", ["first", "last", "thumbnail"])
async def test_what_is_no_clip_has_no_stills(tmp_path: Path, moment: str) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"ffconcat version 1.0\nfile other.mp4\n")
    film(tmp_path / "other.mp4", GREYS)

    with pytest.raises(ClipUnusable):
        await getattr(Stills(), moment)(clip, tmp_path, "still")


async def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ClipUnusable, match="not done in time"):
        await Stills(timeout_s=0).first(film(tmp_path / "clip.mp4", GREYS), tmp_path, "first")


async def test_a_reader_that_sleeps_is_ended(tmp_path: Path) -> None:
    sleeping = tmp_path / "python"
    sleeping.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    sleeping.chmod(0o700)
    clip = film(tmp_path / "clip.mp4", GREYS)

    with pytest.raises(ClipUnusable, match="not done in time"):
        await Stills(timeout_s=0.5, python=str(sleeping)).first(clip, tmp_path, "first")

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_a_cancelled_still_ends_its_child_and_leaves_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    waiting = tmp_path / "python"
    waiting.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/started\nexec sleep 600\n")
    waiting.chmod(0o700)
    folder = tmp_path / "stills"
    folder.mkdir()
    clip = film(tmp_path / "clip.mp4", GREYS)
    taking = asyncio.ensure_future(Stills(python=str(waiting)).last(clip, folder, "last"))
    pid = await asyncio.to_thread((tmp_path / "started").read_text)

    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert list(folder.iterdir()) == []


def test_the_films_are_what_they_are_said_to_be(tmp_path: Path) -> None:
    seen = frames_of(film(tmp_path / "clip.mp4", GREYS))

    assert [round(at * 8) for at, _ in seen] == list(range(len(GREYS)))
    assert all(abs(grey - wanted) <= 2 for (_, grey), wanted in zip(seen, GREYS, strict=True))
