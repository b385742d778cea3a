"""Replicate's own Python library against the emulator, and its requests beside ours."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from replicate.prediction import Prediction
from replicate.webhook import InvalidSignatureError, Webhooks, WebhookSigningSecret

from tests.emulators.clips import clip
from tests.emulators.faults import Faults, answer
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.site import Seen, Site, parts_of, read
from tests.openai_scene import job
from tests.props import Clock
from tests.replicate_scene import PICTURE, SORA, TOKEN, animated, made, provider_at

SORA_INPUT = {"prompt": "a paper boat", "seconds": 4, "aspect_ratio": "landscape"}


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[ReplicateEmulator]:
    async with ReplicateEmulator(now=clock, api_token=TOKEN) as running:
        yield running


@pytest.fixture
async def theirs(emulator: ReplicateEmulator) -> AsyncIterator[Client]:
    client = Client(api_token=TOKEN, base_url=emulator.api.url)
    client.poll_interval = 0.001
    yield client
    await client._async_client.aclose()


async def test_it_does_a_whole_job(emulator: ReplicateEmulator, theirs: Client) -> None:
    prediction = await theirs.models.predictions.async_create("openai/sora-2", SORA_INPUT)
    await prediction.async_wait()
    film = await FileOutput(str(prediction.output), theirs).aread()
    page = await theirs.predictions.async_list()

    assert (prediction.status, prediction.model, prediction.version) == (
        "succeeded",
        "openai/sora-2",
        "hidden",
    )
    assert film == clip(1280, 720, 4)
    assert [one.id for one in page.results] == [prediction.id]
    assert page.next is None
    assert emulator.billed_micros == 400_000


async def test_it_runs_a_model_in_one_call_and_gets_the_clips_address(
    emulator: ReplicateEmulator, theirs: Client
) -> None:
    output = await theirs.async_run("openai/sora-2-pro", {"prompt": "rain", "resolution": "high"}, wait=False)

    (one,) = emulator.predictions.values()
    assert output == f"{emulator.delivery.url}/xezq/{one.id}/out.mp4"
    assert (one.size, one.billed_micros) == ((1024, 1792), 2_000_000)


async def test_it_is_told_of_a_failure(emulator: ReplicateEmulator, theirs: Client) -> None:
    emulator.blocked_words = {"mouse"}
    emulator.gone_models = {"openai/sora-2-pro"}

    with pytest.raises(ModelError, match="E005"):
        await theirs.async_run("openai/sora-2", {"prompt": "a certain mouse"}, wait=False)
    with pytest.raises(ReplicateError) as invalid:
        await theirs.models.predictions.async_create("openai/sora-2", {"prompt": "rain", "seconds": 5})
    with pytest.raises(ReplicateError) as gone:
        await theirs.models.predictions.async_create("openai/sora-2-pro", SORA_INPUT)
    emulator.credit_micros = 0
    with pytest.raises(ReplicateError) as poor:
        await theirs.models.predictions.async_create("openai/sora-2", SORA_INPUT)

    assert [error.value.status for error in (invalid, gone, poor)] == [422, 404, 402]
    assert "input.seconds" in str(invalid.value.detail)
    assert emulator.billed_micros == 0


async def test_it_cancels(emulator: ReplicateEmulator, theirs: Client) -> None:
    emulator.asks_to_finish = None

    prediction: Prediction = await theirs.models.predictions.async_create("openai/sora-2", SORA_INPUT)
    await prediction.async_cancel()

    assert prediction.status == "canceled"


async def test_it_uploads_and_deletes_a_file(emulator: ReplicateEmulator, theirs: Client) -> None:
    file = await theirs.files.async_create(io.BytesIO(PICTURE), filename="boat.png")
    again = await theirs.files.async_get(file.id)
    deleted = await theirs.files.async_delete(file.id)

    assert (again.size, again.content_type, again.name) == (len(PICTURE), "image/png", "boat.png")
    assert deleted
    assert emulator.uploads.files == {}


async def test_its_webhook_is_genuine_to_it_and_to_us(
    emulator: ReplicateEmulator, theirs: Client, clock: Clock
) -> None:
    received: list[tuple[Seen, str]] = []

    async with provider_at(emulator.url, now=clock) as provider:

        async def take(request: web.Request) -> web.Response:
            body = await read(request)
            received.append((site.seen[-1], await provider.verify(request.headers, body)))
            return web.Response(status=200)

        site = Site([web.post("/hook", take)], Faults())
        await site.start()
        prediction = await theirs.models.predictions.async_create(
            "openai/sora-2", SORA_INPUT, webhook=f"{site.url}/hook", webhook_events_filter=["completed"]
        )
        await prediction.async_wait()
        emulator.call_again(prediction.id)
        await emulator.webhooks.all_answered()
        await site.stop()

    assert [told for _, told in received] == [prediction.id] * 2
    assert emulator.webhooks.answers == [200, 200]
    secret = await theirs.webhooks.default.async_secret()
    for seen, _ in received:
        Webhooks.validate(headers=seen.headers, body=seen.body.decode(), secret=secret)
        with pytest.raises(InvalidSignatureError):
            Webhooks.validate(
                headers=seen.headers,
                body=seen.body.decode(),
                secret=WebhookSigningSecret(key="whsec_" + "A" * 32),
            )


# Its requests beside ours

_OF_THE_CONNECTION = {"host", "connection", "accept-encoding", "user-agent", "content-length"}


def meaning(seen: Seen) -> tuple[str, str, dict[str, str]]:
    """Method, path, and the headers that the API looks at."""
    headers = {name.lower(): value for name, value in seen.headers.items()}
    kept = {name: value for name, value in headers.items() if name not in _OF_THE_CONNECTION}
    kept["content-type"] = kept.get("content-type", "").partition(";")[0]
    return seen.method, seen.path, kept


async def test_our_order_is_its_order_to_the_byte_of_what_matters(
    emulator: ReplicateEmulator, theirs: Client
) -> None:
    await theirs.models.predictions.async_create(
        "openai/sora-2", SORA_INPUT, webhook="https://bot.example/job1-1", webhook_events_filter=["completed"]
    )
    async with provider_at(emulator.url, webhook_url=lambda of: f"https://bot.example/{of.key}") as provider:
        await made(provider)

    its, ours = emulator.api.seen
    assert json.loads(ours.body) == json.loads(its.body)
    assert meaning(ours)[:2] == meaning(its)[:2]
    # Ours says that it reads JSON; the library says that it reads anything, and reads JSON.
    assert meaning(ours)[2] | {"accept": "*/*"} == meaning(its)[2]


async def test_our_version_goes_by_its_call_for_versions(emulator: ReplicateEmulator, theirs: Client) -> None:
    emulator.faults.always("create_version", answer(201, {"id": "p1"}, works=True))
    version = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"

    with pytest.raises(ValueError, match="validation error"):  # the fault's short answer is not for it
        await theirs.predictions.async_create(version=version, input=SORA_INPUT)
    wire = replace(SORA, endpoint=f"acme/model:{version}")
    async with provider_at(emulator.url, wire=wire) as provider:
        await made(provider)

    its, ours = emulator.api.seen
    assert (ours.method, ours.path, json.loads(ours.body)) == (its.method, its.path, json.loads(its.body))


async def test_our_upload_and_what_is_made_of_it_are_its(
    emulator: ReplicateEmulator, theirs: Client, tmp_path: Path
) -> None:
    order = animated(tmp_path)
    picture = io.BytesIO(PICTURE)
    picture.name = "image.png"
    await theirs.predictions.async_create(
        model="openai/sora-2",
        input={**SORA_INPUT, "prompt": order.order.prompt, "input_reference": picture},
    )
    async with provider_at(emulator.url) as provider:
        await made(provider, order)

    its_upload, its_order, our_upload, our_order = emulator.api.seen
    assert meaning(our_upload)[:2] == meaning(its_upload)[:2]
    assert parts_of(our_upload.headers, our_upload.body) == parts_of(its_upload.headers, its_upload.body)
    first, second = emulator.uploads.files
    assert json.loads(our_order.body) == json.loads(its_order.body.replace(first.encode(), second.encode()))


async def test_our_questions_are_its_questions(emulator: ReplicateEmulator, theirs: Client) -> None:
    emulator.asks_to_finish = None
    prediction = await theirs.models.predictions.async_create("openai/sora-2", SORA_INPUT)

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider, job())
        del emulator.api.seen[:]
        await theirs.predictions.async_get(prediction.id)
        await provider.ask(ticket)
        await theirs.predictions.async_cancel(prediction.id)
        await provider.cancel(ticket)
        await theirs.webhooks.default.async_secret()
        await provider.verify(emulator.webhooks.signed(b'{"id": "p1"}'), b'{"id": "p1"}')

    told = [meaning(seen) for seen in emulator.api.seen]
    for its, ours in zip(told[::2], told[1::2], strict=True):
        path = ours[1].replace(ticket.provider_job_id, prediction.id)
        assert (ours[0], path, ours[2]["authorization"]) == (its[0], its[1], its[2]["authorization"])
