"""Webhooks of the openai protocol: believed when they are genuine, and then for the job's id alone."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.errors import SettingsError
from bot.providers.openai import OpenAIVideos
from bot.providers.standard_webhooks import WebhookRefused
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_parts import event_of
from tests.emulators.replicate_parts import new_secret
from tests.openai_scene import provider_at
from tests.props import NOON, Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock) as running:
        yield running


def body_of(status: str = "completed", job_id: str = "video_1") -> bytes:
    return json.dumps(event_of(job_id, status, NOON)).encode()


@pytest.mark.parametrize("status", ["completed", "failed"])
async def test_a_genuine_webhook_gives_the_id_of_its_job_and_no_call_is_made(
    emulator: OpenAIEmulator, status: str
) -> None:
    body = body_of(status)

    async with provider_at(emulator.url, webhook_secret=emulator.webhooks.secret) as provider:
        assert await provider.verify(emulator.webhooks.signed(body), body) == "video_1"
    assert emulator.seen == []


async def test_what_is_not_genuine_or_not_of_these_five_minutes_is_refused(
    emulator: OpenAIEmulator, clock: Clock
) -> None:
    body = body_of()
    signed = emulator.webhooks.signed(body)
    clock.at = NOON - timedelta(seconds=301)
    old = emulator.webhooks.signed(body)
    clock.at = NOON + timedelta(seconds=301)
    early = emulator.webhooks.signed(body)

    async with provider_at(emulator.url, webhook_secret=emulator.webhooks.secret) as provider:
        for headers, said in ((signed, body + b" "), (old, body), (early, body), ({}, body)):
            with pytest.raises(WebhookRefused):
                await provider.verify(headers, said)
    for secret in (new_secret(), None):
        async with provider_at(emulator.url, webhook_secret=secret) as other:
            with pytest.raises(WebhookRefused):
                await other.verify(signed, body)


@pytest.mark.parametrize(
    "body",
    [
        body_of("cancelled"),
        body_of(job_id=".."),
        body_of(job_id="two\nlines"),
        b'{"type": "response.completed", "data": {"id": "resp_1"}}',
        b'{"type": "video.completed", "data": {}}',
        b'{"type": ["video.completed"], "data": {"id": "video_1"}}',
        b'["video.completed"]',
        b"video.completed",
        b"[" * 100_000,
        b"\xff",
        b"",
    ],
)
async def test_a_signed_webhook_about_no_video_that_ended_is_refused(
    emulator: OpenAIEmulator, body: bytes
) -> None:
    async with provider_at(emulator.url, webhook_secret=emulator.webhooks.secret) as provider:
        with pytest.raises(WebhookRefused):
            await provider.verify(emulator.webhooks.signed(body), body)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "sk-live-0123456789abcdef0123456789"])
def test_a_secret_that_is_none_is_found_out_at_the_start_and_not_printed(secret: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        OpenAIVideos(
            "emulator",
            base_url="http://127.0.0.1/v1",
            api_key=None,
            wires={},
            now=lambda: NOON,
            webhook_secret=secret,
        )
    assert "sk-live" not in str(wrong.value)
