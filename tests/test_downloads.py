"""Where a provider's finished files may be fetched from, whatever its answers say."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from bot.errors import FileElsewhere, ProviderUnavailable, UnreadableAnswer
from bot.providers.downloads import Downloads
from bot.providers.http import Timeouts, pooled_session
from tests.openai_scene import server_that_says
from tests.props import Clock

PUBLIC = "https://api.example.org/v1"
BYTES_MAX = 1 << 20


@asynccontextmanager
async def downloads(api: str, hosts: Collection[str] = ()) -> AsyncIterator[Downloads]:
    session: aiohttp.ClientSession
    async with pooled_session(Timeouts()) as session:
        yield Downloads(
            "emulated",
            session,
            api=URL(api),
            headers={"Authorization": "a key"},
            hosts=hosts,
            now=Clock(),
            timeouts=Timeouts(),
        )


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("10.0.0.1", "inside"),
        ("172.16.3.4", "inside"),
        ("192.168.1.1", "inside"),
        ("127.0.0.1", "inside"),
        ("0.0.0.0", "inside"),
        ("100.64.0.1", "inside"),
        ("169.254.169.254", "inside"),
        ("[::1]", "inside"),
        ("[fe80::1]", "inside"),
        ("[fd00::1]", "inside"),
        ("[::ffff:10.0.0.1]", "inside"),
        ("localhost", "inside"),
        ("LOCALHOST.", "inside"),
        ("minio", "inside"),
        ("minio.lan", "inside"),
        ("files.corp.internal", "inside"),
        ("0x7f.1", "inside"),
        ("2130706433", "inside"),
        ("8.8.8.8", "outside"),
        ("[2606:4700::1111]", "outside"),
        ("cdn.example.org", "outside"),
        ("127.0.0.1.example.org", "outside"),
    ],
)
async def test_whether_a_host_that_is_not_named_can_only_be_inside_a_network_is_told_by_its_name(
    tmp_path: Path, host: str, where: str
) -> None:
    async with downloads(PUBLIC, ("media.example.org",)) as files:
        with pytest.raises(FileElsewhere) as told:
            await files.fetch(
                f"http://{host}/clip.mp4?key=secret", tmp_path / "clip.mp4", bytes_max=BYTES_MAX
            )

    assert told.value.is_inside is (where == "inside")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "clip.mp4",
        "file:///etc/passwd",
        "ftp://media.example.org/clip.mp4",
        "https:///clip.mp4",
        "https://me:key@media.example.org/clip.mp4",
        "http://media.example.org/clip.mp4",
        "http://a:b/",
    ],
)
async def test_what_is_no_address_for_files_is_not_asked_and_no_host_to_be_named(
    tmp_path: Path, address: str
) -> None:
    async with downloads(PUBLIC, ("media.example.org",)) as files:
        with pytest.raises(UnreadableAnswer) as told:
            await files.fetch(address, tmp_path / "clip.mp4", bytes_max=BYTES_MAX)

    assert not isinstance(told.value, FileElsewhere)


async def test_a_redirect_into_a_private_network_is_not_followed_and_says_so(tmp_path: Path) -> None:
    async with server_that_says(b"") as (inside, heard):
        answer = f"HTTP/1.1 302 Found\r\nLocation: {inside}/clip.mp4\r\nContent-Length: 0\r\n\r\n"
        async with server_that_says(answer.encode()) as (api, _), downloads(api) as files:
            with pytest.raises(FileElsewhere) as told:
                await files.fetch(f"{api}/clip.mp4", tmp_path / "clip.mp4", bytes_max=BYTES_MAX)

    assert told.value.is_inside
    assert heard == []


async def test_a_host_that_is_named_is_asked_by_https_also_where_the_api_has_none(tmp_path: Path) -> None:
    async with downloads("http://127.0.0.1:1/v1", ("localhost",)) as files:
        with pytest.raises(ProviderUnavailable, match="localhost:2"):
            await files.fetch("https://localhost:2/clip.mp4", tmp_path / "clip.mp4", bytes_max=BYTES_MAX)
