"""Fetching the file by the replicate protocol: from allowed places, whole on our disk, or nothing of it."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import Ticket
from bot.errors import AssetGone, ClipUnusable, FileElsewhere, ProviderUnavailable, UnreadableAnswer
from bot.providers.http import Timeouts
from bot.providers.protocol import Rendered
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.faults import answer
from tests.emulators.replicate import ReplicateEmulator
from tests.openai_scene import SHORT_SILENCE, names_in, server_that_says
from tests.props import Clock
from tests.replicate_scene import TOKEN, made, provider_at

P1 = Ticket(provider_job_id="p1")


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[ReplicateEmulator]:
    async with ReplicateEmulator(now=clock, api_token=TOKEN) as running:
        yield running


async def test_an_hour_after_it_was_made_the_clip_is_gone_but_was_rendered(
    emulator: ReplicateEmulator, clock: Clock, tmp_path: Path
) -> None:
    async with provider_at(emulator.url, now=clock) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        clock.advance(timedelta(hours=1))

        assert await provider.ask(ticket) == Rendered(expires_at=clock())
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert names_in(tmp_path) == []


async def test_a_file_that_vanishes_between_the_answer_and_the_fetch_is_gone(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        emulator.faults.next("delivery", answer(404, b"Not Found"))
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


async def test_a_list_of_outputs_holds_the_clip(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    emulator.output_is_list = True

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        fetched = await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert fetched.sha256 == hashlib.sha256(clip(1280, 720, 4)).hexdigest()


async def test_of_several_outputs_the_video_is_taken(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        base = f"{emulator.delivery.url}/xezq/{ticket.provider_job_id}"
        output = [f"{base}/frame.png", 7, f"{base}/out.mp4?x=1", f"{base}/later.mp4"]
        emulator.faults.next(
            "ask", answer(200, {"id": ticket.provider_job_id, "status": "succeeded", "output": output})
        )
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert emulator.delivery.seen[0].path.endswith("/out.mp4?x=1")


OUTPUTS: list[tuple[object, type[Exception]]] = [
    ({"output": {"video": "https://replicate.delivery/out.mp4"}}, ClipUnusable),
    ({"output": []}, ClipUnusable),
    ({"output": [7]}, ClipUnusable),
    ({"output": 7}, ClipUnusable),
    ({"output": None}, AssetGone),
    ({"output": "https://replicate.delivery/out.mp4", "data_removed": True}, AssetGone),
    ({"output": "http://169.254.169.254/latest/meta-data"}, FileElsewhere),
    ({"output": "http://replicate.delivery.evil.invalid/out.mp4"}, FileElsewhere),
    ({"output": "http://evil127.0.0.1/out.mp4"}, FileElsewhere),
    ({"output": "http://me:key@127.0.0.1/out.mp4"}, UnreadableAnswer),
    ({"output": "file:///etc/passwd"}, UnreadableAnswer),
    ({"output": "data:video/mp4;base64,AAAA"}, UnreadableAnswer),
    ({"output": "/v1/relative"}, UnreadableAnswer),
    ({"output": "http://a:b/"}, UnreadableAnswer),
    ({"output": ""}, UnreadableAnswer),
    ({"output": "x", "status": "processing"}, ProviderUnavailable),
]


@pytest.mark.parametrize(("said", "outcome"), OUTPUTS)
async def test_an_output_that_is_no_file_at_an_allowed_place_is_not_fetched(
    emulator: ReplicateEmulator, tmp_path: Path, said: dict[str, object], outcome: type[Exception]
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "p1", "status": "succeeded"} | said))

    async with provider_at(emulator.url) as provider:
        with pytest.raises(outcome):
            await provider.fetch(P1, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert names_in(tmp_path) == []
    assert emulator.delivery.seen == []


FILES: dict[str, tuple[bytes, type[Exception]]] = {
    "cut short": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", ProviderUnavailable),
    "too long": (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n", ClipUnusable),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ClipUnusable),
    "a page": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\n<", ClipUnusable),
    "JSON": (b"HTTP/1.1 200 OK\r\nContent-Type: text/json\r\nContent-Length: 2\r\n\r\n{}", ClipUnusable),
    "410": (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", AssetGone),
    "403": (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", ProviderUnavailable),
    "503": (b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", ProviderUnavailable),
    "206": (b"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx", UnreadableAnswer),
    "nothing": (b"", ProviderUnavailable),
    "in a circle": (b"HTTP/1.1 302 Found\r\nLocation: /on\r\nContent-Length: 0\r\n\r\n", UnreadableAnswer),
    "inwards": (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n", FileElsewhere),
    "nowhere": (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", UnreadableAnswer),
}  # fmt: skip


@pytest.mark.parametrize(("said", "outcome"), FILES.values(), ids=FILES)
async def test_a_file_that_does_not_come_whole_leaves_nothing_behind(
    emulator: ReplicateEmulator, tmp_path: Path, said: bytes, outcome: type[Exception]
) -> None:
    async with server_that_says(said) as (elsewhere, _heard):
        output = {"id": "p1", "status": "succeeded", "output": f"{elsewhere}/out.mp4"}
        emulator.faults.next("ask", answer(200, output))
        async with provider_at(emulator.url, timeouts=SHORT_SILENCE) as provider:
            with pytest.raises(outcome):
                await provider.fetch(P1, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert names_in(tmp_path) == []


async def test_a_file_on_the_apis_own_host_is_fetched_with_the_key_which_no_redirect_takes_along(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        file = f"{emulator.delivery.url}/xezq/{ticket.provider_job_id}/out.mp4"
        output = {"id": ticket.provider_job_id, "status": "succeeded", "output": f"{emulator.url}/files/f1"}
        emulator.faults.next("ask", answer(200, output))
        emulator.faults.next("file", answer(302, headers={"Location": file}))
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert emulator.api.seen[-1].route == "file"
    assert emulator.api.seen[-1].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Authorization" not in emulator.delivery.seen[0].headers


async def test_a_download_that_falls_silent_is_given_up(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    emulator.faults.next("delivery", faults.DRIP)

    async with provider_at(emulator.url, timeouts=Timeouts(silence_s=0.2)) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        with pytest.raises(ProviderUnavailable):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert names_in(tmp_path) == []
