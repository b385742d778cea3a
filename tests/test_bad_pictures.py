"""What is sent where a picture belongs and is none, or a damaged one: one sentence, in time, and no trace."""

import asyncio
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
from PIL import Image

from bot.domain import FaultKind
from bot.errors import OrderRefused
from bot.ordering.picture_child import Refused, clean
from bot.ordering.pictures import Picture, Pictures
from tests.emulators.clips import clip
from tests.picture_files import (
    FORMATS,
    ZIP_TRAILER,
    chunks,
    drawing,
    encoded,
    files_in,
    is_bare,
    of_kind,
    take,
)
from tests.props import count


async def refusal(folder: Path, content: bytes, **limits: float) -> str:
    """The sentence; nothing is left in the folder."""
    with pytest.raises(OrderRefused) as caught:
        await take(folder, content, **limits)
    assert caught.value.kind is FaultKind.PICTURE
    assert files_in(folder) == []
    return caught.value.sentence


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
        "from bot.ordering import picture_child\n"
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


@pytest.mark.soak
@settings(max_examples=count(200, 20_000))
@given(damaged())
def test_a_damaged_picture_is_clean_or_refused(given_picture: tuple[str, bytes]) -> None:
    kind, content = given_picture

    try:
        seen, _moves = clean(io.BytesIO(content), kind)
    except Refused:
        return

    assert seen.mode == "RGB"
    assert max(seen.size) <= 4_096
    assert not seen.getexif()
    assert not seen.info


@pytest.mark.soak
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
