"""Submitting by the replicate protocol, over real sockets: what every outcome proves, and what is sent."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain import FaultKind, Kind, OfferId, Source
from bot.errors import SettingsError
from bot.providers.protocol import NotTaken, Refused, Submission, Taken, Unknown
from bot.providers.replicate import ReplicatePredictions
from tests.emulators import faults
from tests.emulators.faults import Fault, answer
from tests.emulators.replicate import FLAGGED, ReplicateEmulator
from tests.emulators.site import parts_of
from tests.openai_scene import attempt, code_of, job, server_that_says
from tests.outcome_rows import HANGING, ROWS, Row
from tests.props import Clock
from tests.replicate_scene import ECHOED, PICTURE, PRO, SHORT, SORA, TOKEN, animated, made, provider_at


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[ReplicateEmulator]:
    async with ReplicateEmulator(now=clock, api_token=TOKEN) as running:
        yield running


def invalid(*fields: str) -> object:
    """Replicate's 422, as its errors name the inputs that they are about."""
    return {
        "title": "Input validation failed",
        "detail": "".join(f"- {field}: is not allowed\n" for field in fields),
        "status": 422,
        "invalid_fields": [{"type": "enum", "field": field, "description": "no"} for field in fields],
    }


NO_CREDIT = {"title": "Insufficient credit", "detail": "You have insufficient credit.", "status": 402}
NO_VERSION = {"title": "Invalid version or not permitted", "detail": "It does not exist.", "status": 422}
THROTTLED = {"detail": "Request was throttled. Your rate limit resets in ~30s.", "status": 429}

OWN_ROWS: list[Row] = [
    ("402 in its words", answer(402, NO_CREDIT), NotTaken, "provider_out_of_credit", 0),
    ("401 in its words", answer(401, {"title": "Unauthenticated"}), NotTaken, "provider_key_refused", 0),
    ("404 in its words", answer(404, {"detail": "could not be found"}), Refused, "model_gone", 0),
    ("no such version", answer(422, NO_VERSION), Refused, "model_gone", 0),
    ("429 in its words", answer(429, THROTTLED), NotTaken, "provider_busy", 0),
    ("moderation in a 422", answer(422, {"detail": FLAGGED}), Refused, "moderation_blocked", 0),
    ("moderation in a 500", answer(500, {"detail": FLAGGED}), Unknown, "", 0),
    ("the prompt", answer(422, invalid("input.prompt")), Refused, "prompt_refused", 0),
    ("the length", answer(422, invalid("input.seconds")), Refused, "provider_refused", 0),
    ("two of them", answer(422, invalid("input.prompt", "input.seconds")), Refused, "provider_refused", 0),
    ("no fields", answer(422, {"detail": 7, "invalid_fields": "x"}), Refused, "provider_refused", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "jobs"),
    [row[1:] for row in ROWS + OWN_ROWS],
    ids=[row[0] for row in ROWS + OWN_ROWS],
)
async def test_a_submission_proves_exactly_what_its_answer_proves_and_is_sent_once(
    emulator: ReplicateEmulator, fault: Fault | None, outcome: type[Submission], code: str, jobs: int
) -> None:
    if fault is not None:
        emulator.faults.next("create", fault)
    order = job()

    async with provider_at(emulator.url, timeouts=SHORT if fault in HANGING else None) as provider:
        submission = await provider.submit(order, attempt(order))

    assert type(submission) is outcome, submission
    assert code_of(submission) == code
    assert len(emulator.predictions) == jobs
    assert [seen.route for seen in emulator.api.seen] == ["create"]
    assert TOKEN not in repr(submission)


async def test_what_never_left_this_machine_is_certainly_not_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        refusing = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    order = job()

    for url in (refusing, "http://nowhere.invalid/v1"):
        async with provider_at(url) as provider:
            assert code_of(await provider.submit(order, attempt(order))) == "provider_unreachable"


async def test_the_rate_limit_says_how_long_to_wait_in_a_header_or_in_its_sentence(
    emulator: ReplicateEmulator,
) -> None:
    order = job()
    emulator.faults.next(
        "create",
        answer(429, THROTTLED, headers={"Retry-After": "7"}),
        answer(429, THROTTLED),
        answer(429, {"detail": "Slow down."}),
    )

    async with provider_at(emulator.url) as provider:
        outcomes = [await provider.submit(order, attempt(order)) for _ in range(3)]

    assert [one.retry_after_s for one in outcomes if isinstance(one, NotTaken)] == [7.0, 30.0, None]


async def test_an_empty_purse_takes_nothing_and_a_retired_model_is_gone(emulator: ReplicateEmulator) -> None:
    emulator.credit_micros = 500_000
    order = job()

    async with provider_at(emulator.url) as provider:
        taken = await provider.submit(order, attempt(order))
        poor = await provider.submit(order, attempt(order, number=2))
        emulator.gone_models = {"openai/sora-2"}
        gone = await provider.submit(order, attempt(order, number=3))

    assert isinstance(taken, Taken)
    assert [code_of(poor), code_of(gone)] == ["provider_out_of_credit", "model_gone"]
    assert emulator.billed_micros == 400_000


async def test_the_order_goes_out_in_the_models_words(emulator: ReplicateEmulator) -> None:
    tall = replace(job(), order=replace(job().order, aspect_ratio="9:16", resolution="1080p", duration_s=12))

    async with provider_at(emulator.url) as provider:
        await made(provider)
    async with provider_at(emulator.url, wire=PRO, cancel_after_s=1800) as provider:
        await made(provider, tall)

    first, second = emulator.api.seen
    assert json.loads(first.body) == {
        "input": {"prompt": "a paper boat", "seconds": 4, "aspect_ratio": "landscape"}
    }
    assert (first.method, first.path) == ("POST", "/v1/models/openai/sora-2/predictions")
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Prefer" not in first.headers
    assert "Cancel-After" not in first.headers
    assert json.loads(second.body) == {
        "input": {"prompt": "a paper boat", "seconds": 12, "aspect_ratio": "portrait", "resolution": "high"}
    }
    assert second.path == "/v1/models/openai/sora-2-pro/predictions"
    assert second.headers["Cancel-After"] == "1800s"
    assert emulator.billed_micros == 400_000 + 6_000_000


async def test_other_models_have_other_words_and_a_version_goes_by_its_own_call(
    emulator: ReplicateEmulator,
) -> None:
    emulator.faults.always("create", answer(201, {"id": "p1"}, works=True))
    emulator.faults.always("create_version", answer(201, {"id": "p2"}, works=True))
    kling = replace(
        SORA,
        endpoint="kwaivgi/kling-v3-video",
        fields={"duration": "duration", "resolution": "mode", "aspect_ratio": "", "prompt": "text"},
        resolutions={"720p": "std"},
        seconds_as="suffixed",
        constants={"generate_audio": True},
        seed_field="seed",
    )
    wan = replace(SORA, endpoint="acme/wan:5c7d5d", sizes={("720p", "16:9"): "1280*720"}, aspect_ratios={})

    async with provider_at(emulator.url, wire=kling) as provider:
        await made(provider, job(seed=7))
    async with provider_at(emulator.url, wire=wan) as provider:
        await made(provider)

    first, second = (json.loads(seen.body) for seen in emulator.api.seen)
    assert first == {
        "input": {"text": "a paper boat", "duration": "4s", "mode": "std", "generate_audio": True, "seed": 7}
    }
    assert second == {
        "version": "5c7d5d",
        "input": {"prompt": "a paper boat", "seconds": 4, "size": "1280*720"},
    }
    assert [seen.path for seen in emulator.api.seen] == [
        "/v1/models/kwaivgi/kling-v3-video/predictions",
        "/v1/predictions",
    ]


async def test_a_webhook_is_asked_for_with_the_attempts_key_and_only_for_the_end(
    emulator: ReplicateEmulator,
) -> None:
    async with provider_at(
        emulator.url, webhook_url=lambda of: f"https://bot.example/hooks/{of.key}"
    ) as provider:
        await made(provider)

    asked = json.loads(emulator.api.seen[0].body)
    assert asked["webhook"] == "https://bot.example/hooks/job1-1"
    assert asked["webhook_events_filter"] == ["completed"]


async def test_an_order_that_the_offer_no_longer_takes_is_refused_before_any_call(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    plain, moving = job(), animated(tmp_path)
    clip = animated(tmp_path, media_type="video/mp4")
    orders = [
        job(seed=1),
        replace(plain, order=replace(plain.order, characters=("char_1",))),
        replace(plain, order=replace(plain.order, blocks_ip=True)),
        replace(plain, order=replace(plain.order, kind=Kind.REMIX)),
        replace(moving, order=replace(moving.order, kind=Kind.GENERATE)),
        clip,
    ]

    async with provider_at(emulator.url) as provider:
        outcomes = [await provider.submit(order, attempt(order)) for order in orders]
        elsewhere = replace(attempt(plain), offer_id=OfferId("emulator/gone"))
        outcomes.append(await provider.submit(plain, elsewhere))
    async with provider_at(emulator.url, wire=replace(SORA, sizes={("1080p", "16:9"): "x"})) as provider:
        outcomes.append(await provider.submit(plain, attempt(plain)))
    async with provider_at(emulator.url, wire=PRO) as provider:
        wide = replace(plain, order=replace(plain.order, resolution="4k"))
        square = replace(plain, order=replace(plain.order, aspect_ratio="1:1"))
        outcomes += [await provider.submit(other, attempt(other)) for other in (wide, square)]
    async with provider_at(emulator.url, wire=replace(SORA, fields={"picture": ""})) as provider:
        outcomes.append(await provider.submit(moving, attempt(moving)))

    assert [code_of(outcome) for outcome in outcomes] == ["offer_changed"] * len(outcomes)
    assert emulator.api.seen == []


async def test_an_input_that_carries_the_key_is_sent_where_the_model_has_one(
    emulator: ReplicateEmulator,
) -> None:
    emulator.faults.always("create", answer(201, {"id": "p1"}, works=True))

    async with provider_at(emulator.url, wire=ECHOED) as provider:
        await made(provider)

    assert json.loads(emulator.api.seen[0].body)["input"]["tag"] == "job1-1"


# A picture of ours


async def test_a_picture_is_uploaded_first_and_the_order_names_it(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    order = animated(tmp_path)

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider, order)

    upload, create = emulator.api.seen
    (part,) = parts_of(upload.headers, upload.body)
    (file_id,) = emulator.uploads.files
    assert (part.name, part.file_name, part.media_type, part.data) == (
        "content", "image.png", "image/png", PICTURE,
    )  # fmt: skip
    assert json.loads(create.body)["input"]["input_reference"] == f"{emulator.url}/files/{file_id}"
    assert dict(ticket.urls) == {"upload": f"{emulator.url}/files/{file_id}"}


UPLOADS: list[tuple[str, Fault, type[Submission], str]] = [
    ("reset", faults.RESET_BEFORE_READING, NotTaken, "upload_failed"),
    ("lost answer", faults.LOST_ANSWER, NotTaken, "upload_failed"),
    ("silence", faults.HANG_BEFORE_WORK, NotTaken, "upload_failed"),
    ("cut short", faults.CUT_SHORT, NotTaken, "upload_failed"),
    ("502 of a proxy", faults.PROXY_502_AFTER_WORK, NotTaken, "upload_failed"),
    ("404 of a proxy", faults.PROXY_404, NotTaken, "upload_failed"),
    ("500", answer(500, {"detail": "no"}), NotTaken, "upload_failed"),
    ("a page", answer(200, b"<html></html>"), NotTaken, "upload_failed"),
    ("no address", answer(201, {"id": "f1", "urls": {}}), NotTaken, "upload_failed"),
    ("no id", answer(201, {"urls": {"get": "https://x"}}), NotTaken, "upload_failed"),
    ("an id that climbs", answer(201, {"id": "..", "urls": {"get": "https://x"}}), NotTaken, "upload_failed"),
    ("307", answer(307, headers={"Location": "/x"}), NotTaken, "provider_redirects"),
    ("401", answer(401, {"title": "Unauthenticated"}), NotTaken, "provider_key_refused"),
    ("402", answer(402, NO_CREDIT), NotTaken, "provider_out_of_credit"),
    ("429", answer(429, THROTTLED), NotTaken, "provider_busy"),
    ("413", answer(413, b"<html></html>"), Refused, "picture_refused"),
    ("422", answer(422, {"detail": "Unsupported file"}), Refused, "picture_refused"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "outcome", "code"), [row[1:] for row in UPLOADS], ids=[row[0] for row in UPLOADS]
)
async def test_while_the_picture_is_not_there_nothing_is_ordered(
    emulator: ReplicateEmulator, tmp_path: Path, fault: Fault, outcome: type[Submission], code: str
) -> None:
    emulator.faults.next("upload", fault)
    order = animated(tmp_path)

    async with provider_at(emulator.url, timeouts=SHORT if fault in HANGING else None) as provider:
        submission = await provider.submit(order, attempt(order))

    assert (type(submission), code_of(submission)) == (outcome, code)
    assert [seen.route for seen in emulator.api.seen] == ["upload"]
    assert emulator.predictions == {}


async def test_a_refused_picture_is_told_as_such(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    emulator.faults.next("create", answer(422, invalid("input.input_reference")))
    order = animated(tmp_path)

    async with provider_at(emulator.url) as provider:
        refused = await provider.submit(order, attempt(order))

    assert isinstance(refused, Refused)
    assert (refused.fault.kind, refused.fault.code) == (FaultKind.PICTURE, "picture_refused")


async def test_a_picture_that_our_own_disk_has_lost_is_our_fault_and_costs_nothing(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    order = animated(tmp_path)
    gone = Source(path=tmp_path / "gone", media_type="image/png", width=1, height=1)
    order = replace(order, order=replace(order.order, source=gone))

    async with provider_at(emulator.url) as provider:
        refused = await provider.submit(order, attempt(order))

    assert isinstance(refused, Refused)
    assert (refused.fault.kind, refused.fault.code) == (FaultKind.OURS, "source_unreadable")
    assert emulator.api.seen == []


# Settings


async def test_settings_that_cannot_be_are_turned_down() -> None:
    for url, cancel_after_s in (
        ("", 60),
        ("ftp://x", 60),
        ("https://r8_x@api.example/v1", 60),
        ("https://a/v1", 4),
    ):
        with pytest.raises(SettingsError) as wrong:
            ReplicatePredictions(
                "emulator",
                api_token=TOKEN,
                wires={},
                now=Clock(),
                base_url=url,
                cancel_after_s=cancel_after_s,
            )
        assert "r8_" not in str(wrong.value)


async def test_every_submission_opens_a_connection_of_its_own() -> None:
    body = b'HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n{"id": "p1"}'
    order = job()

    async with server_that_says(body, linger=True) as (url, heard), provider_at(url) as provider:
        outcomes = [await provider.submit(order, attempt(order)) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Taken] * 3
    assert len(heard) == 3
    assert all(b"connection: close" in request.lower() for request in heard)
