"""Submitting by the openai protocol, over real sockets: what every outcome proves."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain import FaultKind, Kind, OfferId
from bot.errors import SettingsError
from bot.providers.http import Timeouts, retry_after_s
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import (
    NotTaken,
    Refused,
    Rendering,
    Submission,
    Taken,
    Unknown,
)
from tests.emulators import faults
from tests.emulators.faults import Fault, answer
from tests.emulators.openai import OpenAIEmulator
from tests.openai_scene import (
    KEY,
    KEYED,
    PLAIN,
    SHORT,
    attempt,
    code_of,
    error,
    job,
    made,
    provider_at,
    server_that_says,
)
from tests.props import NOON, Clock


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock, api_key=KEY) as running:
        yield running


# What every outcome of a submission proves. The books say what was true: how many jobs there are in the end.

NO_QUOTA = error(None, kind="insufficient_quota")

OUTCOMES: list[tuple[str, Fault | None, type[Submission], str, int]] = [
    ("a job", None, Taken, "", 1),
    ("201", answer(201, {"id": "video_1"}), Taken, "", 0),
    ("reset before reading", faults.RESET_BEFORE_READING, Unknown, "", 0),
    ("reset after the work", faults.LOST_ANSWER, Unknown, "", 1),
    ("silence", faults.HANG_BEFORE_WORK, Unknown, "", 0),
    ("silence after the work", faults.HANG_AFTER_WORK, Unknown, "", 1),
    ("closed after half of the body", faults.CUT_SHORT, Unknown, "", 1),
    ("a byte, and then no more", faults.DRIP, Unknown, "", 1),
    ("502 of a proxy", faults.PROXY_502_BEFORE_WORK, Unknown, "", 0),
    ("502 of a proxy after the work", faults.PROXY_502_AFTER_WORK, Unknown, "", 1),
    ("504 of a proxy after the work", faults.PROXY_504_AFTER_WORK, Unknown, "", 1),
    ("500 of the API", answer(500, error("server_error")), Unknown, "", 0),
    ("501", answer(501, error(None)), Unknown, "", 0),
    ("503 with Retry-After", answer(503, error(None), headers={"Retry-After": "1"}), Unknown, "", 0),
    ("moderation in a 500", answer(500, error("moderation_blocked")), Unknown, "", 0),
    ("an HTML page", answer(200, b"<html>Sign in</html>"), Unknown, "", 0),
    ("no JSON", answer(200, b'{"id": "video_1"', works=True), Unknown, "", 1),
    ("no object", answer(200, ["video_1"]), Unknown, "", 0),
    ("no id", answer(200, {"object": "video", "status": "queued"}), Unknown, "", 0),
    ("an id that is a number", answer(200, {"id": 7}), Unknown, "", 0),
    ("an empty id", answer(200, {"id": ""}), Unknown, "", 0),
    ("an id that climbs", answer(200, {"id": ".."}), Unknown, "", 0),
    ("an id of two lines", answer(200, {"id": "video\n1"}), Unknown, "", 0),
    ("an endless id", answer(200, {"id": "v" * 600}), Unknown, "", 0),
    ("a body without end", answer(200, b'{"id": "video_1", "x": "' + b"x" * (1 << 21)), Unknown, "", 0),
    ("deeply nested", answer(200, b"[" * 200_000), Unknown, "", 0),
    ("204", answer(204), Unknown, "", 0),
    ("300", answer(300), Unknown, "", 0),
    ("301", answer(301, headers={"Location": "/v1/elsewhere"}), Unknown, "", 0),
    ("302", answer(302, headers={"Location": "/v1/elsewhere"}), Unknown, "", 0),
    ("303", answer(303, headers={"Location": "/v1/elsewhere"}), Unknown, "", 0),
    ("307", answer(307, headers={"Location": "/v1/elsewhere"}), NotTaken, "provider_redirects", 0),
    ("308", answer(308, headers={"Location": "/v1/elsewhere"}), NotTaken, "provider_redirects", 0),
    ("400", answer(400, error("invalid_value", param="seconds")), Refused, "provider_refused", 0),
    ("400 for the prompt", answer(400, error("too_long", param="prompt")), Refused, "prompt_refused", 0),
    ("400 for the picture", answer(400, error(None, param="input_reference")), Refused, "picture_refused", 0),
    ("400 by moderation", answer(400, error("moderation_blocked")), Refused, "moderation_blocked", 0),
    ("400 in capitals", answer(400, error("CONTENT_POLICY_VIOLATION")), Refused, "moderation_blocked", 0),
    ("403 by moderation", answer(403, error("content_filter")), Refused, "moderation_blocked", 0),
    ("400 of a proxy", answer(400, b"<html></html>"), Refused, "provider_refused", 0),
    ("400, a text for an error", answer(400, {"error": "no"}), Refused, "provider_refused", 0),
    ("400 of lists", answer(400, {"error": {"code": [], "type": 1}}), Refused, "provider_refused", 0),
    ("413", answer(413, b"<html>Too Large</html>"), Refused, "provider_refused", 0),
    ("422", answer(422, {"detail": [{"loc": ["body", "size"]}]}), Refused, "provider_refused", 0),
    ("404 model", answer(404, error("model_not_found", param="model")), Refused, "model_gone", 0),
    ("404 of a proxy", faults.PROXY_404, Refused, "model_gone", 0),
    ("403 model", answer(403, error("model_not_found")), Refused, "model_gone", 0),
    ("410", answer(410, {"error": "model_unavailable"}), Refused, "model_gone", 0),
    ("401", answer(401, error("invalid_api_key")), NotTaken, "provider_key_refused", 0),
    ("403", answer(403, b"<html>Forbidden</html>"), NotTaken, "provider_key_refused", 0),
    ("402", answer(402, error("INSUFFICIENT_BALANCE")), NotTaken, "provider_out_of_credit", 0),
    ("429 quota", answer(429, error("insufficient_quota")), NotTaken, "provider_out_of_credit", 0),
    ("429 quota by type", answer(429, NO_QUOTA), NotTaken, "provider_out_of_credit", 0),
    ("400 bill", answer(400, error("billing_hard_limit_reached")), NotTaken, "provider_out_of_credit", 0),
    ("429", answer(429, error("rate_limit_exceeded")), NotTaken, "provider_busy", 0),
    ("429 of a proxy", answer(429, b"<html>Too Many Requests</html>"), NotTaken, "provider_busy", 0),
    ("408", answer(408, error(None)), Unknown, "", 0),
    ("408 after the work", answer(408, error("Timeout"), works=True), Unknown, "", 1),
    ("409", answer(409, error(None)), Unknown, "", 0),
    ("425", answer(425), Unknown, "", 0),
    ("499 after the work", answer(499, error("client_disconnected"), works=True), Unknown, "", 1),
    ("418", answer(418), Unknown, "", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "jobs"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES]
)
async def test_a_submission_proves_exactly_what_its_answer_proves_and_is_sent_once(
    emulator: OpenAIEmulator, fault: Fault | None, outcome: type[Submission], code: str, jobs: int
) -> None:
    if fault is not None:
        emulator.faults.next("create", fault)
    hangs = fault in (faults.HANG_BEFORE_WORK, faults.HANG_AFTER_WORK, faults.DRIP)
    order = job()

    async with provider_at(emulator.url, timeouts=SHORT if hangs else None) as provider:
        submission = await provider.submit(order, attempt(order))

    assert type(submission) is outcome, submission
    assert code_of(submission) == code
    assert len(emulator.jobs) == jobs
    assert [seen.route for seen in emulator.seen] == ["create"]
    assert KEY not in repr(submission)


async def test_moderation_is_a_matter_of_rules_and_the_providers_faults_are_not_the_members(
    emulator: OpenAIEmulator,
) -> None:
    emulator.blocked_words = {"copyrighted"}
    emulator.gone_models = {"model-1"}
    bad = job("a copyrighted mouse")

    async with provider_at(emulator.url) as provider:
        gone = await provider.submit(bad, attempt(bad))
        emulator.gone_models = set()
        blocked = await provider.submit(bad, attempt(bad))

    assert isinstance(gone, Refused)
    assert (gone.fault.kind, gone.fault.code) == (FaultKind.PROVIDER, "model_gone")
    assert isinstance(blocked, Refused)
    assert (blocked.fault.kind, blocked.fault.code) == (FaultKind.RULES, "moderation_blocked")
    assert emulator.billed_micros == 0


async def test_an_empty_purse_at_the_provider_takes_nothing(emulator: OpenAIEmulator) -> None:
    emulator.credit_micros = 500_000
    first, second = job(number=1), job(number=2)

    async with provider_at(emulator.url) as provider:
        taken = await provider.submit(first, attempt(first))
        refused = await provider.submit(second, attempt(second))

    assert isinstance(taken, Taken)
    assert code_of(refused) == "provider_out_of_credit"
    assert emulator.billed_micros == 400_000


async def test_a_rate_limit_says_how_long_to_wait(emulator: OpenAIEmulator) -> None:
    order = job()
    date = "Sat, 21 Nov 2026 12:00:30 GMT"
    waits = [{"Retry-After": "7"}, {"Retry-After": date}, {"retry-after-ms": "1500", "Retry-After": "7"}, {}]

    async with provider_at(emulator.url) as provider:
        emulator.faults.next("create", *(answer(429, error("rate_limit_exceeded"), headers=w) for w in waits))
        submissions = [await provider.submit(order, attempt(order)) for _ in waits]

    assert [s.retry_after_s for s in submissions if isinstance(s, NotTaken)] == [7.0, 30.0, 1.5, None]


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [("-5", 0.1), ("1e9", 3_600), ("nan", None), ("inf", None), ("soon", None), ("", None),
     ("Fri, 20 Nov 2026 12:00:00 GMT", 0.1), ("Sat, 21 Nov 2026 12:00:30 -0000", None),
     (f"Sat, 21 Nov {'9' * 20} 12:00:30 GMT", None)],
)  # fmt: skip
def test_a_wait_is_bounded_whatever_the_header_says(said: str, wait_s: float | None) -> None:
    assert retry_after_s({"retry-after": said}, now=NOON) == wait_s


async def test_what_never_left_this_machine_is_certainly_not_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        refusing = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    order = job()
    outcomes = []

    async with server_that_says(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (plain, heard):
        for url in (refusing, "http://nowhere.invalid/v1", plain.replace("http:", "https:")):
            async with provider_at(url) as provider:
                outcomes.append(await provider.submit(order, attempt(order)))

    assert [code_of(outcome) for outcome in outcomes] == ["provider_unreachable"] * 3
    assert all(isinstance(outcome, NotTaken) for outcome in outcomes)
    assert len(heard) == 1
    assert b"POST" not in heard[0]


async def test_a_tls_handshake_that_never_ends_is_certainly_not_taken() -> None:
    order = job()
    with socket.create_server(("127.0.0.1", 0)) as mute:  # the kernel accepts; nobody ever says a word
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/v1"

        async with provider_at(url, timeouts=Timeouts(connect_s=0.2)) as provider:
            outcome = await provider.submit(order, attempt(order))

    assert code_of(outcome) == "provider_unreachable"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n{"id": "video_1"}',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"id": "video_1"}\r\n',
        b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nnotgz",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_an_answer_that_breaks_off_or_is_no_http_leaves_the_outcome_unknown(said: bytes) -> None:
    order = job()

    async with server_that_says(said) as (url, heard), provider_at(url) as provider:
        outcome = await provider.submit(order, attempt(order))

    assert type(outcome) is Unknown
    assert len(heard) == 1


async def test_a_refusal_whose_body_is_lost_is_still_a_refusal() -> None:
    order = job()
    outcomes = []

    for said in (
        b"HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 429 Busy\r\nContent-Length: 9\r\n\r\n",
    ):
        async with server_that_says(said) as (url, _heard), provider_at(url) as provider:
            outcomes.append(await provider.submit(order, attempt(order)))

    assert [code_of(outcome) for outcome in outcomes] == ["provider_refused", "provider_busy"]


async def test_every_submission_opens_a_connection_of_its_own_and_says_that_it_closes_it() -> None:
    body = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"id": "video_1"}'
    order = job()

    async with server_that_says(body, linger=True) as (url, heard), provider_at(url) as provider:
        outcomes = [await provider.submit(order, attempt(order)) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Taken] * 3
    assert len(heard) == 3
    assert all(b"connection: close" in request.lower() for request in heard)


async def test_proxies_in_the_environment_are_not_used(
    emulator: OpenAIEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        standing = await provider.ask(ticket)

    assert isinstance(standing, Rendering)


async def test_the_order_goes_out_in_the_providers_words(emulator: OpenAIEmulator) -> None:
    wire = replace(KEYED, echo_field="metadata", seed_field="seed")
    seeded, plain = job(seed=0), job("rain", number=2)

    async with provider_at(emulator.url, wire=wire) as provider:
        await provider.submit(seeded, attempt(seeded))
    emulator.seconds_type = int
    async with provider_at(emulator.url, wire=replace(PLAIN, seconds_as="integer")) as provider:
        await provider.submit(plain, attempt(plain))

    assert [seen.body for seen in emulator.seen] == [
        {"model": "model-1", "prompt": "a paper boat", "size": "128x72", "seconds": "4", "seed": 0,
         "idempotency_key": "job1-1", "metadata": {"dailies_job": "job1-1"}},
        {"model": "model-1", "prompt": "rain", "size": "128x72", "seconds": 4},
    ]  # fmt: skip
    assert emulator.seen[0].headers["Authorization"] == f"Bearer {KEY}"
    assert len(emulator.jobs) == 2


async def test_an_order_that_the_offer_no_longer_takes_is_refused_before_any_call(
    emulator: OpenAIEmulator,
) -> None:
    seeded, tall = job(seed=1), job()
    tall = replace(tall, order=replace(tall.order, resolution="1080p"))
    remix = replace(job(), order=replace(job().order, kind=Kind.REMIX))
    elsewhere = replace(attempt(tall), offer_id=OfferId("emulator/gone"))

    async with provider_at(emulator.url) as provider:
        outcomes = [await provider.submit(each, attempt(each)) for each in (seeded, tall, remix)]
        outcomes.append(await provider.submit(job(), elsewhere))

    assert [code_of(outcome) for outcome in outcomes] == ["offer_changed"] * 4
    assert emulator.seen == []


def test_a_base_url_that_is_none_is_turned_down_without_being_printed() -> None:
    for url in (
        "",
        "api.example.com/v1",
        "ftp://example.com",
        f"https://me:{KEY}@example.com/v1",
        "http://a/?k=1",
    ):
        with pytest.raises(SettingsError) as wrong:
            OpenAIVideos("emulator", base_url=url, api_key=None, wires={}, now=lambda: NOON)
        assert KEY not in str(wrong.value)
