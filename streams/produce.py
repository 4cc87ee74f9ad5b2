"""Producing: what lanes have to say together, as one batch for each partition."""

import asyncio
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from schemas.topics import AGENCY_TOPICS, FACTS, MAX_RECORD_BYTES, PARTITIONS, TOPICS
from streams import security
from streams.connection import begin
from streams.partitions import partitions_of
from streams.settings import SettingsError

MAX_BATCH_BYTES = 512 * 1024
ACKNOWLEDGED_WITHIN = 20.0
"""Seconds until a batch without an answer counts as an outage."""

Headers = tuple[tuple[str, bytes], ...]
Place = tuple[str, int]
"""A topic's partition."""
_OURS: Final = frozenset(
    topic.name for topic in TOPICS if topic.partitions == FACTS.partitions and topic not in AGENCY_TOPICS
)
"""Topics in which a key must lie where its readers look for it; what an agency writes is keyed anew."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record on its way out. `partition` None: the one its key hashes to."""

    topic: str
    key: bytes
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int = PARTITIONS) -> int:
    """Kafka's default partition of a key: murmur2 as the Java client has it."""
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """Twice as fast as aiokafka's, which goes byte by byte."""
    whole = len(data) & ~3
    mixed = 0x9747B28C ^ len(data)
    for (word,) in struct.iter_unpack("<I", memoryview(data)[:whole]):
        word = word * 0x5BD1E995 & 0xFFFFFFFF  # noqa: PLW2901
        mixed = mixed * 0x5BD1E995 & 0xFFFFFFFF ^ (word ^ word >> 24) * 0x5BD1E995 & 0xFFFFFFFF
    if whole < len(data):
        mixed = (mixed ^ int.from_bytes(data[whole:], "little")) * 0x5BD1E995 & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return mixed ^ mixed >> 15


class OtherCountsError(SettingsError):
    """This program counts other partitions than the broker: what it writes would miss the dossiers that it is for."""


class Outbox:
    """An idempotent producer for all lanes of a worker. After an outage it is made anew, so that no half-sent
    sequence outlives it.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._filling: Counter[Place] = Counter()
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, records: Iterable[Record]) -> None:
        """Returns when the broker has acknowledged every record; in each partition they keep their order.

        Raises aiokafka's errors; then nothing is certain, and the caller sends the same records again. Raises OtherCountsError
        before anything is sent.
        """
        grouped: dict[Place, list[Record]] = {}
        partitions = partitions_of(FACTS)
        for record in records:
            partition = partition_of(record.key, partitions) if record.partition is None else record.partition
            grouped.setdefault((record.topic, partition), []).append(record)
        if not grouped:
            return
        producer = await self.producer()
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                await self._counted(producer, {topic for topic, _ in grouped} & _OURS)
                await self._acknowledged(producer, grouped)
        except TimeoutError:
            self.broken(producer)
            raise KafkaTimeoutError from None
        except KafkaError:
            self.broken(producer)
            raise

    async def _counted(self, producer: AIOKafkaProducer, topics: Iterable[str]) -> None:
        for topic in topics:
            cluster: Any = producer.client.cluster
            there = cluster.partitions_for_topic(topic) or await producer.partitions_for(topic)
            if len(there) != (here := partitions_of(FACTS)):
                raise OtherCountsError(
                    f"{topic} has {len(there)} partitions, this program counts {here}: set SUAR_PARTITIONS={len(there)}"
                )

    async def _acknowledged(self, producer: AIOKafkaProducer, grouped: Mapping[Place, list[Record]]) -> None:
        """aiokafka takes a batch of a partition only when the one before it has left: whoever must wait for that lets
        the other partitions go first.
        """
        late = {place: records for place, records in grouped.items() if self._filling[place]}
        posted = [await self._post(producer, *one) for one in grouped.items() if one[0] not in late]
        if late:
            posted += await asyncio.gather(*(self._post(producer, *one) for one in late.items()))
        waiting = [one for acknowledgements in posted for one in acknowledgements]
        try:
            for one in waiting:
                await one
        except BaseException:
            for one in waiting:
                one.add_done_callback(_heard)
            raise

    async def _post(
        self, producer: AIOKafkaProducer, place: Place, records: list[Record]
    ) -> "list[asyncio.Future[Any]]":
        """Hands a partition's records over, in as many batches as they need."""
        self._filling[place] += 1
        try:
            return [
                await producer.send_batch(batch, place[0], partition=place[1]) for batch in _batches(producer, records)
            ]
        finally:
            self._filling[place] -= 1

    async def producer(self) -> AIOKafkaProducer:
        """The producer, started on first use."""
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    **security.kafka(),
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=MAX_BATCH_BYTES,
                    max_request_size=MAX_RECORD_BYTES + 1024 * 1024,
                    request_timeout_ms=int(ACKNOWLEDGED_WITHIN * 1000),
                )
                try:
                    await begin(producer)
                except BaseException:
                    await _stopped(producer)
                    raise
                self._producer = producer
            return self._producer

    def broken(self, producer: AIOKafkaProducer) -> None:
        """Drops a producer that failed; the next send starts a new one with a new identity."""
        if self._producer is producer:
            self._producer = None
            task = asyncio.create_task(_stopped(producer))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def stop(self) -> None:
        """Flushes and closes."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stopped(producer)


def _batches(producer: AIOKafkaProducer, records: Iterable[Record]) -> Iterator[Any]:
    batch = producer.create_batch()
    for record in records:
        headers = list(record.headers)
        while batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
            batch.close()
            yield batch
            batch = producer.create_batch()
    batch.close()
    yield batch


def _heard(acknowledgement: "asyncio.Future[Any]") -> None:
    """One error of many was raised; asyncio wants to see the others asked for, too."""
    if not acknowledgement.cancelled():
        acknowledgement.exception()


async def _stopped(producer: AIOKafkaProducer) -> None:
    """A producer that cannot reach its broker would wait for it; two seconds are enough for one that can."""
    try:
        await asyncio.wait_for(producer.stop(), 2)
    except (TimeoutError, KafkaError):
        return
