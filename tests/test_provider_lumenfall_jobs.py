"""Following, finding and ending jobs by the lumenfall protocol."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import Fault, FaultKind, Micros, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.media import check
from bot.providers.http import Timeouts
from bot.providers.protocol import (
    Failed,
    Rendered,
    Rendering,
    Stopped,
    Vanished,
    Waiting,
)
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.faults import answer
from tests.emulators.lumenfall import LumenfallEmulator
from tests.lumenfall_scene import CONTENT_POLICY, KEY, TIMED_OUT, error, provider_at
from tests.props import NOON, Clock
from tests.replicate_scene import made

V1 = Ticket(provider_job_id="req_1")
IN_DOLLARS = {"cost": 1.2, "cost_currency": "USD"}


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[LumenfallEmulator]:
    async with LumenfallEmulator(now=clock, api_key=KEY) as running:
        yield running


async def test_a_job_goes_from_waiting_to_a_clip_on_our_disk_and_says_what_it_cost(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    emulator.asks_to_finish = None
    into = tmp_path / "clip.mp4"

    async with provider_at(emulator) as provider:
        ticket = await made(provider)
        waiting = await provider.ask(ticket)
        emulator.begin(ticket.provider_job_id)
        rendering = await provider.ask(ticket)
        emulator.finish(ticket.provider_job_id)
        rendered = await provider.ask(ticket)
        await provider.fetch(ticket, into, bytes_max=1 << 20)

    assert (waiting, rendering) == (Waiting(), Rendering())
    assert rendered == Rendered(Micros(1_200_000), expires_at=NOON + timedelta(hours=1))
    assert into.read_bytes() == clip(1280, 720, 4)
    assert (await check(into)).duration_ms == 4_000
    assert emulator.billed_micros == 1_200_000


STANDINGS: list[tuple[dict[str, object], object]] = [
    ({"status": "queued"}, Waiting()),
    ({"status": "queued", "metadata": {"cost_estimate": 1.2, "cost_currency": "USD"}}, Waiting()),
    ({"status": "in_progress", "progress": 42}, Rendering(42)),
    ({"status": "in_progress", "metadata": IN_DOLLARS}, Rendering()),
    ({"status": "completed"}, Rendered()),
    ({"status": "completed", "expires_at": None, "metadata": None}, Rendered()),
    ({"status": "completed", "metadata": {"cost": None, "cost_currency": "USD"}}, Rendered()),
    ({"status": "completed", "metadata": IN_DOLLARS}, Rendered(Micros(1_200_000))),
    ({"status": "completed", "metadata": {"cost_estimate": 1.2, "cost_currency": "USD"}}, Rendered()),
    ({"status": "cancelled"}, Stopped()),
    ({"status": "canceled", "metadata": IN_DOLLARS}, Stopped(Micros(1_200_000))),
    ({"status": "failed", "error": {"code": "REQUEST_CANCELLED"}}, Stopped()),
    ({"status": "failed", "error": {"code": "canceled"}, "metadata": IN_DOLLARS}, Stopped(Micros(1_200_000))),
]


@pytest.mark.parametrize(("said", "standing"), STANDINGS)
async def test_a_state_is_read_for_what_it_says(
    emulator: LumenfallEmulator, caplog: pytest.LogCaptureFixture, said: dict[str, object], standing: object
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "req_1"} | said))

    async with provider_at(emulator) as provider:
        assert await provider.ask(V1) == standing
    assert caplog.records == []


MODERATED = "Your request was blocked by our moderation system."

FAILURES: list[tuple[dict[str, object], FaultKind]] = [
    (error("CONTENT_POLICY_VIOLATION"), FaultKind.RULES),
    (error("UPSTREAM_ERROR", MODERATED), FaultKind.RULES),
    (error("ALL_PROVIDERS_EXHAUSTED", MODERATED), FaultKind.RULES),
    (error("ALL_PROVIDERS_EXHAUSTED", "gemini returned IMAGE_SAFETY"), FaultKind.RULES),
    (error("ALL_PROVIDERS_EXHAUSTED", metadata={"attempts": [TIMED_OUT, CONTENT_POLICY]}), FaultKind.RULES),
    (error("ALL_PROVIDERS_EXHAUSTED", metadata={"attempts": [[["x (E005)"]]]}), FaultKind.RULES),
    (error("ALL_PROVIDERS_EXHAUSTED", metadata={"attempts": [TIMED_OUT]}), FaultKind.PROVIDER),
    (error("ALL_PROVIDERS_EXHAUSTED", metadata={"attempts": {"fal": MODERATED}}), FaultKind.PROVIDER),
    (error("ALL_PROVIDERS_EXHAUSTED"), FaultKind.PROVIDER),
    (error("moderation_blocked"), FaultKind.RULES),
    (error("generation_failed", "Out of memory."), FaultKind.PROVIDER),
    ({"error": None}, FaultKind.PROVIDER),
    ({"error": "it burned"}, FaultKind.PROVIDER),
]


@pytest.mark.parametrize(("said", "kind"), FAILURES)
async def test_a_failed_job_says_whose_matter_it_is_even_where_moderation_hides(
    emulator: LumenfallEmulator, said: dict[str, object], kind: FaultKind
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "req_1", "status": "failed"} | said))

    async with provider_at(emulator) as provider:
        failed = await provider.ask(V1)

    assert isinstance(failed, Failed)
    assert failed.fault.kind is kind
    assert failed.fault.code == ("moderation_blocked" if kind is FaultKind.RULES else "provider_failed")
    assert failed.billed_micros is None


async def test_a_job_that_everybody_failed_names_their_reasons_for_the_operator_and_what_it_cost(
    emulator: LumenfallEmulator,
) -> None:
    emulator.failing_providers = {"fal": TIMED_OUT, "openai": CONTENT_POLICY, "replicate": TIMED_OUT}

    async with provider_at(emulator) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        failed = await provider.ask(ticket)
        emulator.fail(ticket.provider_job_id, "INTERNAL_ERROR", billed_micros=420_000)
        dear = await provider.ask(ticket)

    assert isinstance(failed, Failed)
    assert failed.fault.kind is FaultKind.RULES
    assert "ALL_PROVIDERS_EXHAUSTED" in failed.fault.detail
    assert "took too long (524)" in failed.fault.detail
    assert failed.billed_micros == 0
    assert isinstance(dear, Failed)
    assert dear.billed_micros == 420_000


async def test_a_provider_that_fails_is_passed_over_and_the_job_is_made(emulator: LumenfallEmulator) -> None:
    emulator.failing_providers = {"fal": TIMED_OUT, "openai": CONTENT_POLICY}

    async with provider_at(emulator) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)

        assert isinstance(await provider.ask(ticket), Rendered)


@pytest.mark.parametrize(
    "metadata",
    [
        {"cost": 1.2, "cost_currency": "EUR"},
        {"cost": 1.2},
        {"cost": 1.2, "cost_currency": 840},
        {"cost": "1.2", "cost_currency": "USD"},
        {"cost": -1.2, "cost_currency": "USD"},
        {"cost": True, "cost_currency": "USD"},
        {"cost": float("nan"), "cost_currency": "USD"},
        {"cost": float("inf"), "cost_currency": "USD"},
        {"cost": 10**9, "cost_currency": "USD"},
    ],
)
async def test_a_cost_that_is_no_amount_of_dollars_is_not_counted_and_said_in_the_log(
    emulator: LumenfallEmulator, caplog: pytest.LogCaptureFixture, metadata: dict[str, object]
) -> None:
    ended = {"id": "req_1", "metadata": metadata}
    failed = ended | {"status": "failed", "error": {"code": "INTERNAL_ERROR", "message": "no"}}
    emulator.faults.next("ask", answer(200, ended | {"status": "in_progress"}))
    emulator.faults.next("ask", answer(200, ended | {"status": "completed"}), answer(200, failed))

    async with provider_at(emulator) as provider:
        with caplog.at_level(logging.WARNING, "bot.providers.lumenfall"):
            answers = [await provider.ask(V1) for _ in range(3)]

    assert answers[:2] == [Rendering(), Rendered()]
    fault = Fault(kind=FaultKind.PROVIDER, code="provider_failed", detail="INTERNAL_ERROR: no")
    assert answers[2] == Failed(fault)
    assert [vars(record)["code"] for record in caplog.records] == ["cost_not_counted"] * 2
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "fault",
    [
        answer(200, {"id": "req_1", "status": "succeeded"}),
        answer(200, {"id": "req_1", "status": "COMPLETED"}),
        answer(200, {"id": "req_1", "status": "completed", "error": {"code": "UPSTREAM_ERROR"}}),
        answer(200, {"id": "req_2", "status": "completed"}),
        answer(200, {"id": "req_1"}),
        answer(200, ["completed"]),
        answer(200, b"<html>completed</html>"),
        answer(204),
        answer(302, headers={"Location": "/openai/v1/videos/req_2"}),
        answer(400, error("INVALID_REQUEST")),
        answer(402, error("INSUFFICIENT_BALANCE")),
        faults.PROXY_404,
    ],
)
async def test_what_no_document_describes_is_no_answer_and_never_success(
    emulator: LumenfallEmulator, fault: faults.Fault
) -> None:
    emulator.faults.next("ask", fault)

    async with provider_at(emulator) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.ask(V1)


@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        (answer(429, error("RATE_LIMITED"), headers={"Retry-After": "5"}), 5.0),
        (answer(502, error("UPSTREAM_ERROR")), None),
        (answer(401, error("AUTHENTICATION_FAILED")), None),
        (faults.PROXY_502_BEFORE_WORK, None),
        (faults.RESET_BEFORE_READING, None),
        (faults.CUT_SHORT, None),
        (faults.HANG_BEFORE_WORK, None),
    ],
)
async def test_a_question_that_is_not_answered_may_be_asked_again(
    emulator: LumenfallEmulator, fault: faults.Fault, wait_s: float | None
) -> None:
    async with provider_at(emulator, timeouts=Timeouts(ask_s=0.3)) as provider:
        ticket = await made(provider)
        # Twice, since a GET whose kept-alive connection breaks is sent again, once, by aiohttp.
        emulator.faults.next("ask", fault, fault)
        with pytest.raises(ProviderUnavailable) as unanswered:
            await provider.ask(ticket)

    assert unanswered.value.retry_after_s == wait_s
    assert KEY not in str(unanswered.value)


async def test_a_forgotten_job_has_vanished_and_a_strange_id_stays_one_segment(
    emulator: LumenfallEmulator,
) -> None:
    async with provider_at(emulator) as provider:
        ticket = await made(provider)
        emulator.forget(ticket.provider_job_id)

        assert isinstance(await provider.ask(ticket), Vanished)
        assert isinstance(await provider.ask(Ticket(provider_job_id="x/../req_1?a=b#c")), Vanished)
    assert emulator.api.seen[-1].path == "/openai/v1/videos/x%2F..%2Freq_1%3Fa%3Db%23c"


# Ending a job


@pytest.mark.parametrize("seen_as", ["cancelled", "failed"])
async def test_cancel_stops_a_running_job_however_lumenfall_says_so(clock: Clock, seen_as: str) -> None:
    async with (
        LumenfallEmulator(now=clock, asks_to_finish=None, cancelled_as=seen_as) as emulator,
        provider_at(emulator) as provider,
    ):
        ticket = await made(provider)
        await provider.cancel(ticket)

        assert await provider.ask(ticket) == Stopped(Micros(0))
    assert emulator.billed_micros == 0


async def test_cancel_never_touches_a_clip_that_was_finished_in_the_meantime_and_may_come_too_late(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    emulator.asks_to_finish = None

    async with provider_at(emulator) as provider:
        ticket = await made(provider)
        for status, code in ((400, "INVALID_REQUEST"), (404, "NOT_FOUND"), (409, "CONFLICT")):
            emulator.faults.next("cancel", answer(status, error(code)))
            await provider.cancel(ticket)
        emulator.faults.next("cancel", answer(502, error("UPSTREAM_ERROR")))
        with pytest.raises(ProviderUnavailable):
            await provider.cancel(ticket)
        emulator.finish(ticket.provider_job_id)
        tries = len(emulator.api.seen)
        await provider.cancel(ticket)

        assert isinstance(await provider.ask(ticket), Rendered)
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
    assert {seen.method for seen in emulator.api.seen[tries:]} == {"GET"}


async def test_delete_purges_what_lumenfall_keeps_and_may_be_repeated(
    emulator: LumenfallEmulator, tmp_path: Path
) -> None:
    emulator.asks_to_finish = 1

    async with provider_at(emulator) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        await provider.delete(ticket)
        await provider.delete(ticket)
        await provider.delete(replace(ticket, provider_job_id="req_of_nobody"))
        emulator.faults.next("purge", answer(503, error("INTERNAL_ERROR"), headers={"Retry-After": "3"}))
        with pytest.raises(ProviderUnavailable):
            await provider.delete(ticket)

    (one,) = emulator.videos.values()
    assert one.purged
    assert emulator.api.seen[2].path == f"/v1/requests/{ticket.provider_job_id}/payloads"
