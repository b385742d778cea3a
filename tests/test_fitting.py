"""A clip under an upload limit: untouched where it can be, copied where that is enough, else encoded."""

import asyncio
import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import media
from bot.clips import boxes
from bot.clips.fit_plan import SOUND_BPS, Plan, again, fits, plan
from bot.clips.fitting import Fitted, Fitting, Touch
from bot.errors import ClipTooLarge, ClipUnusable
from tests.films import comment_of, film, frames_of, picture_packets, seconds_of_sound, sound_packets

GREYS = [40 + 3 * number for number in range(48)]
MIB = 1 << 20


def noisy(folder: Path, **options: object) -> Path:
    """Two seconds that are hard to make small."""
    return film(folder / "clip.mp4", [128] * 48, size=(320, 240), fps=24, noise=60, **options)  # type: ignore[arg-type]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What is left alone.


async def test_a_clip_that_fits_is_sent_untouched(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS)
    size = clip.stat().st_size

    # Nothing is run: there is no such Python.
    fitted = await Fitting(python="/nowhere").fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB)

    assert fitted == Fitted(path=clip, size_bytes=size, touch=Touch.NONE)
    assert names_in(tmp_path) == ["clip.mp4"]


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
async def test_every_profile_that_plays_everywhere_is_sent_untouched(tmp_path: Path, profile: str) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, profile=profile, sound=None)

    assert (await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB)).touch is Touch.NONE


@pytest.mark.parametrize(
    ("size_bytes", "fitting"), [(0, True), (97, True), (98, False), (100, False), (101, False)]
)
def test_three_hundredths_of_the_limit_are_left_for_what_goes_around_the_file(
    size_bytes: int,
    fitting: bool,  # noqa: FBT001 - a row of a table
) -> None:
    assert fits(size_bytes, 100) == fitting


# What is copied behind its index, and nothing else.


@pytest.mark.parametrize(
    "movflags", ["", "frag_keyframe+empty_moov+default_base_moof"], ids=["index last", "fragments"]
)
async def test_a_clip_whose_index_is_elsewhere_is_copied_bit_for_bit(tmp_path: Path, movflags: str) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, movflags=movflags, comment="AI-generated with care")
    before = clip.read_bytes()

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB, comment="something else")

    layout = boxes.read(fitted.path)
    assert fitted == Fitted(path=tmp_path / "fitted.mp4", size_bytes=layout.size_bytes, touch=Touch.REMUXED)
    assert layout.begins_at_once
    assert layout.plays_everywhere
    assert picture_packets(fitted.path) == picture_packets(clip)
    assert sound_packets(fitted.path) == sound_packets(clip)
    assert frames_of(fitted.path) == frames_of(clip)
    assert comment_of(fitted.path) == "AI-generated with care"
    assert clip.read_bytes() == before
    assert names_in(tmp_path) == ["clip.mp4", "fitted.mp4"]


async def test_a_copy_that_is_shown_turned_is_shown_turned(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, movflags="", turned=-90)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB)

    seen = await media.check(fitted.path)
    assert (seen.width, seen.height) == (96, 128)


async def test_a_clip_that_cannot_be_copied_is_sent_as_it_is(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, movflags="")

    fitted = await Fitting(timeout_s=0).fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB)

    assert fitted.path == clip
    assert fitted.touch is Touch.NONE
    assert names_in(tmp_path) == ["clip.mp4"]


# What is encoded.


@pytest.mark.parametrize("limit_bytes", [700_000, 300_000, 150_000])
async def test_a_clip_that_is_too_large_is_brought_under_the_limit(tmp_path: Path, limit_bytes: int) -> None:
    clip = noisy(tmp_path)
    assert clip.stat().st_size > limit_bytes

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=limit_bytes, comment="AI")

    assert fitted.touch is Touch.ENCODED
    assert fitted.size_bytes == fitted.path.stat().st_size <= limit_bytes * 97 // 100
    assert fitted.size_bytes > limit_bytes // 2  # what may be used is used
    layout = boxes.read(fitted.path)
    assert layout.begins_at_once
    assert layout.plays_everywhere
    assert [at for at, _ in frames_of(fitted.path)] == [Fraction(number, 24) for number in range(48)]
    assert comment_of(fitted.path) == "AI"
    assert names_in(tmp_path) == ["clip.mp4", "fitted.mp4"]


async def test_the_sound_of_a_fitted_clip_is_the_same_sound(tmp_path: Path) -> None:
    clip = noisy(tmp_path, sound_bps=32_000)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=300_000)

    assert sound_packets(fitted.path) == sound_packets(clip)


@pytest.mark.parametrize(
    "sound", [{"sound": "aac", "sound_bps": 256_000}, {"sound": "flac"}], ids=["too much of it", "no AAC"]
)
async def test_sound_that_cannot_be_copied_is_encoded_and_as_long(
    tmp_path: Path, sound: dict[str, object]
) -> None:
    clip = noisy(tmp_path, **sound)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=200_000)

    assert fitted.size_bytes <= 194_000
    assert boxes.read(fitted.path).samples == {b"avc1", b"mp4a"}
    assert 1.99 < seconds_of_sound(fitted.path) < 2.1


async def test_a_silent_clip_stays_silent(tmp_path: Path) -> None:
    fitted = await Fitting().fit(noisy(tmp_path, sound=None), tmp_path / "fitted.mp4", limit_bytes=300_000)

    assert not (await media.check(fitted.path)).has_sound


@pytest.mark.parametrize(
    "coding",
    [{"codec": "libx265"}, {"pix_fmt": "yuv444p"}, {"pix_fmt": "yuv420p10le"}],
    ids=["H.265", "4:4:4", "10 bits"],
)
async def test_a_clip_that_players_do_not_show_is_encoded_though_it_is_small(
    tmp_path: Path, coding: dict[str, str]
) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, **coding)  # type: ignore[arg-type]
    assert not boxes.read(clip).plays_everywhere

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB)

    seen = await media.check(fitted.path)
    assert fitted.touch is Touch.ENCODED
    assert (seen.video_codec, seen.pix_fmt, seen.width, seen.height) == ("h264", "yuv420p", 128, 96)
    assert boxes.read(fitted.path).plays_everywhere
    assert all(
        abs(grey - wanted) <= 4 for (_, grey), wanted in zip(frames_of(fitted.path), GREYS, strict=True)
    )


async def test_a_clip_that_is_shown_turned_is_shown_turned_after(tmp_path: Path) -> None:
    clip = noisy(tmp_path, turned=-90)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=300_000)

    seen = await media.check(fitted.path)
    assert (seen.width, seen.height) == (240, 320)


async def test_a_large_frame_is_made_smaller_where_the_bytes_are_few(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", [128] * 12, size=(1080, 1920), fps=12, noise=40, crf=20)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=250_000)

    seen = await media.check(fitted.path)
    assert (seen.width, seen.height) == (720, 1280)


async def test_frames_that_are_not_evenly_spaced_keep_their_times(tmp_path: Path) -> None:
    times_ms = [number * 40 + (number % 5) * 7 for number in range(48)]
    clip = noisy(tmp_path, times_ms=times_ms)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=300_000)

    assert [at for at, _ in frames_of(fitted.path)] == [at for at, _ in frames_of(clip)]
    assert [round(at * 1_000) for at, _ in frames_of(fitted.path)] == times_ms


async def test_no_second_of_a_fitted_clip_has_more_than_two_seconds_of_its_rate(tmp_path: Path) -> None:
    clip = film(
        tmp_path / "clip.mp4", [99] * 96, size=(320, 240), fps=24, noise=60, noisy=range(72, 96), sound=None
    )
    found = planned(400_000 / MIB, 4, width=320, height=240, millifps=24_000, sound_bps=0)
    assert found is not None

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=400_000)

    assert sum(map(len, picture_packets(fitted.path)[-24:])) < 2.1 * found.video_bps / 8


# What cannot be fitted.


async def test_a_file_that_came_out_too_large_is_not_kept(tmp_path: Path) -> None:
    large = put_python(tmp_path, 'head -c 299999 /dev/zero > "$4"\necho \'{"width": 2, "height": 2}\'')
    folder = tmp_path / "clips"
    folder.mkdir()

    with pytest.raises(ClipTooLarge, match="299999 bytes, 300000 allowed"):
        await Fitting(python=large).fit(noisy(folder), folder / "fitted.mp4", limit_bytes=300_000)

    assert names_in(folder) == ["clip.mp4"]


async def test_a_clip_that_nobody_would_want_to_see_so_small_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ClipTooLarge, match="too long for so few bytes"):
        await Fitting().fit(noisy(tmp_path), tmp_path / "fitted.mp4", limit_bytes=40_000)

    assert names_in(tmp_path) == ["clip.mp4"]


async def test_a_fit_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ClipTooLarge, match="not done in time"):
        await Fitting(timeout_s=0).fit(noisy(tmp_path), tmp_path / "fitted.mp4", limit_bytes=300_000)

    assert names_in(tmp_path) == ["clip.mp4"]


async def test_a_clip_whose_pictures_cannot_be_read_is_not_fitted(tmp_path: Path) -> None:
    clip = noisy(tmp_path)
    content = bytearray(clip.read_bytes())
    at = content.index(b"avcC")
    content[at : at + 40] = b"\xff" * 40
    clip.write_bytes(content)

    with pytest.raises(ClipTooLarge):
        await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=300_000)


async def test_what_is_no_clip_is_not_fitted(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"<!doctype html>")

    with pytest.raises(ClipUnusable):
        await Fitting().fit(tmp_path / "clip.mp4", tmp_path / "fitted.mp4", limit_bytes=MIB)


async def test_a_clip_that_is_not_there_is_our_own_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Fitting().fit(tmp_path / "clip.mp4", tmp_path / "fitted.mp4", limit_bytes=MIB)


def put_python(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


async def test_a_cancelled_fit_ends_its_child_and_lets_the_next_one_in(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    folder = tmp_path / "clips"
    folder.mkdir()
    clip = noisy(folder)
    waiting = put_python(tmp_path, f"echo $$ > {tmp_path}/started\nexec sleep 600")
    fitting = Fitting(at_once=1, python=waiting)
    first = asyncio.ensure_future(fitting.fit(clip, folder / "1.mp4", limit_bytes=300_000))
    pid = await asyncio.to_thread((tmp_path / "started").read_text)
    second = asyncio.ensure_future(fitting.fit(clip, folder / "2.mp4", limit_bytes=300_000))

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    next_pid = await asyncio.to_thread((tmp_path / "started").read_text)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second

    assert pid != next_pid
    assert names_in(folder) == ["clip.mp4"]


async def test_no_more_are_fitted_at_once_than_may_be(tmp_path: Path) -> None:
    counting = put_python(
        tmp_path, f"echo in >> {tmp_path}/log\nsleep 0.1\necho out >> {tmp_path}/log\nexit 1"
    )
    clip = noisy(tmp_path)
    fitting = Fitting(at_once=1, python=counting)

    await asyncio.gather(
        *(fitting.fit(clip, tmp_path / f"{n}.mp4", limit_bytes=300_000) for n in range(3)),
        return_exceptions=True,
    )

    assert (tmp_path / "log").read_text().split() == ["in", "out"] * 3


# The plan.


def planned(limit_mib: float, seconds: int, **more: int | None) -> Plan | None:
    clip: dict[str, int | None] = {"width": 1920, "height": 1080, "millifps": 30_000, "sound_bps": 128_000}
    return plan(**{**clip, **more}, duration_ms=seconds * 1_000, limit_bytes=int(limit_mib * MIB))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limit_mib", "seconds", "lines"),
    [(50, 20, 1080), (20, 20, 1080), (10, 20, 720), (8, 20, 720), (20, 60, 720), (10, 60, 540),
     (10, 120, 540), (10, 180, 360)],
)  # fmt: skip
def test_the_frame_is_as_large_as_the_bytes_can_carry(limit_mib: float, seconds: int, lines: int) -> None:
    found = planned(limit_mib, seconds)

    assert found is not None
    assert found.height == lines
    assert found.width == lines * 16 // 9


def test_twenty_seconds_under_ten_mebibytes_have_the_rate_that_was_measured() -> None:
    found = planned(10, 20)

    assert found is not None
    assert 3_700_000 < found.video_bps < 3_900_000
    assert found.copies_sound


def test_a_frame_that_is_smaller_is_never_made_larger() -> None:
    found = planned(10, 20, width=640, height=360)

    assert found is not None
    assert (found.width, found.height) == (640, 360)


def test_nobody_would_want_to_see_ten_minutes_in_eight_mebibytes() -> None:
    assert planned(8, 600) is None


@given(
    limit_mib=st.integers(1, 500),
    seconds=st.integers(1, 600),
    width=st.integers(16, 8_192),
    height=st.integers(16, 8_192),
    millifps=st.integers(1_000, 120_000),
    sound_bps=st.none() | st.integers(0, 2_000_000),
)
def test_what_is_planned_goes_under_the_limit(
    limit_mib: int, seconds: int, width: int, height: int, millifps: int, sound_bps: int | None
) -> None:
    found = planned(limit_mib, seconds, width=width, height=height, millifps=millifps, sound_bps=sound_bps)

    if found is None:
        assert limit_mib * MIB * 8 * 95 // 100 // seconds < 320_000
        return
    sound = (sound_bps or 0) if found.copies_sound else SOUND_BPS
    assert fits((found.video_bps + sound) * seconds // 8, limit_mib * MIB)
    assert found.video_bps >= 200_000
    assert sound_bps is not None or not found.copies_sound
    assert found.width % 2 == found.height % 2 == 0
    assert found.width <= width + 1
    assert found.height <= height + 1
    assert abs(found.width * height - found.height * width) <= 2 * max(width, height)


def test_the_second_try_is_lower_by_as_much_as_the_first_was_over() -> None:
    assert again(1_000_000, 110, 100) == 836_363
