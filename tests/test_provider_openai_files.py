"""Fetching the file by the openai protocol: whole on our disk, or nothing of it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import Ticket
from bot.errors import AssetGone, ClipUnusable, FileElsewhere, ProviderUnavailable, UnreadableAnswer
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.faults import answer
from tests.emulators.openai import OpenAIEmulator
from tests.openai_scene import (
    KEY,
    SHORT_SILENCE,
    made,
    names_in,
    provider_at,
    server_that_says,
    until,
)
from tests.props import Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock, api_key=KEY) as running:
        yield running


async def fetched_from(url: str, into: Path, *, bytes_max: int = 1 << 20) -> None:
    async with provider_at(url, timeouts=SHORT_SILENCE) as provider:
        await provider.fetch(Ticket(provider_job_id="video_1"), into, bytes_max=bytes_max)


def http_answer(*headers: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def redirect(to: str, status: str = "302 Found") -> bytes:
    return http_answer("Content-Length: 0", f"Location: {to}", status=status)


def refusal(status: str) -> bytes:
    return http_answer("Content-Length: 2", body=b"{}", status=status)


MP4 = "Content-Type: video/mp4"

BAD_FILES: dict[str, tuple[bytes, type[Exception]]] = {
    "cut short": (http_answer(MP4, "Content-Length: 100", body=b"x" * 99), ProviderUnavailable),
    "cut short in chunks": (
        http_answer(MP4, "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n"), ProviderUnavailable
    ),
    "too long by its own word": (http_answer(MP4, "Content-Length: 2000000"), ClipUnusable),
    "too long without a word": (http_answer(MP4, body=b"x" * 1_200_000), ClipUnusable),
    "empty": (http_answer(MP4, "Content-Length: 0"), ClipUnusable),
    "a page": (http_answer("Content-Type: text/html", "Content-Length: 5", body=b"<html"), ClipUnusable),
    "JSON": (http_answer("Content-Type: application/json", "Content-Length: 2", body=b"{}"), ClipUnusable),
    "404": (refusal("404 Not Found"), AssetGone),
    "410": (refusal("410 Gone"), AssetGone),
    "401": (refusal("401 Unauthorized"), ProviderUnavailable),
    "409": (refusal("409 Conflict"), ProviderUnavailable),
    "503": (refusal("503 Service Unavailable"), ProviderUnavailable),
    "a part that nobody asked for": (refusal("206 Partial Content"), UnreadableAnswer),
    "redirect inside": (redirect("http://127.0.0.1:1/x"), FileElsewhere),
    "redirect to a host": (redirect("//evil.invalid/x", "307 Temporary Redirect"), FileElsewhere),
    "redirect to a file": (redirect("file:///etc/passwd"), UnreadableAnswer),
    "redirect to a mailbox": (redirect("mailto:a@b"), UnreadableAnswer),
    "redirect to no port": (redirect("http://a:b/"), UnreadableAnswer),
    "redirect to nowhere": (http_answer("Content-Length: 0", status="302 Found"), UnreadableAnswer),
    "redirect in a circle": (redirect("/v1/round"), UnreadableAnswer),
    "nothing": (b"", ProviderUnavailable),
}  # fmt: skip


@pytest.mark.parametrize(("said", "outcome"), BAD_FILES.values(), ids=BAD_FILES)
async def test_a_file_that_does_not_come_whole_leaves_nothing_behind(
    tmp_path: Path, said: bytes, outcome: type[Exception]
) -> None:
    async with server_that_says(said) as (url, _heard):
        with pytest.raises(outcome):
            await fetched_from(url, tmp_path / "clip.mp4")

    assert names_in(tmp_path) == []


async def test_a_download_that_falls_silent_is_given_up(emulator: OpenAIEmulator, tmp_path: Path) -> None:
    emulator.asks_to_finish = 1
    emulator.faults.next("content", faults.DRIP)

    async with provider_at(emulator.url, timeouts=SHORT_SILENCE) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        with pytest.raises(ProviderUnavailable):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
        fetched = await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert fetched.sha256 == hashlib.sha256(clip(128, 72, 4)).hexdigest()


async def test_a_cancelled_download_leaves_nothing_behind(emulator: OpenAIEmulator, tmp_path: Path) -> None:
    emulator.asks_to_finish = 1
    emulator.faults.next("content", faults.DRIP)

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        part = tmp_path / "clip.mp4.part"
        fetching = asyncio.create_task(provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20))
        await until(lambda: part.exists() or fetching.done())
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    assert names_in(tmp_path) == []


async def test_a_redirect_on_the_same_origin_is_followed_with_the_key(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    emulator.asks_to_finish = 1

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        there = f"/v1/videos/{ticket.provider_job_id}/content"
        emulator.faults.next("content", answer(302, headers={"Location": there}))
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert [seen.route for seen in emulator.seen] == ["create", "ask", "content", "content"]


async def test_a_redirect_to_another_origin_is_never_knocked_at(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    async with server_that_says(b"") as (inside, heard):
        emulator.faults.next("content", answer(302, headers={"Location": f"{inside}/latest/meta-data"}))
        with pytest.raises(UnreadableAnswer):
            await fetched_from(emulator.url, tmp_path / "clip.mp4")

    assert heard == []


async def test_an_expired_file_is_gone(emulator: OpenAIEmulator, tmp_path: Path) -> None:
    emulator.asks_to_finish = 1

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        emulator.expire(ticket.provider_job_id)
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


async def test_a_fault_of_our_own_disk_is_not_put_on_the_provider(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    emulator.asks_to_finish = 1

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        with pytest.raises(FileNotFoundError):
            await provider.fetch(ticket, tmp_path / "no folder" / "clip.mp4", bytes_max=1 << 20)
