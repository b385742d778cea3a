"""Fetching the file by the fal protocol: from named hosts alone, without the key, whole or not at all."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain import Ticket
from bot.errors import AssetGone, ClipUnusable, FileElsewhere, ProviderUnavailable, UnreadableAnswer
from bot.media import check
from bot.providers.fal_addresses import Hosts
from bot.providers.protocol import Taken
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.fal import FalEmulator
from tests.emulators.fal_models import detail
from tests.emulators.faults import answer
from tests.fal_scene import KEY, ORDER, SORA_CHARACTERS, VEO, attempt, job, made, picture, provider_at
from tests.openai_scene import names_in, server_that_says
from tests.props import Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[FalEmulator]:
    async with FalEmulator(now=clock, api_key=KEY, asks_to_finish=None) as running:
        yield running


async def finished(emulator: FalEmulator, hosts: Hosts | None = None) -> Ticket:
    async with provider_at(hosts or emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        return ticket


async def fetch(hosts: Hosts, ticket: Ticket, into: Path) -> None:
    async with provider_at(hosts) as provider:
        await provider.fetch(ticket, into, bytes_max=1 << 20)


async def test_the_file_is_a_real_clip_on_our_disk_and_the_key_stayed_away_from_where_it_lay(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    into = tmp_path / "clip.mp4"

    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider, job(wire=VEO, order=replace(ORDER, duration_s=8)))
        emulator.finish(ticket.provider_job_id)
        fetched = await provider.fetch(ticket, into, bytes_max=1 << 20)

    assert fetched.sha256 == hashlib.sha256(clip(128, 72, 8)).hexdigest()
    assert names_in(tmp_path) == ["clip.mp4"]
    assert (await check(into)).duration_ms == 8_000
    assert [seen.path.rpartition("/")[2] for seen in emulator.cdn.seen] == ["out.mp4"]
    assert KEY not in repr(emulator.cdn.seen)
    assert "Authorization" not in emulator.cdn.seen[0].headers


@pytest.mark.parametrize(
    "address",
    [
        "",
        "out.mp4",
        "/files/out.mp4",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1.evil.invalid/out.mp4",
        "http://me@127.0.0.1/out.mp4",
        "http://[::1]/out.mp4",
        "http://a:b/",
        "data:video/mp4;base64,AAAA",
    ],
)
async def test_a_file_at_a_place_that_is_not_named_is_never_knocked_at(
    emulator: FalEmulator, tmp_path: Path, address: str
) -> None:
    ticket = await finished(emulator)
    emulator.faults.next("result", answer(200, {"video": {"url": address}}))

    with pytest.raises(UnreadableAnswer):
        await fetch(emulator.hosts, ticket, tmp_path / "clip.mp4")

    assert emulator.cdn.seen == []
    assert names_in(tmp_path) == []


async def test_a_host_that_only_looks_like_fals_own_is_none(emulator: FalEmulator, tmp_path: Path) -> None:
    ticket = await finished(emulator)
    strict = replace(emulator.hosts, files=Hosts().files)

    for address in ("https://evilfal.media/x", "http://fal.media.evil.invalid/x"):
        emulator.faults.next("result", answer(200, {"video": {"url": address}}))
        with pytest.raises(FileElsewhere):
            await fetch(strict, ticket, tmp_path / "clip.mp4")


async def test_a_redirect_is_followed_between_named_places_and_nowhere_else(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    ticket = await finished(emulator)
    there = f"/files/{ticket.provider_job_id}/out.mp4"
    emulator.faults.next("file", answer(302, headers={"Location": there}))
    await fetch(emulator.hosts, ticket, tmp_path / "clip.mp4")
    elsewhere = replace(emulator.hosts, files=("localhost",))

    async with server_that_says(b"") as (inside, heard):
        emulator.faults.next(
            "file", answer(302, headers={"Location": inside.replace("127.0.0.1", "localhost")})
        )
        with pytest.raises(UnreadableAnswer):
            await fetch(emulator.hosts, ticket, tmp_path / "other.mp4")
        with pytest.raises(UnreadableAnswer):
            await fetch(elsewhere, ticket, tmp_path / "other.mp4")

    assert heard == []
    assert names_in(tmp_path) == ["clip.mp4"]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (answer(404), AssetGone),
        (answer(410), AssetGone),
        (answer(403), ProviderUnavailable),
        (answer(503), ProviderUnavailable),
        (answer(206), UnreadableAnswer),
        (answer(200, b"<html></html>"), ClipUnusable),
        (answer(200, {"detail": "no"}), ClipUnusable),
        (answer(302, headers={"Location": "file:///etc/passwd"}), UnreadableAnswer),
        (faults.CUT_SHORT, ProviderUnavailable),
    ],
)
async def test_a_file_that_does_not_come_whole_leaves_nothing_behind(
    emulator: FalEmulator, tmp_path: Path, fault: faults.Fault, outcome: type[Exception]
) -> None:
    ticket = await finished(emulator)
    emulator.faults.next("file", fault)

    with pytest.raises(outcome):
        await fetch(emulator.hosts, ticket, tmp_path / "clip.mp4")

    assert names_in(tmp_path) == []


async def test_a_result_that_fal_no_longer_has_is_a_file_that_is_gone(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    ticket = await finished(emulator)
    emulator.books.forget(ticket.provider_job_id)

    with pytest.raises(AssetGone):
        await fetch(emulator.hosts, ticket, tmp_path / "clip.mp4")


async def test_a_failed_job_and_a_character_have_no_file(emulator: FalEmulator, tmp_path: Path) -> None:
    body: dict[str, object] = {"detail": [detail("prompt", "content_policy_violation", "No.")]}

    async with provider_at(emulator.hosts) as provider:
        failed = await made(provider)
        emulator.books.fail(failed.provider_job_id, 422, body)
        of_mia = attempt(job(wire=SORA_CHARACTERS))
        source = picture(tmp_path, 1 << 10, media_type="video/mp4")
        mia = await provider.submit_character(of_mia, name="Mia", clip=source)
        assert isinstance(mia, Taken)
        emulator.finish(mia.ticket.provider_job_id)
        for ticket in (failed, mia.ticket):
            with pytest.raises(UnreadableAnswer):
                await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert [seen.method for seen in emulator.cdn.seen] == ["POST"]  # her clip, and nothing was fetched
