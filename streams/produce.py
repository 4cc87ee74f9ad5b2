"""Producing: what lanes have to say is merged partition by partition, so that one batch is under way and the next one fills."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.partitioner import murmur2

from schemas.topics import MAX_RECORD_BYTES, PARTITIONS

MAX_BATCH_BYTES = 512 * 1024
ACKNOWLEDGED_WITHIN = 20.0
"""Seconds until a batch without an answer counts as an outage."""

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
    """An idempotent producer for all lanes of a worker. After an outage it is made anew, so that no half-sent
    sequence outlives it.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._spouts: dict[tuple[str, int], _Spout] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, records: Iterable[Record]) -> None:
        """Returns when the broker has acknowledged every record; in each partition they keep their order.

        Raises aiokafka's errors; then nothing is certain, and the caller sends the same records again.
        """
        grouped: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            partition = partition_of(record.key) if record.partition is None else record.partition
            grouped.setdefault((record.topic, partition), []).append(record)
        await asyncio.gather(*(self._spout(place).put(some) for place, some in grouped.items()))

    def _spout(self, place: tuple[str, int]) -> "_Spout":
        if place not in self._spouts:
            self._spouts[place] = _Spout(self, *place)
        return self._spouts[place]

    async def producer(self) -> AIOKafkaProducer:
        """The producer, started on first use."""
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=MAX_BATCH_BYTES,
                    max_request_size=MAX_RECORD_BYTES + 1024 * 1024,
                    request_timeout_ms=int(ACKNOWLEDGED_WITHIN * 1000),
                )
                await producer.start()
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


@dataclass(frozen=True, slots=True)
class _Letter:
    records: list[Record]
    acknowledged: "asyncio.Future[None]"


class _Spout:
    """What goes to one partition. It sends all that waits, then looks again."""

    def __init__(self, outbox: Outbox, topic: str, partition: int) -> None:
        self._outbox, self._topic, self._partition = outbox, topic, partition
        self._waiting: list[_Letter] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, records: list[Record]) -> "asyncio.Future[None]":
        letter = _Letter(records, asyncio.get_running_loop().create_future())
        self._waiting.append(letter)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return letter.acknowledged

    async def _run(self) -> None:
        while self._waiting:
            letters, self._waiting = self._waiting, []
            try:
                await self._post([record for letter in letters for record in letter.records])
            except KafkaError as error:
                for letter in letters:
                    if not letter.acknowledged.done():
                        letter.acknowledged.set_exception(error)
                        letter.acknowledged.exception()  # a lane that was cancelled will not ask for it
                continue
            for letter in letters:
                if not letter.acknowledged.done():
                    letter.acknowledged.set_result(None)

    async def _post(self, records: list[Record]) -> None:
        producer = await self._outbox.producer()
        try:
            batch = producer.create_batch()
            for record in records:
                while (
                    batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers))
                    is None
                ):
                    await self._acknowledged(producer, batch)
                    batch = producer.create_batch()
            await self._acknowledged(producer, batch)
        except KafkaError:
            self._outbox.broken(producer)
            raise

    async def _acknowledged(self, producer: AIOKafkaProducer, batch: object) -> None:
        batch.close()  # type: ignore[attr-defined]  # aiokafka's BatchBuilder is untyped
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                await (await producer.send_batch(batch, self._topic, partition=self._partition))
        except TimeoutError:
            raise KafkaTimeoutError from None


async def _stopped(producer: AIOKafkaProducer) -> None:
    """A producer that cannot reach its broker would wait for it; two seconds are enough for one that can."""
    try:
        await asyncio.wait_for(producer.stop(), 2)
    except (TimeoutError, KafkaError):
        return
