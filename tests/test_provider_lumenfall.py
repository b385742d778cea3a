"""Submitting by the lumenfall protocol, over real sockets: what every outcome proves, and what is sent."""

import base64
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain import FaultKind, Kind, OfferId
from bot.errors import SettingsError
from bot.providers.lumenfall import LumenfallVideos
from bot.providers.lumenfall_words import INLINE_BYTES_MAX, takes_webhooks_at
from bot.providers.protocol import NotTaken, Refused, Submission, Taken, Unknown, Wire
from tests.emulators.faults import Fault, answer
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.site import parts_of
from tests.lumenfall_scene import (
    CONTENT_POLICY,
    FORCED,
    KEY,
    KLING,
    PRO,
    SHORT,
    TIMED_OUT,
    error,
    provider_at,
)
from tests.openai_scene import OFFER, attempt, code_of, job
from tests.outcome_rows import HANGING, ROWS, Row
from tests.props import NOON, Clock
from tests.replicate_scene import PICTURE, animated, made


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[LumenfallEmulator]:
    async with LumenfallEmulator(now=clock, api_key=KEY) as running:
        yield running


TOO_BIG = "Too big: expected string to have <=1000 characters"
MODERATED = "The prompt was flagged by the provider's content moderation (violence)."
EXHAUSTED, UPSTREAM, INVALID = "ALL_PROVIDERS_EXHAUSTED", "UPSTREAM_ERROR", "INVALID_REQUEST"
ALL_MODERATED = {"attempts": [CONTENT_POLICY, {"response": {"detail": ["flagged as sensitive (E005)"]}}]}
SOME_MODERATED = {"attempts": [TIMED_OUT, CONTENT_POLICY]}

OWN_ROWS: list[Row] = [
    ("moderation", answer(400, error("CONTENT_POLICY_VIOLATION")), Refused, "moderation_blocked", 0),
    ("moderation behind", answer(400, error(UPSTREAM, MODERATED)), Refused, "moderation_blocked", 0),
    ("moderation behind, 403", answer(403, error(UPSTREAM, MODERATED)), Refused, "moderation_blocked", 0),
    ("a word of moderation", answer(400, error(INVALID, "moderation: unknown")),
     Refused, "provider_refused", 0),
    ("a refusal behind", answer(422, error(UPSTREAM, "No.")), Refused, "provider_refused", 0),
    ("a field behind", answer(400, error(UPSTREAM, "No.")), Refused, "provider_refused", 0),
    ("an error behind", answer(500, error(UPSTREAM, MODERATED)), Unknown, "", 0),
    ("their key", answer(401, error(UPSTREAM, "Invalid API key")), NotTaken, "upstream_refused", 0),
    ("their purse", answer(402, error(UPSTREAM, "Pay")), NotTaken, "upstream_refused", 0),
    ("their account", answer(403, error(UPSTREAM, "User is locked.")), NotTaken, "upstream_refused", 0),
    ("our key", answer(401, error("AUTHENTICATION_FAILED")), NotTaken, "provider_key_refused", 0),
    ("our purse", answer(402, error("INSUFFICIENT_BALANCE")), NotTaken, "provider_out_of_credit", 0),
    ("the flat shape", answer(400, {"error_code": "content_policy_violation", "message": "no"}),
     Refused, "moderation_blocked", 0),
    ("the flat shape, behind", answer(400, {"error_code": UPSTREAM, "message": MODERATED}),
     Refused, "moderation_blocked", 0),
    ("no such model", answer(404, error("MODEL_NOT_FOUND", "Did you mean 'x'?")), Refused, "model_gone", 0),
    ("no such model, 400", answer(400, error("MODEL_NOT_FOUND")), Refused, "model_gone", 0),
    ("a disabled model", answer(404, error("MODEL_DISABLED")), Refused, "model_gone", 0),
    ("busy", answer(429, error("RATE_LIMITED")), NotTaken, "provider_busy", 0),
    ("a long prompt", answer(400, error(INVALID, TOO_BIG)), Refused, "prompt_refused", 0),
    ("the picture", answer(400, error(INVALID, "Invalid image file")), Refused, "picture_refused", 0),
    ("both", answer(400, error(INVALID, "prompt or input_reference")), Refused, "provider_refused", 0),
    ("the wrong mode", answer(400, error(INVALID, "Model 'x' does not support text-to-video")),
     Refused, "provider_refused", 0),
    ("internal", answer(500, error("INTERNAL_ERROR")), Unknown, "", 0),
    ("internal after the work", answer(500, error("INTERNAL_ERROR"), works=True), Unknown, "", 1),
    ("all failed", answer(502, error(EXHAUSTED)), Unknown, "", 0),
    ("all failed after the work", answer(502, error(EXHAUSTED), works=True), Unknown, "", 1),
    ("all failed, the last by moderation", answer(502, error(EXHAUSTED, MODERATED)), Unknown, "", 0),
    ("some by moderation", answer(502, error(EXHAUSTED, metadata=SOME_MODERATED)), Unknown, "", 0),
    ("all by moderation", answer(502, error(EXHAUSTED, metadata=ALL_MODERATED)),
     Refused, "moderation_blocked", 0),
    ("no attempts", answer(502, error(EXHAUSTED, MODERATED, metadata={"attempts": []})), Unknown, "", 0),
    ("attempts of no kind", answer(502, error(EXHAUSTED, metadata={"attempts": [7, None]})), Unknown, "", 0),
    ("attempts that are none", answer(502, error(EXHAUSTED, metadata=[])), Unknown, "", 0),
    ("all failed in a 429", answer(429, error(EXHAUSTED)), Unknown, "", 0),
    ("codes of no kind", answer(400, {"error": {"code": [], "message": 7}}), Refused, "provider_refused", 0),
    ("a price instead", answer(200, {"estimated": True, "total_cost_micros": 7}), Unknown, "", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "jobs"),
    [row[1:] for row in ROWS + OWN_ROWS],
    ids=[row[0] for row in ROWS + OWN_ROWS],
)
async def test_a_submission_proves_exactly_what_its_answer_proves_and_is_sent_once(
    emulator: LumenfallEmulator, fault: Fault | None, outcome: type[Submission], code: str, jobs: int
) -> None:
    if fault is not None:
        emulator.faults.next("create", fault)
    order = job()

    async with provider_at(emulator, timeouts=SHORT if fault in HANGING else None) as provider:
        submission = await provider.submit(order, attempt(order))

    assert type(submission) is outcome, submission
    assert code_of(submission) == code
    assert len(emulator.videos) == jobs
    assert [seen.route for seen in emulator.api.seen] == ["create"]
    assert KEY not in repr(submission)


async def test_what_never_left_this_machine_is_certainly_not_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        refusing = f"http://127.0.0.1:{unused.getsockname()[1]}/openai/v1"
    order = job()

    for url in (refusing, "http://nowhere.invalid/openai/v1"):
        async with provider_at(url=url) as provider:
            assert code_of(await provider.submit(order, attempt(order))) == "provider_unreachable"


@pytest.mark.parametrize(
    ("wire", "failing", "outcome"),
    [
        (PRO, {"fal": CONTENT_POLICY, "openai": CONTENT_POLICY, "replicate": CONTENT_POLICY}, Refused),
        (PRO, {"fal": CONTENT_POLICY, "openai": TIMED_OUT, "replicate": CONTENT_POLICY}, Unknown),
        (PRO, {"fal": CONTENT_POLICY, "openai": TIMED_OUT}, Taken),
        (FORCED, {"fal": CONTENT_POLICY}, Refused),
        (FORCED, {"fal": TIMED_OUT}, Unknown),
        (FORCED, {"openai": CONTENT_POLICY}, Taken),
    ],
)
async def test_all_providers_exhausted_is_a_refusal_only_where_moderation_turned_down_every_attempt(
    emulator: LumenfallEmulator, wire: Wire, failing: dict[str, dict[str, object]], outcome: type[Submission]
) -> None:
    emulator.fails_at_once, emulator.failing_providers = True, failing
    order = job()

    async with provider_at(emulator, wire=wire) as provider:
        submission = await provider.submit(order, attempt(order))

    assert type(submission) is outcome
    assert len(emulator.videos) == (outcome is Taken)


async def test_the_words_of_the_one_provider_that_was_forced_are_all_there_is_to_know(
    emulator: LumenfallEmulator,
) -> None:
    order = job()
    said = answer(502, error(EXHAUSTED, MODERATED))
    emulator.faults.next("create", said, said)

    async with provider_at(emulator, wire=FORCED) as forced, provider_at(emulator) as routed:
        outcomes = [type(await one.submit(order, attempt(order))) for one in (forced, routed)]

    assert outcomes == [Refused, Unknown]


async def test_the_members_faults_are_told_from_the_providers(emulator: LumenfallEmulator) -> None:
    emulator.blocked_words = {"mouse"}
    outcomes = []

    async with provider_at(emulator) as provider:
        for number, prompt in enumerate(["rain", "a certain mouse", "x" * 4_001]):
            order = job(prompt, number=number)
            outcomes.append(await provider.submit(order, attempt(order)))
        emulator.credit_micros = 1_500_000
        outcomes.append(await provider.submit(job(number=8), attempt(job(number=8))))
        emulator.gone_models = {"sora-2-pro"}
        outcomes.append(await provider.submit(job(number=9), attempt(job(number=9))))

    assert [code_of(one) for one in outcomes] == [
        "",
        "moderation_blocked",
        "prompt_refused",
        "provider_out_of_credit",
        "model_gone",
    ]
    assert [one.fault.kind for one in outcomes if isinstance(one, Refused)] == [
        FaultKind.RULES,
        FaultKind.PROMPT,
        FaultKind.PROVIDER,
    ]
    assert emulator.billed_micros == 1_200_000


async def test_the_same_key_again_is_the_same_job_and_another_key_another(
    emulator: LumenfallEmulator,
) -> None:
    order = job()

    async with provider_at(emulator) as provider:
        first, again = [await provider.submit(order, attempt(order)) for _ in range(2)]
        second = await provider.submit(order, attempt(order, number=2))

    assert isinstance(first, Taken)
    assert first == again
    assert isinstance(second, Taken)
    assert list(emulator.videos) == [first.ticket.provider_job_id, second.ticket.provider_job_id]
    assert [one.key for one in emulator.videos.values()] == ["job1-1", "job1-2"]


async def test_the_order_goes_out_in_lumenfalls_words(emulator: LumenfallEmulator) -> None:
    tall = replace(job("rain", seed=7), order=replace(job("rain", seed=7).order, aspect_ratio="9:16"))
    twins = replace(job(), order=replace(job().order, characters=("char_1", "char_2"), blocks_ip=True))

    async with provider_at(emulator) as routed:
        await made(routed)
    async with provider_at(emulator, wire=KLING) as by_shape:
        await by_shape.submit(tall, attempt(tall, number=2))
    async with provider_at(emulator, wire=FORCED) as forced:
        await forced.submit(twins, attempt(twins, number=3))

    assert [json.loads(seen.body) for seen in emulator.api.seen] == [
        {"model": "sora-2-pro", "prompt": "a paper boat", "size": "1280x720", "seconds": "4",
         "idempotency_key": "job1-1"},
        {"model": "kling-v3", "prompt": "rain", "resolution": "720p", "aspect_ratio": "9:16", "seconds": 4,
         "seed": 7, "idempotency_key": "job1-2"},
        {"model": "fal/sora-2-pro", "prompt": "a paper boat", "size": "1280x720", "seconds": "4",
         "delete_video": True, "character_ids": ["char_1", "char_2"], "detect_and_block_ip": True,
         "idempotency_key": "job1-3"},
    ]  # fmt: skip
    assert {(seen.method, seen.path) for seen in emulator.api.seen} == {("POST", "/openai/v1/videos")}
    assert {seen.headers["Authorization"] for seen in emulator.api.seen} == {f"Bearer {KEY}"}
    assert [one.asked.size for one in emulator.videos.values()] == [(1280, 720), (720, 1280), (1280, 720)]


async def test_an_order_that_the_offer_no_longer_takes_is_refused_before_any_call(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    sharp = replace(job(), order=replace(job().order, resolution="4k"))
    remix = replace(job(), order=replace(job().order, kind=Kind.REMIX))
    clip = animated(tmp_path, media_type="video/mp4")
    elsewhere = replace(attempt(job()), offer_id=OfferId("emulator/gone"))
    outcomes = []

    for wire in (PRO, replace(PRO, fields={"video": "video_url", "picture": "image_url"})):
        async with provider_at(emulator, wire=wire) as provider:
            outcomes += [
                await provider.submit(each, attempt(each)) for each in (job(seed=1), sharp, remix, clip)
            ]
            outcomes.append(await provider.submit(job(), elsewhere))
    async with provider_at(emulator, wire=replace(PRO, fields={"picture": "image_url"})) as provider:
        outcomes.append(await provider.submit(animated(tmp_path), attempt(job())))

    assert [code_of(one) for one in outcomes] == ["offer_changed"] * 11
    assert emulator.api.seen == []


# Pictures


async def test_a_small_picture_goes_along_in_the_request(emulator: LumenfallEmulator, tmp_path: Path) -> None:
    async with provider_at(emulator, wire=FORCED) as provider:
        await made(provider, animated(tmp_path))

    sent = json.loads(emulator.api.seen[0].body)
    uri = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    assert sent["input_reference"] == {"image_url": uri}
    assert sent["delete_video"] is True


async def test_a_large_picture_goes_as_a_form_with_all_that_was_ordered(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    picture = bytes(range(256)) * (INLINE_BYTES_MAX // 256) + b"!"
    constants = {"delete_video": True, "loop": False, "options": {"tags": ["a", "b"]}, "strength": 0.5}

    async with provider_at(emulator, wire=replace(FORCED, constants=constants)) as provider:
        await made(provider, animated(tmp_path, data=picture, media_type="image/jpeg"))
        await made(provider, animated(tmp_path, data=picture[:-1]))

    seen = emulator.api.seen[0]
    (one,) = emulator.videos.values()
    assert seen.headers["Content-Type"].startswith("multipart/form-data")
    assert one.asked.fields == {
        "model": "fal/sora-2-pro",
        "prompt": "the boat sets off",
        "size": "1280x720",
        "seconds": "4",
        "delete_video": "true",
        "loop": "false",
        "options": {"tags": ["a", "b"]},
        "strength": "0.5",
        "detect_and_block_ip": "false",
        "idempotency_key": "job1-1",
    }
    (file,) = [part for part in parts_of(seen.headers, seen.body) if part.file_name is not None]
    assert (file.name, file.file_name, file.media_type) == ("input_reference", "image.jpeg", "image/jpeg")
    assert file.data == picture
    assert emulator.api.seen[1].headers["Content-Type"] == "application/json"


async def test_a_picture_that_our_disk_has_lost_is_our_fault_and_nothing_is_sent(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    lost, folder = animated(tmp_path), animated(tmp_path)
    assert lost.order.source is not None
    gone = replace(lost.order.source, path=tmp_path / "nowhere")
    a_folder = replace(lost.order.source, path=tmp_path)
    outcomes = []

    async with provider_at(emulator) as provider:
        for order, source in ((lost, gone), (folder, a_folder)):
            lacking = replace(order, order=replace(order.order, source=source))
            outcomes.append(await provider.submit(lacking, attempt(lacking)))

    assert [one.fault.kind for one in outcomes if isinstance(one, Refused)] == [FaultKind.OURS] * 2
    assert emulator.api.seen == []


# Where webhooks may go


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://dailies.example/webhooks/lumenfall/job1-1", True),
        ("https://dailies.example:8443/x", True),
        ("https://dailies.example:443/x", True),
        ("https://bücher.example/x", True),
        ("http://dailies.example/x", False),
        ("http://dailies.example:8443/x", False),
        ("https://dailies.example:8080/x", False),
        ("https://127.0.0.1/x", False),
        ("https://[::1]:8443/x", False),
        ("https://[::ffff:10.0.0.1]/x", False),
        ("https://10.0x7f/x", False),
        ("https://localhost/x", False),
        ("https://bot.localhost/x", False),
        ("https://metadata.google.internal/x", False),
        ("https://dailies/x", False),
        ("https://dailies.example:port/x", False),
        ("", False),
    ],
)
async def test_a_webhook_is_asked_for_only_where_lumenfall_sends_one_and_never_costs_the_order(
    emulator: LumenfallEmulator, address: str, *, taken: bool
) -> None:
    async with provider_at(emulator, webhook_url=lambda _attempt: address) as provider:
        await made(provider)

    (one,) = emulator.videos.values()
    assert takes_webhooks_at(address) is taken
    assert one.asked.fields.get("webhook_url") == (address if taken else None)


def test_addresses_that_are_none_are_turned_down_without_being_printed() -> None:
    for base, account in (("", "http://a/v1"), ("http://a/v1", f"https://me:{KEY}@example.com/v1")):
        with pytest.raises(SettingsError) as wrong:
            LumenfallVideos(
                "emulator",
                api_key=KEY,
                wires={OFFER: PRO},
                now=lambda: NOON,
                base_url=base,
                account_url=account,
            )
        assert KEY not in str(wrong.value)
