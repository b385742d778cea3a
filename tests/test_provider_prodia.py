"""Submitting by the prodia protocol, over real sockets: what every outcome proves, and what is sent."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import FaultKind, OfferId, Source
from bot.errors import SettingsError
from bot.providers.prodia import BUSY_FOR, BUSY_TRIES, ProdiaJobs
from bot.providers.protocol import CannotTell, NotTaken, Refused, Submission, Taken, Unknown
from tests.emulators import faults
from tests.emulators.faults import Fault, answer
from tests.emulators.prodia import ProdiaEmulator
from tests.emulators.site import parts_of
from tests.openai_scene import attempt, code_of, job, server_that_says
from tests.outcome_rows import HANGING, ROWS, Row
from tests.prodia_scene import ANIMATE, PRO, SORA, TOKEN, provider_at
from tests.props import NOON, Clock
from tests.replicate_scene import PICTURE, SHORT, animated, made


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[ProdiaEmulator]:
    async with ProdiaEmulator(now=clock, token=TOKEN) as running:
        yield running


def error(sentence: str) -> object:
    return {"error": sentence}


OWN_ROWS: list[Row] = [
    ("401 in its words", answer(401, error("token is invalid")), NotTaken, "provider_key_refused", 0),
    ("429 in its words", answer(429, error("no capacity")), NotTaken, "provider_busy", 0),
    ("no asynchronous one", answer(400, error("job type does not support async")), Refused, "model_gone", 0),
    ("no such type", answer(400, error("Unknown job type: inference.x")), Refused, "model_gone", 0),
    ("a wrong type", answer(400, error("for job type x: duration")), Refused, "provider_refused", 0),
    ("the prompt", answer(400, error("config.prompt is too short")), Refused, "prompt_refused", 0),
    ("the prompt alone", answer(400, error("prompt: too short")), Refused, "prompt_refused", 0),
    ("another field", answer(400, error("prompt_strength: no")), Refused, "provider_refused", 0),
    ("moderation", answer(400, error("The prompt failed moderation")), Refused, "moderation_blocked", 0),
    ("moderation in a 403", answer(403, error("content policy")), Refused, "moderation_blocked", 0),
    ("moderation in a 500", answer(500, error("content policy")), Unknown, "", 0),
    ("an object", answer(400, {"error": {"message": "prompt"}}), Refused, "prompt_refused", 0),
    ("a list", answer(400, {"error": ["prompt"]}), Refused, "provider_refused", 0),
]


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "jobs"),
    [row[1:] for row in ROWS + OWN_ROWS],
    ids=[row[0] for row in ROWS + OWN_ROWS],
)
async def test_a_submission_proves_exactly_what_its_answer_proves_and_is_sent_once(
    emulator: ProdiaEmulator, fault: Fault | None, outcome: type[Submission], code: str, jobs: int
) -> None:
    if fault is not None:
        emulator.faults.next("create", fault)
    order = job()

    async with provider_at(emulator.url, timeouts=SHORT if fault in HANGING else None) as provider:
        submission = await provider.submit(order, attempt(order))

    assert type(submission) is outcome, submission
    assert code_of(submission) == code
    assert len(emulator.jobs) == jobs
    assert [seen.route for seen in emulator.site.seen] == ["create"]
    assert TOKEN not in repr(submission)


@pytest.mark.parametrize("fault", [*HANGING, faults.LOST_ANSWER, faults.PROXY_502_AFTER_WORK])
async def test_a_form_with_a_picture_is_no_less_uncertain(
    emulator: ProdiaEmulator, tmp_path: Path, fault: Fault
) -> None:
    emulator.faults.next("create", fault)
    order = animated(tmp_path)

    async with provider_at(emulator.url, wire=ANIMATE, timeouts=SHORT) as provider:
        submission = await provider.submit(order, attempt(order))

    assert type(submission) is Unknown
    assert [seen.route for seen in emulator.site.seen] == ["create"]


async def test_a_lost_submission_can_never_be_found(emulator: ProdiaEmulator) -> None:
    emulator.faults.next("create", faults.LOST_ANSWER)
    order = job()

    async with provider_at(emulator.url) as provider:
        await provider.submit(order, attempt(order))
        found = await provider.find(order, attempt(order))

    assert isinstance(found, CannotTell)
    assert [seen.route for seen in emulator.site.seen] == ["create"]


async def test_what_never_left_this_machine_is_certainly_not_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        refusing = f"http://127.0.0.1:{unused.getsockname()[1]}/v2"

    for order, wire in ((job(), SORA), (animated(tmp_path), ANIMATE)):
        async with provider_at(refusing, wire=wire) as provider:
            assert code_of(await provider.submit(order, attempt(order))) == "provider_unreachable"


# The documented examples


async def test_words_go_out_as_in_prodias_own_examples(emulator: ProdiaEmulator) -> None:
    puppy = (
        "A close-up cinematic shot of a golden retriever puppy bounding through a field of wildflowers at "
        "sunrise, soft warm light, slow motion"
    )
    barista = (
        "A barista in an empty cafe pulls an espresso shot at golden hour. The grinder hums, steam hisses, "
        "the milk pitcher clinks against the bar. Shallow depth of field, warm window light."
    )
    high = job(barista, number=2)
    high = replace(high, order=replace(high.order, resolution="1080p", duration_s=8))

    async with provider_at(emulator.url) as provider:
        await made(provider, job(puppy))
    async with provider_at(emulator.url, wire=PRO) as provider:
        await made(provider, high)

    first, second = emulator.site.seen
    assert json.loads(first.body) == {
        "type": "inference.sora-2.txt2vid.v1",
        "config": {"prompt": puppy, "aspect_ratio": "16:9", "duration": 4},
    }
    assert json.loads(second.body) == {
        "type": "inference.sora-2.pro.txt2vid.v1",
        "config": {"prompt": barista, "resolution": "1080p", "aspect_ratio": "16:9", "duration": 8},
    }
    assert (first.method, first.path) == ("POST", "/v2/job/async?price=true")
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.headers["Content-Type"] == "application/json"
    assert emulator.billed_micros == 400_000 + 4_000_000


async def test_a_picture_goes_in_the_same_form_as_from_prodias_own_library(
    emulator: ProdiaEmulator, tmp_path: Path
) -> None:
    order = animated(tmp_path, media_type="image/jpeg")

    async with provider_at(emulator.url, wire=ANIMATE) as provider:
        ticket = await made(provider, order)

    (seen,) = emulator.site.seen
    picture, described = parts_of(seen.headers, seen.body)
    assert (picture.name, picture.file_name, picture.media_type) == ("input", "image.jpeg", "image/jpeg")
    assert picture.data == PICTURE
    assert (described.name, described.file_name) == ("job", "job.json")
    assert described.media_type == "application/json"
    assert json.loads(described.data) == {
        "type": "inference.sora-2.img2vid.v1",
        "config": {
            "prompt": "the boat sets off",
            "aspect_ratio": "16:9",
            "duration": 4,
            "image": "image.jpeg",
        },
    }
    assert emulator.jobs[ticket.provider_job_id].picture == picture


async def test_a_seed_is_a_number_of_the_config(emulator: ProdiaEmulator) -> None:
    async with provider_at(emulator.url) as provider:
        await made(provider, job(seed=2_147_483_647))

    assert json.loads(emulator.site.seen[0].body)["config"]["seed"] == 2_147_483_647


async def test_a_refused_picture_is_told_as_such(emulator: ProdiaEmulator, tmp_path: Path) -> None:
    order = animated(tmp_path, data=b"")

    async with provider_at(emulator.url, wire=ANIMATE) as provider:
        refused = await provider.submit(order, attempt(order))

    assert isinstance(refused, Refused)
    assert (refused.fault.kind, refused.fault.code) == (FaultKind.PICTURE, "picture_refused")


async def test_where_an_error_names_prompt_and_picture_neither_is_told_of(
    emulator: ProdiaEmulator, tmp_path: Path
) -> None:
    emulator.faults.next("create", answer(400, error("config.prompt does not fit config.image")))
    order = animated(tmp_path)

    async with provider_at(emulator.url, wire=ANIMATE) as provider:
        assert code_of(await provider.submit(order, attempt(order))) == "provider_refused"


async def test_a_picture_that_our_own_disk_has_lost_is_our_fault_and_costs_nothing(
    emulator: ProdiaEmulator, tmp_path: Path
) -> None:
    order = animated(tmp_path)
    gone = Source(path=tmp_path / "gone", media_type="image/png", width=1, height=1)
    order = replace(order, order=replace(order.order, source=gone))

    async with provider_at(emulator.url, wire=ANIMATE) as provider:
        refused = await provider.submit(order, attempt(order))

    assert isinstance(refused, Refused)
    assert (refused.fault.kind, refused.fault.code) == (FaultKind.OURS, "source_unreadable")
    assert emulator.site.seen == []


async def test_an_order_that_the_offer_no_longer_takes_is_refused_before_any_call(
    emulator: ProdiaEmulator,
) -> None:
    seeded = job(seed=1)

    async with provider_at(emulator.url, wire=replace(SORA, seed_field=None)) as provider:
        outcomes = [await provider.submit(seeded, attempt(seeded))]
        elsewhere = replace(attempt(seeded), offer_id=OfferId("emulator/gone"))
        outcomes.append(await provider.submit(seeded, elsewhere))

    assert [code_of(outcome) for outcome in outcomes] == ["offer_changed"] * 2
    assert emulator.site.seen == []


# "No capacity", which may mean that there is no such job type


@pytest.mark.parametrize(
    ("tries", "age", "code"),
    [
        (1, timedelta(), "provider_busy"),
        (BUSY_TRIES - 1, BUSY_FOR * 2, "provider_busy"),
        (BUSY_TRIES * 9, BUSY_FOR - timedelta(seconds=1), "provider_busy"),
        (BUSY_TRIES, BUSY_FOR, "model_gone"),
    ],
)
async def test_busy_too_often_and_for_too_long_is_gone(
    emulator: ProdiaEmulator, clock: Clock, tries: int, age: timedelta, code: str
) -> None:
    emulator.gone_types = {"inference.sora-2.txt2vid.v1"}
    order = job()
    clock.advance(age)

    async with provider_at(emulator.url, now=clock) as provider:
        tried = attempt(order, number=tries * 2, sent_at=clock())
        outcome = await provider.submit(order, replace(tried, at_offer=tries))

    assert code_of(outcome) == code
    assert isinstance(outcome, NotTaken if code == "provider_busy" else Refused)
    if isinstance(outcome, NotTaken):
        assert outcome.retry_after_s == 1.0


async def test_turned_away_elsewhere_is_not_turned_away_here(emulator: ProdiaEmulator, clock: Clock) -> None:
    emulator.gone_types = {"inference.sora-2.txt2vid.v1"}
    order = job()
    clock.advance(BUSY_FOR)

    async with provider_at(emulator.url, now=clock) as provider:
        outcome = await provider.submit(
            order, replace(attempt(order, number=BUSY_TRIES * 9), at_offer=BUSY_TRIES - 1)
        )

    assert code_of(outcome) == "provider_busy"


async def test_a_type_of_which_a_job_was_taken_meanwhile_is_only_busy(
    emulator: ProdiaEmulator, clock: Clock
) -> None:
    patient, lucky = job(number=1), job(number=2)

    async with provider_at(emulator.url, now=clock) as provider:
        clock.advance(timedelta(minutes=5))
        await made(provider, lucky)
        clock.advance(BUSY_FOR)
        emulator.faults.next("create", answer(429, error("no capacity")), answer(429, error("no capacity")))
        busy = await provider.submit(patient, replace(attempt(patient), at_offer=BUSY_TRIES))
        later = replace(job(number=3), created_at=NOON + timedelta(minutes=6))
        clock.advance(timedelta(minutes=5))
        gone = await provider.submit(later, replace(attempt(later), at_offer=BUSY_TRIES))

    assert code_of(busy) == "provider_busy"
    assert code_of(gone) == "model_gone"


# Settings and connections


async def test_a_base_url_that_is_none_is_turned_down_without_being_printed() -> None:
    for url in ("", "ftp://x", f"https://me:{TOKEN}@api.example/v2", "https://a/v2?k=1"):
        with pytest.raises(SettingsError) as wrong:
            ProdiaJobs("emulator", token=TOKEN, wires={}, now=Clock(), base_url=url)
        assert TOKEN not in str(wrong.value)


async def test_every_submission_opens_a_connection_of_its_own() -> None:
    body = b'HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n{"id": "p1"}'
    order = job()

    async with server_that_says(body, linger=True) as (url, heard), provider_at(url) as provider:
        outcomes = [await provider.submit(order, attempt(order)) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Taken] * 3
    assert len(heard) == 3
    assert all(b"connection: close" in request.lower() for request in heard)
