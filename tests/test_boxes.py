"""An MP4's boxes: whether it can be shown at once, and everywhere, without decoding any of it."""

from pathlib import Path

import pytest

from bot.clips import boxes
from bot.errors import ClipUnusable
from tests.films import film

GREYS = [99] * 9
FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"


@pytest.mark.parametrize(
    ("movflags", "faststart", "fragmented"),
    [("faststart", True, False), ("", False, False), (FRAGMENTS, True, True)],
    ids=["index first", "index last", "fragments"],
)
def test_where_the_index_stands_is_seen(
    tmp_path: Path,
    movflags: str,
    faststart: bool,  # noqa: FBT001 - a row of a table
    fragmented: bool,  # noqa: FBT001 - a row of a table
) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS, movflags=movflags)

    seen = boxes.read(clip)

    assert (seen.faststart, seen.fragmented) == (faststart, fragmented)
    assert seen.begins_at_once == (faststart and not fragmented)
    assert seen.size_bytes == clip.stat().st_size
    assert seen.samples == {b"avc1", b"mp4a"}
    assert seen.plays_everywhere


@pytest.mark.parametrize(
    ("how", "profile"), [("baseline", 66), ("main", 77), ("high", 100), ("high10", 110), ("high444", 244)]
)
def test_the_profile_says_whether_every_player_shows_it(tmp_path: Path, how: str, profile: int) -> None:
    pix_fmt = {"high10": "yuv420p10le", "high444": "yuv444p"}.get(how, "yuv420p")

    seen = boxes.read(film(tmp_path / "clip.mp4", GREYS, profile=how, pix_fmt=pix_fmt))

    assert seen.avc_profiles == {profile}
    assert seen.plays_everywhere == (profile <= 100)


def test_another_coding_does_not_play_everywhere(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS)
    whole = clip.read_bytes()

    for old, new in ((b"avc1", b"av01"), (b"avc1", b"hev1"), (b"mp4a", b"Opus")):
        at = whole.index(b"stsd", whole.index(old + bytes(6)) - 20)  # not the brand in `ftyp`
        clip.write_bytes(whole[:at] + whole[at:].replace(old, new, 1))
        seen = boxes.read(clip)
        assert new in seen.samples
        assert not seen.plays_everywhere


def test_sound_alone_does_not_play_as_a_clip(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS)
    clip.write_bytes(clip.read_bytes().replace(b"vide", b"xxxx").replace(b"avc1", b"tx3g"))

    assert not boxes.read(clip).plays_everywhere


def test_an_index_in_disarray_is_not_said_to_play_everywhere(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS)
    whole = bytearray(clip.read_bytes())
    at = whole.rindex(b"stbl") - 4  # of the sound, behind pictures that are all right
    whole[at : at + 4] = b"\x7f\xff\xff\xff"
    clip.write_bytes(whole)

    seen = boxes.read(clip)

    assert seen.faststart
    assert not seen.plays_everywhere


def test_boxes_in_boxes_without_end_are_not_all_read(tmp_path: Path) -> None:
    ftyp = b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"
    many = b"\x00\x00\x00\x08free" * 20_000
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(ftyp + (8 + len(many)).to_bytes(4, "big") + b"moov" + many + b"\x00\x00\x00\x08mdat")

    with pytest.raises(ClipUnusable, match="more than 10000 boxes"):
        boxes.read(clip)


def test_a_box_may_have_a_long_length_or_reach_to_the_end(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS)
    whole = clip.read_bytes()
    at = whole.index(b"mdat") - 4
    content = whole[at + 8 :]

    clip.write_bytes(whole[:at] + b"\x00\x00\x00\x01mdat" + (16 + len(content)).to_bytes(8, "big") + content)
    assert boxes.read(clip).plays_everywhere
    clip.write_bytes(whole[:at] + b"\x00\x00\x00\x00mdat" + content)
    assert boxes.read(clip).plays_everywhere
