"""Money by the lumenfall protocol: what an order will cost and what a job has cost, never through a float."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Micros, OfferId, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers.costs import micros_of
from bot.providers.http import Answered, Timeouts
from bot.providers.lumenfall_answers import estimate, standing
from bot.providers.protocol import Rendered
from tests.emulators import faults
from tests.emulators.faults import answer
from tests.emulators.lumenfall import LumenfallEmulator
from tests.lumenfall_scene import KEY, KLING, PRO, error, provider_at
from tests.openai_scene import OFFER, job
from tests.props import NOON, Clock
from tests.replicate_scene import animated, made

DOLLARS_MAX = 1_000_000


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[LumenfallEmulator]:
    async with LumenfallEmulator(now=clock, api_key=KEY) as running:
        yield running


def answered(text: str) -> Answered:
    """A body, read as http.py reads it."""
    body = json.loads(text, parse_float=Decimal)
    return Answered(status=200, headers={}, body=body, whole=True, raw=text.encode())


@given(st.integers(0, DOLLARS_MAX * 1_000_000), st.booleans())
def test_every_amount_in_micros_comes_back_as_it_was_however_it_is_written(micros: int, short: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    dollars = f"{micros // 1_000_000}.{micros % 1_000_000:06d}"
    said = dollars.rstrip("0").rstrip(".") if short else f"{dollars}e0"
    body = '{"status": "completed", "metadata": {"cost": %s, "cost_currency": "USD"}}' % said  # noqa: UP031 - braces

    rendered = standing(answered(body), Ticket(provider_job_id="req_1"), now=NOON)

    assert rendered == Rendered(Micros(micros))


@given(st.decimals(0, DOLLARS_MAX, allow_nan=False, places=12))
def test_a_part_of_a_micro_is_never_lost_to_us(dollars: Decimal) -> None:
    micros = micros_of(dollars)

    assert micros is not None
    assert 0 <= micros - dollars * 1_000_000 < 1


@pytest.mark.parametrize(
    ("said", "micros"),
    [
        ("0.1", 100_000),
        ("0.84", 840_000),
        ("0.30000000000000004", 300_001),
        ("1e-7", 1),
        ("1.2E0", 1_200_000),
        ("0", 0),
        ("2", 2_000_000),
        ("1e-999999", 1),
        ("1e6", 1_000_000_000_000),
        ("1000000.1", None),
        ("-0.1", None),
        ("NaN", None),
        ("Infinity", None),
        ("true", None),
        ("null", None),
        ('"0.84"', None),
        ("[1]", None),
    ],
)
def test_a_number_is_read_as_it_stands(said: str, micros: int | None) -> None:
    assert micros_of(json.loads(said, parse_float=Decimal)) == micros


@pytest.mark.parametrize(
    ("said", "micros"),
    [
        ('{"estimated": true, "total_cost_micros": 840000, "currency": "USD"}', 840_000),
        ('{"estimated": true, "total_cost_micros": 840000, "currency": "usd"}', 840_000),
        ('{"estimated": true, "total_cost_micros": 840000.5, "currency": "USD"}', 840_001),
        ('{"estimated": true, "total_cost_micros": 0, "currency": "USD"}', 0),
        ('{"estimated": true, "total_cost_micros": 840000, "currency": "EUR"}', None),
        ('{"estimated": true, "total_cost_micros": 840000}', None),
        ('{"estimated": true, "total_cost_micros": -1, "currency": "USD"}', None),
        ('{"estimated": true, "total_cost_micros": true, "currency": "USD"}', None),
        ('{"estimated": true, "total_cost_micros": 1e13, "currency": "USD"}', None),
        ('{"estimated": false, "total_cost_micros": 840000, "currency": "USD"}', None),
        ('{"total_cost_micros": 840000, "currency": "USD"}', None),
        ("[]", None),
    ],
)
def test_an_estimate_is_one_only_in_dollars_and_where_it_says_so(said: str, micros: int | None) -> None:
    assert estimate(answered(said)) == micros


async def test_a_quote_is_what_the_order_will_be_billed_and_orders_nothing(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    sharp = replace(job().order, resolution="1080p", duration_s=12)

    async with provider_at(emulator) as provider:
        price = await provider.quote(sharp, OFFER)
        from_picture = await provider.quote(animated(tmp_path).order, OFFER)
        none_yet = dict(emulator.videos)
        await made(provider, replace(job(), order=sharp))
    async with provider_at(emulator, wire=KLING) as provider:
        cheap = await provider.quote(job().order, OFFER)

    assert (price, from_picture, cheap) == (6_000_000, 1_200_000, 672_000)
    assert none_yet == {}
    assert emulator.billed_micros == price
    quoted, ordered = emulator.api.seen[0], emulator.api.seen[2]
    assert quoted.path == "/openai/v1/videos?dryRun=true"
    assert json.loads(ordered.body) == {**json.loads(quoted.body), "idempotency_key": "job1-1"}


async def test_where_a_dry_run_is_not_heeded_the_job_that_it_became_is_stopped_at_once(
    emulator: LumenfallEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.heeds_dry_runs = False

    async with provider_at(emulator) as provider:
        with pytest.raises(UnreadableAnswer, match="became the job req_"):
            await provider.quote(job().order, OFFER)

    (one,) = emulator.videos.values()
    assert (one.status, one.key) == ("cancelled", None)
    assert emulator.billed_micros == 0
    assert [vars(record)["code"] for record in caplog.records] == ["dry_run_not_heeded"]
    assert one.id in caplog.text


async def test_no_price_is_said_where_there_is_none(emulator: LumenfallEmulator) -> None:
    euros = {"estimated": True, "total_cost_micros": 840_000, "currency": "EUR"}
    order = job().order

    async with asyncio.timeout(20), provider_at(emulator, timeouts=Timeouts(ask_s=0.3)) as provider:
        for fault in (
            answer(200, euros),
            answer(200, b"<html></html>"),
            answer(400, error("INVALID_REQUEST")),
            answer(404, error("MODEL_NOT_FOUND")),
            answer(402, error("INSUFFICIENT_BALANCE")),
        ):
            emulator.faults.next("create", fault)
            with pytest.raises(UnreadableAnswer):
                await provider.quote(order, OFFER)
        for fault in (
            answer(429, error("RATE_LIMITED")),
            answer(502, error("ALL_PROVIDERS_EXHAUSTED")),
            faults.RESET_BEFORE_READING,
            faults.HANG_BEFORE_WORK,
        ):
            emulator.faults.next("create", fault)
            with pytest.raises(ProviderUnavailable):
                await provider.quote(order, OFFER)
        for wrong, offer_id in (
            (replace(order, resolution="4k"), OFFER),
            (order, OfferId("emulator/gone")),
        ):
            with pytest.raises(UnreadableAnswer):
                await provider.quote(wrong, offer_id)
    async with provider_at(url="http://nowhere.invalid/v1", wire=PRO) as nobody:
        with pytest.raises(ProviderUnavailable):
            await nobody.quote(order, OFFER)

    assert emulator.dry_runs == 0
    assert emulator.videos == {}
