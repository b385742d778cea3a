"""Following jobs and fetching their files by the prodia protocol."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import FaultKind, Micros, Ticket
from bot.errors import AssetGone, ClipUnusable, ProviderUnavailable, UnreadableAnswer
from bot.media import check
from bot.providers.protocol import Failed, Rendered, Rendering, Vanished
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.faults import Fault, answer
from tests.emulators.prodia import ProdiaEmulator
from tests.openai_scene import SHORT_ASK, job, names_in
from tests.prodia_scene import TOKEN, provider_at
from tests.props import NOON, Clock
from tests.replicate_scene import made

ONE = Ticket(provider_job_id="00000000-0000-4000-8000-000000000000")


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[ProdiaEmulator]:
    async with ProdiaEmulator(now=clock, token=TOKEN) as running:
        yield running


async def test_a_job_is_rendered_billed_as_it_says_and_its_file_is_a_real_clip_on_our_disk(
    emulator: ProdiaEmulator, tmp_path: Path
) -> None:
    into = tmp_path / "clip.mp4"

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        rendering = await provider.ask(ticket)
        rendered = await provider.ask(ticket)
        fetched = await provider.fetch(ticket, into, bytes_max=1 << 20)

    assert rendering == Rendering()
    assert rendered == Rendered(billed_micros=Micros(400_000), expires_at=NOON + timedelta(hours=1))
    assert fetched.sha256 == hashlib.sha256(clip(1280, 720, 4)).hexdigest()
    assert names_in(tmp_path) == ["clip.mp4"]
    assert (await check(into)).duration_ms == 4_000
    assert [seen.path.rpartition("/async")[2] for seen in emulator.site.seen] == [
        "?price=true",
        f"/{ticket.provider_job_id}/job.state.current",
        f"/{ticket.provider_job_id}/job.state.current",
        f"/{ticket.provider_job_id}/job.json?price=true",
        f"/{ticket.provider_job_id}/output",
        f"/{ticket.provider_job_id}/output/video.mp4",
    ]
    assert all(seen.headers["Authorization"] == f"Bearer {TOKEN}" for seen in emulator.site.seen)


PRICES: list[tuple[bytes, int | None]] = [
    (b"0.4", 400_000),
    (b"0.0025", 2_500),
    (b"2", 2_000_000),
    (b"0", 0),
    (b"0.1000000000000000055511151231257827", 100_001),
    (b"0.0000001", 1),
    (b"1e-7", 1),
    (b"1e-999999999", 0),  # nearer to nothing than `Decimal` can tell
    (b"25E-4", 2_500),
    (b"1000000", 10**12),
    (b"1000000.01", None),
    (b"1e400", None),
    (b"-0.4", None),
    (b"true", None),
    (b"null", None),
    (b'"0.4"', None),
    (b"NaN", None),
    (b"Infinity", None),
    (b"[]", None),
]


@pytest.mark.parametrize(("dollars", "micros"), PRICES)
async def test_dollars_become_micros_to_the_last_and_no_float_is_on_the_way(
    emulator: ProdiaEmulator, dollars: bytes, micros: int | None
) -> None:
    body = b'{"id": "x", "price": {"product": "p", "dollars": %s}}' % dollars
    emulator.faults.next("state", answer(200, b"processed"))
    emulator.faults.next("job", answer(200, body))

    async with provider_at(emulator.url) as provider:
        rendered = await provider.ask(ONE)

    assert isinstance(rendered, Rendered)
    assert rendered.billed_micros == micros
    assert rendered.billed_micros is None or type(rendered.billed_micros) is int


@pytest.mark.parametrize("body", [{}, {"price": None}, {"price": 0.4}, {"price": {}}, {"expires_at": "soon"}])
async def test_a_job_that_does_not_say_its_price_is_rendered_all_the_same(
    emulator: ProdiaEmulator, body: object
) -> None:
    emulator.faults.next("state", answer(200, b"processed\n"))
    emulator.faults.next("job", answer(200, body))

    async with provider_at(emulator.url) as provider:
        assert await provider.ask(ONE) == Rendered()


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ({"error": "The prompt was rejected by moderation."}, FaultKind.RULES, "moderation_blocked"),
        ({"error": {"message": "Violates our content policy"}}, FaultKind.RULES, "moderation_blocked"),
        ({"error": "upstream timeout"}, FaultKind.PROVIDER, "provider_failed"),
        ({"error": None}, FaultKind.PROVIDER, "provider_failed"),
        ({}, FaultKind.PROVIDER, "provider_failed"),
        ([], FaultKind.PROVIDER, "provider_failed"),
    ],
)
async def test_a_failed_job_says_whose_matter_it_is(
    emulator: ProdiaEmulator, said: object, kind: FaultKind, code: str
) -> None:
    emulator.faults.next("state", answer(200, b"failed"))
    emulator.faults.next("job", answer(200, said))

    async with provider_at(emulator.url) as provider:
        failed = await provider.ask(ONE)

    assert isinstance(failed, Failed)
    assert (failed.fault.kind, failed.fault.code, failed.billed_micros) == (kind, code, None)


@pytest.mark.parametrize(
    ("price", "micros"), [({"dollars": 0}, 0), ({"dollars": 0.1}, 100_000), ({"dollars": "0.1"}, None)]
)
async def test_a_failed_job_costs_what_stands_in_it(
    emulator: ProdiaEmulator, price: object, micros: int | None
) -> None:
    emulator.faults.next("state", answer(200, b"failed"))
    emulator.faults.next("job", answer(200, {"error": "upstream timeout", "price": price}))

    async with provider_at(emulator.url) as provider:
        failed = await provider.ask(ONE)

    assert isinstance(failed, Failed)
    assert failed.billed_micros == micros


async def test_a_job_may_be_blocked_after_it_was_taken_and_costs_nothing(emulator: ProdiaEmulator) -> None:
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
        answer(200, b"completed"),
        answer(200, b"queued"),
        answer(200, b"PROCESSED"),
        answer(200, b"processed, nearly"),
        answer(200, b"<html>processed</html>"),
        answer(200, b'"processed"'),
        answer(200, {"state": "processed"}),
        answer(200, b""),
        answer(204),
        answer(302, headers={"Location": "/v2/job/async/x/job.state.current"}),
        answer(400, {"error": "no"}),
        answer(404, b""),
        faults.PROXY_404,
    ],
)
async def test_what_no_document_describes_is_no_answer_and_never_success(
    emulator: ProdiaEmulator, fault: Fault
) -> None:
    emulator.faults.next("state", fault)

    async with provider_at(emulator.url) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.ask(ONE)


@pytest.mark.parametrize("route", ["state", "job"])
@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        (answer(429, {"error": "slow down"}, headers={"Retry-After": "5"}), 5.0),
        (answer(500, {"error": "no"}), None),
        (answer(503, b"<html></html>", headers={"Retry-After": "30"}), 30.0),
        (answer(401, {"error": "token is invalid"}), None),
        (faults.PROXY_502_BEFORE_WORK, None),
        (faults.RESET_BEFORE_READING, None),
        (faults.CUT_SHORT, None),
    ],
)
async def test_a_question_that_is_not_answered_may_be_asked_again(
    emulator: ProdiaEmulator, route: str, fault: Fault, wait_s: float | None
) -> None:
    async with provider_at(emulator.url, timeouts=SHORT_ASK) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        # Twice, since a GET whose kept-alive connection breaks is sent again, once, by aiohttp.
        emulator.faults.next(route, fault, fault)
        with pytest.raises(ProviderUnavailable) as unanswered:
            await provider.ask(ticket)

    assert unanswered.value.retry_after_s == wait_s
    assert TOKEN not in str(unanswered.value)


async def test_an_answer_about_the_end_that_cannot_be_read_is_none(emulator: ProdiaEmulator) -> None:
    emulator.faults.next("state", answer(200, b"processed"))
    emulator.faults.next("job", answer(200, b"<html></html>"))

    async with provider_at(emulator.url) as provider:
        with pytest.raises(UnreadableAnswer):
            await provider.ask(ONE)


async def test_an_expired_job_has_vanished_and_its_file_is_gone(
    emulator: ProdiaEmulator, clock: Clock, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        clock.advance(timedelta(hours=1))

        assert isinstance(await provider.ask(ticket), Vanished)
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


@pytest.mark.parametrize(("state", "outcome"), [(b"processed", Rendered), (b"failed", Failed)])
async def test_a_job_that_expires_between_two_questions_still_ended_as_it_said(
    emulator: ProdiaEmulator, state: bytes, outcome: type[Rendered | Failed]
) -> None:
    emulator.faults.next("state", answer(200, state))

    async with provider_at(emulator.url) as provider:
        assert isinstance(await provider.ask(ONE), outcome)


async def test_a_strange_id_stays_one_segment_of_the_path(emulator: ProdiaEmulator) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        climbing = Ticket(provider_job_id=f"x/../{ticket.provider_job_id}?a=b#c")

        assert isinstance(await provider.ask(climbing), Vanished)


# The file

LISTS: list[tuple[object, type[Exception]]] = [
    ([], ClipUnusable),
    ([7, None], ClipUnusable),
    (["", "..", "a/b.mp4", "x" * 300], ClipUnusable),
    (["video.mp4"] * 101, UnreadableAnswer),
    ({"files": ["video.mp4"]}, UnreadableAnswer),
    (b"video.mp4", UnreadableAnswer),
    (b"<html></html>", UnreadableAnswer),
]


@pytest.mark.parametrize(("said", "outcome"), LISTS)
async def test_a_list_without_a_clip_is_not_fetched_from(
    emulator: ProdiaEmulator, tmp_path: Path, said: object, outcome: type[Exception]
) -> None:
    emulator.faults.next("outputs", answer(200, said))

    async with provider_at(emulator.url) as provider:
        with pytest.raises(outcome):
            await provider.fetch(ONE, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert [seen.route for seen in emulator.site.seen] == ["outputs"]


async def test_of_several_files_the_video_is_taken_by_its_own_name(
    emulator: ProdiaEmulator, tmp_path: Path
) -> None:
    emulator.faults.next("outputs", answer(200, ["job.json", "a clip?#%2e.MP4", "later.mp4"]))
    film = Fault(manner=faults.Manner.ANSWER, headers={"Content-Type": "video/mp4"}, body=b"film")
    emulator.faults.next("output", film)

    async with provider_at(emulator.url) as provider:
        await provider.fetch(ONE, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert emulator.site.seen[-1].path.rpartition("/")[2] == "a%20clip%3F%23%252e.MP4"
    assert (tmp_path / "clip.mp4").read_bytes() == b"film"


FILES: list[tuple[Fault, type[Exception]]] = [
    (answer(404, {"error": "output not found"}), AssetGone),
    (answer(410), AssetGone),
    (answer(401, {"error": "token is invalid"}), ProviderUnavailable),
    (answer(503), ProviderUnavailable),
    (answer(400), UnreadableAnswer),
    (answer(200, b"<html></html>"), ClipUnusable),
    (answer(200, {"error": "no"}), ClipUnusable),
    (answer(302, headers={"Location": "http://10.0.0.1/video.mp4"}), UnreadableAnswer),
    (answer(302, headers={"Location": "//storage.example/video.mp4"}), UnreadableAnswer),
    (faults.CUT_SHORT, ProviderUnavailable),
]


@pytest.mark.parametrize(("fault", "outcome"), FILES)
async def test_a_file_that_does_not_come_whole_or_from_prodia_leaves_nothing_behind(
    emulator: ProdiaEmulator, tmp_path: Path, fault: Fault, outcome: type[Exception]
) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        emulator.finish(ticket.provider_job_id)
        emulator.faults.next("output", fault)
        with pytest.raises(outcome):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert names_in(tmp_path) == []


async def test_nothing_is_stopped_or_deleted_since_no_call_does_it(emulator: ProdiaEmulator) -> None:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        await provider.cancel(ticket)
        await provider.delete(ticket)

        assert not provider.can_cancel
    assert [seen.route for seen in emulator.site.seen] == ["create"]
