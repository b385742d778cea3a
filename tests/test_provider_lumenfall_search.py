"""Looking for a lost submission by the lumenfall protocol: found by its key, absent, or no telling."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.errors import ProviderUnavailable
from bot.providers.protocol import CannotTell, Found, ProvenAbsent, Unknown
from tests.emulators import faults
from tests.emulators.faults import answer
from tests.emulators.lumenfall import LumenfallEmulator
from tests.lumenfall_scene import KEY, SHORT, TIMED_OUT, error, provider_at
from tests.openai_scene import attempt, job
from tests.props import Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[LumenfallEmulator]:
    async with LumenfallEmulator(now=clock, api_key=KEY) as running:
        yield running


@pytest.mark.parametrize(
    "lost",
    [
        faults.LOST_ANSWER,
        faults.RESET_BEFORE_READING,
        faults.HANG_AFTER_WORK,
        faults.PROXY_502_AFTER_WORK,
        answer(502, error("ALL_PROVIDERS_EXHAUSTED"), works=True),
        answer(502, error("ALL_PROVIDERS_EXHAUSTED")),
    ],
)
async def test_a_lost_submission_is_found_by_its_key_and_there_is_one_job_whether_it_had_arrived_or_not(
    emulator: LumenfallEmulator, lost: faults.Fault
) -> None:
    emulator.faults.next("create", lost)
    order = job()

    async with provider_at(emulator, timeouts=SHORT) as provider:
        submission = await provider.submit(order, attempt(order))
        found = await provider.find(order, attempt(order))
        again = await provider.find(order, attempt(order))

    assert type(submission) is Unknown
    assert isinstance(found, Found)
    assert found == again
    assert list(emulator.videos) == [found.ticket.provider_job_id]
    assert emulator.billed_micros == 1_200_000


async def test_a_submission_that_all_providers_failed_is_tried_again_under_its_key_until_one_takes_it(
    emulator: LumenfallEmulator,
) -> None:
    emulator.fails_at_once = True
    emulator.failing_providers = {"fal": TIMED_OUT, "openai": TIMED_OUT, "replicate": TIMED_OUT}
    order = job()

    async with provider_at(emulator) as provider:
        first = await provider.submit(order, attempt(order))
        again = await provider.find(order, attempt(order))
        del emulator.failing_providers["replicate"]
        found = await provider.find(order, attempt(order))

    assert isinstance(first, Unknown)
    assert isinstance(again, CannotTell)
    assert isinstance(found, Found)
    assert len(emulator.videos) == 1


async def test_a_repetition_that_moderation_refuses_proves_that_there_is_no_job_once_the_first_is_old(
    emulator: LumenfallEmulator, clock: Clock
) -> None:
    emulator.blocked_words = {"mouse"}
    order = job("a certain mouse")
    emulator.faults.next("create", faults.RESET_BEFORE_READING)

    async with provider_at(emulator, now=clock) as provider:
        await provider.submit(order, attempt(order))
        early = await provider.find(order, attempt(order))
        clock.advance(timedelta(hours=1))
        late = await provider.find(order, attempt(order))

    assert isinstance(early, CannotTell)
    assert late == ProvenAbsent()
    assert emulator.videos == {}


async def test_any_other_refusal_of_a_repetition_proves_nothing_about_the_first(
    emulator: LumenfallEmulator, clock: Clock
) -> None:
    order = job()
    clock.advance(timedelta(hours=2))

    async with provider_at(emulator, now=clock) as provider:
        for fault in (
            answer(400, error("INVALID_REQUEST")),
            answer(404, error("MODEL_NOT_FOUND")),
            faults.LOST_ANSWER,
        ):
            emulator.faults.next("create", fault)
            assert isinstance(await provider.find(order, attempt(order)), CannotTell)
        for fault in (
            answer(402, error("INSUFFICIENT_BALANCE")),
            answer(429, error("RATE_LIMITED"), headers={"Retry-After": "9"}),
        ):
            emulator.faults.next("create", fault)
            with pytest.raises(ProviderUnavailable) as not_now:
                await provider.find(order, attempt(order))

    assert not_now.value.retry_after_s == 9


async def test_a_key_that_lumenfall_may_have_forgotten_is_not_sent_again(
    emulator: LumenfallEmulator, clock: Clock
) -> None:
    order = job()
    clock.advance(timedelta(hours=23))

    async with provider_at(emulator, now=clock) as provider:
        assert isinstance(await provider.find(order, attempt(order)), CannotTell)
    assert emulator.api.seen == []
