"""The CDN: links that are signed and expire, ranges for players, and files that go with their message."""

import struct
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import av
import numpy as np
import pytest
from PIL import Image

from bot.sandbox.person import PersonError
from tests.sandboxes import Clock, RawBot, files_in, person, raw_bot, running

CLIP = bytes(range(256)) * 8


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot(tmp_path: Path, clock: Clock) -> AsyncIterator[RawBot]:
    async with running(tmp_path / "cdn", now=clock) as sandbox, raw_bot(sandbox, intents=None) as opened:
        yield opened


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def with_long_text(png: bytes) -> bytes:
    """A PNG with a text that is unfolded to more than Pillow takes."""
    text = b"zTXtk\0\0" + zlib.compress(bytes(2 << 20))
    first = 8 + 25  # the signature and IHDR
    return (
        png[:first]
        + struct.pack(">I", len(text) - 4)
        + text
        + struct.pack(">I", zlib.crc32(text))
        + png[first:]
    )


def write_clip(path: Path, width: int, height: int) -> Path:
    """A film of one frame."""
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        black = np.zeros((height, width, 3), np.uint8)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(black, format="rgb24")))
        film.mux(stream.encode(None))
    return path


async def link(bot: RawBot, name: str = "clip.mp4") -> str:
    answer = await bot.post("dailies", {}, files={name: CLIP})
    return str(answer.body["attachments"][0]["url"])


async def status(web: aiohttp.ClientSession, url: str) -> int:
    async with web.get(url) as response:
        return response.status


async def test_a_file_comes_back_as_it_went_with_its_type(bot: RawBot, web: aiohttp.ClientSession) -> None:
    async with web.get(await link(bot)) as response:
        assert await response.read() == CLIP
        assert response.headers["Content-Type"] == "video/mp4"
        assert response.headers["Accept-Ranges"] == "bytes"


async def test_a_player_can_seek(bot: RawBot, web: aiohttp.ClientSession) -> None:
    url = await link(bot)
    async with web.get(url, headers={"Range": "bytes=100-199"}) as middle:
        assert (middle.status, await middle.read()) == (206, CLIP[100:200])
        assert middle.headers["Content-Range"] == f"bytes 100-199/{len(CLIP)}"
    async with web.get(url, headers={"Range": "bytes=-10"}) as end:
        assert await end.read() == CLIP[-10:]
    async with web.get(url, headers={"Range": "bytes=999999-"}) as beyond:
        assert beyond.status == 416


async def test_only_a_link_that_was_signed_is_honoured(bot: RawBot, web: aiohttp.ClientSession) -> None:
    url = await link(bot)
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"

    assert await status(web, url) == 200
    assert await status(web, base) == 404
    assert await status(web, url.replace("ex=", "ex=f")) == 404
    assert await status(web, url[:-1] + ("0" if url[-1] != "0" else "1")) == 404
    assert await status(web, url.replace("clip.mp4", "other.mp4")) == 404


async def test_a_link_lives_a_day_and_the_message_gives_a_new_one(
    bot: RawBot, web: aiohttp.ClientSession, clock: Clock
) -> None:
    sent = (await bot.post("dailies", {}, files={"clip.mp4": CLIP})).body
    old = sent["attachments"][0]["url"]
    clock.now += timedelta(days=1)

    fetched = (await bot.call("GET", f"/channels/{sent['channel_id']}/messages/{sent['id']}")).body

    assert await status(web, old) == 404
    assert await status(web, fetched["attachments"][0]["url"]) == 200


async def test_a_deleted_messages_file_is_gone_from_net_and_disk(
    bot: RawBot, web: aiohttp.ClientSession, tmp_path: Path
) -> None:
    sent = (await bot.post("dailies", {}, files={"clip.mp4": CLIP})).body

    await bot.call("DELETE", f"/channels/{sent['channel_id']}/messages/{sent['id']}")

    assert await status(web, sent["attachments"][0]["url"]) == 404
    assert files_in(tmp_path / "cdn") == []


async def test_a_new_world_begins_with_an_empty_folder(tmp_path: Path) -> None:
    for _ in range(2):
        async with running(tmp_path) as sandbox, raw_bot(sandbox, intents=None) as bot:
            assert files_in(tmp_path) == []
            await link(bot)
            assert files_in(tmp_path) == [len(CLIP)]


async def test_pictures_and_clips_have_their_size_in_pixels(bot: RawBot, tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    Image.new("RGB", (64, 48)).save(picture)
    clip = write_clip(tmp_path / "c.mp4", 160, 90)
    files = {
        "p.png": picture.read_bytes(),
        "c.mp4": clip.read_bytes(),
        "fake.png": b"no picture",
        "heavy.png": with_long_text(picture.read_bytes()),
        "n.txt": b"x",
    }

    sent = (await bot.post("dailies", {}, files=files)).body["attachments"]

    assert [(one.get("width"), one.get("height")) for one in sent] == [
        (64, 48),
        (160, 90),
        (None, None),
        (None, None),
        (None, None),
    ]
    assert [one.get("content_type") for one in sent] == [
        "image/png",
        "video/mp4",
        "image/png",
        "image/png",
        "text/plain",
    ]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a clip.mp4", "a_clip.mp4"),
        ("../../etc/passwd", "passwd"),
        ("SPOILER_x.png", "SPOILER_x.png"),
        ("été.mp4", "t.mp4"),
        ("..", "unknown"),
    ],
)
async def test_names_are_made_plain(bot: RawBot, sent: str, kept: str) -> None:
    answer = await bot.post("dailies", {}, files={sent: b"x"})

    (file,) = answer.body["attachments"]
    assert file["filename"] == kept
    assert file["flags"] == (1 << 5 if kept.startswith("SPOILER_") else 0)


async def test_an_uploaded_page_may_run_nothing(bot: RawBot, web: aiohttp.ClientSession) -> None:
    async with web.get(await link(bot, "page.html")) as response:
        assert response.headers["Content-Security-Policy"] == "sandbox"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_person_downloads_and_is_told_when_it_is_gone(
    bot: RawBot, tmp_path: Path, clock: Clock
) -> None:
    url = await link(bot)
    async with person(bot.sandbox) as ada:
        assert await ada.download(url, tmp_path / "saved.mp4") == len(CLIP)
        clock.now += timedelta(days=2)
        with pytest.raises(PersonError) as refused:
            await ada.download(url, tmp_path / "again.mp4")

    assert (tmp_path / "saved.mp4").read_bytes() == CLIP
    assert refused.value.status == 404
