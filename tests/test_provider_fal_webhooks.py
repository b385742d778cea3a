"""fal's webhooks: whom they are believed from, and how they find a lost submission."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from nacl.signing import SigningKey
from yarl import URL

from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers.protocol import CannotTell, Rendered, Unknown
from bot.providers.standard_webhooks import WebhookRefused
from tests.emulators import faults
from tests.emulators.fal import FalEmulator
from tests.emulators.fal_signing import deliver
from tests.emulators.faults import answer
from tests.fal_scene import KEY, SORA_PRO, attempt, called_provider, job, made, provider_at
from tests.props import Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[FalEmulator]:
    async with FalEmulator(now=clock, api_key=KEY, asks_to_finish=None) as running:
        yield running


async def test_a_lost_submission_is_found_by_its_webhook_and_goes_on_as_any_other(
    emulator: FalEmulator, clock: Clock
) -> None:
    emulator.faults.next("submit", faults.LOST_ANSWER)
    order = job(wire=SORA_PRO)

    async with called_provider(emulator.hosts, clock) as (provider, there):
        submission = await provider.submit(order, attempt(order))
        found = await provider.find(order, attempt(order))
        (lost,) = emulator.books.jobs
        emulator.finish(lost)
        statuses = await emulator.call_back(lost)
        ((key, ticket),) = there.found
        standing = await provider.ask(ticket)

    assert isinstance(submission, Unknown)
    assert isinstance(found, CannotTell)
    assert statuses == [204]
    assert (key, ticket.provider_job_id) == (attempt(order).key, lost)
    assert isinstance(standing, Rendered)
    assert emulator.books.billed_micros == 1_200_000


async def test_the_ticket_of_a_webhook_is_the_one_that_the_submission_would_have_given(
    emulator: FalEmulator, clock: Clock
) -> None:
    async with called_provider(emulator.hosts, clock) as (provider, there):
        ticket = await made(provider, job(wire=SORA_PRO))
        emulator.finish(ticket.provider_job_id)
        await emulator.call_back(ticket.provider_job_id)

    assert [found for _key, found in there.found] == [ticket]


async def test_another_customers_signed_webhook_finds_nothing_of_ours(
    emulator: FalEmulator, clock: Clock
) -> None:
    """fal signs for all its customers with the same keys, and sends to any address that it is told."""
    order, strangers = job(number=1), job(number=2)

    async with called_provider(emulator.hosts, clock) as (provider, there):
        await provider.submit(order, attempt(order))
        await provider.submit(strangers, attempt(strangers))
        ours, theirs = emulator.books.jobs.values()
        emulator.finish(theirs.id)
        headers, body = emulator.webhook_of(theirs.id)
        proven, other = URL(str(ours.webhook)), URL(str(theirs.webhook))
        guesses = [
            proven.with_query(None),
            proven.with_query(other.query),
            proven.update_query(proof=""),
            proven.update_query(proof="\u00e9"),
            proven.update_query(endpoint="fal-ai/veo3.1"),
            proven.update_query(endpoint="../account"),
            proven.with_path(f"{proven.path}0"),
        ]
        statuses = [(await deliver(str(guess), headers, body))[0] for guess in guesses]

    assert statuses == [401] * len(guesses)
    assert there.found == []


async def test_a_webhook_is_believed_only_as_fal_signed_it_and_within_five_minutes(
    emulator: FalEmulator, clock: Clock
) -> None:
    async with provider_at(emulator.hosts, now=clock) as provider:
        ticket = await made(provider)
        job_id = ticket.provider_job_id
        emulator.finish(job_id)
        headers, body = emulator.webhook_of(job_id)
        forged, forged_body = emulator.webhook_of(job_id, key=SigningKey.generate())
        refused = [
            ({}, body),
            (headers, body + b" "),
            (headers, body.replace(b"OK", b"NO")),
            (forged, forged_body),
            *(
                (headers | {f"X-Fal-Webhook-{name}": said}, body)
                for name, said in (
                    ("User-Id", "somebody"),
                    ("Request-Id", "another"),
                    ("Request-Id", "no text \udcff"),
                    ("Timestamp", str(int(clock().timestamp()) + 1)),
                    ("Timestamp", "now"),
                    ("Timestamp", "-5"),
                    ("Timestamp", "9" * 99),
                    ("Signature", ""),
                    ("Signature", "zz" * 64),
                    ("Signature", headers["X-Fal-Webhook-Signature"][:-2]),
                    ("Signature", "00" * 64),
                )
            ),
            *(
                emulator.webhook_of(job_id, sent_at=clock() + timedelta(seconds=late_s))
                for late_s in (-301, 301)
            ),
        ]

        for these, raw in refused:
            with pytest.raises(WebhookRefused):
                await provider.verify(these, raw)
        assert await provider.verify(headers, body) == job_id
        lower = {name.lower(): said for name, said in headers.items()}
        assert await provider.verify(lower, body) == job_id
        for late_s in (-300, 300):
            in_time = emulator.webhook_of(job_id, sent_at=clock() + timedelta(seconds=late_s))
            assert await provider.verify(*in_time) == job_id


@pytest.mark.parametrize("about", [[], {}, {"request_id": 7}, {"request_id": ".."}, None, "x" * 9])
async def test_a_signed_webhook_about_no_job_is_about_nothing(
    emulator: FalEmulator, clock: Clock, about: object
) -> None:
    fate = about if isinstance(about, dict) else {"payload": about, "request_id": None}

    async with provider_at(emulator.hosts, now=clock) as provider:
        headers, body = emulator.signing.webhook("x", {"request_id": None, **fate}, sent_at=clock())
        with pytest.raises(WebhookRefused):
            await provider.verify(headers, body)


async def test_the_job_is_the_queues_own_even_where_the_header_names_a_later_try(
    emulator: FalEmulator, clock: Clock
) -> None:
    headers, body = emulator.signing.webhook("later-try", {"request_id": "the-job"}, sent_at=clock())

    async with provider_at(emulator.hosts, now=clock) as provider:
        assert await provider.verify(headers, body) == "the-job"
    assert json.loads(body)["gateway_request_id"] == "later-try"


async def test_a_storm_of_webhooks_asks_for_the_keys_once_and_once_more_after_a_day(
    emulator: FalEmulator, clock: Clock
) -> None:
    async with called_provider(emulator.hosts, clock) as (provider, there):
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        statuses = await emulator.call_back(ticket.provider_job_id, times=50)
        clock.advance(timedelta(hours=23))
        statuses += await emulator.call_back(ticket.provider_job_id)
        within_a_day = emulator.routes_asked.count("jwks")
        clock.advance(timedelta(hours=2))
        statuses += await emulator.call_back(ticket.provider_job_id)

    assert statuses == [204] * 52
    assert within_a_day == 1
    assert emulator.routes_asked.count("jwks") == 2
    assert {found for _key, found in there.found if found != ticket} == set()


async def test_a_new_key_is_learned_when_a_signature_fits_none_but_forgeries_do_not_ask_for_it_each_time(
    emulator: FalEmulator, clock: Clock
) -> None:
    async with provider_at(emulator.hosts, now=clock) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        await provider.verify(*emulator.webhook_of(ticket.provider_job_id))
        emulator.signing.others, emulator.signing.key = [emulator.signing.key], SigningKey.generate()
        for _ in range(4):
            clock.advance(timedelta(minutes=1))
            with pytest.raises(WebhookRefused):
                await provider.verify(*emulator.webhook_of(ticket.provider_job_id))
        asked = emulator.routes_asked.count("jwks")
        clock.advance(timedelta(minutes=2))
        verified = await provider.verify(*emulator.webhook_of(ticket.provider_job_id))

    assert asked == 1
    assert verified == ticket.provider_job_id
    assert emulator.routes_asked.count("jwks") == 2


async def test_without_keys_nothing_is_believed_and_they_are_not_asked_for_with_every_webhook(
    emulator: FalEmulator, clock: Clock
) -> None:
    async with provider_at(emulator.hosts, now=clock) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        webhook = emulator.webhook_of(ticket.provider_job_id)
        emulator.faults.next("jwks", faults.PROXY_502_BEFORE_WORK)
        for _ in range(5):
            with pytest.raises(ProviderUnavailable):
                await provider.verify(*webhook)
        asked = emulator.routes_asked.count("jwks")
        clock.advance(timedelta(seconds=11))
        verified = await provider.verify(*webhook)

    assert asked == 1
    assert verified == ticket.provider_job_id


@pytest.mark.parametrize(
    "keys",
    [
        {"keys": []},
        {"keys": None},
        {"keys": [{"kty": "RSA"}, {"kty": "OKP", "crv": "X25519", "x": "AAAA"}, 7]},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "é"}]},
        [],
    ],
)
async def test_keys_that_are_none_verify_nothing(emulator: FalEmulator, clock: Clock, keys: object) -> None:
    emulator.faults.next("jwks", answer(200, keys))

    async with provider_at(emulator.hosts, now=clock) as provider:
        ticket = await made(provider)
        with pytest.raises(UnreadableAnswer):
            await provider.verify(*emulator.webhook_of(ticket.provider_job_id))
