"""The OpenAI SDK, which Lumenfall tells its customers to use, at the emulator; its requests beside ours."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from openai import (
    APIStatusError,
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InvalidWebhookSignatureError,
)

from bot.domain import Attempt, Job
from bot.providers.lumenfall_words import INLINE_BYTES_MAX
from bot.providers.protocol import Wire
from tests.emulators.clips import clip
from tests.emulators.faults import Faults
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.site import Part, Seen, Site, parts_of, read
from tests.lumenfall_scene import FORCED, KEY, PRO, TIMED_OUT, provider_at
from tests.openai_scene import job
from tests.props import Clock
from tests.replicate_scene import PICTURE, animated, made

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

HOOK = "https://dailies.example/hook"


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))  # the SDK looks at the real time of a webhook


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[LumenfallEmulator]:
    async with LumenfallEmulator(now=clock, api_key=KEY) as running:
        yield running


@pytest.fixture
async def theirs(emulator: LumenfallEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(api_key=KEY, base_url=emulator.url, max_retries=0) as client:
        yield client


async def test_it_does_a_whole_job(emulator: LumenfallEmulator, theirs: AsyncOpenAI) -> None:
    video = await theirs.videos.create_and_poll(
        model="sora-2-pro",
        prompt="a paper boat",
        seconds="4",
        size="1280x720",
        poll_interval_ms=1,
        extra_body={"idempotency_key": "key-1"},
    )
    async with aiohttp.ClientSession() as session, session.get(extra(video)["output"]["url"]) as response:
        film = await response.read()

    assert (video.status, video.seconds, video.size) == ("completed", "4", "1280x720")
    assert video.expires_at == video.created_at + 3_600
    assert extra(video)["metadata"]["cost"] == 1.2
    assert extra(video)["metadata"]["executed_model"] == "fal/sora-2-pro"
    assert film == clip(1280, 720, 4)
    assert emulator.billed_micros == 1_200_000


async def test_it_does_a_whole_job_as_lumenfalls_own_examples_do(
    emulator: LumenfallEmulator, theirs: AsyncOpenAI
) -> None:
    body = {"model": "kling-v3", "prompt": "a capybara swimming", "seconds": 5}
    priced = await theirs.post("/videos", body=body, options={"params": {"dryRun": True}}, cast_to=dict)
    video = await theirs.post("/videos", body=body, cast_to=dict)
    answers = [await theirs.get(f"/videos/{video['id']}", cast_to=dict) for _ in range(2)]

    assert [video["status"], *(one["status"] for one in answers)] == ["queued", "in_progress", "completed"]
    assert answers[0]["metadata"]["cost_estimate"] == answers[1]["metadata"]["cost"] == 0.84
    assert priced["total_cost_micros"] == emulator.billed_micros == 840_000


async def test_it_cancels_and_purges(emulator: LumenfallEmulator, theirs: AsyncOpenAI) -> None:
    emulator.asks_to_finish = None

    video = await theirs.videos.create(model="sora-2-pro", prompt="rain")
    await theirs.delete(f"/videos/{video.id}", cast_to=type(None))
    purged = await theirs.delete(f"{emulator.account_url}/requests/{video.id}/payloads", cast_to=dict)

    assert emulator.videos[video.id].status == "cancelled"
    assert emulator.billed_micros == 0
    assert purged["purged"]


async def test_it_is_given_the_same_job_for_the_same_key(
    emulator: LumenfallEmulator, theirs: AsyncOpenAI
) -> None:
    async def create(key: str) -> tuple[int, str]:
        raw = await theirs.videos.with_raw_response.create(
            model="sora-2-pro", prompt="rain", extra_body={"idempotency_key": key}
        )
        return raw.status_code, raw.parse().id

    first, again, other = [await create(key) for key in ("a", "a", "b")]

    assert (first[0], again[0], other[0]) == (202, 200, 202)
    assert first[1] == again[1] != other[1]
    assert len(emulator.videos) == 2


async def test_it_is_told_of_failures(emulator: LumenfallEmulator, theirs: AsyncOpenAI) -> None:
    emulator.blocked_words = {"mouse"}
    with pytest.raises(BadRequestError) as moderated:
        await theirs.videos.create(model="sora-2-pro", prompt="a certain mouse")
    emulator.failing_providers = dict.fromkeys(("fal", "openai", "replicate"), TIMED_OUT)
    failed = await theirs.videos.create_and_poll(model="sora-2-pro", prompt="rain", poll_interval_ms=1)
    emulator.fails_at_once = True
    with pytest.raises(APIStatusError) as exhausted:
        await theirs.videos.create(model="sora-2-pro", prompt="rain")
    emulator.credit_micros = 0
    with pytest.raises(APIStatusError) as poor:
        await theirs.videos.create(model="sora-2-pro", prompt="rain")
    with pytest.raises(APIStatusError) as gone:
        await theirs.videos.create(model="sora-3", prompt="rain")
    async with AsyncOpenAI(api_key="lmnfl_no", base_url=emulator.url, max_retries=0) as nobody:
        with pytest.raises(AuthenticationError):
            await nobody.videos.retrieve("req_1")

    assert moderated.value.code == "CONTENT_POLICY_VIOLATION"
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.code == "ALL_PROVIDERS_EXHAUSTED"
    assert [one.value.status_code for one in (exhausted, poor, gone)] == [502, 402, 404]
    assert emulator.billed_micros == 0


async def test_a_webhook_is_genuine_to_it_and_to_us(
    emulator: LumenfallEmulator, theirs: AsyncOpenAI, clock: Clock
) -> None:
    received: list[tuple[Seen, str]] = []

    async with provider_at(emulator, now=clock) as provider:

        async def take(request: web.Request) -> web.Response:
            body = await read(request)
            received.append((site.seen[-1], await provider.verify(request.headers, body)))
            return web.Response()

        site = Site([web.post("/hook", take)], Faults())
        await site.start()
        emulator.resolves = {"https://dailies.example": site.url}
        video = await theirs.videos.create_and_poll(
            model="sora-2-pro", prompt="rain", poll_interval_ms=1, extra_body={"webhook_url": HOOK}
        )
        await emulator.webhooks.all_answered()
        await site.stop()

    ((seen, told),) = received
    assert told == video.id
    theirs.webhooks.verify_signature(seen.body, seen.headers, secret=emulator.webhooks.secret)
    event = theirs.webhooks.unwrap(seen.body, seen.headers, secret=emulator.webhooks.secret)
    assert event.to_dict() == json.loads(seen.body)
    with pytest.raises(InvalidWebhookSignatureError):
        theirs.webhooks.verify_signature(seen.body + b" ", seen.headers, secret=emulator.webhooks.secret)


# Its requests beside ours

_OF_THE_CONNECTION = {"host", "connection", "accept-encoding", "user-agent", "content-length"}


def extra(video: object) -> dict[str, Any]:
    """What Lumenfall adds to OpenAI's fields."""
    return getattr(video, "model_extra", None) or {}


def meaning(seen: Seen) -> tuple[str, str, dict[str, str]]:
    """Method, path, and the headers that the API looks at; of a form's type only that it is one."""
    headers = {name.lower(): value for name, value in seen.headers.items()}
    kept = {
        name: value.partition(";")[0]
        for name, value in headers.items()
        if name not in _OF_THE_CONNECTION and not name.startswith("x-stainless-")
    }
    return seen.method, seen.path, kept


def fields_and_files(seen: Seen) -> tuple[dict[str, list[str]], list[Part]]:
    """A form, its fields by their names in whatever order they came."""
    parts = parts_of(seen.headers, seen.body)
    fields: dict[str, list[str]] = {}
    for part in parts:
        if part.file_name is None:
            fields.setdefault(part.name, []).append(part.data.decode())
    return fields, [part for part in parts if part.file_name is not None]


async def ours(emulator: LumenfallEmulator, order: Job, *, wire: Wire = PRO) -> Seen:
    def hook(_attempt: Attempt) -> str:
        return HOOK

    async with provider_at(emulator, wire=wire, webhook_url=hook) as provider:
        await made(provider, order)
    return emulator.api.seen[-1]


MORE = {"idempotency_key": "job1-1", "webhook_url": HOOK}


async def test_our_order_is_the_request_of_its_examples(
    emulator: LumenfallEmulator, theirs: AsyncOpenAI
) -> None:
    mine = await ours(emulator, job())
    body = {"model": "sora-2-pro", "prompt": "a paper boat", "seconds": "4", "size": "1280x720", **MORE}
    await theirs.post("/videos", body=body, cast_to=dict)
    other = emulator.api.seen[-1]

    assert meaning(mine) == meaning(other)
    assert json.loads(mine.body) == json.loads(other.body) == body


async def test_our_order_says_what_its_form_says(emulator: LumenfallEmulator, theirs: AsyncOpenAI) -> None:
    twins = replace(job().order, characters=("char_1", "char_2"))
    mine = await ours(emulator, replace(job(), order=twins), wire=FORCED)
    passed = {"delete_video": True, "detect_and_block_ip": False, "character_ids": ["char_1", "char_2"]}
    await theirs.videos.create(
        model="fal/sora-2-pro",
        prompt="a paper boat",
        seconds="4",
        size="1280x720",
        extra_body={**passed, **MORE, "idempotency_key": "job1-2"},
    )
    other = emulator.api.seen[-1]
    first, second = (one.asked.fields for one in emulator.videos.values())

    assert meaning(mine)[:2] == meaning(other)[:2]
    assert meaning(mine)[2] | {"content-type": ""} == meaning(other)[2] | {"content-type": ""}
    # A form knows only text; JSON keeps the types, which is why we send it.
    assert first | {"delete_video": "true", "detect_and_block_ip": "false"} == second | {
        "idempotency_key": "job1-1"
    }


async def test_our_small_picture_is_its_reference(
    emulator: LumenfallEmulator, theirs: AsyncOpenAI, tmp_path: Path
) -> None:
    mine = await ours(emulator, animated(tmp_path))
    uri = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    order = {"model": "sora-2-pro", "prompt": "the boat sets off", "seconds": "4", "size": "1280x720"}
    reference = {"input_reference": {"image_url": uri}}
    # As its examples post: `videos.create` of openai 3.52.0 itself takes no reference that is not a file.
    await theirs.post("/videos", body={**order, **reference, **MORE}, cast_to=dict)
    other = emulator.api.seen[-1]

    assert meaning(mine) == meaning(other)
    assert json.loads(mine.body) == json.loads(other.body)


async def test_our_large_picture_is_its_upload(
    emulator: LumenfallEmulator, theirs: AsyncOpenAI, tmp_path: Path
) -> None:
    picture = PICTURE.ljust(INLINE_BYTES_MAX + 1, b".")
    constants = {"delete_video": True, "strength": 0.5, "tags": ["a", "b"], "deep": {"x": {"y": 1}}}
    mine = await ours(emulator, animated(tmp_path, data=picture), wire=replace(PRO, constants=constants))
    await theirs.videos.create(
        model="sora-2-pro",
        prompt="the boat sets off",
        seconds="4",
        size="1280x720",
        input_reference=("image.png", picture, "image/png"),
        extra_body={**constants, **MORE},
    )
    other = emulator.api.seen[-1]

    assert meaning(mine) == meaning(other)
    assert fields_and_files(mine) == fields_and_files(other)
    assert len(emulator.videos) == 1
