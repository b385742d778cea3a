"""Fitting what models other than today's may make: AV1, H.265, and high dynamic range."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from bot import media
from bot.clips import boxes, dynamic_range
from bot.clips.fitting import Fitting, Touch
from tests.films import film, frames_of

MIB = 1 << 20
SIZE = (128, 96)


def bright(path: Path, levels: list[int], *, transfer: str = "smpte2084") -> Path:
    """H.265 of ten bits in high dynamic range, a frame for each level (of 1,023)."""
    width, height = SIZE
    with av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as container:
        said = f"colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited:log-level=none"
        options = {"preset": "ultrafast", "crf": "8", "x265-params": said}
        video = container.add_stream("libx265", rate=8, options=options)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p10le"
        context = video.codec_context
        context.color_primaries, context.colorspace, context.color_range = 9, 9, 1
        context.color_trc = {"smpte2084": 16, "arib-std-b67": 18}[transfer]
        for number, level in enumerate(levels):
            planes = np.full((height * 3 // 2, width), 512, np.uint16)
            planes[:height] = level
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p10le")
            frame.pts, frame.time_base = number, Fraction(1, 8)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def colours(path: Path) -> tuple[int, int, int]:
    with av.open(path) as container:
        context = container.streams.video[0].codec_context
        return context.color_primaries, context.color_trc, context.colorspace


def lumas(path: Path) -> list[float]:
    with av.open(path) as container:
        return [frame.to_ndarray()[: frame.height].mean() for frame in container.decode(video=0)]


# PQ (SMPTE ST 2084) of 0, 10, 100, 203 (white of paper), 1,000 nits, in limited range.
PQ = [64, 327, 509, 573, 723]


async def test_high_dynamic_range_is_mapped_to_what_every_screen_shows(tmp_path: Path) -> None:
    clip = bright(tmp_path / "clip.mp4", PQ)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB)

    seen = lumas(fitted.path)
    assert fitted.touch is Touch.ENCODED
    assert boxes.read(fitted.path).plays_everywhere
    assert colours(fitted.path) == (1, 1, 1)
    assert seen == sorted(seen)
    assert seen[0] == pytest.approx(16, abs=8)
    assert 50 < seen[1] < 75  # as numbers copied it would be 82: grey fog in the shadows
    assert 130 < seen[3] < 200
    assert 185 < seen[4] <= 236
    assert [at for at, _ in frames_of(fitted.path)] == [Fraction(number, 8) for number in range(len(PQ))]


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_either_range_has_a_mapping_of_this_build_and_the_standard_one_needs_none(
    tmp_path: Path, transfer: str
) -> None:
    plain = film(tmp_path / "plain.mp4", [128])

    with (
        av.open(bright(tmp_path / "clip.mp4", PQ, transfer=transfer)) as clip,
        av.open(plain) as other,
    ):
        assert dynamic_range.mapping(clip.streams.video[0], *SIZE) is not None
        assert dynamic_range.mapping(other.streams.video[0], *SIZE) is None


# Six seconds and more, nearly all of them for the scaler's table, which the test above has made once already.
@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("DAILIES_SOAK"), reason="a scaler's table: `make soak`")
async def test_the_range_of_broadcasts_is_mapped_too(tmp_path: Path) -> None:
    clip = bright(tmp_path / "clip.mp4", [64, 502, 721, 940], transfer="arib-std-b67")

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB)

    seen = lumas(fitted.path)
    assert colours(fitted.path) == (1, 1, 1)
    assert seen == sorted(seen)
    assert seen[0] < 25
    assert 225 < seen[-1] <= 236


CODINGS = {
    "AV1": {"codec": "libsvtav1"},
    "AV1 of ten bits": {"codec": "libsvtav1", "pix_fmt": "yuv420p10le"},
    "H.265": {"codec": "libx265"},
    "H.265 of ten bits": {"codec": "libx265", "pix_fmt": "yuv420p10le"},
}


@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS)
async def test_other_codings_are_read_and_brought_under_the_limit(
    tmp_path: Path, coding: dict[str, str]
) -> None:
    clip = film(tmp_path / "clip.mp4", [128] * 24, size=(320, 240), fps=24, noise=60, **coding)  # type: ignore[arg-type]
    limit_bytes = min(300_000, clip.stat().st_size * 2 // 3)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=limit_bytes)

    seen = await media.check(fitted.path)
    assert fitted.size_bytes <= limit_bytes * 97 // 100
    assert boxes.read(fitted.path).plays_everywhere
    assert seen.has_sound
    assert [at for at, _ in frames_of(fitted.path)] == [Fraction(number, 24) for number in range(24)]
    assert all(abs(grey - 128) <= 6 for _, grey in frames_of(fitted.path))
