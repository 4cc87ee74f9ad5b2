"""What is older than its topic keeps: found, deleted, looked for again, and told to the audit log (UU 27/2022 Art. 42 to 44).

The broker deletes by itself, too, whole segments at a time and weeks later, and tells nobody. A record that came back from a backup
counts from when it was first appended (header `suar-at`), not from when it came back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.audit import Look
from schemas.topics import AUDIT, TOPICS, Topic
from streams.admin import Admin, AdminError
from streams.backup.put import AT
from streams.backup.take import TOPICS as BACKED_UP
from streams.produce import Outbox, Record
from streams.reading import looking

BY: Final = "suar-retention"
A_LOOK: Final = 5000
"""Milliseconds that a fetch waits for a record that is known to be there."""
_Offsets: TypeAlias = Mapping[TopicPartition, int]
KEPT_FOR_A_TIME: Final = tuple(topic for topic in TOPICS if topic.retention is not None)
"""Topics that lose what is old; of the others the newest of each key stays."""
_BACKED_UP: Final = {topic.name for topic in BACKED_UP}


@dataclass(frozen=True)
class Old:
    """What of a topic is too old: by partition the offset of its first record, and of the first that stays."""

    topic: Topic
    upto: datetime
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many, by their offsets."""
        return sum(stays - first for first, stays in self.spans.values())


async def old(kafka: str, now: datetime) -> list[Old]:
    """Looks for them in every topic that loses what is old; nothing is changed. Raises aiokafka's errors."""
    uptos = {topic.name: now - kept for topic in KEPT_FOR_A_TIME if (kept := topic.retention) is not None}
    async with looking(kafka, *uptos) as consumer:
        places = sorted(consumer.assignment())
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        found = await consumer.offsets_for_times({one: _milliseconds(uptos[one.topic]) for one in places})
        stays = {one: ends[one] if (first := found[one]) is None else first.offset for one in places}
        restored = {one: ends[one] for one in places if one.topic in _BACKED_UP and stays[one] < ends[one]}
        stays |= await _restored(consumer, stays, restored, uptos)
    return [
        Old(topic, uptos[topic.name], spans)
        for topic in KEPT_FOR_A_TIME
        if (spans := {one.partition: (begins[one], stays[one]) for one in places if _any(one, topic, begins, stays)})
    ]


def _any(one: TopicPartition, topic: Topic, begins: _Offsets, stays: _Offsets) -> bool:
    return one.topic == topic.name and begins[one] < stays[one]


async def cut(kafka: str, found: Old) -> None:
    """Deletes them, makes sure, and notes it. Raises AdminError when the broker does not, and aiokafka's errors."""
    async with Admin(kafka) as admin:
        await admin.delete_before(found.topic.name, {number: stays for number, (_, stays) in found.spans.items()})
    async with looking(kafka, found.topic.name) as consumer:
        begins = await consumer.beginning_offsets(list(consumer.assignment()))
    if any(begins[TopicPartition(found.topic.name, number)] < stays for number, (_, stays) in found.spans.items()):
        raise AdminError(f"{found.topic.name}: the broker still has what it was asked to delete")
    await note(kafka, f"deleted: {found.records} records up to {found.upto:%Y-%m-%dT%H:%MZ}", found.topic.name)


async def note(kafka: str, what: str, about: str) -> None:
    """A line of the audit log. Returns when the broker has it."""
    look = Look(datetime.now(UTC), BY, "program", (), f"retention: {what}", (about,), "", uuid4().hex)
    outbox = Outbox(kafka)
    try:
        await outbox.send([Record(AUDIT.name, about.encode(), msgspec.json.encode(look))])
    finally:
        await outbox.stop()


async def _restored(
    consumer: AIOKafkaConsumer, stays: _Offsets, ends: _Offsets, uptos: Mapping[str, datetime]
) -> dict[TopicPartition, int]:
    """The first that stays of each partition, past records of a backup that are older than they look: they stand in front."""
    await consumer.seek_to_end(*consumer.assignment())
    found = {}
    for place, end in ends.items():
        consumer.seek(place, stays[place])
        found[place] = await _passed(consumer, place, stays[place], end, uptos[place.topic])
        consumer.seek(place, end)
    return found


async def _passed(consumer: AIOKafkaConsumer, place: TopicPartition, first: int, end: int, upto: datetime) -> int:
    """The first offset from there on of a record that is young enough."""
    stays = first
    while stays < end:
        some = (await consumer.getmany(place, timeout_ms=A_LOOK)).get(place, [])
        if not some:
            break
        for record in some:
            if _first_appended(record) >= _milliseconds(upto):
                return stays
            stays = record.offset + 1
    return stays


def _first_appended(record: "ConsumerRecord[bytes, bytes]") -> int:
    """Milliseconds since 1970, UTC."""
    at = next((value for name, value in record.headers if name == AT), None)
    return int(at) if at is not None and at.isdigit() else record.timestamp


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
