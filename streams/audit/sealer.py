"""The sealer: reads the audit log as it grows and writes seals behind it. Whoever notes a look never waits for it."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from agents.seals import START, linked
from schemas.audit import Seal
from schemas.topics import AUDIT, SEALS
from streams import metrics, security
from streams.audit.settings import AuditSettings
from streams.audit.signing import Signer
from streams.connection import begin
from streams.produce import Outbox, Record
from streams.reading import everything

TRIED_AGAIN = 1.0
"""Seconds between two attempts while Kafka is away."""
A_LOOK = 500
"""Milliseconds that a fetch waits for records."""
_SEAL = msgspec.json.Decoder(Seal)


@dataclass
class _Tail:
    """What of a partition stands behind its last seal."""

    first: int
    previous: bytes
    head: bytes
    next: int
    count: int = 0
    since: float = field(default_factory=time.monotonic)


class Sealer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Seals the partitions that Kafka gives to this process; several share them, and two seals of the same records agree."""

    def __init__(self, settings: AuditSettings, signer: Signer) -> None:
        self._settings, self._signer = settings, signer
        self._tails: dict[TopicPartition, _Tail] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._outbox = Outbox(settings.kafka)

    @property
    def ready(self) -> bool:
        """It holds partitions, or another sealer does."""
        return self._consumer is not None

    async def run(self) -> None:
        """Until it is cancelled. An outage of Kafka is waited for."""
        try:
            while True:
                try:
                    await self._follow()
                except (KafkaError, OSError):
                    await asyncio.sleep(TRIED_AGAIN)
        finally:
            await self._outbox.stop()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]  # aiokafka awaits it
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Goes on behind the last seal of each; where there is none, at the log's beginning."""
        consumer, mine = self._consumer, list(assigned)
        if consumer is None or not mine:
            return
        last = await newest(self._settings.kafka)
        begins = await consumer.beginning_offsets(mine)
        for partition in mine:
            seal, begin_at = last.get(partition.partition), begins[partition]
            if seal is None or seal.next < begin_at:
                tail = _Tail(begin_at, START, START, begin_at)
            else:
                head = bytes.fromhex(seal.head)
                tail = _Tail(seal.next, head, head, seal.next)
            self._tails[partition] = tail
            consumer.seek(partition, tail.next)

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]  # aiokafka awaits it
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        """What is not sealed yet the next owner seals."""
        self._tails.clear()

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka,
            **security.kafka(),
            group_id=f"{self._settings.namespace}-sealer",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        consumer.subscribe([AUDIT.name], listener=self)
        self._consumer = consumer
        try:
            await begin(consumer)
            while True:
                fetched = await consumer.getmany(timeout_ms=A_LOOK)
                for partition, records in fetched.items():
                    self._link(partition, records)
                await self._seal()
        finally:
            self._consumer = None
            self._tails.clear()
            await consumer.stop()

    def _link(self, partition: TopicPartition, records: "Iterable[ConsumerRecord[bytes, bytes]]") -> None:
        tail = self._tails.get(partition)
        if tail is None:
            return
        for record in records:
            if record.offset < tail.next:
                continue
            if not tail.count:
                tail.since = time.monotonic()
            tail.head = linked(tail.head, record.offset, record.timestamp, record.key, record.value)
            tail.next, tail.count = record.offset + 1, tail.count + 1

    async def _seal(self) -> None:
        """Seals what waited long enough, or is much. Acknowledged seals are those that the next ones stand on."""
        now = time.monotonic()
        waiting = {partition: tail for partition, tail in self._tails.items() if tail.count}
        metrics.SEAL_AGE.set(max((now - tail.since for tail in waiting.values()), default=0.0))
        due = {
            partition: tail
            for partition, tail in waiting.items()
            if now - tail.since >= self._settings.seal_seconds or tail.count >= self._settings.seal_records
        }
        if not due:
            return
        seals = [self._signer.sign(_of(partition.partition, tail)) for partition, tail in due.items()]
        await self._outbox.send(
            Record(SEALS.name, str(seal.partition).encode(), msgspec.json.encode(seal), 0) for seal in seals
        )
        metrics.SEALED.inc(sum(seal.count for seal in seals))
        for partition, tail in due.items():
            self._tails[partition] = _Tail(tail.next, tail.head, tail.head, tail.next)


def _of(partition: int, tail: _Tail) -> Seal:
    return Seal(
        partition=partition,
        first=tail.first,
        next=tail.next,
        count=tail.count,
        previous=tail.previous.hex(),
        head=tail.head.hex(),
        at=datetime.now(UTC),
        key_id="",
    )


async def all_seals(kafka: str) -> list[Seal]:
    """Every seal in the log; what is none counts as one that was forged: msgspec.ValidationError is raised."""
    return [_SEAL.decode(record.value) async for record in everything(kafka, SEALS.name) if record.value is not None]


async def newest(kafka: str) -> dict[int, Seal]:
    """The seal that reaches farthest, for each partition."""
    last: dict[int, Seal] = {}
    for seal in await all_seals(kafka):
        if seal.partition not in last or seal.next >= last[seal.partition].next:
            last[seal.partition] = seal
    return last
