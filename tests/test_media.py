"""Looking at a fetched file: a real clip is described, all else is turned down, and nothing ends us."""

import os
import random
from pathlib import Path

import av
import pytest

from bot import media
from bot.clips.probe import probe
from bot.errors import ClipUnusable
from tests.emulators.clips import clip, sound_alone

PLAYLIST = b"ffconcat version 1.0\nfile /etc/passwd\n"
STREAM_LIST = b"#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/latest/meta-data\n#EXT-X-ENDLIST\n"
PAGE = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
FTYP = b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"

FUZZES = int(os.environ.get("DAILIES_MEDIA_FUZZES", "10"))


def put(folder: Path, content: bytes) -> Path:
    path = folder / "a clip, größer.mp4"
    path.write_bytes(content)
    return path


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


@pytest.mark.parametrize(
    ("movflags", "faststart"),
    [("faststart", True), ("", False), ("frag_keyframe+empty_moov+default_base_moof", True)],
    ids=["index first", "index last", "in fragments"],
)
async def test_a_clip_is_described(tmp_path: Path, movflags: str, faststart: bool) -> None:  # noqa: FBT001
    tall = put(tmp_path, clip(72, 128, 4, movflags=movflags))

    seen = await media.check(tall)

    assert seen == media.Probe(
        width=72,
        height=128,
        duration_ms=seen.duration_ms,
        has_sound=True,
        video_codec="h264",
        pix_fmt="yuv420p",
        faststart=faststart,
    )
    assert 4_000 <= seen.duration_ms <= 4_100


async def test_a_clip_that_is_shown_turned_has_the_size_that_is_shown(tmp_path: Path) -> None:
    seen = await media.check(put(tmp_path, clip(128, 72, 4, turned=-90)))

    assert (seen.width, seen.height) == (72, 128)


async def test_a_silent_clip_has_no_sound(tmp_path: Path) -> None:
    assert not (await media.check(put(tmp_path, clip(128, 72, 4, sound=False)))).has_sound


@pytest.mark.parametrize("movflags", ["faststart", ""], ids=["index first", "index last"])
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 20, 0.3, 0.5, 0.9, -1])
async def test_a_clip_that_was_cut_short_is_turned_down(tmp_path: Path, movflags: str, kept: float) -> None:
    whole = clip(128, 72, 4, movflags=movflags)
    cut = whole[: kept if isinstance(kept, int) else int(len(whole) * kept)]

    with pytest.raises(ClipUnusable):
        await media.check(put(tmp_path, cut))


@pytest.mark.parametrize(
    "content",
    [
        PAGE,
        PLAYLIST,
        STREAM_LIST,
        FTYP,
        FTYP + PLAYLIST,
        FTYP + box(b"mdat", b"") + box(b"moov", b""),
        FTYP + box(b"moov", b"\xff" * 500) + box(b"mdat", PLAYLIST),
        FTYP + box(b"free", b"") * 20_000,
        FTYP + b"\x00\x00\x00\x01moov" + (2**63).to_bytes(8, "big"),
        FTYP + b"\x00\x00\x00\x04moov",
        b"\x00" * 4_096,
    ],
    ids=["a page", "a playlist", "a stream list", "a beginning", "a beginning of a playlist", "hollow",
         "noise for an index", "boxes without end", "a box beyond the end", "a box too small", "zeros"],
)  # fmt: skip
async def test_what_is_no_clip_is_turned_down(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ClipUnusable):
        await media.check(put(tmp_path, content))


async def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(ClipUnusable, match="no pictures"):
        await media.check(put(tmp_path, sound_alone(2)))


async def test_a_size_or_a_length_that_no_clip_has_is_turned_down(tmp_path: Path) -> None:
    with pytest.raises(ClipUnusable, match="no size"):
        await media.check(put(tmp_path, clip(128, 8, 4)))
    with pytest.raises(ClipUnusable, match="no length"):
        await media.check(put(tmp_path, clip(32, 32, 601, sound=False)))


async def test_a_file_without_the_mark_of_an_mp4_is_turned_down_though_ffmpeg_would_play_it(
    tmp_path: Path,
) -> None:
    path = put(tmp_path, clip(128, 72, 4).replace(b"ftyp", b"free", 1))

    assert probe(str(path))["width"] == 128
    with pytest.raises(ClipUnusable, match="begin"):
        await media.check(path)


@pytest.mark.parametrize(
    "playlist",
    [b"ffconcat version 1.0\nfile other.mp4\n", b"#EXTM3U\n#EXTINF:4,\nother.mp4\n#EXT-X-ENDLIST\n"],
)
def test_ffmpeg_itself_is_bound_to_one_format_and_opens_no_other_file(
    tmp_path: Path, playlist: bytes
) -> None:
    (tmp_path / "other.mp4").write_bytes(clip(128, 72, 4))

    with pytest.raises(av.FFmpegError):
        probe(str(put(tmp_path, playlist)))


async def test_a_file_that_is_not_there_is_our_own_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await media.check(tmp_path / "nothing.mp4")


async def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ClipUnusable, match="within 0"):
        await media.check(put(tmp_path, clip(128, 72, 4)), timeout_s=0)


async def test_a_reader_that_dies_takes_only_the_clip_with_it(tmp_path: Path) -> None:
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\nkill -SEGV $$\n")
    dying.chmod(0o700)

    with pytest.raises(ClipUnusable, match="ended the reader"):
        await media.check(put(tmp_path, clip(128, 72, 4)), python=str(dying))


async def test_the_reader_is_given_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\nexit 1\n")
    spy.chmod(0o700)
    monkeypatch.setenv("DAILIES_OPENAI_API_KEY", "sk-secret")

    with pytest.raises(ClipUnusable):
        await media.check(put(tmp_path, clip(128, 72, 4)), python=str(spy))

    assert "PYTHONPATH=" in (tmp_path / "env").read_text()
    assert "secret" not in (tmp_path / "env").read_text()


async def test_damaged_clips_are_described_or_turned_down_and_nothing_else(tmp_path: Path) -> None:
    dice = random.Random(20261121)
    whole = clip(128, 72, 4)

    for _ in range(FUZZES):
        damaged = bytearray(whole)
        for at in dice.sample(range(len(whole)), dice.choice([1, 8, 64, 512])):
            damaged[at] = dice.randrange(256)
        try:
            seen = await media.check(put(tmp_path, bytes(damaged)))
        except ClipUnusable:
            continue
        assert seen.width > 0
