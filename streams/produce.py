"""Producing: many records in few batches, each awaited until the broker has them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from schemas.topics import MAX_RECORD_BYTES, PARTITIONS

MAX_BATCH_BYTES = 512 * 1024

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record on its way out. `partition` None: the one its key hashes to."""

    topic: str
    key: bytes
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()


def partition_of(key: bytes, partitions: int = PARTITIONS) -> int:
    """Kafka's default partition of a key: murmur2 as the Java client has it."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class Outbox:
    """An idempotent producer that is made anew after an outage, so that no half-sent sequence outlives it."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def _ready(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=MAX_BATCH_BYTES,
                    max_request_size=MAX_RECORD_BYTES + 64 * 1024,
                    request_timeout_ms=15_000,
                )
                await producer.start()
                self._producer = producer
            return self._producer

    async def send(self, records: Iterable[Record]) -> None:
        """Returns when the broker has acknowledged every record; in each partition they keep their order.

        Raises aiokafka's errors; then nothing is certain, and the caller sends the same records again.
        """
        producer = await self._ready()
        grouped: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            partition = partition_of(record.key) if record.partition is None else record.partition
            grouped.setdefault((record.topic, partition), []).append(record)
        try:
            sent = [
                f
                for (topic, partition), some in grouped.items()
                for f in await _submit(producer, topic, partition, some)
            ]
            await asyncio.gather(*sent)
        except BaseException:
            await self.reset()
            raise

    async def reset(self) -> None:
        """Drops the producer; the next send starts a new one with a new identity."""
        async with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            await _stopped(producer)

    async def stop(self) -> None:
        """Flushes and closes."""
        await self.reset()


async def _submit(
    producer: AIOKafkaProducer, topic: str, partition: int, records: list[Record]
) -> list["asyncio.Future[object]"]:
    futures = []
    batch = producer.create_batch()
    for record in records:
        while batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers)) is None:
            batch.close()
            futures.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
    batch.close()
    futures.append(await producer.send_batch(batch, topic, partition=partition))
    return futures


async def _stopped(producer: AIOKafkaProducer) -> None:
    """A producer that cannot reach its broker would wait for it; two seconds are enough for one that can."""
    try:
        await asyncio.wait_for(producer.stop(), 2)
    except TimeoutError:
        return
