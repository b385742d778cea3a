"""What other servers of the openai protocol say otherwise, as it stands in their own source."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain import FaultKind, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers.protocol import Failed, Rendering, Taken, Vanished
from tests.emulators.faults import answer
from tests.emulators.openai import OpenAIEmulator
from tests.openai_scene import ECHOED, KEY, attempt, job, provider_at
from tests.props import Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock, api_key=KEY) as running:
        yield running


def litellms(video_id: str, *more: str, model: str = "veo-3.1") -> str:
    """An id as LiteLLM's proxy 1.109.1 makes it."""
    parts = ("litellm:custom_llm_provider:vertex_ai", f"model_id:{model}", f"video_id:{video_id}", *more)
    return f"video_{base64.b64encode(';'.join(parts).encode()).decode()}"


async def test_litellm_may_write_the_id_of_one_job_anew_and_call_it_processing(
    emulator: OpenAIEmulator,
) -> None:
    given = litellms("projects/1/operations/7")
    anew = litellms("projects/1/operations/7", "deployment_id:d1", "requested_model:film", model="")
    emulator.faults.next("create", answer(200, {"id": given, "object": "video", "status": "processing"}))
    said = {"id": anew, "object": "video", "status": "processing", "progress": None, "size": None}
    emulator.faults.next("ask", answer(200, said))

    async with provider_at(emulator.url) as provider:
        taken = await provider.submit(job(), attempt(job()))
        assert taken == Taken(Ticket(provider_job_id=given))
        standing = await provider.ask(taken.ticket)

    assert standing == Rendering()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (litellms("operation-7"), litellms("operation-8")),
        (litellms("operation-7"), "operation-7"),
        ("video_AAAA", "video_BBBB"),
        (
            "video_" + base64.b64encode(b"a;b;video_id:7").decode(),
            "video_" + base64.b64encode(b"c;d;video_id:7").decode(),
        ),
    ],
)
async def test_another_job_is_another_job_however_its_id_is_written(
    emulator: OpenAIEmulator, asked: str, told: str
) -> None:
    emulator.faults.next("ask", answer(200, {"id": told, "object": "video", "status": "completed"}))

    async with provider_at(emulator.url) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.ask(Ticket(provider_job_id=asked))


FAILED = {
    "id": "video_gen_1",
    "object": "video",
    "status": "failed",
    "error": {"code": 422, "message": "the prompt has no words"},
}


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
async def test_vllm_omni_tells_of_a_failed_job_under_an_errors_status(
    emulator: OpenAIEmulator, status: int
) -> None:
    emulator.faults.next("ask", answer(status, FAILED))

    async with provider_at(emulator.url) as provider:
        failed = await provider.ask(Ticket(provider_job_id="video_gen_1"))

    assert isinstance(failed, Failed)
    assert (failed.fault.kind, failed.fault.code) == (FaultKind.PROVIDER, "provider_failed")
    assert "the prompt has no words" in failed.fault.detail


@pytest.mark.parametrize(
    "body",
    [
        FAILED | {"id": "video_gen_2"},
        FAILED | {"status": "completed"},
        FAILED | {"object": "error"},
        {"status": "failed", "object": "video"},
        {"error": {"code": "video_generation_failed", "message": "…"}},
    ],
)
async def test_an_error_that_is_not_the_job_itself_fails_no_job(
    emulator: OpenAIEmulator, body: dict[str, object]
) -> None:
    emulator.faults.next("ask", answer(500, body))

    async with provider_at(emulator.url) as provider:
        with pytest.raises(ProviderUnavailable):
            await provider.ask(Ticket(provider_job_id="video_gen_1"))


async def test_vllm_omni_does_not_know_a_job_that_was_stopped(emulator: OpenAIEmulator) -> None:
    emulator.faults.next("ask", answer(404, {"detail": "Video not found"}))

    async with provider_at(emulator.url) as provider:
        assert isinstance(await provider.ask(Ticket(provider_job_id="video_gen_1")), Vanished)


async def test_a_server_that_reads_no_json_gets_every_order_as_a_form(emulator: OpenAIEmulator) -> None:
    order = job(seed=7)
    wire = replace(ECHOED, seed_field="seed", constants={"generate_sound": True})

    async with provider_at(emulator.url, wire=wire, sends_forms=True) as provider:
        await provider.submit(order, attempt(order))

    (seen,) = emulator.seen
    assert seen.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert seen.body == {
        "model": "model-1",
        "prompt": "a paper boat",
        "size": "128x72",
        "seconds": "4",
        "seed": "7",
        "generate_sound": "true",
        "metadata": {"dailies_job": "job1-1"},
    }
