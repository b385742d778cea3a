"""Traces of jobs and reports of faults: what leaves the house, and that no secret does."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import sentry_sdk
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from bot.domain import Attempt, JobId, Ticket
from bot.errors import SettingsError
from bot.operating import fault_reports
from bot.operating.logs import about_job
from bot.operating.metered import Metered
from bot.operating.meters import Meters
from bot.operating.traces import Traces, trace_id
from tests.props import NOON, job_of
from tests.told_provider import ToldProvider

PROMPT = "a heron named Quillfeather"
SECRET = "sk-canary-of-the-key-0123456789"
DSN = "https://0123456789abcdef0123456789abcdef@sentry.example.org/1"


class Collector:
    """Takes what an exporter sends."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[bytes] = []

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    def spans(self) -> list[tuple[str, str, str, str]]:
        """Of each span: trace, own number, parent's number, name."""
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found += [
                        (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name)
                        for span in scope.spans
                    ]
        return found


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.add_routes([web.post("/v1/traces", collector.take)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
        yield collector
    finally:
        await runner.cleanup()


async def test_two_processes_make_one_trace_of_a_job_and_its_calls_are_inside_its_steps() -> None:
    job, ticket = job_of(1), Ticket(provider_job_id="x")
    attempt = Attempt(job_id=job.id, number=1, offer_id=job.quote.offer_id, sent_at=NOON)
    async with collecting() as collector:
        for _ in range(2):
            traces = Traces(collector.url)
            metered = Metered(ToldProvider("studio"), Meters(), traced=traces.span)
            told = about_job.set(job.id)
            with traces.span(job.id, "step"):
                await metered.submit(job, attempt)
                await metered.ask(ticket)
            about_job.reset(told)
            await asyncio.to_thread(traces.close)
        spans = collector.spans()

    assert {trace for trace, *_ in spans} == {f"{trace_id(job.id):032x}"}
    assert sorted(name for *_, name in spans) == ["ask", "ask", "step", "step", "submit", "submit"]
    steps = {own for _, own, _, name in spans if name == "step"}
    assert {parent for _, _, parent, name in spans if name != "step"} == steps
    assert not any(PROMPT.encode() in body or b"a paper boat" in body for body in collector.bodies)


def test_jobs_have_traces_of_their_own() -> None:
    numbers = {trace_id(JobId(f"job{number:013d}")) for number in range(1_000)}

    assert len(numbers) == 1_000
    assert all(0 < number < 2**128 for number in numbers)


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope.serialize().decode())


@contextmanager
def reporting() -> Iterator[list[str]]:
    """Faults are reported within, to a list."""
    kept = Kept()
    try:
        fault_reports.begin(DSN, secrets=[SECRET], release="0", transport=kept)
        yield kept.sent
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


def test_a_fault_is_reported_with_its_code_and_job_and_no_secret_prompt_or_variable() -> None:
    log = logging.getLogger("bot.worker")

    def fails(prompt: str) -> None:
        raise ValueError(f"401 for {SECRET} at https://cdn.example/x?hm=0123abcd")

    with reporting() as sent:
        log.warning("nothing that is worth a report")
        try:
            fails(PROMPT)
        except ValueError:
            log.exception("step failed", extra={"code": "step_failed", "job": "01ABC", "guild": 77})

    (report,) = sent
    assert "step_failed" in report
    assert "01ABC" in report
    assert "ValueError" in report
    assert not any(word in report for word in (SECRET, "Quillfeather", "0123abcd", '"guild"', "argv"))


def test_an_address_that_is_none_is_a_setting_that_is_wrong() -> None:
    with pytest.raises(SettingsError, match="DAILIES_SENTRY_DSN"):
        fault_reports.begin("not an address", secrets=[], release="0")


def begin_reports() -> None:
    fault_reports.begin(DSN, secrets=[], release="0")


def begin_traces() -> None:
    Traces("http://127.0.0.1:9/v1/traces")


@pytest.mark.parametrize(
    ("package", "begin"), [("opentelemetry.sdk.trace", begin_traces), ("sentry_sdk", begin_reports)]
)
def test_without_the_extra_the_setting_says_what_to_install(
    package: str, begin: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # how Python marks what cannot be imported

    with pytest.raises(SettingsError, match=r"pip install 'dailies\[(otel|sentry)\]'"):
        begin()
