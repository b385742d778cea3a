"""A member's picture: whatever is sent, a clean picture comes of it or one plain sentence."""

import hashlib
import io
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from bot.ordering.framing import Framing, fit
from bot.ordering.picture_child import Refused, clean
from bot.ordering.pictures import Pictures
from tests.picture_files import (
    FORMATS,
    SECRET,
    ZIP_TRAILER,
    drawing,
    encoded,
    exif,
    files_in,
    is_bare,
    of_kind,
    take,
)

RED, BLUE = (255, 60, 0), (0, 60, 255)


def near(pixel: object, wanted: tuple[int, int, int], by: int = 40) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= by for one, other in zip(pixel, wanted, strict=True))


def cleaned(file: io.BytesIO, kind: str) -> Image.Image:
    """The picture that comes of a file."""
    picture, _moves = clean(file, kind)
    return picture


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "PNG"])
async def test_of_a_moving_picture_the_first_frame_is_kept_and_that_it_moved(
    tmp_path: Path, kind: str
) -> None:
    first, second = Image.new("RGB", (80, 80), (255, 0, 0)), Image.new("RGB", (80, 80), (0, 0, 255))
    moving = encoded(first, kind, save_all=True, append_images=[second], duration=100)

    still = await take(tmp_path, encoded(first, kind))
    kept = await take(tmp_path, moving)

    with Image.open(kept.path) as picture:
        assert near(picture.getpixel((40, 40)), (255, 0, 0))
    assert (still.was_animated, kept.was_animated) == (False, True)


async def test_a_jpeg_that_holds_another_for_brighter_screens_does_not_move(tmp_path: Path) -> None:
    both = encoded(drawing(), "MPO", save_all=True, append_images=[drawing()])

    kept = await take(tmp_path, both)

    assert both.startswith(b"\xff\xd8\xff")
    assert not kept.was_animated


def test_a_moving_picture_that_is_damaged_behind_its_first_frame_is_kept() -> None:
    first, second = Image.new("RGB", (80, 80), (255, 0, 0)), Image.new("RGB", (80, 80), (0, 0, 255))
    moving = encoded(first, "GIF", save_all=True, append_images=[second], duration=100)
    at = moving.rindex(b"\x21\xf9\x04")  # what goes before a frame

    picture, moves = clean(io.BytesIO(moving[: at + 4]), "GIF")

    assert (picture.size, moves) == ((80, 80), False)


@pytest.mark.parametrize("kind", FORMATS)
async def test_every_kind_of_picture_becomes_a_clean_one(tmp_path: Path, kind: str) -> None:
    content = of_kind(kind) + ZIP_TRAILER
    assert SECRET in content

    kept = await take(tmp_path, content)

    whole = kept.path.read_bytes()
    assert kept.path.parent == tmp_path
    assert kept.path.name == ("kept.png" if kind in ("PNG", "GIF") else "kept.jpg")
    assert kept.media_type == ("image/png" if kind in ("PNG", "GIF") else "image/jpeg")
    assert (kept.width, kept.height) == (160, 120)
    assert kept.size_bytes == len(whole)
    assert kept.sha256 == hashlib.sha256(whole).hexdigest()
    assert is_bare(kept.path)
    assert kept.path.stat().st_mode & 0o077 == 0
    with Image.open(kept.path) as picture:
        assert picture.mode == "RGB"
        assert picture.size == (160, 120)
        assert near(picture.getpixel((2, 2)), RED)
        assert near(picture.getpixel((157, 117)), BLUE)
    assert files_in(tmp_path) == [kept.path]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(kind: str, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that the orientation takes back
    stored = drawing() if orientation == 1 else drawing().transpose(Image.Transpose(undo[orientation]))

    upright = cleaned(io.BytesIO(encoded(stored, kind, exif=exif(orientation))), kind)

    assert upright.size == (160, 120)
    assert near(upright.getpixel((4, 4)), RED)
    assert near(upright.getpixel((155, 115)), BLUE)
    assert near(upright.getpixel((155, 4)), (255, 60, 255))


def test_a_picture_whose_exif_is_damaged_is_seen_all_the_same() -> None:
    seen = cleaned(io.BytesIO(encoded(drawing(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")), "JPEG")

    assert near(seen.getpixel((4, 4)), RED)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "PNG"])
async def test_of_a_moving_picture_the_first_frame_is_taken(tmp_path: Path, kind: str) -> None:
    later = [Image.new("RGB", (160, 120), (0, 255, 0))] * 3
    moving = encoded(drawing(), kind, save_all=True, append_images=later, duration=100)

    kept = await take(tmp_path, moving)

    with Image.open(kept.path) as picture:
        assert getattr(picture, "n_frames", 1) == 1
        assert near(picture.getpixel((2, 2)), RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_what_is_clear_stands_on_white(kind: str) -> None:
    glass = drawing(mode="RGBA")
    glass.putalpha(0)
    glass.paste((255, 60, 0, 255), (0, 0, 80, 120))

    seen = cleaned(io.BytesIO(encoded(glass, kind)), kind)

    assert near(seen.getpixel((10, 60)), (255, 60, 0))
    assert near(seen.getpixel((150, 60)), (255, 255, 255), by=3)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (Image.new("1", (80, 80), 1), (255, 255, 255)),
        (Image.new("L", (80, 80), 90), (90, 90, 90)),
        (Image.new("LA", (80, 80), (90, 0)), (255, 255, 255)),
        (Image.new("I;16", (80, 80), 0x8000), (128, 128, 128)),
        (Image.new("P", (80, 80), 0), (0, 0, 0)),
    ],
    ids=lambda stored: stored.mode if isinstance(stored, Image.Image) else "",
)
def test_every_way_to_store_colours_is_read(stored: Image.Image, shown: tuple[int, int, int]) -> None:
    assert near(cleaned(io.BytesIO(encoded(stored, "PNG")), "PNG").getpixel((40, 40)), shown, by=1)


def test_a_palette_with_a_clear_colour_stands_on_white() -> None:
    stored = Image.new("P", (80, 80), 3)

    seen = cleaned(io.BytesIO(encoded(stored, "GIF", transparency=3)), "GIF")

    assert seen.getpixel((40, 40)) == (255, 255, 255)


def test_a_colour_that_stands_for_clear_is_white() -> None:
    stored = encoded(Image.new("RGB", (80, 80), (1, 2, 3)), "PNG", transparency=(1, 2, 3))

    assert cleaned(io.BytesIO(stored), "PNG").getpixel((40, 40)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "P"])
def test_a_large_drawing_of_few_colours_is_made_smaller_softly(mode: str) -> None:
    lines = Image.frombytes("1", (6_000, 640), b"\xaa" * (6_000 * 640 // 8)).convert(mode)

    small = cleaned(io.BytesIO(encoded(lines, "PNG")), "PNG")

    assert len(small.convert("L").getcolors() or []) > 2


def test_a_picture_of_another_kind_than_its_first_bytes_say_is_not_read() -> None:
    with pytest.raises(Refused, match="broken"):
        clean(io.BytesIO(of_kind("JPEG")), "PNG")


def test_a_printers_colours_are_read() -> None:
    seen = cleaned(io.BytesIO(encoded(Image.new("CMYK", (80, 80), (0, 255, 255, 0)), "JPEG")), "JPEG")

    assert near(seen.getpixel((40, 40)), (255, 0, 0), by=20)


def test_colours_are_taken_as_the_profile_means_them() -> None:
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = Image.new("RGB", (80, 80), (100, 100, 100))

    same = cleaned(io.BytesIO(encoded(grey, "PNG", icc_profile=srgb)), "PNG").getpixel((40, 40))
    unsuited = cleaned(io.BytesIO(encoded(grey, "PNG", icc_profile=lab_like)), "PNG").getpixel((40, 40))
    damaged = cleaned(io.BytesIO(encoded(grey, "PNG", icc_profile=b"\xff" * 300)), "PNG").getpixel((40, 40))
    wide = cleaned(io.BytesIO(encoded(grey, "PNG", icc_profile=_with_gamma_1(srgb))), "PNG").getpixel(
        (40, 40)
    )

    assert near(same, (100, 100, 100), by=2)
    assert isinstance(unsuited, tuple)
    assert near(damaged, (100, 100, 100), by=2)
    assert isinstance(wide, tuple)
    assert wide[0] > 150  # linear light of 100 is far brighter in sRGB


def _with_gamma_1(profile: bytes) -> bytes:
    """The same profile, but that its curves say that values are light itself."""
    changed = bytearray(profile)
    tags = struct.unpack_from(">I", profile, 128)[0]
    for number in range(tags):
        name, at, _ = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            changed[at : at + 12] = b"curv" + bytes(4) + struct.pack(">I", 0)
    return bytes(changed)


def test_a_large_picture_is_kept_smaller() -> None:
    large = cleaned(io.BytesIO(encoded(Image.new("L", (6_000, 3_000), 7), "JPEG")), "JPEG")
    flat = cleaned(io.BytesIO(encoded(Image.new("L", (5_000, 500), 7), "PNG")), "PNG")

    assert large.size == (4_096, 2_048)
    assert flat.size == (4_096, 410)


async def test_a_png_that_would_be_unhandy_is_kept_as_a_jpeg(tmp_path: Path) -> None:
    noise = Image.effect_noise((1_800, 1_800), 120)
    noisy = Image.merge("RGB", (noise, noise.rotate(90), noise.rotate(180)))
    content = encoded(noisy, "PNG", compress_level=1)

    kept = await take(tmp_path, content)

    assert len(content) > 8_000_000
    assert kept.media_type == "image/jpeg"
    assert kept.path.suffix == ".jpg"


# A kept picture in the frame of a clip.


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
async def test_a_picture_is_cropped_to_a_frame(tmp_path: Path, kind: str) -> None:
    kept = await take(tmp_path, encoded(drawing(), kind))

    fitted = await Pictures().fit(kept, fit(160, 120, 90, 160, Framing.CROP), tmp_path, "fitted")

    assert (fitted.width, fitted.height, fitted.media_type) == (90, 160, kept.media_type)
    assert fitted.sha256 == hashlib.sha256(fitted.path.read_bytes()).hexdigest()
    assert is_bare(fitted.path)
    with Image.open(fitted.path) as picture:
        assert picture.size == (90, 160)
        # The middle of the picture's width, so half of the blue at both ends of a line in the middle.
        assert near(picture.getpixel((0, 80)), (128, 60, 73))
        assert near(picture.getpixel((89, 80)), (128, 60, 181))
    assert kept.path.exists()


async def test_a_picture_is_padded_with_black_to_a_frame(tmp_path: Path) -> None:
    kept = await take(tmp_path, encoded(drawing(), "PNG"))

    fitted = await Pictures().fit(kept, fit(160, 120, 320, 120, Framing.PAD), tmp_path, "fitted")

    with Image.open(fitted.path) as picture:
        assert picture.size == (320, 120)
        assert picture.getpixel((79, 60)) == (0, 0, 0)
        assert picture.getpixel((240, 60)) == (0, 0, 0)
        assert near(picture.getpixel((80, 2)), RED)
        assert near(picture.getpixel((239, 117)), BLUE)


async def test_a_picture_is_fitted_though_the_frame_is_larger(tmp_path: Path) -> None:
    kept = await take(tmp_path, encoded(drawing(), "JPEG"))

    fitted = await Pictures().fit(kept, fit(160, 120, 1_920, 1_080, Framing.CROP), tmp_path, "fitted")

    assert (fitted.width, fitted.height) == (1_920, 1_080)


async def test_a_kept_picture_that_is_gone_is_our_own_fault(tmp_path: Path) -> None:
    kept = await take(tmp_path, of_kind("PNG"))
    kept.path.unlink()

    with pytest.raises(FileNotFoundError):
        await Pictures().fit(kept, fit(160, 120, 64, 64, Framing.PAD), tmp_path, "fitted")
