"""A member's picture: whatever is sent, a clean picture comes of it or one plain sentence."""

import asyncio
import hashlib
import io
import json
import os
import struct
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from bot.domain import FaultKind
from bot.errors import OrderRefused
from bot.framing import Framing, fit
from bot.picture_child import Refused, clean
from bot.pictures import Picture, Pictures
from tests.emulators.clips import clip
from tests.picture_files import FORMATS, SECRET, ZIP_TRAILER, chunks, drawing, encoded, exif, of_kind
from tests.props import count

RED, BLUE = (255, 60, 0), (0, 60, 255)


async def take(folder: Path, content: bytes, **limits: float) -> Picture:
    return await Pictures(**limits).take(chunks(content), folder, "kept")  # type: ignore[arg-type]


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def refusal(folder: Path, content: bytes, **limits: float) -> str:
    """The sentence; nothing is left in the folder."""
    with pytest.raises(OrderRefused) as caught:
        await take(folder, content, **limits)
    assert caught.value.kind is FaultKind.PICTURE
    assert files_in(folder) == []
    return caught.value.sentence


def near(pixel: object, wanted: tuple[int, int, int], by: int = 40) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= by for one, other in zip(pixel, wanted, strict=True))


def is_bare(path: Path) -> bool:
    """Nothing in the file but what a picture needs."""
    content = path.read_bytes()
    with Image.open(path) as picture:
        known = set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        return not known and not picture.getexif() and SECRET not in content and b"PK\x03\x04" not in content


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

    upright = clean(io.BytesIO(encoded(stored, kind, exif=exif(orientation))), kind)

    assert upright.size == (160, 120)
    assert near(upright.getpixel((4, 4)), RED)
    assert near(upright.getpixel((155, 115)), BLUE)
    assert near(upright.getpixel((155, 4)), (255, 60, 255))


def test_a_picture_whose_exif_is_damaged_is_seen_all_the_same() -> None:
    seen = clean(io.BytesIO(encoded(drawing(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")), "JPEG")

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

    seen = clean(io.BytesIO(encoded(glass, kind)), kind)

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
    assert near(clean(io.BytesIO(encoded(stored, "PNG")), "PNG").getpixel((40, 40)), shown, by=1)


def test_a_palette_with_a_clear_colour_stands_on_white() -> None:
    stored = Image.new("P", (80, 80), 3)

    seen = clean(io.BytesIO(encoded(stored, "GIF", transparency=3)), "GIF")

    assert seen.getpixel((40, 40)) == (255, 255, 255)


def test_a_colour_that_stands_for_clear_is_white() -> None:
    stored = encoded(Image.new("RGB", (80, 80), (1, 2, 3)), "PNG", transparency=(1, 2, 3))

    assert clean(io.BytesIO(stored), "PNG").getpixel((40, 40)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "P"])
def test_a_large_drawing_of_few_colours_is_made_smaller_softly(mode: str) -> None:
    lines = Image.frombytes("1", (6_000, 640), b"\xaa" * (6_000 * 640 // 8)).convert(mode)

    small = clean(io.BytesIO(encoded(lines, "PNG")), "PNG")

    assert len(small.convert("L").getcolors() or []) > 2


def test_a_picture_of_another_kind_than_its_first_bytes_say_is_not_read() -> None:
    with pytest.raises(Refused, match="broken"):
        clean(io.BytesIO(of_kind("JPEG")), "PNG")


def test_a_printers_colours_are_read() -> None:
    seen = clean(io.BytesIO(encoded(Image.new("CMYK", (80, 80), (0, 255, 255, 0)), "JPEG")), "JPEG")

    assert near(seen.getpixel((40, 40)), (255, 0, 0), by=20)


def test_colours_are_taken_as_the_profile_means_them() -> None:
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = Image.new("RGB", (80, 80), (100, 100, 100))

    same = clean(io.BytesIO(encoded(grey, "PNG", icc_profile=srgb)), "PNG").getpixel((40, 40))
    unsuited = clean(io.BytesIO(encoded(grey, "PNG", icc_profile=lab_like)), "PNG").getpixel((40, 40))
    damaged = clean(io.BytesIO(encoded(grey, "PNG", icc_profile=b"\xff" * 300)), "PNG").getpixel((40, 40))
    wide = clean(io.BytesIO(encoded(grey, "PNG", icc_profile=_with_gamma_1(srgb))), "PNG").getpixel((40, 40))

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
    large = clean(io.BytesIO(encoded(Image.new("L", (6_000, 3_000), 7), "JPEG")), "JPEG")
    flat = clean(io.BytesIO(encoded(Image.new("L", (5_000, 500), 7), "PNG")), "PNG")

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


# What is refused, each with its sentence.


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    png = of_kind("PNG")
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    at = png.index(b"IDAT") - 4
    return png[:at] + chunk + png[at:]


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


HEIC = box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + box(b"meta", bytes(100))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "The file is empty."),
        (HEIC, "The picture is an HEIC"),
        (box(b"ftyp", b"mif1" + bytes(4) + b"mif1heic"), "The picture is an HEIC"),
        (clip(64, 64, 1), "The file is a video"),
        (box(b"ftyp", b"qt  " + bytes(4)) + bytes(99), "The file is a video"),
        (box(b"moov", bytes(99)), "The file is a video"),
        (b"\x1aE\xdf\xa3" + bytes(99), "The file is a video"),
        (b"RIFF\x10\0\0\0AVI LIST" + bytes(99), "The file is a video"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "The file is no JPG, PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "The file is no JPG, PNG"),
        (encoded(drawing(), "BMP"), "The file is no JPG, PNG"),
        (encoded(drawing(), "TIFF"), "The file is no JPG, PNG"),
        (encoded(drawing(), "ICO"), "The file is no JPG, PNG"),
        (b"<!doctype html><h1>404</h1>", "The file is no JPG, PNG"),
        (ZIP_TRAILER + of_kind("PNG"), "The file is no JPG, PNG"),
        (b"\xff", "The file is no JPG, PNG"),
        (encoded(Image.new("1", (13_300, 13_300)), "PNG"), "The picture has too many pixels"),
        (encoded(Image.new("1", (6_000, 6_000)), "PNG"), "The picture has too many pixels"),
        (encoded(Image.new("1", (6_000, 6_000)), "GIF"), "The picture has too many pixels"),
        (encoded(Image.new("L", (80, 63)), "PNG"), "A side of the picture has fewer than 64 pixels."),
        (encoded(Image.new("L", (1_000, 99)), "PNG"), "One side of the picture is more than 10 times"),
        (b"\x89PNG\r\n\x1a\n", "The picture is damaged"),
        (of_kind("PNG")[:-300], "The picture is damaged"),
        (of_kind("JPEG")[:900], "The picture is damaged"),
        (of_kind("WEBP")[:300], "The picture is damaged"),
        (of_kind("AVIF")[:300], "The picture is damaged"),
        (of_kind("GIF")[:300], "The picture is damaged"),
        (with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(60_000_000))), "The picture is damaged"),
        (with_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(60_000_000))), "The picture is damaged"),
    ],
    ids=["empty", "heic", "heic by its other brand", "mp4", "quicktime", "old quicktime", "webm", "avi",
         "svg", "eps", "bmp", "tiff", "ico", "a page", "an archive with a picture in it", "one byte", "bomb",
         "png of 36 megapixels", "gif of 36 megapixels", "small", "narrow", "png without anything",
         "half a png", "half a jpeg", "half a webp", "half an avif", "half a gif", "bomb in a text",
         "bomb in a profile"],
)  # fmt: skip
async def test_what_cannot_be_used_is_refused_with_one_sentence(
    tmp_path: Path, content: bytes, what: str
) -> None:
    sentence = await refusal(tmp_path, content)

    assert sentence.startswith(what)
    assert " Nothing was charged. " in sentence
    assert sentence.endswith(".")


def test_the_pixels_of_a_bomb_are_never_decoded() -> None:
    class Watched(io.BytesIO):
        furthest = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            self.furthest = max(self.furthest, self.tell())
            return found

    bomb = Watched(encoded(Image.new("1", (13_300, 13_300)), "PNG"))

    with pytest.raises(Refused, match="too_many_pixels"):
        clean(bomb, "PNG")

    assert bomb.furthest < 200


async def test_more_bytes_than_are_taken_are_not_read_to_their_end(tmp_path: Path) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield bytes(1_000)

    with pytest.raises(OrderRefused, match="more than 2 MB"):
        await Pictures(bytes_max=2_000_000).take(endless(), tmp_path, "kept")

    assert asked == 2_001
    assert files_in(tmp_path) == []


async def test_a_picture_of_exactly_the_limit_is_taken(tmp_path: Path) -> None:
    content = of_kind("PNG")

    assert (await take(tmp_path, content, bytes_max=len(content))).width == 160


async def test_a_picture_that_does_not_arrive_is_given_up(tmp_path: Path) -> None:
    async def stalls() -> AsyncIterator[bytes]:
        yield of_kind("PNG")[:50]
        await asyncio.Event().wait()

    with pytest.raises(OrderRefused, match="did not arrive"):
        await Pictures(receive_timeout_s=0.01).take(stalls(), tmp_path, "kept")


async def test_what_breaks_on_the_way_is_the_callers_to_explain(tmp_path: Path) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield of_kind("PNG")[:50]
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        await Pictures().take(breaks(), tmp_path, "kept")
    assert files_in(tmp_path) == []


async def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    assert "too much time or memory" in await refusal(tmp_path, of_kind("PNG"), read_timeout_s=0)


def put_python(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(script)
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize(
    ("death", "what"), [("kill -SEGV $$", "too much time or memory"), ("exit 1", "damaged")]
)
async def test_a_reader_that_dies_takes_only_the_picture_with_it(
    tmp_path: Path, death: str, what: str
) -> None:
    dying = put_python(tmp_path, f"#!/bin/sh\n{death}\n")
    folder = tmp_path / "pictures"
    folder.mkdir()

    with pytest.raises(OrderRefused, match=what):
        await Pictures(python=dying).take(chunks(of_kind("PNG")), folder, "kept")

    assert files_in(folder) == []


async def test_a_cancelled_reading_ends_its_child_and_leaves_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    waiting = put_python(tmp_path, f"#!/bin/sh\necho $$ > {tmp_path}/started\nexec sleep 600\n")
    folder = tmp_path / "pictures"
    folder.mkdir()
    taking = asyncio.ensure_future(Pictures(python=waiting).take(chunks(of_kind("PNG")), folder, "kept"))
    pid = await asyncio.to_thread((tmp_path / "started").read_text)

    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert files_in(folder) == []


async def test_the_reader_has_limits_and_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAILIES_OPENAI_API_KEY", "sk-secret")
    seen = tmp_path / "seen"
    spy = put_python(
        tmp_path,
        f"#!{sys.executable}\n"
        "import json, os, resource, sys\n"
        f"sys.path[:0] = {[entry for entry in sys.path if entry]!r}\n"
        "from bot import picture_child\n"
        "picture_child.main(sys.argv[4:])\n"
        f"with open({str(seen)!r}, 'w') as file:\n"
        "    json.dump({'memory': resource.getrlimit(resource.RLIMIT_AS),\n"
        "        'cpu': resource.getrlimit(resource.RLIMIT_CPU),\n"
        "        'file': resource.getrlimit(resource.RLIMIT_FSIZE),\n"
        "        'files': resource.getrlimit(resource.RLIMIT_NOFILE),\n"
        "        'nice': os.nice(0), 'env': dict(os.environ)}, file)\n",
    )

    await Pictures(python=spy).take(chunks(of_kind("PNG")), tmp_path, "kept")

    said = json.loads(seen.read_text())
    assert said["cpu"] == [20, 20]
    assert said["file"] == [64_000_000] * 2
    assert said["files"] == [32, 32]
    assert said["nice"] >= 5
    assert "secret" not in str(said["env"])
    if sys.platform == "linux":
        assert said["memory"] == [1 << 30] * 2


async def test_at_most_as_many_are_read_at_once_as_may_be(tmp_path: Path) -> None:
    script = f'#!/bin/sh\necho in >> {tmp_path}/order\n{sys.executable} "$@"\necho out >> {tmp_path}/order\n'
    slow = put_python(tmp_path, script)
    pictures = Pictures(python=slow, at_once=1)

    await asyncio.gather(*(pictures.take(chunks(of_kind("PNG")), tmp_path, f"p{n}") for n in range(3)))

    assert (tmp_path / "order").read_text().split() == ["in", "out"] * 3


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


# Damaged files of every kind.


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A real picture with bytes changed, put in, taken out, or its end cut off."""
    kind = draw(st.sampled_from(FORMATS))
    content = bytearray(of_kind(kind))
    for _ in range(draw(st.integers(min_value=1, max_value=8))):
        at = draw(st.integers(min_value=0, max_value=len(content) - 1))
        match draw(st.sampled_from(["change", "change", "put in", "take out", "cut"])):
            case "change":
                content[at] = draw(st.integers(min_value=0, max_value=255))
            case "put in":
                content[at:at] = draw(st.binary(min_size=1, max_size=64))
            case "take out":
                del content[at : at + draw(st.integers(min_value=1, max_value=64))]
            case _:
                del content[at:]
        if not content:
            break
    return kind, bytes(content)


def test_an_avif_whose_first_frame_cannot_be_decoded_is_damaged() -> None:
    content = bytearray(of_kind("AVIF"))
    at = content.index(b"mdat") + 4
    content[at : at + 500] = bytes(500)

    with pytest.raises(Refused, match="broken"):
        clean(io.BytesIO(content), "AVIF")


@settings(max_examples=count(200, 20_000))
@given(damaged())
def test_a_damaged_picture_is_clean_or_refused(given_picture: tuple[str, bytes]) -> None:
    kind, content = given_picture

    try:
        seen = clean(io.BytesIO(content), kind)
    except Refused:
        return

    assert seen.mode == "RGB"
    assert max(seen.size) <= 4_096
    assert not seen.getexif()
    assert not seen.info


@settings(max_examples=count(16, 600))
@given(damaged())
def test_a_damaged_picture_is_clean_or_refused_in_time_and_memory(
    tmp_path_factory: pytest.TempPathFactory, given_picture: tuple[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("pictures")

    async def taken() -> Picture | None:
        async with asyncio.timeout(30):
            try:
                return await take(folder, given_picture[1], read_timeout_s=20)
            except OrderRefused:
                return None

    kept = asyncio.run(taken())

    assert files_in(folder) == ([] if kept is None else [kept.path])
    if kept is not None:
        assert is_bare(kept.path)
