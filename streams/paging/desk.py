"""The desk: the silences on `suar.desk`, followed from the first to the newest; and writing one."""

import asyncio
import logging
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from schemas.paging import Silence
from schemas.topics import DESK
from streams import metrics, security
from streams.partitions import partitions_of
from streams.produce import Outbox, Record

log = logging.getLogger("suar.desk")

AGAIN_AFTER = 1.0
"""Seconds until a broker that is away is asked again."""


def take(silences: dict[str, Silence], record: "ConsumerRecord[bytes, bytes]") -> None:
    """One more record; what is no silence is counted and passed over."""
    name = (record.key or b"").decode(errors="replace")
    if record.value is None:
        silences.pop(name, None)
        return
    try:
        silence = Silence.model_validate_json(record.value)
    except ValidationError:
        metrics.UNREADABLE_SAID.labels(record.topic).inc()
        return
    silences[silence.id] = silence


def record_of(silence: Silence) -> Record:
    """As it stands on the desk."""
    return Record(DESK.name, silence.id.encode(), silence.model_dump_json().encode())


class Desk:
    """All silences, for a gateway. It begins without a broker and follows when there is one."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self.silences: dict[str, Silence] = {}
        self._heard = asyncio.Condition()
        self._whole = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns at once."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends the following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def whole(self, seconds: float = 3.0) -> dict[str, Silence]:
        """All silences, once all are read. Raises TimeoutError when the broker is away for so long."""
        await asyncio.wait_for(self._whole.wait(), seconds)
        return self.silences

    async def put(self, silence: Silence, outbox: Outbox, seconds: float = 3.0) -> None:
        """Returns when it was written and read back here. Raises aiokafka's errors, and TimeoutError."""
        await outbox.send([record_of(silence)])
        async with self._heard:
            await asyncio.wait_for(self._heard.wait_for(lambda: self.silences.get(silence.id) == silence), seconds)

    async def _run(self) -> None:
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._kafka, **security.kafka(), enable_auto_commit=False, fetch_max_wait_ms=100
            )
            try:
                await consumer.start()
                await self._follow(consumer)
            except KafkaError as error:
                log.warning("the desk waits for kafka (%s)", type(error).__name__)
            finally:
                with suppress(KafkaError):
                    await consumer.stop()
            await asyncio.sleep(AGAIN_AFTER)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        partitions = [TopicPartition(DESK.name, number) for number in range(partitions_of(DESK))]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while True:
            got = await consumer.getmany(timeout_ms=100)
            async with self._heard:
                for records in got.values():
                    for record in records:
                        take(self.silences, record)
                self._heard.notify_all()
            if not self._whole.is_set():
                positions = [await consumer.position(tp) for tp in partitions]
                if all(at >= ends[tp] for at, tp in zip(positions, partitions, strict=True)):
                    self._whole.set()
