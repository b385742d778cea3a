"""Looking for a lost submission by the openai protocol: found, absent, or no telling."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import Kind, Source, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers.protocol import (
    CannotTell,
    Found,
    ProvenAbsent,
    Unknown,
    Wire,
)
from tests.emulators import faults
from tests.emulators.faults import Fault, answer
from tests.emulators.openai import OpenAIEmulator
from tests.openai_scene import (
    ECHOED,
    KEY,
    KEYED,
    PLAIN,
    attempt,
    error,
    job,
    provider_at,
)
from tests.props import NOON, Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock, api_key=KEY) as running:
        yield running


@pytest.mark.parametrize(
    "lost", [faults.LOST_ANSWER, faults.RESET_BEFORE_READING, faults.PROXY_502_AFTER_WORK]
)
async def test_a_lost_submission_is_found_by_its_key_and_there_is_one_job_whether_it_had_arrived_or_not(
    emulator: OpenAIEmulator, lost: Fault
) -> None:
    emulator.faults.next("create", lost)
    order = job()

    async with provider_at(emulator.url, wire=KEYED) as provider:
        submission = await provider.submit(order, attempt(order))
        found = await provider.find(order, attempt(order))
        again = await provider.find(order, attempt(order))

    assert type(submission) is Unknown
    assert isinstance(found, Found)
    assert found == again
    assert list(emulator.jobs) == [found.ticket.provider_job_id]
    assert emulator.billed_micros == 400_000


@pytest.mark.parametrize("wire", [KEYED, ECHOED])
async def test_a_lost_character_is_never_asked_for_again_and_no_list_proves_its_absence(
    emulator: OpenAIEmulator, clock: Clock, tmp_path: Path, wire: Wire
) -> None:
    clip = tmp_path / "ava.mp4"
    clip.write_bytes(b"a clip")
    source = Source(path=clip, media_type="video/mp4", width=1280, height=720)
    placed = job()
    order = replace(placed, order=replace(placed.order, kind=Kind.CHARACTER, prompt="Ava", source=source))
    emulator.faults.next("create_character", faults.LOST_ANSWER)

    async with provider_at(emulator.url, wire=wire, now=clock) as provider:
        submission = await provider.submit(order, attempt(order))
        clock.advance(timedelta(hours=3))
        found = await provider.find(order, attempt(order))

    assert type(submission) is Unknown
    assert isinstance(found, CannotTell)
    assert [seen.route for seen in emulator.seen] == ["create_character"]


async def test_a_refused_repetition_proves_nothing_about_the_first(emulator: OpenAIEmulator) -> None:
    order = job()

    async with provider_at(emulator.url, wire=KEYED) as provider:
        emulator.faults.next("create", answer(400, error("moderation_blocked")), faults.LOST_ANSWER)
        refused = await provider.find(order, attempt(order))
        lost = await provider.find(order, attempt(order))
        emulator.faults.next("create", answer(429, error(None), headers={"Retry-After": "9"}))
        with pytest.raises(ProviderUnavailable) as busy:
            await provider.find(order, attempt(order))

    assert isinstance(refused, CannotTell)
    assert isinstance(lost, CannotTell)
    assert busy.value.retry_after_s == 9


async def test_a_key_that_the_server_may_have_forgotten_is_not_sent_again(
    emulator: OpenAIEmulator, clock: Clock
) -> None:
    order = job()
    clock.at = NOON + timedelta(hours=23)

    async with provider_at(emulator.url, wire=KEYED, now=clock) as provider:
        found = await provider.find(order, attempt(order, sent_at=NOON))

    assert isinstance(found, CannotTell)
    assert emulator.seen == []


async def test_without_key_or_echo_two_equal_orders_are_never_mistaken_for_one_another(
    emulator: OpenAIEmulator,
) -> None:
    mine, anothers = job(number=1), job(number=2)
    emulator.faults.next("create", faults.RESET_BEFORE_READING)

    async with provider_at(emulator.url) as provider:
        await provider.submit(mine, attempt(mine))
        await provider.submit(anothers, attempt(anothers))
        found = await provider.find(mine, attempt(mine))

    assert isinstance(found, CannotTell)
    assert len(emulator.jobs) == 1


async def test_a_lost_submission_is_found_by_its_echo_pages_down_the_list(
    emulator: OpenAIEmulator, clock: Clock
) -> None:
    emulator.list_limit_max = 2
    lost = job(number=99)
    emulator.faults.next("create", faults.LOST_ANSWER)

    async with provider_at(emulator.url, wire=ECHOED, now=clock) as provider:
        await provider.submit(lost, attempt(lost))
        for number in range(5):
            clock.at += timedelta(seconds=1)
            await provider.submit(job(number=number), attempt(job(number=number)))
        found = await provider.find(lost, attempt(lost, sent_at=NOON))

    assert found == Found(Ticket(provider_job_id="video_000000000000000000000001"))


async def test_absent_is_proven_only_by_an_old_enough_search_of_a_list_in_which_every_job_says_whose_it_is(
    emulator: OpenAIEmulator, clock: Clock
) -> None:
    lost, other, silent = job(number=1), job(number=2), job(number=3)

    async with provider_at(emulator.url, wire=ECHOED, now=clock) as provider:
        clock.at = NOON + timedelta(hours=2)
        nothing_of_ours = await provider.find(lost, attempt(lost, sent_at=NOON))
        await provider.submit(other, attempt(other))
        too_early = await provider.find(lost, attempt(lost, sent_at=clock.at - timedelta(minutes=59)))
        proven = await provider.find(lost, attempt(lost, sent_at=NOON))
        async with provider_at(emulator.url, wire=PLAIN) as without_echo:
            await without_echo.submit(silent, attempt(silent))
        one_is_silent = await provider.find(lost, attempt(lost, sent_at=NOON))

    assert isinstance(nothing_of_ours, CannotTell)
    assert isinstance(too_early, CannotTell)
    assert isinstance(proven, ProvenAbsent)
    assert isinstance(one_is_silent, CannotTell)


@pytest.mark.parametrize(
    "page",
    [
        {
            "data": [
                {"id": "a", "created_at": 1, "metadata": {"dailies_job": "x-1"}},
                {"id": "b", "created_at": 10**10, "metadata": {"dailies_job": "x-2"}},
            ],
            "has_more": True,
        },
        {"data": [{"id": "a", "created_at": 10**10, "metadata": {"dailies_job": "x-1"}}], "has_more": True},
        {"data": [{"id": "a", "metadata": {"dailies_job": "x-1"}}], "has_more": False},
        {"data": [{"id": "a", "created_at": 10**10}]},
        {"data": ["a"], "has_more": False},
        {"data": None, "has_more": False},
        [],
    ],
)
async def test_a_list_that_is_out_of_order_endless_or_unreadable_proves_nothing(
    emulator: OpenAIEmulator, clock: Clock, page: object
) -> None:
    emulator.faults.always("list", answer(200, page))
    clock.at = NOON + timedelta(hours=2)
    search: object = None

    async with provider_at(emulator.url, wire=ECHOED, now=clock) as provider:
        try:
            search = await provider.find(job(), attempt(job(), sent_at=NOON))
        except UnreadableAnswer:
            search = CannotTell("unreadable")

    assert isinstance(search, CannotTell)
    assert len(emulator.seen) <= 50


async def test_the_emulator_runs_as_a_process_whose_books_outlive_it(tmp_path: Path) -> None:
    books = tmp_path / "books.json"
    order = job()

    async def life(then: Callable[[str], Awaitable[None]], *options: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.emulators.openai", "--books", str(books), *options,
            cwd=Path(__file__).parents[1], stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            await then((await process.stdout.readline()).decode().strip())
        finally:
            process.terminate()
            await process.wait()

    async def lose_the_answer(url: str) -> None:
        async with provider_at(url, wire=KEYED) as provider:
            assert isinstance(await provider.submit(order, attempt(order)), Unknown)

    async def find_it(url: str) -> None:
        async with provider_at(url, wire=KEYED) as provider:
            assert isinstance(await provider.find(order, attempt(order)), Found)

    await life(lose_the_answer, "--fault", "create=lost_answer")
    await life(find_it)

    (only,) = json.loads(books.read_text())
    assert only["key"] == "job1-1"
    assert only["billed_micros"] == 400_000
