"""Fetching the file by the lumenfall protocol: from its media host, without the key, or not at all."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import Ticket
from bot.errors import AssetGone, ClipUnusable, ProviderUnavailable, UnreadableAnswer
from bot.providers.http import Timeouts
from bot.providers.lumenfall import LumenfallVideos
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.faults import answer
from tests.emulators.lumenfall import LumenfallEmulator
from tests.lumenfall_scene import KEY, PRO, error, provider_at
from tests.openai_scene import OFFER, names_in, server_that_says
from tests.props import NOON, Clock
from tests.replicate_scene import made

V1 = Ticket(provider_job_id="req_1")


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[LumenfallEmulator]:
    async with LumenfallEmulator(now=clock, api_key=KEY) as running:
        yield running


async def finished(emulator: LumenfallEmulator, provider: LumenfallVideos) -> Ticket:
    ticket = await made(provider)
    emulator.finish(ticket.provider_job_id)
    return ticket


def completed(address: str, **more: object) -> faults.Fault:
    return answer(200, {"id": "req_1", "status": "completed", "output": {"url": address}, **more})


async def test_the_key_goes_to_the_api_and_never_to_where_the_files_are(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator) as provider:
        ticket = await finished(emulator, provider)
        fetched = await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert fetched.sha256 == hashlib.sha256(clip(1280, 720, 4)).hexdigest()
    assert names_in(tmp_path) == ["clip.mp4"]
    (asked,) = emulator.media.seen
    assert "Authorization" not in asked.headers
    assert KEY not in str(asked.headers)
    assert all(seen.headers["Authorization"] == f"Bearer {KEY}" for seen in emulator.api.seen)


async def test_an_address_that_an_answer_names_never_gets_the_key_not_even_at_the_api(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    emulator.faults.next("ask", completed(f"{emulator.url}/videos/req_2"))

    async with provider_at(emulator) as provider:
        with pytest.raises(ProviderUnavailable):
            await provider.fetch(V1, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert emulator.api.seen[-1].path == "/openai/v1/videos/req_2"
    assert "Authorization" not in emulator.api.seen[-1].headers


async def test_a_file_that_has_expired_been_purged_or_vanished_is_gone(
    emulator: LumenfallEmulator, clock: Clock, tmp_path: Path
) -> None:
    into = tmp_path / "clip.mp4"

    async with provider_at(emulator, now=clock) as provider:
        purged, fresh = await finished(emulator, provider), V1
        await provider.delete(purged)
        with pytest.raises(AssetGone):
            await provider.fetch(purged, into, bytes_max=1 << 20)
        for lost in (answer(410, b"Gone"), answer(404, b"<html>Not Found</html>")):
            emulator.faults.next("media", lost)
            with pytest.raises(AssetGone):
                await provider.fetch(purged, into, bytes_max=1 << 20)
        emulator.forget(purged.provider_job_id)
        with pytest.raises(AssetGone):
            await provider.fetch(purged, into, bytes_max=1 << 20)
        clock.advance(timedelta(hours=1))
        over = {"id": "req_1", "status": "completed", "output": None, "expires_at": int(clock().timestamp())}
        emulator.faults.next("ask", answer(200, over))
        with pytest.raises(AssetGone):
            await provider.fetch(fresh, into, bytes_max=1 << 20)

    assert names_in(tmp_path) == []


async def test_an_hour_after_it_was_made_the_file_is_gone(
    emulator: LumenfallEmulator, clock: Clock, tmp_path: Path
) -> None:
    async with provider_at(emulator, now=clock) as provider:
        ticket = await finished(emulator, provider)
        clock.advance(timedelta(hours=1))
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


@pytest.mark.parametrize(
    "said",
    [
        {"status": "in_progress"},
        {"status": "failed", "error": {"code": "INTERNAL_ERROR"}},
        {"status": "completed", "output": None},
        {"status": "completed", "output": {}},
        {"status": "completed", "output": {"url": None}, "expires_at": int(NOON.timestamp()) + 1},
        {"status": "completed", "output": [{"url": "https://media.lumenfall.ai/x.mp4"}]},
    ],
)
async def test_a_job_without_a_file_is_asked_again_later(
    emulator: LumenfallEmulator, tmp_path: Path, said: dict[str, object]
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "req_1"} | said))

    async with provider_at(emulator) as provider:
        with pytest.raises(ProviderUnavailable):
            await provider.fetch(V1, tmp_path / "clip.mp4", bytes_max=1 << 20)


async def test_no_other_place_is_ever_knocked_at(emulator: LumenfallEmulator, tmp_path: Path) -> None:
    async with server_that_says(b"") as (inside, heard), provider_at(emulator) as provider:
        elsewhere = inside.replace("127.0.0.1", "localhost")
        for address in (
            f"{elsewhere}/latest/meta-data",
            elsewhere.replace("http://", "http://me:key@"),
            "https://media.lumenfall.ai.evil.invalid/x.mp4",
            "file:///etc/passwd",
            "data:video/mp4;base64,AAAA",
            "/x.mp4",
            "http://a:b/",
            "",
        ):
            emulator.faults.next("ask", completed(address))
            with pytest.raises(UnreadableAnswer):
                await provider.fetch(V1, tmp_path / "clip.mp4", bytes_max=1 << 20)
        ticket = await finished(emulator, provider)
        for location in (f"{elsewhere}/latest", "//evil.invalid/x.mp4"):
            emulator.faults.next("media", answer(302, headers={"Location": location}))
            with pytest.raises(UnreadableAnswer):
                await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert heard == []
    assert names_in(tmp_path) == []


async def test_lumenfalls_own_media_host_is_the_only_one_by_itself(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    provider = LumenfallVideos(
        "lumenfall",
        api_key=KEY,
        wires={OFFER: PRO},
        now=lambda: NOON,
        base_url=emulator.url,
        account_url=emulator.account_url,
    )
    ticket = await finished(emulator, provider)
    with pytest.raises(UnreadableAnswer):
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
    await provider.close()

    assert emulator.media.seen == []


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (answer(200, b"<html>Sign in</html>"), ClipUnusable),
        (answer(200, {"error": "no"}), ClipUnusable),
        (answer(200, b"x" * 11_000, headers={"Content-Type": "video/mp4"}), ClipUnusable),
        (answer(200, b"", headers={"Content-Type": "video/mp4"}), ClipUnusable),
        (answer(206, b"part", headers={"Content-Type": "video/mp4"}), UnreadableAnswer),
        (answer(403, b"no"), ProviderUnavailable),
        (answer(503, b"no"), ProviderUnavailable),
        (faults.CUT_SHORT, ProviderUnavailable),
        (faults.DRIP, ProviderUnavailable),
    ],
)
async def test_a_file_that_does_not_come_whole_leaves_nothing_behind(
    emulator: LumenfallEmulator, tmp_path: Path, fault: faults.Fault, outcome: type[Exception]
) -> None:
    emulator.faults.next("media", fault)

    async with provider_at(emulator, timeouts=Timeouts(silence_s=0.2)) as provider:
        ticket = await finished(emulator, provider)
        with pytest.raises(outcome):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=10_000)

    assert names_in(tmp_path) == []


async def test_a_redirect_between_files_is_followed_and_the_answer_of_another_job_is_not(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator) as provider:
        ticket = await finished(emulator, provider)
        there = f"{emulator.media.url}/{ticket.provider_job_id}.mp4"
        emulator.faults.next("media", answer(307, headers={"Location": there}))
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
        emulator.faults.next("ask", completed(there))
        with pytest.raises(UnreadableAnswer):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
        emulator.faults.next("ask", answer(401, error("AUTHENTICATION_FAILED")))
        with pytest.raises(ProviderUnavailable):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert len(emulator.media.seen) == 2
