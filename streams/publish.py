"""Publishing for agencies: envelopes, keys, heartbeats to every partition, and every acknowledgement counted."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas.envelope import System
from schemas.topics import AGENCY_TOPICS, HEARTBEAT, Topic
from schemas.wire import SEALED
from streams.jose import EventSealer
from streams.partitions import partitions_of
from streams.produce import Outbox, Record

AT_ONCE = 500


class PublishError(Exception):
    """A line cannot be published; names the line and what is wrong with it."""


@dataclass
class Count:
    """What became of a publication."""

    acknowledged: int = 0
    by_topic: dict[str, int] = field(default_factory=dict)


def topics_of(system: System) -> tuple[Topic, ...]:
    """The topics on which a system publishes."""
    return tuple(topic for topic in AGENCY_TOPICS if topic.system is system)


def topic_of(source: str, kind: str) -> Topic:
    """The topic on which a system publishes an event type. Raises PublishError."""
    for topic in AGENCY_TOPICS:
        if topic.system is not None and topic.system.value == source and kind in topic.events:
            return topic
    raise PublishError(f"no topic carries {kind} of {source}; see `suar contract`")


def envelope(
    system: System, kind: str, *, name: str, time: datetime, data: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """A CloudEvents envelope as agencies send it; `name` is its id. `more` may hold retracts, supersedes or recorded_at."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": system.value,
        "type": kind,
        "time": time.astimezone(UTC).isoformat(),
        "recorded_at": more.pop("recorded_at", time).astimezone(UTC).isoformat(),
        "data": dict(data),
        **{attribute: value for attribute, value in more.items() if value is not None},
    }


def sealed(event: bytes, sealer: EventSealer | None) -> bytes:
    """The event with its data sealed for whoever admits; the envelope, which names nobody, stays as it is."""
    if sealer is None:
        return event
    parts = msgspec.json.decode(event, type=dict[str, msgspec.Raw])
    jwe = msgspec.Raw(msgspec.json.encode(sealer.seal(bytes(parts["data"]))))
    return msgspec.json.encode({**parts, "datacontenttype": SEALED, "data": jwe})


def record_of(event: Mapping[str, Any]) -> Record:
    """The record of an event, keyed by its id: nothing about a person stands in a key."""
    topic = topic_of(str(event.get("source")), str(event.get("type")))
    return Record(topic.name, str(event["id"]).encode(), json.dumps(event, separators=(",", ":")).encode())


def records_of(event: Mapping[str, Any], sealer: EventSealer | None = None) -> list[Record]:
    """As `record_of`, and sealed; a heartbeat stands in a file once, and goes to every partition of its system's topics."""
    if event.get("type") != HEARTBEAT:
        record = record_of(event)
        already = event.get("datacontenttype") == SEALED or "data" not in event
        return [record if already else replace(record, value=sealed(record.value or b"", sealer))]
    name, value = str(event["id"]), json.dumps(event, separators=(",", ":")).encode()
    return [
        Record(topic.name, f"{name}-{topic.name}-{partition}".encode(), value, partition)
        for topic in AGENCY_TOPICS
        if topic.system is not None and topic.system.value == event.get("source")
        for partition in range(partitions_of(topic))
    ]


def heartbeats(upto: datetime, topics: Iterable[Topic] = AGENCY_TOPICS) -> list[Record]:
    """A heartbeat for every partition of every topic, complete up to that moment."""
    beats = []
    for topic in topics:
        if topic.system is None:
            continue
        for partition in range(partitions_of(topic)):
            name = f"beat-{topic.name}-{partition}-{int(upto.timestamp() * 1000)}"
            event = envelope(
                topic.system, HEARTBEAT, name=name, time=upto, data={"complete_up_to": upto.astimezone(UTC).isoformat()}
            )
            beats.append(Record(topic.name, name.encode(), json.dumps(event).encode(), partition))
    return beats


async def publish_lines(
    outbox: Outbox, lines: Iterable[tuple[int, str]], sealer: EventSealer | None = None
) -> AsyncIterator[tuple[int, int]]:
    """NDJSON lines to their topics, some at a time; yields (last line number, acknowledged so far).

    A line that is not an event for one of the topics raises PublishError before its batch is sent.
    """
    done = 0
    batch: list[Record] = []
    waiting = number = 0
    for number, line in lines:
        batch += _line(number, line, sealer)
        waiting += 1
        if waiting >= AT_ONCE:
            await outbox.send(batch)
            done += waiting
            batch, waiting = [], 0
            yield number, done
    if batch:
        await outbox.send(batch)
        yield number, done + waiting


def _line(number: int, line: str, sealer: EventSealer | None) -> list[Record]:
    try:
        event = json.loads(line)
    except json.JSONDecodeError as error:
        raise PublishError(f"line {number} is not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(event, dict) or "id" not in event:
        raise PublishError(f"line {number} is not an event: it needs id, source, type, time, recorded_at and data")
    try:
        return records_of(event, sealer)
    except PublishError as error:
        raise PublishError(f"line {number}: {error}") from None
