"""What is sent to fal for an order: each endpoint's own words, headers, the picture or clip to start from."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from yarl import URL

from bot.domain import FaultKind, Kind, OfferId, Order, Source
from bot.providers.fal_uploads import INLINE_BYTES_MAX, UPLOAD_BYTES_MAX
from bot.providers.protocol import NotTaken, Refused, Rendered, Taken, Wire
from tests.emulators import faults
from tests.emulators.fal import LOCKED, FalEmulator
from tests.emulators.faults import Fault, answer
from tests.fal_scene import (
    KEY,
    KLING,
    ORDER,
    SORA,
    SORA_CHARACTERS,
    SORA_PICTURE,
    SORA_PICTURE_PRO,
    SORA_PRO,
    SORA_REMIX,
    VEO,
    WAN_EDIT,
    attempt,
    job,
    made,
    offer_of,
    picture,
    provider_at,
)
from tests.openai_scene import code_of
from tests.props import Clock

SMALL = 1 << 10
LARGE = 1 << 20


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[FalEmulator]:
    async with FalEmulator(now=clock, api_key=KEY, asks_to_finish=1) as running:
        yield running


def inputs(emulator: FalEmulator) -> Sequence[dict[str, object]]:
    return [each.input for each in emulator.books.jobs.values()]


PLAIN = {"prompt": "rain", "resolution": "720p", "aspect_ratio": "16:9"}
KEPT_PRIVATE = {"delete_video": True, "detect_and_block_ip": False}

SENT: list[tuple[str, Wire, Order, dict[str, object]]] = [
    ("sora", SORA, ORDER, {**PLAIN, "duration": 4, **KEPT_PRIVATE}),
    (
        "sora, all that it takes",
        replace(SORA, constants={"model": "sora-2-2025-12-08"}),
        replace(
            ORDER,
            aspect_ratio="9:16",
            duration_s=20,
            characters=("char_1", "char_2"),
            remixable=True,
            blocks_ip=True,
        ),
        {
            "prompt": "rain",
            "resolution": "720p",
            "aspect_ratio": "9:16",
            "duration": 20,
            "delete_video": False,
            "detect_and_block_ip": True,
            "character_ids": ["char_1", "char_2"],
            "model": "sora-2-2025-12-08",
        },
    ),
    (
        "sora pro",
        SORA_PRO,
        replace(ORDER, resolution="1080p"),
        {**PLAIN, "resolution": "1080p", "duration": 4, **KEPT_PRIVATE},
    ),
    (
        "true 1080p is another word of theirs",
        replace(SORA_PRO, resolutions={"1080p": "true_1080p"}),
        replace(ORDER, resolution="1080p"),
        {**PLAIN, "resolution": "true_1080p", "duration": 4, **KEPT_PRIVATE},
    ),
    ("veo", VEO, replace(ORDER, duration_s=8, seed=7), {**PLAIN, "duration": "8s", "seed": 7}),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "order", "sent"), [row[1:] for row in SENT], ids=[row[0] for row in SENT])
async def test_an_order_goes_out_in_the_endpoints_own_words_and_is_taken_by_it(
    emulator: FalEmulator, wire: Wire, order: Order, sent: dict[str, object]
) -> None:
    async with provider_at(emulator.hosts, wires={offer_of(wire): wire}) as provider:
        ticket = await made(provider, job("rain", wire=wire, order=order))
        standing = await provider.ask(ticket)

    assert inputs(emulator) == [sent]
    assert isinstance(standing, Rendered)
    (seen, *_) = emulator.queue.seen
    assert (seen.method, seen.path) == ("POST", f"/{wire.endpoint}")
    assert seen.headers["Authorization"] == f"Key {KEY}"


async def test_a_small_picture_goes_along_and_a_large_one_through_the_cdn_under_each_endpoints_name_for_it(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    small, large = picture(tmp_path, SMALL), picture(tmp_path, LARGE, media_type="image/webp")

    async with provider_at(emulator.hosts) as provider:
        standings = []
        for wire, source in ((SORA_PICTURE, small), (SORA_PICTURE_PRO, large), (KLING, large)):
            order = replace(ORDER, kind=Kind.ANIMATE, source=source)
            ticket = await made(provider, job("rain", wire=wire, order=order))
            standings.append(await provider.ask(ticket))

    inline, by_address, kling = inputs(emulator)
    assert [type(each) for each in standings] == [Rendered] * 3
    assert (
        inline["image_url"] == f"data:image/png;base64,{base64.b64encode(small.path.read_bytes()).decode()}"
    )
    assert emulator.uploads[str(by_address["image_url"])] == ("image/webp", large.path.read_bytes())
    assert kling == {
        "prompt": "rain", "start_image_url": kling["start_image_url"], "duration": "4", "generate_audio": True
    }  # fmt: skip


async def test_the_key_goes_for_a_token_and_only_the_token_to_the_cdn_and_the_picture_stays_a_day(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    order = replace(ORDER, kind=Kind.ANIMATE, source=picture(tmp_path, LARGE))

    async with provider_at(emulator.hosts) as provider:
        await made(provider, job(wire=SORA_PICTURE, order=order))

    (token,), (upload,) = emulator.rest.seen, emulator.cdn.seen
    assert (token.method, token.path) == ("POST", "/storage/auth/token?storage_type=fal-cdn-v3")
    assert token.headers["Authorization"] == f"Key {KEY}"
    assert (upload.method, upload.path) == ("POST", "/files/upload")
    assert upload.headers["Authorization"].startswith("Bearer ")
    assert KEY not in repr(upload.headers)
    assert upload.headers["Content-Length"] == str(LARGE)
    assert upload.headers["X-Fal-File-Name"] == "image.png"
    assert json.loads(upload.headers["X-Fal-Object-Lifecycle"]) == {"expiration_duration_seconds": 86_400}


async def test_a_remix_names_the_clip_by_its_id_at_fal_which_only_a_remixable_one_still_has(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    clip = picture(tmp_path, SMALL, media_type="video/mp4")
    standings = []

    async with provider_at(emulator.hosts) as provider:
        for remixable in (True, False):
            first = await provider.ask(await made(provider, job(order=replace(ORDER, remixable=remixable))))
            assert isinstance(first, Rendered)
            source = replace(clip, provider_video_id=first.provider_id)
            order = replace(ORDER, kind=Kind.REMIX, source=source)
            ticket = await made(provider, job("at night", wire=SORA_REMIX, order=order))
            standings.append((await provider.ask(ticket), source.provider_video_id))

    (remixed, video_id), (refused, _) = standings
    assert isinstance(remixed, Rendered)
    assert inputs(emulator)[1] == {"prompt": "at night", "video_id": video_id, "delete_video": True}
    assert "remix videos" in repr(refused)
    assert emulator.uploads == {}


async def test_an_edit_stands_in_for_a_remix_and_gets_our_own_file(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    clip = picture(tmp_path, LARGE, media_type="video/mp4")
    order = replace(ORDER, kind=Kind.REMIX, source=clip)

    async with provider_at(emulator.hosts) as provider:
        standing = await provider.ask(await made(provider, job("at night", wire=WAN_EDIT, order=order)))

    (sent,) = inputs(emulator)
    assert isinstance(standing, Rendered)
    assert sent.keys() == {"prompt", "video_url"}
    assert emulator.uploads[str(sent["video_url"])][0] == "video/mp4"


async def test_a_character_is_made_from_a_clip_and_known_by_its_id(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    clip = picture(tmp_path, LARGE, media_type="video/mp4")
    order = job(wire=SORA_CHARACTERS)

    async with provider_at(emulator.hosts) as provider:
        submission = await provider.submit_character(attempt(order), name="Mia", clip=clip)
        assert isinstance(submission, Taken)
        standing = await provider.ask(submission.ticket)

    (sent,) = inputs(emulator)
    assert sent == {"name": "Mia", "video_url": sent["video_url"]}
    assert isinstance(standing, Rendered)
    assert (standing.provider_id or "").startswith("char_")
    assert standing.billed_micros == 0


async def test_deadline_and_retries_are_headers_and_the_webhook_is_in_the_query(
    emulator: FalEmulator,
) -> None:
    order = job()

    async with provider_at(emulator.hosts) as plain:
        await made(plain, order)
    async with provider_at(
        emulator.hosts,
        start_within_s=900,
        tries_again=False,
        webhook_url=lambda each: f"https://bot.example/webhooks/fal/{each.key}",
    ) as wishful:
        await made(wishful, order)

    without, wished = emulator.queue.seen
    assert "fal_webhook" not in without.path
    assert not any(name.startswith("X-Fal-") for name in without.headers)
    assert wished.headers["X-Fal-Request-Timeout"] == "900.0"
    assert wished.headers["X-Fal-No-Retry"] == "1"
    called = URL(str(list(emulator.books.jobs.values())[1].webhook))
    assert str(called.with_query(None)) == f"https://bot.example/webhooks/fal/{attempt(order).key}"
    assert called.query["endpoint"] == SORA.endpoint


NO_SOURCE = replace(ORDER, kind=Kind.ANIMATE)


async def test_an_order_that_the_offer_no_longer_takes_is_refused_before_any_call(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    image, clip = picture(tmp_path, SMALL), picture(tmp_path, SMALL, media_type="video/mp4")
    orders = [
        job(wire=SORA, order=replace(ORDER, resolution="1080p")),
        job(wire=SORA, order=replace(ORDER, aspect_ratio="1:1")),
        job(wire=SORA, order=replace(ORDER, seed=7)),
        job(wire=VEO, order=replace(ORDER, characters=("char_1",))),
        job(wire=VEO, order=replace(ORDER, blocks_ip=True)),
        job(wire=SORA_PICTURE, order=NO_SOURCE),
        job(wire=SORA_REMIX, order=replace(ORDER, kind=Kind.REMIX, source=clip)),
        job(wire=SORA, order=replace(ORDER, source=image)),
    ]
    unknown = replace(attempt(job()), offer_id=OfferId("fal/gone"))

    async with provider_at(emulator.hosts) as provider:
        outcomes = [await provider.submit(each, attempt(each)) for each in orders]
        outcomes.append(await provider.submit(job(), unknown))
        outcomes.append(await provider.submit_character(unknown, name="Mia", clip=clip))
    climbing = {offer_of(SORA): replace(SORA, endpoint="../account")}
    async with provider_at(emulator.hosts, wires=climbing) as provider:
        outcomes.append(await provider.submit(job(), attempt(job())))

    assert [code_of(outcome) for outcome in outcomes] == ["offer_changed"] * 11
    assert emulator.routes_asked == []


FAILED_UPLOADS: list[tuple[str, str, Fault, type[NotTaken] | type[Refused], str]] = [
    ("no token", "token", answer(401, {"detail": "no"}), NotTaken, "provider_key_refused"),
    ("no credit", "token", answer(403, {"detail": LOCKED}), NotTaken, "provider_out_of_credit"),
    ("payment", "token", answer(402, {"detail": "pay"}), NotTaken, "provider_out_of_credit"),
    ("a page", "token", answer(200, b"<html></html>"), NotTaken, "upload_failed"),
    ("no words", "token", answer(200, {"token": 7}), NotTaken, "upload_failed"),
    ("token lost", "token", faults.RESET_BEFORE_READING, NotTaken, "upload_failed"),
    ("busy", "upload", answer(429, headers={"Retry-After": "9"}), NotTaken, "upload_failed"),
    ("broken", "upload", faults.PROXY_502_AFTER_WORK, NotTaken, "upload_failed"),
    ("lost", "upload", faults.LOST_ANSWER, NotTaken, "upload_failed"),
    ("cut short", "upload", faults.CUT_SHORT, NotTaken, "upload_failed"),
    ("token refused", "upload", answer(401, {"detail": "Invalid token"}), NotTaken, "provider_key_refused"),
    ("no address", "upload", answer(200, {"url": "x"}), NotTaken, "upload_failed"),
    ("too large", "upload", answer(413, b"<html></html>"), Refused, "picture_refused"),
    ("no picture", "upload", answer(415, {"detail": "no"}), Refused, "picture_refused"),
]


@pytest.mark.parametrize(
    ("route", "fault", "outcome", "code"),
    [row[1:] for row in FAILED_UPLOADS],
    ids=[row[0] for row in FAILED_UPLOADS],
)
async def test_an_upload_that_fails_proves_that_nothing_was_ordered(
    emulator: FalEmulator,
    tmp_path: Path,
    route: str,
    fault: Fault,
    outcome: type[NotTaken] | type[Refused],
    code: str,
) -> None:
    emulator.faults.next(route, fault)
    order = replace(ORDER, kind=Kind.ANIMATE, source=picture(tmp_path, INLINE_BYTES_MAX + 256))

    async with provider_at(emulator.hosts) as provider:
        submission = await provider.submit(each := job(wire=SORA_PICTURE, order=order), attempt(each))

    assert type(submission) is outcome
    assert code_of(submission) == code
    assert "submit" not in emulator.routes_asked
    assert KEY not in repr(submission)


OPENS_BUT_CANNOT_BE_READ = Path("/proc/self/mem")
"""Nothing lies at its beginning, so reading is an input/output error."""


async def test_a_source_that_is_lost_or_too_large_is_refused_before_any_call(
    emulator: FalEmulator, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(UPLOAD_BYTES_MAX + 1)
    lost = Source(path=tmp_path / "lost.png", media_type="image/png", width=1280, height=720)
    outcomes = []

    async with provider_at(emulator.hosts) as provider:
        for path in (lost.path, huge, tmp_path, OPENS_BUT_CANNOT_BE_READ):
            source = replace(lost, path=path)
            order = job(wire=SORA_PICTURE, order=replace(ORDER, kind=Kind.ANIMATE, source=source))
            outcomes.append(await provider.submit(order, attempt(order)))

    unreadable, too_large = "source_unreadable", "source_too_large"
    assert [type(each) for each in outcomes] == [Refused] * 4
    assert [code_of(each) for each in outcomes] == [unreadable, too_large, unreadable, unreadable]
    assert isinstance(outcomes[0], Refused)
    assert outcomes[0].fault.kind is FaultKind.OURS
    assert emulator.routes_asked == []
