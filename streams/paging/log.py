"""What the pager reads: alerts from as far back as one can be open, and all pages and silences; followed on every partition.

A group alert lies in another partition than its members, and alerts of one place lie in all: so every pager reads everything,
and the consumer group only says who answers for which rota (`streams/paging/duty.py`).
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from agents.calls import World
from schemas.alerts import Alert
from schemas.paging import Page, PageRecord
from schemas.topics import ALERTS, DESK, PAGES
from streams import metrics, security
from streams.paging.desk import AGAIN_AFTER, take
from streams.partitions import partitions_of

log = logging.getLogger("suar.pager")

POLL_MS = 100
STALE_SECONDS = 1.0
"""A program that stood still for so long reads on before it sends: it may have been relieved, or the alert answered."""
AT_ONCE = 500
_TOPICS = (ALERTS, PAGES, DESK)


class PagerLog:
    """Keeps a `World` up to date. `run` follows for ever; an outage of the broker only makes it late."""

    def __init__(self, kafka: str, world: World) -> None:
        self._kafka, self.world = kafka, world
        self.changed, self.whole = asyncio.Event(), asyncio.Event()
        self.well = False
        """The broker answered the last time it was asked for anything new."""
        self._next: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._expected: dict[str, asyncio.Future[Page | None]] = {}
        self._polls = 0
        self._polled_at = time.monotonic()
        self._polled = asyncio.Condition()

    def expect(self, pages: Iterable[Page]) -> "list[asyncio.Future[Page | None]]":
        """What will be left of intents that are about to be written, once they are read back: None where others were first."""
        loop = asyncio.get_running_loop()
        made = {page.nonce: loop.create_future() for page in pages}
        self._expected |= made
        return list(made.values())

    async def fresh(self) -> None:
        """Returns at once while the log is followed; after a standstill, when what was said meanwhile has been read."""
        if time.monotonic() - self._polled_at < STALE_SECONDS:
            return
        async with self._polled:
            wanted = self._polls + 3
            await self._polled.wait_for(lambda: self._polls >= wanted)

    async def run(self) -> None:
        """Follows until it is cancelled."""
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._kafka,
                **security.kafka(),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=20,
            )
            try:
                await consumer.start()
                await self._begin(consumer)
                while True:
                    await self._poll(consumer)
            except KafkaError as error:
                self.well = False
                log.warning("the pager waits for kafka (%s)", type(error).__name__)
            finally:
                with suppress(KafkaError):
                    await consumer.stop()
            await asyncio.sleep(AGAIN_AFTER)

    async def _begin(self, consumer: AIOKafkaConsumer) -> None:
        partitions = [TopicPartition(topic.name, number) for topic in _TOPICS for number in range(partitions_of(topic))]
        consumer.assign(partitions)
        if not self._next:
            await consumer.seek_to_beginning(*partitions)
            back = datetime.now(UTC) - timedelta(days=self.world.book.limits.look_back_days)
            alerts = [tp for tp in partitions if tp.topic == ALERTS.name]
            self._ends = await consumer.end_offsets(partitions)
            found = await consumer.offsets_for_times(dict.fromkeys(alerts, int(back.timestamp() * 1000)))
            for tp, place in found.items():
                consumer.seek(tp, place.offset if place is not None else self._ends[tp])
        for tp, offset in self._next.items():
            consumer.seek(tp, offset)

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        got = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
        for records in got.values():
            for record in records:
                self._take(record)
        self._next |= {tp: records[-1].offset + 1 for tp, records in got.items() if records}
        self.well = True
        if not self.whole.is_set() and not got:
            positions = {tp: await consumer.position(tp) for tp in self._ends}
            if all(positions[tp] >= end for tp, end in self._ends.items()):
                self._next = positions | self._next
                self.whole.set()
        if got:
            self.changed.set()
        self._polls, self._polled_at = self._polls + 1, time.monotonic()
        async with self._polled:
            self._polled.notify_all()

    def _take(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """What is none of ours was written by somebody else: counted and passed over."""
        if record.topic == DESK.name:
            take(self.world.silences, record)
        elif record.value is not None:
            try:
                self._hear(record.topic, record.value, datetime.fromtimestamp(record.timestamp / 1000, UTC))
            except ValidationError:
                metrics.UNREADABLE_SAID.labels(record.topic).inc()

    def _hear(self, topic: str, value: bytes, appended: datetime) -> None:
        if topic == ALERTS.name:
            self.world.hear(Alert.model_validate_json(value), appended)
            return
        said = PageRecord.validate_json(value)
        if not isinstance(said, Page):
            self.world.ledger.result(said)
            return
        left = self.world.ledger.claim(said)
        waiting = self._expected.pop(said.nonce, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(left)
