"""Ending a job by the fal protocol: cancelled, deleted, or lost on its way there."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import Ticket
from bot.errors import ProviderUnavailable
from bot.providers.fal_addresses import Hosts
from bot.providers.protocol import CannotTell, Rendered, Rendering, Stopped, Unknown, Vanished
from tests.emulators import faults
from tests.emulators.fal import FalEmulator
from tests.emulators.faults import answer
from tests.fal_scene import KEY, SORA, attempt, job, made, provider_at
from tests.props import Clock

UNKNOWN = Ticket(provider_job_id="764cabcf", urls={"endpoint": SORA.endpoint})


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[FalEmulator]:
    async with FalEmulator(now=clock, api_key=KEY, asks_to_finish=None) as running:
        yield running


async def test_a_queued_job_that_is_cancelled_has_stopped_and_fal_does_not_say_at_what_cost(
    emulator: FalEmulator,
) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        await provider.cancel(ticket)

        assert await provider.ask(ticket) == Stopped()
    assert emulator.queue.seen[1].method == "PUT"
    assert emulator.books.billed_micros == 0


@pytest.mark.parametrize("in_status", [True, False])
async def test_a_499_is_a_job_that_was_stopped_however_it_is_typed(
    emulator: FalEmulator,
    in_status: bool,  # noqa: FBT001 - given by name in the table
) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.books.fail(ticket.provider_job_id, 499, {"detail": "Cancelled"}, in_status=in_status)

        assert await provider.ask(ticket) == Stopped()


async def test_a_job_that_is_being_made_may_finish_all_the_same_and_is_billed(emulator: FalEmulator) -> None:
    emulator.stops_running = False

    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.books.begin(ticket.provider_job_id)
        await provider.cancel(ticket)
        going_on = await provider.ask(ticket)
        emulator.finish(ticket.provider_job_id)
        rendered = await provider.ask(ticket)

    assert going_on == Rendering()
    assert isinstance(rendered, Rendered)
    assert rendered.billed_micros == emulator.books.billed_micros == 400_000


async def test_a_cancel_that_comes_too_late_or_for_nobody_changes_nothing(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        await provider.cancel(ticket)
        await provider.cancel(UNKNOWN)
        standing = await provider.ask(ticket)
        emulator.faults.next("cancel", answer(503, headers={"Retry-After": "3"}))
        with pytest.raises(ProviderUnavailable):
            await provider.cancel(ticket)

    assert isinstance(standing, Rendered)


async def test_delete_removes_a_finished_clip_and_may_be_repeated(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        await provider.delete(ticket)
        await provider.delete(ticket)
        gone = await provider.ask(ticket)
        still_there = {
            "cdn_delete_results": [{"link": "…", "exception": None}, {"link": "…", "exception": "no"}]
        }
        emulator.faults.next("delete", answer(200, still_there))
        with pytest.raises(ProviderUnavailable):
            await provider.delete(ticket)

    assert isinstance(gone, Vanished)
    assert emulator.platform.seen[0].path == f"/v1/models/requests/{ticket.provider_job_id}/payloads"


async def test_a_key_that_may_not_delete_is_told_so(clock: Clock) -> None:
    async with FalEmulator(now=clock, is_admin=False) as strict, provider_at(strict.hosts) as provider:
        with pytest.raises(ProviderUnavailable, match="ADMIN"):
            await provider.delete(await made(provider))


async def test_without_a_webhook_nothing_tells_of_a_lost_submission(emulator: FalEmulator) -> None:
    emulator.faults.next("submit", faults.LOST_ANSWER)
    order = job()

    async with provider_at(emulator.hosts) as provider:
        await provider.submit(order, attempt(order))
        found = await provider.find(order, attempt(order))

    assert isinstance(found, CannotTell)
    assert emulator.routes_asked == ["submit"]


async def test_the_emulator_runs_as_a_process_whose_books_outlive_it(tmp_path: Path) -> None:
    books = tmp_path / "books.json"
    order = job()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.fal", "--books", str(books), "--fault", "submit=lost_answer",
        cwd=Path(__file__).parents[1], stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        hosts = Hosts(**json.loads(await process.stdout.readline()))
        async with provider_at(hosts) as provider:
            submission = await provider.submit(order, attempt(order))
    finally:
        process.terminate()
        await process.wait()

    (only,) = json.loads(books.read_text())
    assert isinstance(submission, Unknown)
    assert (only["endpoint"], only["status"]) == (SORA.endpoint, "IN_QUEUE")
