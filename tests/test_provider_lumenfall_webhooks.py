"""Webhooks by the lumenfall protocol: they say which job to ask about, and nothing else."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from bot.domain import Attempt
from bot.errors import ProviderUnavailable
from bot.providers.standard_webhooks import WebhookRefused
from tests.emulators.faults import Faults, answer
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.replicate_parts import new_secret
from tests.emulators.site import Site, read
from tests.lumenfall_scene import KEY, error, provider_at
from tests.openai_scene import job
from tests.props import Clock
from tests.replicate_scene import made

OURS = "https://dailies.example:8443"


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[LumenfallEmulator]:
    async with LumenfallEmulator(now=clock, api_key=KEY, asks_to_finish=None) as running:
        yield running


def address_of(attempt: Attempt) -> str:
    return f"{OURS}/webhooks/lumenfall/{attempt.key}"


def event(kind: str = "video.completed", **data: object) -> bytes:
    return json.dumps({"type": kind, "data": {"object": "video.generation", "id": "req_1"} | data}).encode()


async def test_every_end_of_a_job_is_called_about_and_the_webhook_says_which_job_it_is(
    emulator: LumenfallEmulator, clock: Clock
) -> None:
    told: list[tuple[str, str]] = []

    async with provider_at(emulator, now=clock, webhook_url=address_of) as provider:

        async def take(request: web.Request) -> web.Response:
            body = await read(request)
            told.append((request.path, await provider.verify(request.headers, body)))
            return web.Response(status=204)

        site = Site([web.post("/webhooks/lumenfall/{key}", take)], Faults())
        await site.start()
        emulator.resolves = {OURS: site.url}
        tickets = [await made(provider, job(number=number)) for number in (1, 2, 3)]
        ids = [ticket.provider_job_id for ticket in tickets]
        emulator.finish(ids[0])
        emulator.fail(ids[1], "INTERNAL_ERROR")
        await provider.cancel(tickets[2])
        await emulator.webhooks.all_answered()
        await site.stop()

    assert sorted(told) == [(f"/webhooks/lumenfall/job{n}-1", ids[n - 1]) for n in (1, 2, 3)]
    assert emulator.webhooks.answers == [204] * 3
    kinds = {json.loads(seen.body)["type"] for seen in site.seen}
    assert kinds == {"video.completed", "video.failed", "video.cancelled"}
    assert [seen.route for seen in emulator.api.seen].count("secret") == 1


@pytest.mark.parametrize(
    "body",
    [
        event("video.started"),
        event("image.completed"),
        event(id=7),
        event(id=".."),
        event(id="req\n1"),
        b'{"type": "video.completed"}',
        b'{"type": "video.completed", "data": "req_1"}',
        b'{"id": "req_1"}',
        b"[]",
        b"<html></html>",
        b"",
        b"[" * 200_000,
    ],
)
async def test_a_genuine_webhook_that_is_about_no_video_is_refused(
    emulator: LumenfallEmulator, clock: Clock, body: bytes
) -> None:
    async with provider_at(emulator, now=clock) as provider:
        with pytest.raises(WebhookRefused):
            await provider.verify(emulator.webhooks.signed(body), body)


async def test_a_webhook_is_believed_for_five_minutes_by_its_raw_bytes_and_its_headers(
    emulator: LumenfallEmulator, clock: Clock
) -> None:
    body = event()
    signed = emulator.webhooks.signed(body)

    async with provider_at(emulator, now=clock) as provider:
        assert await provider.verify(signed, body) == "req_1"
        assert await provider.verify(signed, body) == "req_1"
        clock.advance(timedelta(seconds=300))
        assert await provider.verify(signed, body) == "req_1"
        for headers, sent in ((signed, body + b" "), ({}, body), (signed | {"Webhook-Id": "msg_2"}, body)):
            with pytest.raises(WebhookRefused):
                await provider.verify(headers, sent)
        clock.advance(timedelta(seconds=1))
        with pytest.raises(WebhookRefused):
            await provider.verify(signed, body)
        clock.advance(timedelta(seconds=-602))
        with pytest.raises(WebhookRefused):
            await provider.verify(signed, body)


async def test_the_secret_is_asked_for_again_when_it_was_changed_and_never_shown(
    emulator: LumenfallEmulator, clock: Clock
) -> None:
    body = event()

    async with provider_at(emulator, now=clock) as provider:
        emulator.faults.next("secret", answer(200, {"secret": emulator.webhooks.secret}))
        with pytest.raises(Exception, match="no secret of the webhooks") as told_wrong:
            await provider.verify(emulator.webhooks.signed(body), body)
        clock.advance(timedelta(minutes=1))
        emulator.faults.next("secret", answer(503, error("INTERNAL_ERROR")))
        with pytest.raises(ProviderUnavailable):
            await provider.verify(emulator.webhooks.signed(body), body)
        clock.advance(timedelta(minutes=1))
        await provider.verify(emulator.webhooks.signed(body), body)
        emulator.webhooks.secret = new_secret()
        with pytest.raises(WebhookRefused):
            await provider.verify(emulator.webhooks.signed(body), body)
        clock.advance(timedelta(minutes=1))

        assert await provider.verify(emulator.webhooks.signed(body), body) == "req_1"
    assert emulator.webhooks.secret not in str(told_wrong.value)
    assert emulator.api.seen[0].path == "/v1/webhooks/secret"


async def test_without_an_address_of_ours_no_webhook_is_asked_for(emulator: LumenfallEmulator) -> None:
    async with provider_at(emulator) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        await emulator.webhooks.all_answered()

    assert b"webhook" not in emulator.api.seen[0].body
    assert emulator.webhooks.answers == []
