"""Following and ending jobs by the openai protocol."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import FaultKind, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.media import check
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
from tests.emulators.faults import Fault, answer
from tests.emulators.openai import OpenAIEmulator
from tests.openai_scene import (
    KEY,
    SHORT_ASK,
    error,
    made,
    names_in,
    provider_at,
)
from tests.props import NOON, Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock, api_key=KEY) as running:
        yield running


async def test_a_job_goes_from_waiting_to_rendered_and_its_file_is_a_real_clip_on_our_disk(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    emulator.asks_to_finish = None
    into = tmp_path / "clip.mp4"
    into.with_name("clip.mp4.part").write_bytes(b"left by a process that was killed" * 9_999)

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        waiting = await provider.ask(ticket)
        emulator.jobs[ticket.provider_job_id].status = "in_progress"
        rendering = await provider.ask(ticket)
        emulator.finish(ticket.provider_job_id)
        rendered = await provider.ask(ticket)
        fetched = await provider.fetch(ticket, into, bytes_max=1 << 20)

    assert waiting == Waiting()
    assert rendering == Rendering(0)
    assert rendered == Rendered(expires_at=NOON + timedelta(hours=1))
    assert into.read_bytes() == clip(128, 72, 4)
    assert fetched.size_bytes == into.stat().st_size
    assert fetched.sha256 == hashlib.sha256(clip(128, 72, 4)).hexdigest()
    assert names_in(tmp_path) == ["clip.mp4"]
    assert (await check(into)).duration_ms == 4_000


STANDINGS: list[tuple[dict[str, object], object]] = [
    ({"status": "in_progress", "progress": 42}, Rendering(42)),
    ({"status": "in_progress", "progress": 0}, Rendering(0)),
    ({"status": "in_progress", "progress": 4.2}, Rendering()),
    ({"status": "in_progress", "progress": True}, Rendering()),
    ({"status": "in_progress", "progress": "42"}, Rendering()),
    ({"status": "in_progress"}, Rendering()),
    ({"status": "queued", "progress": 100}, Waiting()),
    ({"status": "completed", "progress": 3}, Rendered()),
    ({"status": "completed", "expires_at": None, "error": None}, Rendered()),
    ({"status": "completed", "expires_at": 10**15}, Rendered()),
    ({"status": "completed", "expires_at": "soon"}, Rendered()),
    ({"status": "completed", "expires_at": int(NOON.timestamp())}, Rendered(expires_at=NOON)),
    ({"status": "cancelled"}, Stopped()),
    ({"status": "canceled"}, Stopped()),
    ({"status": "cancelled", "started_at": None}, Stopped()),
]


@pytest.mark.parametrize(("said", "standing"), STANDINGS)
async def test_a_state_is_read_for_what_it_says(
    emulator: OpenAIEmulator, said: dict[str, object], standing: object
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "video_1"} | said))

    async with provider_at(emulator.url) as provider:
        assert await provider.ask(Ticket(provider_job_id="video_1")) == standing


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ({"error": {"code": "moderation_blocked", "message": "…"}}, FaultKind.RULES, "moderation_blocked"),
        ({"error": {"code": "CONTENT_POLICY_VIOLATION"}}, FaultKind.RULES, "moderation_blocked"),
        ({"error": {"code": "video_generation_failed"}}, FaultKind.PROVIDER, "provider_failed"),
        ({"error": None}, FaultKind.PROVIDER, "provider_failed"),
        ({"error": "it burned"}, FaultKind.PROVIDER, "provider_failed"),
        ({}, FaultKind.PROVIDER, "provider_failed"),
    ],
)
async def test_a_failed_job_says_whose_matter_it_is(
    emulator: OpenAIEmulator, said: dict[str, object], kind: FaultKind, code: str
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "video_1", "status": "failed"} | said))

    async with provider_at(emulator.url) as provider:
        failed = await provider.ask(Ticket(provider_job_id="video_1"))

    assert isinstance(failed, Failed)
    assert (failed.fault.kind, failed.fault.code, failed.billed_micros) == (kind, code, None)


async def test_a_job_may_fail_by_moderation_after_it_was_taken(emulator: OpenAIEmulator) -> None:
    emulator.blocked_in_job_words = {"mouse"}

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider, "a certain mouse")
        answers = [await provider.ask(ticket) for _ in range(2)]

    assert answers[0] == Rendering(50)
    assert isinstance(answers[1], Failed)
    assert answers[1].fault.code == "moderation_blocked"
    assert emulator.billed_micros == 0


@pytest.mark.parametrize(
    "fault",
    [
        answer(200, {"id": "video_1", "status": "succeeded"}),
        answer(200, {"id": "video_1", "status": "COMPLETED"}),
        answer(200, {"id": "video_1", "status": ["completed"]}),
        answer(
            200, {"id": "video_1", "status": "completed", "error": {"code": "downstream", "message": "no"}}
        ),
        answer(200, {"id": "video_2", "status": "completed"}),
        answer(200, {"id": "video_1", "status": "in_progress", "progress": -1}),
        answer(200, {"id": "video_1", "status": "in_progress", "progress": -0.5}),
        answer(200, {"id": "video_1", "status": "in_progress", "progress": 101}),
        answer(200, {"id": "video_1"}),
        answer(200, {"error": {"message": "no"}}),
        answer(200, ["completed"]),
        answer(200, b"<html>completed</html>"),
        answer(204),
        answer(302, headers={"Location": "/v1/videos/video_2"}),
        answer(400, error(None)),
        faults.PROXY_404,
    ],
)
async def test_what_no_document_describes_is_no_answer_and_never_success(
    emulator: OpenAIEmulator, fault: Fault
) -> None:
    emulator.faults.next("ask", fault)

    async with provider_at(emulator.url) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.ask(Ticket(provider_job_id="video_1"))


@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        (answer(429, error(None), headers={"Retry-After": "5"}), 5.0),
        (answer(429, error(None), headers={"openai-poll-after-ms": "2500"}), 2.5),
        (answer(500, error(None)), None),
        (answer(503, b"<html></html>", headers={"Retry-After": "30"}), 30.0),
        (answer(401, error("invalid_api_key")), None),
        (answer(408, error(None)), None),
        (faults.PROXY_502_BEFORE_WORK, None),
        (faults.RESET_BEFORE_READING, None),
        (faults.CUT_SHORT, None),
        (faults.HANG_BEFORE_WORK, None),
    ],
)
async def test_a_question_that_is_not_answered_may_be_asked_again(
    emulator: OpenAIEmulator, fault: Fault, wait_s: float | None
) -> None:
    async with provider_at(emulator.url, timeouts=SHORT_ASK) as provider:
        ticket = await made(provider)
        # Twice, since a GET whose kept-alive connection breaks is sent again, once, by aiohttp.
        emulator.faults.next("ask", fault, fault)
        with pytest.raises(ProviderUnavailable) as unanswered:
            await provider.ask(ticket)

    assert unanswered.value.retry_after_s == wait_s
    assert KEY not in str(unanswered.value)


async def test_the_provider_says_when_to_ask_again(emulator: OpenAIEmulator) -> None:
    body = {"id": "video_1", "status": "in_progress", "progress": 7}
    emulator.faults.next("ask", answer(200, body, headers={"openai-poll-after-ms": "4000"}))

    async with provider_at(emulator.url) as provider:
        standing = await provider.ask(Ticket(provider_job_id="video_1"))

    assert standing == Rendering(7, ask_after_s=4.0)


async def test_a_forgotten_job_has_vanished(emulator: OpenAIEmulator) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.forget(ticket.provider_job_id)

        assert isinstance(await provider.ask(ticket), Vanished)


async def test_a_strange_id_stays_one_segment_of_the_path(emulator: OpenAIEmulator) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        climbing = Ticket(provider_job_id=f"x/../{ticket.provider_job_id}?a=b#c")

        assert isinstance(await provider.ask(climbing), Vanished)


async def test_cancel_stops_a_running_job_and_the_next_question_says_so(emulator: OpenAIEmulator) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.asks_to_finish = None
        await provider.cancel(ticket)

        assert await provider.ask(ticket) == Stopped()
    assert emulator.billed_micros == 0


async def test_cancel_never_deletes_a_clip_that_was_finished_in_the_meantime(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        await provider.cancel(ticket)

        assert isinstance(await provider.ask(ticket), Rendered)
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


async def test_where_a_job_cannot_be_stopped_cancel_changes_nothing(clock: Clock) -> None:
    async with OpenAIEmulator(now=clock, can_cancel=False, asks_to_finish=None) as stubborn:
        async with provider_at(stubborn.url, can_cancel=False) as provider:
            ticket = await made(provider)
            await provider.cancel(ticket)
        async with provider_at(stubborn.url, can_cancel=True) as hopeful:
            await hopeful.cancel(ticket)

            assert isinstance(await hopeful.ask(ticket), Waiting)
    assert [seen.route for seen in stubborn.seen] == ["create", "ask", "delete", "ask"]


async def test_delete_removes_a_finished_clip_and_may_be_repeated(emulator: OpenAIEmulator) -> None:
    emulator.asks_to_finish = 1

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        await provider.ask(ticket)
        await provider.delete(ticket)
        await provider.delete(ticket)
        gone = await provider.ask(ticket)
        emulator.faults.next("delete", answer(503, error(None), headers={"Retry-After": "3"}))
        with pytest.raises(ProviderUnavailable):
            await provider.delete(ticket)

    assert isinstance(gone, Vanished)


@pytest.mark.parametrize(("bills_failures", "micros"), [(True, None), (False, 0)])
async def test_what_a_failure_costs_is_not_known_but_where_nobody_bills(
    emulator: OpenAIEmulator,
    bills_failures: bool,  # noqa: FBT001 - given by name in the table
    micros: int | None,
) -> None:
    said = {"id": "video_1", "object": "video", "error": {"code": "video_generation_failed"}}
    failed = said | {"status": "failed"}
    emulator.faults.next(
        "ask", answer(200, failed), answer(500, failed), answer(200, said | {"status": "cancelled"})
    )

    async with provider_at(emulator.url, bills_failures=bills_failures) as provider:
        answers = [await provider.ask(Ticket(provider_job_id="video_1")) for _ in range(3)]

    costs = [each.billed_micros for each in answers if isinstance(each, Failed | Stopped)]
    assert costs == [micros] * 3
