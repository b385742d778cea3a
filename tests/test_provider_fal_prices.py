"""What fal's own pricing call says, and what is made of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import UnreadableAnswer
from bot.providers.protocol import Rendered
from tests.emulators import faults
from tests.emulators.fal import FalEmulator
from tests.emulators.faults import Fault, answer
from tests.fal_scene import KEY, ORDER, SORA, SORA_CHARACTERS, made, offer_of, provider_at
from tests.props import Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[FalEmulator]:
    async with FalEmulator(now=clock, api_key=KEY, asks_to_finish=None) as running:
        yield running


async def test_fals_price_of_a_second_is_asked_for_once_in_some_hours(
    emulator: FalEmulator, clock: Clock
) -> None:
    async with provider_at(emulator.hosts, now=clock) as provider:
        four_s = await provider.quote(ORDER, offer_of(SORA))
        twenty_s = await provider.quote(replace(ORDER, duration_s=20), offer_of(SORA))
        clock.advance(timedelta(hours=7))
        await provider.quote(ORDER, offer_of(SORA))

    assert (four_s, twenty_s) == (400_000, 2_000_000)
    paths = [seen.path for seen in emulator.platform.seen]
    assert paths == ["/v1/models/pricing?endpoint_id=fal-ai/sora-2/text-to-video"] * 2


def price(**said: object) -> object:
    row = {"endpoint_id": SORA.endpoint, "unit_price": 0.1, "unit": "seconds", "currency": "USD"}
    return {"prices": [row | said]}


@pytest.mark.parametrize(
    "fault",
    [
        answer(200, price(currency="EUR")),
        answer(200, price(unit_price="0.1")),
        answer(200, price(unit_price=-1)),
        answer(200, price(unit_price=1e9)),
        answer(200, b'{"prices": [{"endpoint_id": "fal-ai/sora-2/text-to-video", "unit_price": NaN}]}'),
        answer(200, price(endpoint_id="fal-ai/veo3.1")),
        answer(200, price(unit="videos")),
        answer(200, price(unit="compute seconds")),
        answer(200, {"prices": []}),
        answer(200, {"prices": None}),
        answer(200, b"<html></html>"),
        answer(404, {"error": {"type": "not_found"}}),
    ],
)
async def test_a_price_that_cannot_be_read_is_none(emulator: FalEmulator, fault: Fault) -> None:
    emulator.faults.next("pricing", fault)

    async with provider_at(emulator.hosts) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.quote(ORDER, offer_of(SORA))


async def test_a_price_finer_than_a_micro_is_rounded_up_once(emulator: FalEmulator) -> None:
    emulator.faults.next("pricing", answer(200, price(unit_price=0.00000026)))

    async with provider_at(emulator.hosts) as provider:
        assert await provider.quote(replace(ORDER, duration_s=8), offer_of(SORA)) == 3


async def test_a_clip_whose_price_cannot_be_asked_is_rendered_all_the_same(emulator: FalEmulator) -> None:
    emulator.faults.next("pricing", faults.PROXY_502_BEFORE_WORK)

    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        first, second = await provider.ask(ticket), await provider.ask(ticket)

    assert isinstance(first, Rendered)
    assert isinstance(second, Rendered)
    assert (first.billed_micros, second.billed_micros) == (None, 400_000)


async def test_what_is_not_sold_by_the_second_has_no_price_of_a_length(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.quote(ORDER, offer_of(SORA_CHARACTERS))
