"""One event followed from its agency to the stream that an officer reads: the same trace in every stage's log, and as spans."""

import json
import re
from datetime import UTC, datetime

import pytest
from opentelemetry import trace as telemetry
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams import traces
from streams.produce import Record
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import Worker

THEIRS = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def _lines(worker: Worker) -> list[dict[str, str]]:
    told = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in told if line["logger"] == "suar.traces"]


def test_every_stage_writes_the_same_trace(suar: Installation) -> None:
    worker = suar.ready_worker(SUAR_TRACE_SHARE="1", SUAR_LOG_FORMAT="json")
    who = Traveller()
    attempt = record_of(who.attempted())
    suar.publish([*map(record_of, (who.applied(), who.issued())), *heartbeats(datetime.now(UTC))])
    suar.settle()  # so that nothing but the attempt is left to raise the alert
    suar.publish([Record(attempt.topic, attempt.key, attempt.value, headers=((traces.HEADER, THEIRS),))])
    suar.settle()
    name = THEIRS[3:35].decode()
    steps = [line for line in _lines(worker) if line["trace"] == name]
    assert [line["message"] for line in steps].count("admit") == 1
    assert {line["message"] for line in steps} == {"admit", "react", "deliver"}
    assert all(0 <= float(line["ms"]) < 60_000 for line in steps)
    written = {line["trace"] for line in _lines(worker)}
    assert len(written) == 3, "each event has a trace of its own"
    for topic in (FACTS, ALERTS, SCREENINGS):
        followed = [one for one in suar.read(topic) if name.encode() in dict(one.headers).get(traces.HEADER, b"")]
        assert followed, f"{topic.name} carries it"
    entries = suar.entries("SCREENING:A-CGK") + suar.entries("SUPERVISOR:A-CGK")
    assert entries
    assert all(json.loads(entry)["trace"][3:35] == name for entry in entries)
    log = worker.log.read_text()
    assert not any(secret in log for secret in (who.nik, who.passport_no, who.phone))


def test_spans_hang_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the extra `otel` sends: each stage's span is the child of the one before."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(telemetry, "get_tracer", provider.get_tracer)
    parent = traces.admitted((), "simkim/one", 1.0)
    assert parent is not None
    assert traces.admitted((), "simkim/one", 1.0) == parent, "the same event has the same trace"
    first = traces.begun("admit", parent, 1_000)
    second = traces.begun("react", traces.of(first.headers) or b"", 2_000)
    second.done(partition="3")
    first.done(topic="simkim.crossings")
    spans = {one.name: one for one in kept.get_finished_spans()}
    assert spans["react"].parent is not None
    assert spans["react"].parent.span_id == spans["admit"].context.span_id
    assert f"{spans['react'].context.trace_id:032x}" == parent[3:35].decode()
    assert spans["admit"].start_time == 1_000_000_000


def test_a_share_is_followed_and_what_cannot_be_read_is_not() -> None:
    followed = [traces.admitted((), f"simkim/{number}", 0.1) for number in range(5000)]
    share = sum(one is not None for one in followed) / len(followed)
    assert 0.08 < share < 0.12
    assert all(re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-01", one) for one in followed if one)
    assert traces.admitted([(traces.HEADER, THEIRS)], "simkim/one", 0) is None
    assert traces.admitted([(traces.HEADER, THEIRS)], "simkim/one", 1) == THEIRS[:-1] + b"1"
    for broken in (b"", b"00-" + b"0" * 52, b"\xff" * 55, THEIRS[:-1], THEIRS.replace(b"4bf9", b"4bfz")):
        own = traces.admitted([(traces.HEADER, broken)], "simkim/one", 1)
        assert own == traces.admitted((), "simkim/one", 1)
