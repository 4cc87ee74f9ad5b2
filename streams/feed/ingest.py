"""Ingest: agencies that have no Kafka client send their events over HTTP, and hear at once what became of each.

One CloudEvent, an array, or NDJSON. An event is read exactly as admission reads it, so what is accepted here is admitted
there, and what is refused here never reaches a topic. Of one that its agency sealed the envelope alone is read: this
program has no key for it. What came in clear is sealed here, when there is a seal. An example with httpx, which sends
again what was not answered:

```python
import time, httpx

def send(events: list[dict], key: str, gateway: str = "https://suar.example") -> list[dict]:
    while True:
        answer = httpx.post(f"{gateway}/v1/events", json=events, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        if answer.status_code not in {429, 503}:
            break
        time.sleep(float(answer.headers.get("Retry-After", "2")))
    if answer.status_code not in {200, 207, 422}:
        answer.raise_for_status()
    return [one for one in answer.json()["results"] if one["status"] == "rejected"]
```
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from schemas import wire
from schemas.envelope import System
from schemas.topics import HEARTBEAT, Topic
from streams import metrics, traces
from streams.feed.callers import AGENCY, Caller, Known
from streams.feed.guard import Rates, too_many
from streams.feed.problems import Problem
from streams.feed.settings import FeedSettings
from streams.jose import EventSealer
from streams.produce import Headers, Outbox, Record
from streams.publish import heartbeats, sealed, topics_of

MOST_EVENTS: Final = 10_000
"""Of one request."""
BURST_SECONDS: Final = 10
"""So many seconds' events may come at once."""
BREATH: Final = 25
"""Events between two looks at the event loop: a few milliseconds."""
NDJSON: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
JSON: Final = frozenset({"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"})
NOT_GRANTED: Final = "not_granted"
"""Reason for an event of a system that the caller does not speak for; the other reasons are those of `suar.rejected`."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event. `where` names a field of the contract; a value is never repeated."""

    index: int
    id: str | None
    status: str
    reason: str = ""
    where: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What became of all of them, in the order in which they came."""

    accepted: int
    rejected: int
    results: list[Result]


class _Head(msgspec.Struct, frozen=True):
    """What is needed to find an event's topic; everything else is admission's to judge."""

    id: str = ""
    source: str = ""
    type: str = ""


class _NotGrantedError(Exception):
    """The caller does not speak for this system."""


_HEAD: Final = msgspec.json.Decoder(_Head)
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_SYSTEMS: Final = {system.value: system for system in System}


class Intake:
    """Reads and forwards events; what is under way is bounded, for each caller and for all."""

    def __init__(self, outbox: Outbox, settings: FeedSettings, sealer: EventSealer | None) -> None:
        self._outbox, self._key, self._sealer = outbox, settings.key, sealer
        self._most_bytes, self._bytes = settings.in_flight_bytes, 0
        self._rates = Rates(settings.events_per_second, settings.events_per_second * BURST_SECONDS)

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The whole body, counted while it is under way. Raises Problem 429 when there is no room for it now."""
        parts: list[bytes] = []
        taken = 0
        try:
            async for part in request.stream():
                taken += len(part)
                self._bytes += len(part)
                if self._bytes > self._most_bytes:
                    raise too_many(1)
                parts.append(part)
            yield b"".join(parts)
        finally:
            self._bytes -= taken

    async def take(self, who: Caller, events: Sequence[bytes], headers: Headers = ()) -> Answer:
        """Returns when the broker has all that was accepted, each with these headers. Raises Problem 429, or aiokafka's errors: then nothing is
        certain, and the same events may be sent again (an event is known by source and id).
        """
        self._rates.take(who.name, len(events))
        now = datetime.now(UTC)
        records: list[Record] = []
        results: list[Result] = []
        for index, raw in enumerate(events):
            if index % BREATH == BREATH - 1:
                await asyncio.sleep(0)
            results.append(self._one(who, index, raw, (records, now)))
        await self._outbox.send(replace(one, headers=headers) for one in records)
        accepted = sum(1 for one in results if one.status == "accepted")
        return Answer(accepted, len(results) - accepted, results)

    def _one(self, who: Caller, index: int, raw: bytes, out: tuple[list[Record], datetime]) -> Result:
        records, now = out
        head = _head(raw)
        name = head.id if wire.is_reference(head.id) else None
        try:
            records += self._read(who, head, raw, now)
        except wire.BadRecord as bad:
            result = Result(index, name, "rejected", bad.reason.value, bad.where)
        except _NotGrantedError:
            result = Result(index, name, "rejected", NOT_GRANTED, "source")
        else:
            result = Result(index, name, "accepted")
        system = _SYSTEMS.get(head.source)
        metrics.INGESTED.labels(system.value if system else "unknown", result.status).inc()
        return result

    def _read(self, who: Caller, head: _Head, raw: bytes, now: datetime) -> list[Record]:
        """The records of an event. A heartbeat speaks for every partition of its system's topics, and so goes to each."""
        system = _SYSTEMS.get(head.source)
        if system is not None and not who.has(AGENCY, system.value):
            raise _NotGrantedError
        topic = _topic(system, head.type)
        if wire.is_sealed(raw, topic=topic, now=now):
            return [Record(topic.name, head.id.encode(), raw)]
        outcome = wire.admit(raw, topic=topic, at=now, now=now, key=self._key)
        if isinstance(outcome, wire.Heartbeat):
            return heartbeats(outcome.complete_up_to, topics_of(outcome.source))
        return [Record(topic.name, head.id.encode(), sealed(raw, self._sealer))]


def _head(raw: bytes) -> _Head:
    try:
        return _HEAD.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Head()


def _topic(system: System | None, kind: str) -> Topic:
    """The topic that carries this event. For one that none carries, any of its system's: admission then says why."""
    topics = topics_of(system or System.SIMKIM)
    return next((topic for topic in topics if kind in topic.events or kind == HEARTBEAT), topics[0])


def split(content_type: str, body: bytes) -> Sequence[bytes]:
    """The events of a body, each as it was sent. Raises Problem: 415 another form, 400 no JSON, 413 too many."""
    media = content_type.partition(";")[0].strip().lower()
    if media in NDJSON:
        events: Sequence[bytes] = [line for line in body.splitlines() if line.strip()]
    elif media in JSON:
        events = _array(body) if body.lstrip()[:1] == b"[" else [body] if body.strip() else []
    else:
        raise Problem(415, "unsupported_media_type", "send application/json or application/x-ndjson")
    if not events:
        raise Problem(400, "no_events", "there is no event in this request")
    if len(events) > MOST_EVENTS:
        raise Problem(413, "too_many_events", f"a request has at most {MOST_EVENTS} events")
    return events


def _array(body: bytes) -> list[bytes]:
    try:
        return [bytes(raw) for raw in _RAWS.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "not_json", "the request is not JSON") from None


router = APIRouter(tags=["agencies"])


@router.post(
    "/v1/events",
    summary="Send events: one, an array, or NDJSON",
    responses={207: {"description": "some were refused"}, 422: {"description": "all were refused"}, 429: {}, 503: {}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        }
    },
)
async def events(who: Known, request: Request) -> Response:
    """200 when all were accepted, 207 when some were, 422 when none was; each with its reason. 429 and 503 say when to
    come again; sending an event twice changes nothing.
    """
    if not any(grant.role == AGENCY for grant in who.grants):
        raise Problem(403, "forbidden", "this caller speaks for no agency")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "unsupported_media_type", "send the events uncompressed")
    intake: Intake = request.app.state.suar.intake
    async with intake.body(request) as body:
        parent = traces.of([(traces.HEADER, request.headers.get(traces.HEADER, "").encode())])
        headers = ((traces.HEADER, parent),) if parent else ()
        answer = await intake.take(who, split(request.headers.get("content-type", ""), body), headers)
    status = 200 if not answer.rejected else 207 if answer.accepted else 422
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
