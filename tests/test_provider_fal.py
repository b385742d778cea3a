"""Submitting by the fal protocol, over real sockets: what every outcome proves."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain import FaultKind, Ticket
from bot.errors import SettingsError
from bot.providers.fal import FalQueue
from bot.providers.fal_addresses import Hosts
from bot.providers.http import Timeouts
from bot.providers.protocol import NotTaken, Refused, Submission, Taken, Unknown
from tests.emulators.fal import LOCKED, FalEmulator
from tests.emulators.fal_models import detail
from tests.emulators.faults import Fault, answer
from tests.fal_scene import KEY, SHORT, SORA_PRO, attempt, job, made, provider_at
from tests.openai_scene import code_of, server_that_says
from tests.outcome_rows import HANGING, ROWS, Row
from tests.props import NOON, Clock

ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[FalEmulator]:
    async with FalEmulator(now=clock, api_key=KEY) as running:
        yield running


# What every outcome of a submission proves. The books say what was true: how many jobs there are in the end.

OURS = {"x-fal-request-id": ID}
RETRYABLE = {"X-Fal-Retryable": "true"}


def typed(kind: str, field: str = "prompt") -> object:
    return {"detail": [detail(field, kind, "It is said so.")]}


def flat(words: str, kind: str = "") -> object:
    return {"detail": words, "error_type": kind}


def with_request_id(row: Row) -> Row:
    """A shared row, whose jobs come with an `id`, as fal would say it."""
    name, fault, outcome, code, jobs = row
    if fault is not None:
        fault = replace(fault, body=fault.body.replace(b'"id"', b'"request_id"'))
    return name, fault, outcome, code, jobs


OWN_ROWS: list[Row] = [
    ("addresses of no kind", answer(200, {"request_id": ID, "status_url": 7}), Taken, "", 0),
    ("an id under another name", answer(200, {"status": "IN_QUEUE", "id": ID}), Unknown, "", 0),
    ("500 of fal", answer(500, flat("…", "internal_error"), headers=OURS), Unknown, "", 0),
    ("503 of fal", answer(503, flat("…"), headers=OURS), Unknown, "", 0),
    ("503 of nobody known", answer(503, flat("…"), headers=RETRYABLE), Unknown, "", 0),
    ("503 not to repeat", answer(503, headers=OURS | {"X-Fal-Retryable": "false"}), Unknown, "", 0),
    ("502 to repeat", answer(502, flat("…"), headers=OURS | RETRYABLE), Unknown, "", 0),
    ("503 to repeat", answer(503, flat("…"), headers=OURS | RETRYABLE), NotTaken, "provider_busy", 0),
    ("504 of a start deadline", answer(504, flat("…", "request_timeout"), headers=OURS), Unknown, "", 0),
    ("moderation in a 500", answer(500, typed("content_policy_violation")), Unknown, "", 0),
    ("400", answer(400, flat("Invalid JSON", "bad_request")), Refused, "provider_refused", 0),
    ("422", answer(422, typed("extra_forbidden", "takes")), Refused, "provider_refused", 0),
    ("422, words alone", answer(422, flat("no")), Refused, "provider_refused", 0),
    ("422 of lists", answer(422, {"detail": [[], {"type": [], "loc": 7}]}), Refused, "provider_refused", 0),
    ("422 for the prompt", answer(422, typed("string_too_long")), Refused, "prompt_refused", 0),
    ("422 for the picture", answer(422, typed("image_too_small", "x")), Refused, "picture_refused", 0),
    ("422 for its field", answer(422, typed("url", "start_image_url")), Refused, "picture_refused", 0),
    ("422 for the clip", answer(422, typed("value_error", "video_id")), Refused, "picture_refused", 0),
    ("422 by moderation", answer(422, typed("content_policy_violation")), Refused, "moderation_blocked", 0),
    ("422 by a header", answer(422, headers={"X-Fal-Error-Type": "content_policy_violation"}),
     Refused, "moderation_blocked", 0),
    ("400 by moderation", answer(400, flat("no", "content_policy_violation")),
     Refused, "moderation_blocked", 0),
    ("404 app", answer(404, flat("Application 'sora-2' not found")), Refused, "model_gone", 0),
    ("401", answer(401, flat("Authentication is required")), NotTaken, "provider_key_refused", 0),
    ("403", answer(403, flat("Forbidden")), NotTaken, "provider_key_refused", 0),
    ("403 for another reason", answer(403, flat("User is locked. Reason: Abuse.")),
     NotTaken, "provider_key_refused", 0),
    ("403 locked", answer(403, flat(LOCKED)), NotTaken, "provider_out_of_credit", 0),
    ("403 locked, with moderation", answer(403, flat(LOCKED, "content_policy_violation")),
     NotTaken, "provider_out_of_credit", 0),
    ("429", answer(429, flat("slow down", "concurrent_requests_limit")), NotTaken, "provider_busy", 0),
]  # fmt: skip
OUTCOMES = [*map(with_request_id, ROWS), *OWN_ROWS]


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "jobs"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES]
)
async def test_a_submission_proves_exactly_what_its_answer_proves_and_is_sent_once(
    emulator: FalEmulator, fault: Fault | None, outcome: type[Submission], code: str, jobs: int
) -> None:
    if fault is not None:
        emulator.faults.next("submit", fault)
    hangs = fault in HANGING
    order = job()

    async with provider_at(emulator.hosts, timeouts=SHORT if hangs else None) as provider:
        submission = await provider.submit(order, attempt(order))

    assert type(submission) is outcome, submission
    assert code_of(submission) == code
    assert len(emulator.books.jobs) == jobs
    assert emulator.routes_asked == ["submit"]
    assert KEY not in repr(submission)


async def test_what_never_left_this_machine_is_certainly_not_taken() -> None:
    order = job()
    outcomes = []
    with socket.create_server(("127.0.0.1", 0)) as unused, socket.create_server(("127.0.0.1", 0)) as mute:
        refusing = f"http://127.0.0.1:{unused.getsockname()[1]}"
        tls_without_end = f"https://127.0.0.1:{mute.getsockname()[1]}"
        unused.close()

        for url in (refusing, "https://nowhere.invalid", tls_without_end):
            short = Timeouts(connect_s=0.2)
            async with provider_at(replace(Hosts(), queue=url), timeouts=short) as provider:
                outcomes.append(await provider.submit(order, attempt(order)))

    assert [code_of(outcome) for outcome in outcomes] == ["provider_unreachable"] * 3
    assert all(isinstance(outcome, NotTaken) for outcome in outcomes)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nx-fal-request-id: 764c\r\nContent-Length: 20\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n{"request_id": "764c"}',
        b"HTTP/1.1 503 No\r\nX-Fal-Retryable: true\r\nContent-Length: 99\r\n\r\n{",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
)
async def test_an_answer_that_breaks_off_or_is_no_http_leaves_the_outcome_unknown(said: bytes) -> None:
    order = job()

    async with server_that_says(said) as (url, heard), provider_at(replace(Hosts(), queue=url)) as provider:
        outcome = await provider.submit(order, attempt(order))

    assert type(outcome) is Unknown
    assert len(heard) == 1


async def test_an_unknown_outcome_names_fals_own_trace_for_the_operator(emulator: FalEmulator) -> None:
    emulator.faults.next("submit", answer(500, flat("…", "internal_error"), headers=OURS))
    order = job()

    async with provider_at(emulator.hosts) as provider:
        outcome = await provider.submit(order, attempt(order))

    assert isinstance(outcome, Unknown)
    assert ID in outcome.detail


async def test_an_empty_purse_at_fal_takes_nothing_and_is_no_matter_of_the_prompt(
    emulator: FalEmulator,
) -> None:
    emulator.credit_micros = 400_000
    emulator.asks_to_finish = 1
    second = job("a copyrighted mouse", number=2)
    emulator.books.blocked_words = {"copyrighted"}

    async with provider_at(emulator.hosts) as provider:
        await provider.ask(await made(provider))
        refused = await provider.submit(second, attempt(second))

    assert isinstance(refused, NotTaken)
    assert (refused.fault.kind, refused.fault.code) == (FaultKind.PROVIDER, "provider_out_of_credit")
    assert len(emulator.books.jobs) == 1


async def test_a_retired_app_is_gone_and_asks_nothing_of_the_member(emulator: FalEmulator) -> None:
    emulator.gone_apps = {"fal-ai/sora-2"}
    order = job()

    async with provider_at(emulator.hosts) as provider:
        gone = await provider.submit(order, attempt(order))

    assert isinstance(gone, Refused)
    assert (gone.fault.kind, gone.fault.code) == (FaultKind.PROVIDER, "model_gone")


async def test_a_rate_limit_says_how_long_to_wait(emulator: FalEmulator) -> None:
    order = job()
    waits = [{"Retry-After": "7"}, {"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT"}, {}]

    async with provider_at(emulator.hosts) as provider:
        emulator.faults.next("submit", *(answer(429, flat("…"), headers=each) for each in waits))
        emulator.faults.next("submit", answer(503, headers=OURS | RETRYABLE | {"Retry-After": "5"}))
        submissions = [await provider.submit(order, attempt(order)) for _ in range(4)]

    assert [s.retry_after_s for s in submissions if isinstance(s, NotTaken)] == [7.0, 30.0, None, 5.0]


async def test_the_ticket_keeps_the_addresses_that_came_back_but_for_those_on_another_origin(
    emulator: FalEmulator,
) -> None:
    base = f"{emulator.queue.url}/fal-ai/sora-2/requests/{ID}"
    told = {
        "request_id": ID,
        "status_url": f"{base}/status",
        "response_url": f"{base}/response",
        "cancel_url": "https://elsewhere.example/cancel",
    }
    with_somebody = {"response_url": base.replace("http://", "http://somebody@")}
    emulator.faults.next("submit", answer(200, told), answer(200, {"request_id": ID, **with_somebody}))

    async with provider_at(emulator.hosts) as provider:
        one = await made(provider, job(wire=SORA_PRO))
        other = await made(provider, job(wire=SORA_PRO))

    assert one == Ticket(
        provider_job_id=ID,
        urls={
            "endpoint": "fal-ai/sora-2/text-to-video/pro",
            "status": f"{base}/status",
            "response": f"{base}/response",
            "cancel": f"{base}/cancel",
        },
    )
    assert other.urls["response"] == base


@pytest.mark.parametrize(
    "hosts",
    [
        Hosts(queue=""),
        Hosts(queue="queue.fal.run"),
        Hosts(queue="http://queue.fal.run"),
        Hosts(rest="ftp://rest.fal.ai"),
        Hosts(platform=f"https://me:{KEY}@api.fal.ai"),
        Hosts(cdn=f"https://v3.fal.media/?key={KEY}"),
    ],
)
async def test_an_address_that_is_none_or_not_safe_for_a_key_is_turned_down_without_being_printed(
    hosts: Hosts,
) -> None:
    with pytest.raises(SettingsError) as wrong:
        FalQueue("fal", api_key=KEY, wires={}, now=lambda: NOON, hosts=hosts)

    assert KEY not in str(wrong.value)


async def test_a_start_deadline_that_fal_does_not_take_is_turned_down() -> None:
    with pytest.raises(SettingsError):
        FalQueue("fal", api_key=KEY, wires={}, now=lambda: NOON, start_within_s=1)
