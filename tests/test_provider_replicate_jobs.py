"""Following, fetching and ending predictions by the replicate protocol, and its webhooks."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import FaultKind, Micros, Ticket
from bot.errors import AssetGone, ProviderUnavailable, UnreadableAnswer
from bot.media import check
from bot.providers.protocol import Failed, Rendered, Rendering, Stopped, Vanished, Waiting
from bot.providers.standard_webhooks import WebhookRefused
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.faults import Fault, answer
from tests.emulators.replicate import FLAGGED, ReplicateEmulator
from tests.openai_scene import SHORT_ASK, job, names_in
from tests.props import NOON, Clock
from tests.replicate_scene import TOKEN, animated, made, provider_at

P1 = Ticket(provider_job_id="p1")


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[ReplicateEmulator]:
    async with ReplicateEmulator(now=clock, api_token=TOKEN) as running:
        yield running


async def test_a_prediction_goes_from_waiting_to_rendered_and_its_file_is_a_real_clip_on_our_disk(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    emulator.asks_to_finish = None
    into = tmp_path / "clip.mp4"

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        waiting = await provider.ask(ticket)
        emulator.begin(ticket.provider_job_id)
        rendering = await provider.ask(ticket)
        emulator.finish(ticket.provider_job_id)
        rendered = await provider.ask(ticket)
        fetched = await provider.fetch(ticket, into, bytes_max=1 << 20)

    assert (waiting, rendering) == (Waiting(), Rendering())
    assert rendered == Rendered(expires_at=NOON + timedelta(hours=1))
    assert fetched.sha256 == hashlib.sha256(clip(1280, 720, 4)).hexdigest()
    assert names_in(tmp_path) == ["clip.mp4"]
    assert (await check(into)).duration_ms == 4_000


async def test_the_key_goes_to_the_api_alone_and_never_to_the_files_host(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert all(seen.headers["Authorization"] == f"Bearer {TOKEN}" for seen in emulator.api.seen)
    (fetch,) = emulator.delivery.seen
    assert "Authorization" not in fetch.headers
    assert TOKEN not in repr(fetch)


STANDINGS: list[tuple[dict[str, object], object]] = [
    ({"status": "starting"}, Waiting()),
    ({"status": "starting", "started_at": None, "error": None}, Waiting()),
    ({"status": "processing", "logs": " 50%|#####     | 5/10"}, Rendering()),
    ({"status": "succeeded", "output": "https://replicate.delivery/out.mp4"}, Rendered()),
    ({"status": "succeeded", "completed_at": "2026-11-21T11:00:00Z"}, Rendered(expires_at=NOON)),
    (
        {"status": "succeeded", "completed_at": "2026-11-21T11:00:00.000000999Z", "data_removed": True},
        Rendered(expires_at=NOON),
    ),
    ({"status": "succeeded", "completed_at": "2026-11-21T12:00:00"}, Rendered()),
    ({"status": "succeeded", "completed_at": "yesterday"}, Rendered()),
    ({"status": "succeeded", "completed_at": 7, "error": ""}, Rendered()),
    ({"status": "canceled", "started_at": "2026-11-21T12:00:00Z"}, Stopped()),
    ({"status": "canceled"}, Stopped()),
    ({"status": "canceled", "started_at": None}, Stopped(Micros(0))),
    ({"status": "aborted", "started_at": None}, Stopped(Micros(0))),
    ({"status": "aborted"}, Stopped(Micros(0))),
]  # fmt: skip


@pytest.mark.parametrize(("said", "standing"), STANDINGS)
async def test_a_state_is_read_for_what_it_says(
    emulator: ReplicateEmulator, said: dict[str, object], standing: object
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "p1"} | said))

    async with provider_at(emulator.url) as provider:
        assert await provider.ask(P1) == standing


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (FLAGGED, FaultKind.RULES, "moderation_blocked"),
        ("Something else (E005)", FaultKind.RULES, "moderation_blocked"),
        ("Your input was flagged as sensitive", FaultKind.RULES, "moderation_blocked"),
        ("Blocked by our moderation system", FaultKind.RULES, "moderation_blocked"),
        ("Model out of memory (E1001)", FaultKind.PROVIDER, "provider_failed"),
        ("Prediction (E0050) failed", FaultKind.PROVIDER, "provider_failed"),
        ("", FaultKind.PROVIDER, "provider_failed"),
        (None, FaultKind.PROVIDER, "provider_failed"),
        ({"why": "unknown"}, FaultKind.PROVIDER, "provider_failed"),
    ],
)
async def test_a_failed_prediction_says_whose_matter_it_is(
    emulator: ReplicateEmulator, error: object, kind: FaultKind, code: str
) -> None:
    emulator.faults.next("ask", answer(200, {"id": "p1", "status": "failed", "error": error}))

    async with provider_at(emulator.url) as provider:
        failed = await provider.ask(P1)

    assert isinstance(failed, Failed)
    assert (failed.fault.kind, failed.fault.code, failed.billed_micros) == (kind, code, None)


async def test_a_prediction_that_failed_before_it_began_costs_nothing(emulator: ReplicateEmulator) -> None:
    said = {"id": "p1", "status": "failed", "error": "Failed to start (E6716)", "started_at": None}
    emulator.faults.next("ask", answer(200, said))

    async with provider_at(emulator.url) as provider:
        failed = await provider.ask(P1)

    assert isinstance(failed, Failed)
    assert failed.billed_micros == 0


async def test_a_prediction_may_be_flagged_after_it_was_taken(emulator: ReplicateEmulator) -> None:
    emulator.blocked_words = {"mouse"}

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider, job("a certain mouse"))
        answers = [await provider.ask(ticket) for _ in range(2)]

    assert answers[0] == Rendering()
    assert isinstance(answers[1], Failed)
    assert answers[1].fault.code == "moderation_blocked"
    assert emulator.billed_micros == 0


@pytest.mark.parametrize(
    "fault",
    [
        answer(200, {"id": "p1", "status": "completed"}),
        answer(200, {"id": "p1", "status": "SUCCEEDED"}),
        answer(200, {"id": "p1", "status": ["succeeded"]}),
        answer(200, {"id": "p1", "status": "succeeded", "error": "but not really"}),
        answer(200, {"id": "p2", "status": "succeeded"}),
        answer(200, {"id": "p1"}),
        answer(200, {"detail": "no"}),
        answer(200, ["succeeded"]),
        answer(200, b"<html>succeeded</html>"),
        answer(204),
        answer(302, headers={"Location": "/v1/predictions/p2"}),
        answer(400, {"detail": "no"}),
        answer(404, b""),
        faults.PROXY_404,
    ],
)
async def test_what_no_document_describes_is_no_answer_and_never_success(
    emulator: ReplicateEmulator, fault: Fault, tmp_path: Path
) -> None:
    emulator.faults.next("ask", fault, fault)

    async with provider_at(emulator.url) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.ask(P1)
        with pytest.raises(UnreadableAnswer):
            await provider.fetch(P1, tmp_path / "clip.mp4", bytes_max=1 << 20)


@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        (answer(429, {"detail": "throttled"}, headers={"Retry-After": "5"}), 5.0),
        (answer(500, {"detail": "no"}), None),
        (answer(503, b"<html></html>", headers={"Retry-After": "30"}), 30.0),
        (answer(401, {"detail": "Unauthenticated"}), None),
        (faults.PROXY_502_BEFORE_WORK, None),
        (faults.RESET_BEFORE_READING, None),
        (faults.CUT_SHORT, None),
        (faults.HANG_BEFORE_WORK, None),
    ],
)
async def test_a_question_that_is_not_answered_may_be_asked_again(
    emulator: ReplicateEmulator, fault: Fault, wait_s: float | None
) -> None:
    async with provider_at(emulator.url, timeouts=SHORT_ASK) as provider:
        ticket = await made(provider)
        # Twice, since a GET whose kept-alive connection breaks is sent again, once, by aiohttp.
        emulator.faults.next("ask", fault, fault)
        with pytest.raises(ProviderUnavailable) as unanswered:
            await provider.ask(ticket)

    assert unanswered.value.retry_after_s == wait_s
    assert TOKEN not in str(unanswered.value)


async def test_a_forgotten_prediction_has_vanished_and_its_file_is_gone(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.forget(ticket.provider_job_id)

        assert isinstance(await provider.ask(ticket), Vanished)
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


async def test_a_strange_id_stays_one_segment_of_the_path(emulator: ReplicateEmulator) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        climbing = Ticket(provider_job_id=f"x/../{ticket.provider_job_id}?a=b#c")

        assert isinstance(await provider.ask(climbing), Vanished)


# The end


async def test_cancel_stops_a_prediction_and_the_next_question_says_so(emulator: ReplicateEmulator) -> None:
    emulator.asks_to_finish = None

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        await provider.cancel(ticket)

        assert provider.can_cancel
        assert await provider.ask(ticket) == Stopped(Micros(0))
    assert emulator.billed_micros == 0


async def test_cancel_comes_too_late_for_a_finished_clip_and_takes_nothing_away(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        await provider.cancel(ticket)
        for status in (400, 404, 409, 422):
            emulator.faults.next("cancel", answer(status, {"detail": "It has ended."}))
            await provider.cancel(ticket)
        emulator.faults.next("cancel", answer(503, {}, headers={"Retry-After": "3"}))
        with pytest.raises(ProviderUnavailable):
            await provider.cancel(ticket)

        assert isinstance(await provider.ask(ticket), Rendered)
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


@pytest.mark.parametrize(("begun", "billed_micros"), [("not begun", 0), ("begun", 400_000)])
async def test_past_its_deadline_a_prediction_is_stopped_by_replicate_itself(
    emulator: ReplicateEmulator, clock: Clock, begun: str, billed_micros: int
) -> None:
    emulator.asks_to_finish = None

    async with provider_at(emulator.url, cancel_after_s=60) as provider:
        ticket = await made(provider)
        if begun == "begun":
            emulator.begin(ticket.provider_job_id)
        clock.advance(timedelta(seconds=61))

        assert await provider.ask(ticket) == Stopped(Micros(0) if begun == "not begun" else None)

    status = emulator.predictions[ticket.provider_job_id].status
    assert status == ("canceled" if begun == "begun" else "aborted")
    assert emulator.billed_micros == billed_micros


async def test_delete_removes_the_picture_that_we_uploaded_and_may_be_repeated(
    emulator: ReplicateEmulator, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider, animated(tmp_path))
        plain = await made(provider)
        assert len(emulator.uploads.files) == 1
        await provider.delete(ticket)
        await provider.delete(ticket)
        await provider.delete(plain)
        emulator.faults.next("delete_file", answer(503, {}))
        with pytest.raises(ProviderUnavailable):
            await provider.delete(ticket)

    assert emulator.uploads.files == {}
    assert [seen.route for seen in emulator.api.seen].count("delete_file") == 3


# Webhooks


async def test_a_webhook_that_came_to_an_attempts_address_brings_its_ticket(
    emulator: ReplicateEmulator,
) -> None:
    body = b'{"id": "p1"}'

    async with provider_at(emulator.url) as provider:
        ticket = await provider.received("job1-1", {}, emulator.webhooks.signed(body), body)
        with pytest.raises(WebhookRefused):
            await provider.received("job1-1", {}, emulator.webhooks.signed(body), b'{"id": "p2"}')

    assert ticket == P1


async def test_a_webhook_tells_which_prediction_to_ask_about_and_nothing_more(
    emulator: ReplicateEmulator, clock: Clock
) -> None:
    body = json.dumps({"id": "p1", "status": "succeeded", "output": "http://10.0.0.1/x"}).encode()

    async with provider_at(emulator.url, now=clock) as provider:
        told = await provider.verify(emulator.webhooks.signed(body), body)
        with pytest.raises(WebhookRefused):
            await provider.verify(emulator.webhooks.signed(body), body.replace(b"p1", b"p2"))
        late = emulator.webhooks.signed(body)
        clock.advance(timedelta(seconds=301))
        with pytest.raises(WebhookRefused):
            await provider.verify(late, body)

    assert told == "p1"
    assert [seen.route for seen in emulator.api.seen] == ["secret"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 7}', b'{"id": ".."}', b"\xff", b"[" * 100_000])
async def test_a_signed_webhook_about_no_prediction_is_refused(
    emulator: ReplicateEmulator, body: bytes
) -> None:
    async with provider_at(emulator.url) as provider:
        with pytest.raises(WebhookRefused):
            await provider.verify(emulator.webhooks.signed(body), body)


@pytest.mark.parametrize(
    "fault", [answer(503, {}), answer(200, {"key": "no secret"}), faults.PROXY_502_AFTER_WORK]
)
async def test_a_webhook_may_come_again_where_its_secret_could_not_be_asked_for(
    emulator: ReplicateEmulator, fault: Fault
) -> None:
    emulator.faults.next("secret", fault)
    body = b'{"id": "p1"}'

    async with provider_at(emulator.url) as provider:
        with pytest.raises(ProviderUnavailable):
            await provider.verify(emulator.webhooks.signed(body), body)


async def test_a_secret_in_no_shape_that_is_known_is_none(emulator: ReplicateEmulator) -> None:
    emulator.faults.next("secret", answer(200, {"secret": "whsec_x"}))
    body = b'{"id": "p1"}'

    async with provider_at(emulator.url) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.verify(emulator.webhooks.signed(body), body)
