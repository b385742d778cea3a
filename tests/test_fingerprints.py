"""What pictures and clips look like: copies are found, strangers are not taken for copies; with the numbers.

Measured with these pictures at 600 of them: of 179,700 pairs of strangers none had both hashes within 12 bits
(the nearest were 15 apart), while dHash alone had 156 pairs within 10. Of 200 pictures each, those were found
that were halved, doubled, stretched, blurred or made grey (all), flatter (99 %), brighter (98.5), saved as a
JPEG of quality 30 (97.5) or 10 (94), quartered (96.5), cropped by 3 % (87.5) or with a mark over a corner
(66.5); cropped by 8 % hardly any (6.5): that is for moderators' eyes. Drawings of the studio in
one and the same place, which differ in a small figure, look alike: 31 of 11,175 pairs, none of two places.
"""

import asyncio
import io
import random
from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from bot.errors import ClipUnusable
from bot.moderation.fingerprint_child import look
from bot.moderation.fingerprints import FRAMES, Fingerprints, Looks, alike, bits_apart, likest
from tests.props import count

PICTURES = count(small=150, whole=600)

Edit = Callable[[Image.Image], Image.Image]


@cache
def drawn(seed: int) -> Image.Image:
    """A picture of its own: a sky, some shapes, blur and noise."""
    dice = random.Random(seed)
    width, height = dice.choice([(320, 180), (240, 240), (180, 320)])
    picture = Image.new("RGB", (width, height))
    top, bottom = ([dice.randrange(256) for _ in range(3)] for _ in range(2))
    pen = ImageDraw.Draw(picture)
    for y in range(height):
        red, green, blue = (int(a + (b - a) * y / height) for a, b in zip(top, bottom, strict=True))
        pen.line([(0, y), (width, y)], fill=(red, green, blue))
    for _ in range(dice.randrange(3, 14)):
        left, upper = dice.randrange(-25, width), dice.randrange(-25, height)
        box = [left, upper, left + dice.randrange(10, width // 2), upper + dice.randrange(10, height // 2)]
        colour = (dice.randrange(256), dice.randrange(256), dice.randrange(256))
        dice.choice([pen.ellipse, pen.rectangle])(box, fill=colour)
    picture = picture.filter(ImageFilter.GaussianBlur(dice.random() * 2))
    noise = np.random.default_rng(seed).normal(0, dice.random() * 12, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype("uint8"))


def as_jpeg(quality: int) -> Edit:
    def saved(picture: Image.Image) -> Image.Image:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")

    return saved


def scaled(width: float, height: float) -> Edit:
    return lambda picture: picture.resize((int(picture.width * width), int(picture.height * height)))


def seen(picture: Image.Image) -> str:
    found = look(picture)
    assert found is not None
    return found


def filmed(path: Path, seeds: range, *, width: int, crf: str) -> Path:
    """A clip of some pictures, half a second each."""
    height = width * 9 // 16 // 2 * 2
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "crf": crf})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        for seed in seeds:
            picture = np.asarray(drawn(seed).resize((width, height)))
            for _ in range(5):
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
    return path


EDITS: dict[str, tuple[Edit, float]] = {
    "JPEG of quality 30": (as_jpeg(30), 0.95),
    "JPEG of quality 10": (as_jpeg(10), 0.9),
    "half": (scaled(0.5, 0.5), 0.97),
    "a quarter": (scaled(0.25, 0.25), 0.95),
    "twice": (scaled(2, 2), 0.97),
    "stretched": (scaled(1, 0.9), 0.97),
    "brighter": (lambda picture: ImageEnhance.Brightness(picture).enhance(1.2), 0.9),
    "flatter": (lambda picture: ImageEnhance.Contrast(picture).enhance(0.7), 0.97),
    "blurred": (lambda picture: picture.filter(ImageFilter.GaussianBlur(2)), 0.97),
    "grey": (lambda picture: picture.convert("L").convert("RGB"), 1.0),
}


@pytest.mark.parametrize("edit", list(EDITS))
def test_a_copy_that_was_saved_anew_or_scaled_is_found(edit: str) -> None:
    change, least = EDITS[edit]
    pictures = [drawn(seed) for seed in range(25)]

    found = sum(alike(seen(one), seen(change(one))) for one in pictures)

    assert found / len(pictures) >= least


def test_no_stranger_is_taken_for_a_copy() -> None:
    looks = [seen(drawn(seed)) for seed in range(PICTURES)]

    pairs = [bits_apart(one, other) for one, other in combinations(looks, 2)]

    assert len(pairs) == PICTURES * (PICTURES - 1) // 2
    assert not [pair for pair in pairs if max(pair) <= 12]
    assert sum(d_bits <= 10 for d_bits, _ in pairs) > 0  # which is why one hash alone does not do


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (90, 90, 91)])
def test_a_picture_without_anything_in_it_looks_like_none(colour: tuple[int, int, int]) -> None:
    assert look(Image.new("RGB", (640, 360), colour)) is None


def test_a_mirrored_copy_is_found() -> None:
    picture, known = drawn(1), [(7, seen(drawn(1)), False)]
    mirrored = Looks(seen=(seen(ImageOps.mirror(picture)),), mirrored=(seen(picture),))

    assert likest(mirrored, known, is_clip=False) == 7
    assert likest(Looks(seen=mirrored.seen, mirrored=mirrored.seen), known, is_clip=False) is None


def test_a_clip_is_like_another_by_two_frames_and_like_a_picture_by_one() -> None:
    frames = [seen(drawn(seed)) for seed in range(6)]
    strangers = [seen(drawn(seed)) for seed in range(20, 25)]
    of_a_clip = [(1, one, True) for one in frames]
    of_a_picture = [(2, frames[0], False)]
    with_one, with_two = (frames[:1] + strangers), (frames[:2] + strangers[:4])

    def found(looks: list[str], known: list[tuple[int, str, bool]]) -> int | None:
        return likest(Looks(seen=tuple(looks), mirrored=tuple(looks)), known, is_clip=True)

    assert found(with_one, of_a_clip) is None
    assert found(with_two, of_a_clip) == 1
    assert found(with_one, of_a_picture) == 2
    assert found(frames[:1], of_a_clip) == 1  # all that it shows
    assert found(strangers, of_a_clip + of_a_picture) is None
    assert found([], of_a_clip) is None


async def test_a_clip_that_was_encoded_anew_is_found_and_another_is_not(tmp_path: Path) -> None:
    takes = Fingerprints(at_once=2)
    large = await asyncio.to_thread(filmed, tmp_path / "large.mp4", range(6), width=640, crf="10")
    small = await asyncio.to_thread(filmed, tmp_path / "small.mp4", range(6), width=192, crf="32")
    other = await asyncio.to_thread(filmed, tmp_path / "other.mp4", range(50, 56), width=640, crf="10")

    first, again, stranger = await asyncio.gather(*map(takes.of_clip, (large, small, other)))

    assert len(first.seen) == FRAMES
    known = [(1, one, True) for one in first.seen]
    assert likest(again, known, is_clip=True) == 1
    assert likest(stranger, known, is_clip=True) is None


async def test_a_kept_picture_has_one_look_and_a_blank_one_none(tmp_path: Path) -> None:
    drawn(3).save(tmp_path / "drawn.png")
    Image.new("RGB", (64, 64)).save(tmp_path / "blank.png")
    takes = Fingerprints()

    assert (await takes.of_picture(tmp_path / "drawn.png")).seen == (seen(drawn(3)),)
    assert (await takes.of_picture(tmp_path / "blank.png")).seen == ()


async def test_what_is_no_clip_and_what_is_gone_say_so(tmp_path: Path) -> None:
    (tmp_path / "page.mp4").write_bytes(b"<!doctype html>" * 100)

    with pytest.raises(ClipUnusable):
        await Fingerprints().of_clip(tmp_path / "page.mp4")
    with pytest.raises(ClipUnusable):
        await Fingerprints().of_picture(tmp_path / "page.mp4")
    with pytest.raises(FileNotFoundError):
        await Fingerprints().of_clip(tmp_path / "nothing.mp4")
