"""A job's way as a trace: spans of the press, each step, each call of its provider, the post. Off by default.

The OpenTelemetry packages are an extra and imported only where an address is set. A trace's number is made of
the job's id, so that what one process began and another ended is one trace, whatever died in between. No text
of anybody is in a span: ids, codes, the offer.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from bot.domain import JobId
from bot.errors import SettingsError

Traced = Callable[[JobId, str], AbstractContextManager[Any]]
"""Of a job and a word for what is done: is open while that is done."""


_NOTHING = nullcontext()


def untraced(job_id: JobId, name: str) -> AbstractContextManager[None]:
    """No trace at all."""
    del job_id, name
    return _NOTHING


def trace_id(job_id: JobId) -> int:
    """The number of a job's trace, of 128 bits and never 0 (W3C Trace Context, 3.2.2.3)."""
    return int.from_bytes(hashlib.sha256(f"dailies trace {job_id}".encode()).digest()[:16]) or 1


def check_installed() -> None:
    """Fail early.

    Raises:
        SettingsError: the extra is not installed.
    """
    try:
        import opentelemetry.exporter.otlp.proto.http  # noqa: F401, PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: F401, PLC0415
    except ImportError as missing:
        raise SettingsError(
            "DAILIES_OTLP_URL: traces need more packages: pip install 'dailies[otel]'"
        ) from missing


class Traces:
    """Sends spans to the operator's collector, on a thread of its own.

    Args:
        endpoint: the collector's address for traces over HTTP, such as `http://127.0.0.1:4318/v1/traces`.

    Raises:
        SettingsError: the extra is not installed.
    """

    def __init__(self, endpoint: str) -> None:
        check_installed()
        from opentelemetry import trace  # noqa: PLC0415 - an extra
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        self._trace = trace
        self._provider = TracerProvider(resource=Resource.create({"service.name": "dailies"}))
        exporter = OTLPSpanExporter(endpoint=endpoint)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("dailies")

    def span(self, job_id: JobId, name: str) -> AbstractContextManager[Any]:
        """One thing that is done for a job; inside another span of the job it is that one's child."""
        current = self._trace.get_current_span().get_span_context()
        number = trace_id(job_id)
        if current.is_valid and current.trace_id == number:
            return self._tracer.start_as_current_span(name, record_exception=False)
        # No span was ever sent for this one: it stands for the job, which outlives every process.
        root = self._trace.SpanContext(
            trace_id=number,
            span_id=number & 0xFFFF_FFFF_FFFF_FFFF or 1,
            is_remote=True,
            trace_flags=self._trace.TraceFlags(self._trace.TraceFlags.SAMPLED),
        )
        context = self._trace.set_span_in_context(self._trace.NonRecordingSpan(root))
        return self._tracer.start_as_current_span(
            name, context=context, attributes={"dailies.job": job_id}, record_exception=False
        )

    def close(self) -> None:
        """Send what is left; blocks for a moment."""
        self._provider.shutdown()
