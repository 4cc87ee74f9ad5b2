"""Traces: an event followed from its agency to a screen (W3C Trace Context), by a header on every record that follows from it.

A share of all events is followed (SUAR_TRACE_SHARE), under the sender's trace where it sent a `traceparent`. Each stage writes one line to the log `suar.traces`, and a span when OpenTelemetry's SDK is installed and configured.
"""

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from opentelemetry import trace as telemetry
from opentelemetry.trace import Span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streams.produce import Headers

HEADER: Final = "traceparent"
LENGTH: Final = 55
"""Bytes of a `traceparent` of version 00."""
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
log = logging.getLogger("suar.traces")
_CONTEXT: Final = TraceContextTextMapPropagator()
_ALL: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Step:
    """A stage's part in one trace, from the append of what it read until what it made of it was acknowledged."""

    stage: str
    began: float
    """Seconds since the epoch."""
    span: Span

    @property
    def parent(self) -> str:
        """The `traceparent` of what follows from it."""
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier, telemetry.set_span_in_context(self.span))
        return carrier[HEADER]

    @property
    def headers(self) -> Headers:
        """The same, on a record."""
        return ((HEADER, self.parent.encode()),)

    @property
    def trace(self) -> str:
        """32 hexadecimal digits, the same in every stage."""
        return f"{self.span.get_span_context().trace_id:032x}"

    def done(self, **about: str) -> None:
        """It is over; `about` says where it happened, and never about whom."""
        self.span.end()
        took = round((time.time() - self.began) * 1000, 1)
        log.info("%s", self.stage, extra={"trace": self.trace, "ms": took, **about})


def begun(stage: str, parent: bytes, appended: int) -> Step:
    """The next step of a trace, on a record that was appended then (ms since the epoch)."""
    context = _CONTEXT.extract({HEADER: parent.decode()})
    span = telemetry.get_tracer("suar").start_span(stage, context, start_time=appended * 1_000_000)
    return Step(stage, appended / 1000, span)


def of(headers: Iterable[tuple[str, bytes]]) -> bytes | None:
    """The `traceparent` of a record, to be followed; None when it has none that can be read."""
    return next((value for name, value in headers if name == HEADER and _readable(value)), None)


def admitted(headers: Iterable[tuple[str, bytes]], event: str, share: float) -> bytes | None:
    """What an event (`source/id`) is followed by from here on; None when it is not among the share that is followed.

    The sender's trace goes on where it sent one, whether or not it samples; otherwise the same event has the same trace wherever
    and however often it is admitted.
    """
    if share <= 0:
        return None
    digest = blake2b(event.encode(), digest_size=24).digest()
    if int.from_bytes(digest[16:]) >= share * _ALL:
        return None
    theirs = of(headers)
    return theirs[:-2] + b"01" if theirs else f"00-{digest[:16].hex()}-{digest[16:].hex()}-01".encode()


def _readable(value: bytes | None) -> bool:
    if value is None or len(value) != LENGTH or not value.isascii():
        return False
    found = telemetry.get_current_span(_CONTEXT.extract({HEADER: value.decode()}))
    return found.get_span_context().is_valid


def export() -> None:
    """Sends spans to where OTEL_EXPORTER_OTLP_ENDPOINT says; without it, or without the extra `otel`, none are made."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        log.warning("spans are not sent: install suar[otel]")
        return
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    telemetry.set_tracer_provider(provider)
