"""Processes that read strangers' files: what they say is taken for no more than a stranger's word."""

from pathlib import Path

import pytest

from bot import media
from bot.children import ANSWER_BYTES_MAX, Ended, ask
from bot.clips.stills import Stills
from bot.errors import ClipUnusable, OrderRefused
from bot.ordering.pictures import Pictures
from tests.films import film
from tests.picture_files import chunks, of_kind


def reader(folder: Path, script: str) -> str:
    """In place of Python, a reader that a file has taken over: it does this, whatever it is asked."""
    path = folder / "reader"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def saying(folder: Path, said: str) -> str:
    (folder / "said").write_text(said)
    return reader(folder, f"cat {folder / 'said'}")


async def test_an_answer_is_what_the_reader_printed(tmp_path: Path) -> None:
    full = '{"a": "' + "b" * (ANSWER_BYTES_MAX - 9) + '"}'

    assert await ask("m", timeout_s=30, python=saying(tmp_path, '{"width": 2}')) == {"width": 2}
    assert isinstance(await ask("m", timeout_s=30, python=saying(tmp_path, full)), dict)


async def test_a_reader_that_never_stops_talking_is_ended_at_once(tmp_path: Path) -> None:
    told = await ask("m", timeout_s=600, python=reader(tmp_path, "exec yes"))

    assert isinstance(told, Ended)
    assert not told.late


@pytest.mark.parametrize(
    "said",
    ["", "[1]", "{", '"a"', "\xff", "[" * 60_000, '{"a": "' + "b" * ANSWER_BYTES_MAX + '"}'],
    ids=["nothing", "a list", "half", "a string", "no UTF-8", "too deep", "too much"],
)
async def test_what_is_no_answer_is_none(tmp_path: Path, said: str) -> None:
    (tmp_path / "said").write_bytes(said.encode("latin-1"))

    told = await ask("m", timeout_s=30, python=reader(tmp_path, f"cat {tmp_path / 'said'}"))

    assert isinstance(told, Ended)


async def test_a_reader_that_dies_is_told_by_its_code(tmp_path: Path) -> None:
    assert await ask("m", timeout_s=30, python=reader(tmp_path, "echo '{}'; exit 3")) == Ended(code=3)


@pytest.mark.parametrize(
    "said",
    [
        '{"frames": 1000000000000}',
        '{"frames": -1}',
        '{"frames": "4"}',
        '{"media_type": "../../x", "width": 1, "height": 1}',
        '{"unusable": ["what"]}',
        (
            '{"width": "640", "height": 1, "duration_ms": 1, "has_sound": true,'
            ' "video_codec": "h264", "pix_fmt": "yuv420p"}'
        ),
    ],
)
async def test_an_answer_of_another_kind_is_an_unusable_file(tmp_path: Path, said: str) -> None:
    python = saying(tmp_path, said)
    clip = film(tmp_path / "clip.mp4", [9])

    with pytest.raises(ClipUnusable):
        await media.check(clip, python=python)
    with pytest.raises(ClipUnusable):
        await Stills(python=python).first(clip, tmp_path, "first")
    with pytest.raises(ClipUnusable):
        await Stills(python=python).frames(clip, tmp_path / "frames", count=4, side_px_max=64)
    with pytest.raises(OrderRefused):
        await Pictures(python=python).take(chunks(of_kind("PNG")), tmp_path, "kept")
