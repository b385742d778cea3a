"""Following and ending jobs by the fal protocol, what they cost, and what fal asks for them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain import FaultKind, Micros, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers.protocol import (
    Answer,
    Failed,
    Rendered,
    Rendering,
    Vanished,
    Waiting,
)
from tests.emulators import faults
from tests.emulators.fal import LOCKED, FalEmulator
from tests.emulators.fal_models import detail
from tests.emulators.faults import Fault, answer
from tests.fal_scene import (
    KEY,
    SHORT_ASK,
    SORA,
    SORA_PRO,
    job,
    made,
    provider_at,
)
from tests.props import Clock

ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
TICKET = Ticket(provider_job_id=ID, urls={"endpoint": SORA.endpoint})


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[FalEmulator]:
    async with FalEmulator(now=clock, api_key=KEY, asks_to_finish=None) as running:
        yield running


async def test_a_job_goes_from_waiting_to_rendered_at_its_own_addresses(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider, job(wire=SORA_PRO))
        emulator.books.jobs[ticket.provider_job_id].position = 3
        waiting = await provider.ask(ticket)
        emulator.books.begin(ticket.provider_job_id)
        emulator.unfinished_status = 200
        rendering = await provider.ask(ticket)
        emulator.finish(ticket.provider_job_id)
        rendered = await provider.ask(ticket)

    only = emulator.books.jobs[ticket.provider_job_id]
    assert waiting == Waiting(3)
    assert rendering == Rendering()
    assert rendered == Rendered(billed_micros=Micros(only.billed_micros), provider_id=only.made_id)
    assert only.billed_micros == 1_200_000
    app = f"/fal-ai/sora-2/requests/{only.id}"
    assert [seen.path for seen in emulator.queue.seen][1:] == [*[f"{app}/status"] * 3, app]
    assert {seen.headers["Authorization"] for seen in emulator.queue.seen} == {f"Key {KEY}"}


async def test_a_ticket_without_addresses_builds_them_as_fals_client_does(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        bare = replace(ticket, urls={"endpoint": SORA.endpoint})

        assert await provider.ask(bare) == await provider.ask(ticket)
        with pytest.raises(UnreadableAnswer):
            await provider.ask(replace(ticket, urls={}))


async def test_the_key_follows_no_address_of_a_ticket_to_another_origin(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        elsewhere = f"{emulator.platform.url}/fal-ai/sora-2/requests/{ticket.provider_job_id}/status"
        moved = replace(ticket, urls={**ticket.urls, "status": elsewhere})

        assert await provider.ask(moved) == Waiting(0)
    assert emulator.platform.seen == []


async def test_a_strange_id_stays_one_segment_of_the_path(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        climbing = replace(TICKET, provider_job_id=f"x/../{ticket.provider_job_id}?a=b#c")

        assert isinstance(await provider.ask(climbing), Vanished)


STANDINGS: list[tuple[dict[str, object], Answer]] = [
    ({"status": "IN_QUEUE", "queue_position": 0}, Waiting(0)),
    ({"status": "IN_QUEUE", "queue_position": -1}, Waiting()),
    ({"status": "IN_QUEUE", "queue_position": True}, Waiting()),
    ({"status": "IN_QUEUE", "queue_position": "3"}, Waiting()),
    ({"status": "IN_QUEUE"}, Waiting()),
    ({"status": "IN_PROGRESS", "logs": [{"message": "100%"}]}, Rendering()),
    ({"status": "IN_PROGRESS", "error": None}, Rendering()),
    ({"status": "IN_PROGRESS", "request_id": ID}, Rendering()),
]


@pytest.mark.parametrize(("said", "standing"), STANDINGS)
async def test_a_state_is_read_for_what_it_says(
    emulator: FalEmulator, said: dict[str, object], standing: Answer
) -> None:
    emulator.faults.next("status", answer(202, said))

    async with provider_at(emulator.hosts) as provider:
        assert await provider.ask(TICKET) == standing


async def test_the_provider_says_when_to_ask_again(emulator: FalEmulator) -> None:
    emulator.faults.next("status", answer(202, {"status": "IN_PROGRESS"}, headers={"Retry-After": "4"}))

    async with provider_at(emulator.hosts) as provider:
        assert await provider.ask(TICKET) == Rendering(ask_after_s=4.0)


def typed(kind: str, field: str = "prompt") -> dict[str, object]:
    return {"detail": [detail(field, kind, "It is said so.")]}


def flat(kind: str) -> dict[str, object]:
    return {"detail": "It is said so.", "error_type": kind}


RULES = (FaultKind.RULES, "moderation_blocked")
PROMPT = (FaultKind.PROMPT, "prompt_refused")
PICTURE = (FaultKind.PICTURE, "picture_refused")
PROVIDER = (FaultKind.PROVIDER, "provider_failed")
SOURCE_GONE = (FaultKind.PROVIDER, "source_gone")
NEVER_STARTED = (FaultKind.PROVIDER, "provider_never_started")

FAILURES: list[tuple[int, dict[str, object], str, tuple[FaultKind, str]]] = [
    (422, typed("content_policy_violation"), "content_policy_violation", RULES),
    (422, typed("content_policy_violation", "image_url"), "", RULES),
    (422, flat("content_policy_violation"), "", RULES),
    (422, typed("string_too_long"), "string_too_long", PROMPT),
    (422, typed("image_too_small", "image_url"), "image_too_small", PICTURE),
    (422, typed("face_detection_error", "x"), "", PICTURE),
    (422, typed("file_download_error", "body"), "", PICTURE),
    (422, typed("value_error", "video_id"), "value_error", SOURCE_GONE),
    (422, typed("content_policy_violation", "video_id"), "", RULES),
    (422, typed("no_media_generated", "x"), "no_media_generated", PROVIDER),
    (422, {"detail": "words alone"}, "", PROVIDER),
    (422, {"detail": [[], 7, {"type": [], "msg": 7, "loc": 7}]}, "", PROVIDER),
    (400, typed("downstream_service_error", "x"), "downstream_service_error", PROVIDER),
    (500, typed("internal_server_error", "x"), "internal_server_error", PROVIDER),
    (503, flat("runner_disconnected"), "runner_disconnected", PROVIDER),
    (504, typed("generation_timeout", "x"), "generation_timeout", PROVIDER),
    (504, flat("request_timeout"), "request_timeout", NEVER_STARTED),
]


@pytest.mark.parametrize("in_status", [True, False])
@pytest.mark.parametrize(("status", "body", "header", "matter"), FAILURES)
async def test_a_completed_job_that_failed_says_whose_matter_it_is(
    emulator: FalEmulator,
    status: int,
    body: dict[str, object],
    header: str,
    matter: tuple[FaultKind, str],
    in_status: bool,  # noqa: FBT001 - given by name in the table
) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.books.fail(ticket.provider_job_id, status, body, kind=header, in_status=in_status)
        failed = await provider.ask(ticket)

    assert isinstance(failed, Failed), failed
    assert (failed.fault.kind, failed.fault.code) == matter
    assert failed.billed_micros == (0 if status >= 500 else None)
    assert str(status) in failed.fault.detail
    assert "retryable" in failed.fault.detail


async def test_a_start_deadline_that_has_passed_is_known_by_its_header_alone(emulator: FalEmulator) -> None:
    passed = answer(504, {"detail": "Gateway Timeout"}, headers={"X-Fal-Request-Timeout-Type": "user"})

    async with provider_at(emulator.hosts, start_within_s=900) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        emulator.faults.next("result", passed)
        failed = await provider.ask(ticket)

    assert isinstance(failed, Failed)
    assert (failed.fault.code, failed.billed_micros) == ("provider_never_started", 0)


async def test_completed_with_an_error_inside_is_never_success_even_beside_a_video(
    emulator: FalEmulator,
) -> None:
    said = {"status": "COMPLETED", "error": "It burned.", "error_type": "runner_server_error"}
    emulator.faults.next("status", answer(200, said), answer(200, said | {"error": None}))

    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        answers = [await provider.ask(ticket) for _ in range(2)]

    assert [type(each) for each in answers] == [Failed, Failed]


async def test_a_failed_job_costs_what_its_units_say_a_server_error_never_anything(
    emulator: FalEmulator,
) -> None:
    outcomes = [(422, None), (422, "4"), (422, "0.0000001"), (422, "0"), (500, "4"), (422, "lots")]
    billed = []

    async with provider_at(emulator.hosts) as provider:
        for status, units in outcomes:
            ticket = await made(provider)
            kind = "content_policy_violation" if status == 422 else "internal_server_error"
            emulator.books.fail(ticket.provider_job_id, status, typed(kind), kind=kind, units=units)
            failed = await provider.ask(ticket)
            assert isinstance(failed, Failed)
            billed.append(failed.billed_micros)

    assert billed == [None, 400_000, 1, 0, 0, None]


async def test_a_proxys_page_does_not_say_that_a_job_cost_nothing(emulator: FalEmulator) -> None:
    emulator.faults.next("result", faults.PROXY_502_BEFORE_WORK)

    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        kind = "content_policy_violation"
        emulator.books.fail(ticket.provider_job_id, 422, typed(kind), kind=kind)
        failed = await provider.ask(ticket)

    assert isinstance(failed, Failed)
    assert failed.billed_micros is None


async def test_units_without_a_price_are_a_cost_that_is_not_known(emulator: FalEmulator) -> None:
    emulator.faults.always("pricing", faults.PROXY_502_BEFORE_WORK)

    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        kind = "content_policy_violation"
        emulator.books.fail(ticket.provider_job_id, 422, typed(kind), kind=kind, units="4")
        failed = await provider.ask(ticket)

    assert isinstance(failed, Failed)
    assert failed.billed_micros is None


BAD_STATUSES: list[Fault] = [
    answer(200, {"status": "FAILED"}),
    answer(200, {"status": "CANCELED"}),
    answer(200, {"status": "completed"}),
    answer(200, {"status": ["COMPLETED"]}),
    answer(200, {"request_id": "another", "status": "COMPLETED"}),
    answer(200, {}),
    answer(200, ["COMPLETED"]),
    answer(200, b"<html>COMPLETED</html>"),
    answer(204),
    answer(302, headers={"Location": "/elsewhere"}),
    answer(400, {"detail": "no"}),
    answer(422, {"detail": "no"}),
    faults.PROXY_404,
]


@pytest.mark.parametrize("fault", BAD_STATUSES)
async def test_what_no_document_describes_is_no_answer_and_never_success(
    emulator: FalEmulator, fault: Fault
) -> None:
    emulator.faults.next("status", fault)

    async with provider_at(emulator.hosts) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.ask(TICKET)


@pytest.mark.parametrize(
    "fault",
    [
        answer(200, {}),
        answer(200, {"video": None}),
        answer(200, {"video": {"url": None}}),
        answer(200, {"video": [{"url": "https://v3.fal.media/x.mp4"}]}),
        answer(200, {"id": "nobody", "name": "Mia"}),
        answer(200, {"detail": "Request is still in progress"}),
        answer(200, b"<html></html>"),
        answer(204),
        answer(302, headers={"Location": "/elsewhere"}),
        answer(400, {"detail": "Request is still in progress"}),
        answer(405, {"detail": "Method Not Allowed"}),
        answer(422, b"<html></html>"),
        faults.PROXY_404,
    ],
)
async def test_a_result_that_no_document_describes_is_no_answer_and_never_success(
    emulator: FalEmulator, fault: Fault
) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        emulator.faults.next("result", fault)
        with pytest.raises(UnreadableAnswer):
            await provider.ask(ticket)


@pytest.mark.parametrize("route", ["status", "result"])
@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        (answer(429, {"detail": "slow"}, headers={"Retry-After": "5"}), 5.0),
        (answer(500, {"detail": "oh"}), None),
        (answer(503, b"<html></html>", headers={"Retry-After": "30"}), 30.0),
        (answer(401, {"detail": "no"}), None),
        (answer(403, {"detail": LOCKED}), None),
        (answer(408), None),
        (faults.PROXY_502_BEFORE_WORK, None),
        (faults.PROXY_504_AFTER_WORK, None),
        (faults.RESET_BEFORE_READING, None),
        (faults.CUT_SHORT, None),
        (faults.HANG_BEFORE_WORK, None),
    ],
)
async def test_a_question_that_is_not_answered_may_be_asked_again(
    emulator: FalEmulator, route: str, fault: Fault, wait_s: float | None
) -> None:
    hangs = fault is faults.HANG_BEFORE_WORK
    async with provider_at(emulator.hosts, timeouts=SHORT_ASK if hangs else None) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        # Twice, since a GET whose kept-alive connection breaks is sent again, once, by aiohttp.
        emulator.faults.next(route, fault, fault)
        with pytest.raises(ProviderUnavailable) as unanswered:
            await provider.ask(ticket)

    assert unanswered.value.retry_after_s == wait_s
    assert KEY not in str(unanswered.value)


async def test_a_forgotten_job_or_result_has_vanished(emulator: FalEmulator) -> None:
    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        emulator.faults.next("result", answer(404, {"detail": "Request not found"}))
        without_result = await provider.ask(ticket)
        emulator.books.forget(ticket.provider_job_id)
        without_all = await provider.ask(ticket)

    assert isinstance(without_result, Vanished)
    assert isinstance(without_all, Vanished)
